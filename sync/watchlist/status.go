package watchlist

import (
	"errors"
	"time"

	"boothd/localmatch/gallery"
)

// Reason says in one word why something was refused.
type Reason string

// The reasons.
const (
	ReasonMalformed Reason = "malformed" // not readable, or longer than a message may be
	ReasonForged    Reason = "forged"    // not signed by those who must
	ReasonOtherList Reason = "other_list"
	ReasonOlder     Reason = "older"   // than what is at hand or was followed
	ReasonFork      Reason = "fork"    // contradicts what is at hand: two histories
	ReasonExpired   Reason = "expired" // its lease or its time has ended
	ReasonAltered   Reason = "altered" // a chunk or content differs from the manifest
	ReasonCount     Reason = "count"   // the number of entries differs from the announced one
)

// Document is what was refused.
type Document string

// The documents.
const (
	DocumentKeys  Document = "keys"
	DocumentHead  Document = "head"
	DocumentList  Document = "list" // a version: its manifest or contents
	DocumentOrder Document = "order"
)

// Refusal is something that a booth did not take. It needs a person at central.
type Refusal struct {
	Document Document `json:"document"`
	List     string   `json:"list,omitempty"`    // of a head or version
	Version  uint64   `json:"version,omitempty"` // as claimed; a keys document's serial; 0 if not readable
	Reason   Reason   `json:"reason"`
	Detail   string   `json:"detail,omitempty"` // holds no personal data
	// At is when it was refused, by the booth's clock.
	At time.Time `json:"at"`
}

// Applied is an update that a booth took.
type Applied struct {
	List    string
	Version uint64
	Base    uint64 // the version before; 0 if the whole list was replaced
	Head    gallery.Hash
	Entries int
	Source  string // on which ways it came: "https", "mqtt", "stick", or several with "+"
}

// State tells how a booth stands with a list.
type State string

// The states.
const (
	StateNone    State = "none"    // nothing that could be asked
	StateBehind  State = "behind"  // a later version is known but not at hand
	StateCurrent State = "current" // the newest version known for the booth's group
)

// Status is what a booth tells central about a list, as JSON, retained.
type Status struct {
	Booth    string       `json:"booth"`
	Group    string       `json:"group,omitempty"`
	List     string       `json:"list"`
	System   string       `json:"system"`
	State    State        `json:"state"`
	Version  uint64       `json:"version"`  // at hand
	Manifest gallery.Hash `json:"manifest"` // of that version
	Entries  int          `json:"entries"`
	Issued   time.Time    `json:"issued"`  // how old the data is
	Applied  time.Time    `json:"applied"` // since when it is held, by the booth's clock
	Expires  time.Time    `json:"expires"`
	Age      int64        `json:"age"` // of the data in seconds, at At
	// Head is the last head that the booth followed, and Digest its proof of what it holds,
	// see Digest. Both are zero before the first head and without a list.
	Head    gallery.Hash `json:"head"`
	Digest  gallery.Hash `json:"digest"`
	Source  string       `json:"source,omitempty"` // of the last update since the start, see Applied
	Damaged bool         `json:"damaged,omitempty"`
	Known   uint64       `json:"known"` // the version that the booth is to have
	// Keys is the serial of the keys document at hand; 0 if there is none.
	Keys        uint64   `json:"keys"`
	KeysExpired bool     `json:"keys_expired,omitempty"`
	Problem     string   `json:"problem,omitempty"` // why it is behind
	Refusal     *Refusal `json:"refusal,omitempty"` // the last one since the last update
	// Orders are those that were carried out on the list, the latest last.
	Orders []CarriedOut `json:"orders,omitempty"`
	At     time.Time    `json:"at"`
}

// CarriedOut is an order that a booth carried out.
type CarriedOut struct {
	ID      string       `json:"id"`
	Hash    gallery.Hash `json:"hash"`
	List    string       `json:"list"` // "*" for all
	Deed    string       `json:"deed"`
	Expires time.Time    `json:"expires"`
	At      time.Time    `json:"at"`              // when it was begun, by the booth's clock
	Lists   []string     `json:"lists,omitempty"` // that it erased, without those that were erased before
}

// refused is the error of something that must not be taken.
type refused struct {
	document Document
	list     string
	version  uint64
	reason   Reason
	detail   string
}

func (e *refused) Error() string {
	return string(e.document) + " refused: " + string(e.reason) + ": " + e.detail
}

// refusal makes a refusal of an error that says that something must not be taken; others stay
// as they are.
func refusal(d Document, list string, version uint64, err error) error {
	if reason, ok := reasonOf(err); ok {
		return &refused{d, list, version, reason, err.Error()}
	}
	return err
}

// reasonOf tells which errors of getting or applying an update mean that it must not be
// taken. Others may pass: try again.
func reasonOf(err error) (Reason, bool) {
	var ours *storeError
	if errors.As(err, &ours) {
		return "", false
	}
	var line *gallery.LineError
	if errors.As(err, &line) {
		return ReasonMalformed, true
	}
	for _, c := range []struct {
		is     error
		reason Reason
	}{
		{ErrMalformed, ReasonMalformed},
		{ErrForged, ReasonForged},
		{ErrAltered, ReasonAltered},
		{gallery.ErrFork, ReasonFork}, // a contradiction is also a rollback
		{ErrRollback, ReasonOlder},
		{gallery.ErrOlder, ReasonOlder},
		{gallery.ErrCount, ReasonCount},
		{gallery.ErrNoEntry, ReasonCount},
	} {
		if errors.Is(err, c.is) {
			return c.reason, true
		}
	}
	return "", false
}
