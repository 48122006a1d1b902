// Package mrz reads the machine-readable zone of travel documents.
//
// [Parse] splits a zone into its fields as they are printed and judges every check digit;
// [Repaired] puts right what a reader mistook where a check digit proves it; [Read] does
// both and is what a check uses. [Compose] goes the other way and makes the lines of a
// document. [Records] and [NewReport] are for lists of zones, such as boothctl reads.
//
// The formats are those of ICAO Doc 9303, eighth edition: TD1 (part 5), TD2 (part 6), TD3
// (part 4), visas A and B (part 7), with characters, names, dates and check digits of
// part 3 §4.3 to §4.9; besides them the French identity card of 1988 to 2021 and the French
// and Swiss driving licences. A format is known by the number and length of its lines and
// its first letters.
//
// # Lines
//
// A line holds capitals, digits and the filler "<". Spaces, tabs and CR at a line's end are
// dropped; small letters, which no reader sends but people type, are taken as capitals.
// Anything else, or lines of other lengths, is no zone: the error matches [ErrNoZone]
// and names the line and column and never what stood there.
//
// # Check digits
//
// A check digit is right or wrong (part 3 §4.9); a letter in its place is wrong. A filler
// stands for 0 only where the standard says so: TD3's optional data when it is empty.
// Check digits say nothing of names, sex, issuer and nationality, and one misreading in
// ten passes them. Documents with a wrong digit exist, so a wrong digit is a finding for
// the officer and no error.
//
// A document number of more than nine characters (parts 5 and 6, §4.2.2) goes on in the
// optional data. Its check digit may cover the filler between the parts or not: issuers do
// both, Belgium from card to card, and the standard's example fits both, so either is
// right; Compose covers it. On the French driving licence, for which no public
// specification was found, both digits cover everything before them, as on its specimen.
//
// # Dates
//
// Years have two digits. A birth date is never in the future: it is the latest such date
// that is not after tomorrow (the booth's calendar may be a day behind the traveller's),
// so that a person of a hundred years looks newly born. An expiry date lies from 50 years
// before to 49 years after the year of reading; a card that never expires and says so
// with the year 99 looks expired, and an officer must look. The French identity card was
// issued from 1988 on. Unknown parts are fillers (part 3 §4.8); "00", which some issuers
// print for them, is read as unknown and is a fault.
//
// # Names
//
// Every filler inside a name is a space. The French identity card separates given names by
// two fillers, read as ", ". A name field that is full to its last position may be cut.
//
// # Repairs
//
// Readers mistake 0 for O, D or Q, 1 for I or L, 2 for Z, 5 for S, 6 for G and 8 for B.
//   - In a date or check digit a letter cannot be right. It becomes its digit if the field's
//     check digit is then right, the date is one and no right composite digit turns wrong.
//   - In a document number and in TD3's optional data one character is exchanged, either way,
//     if the field's digit was wrong, no other exchange makes the field's and the composite
//     digit right, and the character stands out: a letter after a digit and not before a
//     letter, or a digit between letters.
//   - Names and dates that only a composite digit covers (the French card's names, the French
//     licence's surname and expiry date) lose their digits or letters if it is then right.
//
// Of readings with one such mistake none is repaired wrongly. That another mistake looks like
// one by chance is not excluded, only rare (in simulation one in 300, and one in four if
// characters need not stand out), which is why a zone says what was read.
//
// 1 and L, and 6 and G, count the same in a check digit: where both may stand, as in a document
// number, they are left as read. Names on other documents are covered by nothing and are
// never touched: digits in them are faults.
package mrz

import (
	"fmt"
	"log/slog"
)

// Format is a layout of the machine-readable zone.
type Format string

// The formats that Parse knows.
const (
	TD1   Format = "TD1"    // 3 lines of 30, ICAO 9303-5
	TD2   Format = "TD2"    // 2 lines of 36, ICAO 9303-6
	TD3   Format = "TD3"    // 2 lines of 44, ICAO 9303-4
	MRVA  Format = "MRVA"   // 2 lines of 44, ICAO 9303-7
	MRVB  Format = "MRVB"   // 2 lines of 36, ICAO 9303-7
	FRAID Format = "FRA_ID" // 2 lines of 36, French identity card of 1988 to 2021
	FRADL Format = "FRA_DL" // 1 line of 30, French driving licence since 2013
	CHEDL Format = "CHE_DL" // lines of 9, 30 and 30, Swiss driving licence
)

// Zone is a parsed machine-readable zone. Text fields are as printed, without the fillers
// at their end; fillers inside names are spaces.
type Zone struct {
	Format         Format   `json:"format"`
	Lines          []string `json:"lines"`          // capitals; after repairs
	DocumentCode   string   `json:"documentCode"`   // "P", "I", "AC", "V", …
	Issuer         string   `json:"issuer"`         // ICAO 9303-3 §5 code, "D" for Germany
	DocumentNumber string   `json:"documentNumber"` // whole, also when longer than nine characters
	// LongDocumentNumber is set where the number continues in the optional data
	// (ICAO 9303-5 §4.2.2, 9303-6 §4.2.2).
	LongDocumentNumber bool   `json:"longDocumentNumber,omitempty"`
	Surname            string `json:"surname"`    // the primary identifier
	GivenNames         string `json:"givenNames"` // the secondary identifier; may be empty
	// NameTruncated is set when the name field is full to its last position, so that the
	// name may be longer than what is printed.
	NameTruncated bool   `json:"nameTruncated"`
	Nationality   string `json:"nationality,omitempty"`
	BirthDate     Date   `json:"birthDate"`
	Sex           string `json:"sex,omitempty"` // "M", "F" or "" (unspecified)
	ExpiryDate    Date   `json:"expiryDate"`
	IssueDate     Date   `json:"issueDate,omitzero"` // year and month, French identity card only
	// Optional is the issuer's; on the Swiss licence the card's number and language letter.
	Optional  string `json:"optional,omitempty"`
	Optional2 string `json:"optional2,omitempty"`
	// AdministrativeCode is the French identity card's department and office code.
	AdministrativeCode string `json:"administrativeCode,omitempty"`
	// Checks holds every check digit of the format, in the order of the zone.
	Checks  []Check  `json:"checks"`
	Faults  []Fault  `json:"faults,omitempty"`
	Repairs []Repair `json:"repairs,omitempty"`
}

// Valid reports whether every check digit is right and no field has a character that its
// place does not allow.
func (z Zone) Valid() bool {
	for _, c := range z.Checks {
		if !c.OK {
			return false
		}
	}
	return len(z.Faults) == 0
}

// LogValue keeps the traveller out of logs.
func (z Zone) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("%s zone, valid %t", z.Format, z.Valid()))
}

// Date is a date of the zone. Unknown parts are 0 (ICAO 9303-3 §4.8).
type Date struct {
	Text  string `json:"text"` // as printed: YYMMDD; YYMM for the issue date
	Year  int    `json:"year,omitempty"`
	Month int    `json:"month,omitempty"`
	Day   int    `json:"day,omitempty"`
}

// ISO returns "2006-01-02", "2006-01", "2006" or "", as far as the date is known.
func (d Date) ISO() string {
	switch {
	case d.Year == 0:
		return ""
	case d.Month == 0:
		return fmt.Sprintf("%04d", d.Year)
	case d.Day == 0:
		return fmt.Sprintf("%04d-%02d", d.Year, d.Month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// The fields that a check digit, fault or repair can speak of.
const (
	FieldDocumentCode       = "documentCode"
	FieldIssuer             = "issuer"
	FieldDocumentNumber     = "documentNumber"
	FieldSurname            = "surname"
	FieldGivenNames         = "givenNames"
	FieldNationality        = "nationality"
	FieldBirthDate          = "birthDate"
	FieldSex                = "sex"
	FieldExpiryDate         = "expiryDate"
	FieldIssueDate          = "issueDate"
	FieldOptional           = "optional"
	FieldOptional2          = "optional2"
	FieldAdministrativeCode = "administrativeCode"
	FieldComposite          = "composite"
)

// Check is one check digit (ICAO 9303-3 §4.9).
type Check struct {
	Field string `json:"field"`
	OK    bool   `json:"ok"`
}

// Fault is a field whose characters its place does not allow, or whose value cannot be:
// a thirteenth month, a digit in a name. It names the field and never its content.
type Fault struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// Repair is a character that was read wrongly and put right because a check digit then
// proves it. Line and Column count from 1.
type Repair struct {
	Field  string `json:"field"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Read   string `json:"read"`
	Meant  string `json:"meant"`
}

// LogValue keeps the characters out of logs.
func (r Repair) LogValue() slog.Value { return slog.StringValue("repair of " + r.Field) }
