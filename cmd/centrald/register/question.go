package register

import (
	"cmp"
	"strconv"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
	"boothd/localmatch/numbers"
	"boothd/sync/system"
)

// Why a question, or a part of it, could not be searched with.
const (
	reasonNobody  = "the question says nothing to search by"
	reasonFaces   = "faces are not compared"
	reasonPicture = "the question has no picture of the finger"
	reasonNumber  = "the document number cannot be searched by"
	reasonName    = "the name cannot be searched by"
	reasonBirth   = "the birth date cannot be read"
)

// evidenceOf is the question as the engine takes it. It reports false if there is nothing to
// search by. The reason says what of the question is not searched with; empty if all is.
func evidenceOf(q *system.Question) (e capture.Evidence, reason string, ok bool) {
	if q.Finger != nil && len(q.Finger.PNG) > 0 {
		return capture.Evidence{ID: "finger", Finger: q.Finger}, "", true
	}
	z, reason := zoneOf(q)
	switch {
	case q.Finger != nil:
		reason = reasonPicture
	case q.Face != nil:
		reason = reasonFaces
	}
	if asked := localmatch.Question(&z); len(asked.Keys()) == 0 {
		return e, cmp.Or(reason, reasonNobody), false
	}
	return capture.Evidence{ID: "document", Document: &capture.Document{Zone: z}}, reason, true
}

// zoneOf is the question's document and person as a machine-readable zone would have them.
// The reason says what of them cannot be searched with; it is left out of the zone.
func zoneOf(q *system.Question) (z mrz.Zone, reason string) {
	z = mrz.Zone{DocumentCode: q.DocumentType, Issuer: q.Issuer, Nationality: q.Nationality, Sex: q.Sex}
	number := q.DocumentNumber
	if q.VisaSticker != "" {
		if number != "" && number != q.VisaSticker {
			z.DocumentCode, z.Issuer = "", "" // the other document's
		}
		number = q.VisaSticker
	}
	z.BirthDate = dateOf(q.BirthDate)
	if q.BirthDate != "" && z.BirthDate.Year == 0 {
		reason = reasonBirth
	}
	if _, ok := gallery.NameTokens(q.Surname + " " + q.GivenNames); ok && len(q.Surname)+len(q.GivenNames) <= gallery.MaxName {
		z.Surname, z.GivenNames, z.NameTruncated = q.Surname, q.GivenNames, q.NameTruncated
	} else if q.Surname+q.GivenNames != "" {
		reason = reasonName
	}
	if numbers.Normal(number) != "" && len(number) <= gallery.MaxNumber {
		z.DocumentNumber = number
	} else if number != "" {
		reason = reasonNumber
	}
	return z, reason
}

// dateOf reads "2006-01-02", "2006-01" or "2006"; anything else is not known.
func dateOf(s string) mrz.Date {
	var d mrz.Date
	if !gallery.ValidBirthDate(s) {
		return d
	}
	d.Year, _ = strconv.Atoi(s[:4])
	if len(s) >= len("2006-01") {
		d.Month, _ = strconv.Atoi(s[5:7])
	}
	if len(s) == len("2006-01-02") {
		d.Day, _ = strconv.Atoi(s[8:])
	}
	return d
}
