// Package grant is authorisations that some questions and exchanges need: of a court, of a
// high rank, of the public prosecutor. They are signed, and verified offline by booth and
// central.
package grant

import "time"

// Kinds of signed documents (internal/signed).
const (
	Kind            = "grant"
	KindRevocations = "revocations"
)

// Authority is what sort of authority gave a grant.
type Authority string

// The sorts of authority.
const (
	Judicial   Authority = "judicial"
	HighRank   Authority = "high_rank"
	Prosecutor Authority = "prosecutor" // permits the release of a minor's data
)

// Deed is what a grant permits.
type Deed string

// The deeds.
const (
	DeedQuery   Deed = "query"   // ask a system
	DeedAccess  Deed = "access"  // see the data behind a flag
	DeedRelease Deed = "release" // hand data over
)

// Grant is one authorisation.
type Grant struct {
	ID        string    `json:"id"`
	Authority Authority `json:"authority"`
	By        string    `json:"by"`        // who gave it, with rank
	Reference string    `json:"reference"` // of the court or file
	Deeds     []Deed    `json:"deeds"`
	Systems   []string  `json:"systems,omitempty"` // whose data; empty for a release
	// Subject is SubjectOf the person whom it concerns, so that the grant names nobody.
	Subject string    `json:"subject"`
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"`
	Single  bool      `json:"single,omitempty"` // may be used once only
}

// Revocations is the list of grants that count no more.
type Revocations struct {
	Version uint64    `json:"version"` // a greater one replaces a smaller one
	Issued  time.Time `json:"issued"`
	IDs     []string  `json:"ids"`
}

// Want is what somebody wants to do.
type Want struct {
	Authority Authority // that the policy asks for
	Deed      Deed
	System    string // empty for a release
	Subject   string
}
