package border

import (
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/cmd/centrald/border/person"
	"boothd/localmatch/gallery"
	"boothd/localmatch/numbers"
)

// Kind says what a record of a file tells.
type Kind string

// The kinds.
const (
	KindEntry   Kind = "entry"
	KindExit    Kind = "exit"
	KindRefusal Kind = "refusal" // of entry
)

// Crossing is one record: somebody entered, left, or was refused entry. Personal data.
type Crossing struct {
	ID    string    `json:"id"` // the booth's record, unique within the booth
	Booth string    `json:"booth"`
	Place string    `json:"place"` // the crossing point
	Kind  Kind      `json:"kind"`
	At    time.Time `json:"at"`

	// The traveller. The document finds the file; the rest describes the file that a first
	// entry creates.
	Document    gallery.DocumentNumber `json:"document"` // with number and issuer
	Name        string                 `json:"name"`     // "SURNAME, GIVEN NAMES"
	BirthDate   string                 `json:"birth_date"`
	Nationality string                 `json:"nationality"`
	Sex         string                 `json:"sex"`
	Fingers     []*capture.Finger      `json:"fingers,omitempty"` // to be enrolled; none if none was taken

	// AuthorisedUntil is the last day of the authorised stay where an authority decided
	// otherwise than the rule of 90 days in 180; 0 leaves it to the rule.
	AuthorisedUntil Day `json:"authorised_until,omitempty"`
	// Reason is why entry was refused, if that is known.
	Reason Reason `json:"reason,omitempty"`
	// Fallback is set if the record was stored locally first because the central search
	// could not be asked (Regulation (EU) 2017/2226 Art 21).
	Fallback bool `json:"fallback,omitempty"`
	// Uploaded is when it reached central; the time of recording if it is zero.
	Uploaded time.Time `json:"uploaded,omitzero"`
}

// LogValue keeps the traveller out of logs.
func (c Crossing) LogValue() slog.Value { return slog.StringValue(string(c.Kind)) }

// The limits of a crossing's text, in bytes.
const (
	maxID    = 128
	maxPlace = 256
)

// validate says what is wrong with the crossing, without quoting it.
func (c *Crossing) validate() error {
	switch {
	case c.ID == "" || len(c.ID) > maxID:
		return errors.New("crossing without an id, or with one that is too long")
	case len(c.Booth) > maxID || len(c.Place) > maxPlace:
		return errors.New("booth or place of a crossing is too long")
	case !plain(c.ID) || !plain(c.Booth) || !plain(c.Place):
		return errors.New("id, booth or place of a crossing is no text")
	case c.Kind != KindEntry && c.Kind != KindExit && c.Kind != KindRefusal:
		return errors.New("crossing that is neither entry, exit nor refusal")
	case c.At.IsZero() || c.At.Year() < minYear || c.At.Year() > maxYear:
		return errors.New("crossing without a time")
	case c.Reason != "" && c.Reason.Meaning() == "":
		return errors.New("crossing with an unknown reason for refusal")
	}
	return nil
}

// plain reports whether every database keeps the text as it is.
func plain(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// validateDocument says what is wrong with a document that is to find a file.
func validateDocument(d gallery.DocumentNumber) error {
	if numbers.Normal(d.Number) == "" || len(d.Number) > gallery.MaxNumber || d.Issuer == "" || len(d.Issuer) > len("UTO") {
		return errors.New("document without a number or an issuer, or with one that is too long")
	}
	return nil
}

// Reason is the code of a reason for refusing entry, as on the standard form for refusal of
// entry at the border.
type Reason string

// reasons are the codes that the form has.
var reasons = map[Reason]string{
	"A": "no valid travel document",
	"B": "false, counterfeit or forged travel document",
	"C": "no valid visa or residence permit",
	"D": "false, counterfeit or forged visa or residence permit",
	"E": "no proof of the purpose and conditions of the stay",
	"F": "90 days in 180 already used",
	"G": "not sufficient means",
	"H": "alert for the purpose of refusing entry",
	"I": "threat to public policy, internal security, public health or international relations",
}

// Meaning says what the code means; empty if there is no such code.
func (r Reason) Meaning() string { return reasons[r] }

// ReasonOf reads the code at the beginning of what an officer wrote: "H", "H: …" or "H) …".
// Free text gives none.
func ReasonOf(why string) Reason {
	why = strings.TrimSpace(why)
	if why == "" || len(why) > 1 && why[1] != ':' && why[1] != ')' {
		return ""
	}
	if r := Reason(why[:1]); r.Meaning() != "" {
		return r
	}
	return ""
}

// CrossingOf makes a crossing of what a booth reported of one check: the record with its
// outcome, which holds the evidence, and the record with the officer's disposition. Who was
// cleared has crossed in the direction of the booth; who was stopped on entry was refused.
// The document is the one that was read last, where a passport goes before a visa.
//
// It reports false if nobody crossed, if the booth has no direction, if no document was
// read, if the traveller's nationality is exempt, or if what was reported could not be
// recorded.
func (e *EES) CrossingOf(outcome, disposition *capture.Record) (Crossing, bool) {
	if outcome == nil || disposition == nil || disposition.Disposition == nil || outcome.Check != disposition.Check || outcome.Booth != disposition.Booth {
		return Crossing{}, false
	}
	kind, ok := kindOf(directionOf(outcome, disposition), disposition.Disposition.Decision)
	zone := travelDocument(outcome.Evidence)
	if !ok || zone == nil || e.exempt.Has(zone.Nationality) {
		return Crossing{}, false
	}
	c := Crossing{
		ID: disposition.ID, Booth: disposition.Booth, Place: disposition.Place, Kind: kind, At: disposition.Disposition.At,
		Document: gallery.DocumentNumber{Number: zone.DocumentNumber, Type: zone.DocumentCode, Issuer: zone.Issuer},
		Name:     zone.Surname, BirthDate: zone.BirthDate.ISO(), Nationality: zone.Nationality, Sex: zone.Sex,
		Fallback: outcome.Offline || disposition.Offline,
	}
	if zone.GivenNames != "" {
		c.Name += ", " + zone.GivenNames
	}
	if c.Place == "" {
		c.Place = outcome.Place
	}
	if c.At.IsZero() {
		c.At = disposition.At
	}
	if kind == KindRefusal {
		c.Reason = ReasonOf(disposition.Disposition.Why)
	}
	// Of a birth date known in part the youngest age counts: no child's finger is kept.
	if !person.MayBeUnder(person.FingersFrom, c.BirthDate, c.At.In(e.location)) {
		c.Fingers = lastFingers(outcome.Evidence)
	}
	return c, c.validate() == nil && validateDocument(c.Document) == nil
}

// travelDocument returns the zone that was read last, the visas' only if there is no other.
func travelDocument(evidence []capture.Evidence) *mrz.Zone {
	for _, ev := range slices.Backward(evidence) {
		if d := ev.Document; d != nil && d.Zone.Format != mrz.MRVA && d.Zone.Format != mrz.MRVB {
			return &d.Zone
		}
	}
	return capture.LastZone(evidence)
}

func directionOf(outcome, disposition *capture.Record) capture.Direction {
	if disposition.Direction != "" {
		return disposition.Direction
	}
	return outcome.Direction
}

func kindOf(d capture.Direction, decision capture.Outcome) (Kind, bool) {
	switch {
	case decision == capture.OutcomeClear && d == capture.DirectionEntry:
		return KindEntry, true
	case decision == capture.OutcomeClear && d == capture.DirectionExit:
		return KindExit, true
	case decision == capture.OutcomeStop && d == capture.DirectionEntry:
		return KindRefusal, true
	}
	return "", false
}

// lastFingers returns of each finger the picture that was taken last, in the order of their
// positions.
func lastFingers(evidence []capture.Evidence) []*capture.Finger {
	last := map[capture.FingerPosition]*capture.Finger{}
	for _, ev := range evidence {
		if f := ev.Finger; person.HasPicture(f) {
			last[f.Position] = f
		}
	}
	var all []*capture.Finger
	for _, position := range slices.Sorted(maps.Keys(last)) {
		all = append(all, last[position])
	}
	return all
}
