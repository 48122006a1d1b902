package lds

import "log/slog"

// Person is DG11: what the issuer adds about the holder (ICAO 9303-10 §4.7.11). Texts are
// as the issuer wrote them; absent ones are empty.
type Person struct {
	Name           string   // in full and national characters, "SURNAME<<GIVEN<NAMES"
	OtherNames     []string // in the same form
	PersonalNumber string
	BirthDate      string // YYYYMMDD; parts that are unknown are zeros
	BirthPlace     []string
	Address        []string
	Telephone      string
	Profession     string
	Title          string
	Summary        string
	Citizenship    Picture  // proof of it
	OtherDocuments []string // numbers of other valid travel documents
	Custody        string
	Deviations     []string // from the standard, for people
}

// LogValue keeps the holder out of logs.
func (Person) LogValue() slog.Value { return slog.StringValue("details of the holder") }

func (p *Person) fields() []field {
	return []field{
		textField(0x5F0E, &p.Name),
		namesField(0x5F0F, &p.OtherNames),
		textField(0x5F10, &p.PersonalNumber),
		digitsField(0x5F2B, 8, &p.BirthDate),
		linesField(0x5F11, &p.BirthPlace),
		linesField(0x5F42, &p.Address),
		textField(0x5F12, &p.Telephone),
		textField(0x5F13, &p.Profession),
		textField(0x5F14, &p.Title),
		textField(0x5F15, &p.Summary),
		pictureField(0x5F16, &p.Citizenship),
		linesField(0x5F17, &p.OtherDocuments),
		textField(0x5F18, &p.Custody),
	}
}

// ParsePerson reads DG11.
func ParsePerson(b []byte) (*Person, error) {
	p := &Person{}
	deviations, err := parseFields(DG11, b, p.fields())
	if err != nil {
		return nil, err
	}
	p.Deviations = deviations
	return p, nil
}

// Marshal returns DG11 with what is not empty.
func (p *Person) Marshal() ([]byte, error) { return marshalFields(DG11, p.fields()) }

// Issue is DG12: what the issuer adds about the document (ICAO 9303-10 §4.7.12).
type Issue struct {
	Authority    string
	Date         string   // of issue, YYYYMMDD
	OtherPersons []string // on the document, "SURNAME<<GIVEN<NAMES"
	Endorsements string
	TaxAndExit   string
	Front, Rear  Picture  // of the document
	Personalised string   // YYYYMMDDhhmmss
	System       string   // serial number of the personalisation system
	Deviations   []string // from the standard, for people
}

// LogValue keeps the document out of logs.
func (Issue) LogValue() slog.Value { return slog.StringValue("details of the document") }

func (i *Issue) fields() []field {
	return []field{
		textField(0x5F19, &i.Authority),
		digitsField(0x5F26, 8, &i.Date),
		namesField(0x5F1A, &i.OtherPersons),
		textField(0x5F1B, &i.Endorsements),
		textField(0x5F1C, &i.TaxAndExit),
		pictureField(0x5F1D, &i.Front),
		pictureField(0x5F1E, &i.Rear),
		digitsField(0x5F55, 14, &i.Personalised),
		textField(0x5F56, &i.System),
	}
}

// ParseIssue reads DG12.
func ParseIssue(b []byte) (*Issue, error) {
	i := &Issue{}
	deviations, err := parseFields(DG12, b, i.fields())
	if err != nil {
		return nil, err
	}
	i.Deviations = deviations
	return i, nil
}

// Marshal returns DG12 with what is not empty.
func (i *Issue) Marshal() ([]byte, error) { return marshalFields(DG12, i.fields()) }
