// Package inspection has the words in which the checks of a travel document are reported.
//
// Every check is reported by itself, with its state and the reason for it; nothing folds them
// into one light. What a chip's checks say is found by package chip, what its security object's
// say by package pki; [OfZone] judges a machine-readable zone by itself.
package inspection

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"boothd/capture/mrz"
)

// State is how a check ended.
type State string

// The states. Undetermined is a check that was done and leaves the question open; not done is one
// that could not be begun; not supported is one that the document or the booth has no means for.
const (
	Successful   State = "successful"
	Failed       State = "failed"
	NotDone      State = "not_done"
	NotSupported State = "not_supported"
	Undetermined State = "undetermined"
)

// Valid reports whether the state is one of the five.
func (s State) Valid() bool {
	return slices.Contains([]State{Successful, Failed, NotDone, NotSupported, Undetermined}, s)
}

// Check is the result of one check.
type Check struct {
	Name  string `json:"check"` // of the constants here and in package chip
	State State  `json:"state"`
	// Reason is why it was not successful, for programs; empty if it was.
	Reason string `json:"reason,omitempty"`
	// Group is the data group that the check is about, 1 to 16; 0 if it is about none.
	Group int `json:"group,omitempty"`
	// Text is one sentence for the officer. It holds nothing of the traveller.
	Text string `json:"text"`
}

// The checks of a machine-readable zone.
const (
	CheckDigits     = "mrz_check_digits" // ICAO 9303-3 §4.9
	CheckCharacters = "mrz_characters"   // every field is of what its place allows
	CheckRepaired   = "mrz_reading"      // it was read as it stands
	CheckExpiry     = "mrz_expiry"
)

// OfZone returns the checks of a zone at a moment: its digits, its characters, how it was read,
// and whether the document is still valid.
func OfZone(z *mrz.Zone, now time.Time) []Check {
	return []Check{digits(z), characters(z), reading(z), expiry(z, now)}
}

func digits(z *mrz.Zone) Check {
	var wrong []string
	for _, c := range z.Checks {
		if !c.OK {
			wrong = append(wrong, c.Field)
		}
	}
	switch {
	case len(z.Checks) == 0:
		return Check{Name: CheckDigits, State: NotSupported, Reason: "no_check_digits", Text: "The format has no check digits."}
	case len(wrong) > 0:
		return Check{Name: CheckDigits, State: Failed, Reason: "wrong", Text: "Check digits are wrong: " + strings.Join(wrong, ", ") + "."}
	}
	return Check{Name: CheckDigits, State: Successful, Text: "All check digits are right."}
}

func characters(z *mrz.Zone) Check {
	var fields []string
	for _, f := range z.Faults {
		if f.Reason != mrz.Doubtful && !slices.Contains(fields, f.Field) {
			fields = append(fields, f.Field)
		}
	}
	if len(fields) > 0 {
		return Check{Name: CheckCharacters, State: Failed, Reason: "not_allowed", Text: "Fields have what their place does not allow: " + strings.Join(fields, ", ") + "."}
	}
	return Check{Name: CheckCharacters, State: Successful, Text: "Every field has what its place allows."}
}

func reading(z *mrz.Zone) Check {
	if fields := z.DoubtfulFields(); len(fields) > 0 {
		return Check{Name: CheckRepaired, State: Undetermined, Reason: mrz.Doubtful, Text: "Characters may have been read wrongly from the picture, compare with the document: " + strings.Join(fields, ", ") + "."}
	}
	if n := len(z.Repairs); n > 0 {
		return Check{Name: CheckRepaired, State: Undetermined, Reason: "repaired", Text: fmt.Sprintf("%d character(s) were read otherwise and put right by a check digit.", n)}
	}
	return Check{Name: CheckRepaired, State: Successful, Text: "It counts as it was read."}
}

func expiry(z *mrz.Zone, now time.Time) Check {
	c := Check{Name: CheckExpiry}
	switch expired, known := Expired(z.ExpiryDate, now); {
	case !known:
		c.State, c.Reason, c.Text = Undetermined, "date_unknown", "The date of expiry is not known."
	case expired:
		c.State, c.Reason, c.Text = Failed, "expired", "The document has expired."
	default:
		c.State, c.Text = Successful, "The document has not expired."
	}
	return c
}

// Expired reports whether the last day of validity is over everywhere on earth, and whether the
// date is wholly known.
func Expired(d mrz.Date, now time.Time) (expired, known bool) {
	if d.Year == 0 || d.Month == 0 || d.Day == 0 {
		return false, false
	}
	end := time.Date(d.Year, time.Month(d.Month), d.Day+1, 12, 0, 0, 0, time.UTC)
	return now.After(end), true
}
