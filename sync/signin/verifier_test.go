package signin

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"boothd/internal/keys"
)

// forge signs claims with any key and header.
func forge(t testing.TB, algorithm jose.SignatureAlgorithm, key any, headers map[jose.HeaderKey]any, claims any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, &jose.SignerOptions{ExtraHeaders: headers})
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestATokenCountsOnlyAsItWasMeant(t *testing.T) {
	p := newPlace(t)
	v := p.verifier()
	kid := keys.ID(p.key.Public().(ed25519.PublicKey))
	public, err := x509.MarshalPKIXPublicKey(p.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	now := p.clock.now()
	claims := func(change ...func(map[string]any)) map[string]any {
		c := map[string]any{"iss": p.url, "sub": "anna.b", "aud": "boothd", "iat": now.Unix(), "exp": now.Add(15 * time.Minute).Unix(),
			"profiles": []string{"first-line"}, "roles": []string{"officer"}}
		for _, f := range change {
			f(c)
		}
		return c
	}
	set := func(name string, value any) map[string]any { return claims(func(c map[string]any) { c[name] = value }) }
	unset := func(name string) map[string]any { return claims(func(c map[string]any) { delete(c, name) }) }
	sign := func(c map[string]any) string {
		return forge(t, jose.EdDSA, p.key, map[jose.HeaderKey]any{"kid": kid, "typ": "JWT"}, c)
	}
	part := func(v any) string {
		data, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(data)
	}
	good := sign(claims())
	head, rest, _ := strings.Cut(good, ".")
	_, signature, _ := strings.Cut(rest, ".")
	long := make([]string, maxNames+1)
	for i := range long {
		long[i] = "p"
	}
	for _, test := range []struct {
		name, token string
		err         error // nil: it counts
	}{
		{"as the issuer makes it", p.token(anna), nil},
		{"as another issuer of these claims makes it", good, nil},
		{"among several audiences", sign(set("aud", []string{"other", "boothd"})), nil},
		{"without a type", forge(t, jose.EdDSA, p.key, map[jose.HeaderKey]any{"kid": kid}, claims()), nil},
		{"a moment past its end", sign(claims(func(c map[string]any) { c["iat"], c["exp"] = now.Unix()-900, now.Unix()-59 })), nil},
		{"from a moment ahead", sign(claims(func(c map[string]any) { c["iat"] = now.Unix() + 59 })), nil},

		{"expired", sign(claims(func(c map[string]any) { c["iat"], c["exp"] = now.Unix()-900, now.Unix()-60 })), ErrExpired},
		{"issued in the future", sign(claims(func(c map[string]any) { c["iat"] = now.Unix() + 61 })), ErrNotYet},
		{"not yet valid", sign(set("nbf", now.Unix()+61)), ErrNotYet},
		{"for another audience", sign(set("aud", "other")), ErrNotValid},
		{"for no audience", sign(unset("aud")), ErrNotValid},
		{"of another issuer", sign(set("iss", p.url+"/")), ErrNotValid},
		{"of no issuer", sign(unset("iss")), ErrNotValid},
		{"without an end", sign(unset("exp")), ErrNotValid},
		{"without a beginning", sign(unset("iat")), ErrNotValid},
		{"with a life that is too long", sign(set("exp", now.Add(12*time.Hour+time.Second).Unix())), ErrNotValid},
		{"that ends before it begins", sign(set("exp", now.Unix()-1)), ErrNotValid},
		{"of nobody", sign(unset("sub")), ErrNotValid},
		{"of an officer with a space", sign(set("sub", "anna b")), ErrNotValid},
		{"of an officer with a line feed", sign(set("sub", "anna\n")), ErrNotValid},
		{"of an officer with a long name", sign(set("sub", strings.Repeat("a", 65))), ErrNotValid},
		{"with a profile that is no name", sign(set("profiles", []string{"first line"})), ErrNotValid},
		{"with too many profiles", sign(set("profiles", long)), ErrNotValid},
		{"with profiles that are no list", sign(set("profiles", "first-line")), ErrNotValid},
		{"with its officer in capitals", sign(claims(func(c map[string]any) { delete(c, "sub"); c["SUB"] = "anna.b" })), ErrNotValid},
		{"unsigned", part(map[string]string{"alg": "none", "kid": kid}) + "." + part(claims()) + ".", ErrNotValid},
		{"unsigned with a signature", part(map[string]string{"alg": "none", "kid": kid}) + "." + part(claims()) + "." + signature, ErrNotValid},
		{"signed with the public key as a secret", forge(t, jose.HS256, []byte(p.key.Public().(ed25519.PublicKey)), map[jose.HeaderKey]any{"kid": kid, "typ": "JWT"}, claims()), ErrNotValid},
		{"signed with the public key's PKIX as a secret", forge(t, jose.HS256, public, map[jose.HeaderKey]any{"kid": kid}, claims()), ErrNotValid},
		{"signed by another with the issuer's key id", forge(t, jose.EdDSA, newKey(t), map[jose.HeaderKey]any{"kid": kid}, claims()), ErrNotValid},
		{"signed by another", forge(t, jose.EdDSA, newKey(t), map[jose.HeaderKey]any{"kid": "0123456789abcdef"}, claims()), ErrUnknownKey},
		{"without a key id", forge(t, jose.EdDSA, p.key, nil, claims()), ErrUnknownKey},
		{"that brings its own key", ownKey(t, claims()), ErrUnknownKey},
		{"of another type", forge(t, jose.EdDSA, p.key, map[jose.HeaderKey]any{"kid": kid, "typ": "at+jwt"}, claims()), ErrNotValid},
		{"that is a signed document", forge(t, jose.EdDSA, p.key, map[jose.HeaderKey]any{"kid": kid, "typ": "boothd-profile"}, claims()), ErrNotValid},
		{"with other claims", head + "." + part(set("sub", "boss")) + "." + signature, ErrNotValid},
		{"cut off", good[:len(good)-4], ErrNotValid},
		{"empty", "", ErrNotValid},
		{"far too long", good + strings.Repeat("a", MaxToken), ErrNotValid},
	} {
		t.Run(test.name, func(t *testing.T) {
			id, err := v.Verify(t.Context(), test.token)
			switch {
			case test.err == nil && (err != nil || id.Officer != "anna.b" || !id.Is(RoleOfficer) || id.Profiles[0] != "first-line" || id.Grace):
				t.Errorf("Verify = %+v, %v", id, err)
			case test.err != nil && (!errors.Is(err, test.err) || !errors.Is(err, ErrNotValid) || id != nil):
				t.Errorf("Verify = %+v, %v, want %v", id, err, test.err)
			}
		})
	}
}

// ownKey is a token whose header holds the key that it is signed with.
func ownKey(t *testing.T, claims any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: newKey(t)}, &jose.SignerOptions{EmbedJWK: true})
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// otherProvider serves a discovery document and the keys that the test gives it.
func otherProvider(t *testing.T, change func(m map[string]string), set ...jose.JSONWebKey) string {
	t.Helper()
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	m := map[string]string{"issuer": srv.URL, "authorization_endpoint": srv.URL + "/a", "token_endpoint": srv.URL + "/t", "jwks_uri": srv.URL + "/k"}
	if change != nil {
		change(m)
	}
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, m) })
	mux.HandleFunc("/k", func(w http.ResponseWriter, _ *http.Request) {
		all := []any{map[string]string{"kty": "of a kind to come", "kid": "x"}}
		for _, k := range set {
			all = append(all, k)
		}
		reply(w, 200, map[string]any{"keys": all})
	})
	return srv.URL
}

func TestKeysOfOtherProvidersAreUsedAsTheyAreMeant(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024) // the smallest that Go makes
	if err != nil {
		t.Fatal(err)
	}
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ed := newKey(t)
	issuer := otherProvider(t, nil,
		jose.JSONWebKey{KeyID: "small", Key: small.Public()},
		jose.JSONWebKey{KeyID: "rsa", Key: large.Public(), Use: "sig"},
		jose.JSONWebKey{KeyID: "pss", Key: large.Public(), Algorithm: "PS256"},
		jose.JSONWebKey{KeyID: "closing", Key: large.Public(), Use: "enc"},
		jose.JSONWebKey{KeyID: "secret", Key: []byte("a secret that somebody published")},
		jose.JSONWebKey{KeyID: "ec", Key: p256.Public()},
		jose.JSONWebKey{KeyID: "ed", Key: ed.Public()})
	v, err := New(Options{Issuer: issuer})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	claims := map[string]any{"iss": issuer, "sub": "a", "aud": "boothd", "iat": now.Unix(), "exp": now.Unix() + 60}
	for _, test := range []struct {
		kid       string
		algorithm jose.SignatureAlgorithm
		key       any
		ok        bool
	}{
		{"rsa", jose.RS256, large, true}, {"ec", jose.ES256, p256, true}, {"ed", jose.EdDSA, ed, true},
		{"rsa", jose.PS256, large, false}, {"pss", jose.PS256, large, false}, {"pss", jose.RS256, large, false},
		{"closing", jose.RS256, large, false}, {"small", jose.RS256, small, false},
		{"secret", jose.HS256, []byte("a secret that somebody published"), false},
		{"ec", jose.EdDSA, ed, false}, {"rsa", jose.ES256, p256, false},
	} {
		token := forge(t, test.algorithm, test.key, map[jose.HeaderKey]any{"kid": test.kid}, claims)
		if _, err := v.Verify(t.Context(), token); (err == nil) != test.ok {
			t.Errorf("%s with key %q: %v, want accepted %t", test.algorithm, test.kid, err, test.ok)
		}
	}
}

func TestADocumentThatIsNotTheIssuersIsNotUsed(t *testing.T) {
	key := newKey(t)
	for name, change := range map[string]func(map[string]string){
		"another issuer's":            func(m map[string]string) { m["issuer"] = "https://other.example" },
		"keys over an open line":      func(m map[string]string) { m["jwks_uri"] = "http://other.example/keys" },
		"codes over an open line":     func(m map[string]string) { m["token_endpoint"] = "http://other.example/token" },
		"no place to sign in":         func(m map[string]string) { delete(m, "authorization_endpoint") },
		"a script to be signed in to": func(m map[string]string) { m["authorization_endpoint"] = "javascript:alert(1)" },
	} {
		issuer := otherProvider(t, change, jose.JSONWebKey{KeyID: "ed", Key: key.Public()})
		v, err := New(Options{Issuer: issuer})
		if err != nil {
			t.Fatal(err)
		}
		token := forge(t, jose.EdDSA, key, map[jose.HeaderKey]any{"kid": "ed"}, map[string]any{"iss": issuer, "sub": "a", "aud": "boothd",
			"iat": time.Now().Unix(), "exp": time.Now().Unix() + 60})
		if _, err := v.Verify(t.Context(), token); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, issuer := range []string{"", "issuer.example", "http://issuer.example", "https://u:p@issuer.example", "https://issuer.example?a=b", "ftp://127.0.0.1"} {
		if _, err := New(Options{Issuer: issuer}); err == nil {
			t.Errorf("issuer %q was taken", issuer)
		}
	}
}

func TestRotatedKeysAreFetchedWhenTheyAreMet(t *testing.T) {
	p := newPlace(t)
	v := p.verifier()
	old := p.token(anna)
	if _, err := v.Verify(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	next := newKey(t)
	if err := p.SetKeys(next, p.key.Public().(ed25519.PublicKey)); err != nil {
		t.Fatal(err)
	}
	fresh := p.token(anna)
	if _, err := v.Verify(t.Context(), fresh); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("asked again at once: %v", err)
	}
	asked := p.requests()
	for range 100 {
		if _, err := v.Verify(t.Context(), fresh); !errors.Is(err, ErrUnknownKey) {
			t.Fatal(err)
		}
	}
	if n := p.requests() - asked; n != 0 {
		t.Errorf("the issuer was asked %d times", n)
	}
	p.clock.turn(missPeriod)
	for name, token := range map[string]string{"old": old, "fresh": fresh} {
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Errorf("%s key: %v", name, err)
		}
	}
	// The old key is withdrawn.
	if err := p.SetKeys(next); err != nil {
		t.Fatal(err)
	}
	if err := v.provider.fetch(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), old); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("withdrawn key: %v", err)
	}
}

func TestVerifyObeysItsContext(t *testing.T) {
	p := newPlace(t)
	v := p.verifier()
	v.provider.fetching <- struct{}{} // somebody asks the issuer and waits
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Verify(ctx, p.token(anna)); !errors.Is(err, context.Canceled) {
		t.Errorf("Verify: %v", err)
	}
}

// served answers requests from a handler without a network, for a bubble of synctest.
type served struct{ http.Handler }

func (s served) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result(), nil
}

func TestRunFetchesTheKeysAgainAndAgain(t *testing.T) {
	p := newPlace(t)
	synctest.Test(t, func(t *testing.T) {
		v := p.verifier(func(o *Options) {
			o.Client = &http.Client{Transport: served{http.HandlerFunc(p.serve)}}
			o.Now = time.Now
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- v.Run(ctx) }()
		for _, step := range []struct {
			name   string
			status int
			wait   time.Duration
			asked  int // two requests each time that it is there, one if it is broken
		}{
			{"at once", 0, time.Second, 2},
			{"every ten minutes", 503, 10 * time.Minute, 1},
			{"sooner while it is broken", 0, 30 * time.Second, 2},
			{"every ten minutes again", 0, 9 * time.Minute, 0},
		} {
			before := p.requests()
			if step.name == "at once" {
				before = 0
			}
			p.breakDown(step.status)
			time.Sleep(step.wait)
			synctest.Wait()
			if n := p.requests() - before; n != step.asked {
				t.Errorf("%s: asked %d times, want %d", step.name, n, step.asked)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
