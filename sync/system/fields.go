package system

import (
	"slices"
	"time"
)

// Field names one field of a question, as profiles name it.
type Field string

// The fields.
const (
	FieldOfficer        Field = "officer" // with the category of user
	FieldBooth          Field = "booth"
	FieldPurpose        Field = "purpose" // with the legal basis
	FieldGrant          Field = "grant"
	FieldDocumentNumber Field = "document_number"
	FieldDocumentType   Field = "document_type"
	FieldIssuer         Field = "issuer"
	FieldExpiryDate     Field = "expiry_date"
	FieldVisaSticker    Field = "visa_sticker"
	FieldName           Field = "name" // surname and given names
	FieldBirthDate      Field = "birth_date"
	FieldSex            Field = "sex"
	FieldNationality    Field = "nationality"
	FieldFinger         Field = "finger"
	FieldFace           Field = "face"
	FieldIdentify       Field = "identify"
)

var (
	asking   = []Field{FieldOfficer, FieldBooth, FieldPurpose, FieldGrant}
	document = []Field{FieldDocumentNumber, FieldDocumentType, FieldIssuer}
	person   = []Field{FieldName, FieldBirthDate, FieldSex, FieldNationality}
)

// Allowed returns the fields that the law lets the system be asked with at most. Interpol's
// databases are told nothing of who asks, and nothing of the traveller but the document
// (Regulation (EU) 2019/817 Art 9(5)). A system that is not named there is a national one.
func Allowed(system string) []Field {
	switch system {
	case SLTD, TDAWN:
		return slices.Clone(document)
	case Eurodac:
		return slices.Concat(asking, []Field{FieldFinger, FieldFace})
	case ECRISTCN:
		return slices.Concat(asking, person, []Field{FieldFinger})
	case Europol:
		return slices.Concat(asking, document, []Field{FieldName, FieldBirthDate})
	case ETIAS:
		return slices.Concat(asking, document, person, []Field{FieldExpiryDate})
	case VIS:
		return slices.Concat(asking, document, person, []Field{FieldVisaSticker, FieldFinger})
	case CIR:
		return slices.Concat(asking, document, person, []Field{FieldFinger, FieldFace, FieldIdentify})
	}
	return slices.Concat(asking, document, person, []Field{FieldExpiryDate, FieldFinger, FieldFace})
}

// Keep empties every field that is not among the fields. ID and System stay, and so does
// the time if any field of who asks does.
func (q *Question) Keep(fields []Field) {
	drop := func(f Field) bool { return !slices.Contains(fields, f) }
	clear := func(f Field, values ...*string) {
		if drop(f) {
			for _, v := range values {
				*v = ""
			}
		}
	}
	clear(FieldOfficer, &q.Officer, &q.Category)
	clear(FieldBooth, &q.Booth)
	clear(FieldPurpose, &q.Purpose, &q.LegalBasis)
	clear(FieldGrant, &q.Grant)
	clear(FieldDocumentNumber, &q.DocumentNumber)
	clear(FieldDocumentType, &q.DocumentType)
	clear(FieldIssuer, &q.Issuer)
	clear(FieldExpiryDate, &q.ExpiryDate)
	clear(FieldVisaSticker, &q.VisaSticker)
	clear(FieldName, &q.Surname, &q.GivenNames)
	clear(FieldBirthDate, &q.BirthDate)
	clear(FieldSex, &q.Sex)
	clear(FieldNationality, &q.Nationality)
	if drop(FieldName) {
		q.NameTruncated = false
	}
	if drop(FieldFinger) {
		q.Finger = nil
	}
	if drop(FieldFace) {
		q.Face = nil
	}
	if drop(FieldIdentify) {
		q.Identify = nil
	}
	if drop(FieldOfficer) && drop(FieldBooth) && drop(FieldPurpose) {
		q.At = time.Time{}
	}
}
