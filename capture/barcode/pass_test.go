package barcode

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// The examples of IATA Resolution 792, attachment B, and of its implementation guide.
const (
	oneLeg  = "M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 326J001A0025 100^164GIWVC5EH7JNT684FVNJ91W2QA4DVN5J8K4F0L0GEQ3DF5TGBN8709HKT5D3DW3GBHFCVHMY7J5T6HFR41W2QA4DVN5J8K4F0L0GE"
	twoLegs = "M2DESMARAIS/LUC       EABC123 YULFRAAC 0834 226F001A0025 14D>6181WW6225BAC 00141234560032A0141234567890 1AC AC 1234567890123    20KYLX58ZDEF456 FRAGVALH 3664 227C012C0002 12E2A0140987654321 1AC AC 1234567890123    2PCNWQ^164GIWVC5EH7JNT684FVNJ91W2QA4DVN5J8K4F0L0GEQ3DF5TGBN8709HKT5D3DW3GBHFCVHMY7J5T6HFR41W2QA4DVN5J8K4F0L0GE"
	atHome  = "M1TEST/PETER          E24Z5RN AMSBRUKL 1733 019M008A0001 316>503  W0D0742497067621"
)

func TestTheExamplesOfBoardingPassesAreRead(t *testing.T) {
	first := Leg{Booking: "ABC123", From: "YUL", To: "FRA", Carrier: "AC", Flight: "0834", DayOfYear: 326, Cabin: "J", Seat: "001A", Sequence: "0025", Status: "1"}
	summer := Leg{Booking: "ABC123", From: "YUL", To: "FRA", Carrier: "AC", Flight: "0834", DayOfYear: 226, Cabin: "F", Seat: "001A", Sequence: "0025", Status: "1", conditions: 0x4d}
	second := Leg{Booking: "DEF456", From: "FRA", To: "GVA", Carrier: "LH", Flight: "3664", DayOfYear: 227, Cabin: "C", Seat: "012C", Sequence: "0002", Status: "1", conditions: 0x2e}
	peter := Leg{Booking: "24Z5RN", From: "AMS", To: "BRU", Carrier: "KL", Flight: "1733", DayOfYear: 19, Cabin: "M", Seat: "008A", Sequence: "0001", Status: "3", conditions: 0x16}
	for name, tt := range map[string]struct {
		text, name string
		legs       []Leg
	}{
		"mandatory items and security data": {oneLeg, "DESMARAIS/LUC", []Leg{first}},
		"two legs":                          {twoLegs, "DESMARAIS/LUC", []Leg{summer, second}},
		"printed at home":                   {atHome, "TEST/PETER", []Leg{peter}},
	} {
		p, err := ParsePass(tt.text)
		if err != nil || p.Name != tt.name || !p.Electronic || !slices.Equal(p.Legs, tt.legs) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func TestTheDayOfAFlightIsTheNearest(t *testing.T) {
	for _, tt := range []struct {
		day       int
		now, want string
	}{
		{1, "2025-12-31", "2026-01-01"}, {365, "2026-01-02", "2025-12-31"}, {60, "2024-03-01", "2024-02-29"},
		{60, "2025-03-01", "2025-03-01"}, {366, "2025-01-03", "2024-12-31"}, {366, "2026-06-01", ""}, {0, "2026-06-01", ""},
		{180, "2026-06-29", "2026-06-29"},
	} {
		now, err := time.Parse(time.DateOnly, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if d := (Leg{DayOfYear: tt.day}).Date(now); !d.IsZero() {
			got = d.Format(time.DateOnly)
		}
		if got != tt.want {
			t.Errorf("day %d seen on %s is %q; want %q", tt.day, tt.now, got, tt.want)
		}
	}
}

func TestSpoiltBoardingPassesAreRefused(t *testing.T) {
	plain := oneLeg[:60]
	at := func(i int, text string) string { return plain[:i] + text + plain[i+len(text):] }
	for name, text := range map[string]string{
		"cut short":                   plain[:59],
		"another format":              at(0, "S"),
		"no leg":                      at(1, "0"),
		"two legs of which one is":    at(1, "2"),
		"day 367":                     at(44, "367"),
		"a day that is no number":     at(44, "3a6"),
		"more conditions than follow": at(58, "01"),
		"conditions of no length":     at(58, "-1"),
		"something after it":          plain + "X",
		"a control character":         at(10, "\x01"),
	} {
		if p, err := ParsePass(text); err == nil || strings.Contains(err.Error(), "DESMARAIS") {
			t.Errorf("%s: %v, %v; want an error that quotes nothing", name, p, err)
		}
	}
}

func TestABarcodeIsToldByItsBeginning(t *testing.T) {
	for name, tt := range map[string]struct {
		raw        []byte
		seal, pass bool
	}{
		"a seal":                        {unhex(t, visa), true, false},
		"a seal after its symbology":    {append([]byte("]d1"), unhex(t, visa)...), true, false},
		"a pass":                        {[]byte(oneLeg), false, true},
		"a pass after its symbology":    {[]byte("]Q1" + oneLeg), false, true},
		"a link":                        {[]byte("https://example.org/"), false, false},
		"a word that begins like a one": {[]byte("MERCI"), false, false},
		"nothing":                       {nil, false, false},
	} {
		s, p, err := Read(tt.raw)
		if (s != nil) != tt.seal || (p != nil) != tt.pass || (err == nil) != (tt.seal || tt.pass) {
			t.Errorf("%s: %v, %v, %v", name, s != nil, p != nil, err)
		}
		if err != nil && !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParsePass(f *testing.F) {
	f.Add(oneLeg)
	f.Add(twoLegs)
	f.Add(atHome)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePass(text)
		if err != nil {
			return
		}
		if len(p.Legs) < 1 || len(p.Legs) > maxLegs || len(p.Name) > 20 {
			t.Errorf("%d legs, name of %d characters", len(p.Legs), len(p.Name))
		}
		for _, l := range p.Legs {
			if d := l.Date(time.Now()); !d.IsZero() && d.YearDay() != l.DayOfYear {
				t.Errorf("day %d is %v", l.DayOfYear, d)
			}
		}
	})
}
