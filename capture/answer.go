package capture

import (
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// State is what an answer says.
type State string

// The states. Only NoHit says that a system holds nothing.
const (
	StateHit         State = "hit"
	StatePossible    State = "possible"    // a person must verify
	StateNoHit       State = "no_hit"      //
	StateUnavailable State = "unavailable" // not known, Reason says why
	StateStale       State = "stale"       // a list past its soft age: nothing found in an old copy
)

// Answer is one system's reply about one piece of evidence.
type Answer struct {
	Evidence string    `json:"evidence"` // the Evidence.ID
	Modality Modality  `json:"modality"`
	System   string    `json:"system"` // whose data it speaks of: "SIS", "SLTD", …
	Source   string    `json:"source"` // who was asked: "local", "portal"
	List     string    `json:"list,omitempty"`
	Version  uint64    `json:"version,omitempty"` // the list's
	State    State     `json:"state"`
	Reason   string    `json:"reason,omitempty"` // for the officer: why unavailable or stale, or why there may be more than the findings
	Findings []Finding `json:"findings,omitempty"`
	Facts    []Fact    `json:"facts,omitempty"` // what the system says besides; never of a discreet finding
	Links    []Link    `json:"links,omitempty"`
	// Rest is what the source would have said without its findings; nil means no_hit. A
	// source sets it whenever it has findings and would not have said no_hit.
	Rest *Rest     `json:"rest,omitempty"`
	AsOf time.Time `json:"as_of"`         // how old the data is
	At   time.Time `json:"at"`            // when the answer arrived
	Late bool      `json:"late,omitzero"` // arrived after the outcome was recorded
	// Silence is set if the source said nothing in time and this stands in for its answer.
	Silence bool `json:"silence,omitzero"`
	// Rehearsed is set if the system has answered and a drill takes it for down: the answer says
	// unavailable, and the line was there. It stays at the booth.
	Rehearsed bool `json:"-"`
}

// Rest is the part of an answer that does not depend on what was found.
type Rest struct {
	State  State  `json:"state"` // no_hit, stale or unavailable
	Reason string `json:"reason,omitempty"`
}

// LogValue keeps the findings out of logs.
func (a Answer) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("%s from %s: %s", a.System, a.Source, a.State))
}

// Shown returns the answer as it may be shown. An officer without clearance sees it as if
// the discreet findings had never been there: with the state of the findings that are left,
// or what the source would have said had it found nothing.
func (a Answer) Shown(cleared bool) Answer {
	rest := a.Rest
	a.Rest = nil
	if !cleared {
		a.Links = openLinks(a.Links)
	}
	if cleared || !slices.ContainsFunc(a.Findings, func(f Finding) bool { return f.Discreet }) {
		return a
	}
	var open []Finding
	state := StateNoHit
	for _, f := range a.Findings {
		if f.Discreet {
			continue
		}
		open = append(open, f)
		if f.State == StateHit || state == StateNoHit {
			state = f.State
		}
	}
	a.Findings = open
	switch {
	case len(open) > 0:
		a.State = state
	case rest != nil:
		a.State, a.Reason = rest.State, rest.Reason
	default:
		a.State, a.Reason = StateNoHit, ""
	}
	return a
}

// openLinks returns the links that everybody may see.
func openLinks(all []Link) []Link {
	if !slices.ContainsFunc(all, func(l Link) bool { return l.Discreet }) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(l Link) bool { return l.Discreet })
}

// By is what a finding matched by.
type By string

// What a finding can match by.
const (
	ByDocumentNumber By = "document_number"
	ByName           By = "name"
	ByFinger         By = "finger"
	ByFace           By = "face"
)

// Finding is one entry that matched.
type Finding struct {
	Entry       string  `json:"entry"` // the entry's id in its system
	By          By      `json:"by"`
	State       State   `json:"state"` // hit or possible
	Score       float64 `json:"score"` // 0 to 1; not comparable between different By
	Explanation []Part  `json:"explanation,omitempty"`
	Category    string  `json:"category,omitempty"` // the alert's category
	Action      string  `json:"action,omitempty"`   // the action to take
	// Name is the entry's, so that the officer can compare; personal data.
	Name string `json:"name,omitempty"`
	// Needs is the kind of grant without which the system does not say more: "judicial",
	// "high_rank"; empty if it has said all.
	Needs string `json:"needs,omitempty"`
	// Minor is set if the entry is about a minor, whose data may not be released further
	// without the prosecutor's permission.
	Minor bool `json:"minor,omitempty"`
	// Discreet findings must not be noticed by the traveller: shown to a cleared role only.
	Discreet bool `json:"discreet,omitempty"`
	// Print shows a finding by a finger. It is for the officer's eyes at this booth and in no
	// encoding of a finding: neither in a record nor on its way to central.
	Print *PrintMatch `json:"-"`
}

// LogValue keeps the entry out of logs.
func (f Finding) LogValue() slog.Value { return slog.StringValue("finding by " + string(f.By)) }

// Part is one part of a finding's explanation and what it contributed: of a finding by document
// number or finger a share of the score, to which all shares sum; of a finding by name
// evidence in nats, above zero if it speaks for the person, of which all together make the
// odds from which the score follows (localmatch/names).
type Part struct {
	What   string  `json:"what"`           // "document number", "surname", "birth date"
	Asked  string  `json:"asked"`          // the traveller's value
	Found  string  `json:"found"`          // the entry's value
	Note   string  `json:"note,omitempty"` // "0 read as O"
	Weight float64 `json:"weight"`
}
