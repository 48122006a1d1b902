package lds_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"boothd/capture/chip/lds"
	"boothd/capture/chip/tlv"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFilesHaveTheNamesOfTheStandard(t *testing.T) {
	tests := []struct {
		file  lds.File
		name  string
		id    uint16
		short byte
		tag   tlv.Tag
		in    bool
	}{
		{lds.DG1, "DG1", 0x0101, 1, 0x61, true},
		{lds.DG2, "DG2", 0x0102, 2, 0x75, true},
		{lds.DG16, "DG16", 0x0110, 0x10, 0x70, true},
		{lds.COM, "EF.COM", 0x011E, 0x1E, 0x60, true},
		{lds.SOD, "EF.SOD", 0x011D, 0x1D, 0x77, true},
		{lds.CVCA, "EF.CVCA", 0x011C, 0x1C, 0, true},
		{lds.CardAccess, "EF.CardAccess", 0x011C, 0x1C, 0, false},
		{lds.CardSecurity, "EF.CardSecurity", 0x011D, 0x1D, 0, false},
		{lds.Directory, "EF.DIR", 0x2F00, 0x1E, 0, false},
		{lds.AtrInfo, "EF.ATR/INFO", 0x2F01, 0x01, 0, false},
	}
	for _, test := range tests {
		f := test.file
		if f.String() != test.name || f.ID() != test.id || f.ShortID() != test.short || f.Tag() != test.tag || f.InApplication() != test.in {
			t.Errorf("%v: %04X %02X %v %t", f, f.ID(), f.ShortID(), f.Tag(), f.InApplication())
		}
		if back, ok := lds.FileOf(f.Tag()); ok != (f.Tag() != 0) || ok && back != f {
			t.Errorf("%v is found as %v, %t", f, back, ok)
		}
	}
	for _, f := range []lds.File{0, 200} {
		if f.Valid() || f.ID() != 0 || f.Tag() != 0 || f.InApplication() || f.DataGroup() != 0 {
			t.Errorf("%v is taken for a file", f)
		}
	}
	if lds.DG14.DataGroup() != 14 || lds.COM.DataGroup() != 0 {
		t.Error("numbers of data groups are wrong")
	}
	if got := lds.TravelRecords.String(); got != "travel records" {
		t.Errorf("application %q", got)
	}
}

// The file that the worked example of ICAO 9303-11 appendix D.4 reads.
const exampleCommon = "60 14 5F01 04 30313036 5F36 06 303430303030 5C 02 6175"

func TestCommonOfTheStandardsExample(t *testing.T) {
	want := lds.Common{Version: "0106", Unicode: "040000", Files: []lds.File{lds.DG1, lds.DG2}}
	got, err := lds.ParseCommon(unhex(t, exampleCommon))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if back, err := got.Marshal(); err != nil || !bytes.Equal(back, unhex(t, exampleCommon)) {
		t.Errorf("written as %X, %v", back, err)
	}
}

func TestCommonKeepsTagsThatAreNoDataGroups(t *testing.T) {
	got, err := lds.ParseCommon(unhex(t, "60 18 5F01 04 30313037 5F36 06 303430303030 5C 06 61 7F61 77 6E 60"))
	if err != nil || !slices.Equal(got.Files, []lds.File{lds.DG1, lds.DG14}) || !slices.Equal(got.Unknown, []tlv.Tag{0x7F61, 0x77, 0x60}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	parse := map[string]func([]byte) error{
		"EF.COM":      func(b []byte) error { _, err := lds.ParseCommon(b); return err },
		"EF.DIR":      func(b []byte) error { _, err := lds.ParseDirectory(b); return err },
		"EF.ATR/INFO": func(b []byte) error { _, err := lds.ParseInfo(b); return err },
		"DG1":         func(b []byte) error { _, err := lds.ParseZone(b); return err },
		"DG2":         func(b []byte) error { _, err := lds.ParseFaces(b); return err },
		"DG3":         func(b []byte) error { _, err := lds.ParseFingers(b); return err },
		"DG4":         func(b []byte) error { _, err := lds.ParseIrises(b); return err },
		"DG7":         func(b []byte) error { _, err := lds.ParseDisplayed(lds.DG7, b); return err },
		"DG11":        func(b []byte) error { _, err := lds.ParsePerson(b); return err },
		"DG16":        func(b []byte) error { _, err := lds.ParseContacts(b); return err },
	}
	tests := []struct {
		name, file, in string
		want           error
	}{
		{"EF.COM of letters for a version", "EF.COM", "60 14 5F01 04 30313058 5F36 06 303430303030 5C 02 6175", lds.ErrMalformed},
		{"EF.COM without a list", "EF.COM", "60 10 5F01 04 30313036 5F36 06 303430303030", tlv.ErrMissing},
		{"EF.COM whose list ends within a tag", "EF.COM", "60 14 5F01 04 30313036 5F36 06 303430303030 5C 02 617F", lds.ErrMalformed},
		{"bytes behind the file", "EF.COM", exampleCommon + "00", tlv.ErrMalformed},
		{"another file", "DG1", exampleCommon, tlv.ErrMissing},
		{"nothing", "DG2", "", tlv.ErrTruncated},
		{"an identifier of an application that is too long", "EF.DIR", "4F 11 00000000000000000000000000000000FF", lds.ErrMalformed},
		{"lengths that are no numbers", "EF.ATR/INFO", "7F66 02 0400", lds.ErrMalformed},
		{"a zone of 7 characters", "DG1", "61 0A 5F1F 07 3C3C3C3C3C3C3C", lds.ErrMalformed},
		{"a zone with zeros", "DG1", "61 4B 5F1F 48" + strings.Repeat("00", 72), lds.ErrMalformed},
		{"no face", "DG2", "75 06 7F61 03 020100", lds.ErrMalformed},
		{"a template without a record", "DG2", "75 0B 7F61 08 020101 7F60 02 A100", tlv.ErrMissing},
		{"a record of an unknown kind", "DG2", "75 0E 7F61 0B 020101 7F60 05 5F2E 02 4142", errors.ErrUnsupported},
		{"a finger record where a face belongs", "DG2", "75 14 7F61 11 020101 7F60 0B 5F2E 08 4649520030313000", errors.ErrUnsupported},
		{"a face record that ends in its header", "DG2", "75 14 7F61 11 020101 7F60 0B 5F2E 08 4641430030313000", lds.ErrMalformed},
		{"a finger record that ends in its header", "DG3", "63 14 7F61 11 020101 7F60 0B 5F2E 08 4649520030313000", lds.ErrMalformed},
		{"an iris record that ends in its header", "DG4", "76 14 7F61 11 020101 7F60 0B 5F2E 08 4949520030313000", lds.ErrMalformed},
		{"no signature", "DG7", "67 03 020100", tlv.ErrMissing},
		{"a date of letters", "DG11", "6B 0F 5C 02 5F2B 5F2B 08 3139373041423132", lds.ErrMalformed},
		{"a name that is there twice", "DG11", "6B 0C 5C 02 5F0E 5F0E 01 41 5F0E 01 42", tlv.ErrDoubled},
		{"too many persons", "DG16", "70 20" + strings.Repeat("A000", 16), nil},
		{"still more persons", "DG16", "70 22" + strings.Repeat("A000", 17), tlv.ErrMalformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := parse[test.file](unhex(t, test.in)); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	for name, parse := range parse {
		if err := parse(make([]byte, 1<<20+1)); name != "EF.DIR" && name != "EF.ATR/INFO" && !errors.Is(err, lds.ErrMalformed) {
			t.Errorf("%s of more than 1 MiB: %v", name, err)
		}
	}
}

func TestDirectory(t *testing.T) {
	want := []lds.Application{{ID: lds.TravelDocument, Label: "passport"}, {ID: lds.VisaRecords}}
	b, err := lds.MarshalDirectory(want)
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string][]byte{"alone": b, "with unwritten bytes behind": append(b, 0, 0, 0)} {
		if got, err := lds.ParseDirectory(in); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	bare := unhex(t, "61 09 4F 07 A0000002471001 4F 03 A0A1A2 6F 00")
	got, err := lds.ParseDirectory(bare)
	if err != nil || !slices.Equal(got, []lds.Application{{ID: lds.TravelDocument}, {ID: "\xA0\xA1\xA2"}}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestInfo(t *testing.T) {
	tests := []struct {
		name, in string
		want     lds.Info
	}{
		{"a chip that says nothing", "", lds.Info{}},
		{"a chip of 1990", "43 01 B8", lds.Info{}},
		{"extended length with its bounds", "43 01 B8 46 04 01020304 47 03 940160 7F66 08 0202 03E8 0202 0400", lds.Info{Extended: true, MaxCommand: 1000, MaxAnswer: 1024}},
		{"chaining only, and a status behind", "47 03 940180 82 02 9000", lds.Info{Chaining: true}},
		{"bounds in three bytes", "47 03 940160 7F66 0A 0203 010000 0203 010002", lds.Info{Extended: true, MaxCommand: 65536, MaxAnswer: 65538}},
		{"bounds beyond all APDUs", "7F66 0C 0204 FFFFFFFF 0204 FFFFFFFF", lds.Info{MaxCommand: 65538, MaxAnswer: 65538}},
		{"unwritten bytes behind", "47 03 940140 FFFFFF", lds.Info{Extended: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := lds.ParseInfo(unhex(t, test.in))
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v", got, err)
			}
			b, err := got.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			if back, err := lds.ParseInfo(b); err != nil || back != got {
				t.Errorf("written and read again: %+v, %v", back, err)
			}
		})
	}
}

// The examples of ICAO 9303-10 appendix A. In the text of A.5 the telephone number lacks the
// hyphens that its length counts.
func TestExamplesOfTheStandard(t *testing.T) {
	text := func(tag, s string) string { return fmt.Sprintf("%s%02X%X", tag, len(s), s) }
	t.Run("A.1, files that are there", func(t *testing.T) {
		in := unhex(t, "60 16 5F01 04 30313037 5F36 06 303430303030 5C 04 6175766C")
		got, err := lds.ParseCommon(in)
		want := lds.Common{Version: "0107", Unicode: "040000", Files: []lds.File{lds.DG1, lds.DG2, lds.DG4, lds.DG12}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("A.2, zone of a card", func(t *testing.T) {
		in := unhex(t, "61 5D"+text("5F1F", "I<NLDXI85935F86999999990<<<<<<"+"7208148F1108268NLD<<<<<<<<<<<4"+"VAN<DER<STEEN<<MARIANNE<LOUISE"))
		got, err := lds.ParseZone(in)
		if err != nil || len(got) != 3 || got[2] != "VAN<DER<STEEN<<MARIANNE<LOUISE" {
			t.Errorf("got %q, %v", got, err)
		}
	})
	t.Run("A.5, the holder", func(t *testing.T) {
		in := unhex(t, "6B 63 5C 0A 5F0E5F115F425F125F13"+text("5F0E", "SMITH<<JOHN<J")+text("5F11", "ANYTOWN<MN")+
			text("5F42", "123 MAPLE RD<ANYTOWN<MN")+text("5F12", "1-612-555-1212")+text("5F13", "TRAVEL<AGENT"))
		want := &lds.Person{Name: "SMITH<<JOHN<J", BirthPlace: []string{"ANYTOWN", "MN"}, Address: []string{"123 MAPLE RD", "ANYTOWN", "MN"},
			Telephone: "1-612-555-1212", Profession: "TRAVEL<AGENT"}
		got, err := lds.ParsePerson(in)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("A.6, persons to notify", func(t *testing.T) {
		in := unhex(t, "70 81A2 02 01 02 A1 4C"+text("5F50", "20020101")+text("5F51", "SMITH<<CHARLES<R")+text("5F52", "19525551212")+text("5F53", "123 MAPLE RD<ANYTOWN<MN<55100")+
			"A2 4F"+text("5F50", "20020315")+text("5F51", "BROWN<<MARY<J")+text("5F52", "14155551212")+text("5F53", "49 REDWOOD LN<OCEAN BREEZE<CA<94000"))
		want := []lds.Contact{
			{Recorded: "20020101", Name: "SMITH<<CHARLES<R", Telephone: "19525551212", Address: []string{"123 MAPLE RD", "ANYTOWN", "MN", "55100"}},
			{Recorded: "20020315", Name: "BROWN<<MARY<J", Telephone: "14155551212", Address: []string{"49 REDWOOD LN", "OCEAN BREEZE", "CA", "94000"}},
		}
		got, err := lds.ParseContacts(in)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v", got, err)
		}
		if back, err := lds.MarshalContacts(got); err != nil || !bytes.Equal(back, in) {
			t.Errorf("written as %X, %v", back, err)
		}
	})
}

// The specimen zones of ICAO 9303-4, -5 and -6.
var zones = map[string][]string{
	"TD3": {"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"},
	"TD2": {"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"},
	"TD1": {"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"},
}

func TestZonesAreSplitIntoTheirLines(t *testing.T) {
	for format, lines := range zones {
		b, err := lds.MarshalZone(lines)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := lds.ParseZone(b); err != nil || !slices.Equal(got, lines) {
			t.Errorf("%s: got %q, %v", format, got, err)
		}
	}
	for name, lines := range map[string][]string{
		"a line missing":      zones["TD3"][:1],
		"lines of two zones":  {zones["TD3"][0], zones["TD2"][0]},
		"uneven lines":        {strings.Repeat("A", 43), strings.Repeat("B", 45)},
		"two lines as three":  {strings.Repeat("A", 45), strings.Repeat("B", 45)},
		"letters of no ASCII": {strings.Repeat("Ä", 22), strings.Repeat("B", 44)},
	} {
		if _, err := lds.MarshalZone(lines); !errors.Is(err, lds.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPersonIsReadBack(t *testing.T) {
	want := &lds.Person{
		Name: "MÜLLER<<JÜRGEN", OtherNames: []string{"SMITH<<J", "אבגד"}, PersonalNumber: "123-456", BirthDate: "19700131",
		BirthPlace: []string{"Anytown", "Utopia"}, Address: []string{"1 Street", "Town", ""}, Telephone: "+00 1", Profession: "travel agent",
		Title: "Dr", Summary: "…", Citizenship: lds.Picture{Format: lds.FormatJPEG, Data: []byte("\xFF\xD8\xFF\xE0")},
		OtherDocuments: []string{"A1", "B2"}, Custody: "none",
	}
	b, err := want.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := lds.ParsePerson(b); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestPersonOfEarlyIssuers(t *testing.T) {
	// A name in Latin-1, a date of birth of four bytes, a list that names what is not there.
	got, err := lds.ParsePerson(unhex(t, "6B 16 5C 06 5F0E5F2B5F10 5F0E 04 4DDC3C3C 5F2B 04 19700131"))
	want := &lds.Person{Name: "MÜ<<", BirthDate: "19700131", Deviations: []string{"object 5F10 is listed and not there"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = lds.ParsePerson(unhex(t, "6B 04 5F0E 01 41"))
	if err != nil || got.Name != "A" || len(got.Deviations) != 1 {
		t.Errorf("without a list: %+v, %v", got, err)
	}
}

func TestIssueIsReadBack(t *testing.T) {
	want := &lds.Issue{
		Authority: "Ministry", Date: "20260101", OtherPersons: []string{"CHILD<<A"}, Endorsements: "x", TaxAndExit: "y",
		Front: lds.Picture{Format: lds.FormatJPEG, Data: []byte("\xFF\xD8\xFF\xE0")}, Rear: lds.Picture{Data: []byte{1}},
		Personalised: "20260101120000", System: "7",
	}
	b, err := want.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := lds.ParseIssue(b); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestContactsAreReadBack(t *testing.T) {
	want := []lds.Contact{{Recorded: "20260101", Name: "DOE<<JANE", Telephone: "1", Address: []string{"a", "b"}}, {Name: "X"}}
	b, err := lds.MarshalContacts(want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := lds.ParseContacts(b); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	for name, err := range map[string]error{
		"a version of letters":      second(lds.Common{Version: "01x7", Unicode: "040000"}.Marshal()),
		"a file that is no group":   second(lds.Common{Version: "0107", Unicode: "040000", Files: []lds.File{lds.SOD}}.Marshal()),
		"an empty identifier":       second(lds.MarshalDirectory([]lds.Application{{}})),
		"a length beyond all APDUs": second(lds.Info{MaxCommand: 1 << 20}.Marshal()),
		"no face":                   second((&lds.Faces{}).Marshal()),
		"no signature":              second(lds.MarshalDisplayed(lds.DG7, nil)),
		"a picture in DG1":          second(lds.MarshalDisplayed(lds.DG1, []lds.Picture{{}})),
		"a date of seven digits":    second((&lds.Person{BirthDate: "1970011"}).Marshal()),
		"a line with a separator":   second((&lds.Person{Address: []string{"a<b"}}).Marshal()),
		"bytes that are no text":    second((&lds.Person{Name: "\xFF"}).Marshal()),
		"sixteen persons":           second(lds.MarshalContacts(make([]lds.Contact, 16))),
		"a face of a megabyte":      second((&lds.Faces{Faces: []lds.Face{{Picture: lds.Picture{Format: lds.FormatJPEG, Data: make([]byte, 1<<20)}}}}).Marshal()),
	} {
		if !errors.Is(err, lds.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second(_ []byte, err error) error { return err }
