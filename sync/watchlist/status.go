package watchlist

import (
	"errors"
	"time"

	"boothd/localmatch/gallery"
)

// Reason says in one word why an update was refused.
type Reason string

// The reasons.
const (
	ReasonMalformed Reason = "malformed" // not readable, or longer than a message may be
	ReasonForged    Reason = "forged"    // not signed by a known key
	ReasonOtherList Reason = "other_list"
	ReasonOlder     Reason = "older"   // than the version at hand
	ReasonFork      Reason = "fork"    // the same version with another hash, or another history
	ReasonExpired   Reason = "expired" // its lease has ended
	ReasonAltered   Reason = "altered" // a chunk or content differs from the manifest
	ReasonCount     Reason = "count"   // the number of entries differs from the announced one
)

// Refusal is an update that a booth did not take. It needs a person at central.
type Refusal struct {
	List    string    `json:"list"`
	Version uint64    `json:"version,omitempty"` // as claimed; 0 if not readable
	Reason  Reason    `json:"reason"`
	Detail  string    `json:"detail,omitempty"` // holds no personal data
	At      time.Time `json:"at"`
}

// Applied is an update that a booth took.
type Applied struct {
	List    string
	Version uint64
	Base    uint64 // the version before; 0 if the whole list was replaced
	Head    gallery.Hash
	Entries int
}

// State tells how a booth stands with a list.
type State string

// The states.
const (
	StateNone    State = "none"    // nothing that could be asked
	StateBehind  State = "behind"  // a later version is known but not at hand
	StateCurrent State = "current" // the newest version known
)

// Status is what a booth tells central about a list, as JSON, retained.
type Status struct {
	Booth    string       `json:"booth"`
	List     string       `json:"list"`
	State    State        `json:"state"`
	Version  uint64       `json:"version"`  // at hand
	Manifest gallery.Hash `json:"manifest"` // of that version
	Entries  int          `json:"entries"`
	Expires  time.Time    `json:"expires"`
	Damaged  bool         `json:"damaged,omitempty"`
	Known    uint64       `json:"known"`             // the newest version that was proved genuine
	Problem  string       `json:"problem,omitempty"` // why it is behind
	Refusal  *Refusal     `json:"refusal,omitempty"` // the last one since the last update
	At       time.Time    `json:"at"`
}

// refused is the error of an update that must not be taken.
type refused struct {
	version uint64
	reason  Reason
	detail  string
}

func (e *refused) Error() string { return string(e.reason) + ": " + e.detail }

// reasonOf tells which errors of getting or applying an update mean that it must not be
// taken. Others may pass: try again.
func reasonOf(err error) (Reason, bool) {
	for _, c := range []struct {
		is     error
		reason Reason
	}{
		{ErrMalformed, ReasonMalformed},
		{ErrForged, ReasonForged},
		{ErrAltered, ReasonAltered},
		{gallery.ErrOlder, ReasonOlder},
		{gallery.ErrFork, ReasonFork},
		{gallery.ErrCount, ReasonCount},
		{gallery.ErrNoEntry, ReasonCount},
	} {
		if errors.Is(err, c.is) {
			return c.reason, true
		}
	}
	return "", false
}
