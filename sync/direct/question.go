package direct

import (
	"crypto/rand"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/sync/system"
)

// question is the query as one system may be asked it.
func question(q capture.Query, booth, name string) system.Question {
	p := &q.Officer.Profile
	out := system.Question{
		ID: rand.Text(), System: name, Officer: q.Officer.ID, Category: p.Category, Booth: booth,
		Purpose: p.Purpose, LegalBasis: p.LegalBasis, At: q.At, Identify: q.Identify,
	}
	zone := q.Zone
	switch e := &q.Evidence; {
	case e.Document != nil:
		zone = &e.Document.Zone
	case e.Finger != nil:
		out.Finger = e.Finger
	default:
		out.Face = e.Face
	}
	if zone != nil {
		addZone(&out, zone)
	}
	out.Keep(system.Allowed(name))
	return out
}

// addZone adds the document and what it says of its holder. The number of a visa is that of
// its sticker.
func addZone(q *system.Question, z *mrz.Zone) {
	q.DocumentNumber = z.DocumentNumber
	if visa := z.Format == mrz.MRVA || z.Format == mrz.MRVB; visa && q.System == system.VIS {
		q.DocumentNumber, q.VisaSticker = "", z.DocumentNumber
	}
	q.DocumentType, q.Issuer, q.ExpiryDate = z.DocumentCode, z.Issuer, date(z.ExpiryDate)
	q.Surname, q.GivenNames, q.NameTruncated = z.Surname, z.GivenNames, z.NameTruncated
	q.BirthDate, q.Sex, q.Nationality = date(z.BirthDate), z.Sex, z.Nationality
}

// date is the date as far as it is known; empty for one that cannot be.
func date(d mrz.Date) string {
	if s := d.ISO(); system.ValidDate(s) {
		return s
	}
	return ""
}
