package numbers

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func passport(issuer, number string) Document {
	return Document{Number: number, Type: "P", Issuer: issuer}
}

func TestNumbersAreWrittenAsInTheZone(t *testing.T) {
	for _, c := range []struct{ name, number, want string }{
		{"as it is", "C01X00T47", "C01X00T47"},
		{"separators and small letters", "ab 12-34/x", "AB1234X"},
		{"fillers of the zone", "L898902C<", "L898902C"},
		{"Cyrillic letters that Belarus prints", "МР1234567", "MP1234567"},
		{"Greek letters of an identity card", "ΑΕ 123456", "AE123456"},
		{"Arabic digits", "٣١٢۴۵", "31245"},
		{"full width", "ＴＫ１２３", "TK123"},
		{"a letter like no Latin one", "Ж123", "123"},
		{"bytes that are no text", "\xff1\x802", "12"},
		{"nothing", "-/ ", ""},
	} {
		if got := Normal(c.number); got != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestLookAlikesFoldAlike(t *testing.T) {
	for _, pair := range [][2]string{{"O0QD", "0000"}, {"I1L", "111"}, {"S5", "55"}, {"B8", "88"}, {"Z2", "22"}, {"G6", "66"}} {
		if Fold(pair[0]) != pair[1] || Fold(pair[1]) != pair[1] {
			t.Errorf("%q folds to %q", pair[0], Fold(pair[0]))
		}
	}
	if Fold("A1") == Fold("41") {
		t.Error("A and 4 fold alike")
	}
}

func TestDocumentsAreCompared(t *testing.T) {
	for _, c := range []struct {
		name         string
		asked, found Document
		grade        Grade
		reason       Reason
	}{
		{"the same but for separators", passport("D", "C01X00T47"), passport("D", "c01 x00 t47"), Same, NoReason},
		{"another number", passport("D", "C01X00T47"), passport("D", "C01X00T48"), Different, NoReason},
		{"transposed", passport("GBR", "925665416"), passport("GBR", "926565416"), Different, NoReason},
		{"no number asked", passport("D", "-"), passport("D", "-"), Different, NoReason},
		{"a German serial has no letter O", passport("D", "C01X00T47"), passport("DEU", "CO1XOOT47"), Alike, Format},
		{"a German serial has both 1 and L", passport("D", "C01X00T47"), passport("D", "C0LX00T47"), Alike, LookAlike},
		{"a German serial has both, and no O", passport("D", "C0LX00T47"), passport("D", "COLXO0T47"), Alike, Format},
		{"I may be 1 or L in a German serial", passport("D", "C0IX00T47"), passport("D", "C01X00T47"), Alike, LookAlike},
		{"a French series has letters behind its digits", passport("FRA", "12AB34567"), passport("FRA", "1ZA834567"), Alike, Format},
		{"0 may be several letters", passport("FRA", "12AO34567"), passport("FRA", "12A034567"), Alike, LookAlike},
		{"a British number has digits only", passport("GBR", "925665416"), passport("GBR", "92S66541G"), Alike, Format},
		{"an American number may begin with a letter", passport("USA", "012345678"), passport("USA", "O12345678"), Alike, LookAlike},
		{"issuer known on one side", passport("GBR", "925665416"), passport("", "92S665416"), Alike, Format},
		{"issuers differ", passport("GBR", "925665416"), passport("FRA", "92S665416"), Alike, LookAlike},
		{"a visa is numbered otherwise", Document{"925665416", "V", "GBR"}, Document{"92S665416", "V", "GBR"}, Alike, LookAlike},
		{"types differ", passport("POL", "AB1234567"), Document{"A81234567", "I", "POL"}, Alike, LookAlike},
		{"a state whose formats are not known", passport("UTO", "L898902C"), passport("UTO", "L8989O2C"), Alike, LookAlike},
		{"check digit listed", passport("D", "C01X00T47"), passport("D", "C01X00T478"), Alike, CheckDigit},
		{"check digit asked", passport("D", "C01X00T478"), passport("D", "C01X00T47"), Alike, CheckDigit},
		{"another digit behind it", passport("D", "C01X00T47"), passport("D", "C01X00T477"), Different, NoReason},
		{"check digit, issuer not known", passport("D", "C01X00T47"), passport("", "C01X00T478"), Different, NoReason},
		{"zeros lost in the list", passport("GBR", "001234567"), passport("GBR", "1234567"), Alike, LeadingZeros},
		{"zeros not asked", passport("GBR", "1234567"), passport("GBR", "001234567"), Alike, LeadingZeros},
		{"a Romanian number has 8 digits or 9", passport("ROU", "012345678"), passport("ROU", "12345678"), Different, NoReason},
		{"too short to be the rest", passport("GBR", "000012345"), passport("GBR", "12345"), Different, NoReason},
		{"letters lost in the list", passport("POL", "AB1234567"), passport("POL", "1234567"), Alike, LeadingLetters},
		{"letters lost, another state", passport("POL", "AB1234567"), passport("GRC", "1234567"), Different, NoReason},
		{"letters lost, a state not known", passport("UTO", "AB1234567"), passport("UTO", "1234567"), Different, NoReason},
	} {
		got := Compare(c.asked, c.found)
		if got.Grade != c.grade || got.Reason != c.reason {
			t.Errorf("%s: grade %d for reason %d, want %d for %d", c.name, got.Grade, got.Reason, c.grade, c.reason)
		}
		if (got.Note() != "") != (c.reason != NoReason) {
			t.Errorf("%s: note %q", c.name, got.Note())
		}
	}
}

func TestTheNoteSaysWhichCharactersDiffer(t *testing.T) {
	got := Compare(passport("GBR", "925665550"), passport("GBR", "92S6655SO")).Note()
	if want := "look-alike characters: 5 read, S listed, 0 read, O listed; the issuer's numbers allow one reading only"; got != want {
		t.Errorf("%q", got)
	}
}

func TestNumbersStayOutOfLogs(t *testing.T) {
	var b strings.Builder
	d := passport("GBR", "925665416")
	c := Compare(d, d)
	slog.New(slog.NewTextHandler(&b, nil)).Info("compared", "document", d, "comparison", c)
	fmt.Fprint(&b, d, c)
	if strings.Contains(b.String(), "9256") {
		t.Error(b.String())
	}
}

// Two numbers of one state that may both exist are never made the same.
func TestANumberThatFitsAFormatIsItsOwnReading(t *testing.T) {
	m := newMaker(1)
	for range 100_000 {
		d := m.passport()
		if got := Reading(d); got != d.Number {
			t.Fatalf("%s: %q is read as %q", d.Issuer, d.Number, got)
		}
		for _, form := range d.carelessForms(nil, []byte(d.Number)) {
			if fits(form.number, d.formats()) {
				t.Fatalf("%s: %q is a number too, not a careless form of %q", d.Issuer, form.number, d.Number)
			}
		}
	}
}

func FuzzCompare(f *testing.F) {
	f.Add("925665416", "P", "GBR", "92S665416", "P", "GBR")
	f.Add("C01X00T47", "P", "D", "C01X00T478", "P", "DEU")
	f.Add("AB1234567", "I", "NLD", "1234567", "", "")
	f.Add("ΑΕ１２\xff", "", "", "AE12", "P", "GRC")
	f.Fuzz(func(t *testing.T, n1, t1, i1, n2, t2, i2 string) {
		a, b := Document{n1, t1, i1}, Document{n2, t2, i2}
		c := Compare(a, b)
		if (c.Grade == Same) != (Normal(n1) == Normal(n2) && Normal(n1) != "") {
			t.Error("same")
		}
		if Fold(n1) == Fold(n2) && Fold(n1) != "" && c.Grade == Different {
			t.Error("look-alikes differ")
		}
		if r := Reading(a); Fold(r) != Fold(n1) || Reading(Document{r, t1, i1}) != r {
			t.Error("a reading is not stable")
		}
		if len(n1)+len(i1) < 200 && c.Grade != Different && (i1 == "" || i2 == "" || Issuer(i1) == Issuer(i2)) {
			if x := built(t, []Document{b}); !x.Contains(a) {
				t.Error("the index does not find what compares alike")
			}
		}
	})
}
