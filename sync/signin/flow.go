package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Limits of what an issuer sends.
const (
	maxCode    = 2048
	maxRefresh = 8192
)

// Flow is the client's side of the authorization code flow with PKCE, of a public client.
type Flow struct {
	*Verifier
	client string
	scope  string
}

// NewFlow makes a Flow of the client whose tokens the verifier accepts: its audience is the
// client id. Further scopes are asked for besides openid; some issuers renew only with
// "offline_access".
func NewFlow(v *Verifier, scopes ...string) *Flow {
	return &Flow{Verifier: v, client: v.audience, scope: strings.Join(append([]string{"openid"}, scopes...), " ")}
}

// Pending is a sign-in that has begun. It is kept where the officer's browser cannot read it
// and used once.
type Pending struct {
	URL      string // to send the browser to
	Redirect string // where the browser comes back
	State    string
	Verifier string // of PKCE
	Nonce    string
}

// Tokens are what a sign-in or a renewal brings.
type Tokens struct {
	Identity *Identity
	ID       string // the signed token
	Refresh  string // for the next Refresh; empty if the issuer renews nothing
}

// Start begins a sign-in that comes back to the redirect URL. Its error matches
// ErrUnreachable if the issuer does not answer, so that no browser is sent to it in vain.
func (f *Flow) Start(ctx context.Context, redirect string) (Pending, error) {
	if err := f.provider.fetch(ctx, probePeriod); err != nil {
		return Pending{}, err
	}
	meta, err := f.provider.endpoints(ctx)
	if err != nil {
		return Pending{}, err
	}
	p := Pending{Redirect: redirect, State: rand.Text(), Verifier: rand.Text() + rand.Text(), Nonce: rand.Text()}
	p.URL = meta.Authorize + "?" + url.Values{
		"response_type":         {"code"},
		"client_id":             {f.client},
		"redirect_uri":          {redirect},
		"scope":                 {f.scope},
		"state":                 {p.State},
		"nonce":                 {p.Nonce},
		"code_challenge":        {challenge(p.Verifier)},
		"code_challenge_method": {"S256"},
	}.Encode()
	return p, nil
}

// challenge is what PKCE shows of a verifier (RFC 7636 §4.2).
func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Finish ends a sign-in with what the browser brought back. Its error matches ErrRefused,
// ErrNotValid or ErrUnreachable.
func (f *Flow) Finish(ctx context.Context, p Pending, query url.Values) (Tokens, error) {
	code, err := returned(p, query, f.issuer)
	if err != nil {
		return Tokens{}, err
	}
	t, err := f.exchange(ctx, url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code},
		"redirect_uri":  {p.Redirect},
		"client_id":     {f.client},
		"code_verifier": {p.Verifier},
	})
	if err != nil {
		return Tokens{}, err
	}
	if subtle.ConstantTimeCompare([]byte(t.Identity.nonce), []byte(p.Nonce)) != 1 {
		return Tokens{}, fmt.Errorf("%w: the token is of another sign-in", ErrRefused)
	}
	return t, nil
}

// returned reads what the browser brought back.
func returned(p Pending, query url.Values, issuer string) (code string, err error) {
	for _, name := range []string{"state", "code", "error", "iss"} {
		if len(query[name]) > 1 {
			return "", fmt.Errorf("%w: %s is there twice", ErrRefused, name)
		}
	}
	if p.State == "" || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(p.State)) != 1 {
		return "", fmt.Errorf("%w: it comes from another sign-in", ErrRefused)
	}
	if iss := query.Get("iss"); iss != "" && iss != issuer { // RFC 9207
		return "", fmt.Errorf("%w: it comes from another issuer", ErrRefused)
	}
	if query.Has("error") {
		return "", fmt.Errorf("%w: by the issuer", ErrRefused)
	}
	code = query.Get("code")
	if code == "" || len(code) > maxCode {
		return "", fmt.Errorf("%w: no code", ErrRefused)
	}
	return code, nil
}

// Refresh renews the token of the officer. Its error matches ErrRefused or ErrNotValid if
// the issuer gives none any more, ErrUnreachable if it cannot be asked; then the same
// refresh token may be tried again.
func (f *Flow) Refresh(ctx context.Context, refresh, officer string) (Tokens, error) {
	t, err := f.exchange(ctx, url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {refresh},
		"client_id":     {f.client},
	})
	if err != nil {
		return Tokens{}, err
	}
	if t.Identity.Officer != officer {
		return Tokens{}, fmt.Errorf("%w: the token is another officer's", ErrRefused)
	}
	if t.Refresh == "" { // the issuer does not rotate (RFC 6749 §6)
		t.Refresh = refresh
	}
	return t, nil
}

// exchange asks at the issuer's token endpoint and judges the token that it gives.
func (f *Flow) exchange(ctx context.Context, form url.Values) (Tokens, error) {
	meta, err := f.provider.endpoints(ctx)
	if err != nil {
		return Tokens{}, err
	}
	r, err := http.NewRequest(http.MethodPost, meta.Token, strings.NewReader(form.Encode()))
	if err != nil {
		return Tokens{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var reply struct {
		ID      string `json:"id_token"`
		Refresh string `json:"refresh_token"`
		Error   string `json:"error"`
	}
	status, err := f.provider.send(ctx, r, &reply)
	switch {
	case errors.Is(err, ErrUnreachable):
		return Tokens{}, err
	case err == nil && status != http.StatusOK && status != http.StatusTooManyRequests && reply.Error != "":
		return Tokens{}, fmt.Errorf("%w: %s", ErrRefused, refusal(reply.Error))
	case err != nil || status != http.StatusOK:
		// No answer of a token endpoint (RFC 6749 §5): something else stands in its place.
		return Tokens{}, fmt.Errorf("%w: answered %d", ErrUnreachable, status)
	case len(reply.Refresh) > maxRefresh:
		return Tokens{}, fmt.Errorf("%w: the refresh token is too long", ErrRefused)
	}
	id, err := f.Verify(ctx, reply.ID)
	if err != nil {
		return Tokens{}, err
	}
	if id.party != "" && id.party != f.client {
		return Tokens{}, fmt.Errorf("%w: the token was issued to another client", ErrRefused)
	}
	return Tokens{Identity: id, ID: reply.ID, Refresh: reply.Refresh}, nil
}

// refusal passes on only the codes of RFC 6749 §5.2, so that no text of a stranger reaches
// a log.
func refusal(code string) string {
	known := []string{"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}
	if slices.Contains(known, code) {
		return code
	}
	return "for a reason of its own"
}
