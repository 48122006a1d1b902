package signin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

// Options are what a Verifier is made of. Only Issuer is required.
type Options struct {
	// Issuer is the provider's identifier, from which its document of discovery is found:
	// an https URL, or an http URL on the loopback interface.
	Issuer   string
	Audience string        // DefaultAudience if empty
	KeysFile string        // where the issuer's keys are kept; in memory only if empty
	Client   *http.Client  // to reach the issuer with; redirects are not followed
	Leeway   time.Duration // between the clocks; DefaultLeeway if 0
	MaxLife  time.Duration // of a token; DefaultMaxLife if 0
	// OfflineGrace is how long past its end a token counts while the issuer cannot be
	// reached. For sign-in at a booth only; central leaves it 0.
	OfflineGrace time.Duration
	Now          func() time.Time // time.Now if nil
	Log          *slog.Logger     // none if nil
}

// Verifier judges tokens of one issuer. It may be used by many at once.
type Verifier struct {
	issuer   string
	audience string
	leeway   time.Duration
	maxLife  time.Duration
	grace    time.Duration
	now      func() time.Time
	log      *slog.Logger
	provider *provider
}

// New makes a Verifier. It reads the keys that were kept and does not wait for the issuer.
func New(o Options) (*Verifier, error) {
	if err := checkURL(o.Issuer); err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	if o.Leeway < 0 || o.MaxLife < 0 || o.OfflineGrace < 0 {
		return nil, errors.New("leeway, life or grace of tokens is negative")
	}
	v := &Verifier{
		issuer:   o.Issuer,
		audience: orElse(o.Audience, DefaultAudience),
		leeway:   orElse(o.Leeway, DefaultLeeway),
		maxLife:  orElse(o.MaxLife, DefaultMaxLife),
		grace:    o.OfflineGrace,
		now:      o.Now,
		log:      o.Log,
	}
	if v.now == nil {
		v.now = time.Now
	}
	if v.log == nil {
		v.log = slog.New(slog.DiscardHandler)
	}
	v.provider = newProvider(o.Issuer, o.KeysFile, o.Client, v.now, v.log)
	return v, nil
}

func orElse[T comparable](v, otherwise T) T {
	if v == *new(T) {
		return otherwise
	}
	return v
}

// Run fetches the issuer's keys every ten minutes, more often while it cannot be reached,
// until ctx ends. Without it keys are fetched only when one is missing.
func (v *Verifier) Run(ctx context.Context) error {
	for {
		wait := refreshPeriod
		if err := v.provider.fetch(ctx, 0); err != nil && ctx.Err() == nil {
			v.log.WarnContext(ctx, "keys of the sign-in service not fetched", "error", err)
			wait = retryPeriod
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// Verify judges a token. Its errors match ErrNotValid, or ErrUnreachable if nothing is known
// of the issuer. It asks the issuer only about a key that it does not know, at most every
// half minute, and whether it is there when a token has expired and grace may be given.
func (v *Verifier) Verify(ctx context.Context, token string) (*Identity, error) {
	if len(token) > MaxToken {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrNotValid, MaxToken)
	}
	parsed, err := jwt.ParseSigned(token, algorithms)
	if err != nil || len(parsed.Headers) != 1 {
		return nil, fmt.Errorf("%w: not a token", ErrNotValid)
	}
	header := parsed.Headers[0]
	if typ, ok := header.ExtraHeaders["typ"]; ok && typ != tokenType {
		return nil, fmt.Errorf("%w: another type of token", ErrNotValid)
	}
	key, err := v.provider.key(ctx, header.KeyID, header.Algorithm)
	if err != nil {
		return nil, err
	}
	var c Claims
	if err := parsed.Claims(key, &c); err != nil {
		return nil, fmt.Errorf("%w: the signature is wrong or no claims are in it", ErrNotValid)
	}
	now := v.time()
	if err := c.check(v.issuer, v.audience, now, v.leeway, v.maxLife); err != nil {
		return nil, err
	}
	id := &Identity{
		Officer: c.Officer, Profiles: c.Profiles, Roles: c.Roles, ID: c.ID,
		Issued: c.Issued.Time(), Expires: c.Expires.Time(),
		nonce: c.Nonce, party: c.Party,
	}
	if err := v.limit(ctx, id, now); err != nil {
		return nil, err
	}
	if !id.Issued.After(now) { // or clocks that differ a little would drive each other on
		v.provider.accepted(id.Issued)
	}
	return id, nil
}

// OfflineGrace is how long past its end a token counts while the issuer cannot be reached.
func (v *Verifier) OfflineGrace() time.Duration { return v.grace }

// time is the clock's, but never earlier than the newest token accepted was issued.
func (v *Verifier) time() time.Time {
	now, newest := v.now(), v.provider.newest()
	if now.Before(newest) {
		return newest
	}
	return now
}

// limit fills in until when the token counts, or refuses it because it no longer does.
func (v *Verifier) limit(ctx context.Context, id *Identity, now time.Time) error {
	id.Until = id.Expires.Add(v.leeway)
	if now.Before(id.Expires) {
		return nil
	}
	if grace := id.Expires.Add(v.grace); now.Before(grace) && !v.provider.reachable(ctx) {
		id.Grace = true
		if id.Until.Before(grace) {
			id.Until = grace
		}
		return nil
	}
	if !now.Before(id.Until) {
		return ErrExpired
	}
	return nil
}
