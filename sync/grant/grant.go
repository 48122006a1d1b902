// Package grant is authorisations that some questions and exchanges need: of a court, of a
// high rank, of the public prosecutor. They are signed, and verified offline by booth and
// central.
//
// A grant says who gave it and under which reference, which deeds it permits on whose data,
// about whom, and until when. A [Verifier] accepts it if a key of that sort of authority
// signed it ([Keys]: what a ministry signs is no court's grant), no list of revocations
// names it, it covers what is wanted, and, where it may be used once, it was
// not used here before. "Here" is the booth's own memory or central's database: two booths
// that can reach neither central nor each other may each use a single grant once, and
// their records tell it afterwards.
//
// One use is one deed on one system: a single grant that names two systems opens one. It is
// marked before the system is asked, so that of several who use it at once one wins, and
// given back ([Verifier.GiveBack]) if no answer was given. Who dies in between leaves it
// used: then nobody knows whether the answer was seen, and the authority has to give
// another.
//
// A grant names its subject by [SubjectOf] or [SubjectOfPerson], so that it, and whatever
// logs its id, show nobody's name or number to who does not know it. That is no secret: who
// guesses the number, or goes through all that there can be, finds it. Treat the subject as
// personal data.
package grant

import (
	"crypto/ed25519"
	"errors"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"boothd/internal/signed"
)

// Kinds of signed documents (internal/signed).
const (
	Kind            = "grant"
	KindRevocations = "revocations"
)

// MaxLife is the longest time from a grant's issue to its expiry.
const MaxLife = 366 * 24 * time.Hour

// Authority is what sort of authority gave a grant.
type Authority string

// The sorts of authority. None stands for another.
const (
	Judicial   Authority = "judicial"
	HighRank   Authority = "high_rank"
	Prosecutor Authority = "prosecutor" // permits the release of a minor's data
)

// Valid reports whether there is such a sort of authority.
func (a Authority) Valid() bool { return a == Judicial || a == HighRank || a == Prosecutor }

// Deed is what a grant permits.
type Deed string

// The deeds.
const (
	DeedQuery   Deed = "query"   // ask a system
	DeedAccess  Deed = "access"  // see the data behind a flag
	DeedRelease Deed = "release" // hand data over
)

// Valid reports whether there is such a deed.
func (d Deed) Valid() bool { return d == DeedQuery || d == DeedAccess || d == DeedRelease }

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

// LogValue keeps the subject out of logs.
func (g Grant) LogValue() slog.Value { return slog.StringValue("grant " + g.ID) }

// Want is what somebody wants to do.
type Want struct {
	Authority Authority // that the policy asks for
	Deed      Deed
	System    string // empty for a release
	Subject   string
}

// LogValue keeps the subject out of logs.
func (w Want) LogValue() slog.Value {
	return slog.StringValue(strings.TrimSpace(string(w.Deed) + " " + w.System))
}

// Why a grant does not permit what is wanted.
var (
	ErrAuthority = errors.New("the grant is of another sort of authority than is needed")
	ErrScope     = errors.New("the grant is not for this")
	ErrSubject   = errors.New("the grant is about another person")
	ErrNotYet    = errors.New("the grant is not valid yet")
	ErrExpired   = errors.New("the grant has expired")
)

// Covers reports by nil that the grant permits what is wanted. Errors match ErrAuthority,
// ErrScope, ErrSubject, ErrNotYet or ErrExpired.
func (g *Grant) Covers(want Want, now time.Time) error {
	switch {
	case want.Authority == "" || g.Authority != want.Authority:
		return ErrAuthority
	case !slices.Contains(g.Deeds, want.Deed):
		return ErrScope
	case want.System == "" && want.Deed != DeedRelease:
		return ErrScope
	case want.System != "" && !slices.Contains(g.Systems, want.System):
		return ErrScope
	case want.Subject == "" || g.Subject != want.Subject:
		return ErrSubject
	case now.Before(g.Issued):
		return ErrNotYet
	case !now.Before(g.Expires):
		return ErrExpired
	}
	return nil
}

// Sign signs the grant. One with a fault is not signed.
func Sign(g *Grant, key ed25519.PrivateKey) (string, error) {
	if err := g.Validate(); err != nil {
		return "", err
	}
	return signed.Sign(Kind, g, key)
}

// Open verifies a signed grant with the keys of the authority that it names and validates
// it. Whether it counts is asked of a [Verifier]. Errors match signed.ErrNotValid if none of
// the keys signed it; ErrKey too if one of another authority did.
func Open(text string, trusted Keys) (*Grant, error) {
	var g Grant
	if err := signed.Open(Kind, text, trusted.All(), &g); err != nil {
		return nil, err
	}
	if err := g.Validate(); err != nil {
		return nil, err
	}
	if signed.Open(Kind, text, trusted[g.Authority], new(Grant)) != nil {
		return nil, ErrKey
	}
	return &g, nil
}

const (
	maxText    = 256 // bytes of By and Reference
	maxSystems = 64
)

var (
	idPattern      = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`) // of grants and systems
	subjectPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Validate names every fault of the grant.
func (g *Grant) Validate() error {
	var faults []string
	unless := func(ok bool, fault string) {
		if !ok {
			faults = append(faults, fault)
		}
	}
	queries := slices.Contains(g.Deeds, DeedQuery) || slices.Contains(g.Deeds, DeedAccess)
	unless(idPattern.MatchString(g.ID), "id: 1 to 64 letters, digits, dots, hyphens and underscores")
	unless(g.Authority.Valid(), "authority: must be judicial, high_rank or prosecutor")
	unless(plainText(g.By), "by: 1 to 256 bytes of plain text")
	unless(plainText(g.Reference), "reference: 1 to 256 bytes of plain text")
	unless(len(g.Deeds) > 0 && !twice(g.Deeds), "deeds: each once, at least one")
	unless(!slices.ContainsFunc(g.Deeds, func(d Deed) bool { return !d.Valid() }), "deeds: must be query, access or release")
	unless(queries == (len(g.Systems) > 0), "systems: needed for query and access, and for nothing else")
	unless(len(g.Systems) <= maxSystems && !twice(g.Systems), "systems: each once, at most 64")
	unless(!slices.ContainsFunc(g.Systems, func(s string) bool { return !idPattern.MatchString(s) }), "systems: there is one that is no name")
	unless(subjectPattern.MatchString(g.Subject), "subject: 64 hexadecimal digits in lower case")
	unless(!g.Issued.IsZero() && g.Expires.After(g.Issued), "expires: must be after the issue")
	unless(g.Expires.Sub(g.Issued) <= MaxLife, "expires: must be within 366 days of the issue")
	if len(faults) > 0 {
		return errors.New("grant: " + strings.Join(faults, "; "))
	}
	return nil
}

// twice reports whether a value comes twice.
func twice[T comparable](values []T) bool {
	for i, v := range values {
		if slices.Contains(values[:i], v) {
			return true
		}
	}
	return false
}

// plainText reports whether the text is there, not too long and printable.
func plainText(s string) bool {
	return strings.TrimSpace(s) != "" && len(s) <= maxText &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Meaning names the authority in words.
func (a Authority) Meaning() string {
	switch a {
	case Judicial:
		return "a court"
	case HighRank:
		return "an officer of high rank"
	case Prosecutor:
		return "the public prosecutor"
	}
	return "an unknown authority"
}
