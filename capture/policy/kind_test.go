package policy

import (
	"strings"
	"testing"

	"boothd/capture/mrz"
)

func TestKindsAreReadAsTheyAreWritten(t *testing.T) {
	for _, text := range []string{"", "P", "D/", "/P", "d/P", "DEUX/P", "D/PPP", "D/P/", "D/P/2031", "D/P/2031-02-30", "D/P/2031-01-01/x", "D/P<"} {
		if k, err := ParseKind(text); err == nil {
			t.Errorf("%q: %+v", text, k)
		}
	}
	for text, fits := range map[string]string{ // of "D P", "D PD", "FRA ID", "RUS I 2030", "ITA C 2032"
		"*/*": "D P,D PD,FRA ID,RUS I,ITA C", "D/P": "D P,D PD", "D/PD": "D PD", "*/I": "FRA ID,RUS I", "FRA/*": "FRA ID",
		"*/*/2031-08-03": "ITA C", "*/*/2030-06-15": "RUS I,ITA C", "*/*/2030-06-16": "ITA C",
	} {
		k, err := ParseKind(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var got []string
		for _, z := range []mrz.Zone{
			{Issuer: "D", DocumentCode: "P"}, {Issuer: "D", DocumentCode: "PD", ExpiryDate: mrz.Date{Year: 2032, Month: 1}}, {Issuer: "FRA", DocumentCode: "ID"},
			{Issuer: "RUS", DocumentCode: "I", ExpiryDate: mrz.Date{Year: 2030, Month: 6, Day: 15}},
			{Issuer: "ITA", DocumentCode: "C", ExpiryDate: mrz.Date{Year: 2032, Month: 1, Day: 1}},
		} {
			if k.Fits(&z) {
				got = append(got, z.Issuer+" "+z.DocumentCode)
			}
		}
		if strings.Join(got, ",") != fits {
			t.Errorf("%q fits %q, want %q", text, got, fits)
		}
	}
	if (Kind{State: "*", Code: "*"}).Fits(nil) {
		t.Error("a document that was not read is of a kind")
	}
}

func TestWhichDocumentsMustHaveAChip(t *testing.T) {
	law := Rules{ChipsByLaw: true}
	own := Rules{Chips: []Kind{kind(t, "USA/P")}}
	zone := func(state, code, born, ends string) *mrz.Zone {
		return &mrz.Zone{Issuer: state, DocumentCode: code, BirthDate: dateFrom(born), ExpiryDate: dateFrom(ends)}
	}
	for _, tt := range []struct {
		name  string
		rules Rules
		z     *mrz.Zone
		by    string // begins with it; empty: need not
	}{
		{"a passport of a state that is bound", law, zone("FRA", "P", "19800101", "20280101"), "by Regulation (EC) No 2252/2004"},
		{"a passport of a state that has taken it over", law, zone("NOR", "PD", "19800101", "20280101"), "by Regulation (EC) No 2252/2004"},
		{"a passport of another state", law, zone("USA", "P", "19800101", "20280101"), ""},
		{"where the booth says so", own, zone("USA", "P", "19800101", "20280101"), "by the rules of this booth"},
		{"a booth that does not go by the law", own, zone("FRA", "P", "19800101", "20280101"), ""},
		{"an identity card from before the law, perhaps", law, zone("FRA", "ID", "19800101", "20310802"), ""},
		{"an identity card from after it", law, zone("FRA", "ID", "19800101", "20310803"), "by Regulation (EU) 2019/1157"},
		{"an Italian one", law, zone("ITA", "C", "19800101", "20360101"), "by Regulation (EU) 2019/1157"},
		{"one of a holder who may keep an older one", law, zone("FRA", "ID", "19510802", "20330101"), ""},
		{"one of a holder a day younger", law, zone("FRA", "ID", "19510803", "20330101"), "by Regulation (EU) 2019/1157"},
		{"one of a holder of unknown age", law, zone("FRA", "ID", "00000000", "20330101"), ""},
		{"one that is longer than such are issued", law, zone("ESP", "ID", "19600101", "99990101"), ""},
		{"one without an end", law, zone("ESP", "ID", "19600101", "00000000"), ""},
		{"a residence permit of the first letter's kind elsewhere", law, zone("CHE", "I", "19600101", "20330101"), ""},
		{"no document", law, nil, ""},
	} {
		if got := tt.rules.ExpectChip(tt.z, now); !strings.HasPrefix(got, tt.by) || (got == "") != (tt.by == "") {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.by)
		}
	}
}

// dateFrom reads a date as yyyymmdd.
func dateFrom(s string) mrz.Date {
	n := func(s string) (n int) {
		for _, r := range s {
			n = 10*n + int(r-'0')
		}
		return n
	}
	return mrz.Date{Year: n(s[:4]), Month: n(s[4:6]), Day: n(s[6:])}
}
