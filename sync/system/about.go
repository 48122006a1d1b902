package system

import (
	"crypto/rand"

	"boothd/capture"
	"boothd/capture/mrz"
)

// About returns a question to the system about the traveller of a query: the evidence, the
// document and what it says of its holder, and the ground of an identification. Its id is
// random. Who asks is for the caller to fill in, who then keeps what the system may be told.
// A finger or face of which there is no picture is left out.
func About(q *capture.Query, system string) Question {
	out := Question{ID: rand.Text(), System: system, Identify: q.Identify}
	zone := q.Zone
	e := &q.Evidence
	switch {
	case e.Document != nil:
		zone = &e.Document.Zone
	case e.Finger != nil && len(e.Finger.PNG) > 0:
		out.Finger = e.Finger
	case e.Face != nil && len(e.Face.JPEG) > 0:
		out.Face = e.Face
	}
	if zone != nil {
		out.addZone(zone)
	}
	return out
}

// addZone adds the document and its holder. A visa's number is that of its sticker where the
// system asked is the one of visas.
func (q *Question) addZone(z *mrz.Zone) {
	if visa := z.Format == mrz.MRVA || z.Format == mrz.MRVB; visa && q.System == VIS {
		q.VisaSticker = z.DocumentNumber
	} else {
		q.DocumentNumber = z.DocumentNumber
	}
	q.DocumentType, q.Issuer, q.ExpiryDate = z.DocumentCode, z.Issuer, date(z.ExpiryDate)
	q.Surname, q.GivenNames, q.NameTruncated = z.Surname, z.GivenNames, z.NameTruncated
	q.BirthDate, q.Sex, q.Nationality = date(z.BirthDate), z.Sex, z.Nationality
}

// date is the date as far as it is known; empty for one that cannot be.
func date(d mrz.Date) string {
	if s := d.ISO(); ValidDate(s) {
		return s
	}
	return ""
}
