package signin

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"boothd/internal/keys"
)

// The lives of what an issuer gives out.
const (
	DefaultTokenLife   = 15 * time.Minute
	DefaultSessionLife = 12 * time.Hour
	codeLife           = time.Minute
)

// IssuerOptions are what an Issuer is made of.
type IssuerOptions struct {
	// URL is the issuer's identifier, under which the browsers of officers and the booths
	// reach it; its path is where the handler is mounted. https, or http on the loopback
	// interface.
	URL      string
	Audience string // the client id and audience; DefaultAudience if empty
	// Redirects are the addresses where sign-ins may come back. One on a loopback address
	// may come back to any port (RFC 8252 §7.3).
	Redirects []string
	Key       ed25519.PrivateKey  // signs
	Further   []ed25519.PublicKey // announced beside it: the key before it, the one after it
	Officers  *Officers
	Life      time.Duration // of a token, up to an hour; DefaultTokenLife if 0
	Session   time.Duration // for how long it is renewed; DefaultSessionLife if 0
	Now       func() time.Time
	Log       *slog.Logger // none if nil
}

// Issuer is a small provider of OpenID Connect: discovery, keys, the authorization code flow
// with PKCE (S256 only) for public clients, renewal by rotating refresh tokens. Officers are
// those of a file. It is an http.Handler.
//
// Codes count once and for a minute, and only with the client, redirect and PKCE verifier
// that they were asked for with; one that is shown again ends what it began. A refresh token
// counts until its successor has been used, because the answer that brought the successor
// may have been lost; one that is older ends the session, since somebody else has it.
//
// Codes and sessions are in memory: after a restart officers sign in again, and of several
// instances each knows only its own. The access token is the ID token; there is nothing else
// to access.
type Issuer struct {
	url       string
	origin    string
	path      string
	audience  string
	redirects []*url.URL
	officers  *Officers
	life      time.Duration
	now       func() time.Time
	log       *slog.Logger
	mux       *http.ServeMux
	grants    grants
	attempts  attempts
	nobody    *hash
	hashing   chan struct{} // bounds the memory that hashing takes

	mu     sync.Mutex
	signer jose.Signer
	set    jose.JSONWebKeySet
}

// NewIssuer makes an Issuer.
func NewIssuer(o IssuerOptions) (*Issuer, error) {
	if err := checkURL(o.URL); err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	if o.Officers == nil || o.Life < 0 || o.Life > time.Hour || o.Session < 0 || o.Session > DefaultSessionLife {
		return nil, errors.New("issuer: no officers, or a life that is negative or too long")
	}
	is := &Issuer{
		url: o.URL, origin: u.Scheme + "://" + u.Host, path: strings.TrimSuffix(u.Path, "/"),
		audience: orElse(o.Audience, DefaultAudience),
		officers: o.Officers,
		life:     orElse(o.Life, DefaultTokenLife),
		now:      o.Now, log: o.Log,
		nobody:  nobodys(),
		hashing: make(chan struct{}, maxHashing),
	}
	if is.now == nil {
		is.now = time.Now
	}
	if is.log == nil {
		is.log = slog.New(slog.DiscardHandler)
	}
	is.grants.session = orElse(o.Session, DefaultSessionLife)
	for _, r := range o.Redirects {
		if err := checkURL(r); err != nil {
			return nil, fmt.Errorf("redirect: %w", err)
		}
		u, err := url.Parse(r)
		if err != nil {
			return nil, fmt.Errorf("redirect: %w", err)
		}
		is.redirects = append(is.redirects, u)
	}
	if err := is.SetKeys(o.Key, o.Further...); err != nil {
		return nil, err
	}
	is.routes()
	return is, nil
}

// SetKeys changes the keys: the first signs from now on, the others are announced. To
// rotate, announce the next key first, sign with it once verifiers have fetched it (ten
// minutes), and announce the one before until its last token has expired.
func (is *Issuer) SetKeys(signing ed25519.PrivateKey, further ...ed25519.PublicKey) error {
	if len(signing) != ed25519.PrivateKeySize {
		return errors.New("issuer: no signing key")
	}
	own := signing.Public().(ed25519.PublicKey)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: signing},
		(&jose.SignerOptions{}).WithType(tokenType).WithHeader("kid", keys.ID(own)))
	if err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	var set jose.JSONWebKeySet
	for _, key := range append([]ed25519.PublicKey{own}, further...) {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key, KeyID: keys.ID(key), Algorithm: string(jose.EdDSA), Use: "sig"})
	}
	is.mu.Lock()
	defer is.mu.Unlock()
	is.signer, is.set = signer, set
	return nil
}

// Issue signs a token for the officer, whether or not the file has one of that name: for
// demonstrations and tests.
func (is *Issuer) Issue(o Officer) (string, error) { return is.issue(o, "") }

func (is *Issuer) issue(o Officer, nonce string) (string, error) {
	now := is.now()
	is.mu.Lock()
	signer := is.signer
	is.mu.Unlock()
	token, err := jwt.Signed(signer).Claims(Claims{
		Issuer: is.url, Officer: o.ID, Audience: jwt.Audience{is.audience},
		Issued: jwt.NewNumericDate(now), Expires: jwt.NewNumericDate(now.Add(is.life)),
		ID: rand.Text(), Nonce: nonce,
		Profiles: o.Profiles, Roles: o.Roles,
	}).Serialize()
	if err == nil && len(token) > MaxToken {
		err = fmt.Errorf("token of %d bytes, at most %d", len(token), MaxToken)
	}
	return token, err
}

func (is *Issuer) routes() {
	is.mux = http.NewServeMux()
	is.mux.HandleFunc("GET "+is.path+"/.well-known/openid-configuration", is.discovery)
	is.mux.HandleFunc("GET "+is.path+"/keys", is.keys)
	is.mux.HandleFunc("GET "+is.path+"/authorize", is.showForm)
	is.mux.HandleFunc("POST "+is.path+"/authorize", is.takeForm)
	is.mux.HandleFunc("GET "+is.path+"/style.css", serveStyle)
	is.mux.HandleFunc("POST "+is.path+"/token", is.token)
}

func (is *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", formPolicy("'none'"))
	h.Set("Referrer-Policy", "same-origin") // with less, browsers send no Origin with the form
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	is.mux.ServeHTTP(w, r)
}

func (is *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	base := is.origin + is.path
	reply(w, http.StatusOK, map[string]any{
		"issuer":                                         is.url,
		"authorization_endpoint":                         base + "/authorize",
		"token_endpoint":                                 base + "/token",
		"jwks_uri":                                       base + "/keys",
		"response_types_supported":                       []string{"code"},
		"grant_types_supported":                          []string{"authorization_code", "refresh_token"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{string(jose.EdDSA)},
		"scopes_supported":                               []string{"openid"},
		"token_endpoint_auth_methods_supported":          []string{"none"},
		"code_challenge_methods_supported":               []string{"S256"},
		"claims_supported":                               []string{"iss", "sub", "aud", "exp", "iat", "jti", "nonce", "profiles", "roles"},
		"authorization_response_iss_parameter_supported": true,
	})
}

func (is *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	is.mu.Lock()
	set := is.set
	is.mu.Unlock()
	reply(w, http.StatusOK, set)
}

// fits reports whether the passphrase is the officer's. It takes as long for an officer that
// there is as for one that there is not.
func (is *Issuer) fits(ctx context.Context, o *Officer, passphrase string) bool {
	select {
	case is.hashing <- struct{}{}:
		defer func() { <-is.hashing }()
	case <-ctx.Done():
		return false
	}
	h := is.nobody
	if o != nil {
		if own, err := parseHash(o.Passphrase); err == nil {
			h = own
		}
	}
	return h.fits(passphrase)
}

// officer finds an officer in the file and reports a file that cannot be used.
func (is *Issuer) officer(ctx context.Context, id string) *Officer {
	o, err := is.officers.find(id)
	if err != nil {
		is.log.ErrorContext(ctx, "file of officers not usable, its last good state counts", "error", err)
	}
	return o
}
