package signin

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// The defaults of verifiers and issuers.
const (
	DefaultAudience = "boothd"
	DefaultLeeway   = time.Minute
	DefaultMaxLife  = 12 * time.Hour
)

// MaxToken limits a token, in bytes.
const MaxToken = 4096

// Limits of what a token says.
const (
	maxNames = 32 // profiles, and roles
	maxID    = 256
)

// The roles that boothd knows; others are passed on.
const (
	RoleOfficer    = "officer"
	RoleSupervisor = "supervisor"
	RoleSecondLine = "second-line"
)

// What can be wrong. Errors quote nothing of a token.
var (
	// ErrNotValid is matched by every error about a token that does not count.
	ErrNotValid = errors.New("token not valid")
	// ErrExpired: the token was good once.
	ErrExpired = fmt.Errorf("%w: expired", ErrNotValid)
	// ErrNotYet: the token is from the future; one of the clocks is wrong.
	ErrNotYet = fmt.Errorf("%w: issued in the future", ErrNotValid)
	// ErrUnknownKey: the issuer does not say that it has the key.
	ErrUnknownKey = fmt.Errorf("%w: key not known", ErrNotValid)
	// ErrUnreachable: the issuer does not answer and what is kept of it does not suffice.
	ErrUnreachable = errors.New("sign-in service not reached")
	// ErrRefused: the issuer, or what came back from it, refuses the sign-in.
	ErrRefused = errors.New("sign-in refused")
)

// algorithms are those that tokens may be signed with: never none, and nothing symmetric.
var algorithms = []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256, jose.RS256}

// namePattern is what officers, profiles and roles are called.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// tokenType is the typ of the header. Other kinds of token and of signed document have
// another, so that none passes for a sign-in.
const tokenType = "JWT"

// Claims are what a token says.
type Claims struct {
	Issuer    string           `json:"iss"`
	Officer   string           `json:"sub"`
	Audience  jwt.Audience     `json:"aud"`
	Expires   *jwt.NumericDate `json:"exp"`
	Issued    *jwt.NumericDate `json:"iat"`
	NotBefore *jwt.NumericDate `json:"nbf,omitempty"`
	ID        string           `json:"jti,omitempty"`
	Nonce     string           `json:"nonce,omitempty"`
	Party     string           `json:"azp,omitempty"` // the client that it was issued to
	Profiles  []string         `json:"profiles"`
	Roles     []string         `json:"roles"`
}

// Identity is who an accepted token speaks of.
type Identity struct {
	Officer  string
	Profiles []string // to choose from
	Roles    []string
	ID       string // the token's, for logs; may be empty
	Issued   time.Time
	Expires  time.Time
	// Until is when the token stops being accepted: Expires, and the leeway or the grace.
	Until time.Time
	// Grace is set if the token has expired and counts only because the issuer cannot be
	// reached.
	Grace bool

	nonce, party string
}

// Is reports whether the officer has the role.
func (id *Identity) Is(role string) bool { return slices.Contains(id.Roles, role) }

// LogValue names the officer only.
func (id Identity) LogValue() slog.Value { return slog.StringValue(id.Officer) }

// check holds the claims against what is expected, but for the end of their time.
func (c *Claims) check(issuer, audience string, now time.Time, leeway, maxLife time.Duration) error {
	wrong := func(what string) error { return fmt.Errorf("%w: %s", ErrNotValid, what) }
	switch {
	case c.Issuer != issuer:
		return wrong("another issuer")
	case !c.Audience.Contains(audience):
		return wrong("another audience")
	case c.Expires == nil || c.Issued == nil:
		return wrong("no time")
	case !namePattern.MatchString(c.Officer):
		return wrong("no officer")
	case len(c.ID) > maxID || len(c.Nonce) > maxID || len(c.Party) > maxID:
		return wrong("a claim is too long")
	case !areNames(c.Profiles) || !areNames(c.Roles):
		return wrong("profiles or roles are no names")
	case c.Issued.Time().After(now.Add(leeway)):
		return ErrNotYet
	case c.NotBefore != nil && c.NotBefore.Time().After(now.Add(leeway)):
		return ErrNotYet
	}
	life := c.Expires.Time().Sub(c.Issued.Time())
	if life <= 0 || life > maxLife {
		return wrong("its life is too long or none")
	}
	return nil
}

func areNames(names []string) bool {
	return len(names) <= maxNames && !slices.ContainsFunc(names, func(n string) bool { return !namePattern.MatchString(n) })
}
