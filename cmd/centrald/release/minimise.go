package release

import (
	"slices"

	"boothd/localmatch/gallery"
)

// minimise returns a copy with the fields and nothing else: the id stays with the system.
func minimise(e *gallery.Entry, fields []Field) gallery.Entry {
	var m gallery.Entry
	for _, f := range fields {
		switch f {
		case FieldNames:
			m.Names = slices.Clone(e.Names)
		case FieldBirthDates:
			m.BirthDates = slices.Clone(e.BirthDates)
		case FieldNationalities:
			m.Nationalities = slices.Clone(e.Nationalities)
		case FieldSex:
			m.Sex = e.Sex
		case FieldDocuments:
			m.Documents = slices.Clone(e.Documents)
		case FieldFingers:
			m.Fingers = slices.Clone(e.Fingers)
		case FieldFace:
			m.Face = slices.Clone(e.Face)
		case FieldCategory:
			m.Category = e.Category
		case FieldAction:
			m.Action = e.Action
		}
	}
	return m
}
