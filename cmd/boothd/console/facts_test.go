package console_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/check"
)

// told is a sentence that the page makes of facts.
type told struct {
	Text  string `json:"text"`
	Grave bool   `json:"grave"`
	By    string `json:"by"`
}

func TestFactsReadAsPlainWords(t *testing.T) {
	b := openBrowser(t)
	b.do(navigate(serve(t).URL))
	b.reads("Officer token")
	year := time.Now().Year()
	iso := func(year int, rest string) string { return fmt.Sprintf("%d-%s", year, rest) }
	one := func(m capture.Modality, pairs ...string) check.Line {
		l := answer(m, "any", "portal", "", capture.StateNoHit, 0)
		for i := 0; i < len(pairs); i += 2 {
			l.Facts = append(l.Facts, fact(capture.FactCode(pairs[i]), pairs[i+1]))
		}
		return l
	}
	tests := []struct {
		name  string
		lines []check.Line
		want  string
	}{
		{"a first entry", []check.Line{one(doc, "file", "none")}, "No file yet"},
		{"somebody who is inside", []check.Line{one(doc, "presence", "inside", "entered", iso(year, "02-03"), "days_left", "1", "leave_by", iso(year, "05-03"))},
			"Inside since Feb 3 | 1 day left | leave by May 3"},
		{"somebody who comes back", []check.Line{one(doc, "presence", "outside", "entered", iso(year-1, "12-30"), "days_left", "23", "leave_by", iso(year, "05-03"))},
			fmt.Sprintf("Outside, last entry Dec 30, %d | 23 days left | may stay until May 3", year-1)},
		{"an overstay says no days left", []check.Line{one(doc, "presence", "inside", "days_left", "0", "days_over", "12", "leave_by", iso(year, "05-03"))},
			"Inside | Overstay: 12 days! | had to leave by May 3"},
		{"no days left is grave", []check.Line{one(doc, "days_left", "0")}, "No days left!"},
		{"a visa", []check.Line{one(doc, "visa", "valid", "valid_from", "2020-01-01", "valid_until", "2199-03-01", "entries", "multiple", "territory", "Schengen")},
			"Visa valid until Mar 1, 2199 | multiple entries | all Schengen states"},
		{"a visa of the future", []check.Line{one(doc, "visa", "not_yet_valid", "valid_from", "2199-01-01", "valid_until", "2199-03-01")},
			"Visa not valid yet from Jan 1, 2199 (last day Mar 1, 2199)!"},
		{"a revoked authorisation that is flagged", []check.Line{one(doc, "authorisation", "revoked", "flag", "ask about the stay")},
			"Travel authorisation revoked! | Flagged for a further check: ask about the stay!"},
		{"many of one kind", []check.Line{one(doc, "holds", "VIS", "holds", "EES", "member_state", "D")},
			"VIS holds data on this person | EES holds data on this person | Member state D"},
		{"words that are not known to the page", []check.Line{one(doc, "new_code", "7", "visa", "lost", "entered", "x")}, "visa: lost! | new code: 7"},
		{"two answers that agree are told once", []check.Line{one(doc, "days_left", "23"), one(fing, "days_left", "23")}, "23 days left"},
		{"two answers that differ say by what", []check.Line{one(doc, "days_left", "23"), one(fing, "days_left", "5")},
			"23 days left (document) | 5 days left (finger)"},
		{"one finger verifies the file", []check.Line{one(doc, "file", "not_verified"), one(fing, "file", "verified")}, "Person verified (finger)"},
		{"a value is never markup", []check.Line{one(doc, "flag", "<b>x</b>")}, "Flagged for a further check: <b>x</b>!"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			lines, err := json.Marshal(test.lines)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for i, s := range evaluate[[]told](b, `import('/page/facts.js').then((m) => m.said(`+string(lines)+`))`) {
				if i > 0 {
					got += " | "
				}
				if got += s.Text; s.By != "" {
					got += " (" + s.By + ")"
				}
				if s.Grave {
					got += "!"
				}
			}
			if got != test.want {
				t.Errorf("reads %q, want %q", got, test.want)
			}
		})
	}
}
