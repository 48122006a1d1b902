package identity

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"boothd/capture"
	"boothd/localmatch/gallery"
	"boothd/localmatch/numbers"
)

// File is one person's individual file. Personal data.
type File struct {
	ID string // unique in the repository, at most gallery.MaxID bytes
	Identity
	Documents  []Document
	Biometrics []Biometric
	Holdings   []Member // the entries that are about the person

	// Fingers are handed on to the matching service when the file is put. They are not kept
	// in the file.
	Fingers []gallery.FingerTemplate
}

// Identity is who somebody is said to be. Every field may be empty. Personal data.
type Identity struct {
	Surname, GivenNames string
	BirthDate           string // "2006-01-02", "2006-01" or "2006"
	Sex                 string // "M", "F"
	Nationality         string // a code of ICAO 9303-3 §5
}

// Document is a travel document of a file. Number and issuer are compared as a
// machine-readable zone writes them.
type Document struct {
	Type   string // document code, "P"
	Issuer string // a code of ICAO 9303-3 §5
	Number string
}

// Biometric refers to a person's fingers or face in the shared biometric matching service.
// The service gives the same reference to what it found to be of one person, so equal
// references of one kind are the same biometric data.
type Biometric struct {
	Kind      capture.Modality // finger or face
	Reference string
}

// Member is an entry of a system. Knowing a discreet one would give a discreet finding away.
type Member struct {
	System, Entry string
	Discreet      bool
}

// LogValue keeps the person out of logs.
func (f File) LogValue() slog.Value { return slog.StringValue("file") }

// LogValue keeps the person out of logs.
func (i Identity) LogValue() slog.Value { return slog.StringValue("identity") }

// The limits of a file beyond those of gallery.Entry.
const (
	MaxBiometrics = 32
	MaxHoldings   = 64
	maxReference  = 128 // bytes of a biometric reference or of an entry's id
)

// ErrFile is matched by the errors about a file that cannot be taken.
var ErrFile = errors.New("file not valid")

// entry is the file as the matching service knows it.
func (f *File) entry() gallery.Entry {
	e := gallery.Entry{ID: f.ID, Sex: f.Sex, Fingers: f.Fingers}
	if name := f.name(); name != "" {
		e.Names = []string{name}
	}
	if f.BirthDate != "" {
		e.BirthDates = []string{f.BirthDate}
	}
	if f.Nationality != "" {
		e.Nationalities = []string{f.Nationality}
	}
	for _, d := range f.Documents {
		e.Documents = append(e.Documents, gallery.DocumentNumber{Number: d.Number, Type: d.Type, Issuer: d.Issuer})
	}
	return e
}

// name is "SURNAME, GIVEN NAMES", without the comma if one of them is missing.
func (i Identity) name() string {
	if i.Surname == "" || i.GivenNames == "" {
		return i.Surname + i.GivenNames
	}
	return i.Surname + ", " + i.GivenNames
}

// validate checks the file's form. The errors match ErrFile and name the field, never what
// is in it.
func (f *File) validate() error {
	e := f.entry()
	if err := e.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	switch {
	case len(f.Biometrics) > MaxBiometrics:
		return fmt.Errorf("%w: more than %d biometric references", ErrFile, MaxBiometrics)
	case len(f.Holdings) == 0 || len(f.Holdings) > MaxHoldings:
		return fmt.Errorf("%w: not 1 to %d entries of systems", ErrFile, MaxHoldings)
	}
	for _, b := range f.Biometrics {
		if b.Kind != capture.ModalityFinger && b.Kind != capture.ModalityFace || !plain(b.Reference, maxReference) {
			return fmt.Errorf("%w: a biometric reference", ErrFile)
		}
	}
	for _, h := range f.Holdings {
		if !h.valid() {
			return fmt.Errorf("%w: an entry of a system", ErrFile)
		}
	}
	return nil
}

func (m Member) valid() bool { return plain(m.System, 64) && plain(m.Entry, maxReference) }

// nameKey is what names are looked up by that are written alike; empty without a name.
func (i Identity) nameKey() string {
	name := i.Surname + " " + i.GivenNames
	if tokens, ok := gallery.NameTokens(name); ok {
		return gallery.FoldTokens(tokens)
	}
	return strings.ToUpper(strings.Join(strings.Fields(name), " ")) // in another script
}

// birthYear is 0 if it is not known.
func (i Identity) birthYear() int {
	if !gallery.ValidBirthDate(i.BirthDate) {
		return 0
	}
	year, _ := strconv.Atoi(i.BirthDate[:4])
	return year
}

// normal is the document as documents are compared.
func (d Document) normal() Document {
	d.Number = numbers.Normal(d.Number)
	d.Issuer = numbers.Issuer(d.Issuer)
	return d
}

// plain reports whether s is a text of at most so many bytes that says something.
func plain(s string, most int) bool {
	return len(s) <= most && strings.TrimSpace(s) != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
