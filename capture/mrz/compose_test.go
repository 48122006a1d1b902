package mrz

import (
	"slices"
	"strings"
	"testing"
)

// samples are invented documents, one of each format.
var samples = map[Format]Fields{
	TD1:   {DocumentCode: "I", Issuer: "UTO", DocumentNumber: "T22000129", Surname: "VAN DER MUSTER", GivenNames: "KIM", Nationality: "UTO", BirthDate: "9902<<", Sex: "<", ExpiryDate: "310930", Optional: "ABC", Optional2: "1<2"},
	TD2:   {DocumentCode: "ID", Issuer: "D", DocumentNumber: "D23145890734", LongDocumentNumber: true, Surname: "MUSTER", Nationality: "D", BirthDate: "<<<<<<", Sex: "M", ExpiryDate: "310930", Optional: "A"},
	TD3:   {DocumentCode: "P", Issuer: "UTO", DocumentNumber: "X0000001", Surname: "MUSTER", GivenNames: "ANNA MARIA LONG ENOUGH TO FILLS", NameTruncated: true, Nationality: "XXA", BirthDate: "150612", Sex: "F", ExpiryDate: "310930"},
	MRVA:  {DocumentCode: "V", Issuer: "UTO", DocumentNumber: "L8988901C", Surname: "MUSTER", GivenNames: "ANNA", Nationality: "UTO", BirthDate: "400907", Sex: "F", ExpiryDate: "261210", Optional: "6ZE184226B"},
	MRVB:  {DocumentCode: "VC", Issuer: "UTO", DocumentNumber: "5467", Surname: "MUSTER", GivenNames: "ANNA", Nationality: "UTO", BirthDate: "700101", Sex: "F", ExpiryDate: "261101", Optional: "<M901101"},
	FRAID: {DocumentCode: "ID", Issuer: "FRA", DocumentNumber: "171099123456", Surname: "DU MUSTER", GivenNames: "ANNE, MARIE", Nationality: "", BirthDate: "911231", Sex: "F", IssueDate: "1710", AdministrativeCode: "990001"},
	FRADL: {DocumentCode: "D1", Issuer: "FRA", DocumentNumber: "13AA00003", Surname: "MUSTER", ExpiryDate: "281231"},
	CHEDL: {DocumentCode: "FA", Issuer: "CHE", DocumentNumber: "305142128097", Surname: "MUSTER", GivenNames: "ANNA", BirthDate: "800126", Optional: "AAA002D"},
}

func TestWhatIsComposedIsReadBackWhole(t *testing.T) {
	for format, want := range samples {
		t.Run(string(format), func(t *testing.T) {
			lines, err := Compose(format, want)
			if err != nil {
				t.Fatal(err)
			}
			z, err := Read(lines, now)
			if err != nil {
				t.Fatal(err)
			}
			if z.Format != format || !z.Valid() || len(z.Repairs) > 0 {
				t.Errorf("format %s, checks %v, faults %v, repairs %v", z.Format, z.Checks, z.Faults, z.Repairs)
			}
			if got := z.Fields(); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestValidVectorsAreComposedAsTheyWere(t *testing.T) {
	n := 0
	for _, v := range vectors(t) {
		z, err := Parse(v.Lines, now)
		if err != nil {
			t.Fatal(err)
		}
		if !z.Valid() || v.ID == 76 { // 76: the number's digit covers no filler
			continue
		}
		n++
		lines, err := Compose(z.Format, z.Fields())
		if err != nil {
			t.Errorf("vector %d: %v", v.ID, err)
			continue
		}
		if z.Format == TD3 && lines[1][42] == '<' { // a filler or 0 may stand there
			lines[1] = lines[1][:42] + v.Lines[1][42:43] + lines[1][43:]
		}
		if !slices.Equal(lines, v.Lines) {
			t.Errorf("vector %d: got\n%q, want\n%q", v.ID, lines, v.Lines)
		}
	}
	if n < 50 {
		t.Errorf("only %d vectors were composed", n)
	}
}

func TestComposeRefusesWhatDoesNotFitItsPlace(t *testing.T) {
	for _, tt := range []struct {
		name   string
		format Format
		change func(*Fields)
		want   string
	}{
		{"a format that is none", "TD9", func(*Fields) {}, `compose: no format "TD9"`},
		{"a name that is too long", TD3, func(f *Fields) { f.Surname = strings.Repeat("A", 39) }, "compose TD3: name: 72 characters, the place has 39"},
		{"a small letter", TD3, func(f *Fields) { f.Surname = "Muster" }, "compose TD3: name: character 2 is not allowed there"},
		{"a hyphen", TD1, func(f *Fields) { f.Surname = "A-B" }, "compose TD1: name: character 2 is not allowed there"},
		{"a digit in the nationality", TD3, func(f *Fields) { f.Nationality = "UT0" }, "compose TD3: nationality: character 3 is not allowed there"},
		{"a letter in a date", TD1, func(f *Fields) { f.BirthDate = "99O2<<" }, "compose TD1: birthDate: character 3 is not allowed there"},
		{"half a date", TD1, func(f *Fields) { f.BirthDate = "9902" }, "compose TD1: birthDate: 4 characters, a date has 6"},
		{"a date that is none", TD1, func(f *Fields) { f.ExpiryDate = "991301" }, "compose TD1: expiryDate: no such month"},
		{"a long number in a passport", TD3, func(f *Fields) { f.DocumentNumber = "1234567890" }, "compose TD3: documentNumber: 10 characters, the place has 9"},
		{"a number longer than the optional data", TD2, func(f *Fields) { f.DocumentNumber = "1234567890123456"; f.Optional = "" }, "compose TD2: optional: 8 characters, the place has 7"},
		{"a long number with a filler", TD1, func(f *Fields) { f.DocumentNumber = "123456789<1" }, "compose TD1: documentNumber: a filler after the ninth character"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fields := samples[tt.format]
			tt.change(&fields)
			_, err := Compose(tt.format, fields)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
