package localmatch

import (
	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/localmatch/finger"
	"boothd/localmatch/gallery"
)

// Question is what lists are asked about the holder of a document.
func Question(z *mrz.Zone) gallery.Question { return newTraveller(z).question() }

// Compare compares the holder of a document with one entry, as a search of a list does. It
// reports false if neither the number nor the name with the birth date agrees.
func Compare(z *mrz.Zone, e *gallery.Entry) (capture.Finding, bool) {
	return newTraveller(z).match(e, 1)
}

// ReadPrint reads the picture of a finger and extracts its template. Its error matches
// finger.ErrNoFinger if the picture shows too little.
func ReadPrint(f *capture.Finger) (*finger.Template, error) { return readPrint(f) }

// CompareFinger compares a finger with one entry as the search of so many persons does. It
// reports whether they agree enough for a finding, and whether they could be compared at all:
// the entry may have no such finger.
func CompareFinger(position capture.FingerPosition, t *finger.Template, e *gallery.Entry, persons int) (f capture.Finding, agrees, compared bool) {
	s := &fingerSearch{position: position, template: t}
	person := &gallery.Person{Entry: e}
	_, other, c := s.closest(person)
	if other == nil {
		return f, false, false
	}
	person.Score = c.Score
	return s.finding(person, persons), c.Score >= leastScore(persons), true
}
