package signin

import (
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// asking is an authorization request as a booth makes it.
func asking(p *place) url.Values {
	return url.Values{"response_type": {"code"}, "client_id": {"boothd"}, "redirect_uri": {redirect}, "scope": {"openid"},
		"state": {"s"}, "nonce": {"n"}, "code_challenge": {challenge("v")}, "code_challenge_method": {"S256"}}
}

func TestAuthorizationRequestsAreLookedAtClosely(t *testing.T) {
	p := newPlace(t)
	for _, test := range []struct {
		name, key, value string
		want             string // "form", "page" (nothing to be signed in to), or the error sent back
	}{
		{"as a booth asks", "state", "s", "form"},
		{"on another port of the booth's loopback", "redirect_uri", "http://127.0.0.1:9999/api/v1/login/return", "form"},
		{"for more", "scope", "openid offline_access", "form"},
		{"to another place", "redirect_uri", "https://evil.example/api/v1/login/return", "page"},
		{"to another path", "redirect_uri", "http://127.0.0.1:8470/other", "page"},
		{"to a longer path", "redirect_uri", redirect + "/..", "page"},
		{"to another loopback name", "redirect_uri", "http://localhost:8470/api/v1/login/return", "page"},
		{"to a user at the loopback", "redirect_uri", "http://127.0.0.1:8470@evil.example/api/v1/login/return", "page"},
		{"to a script", "redirect_uri", "javascript:alert(1)", "page"},
		{"to nowhere", "redirect_uri", "", "page"},
		{"for another client", "client_id", "other", "page"},
		{"with a state that is far too long", "state", strings.Repeat("s", maxParam+1), "page"},
		{"for a token at once", "response_type", "id_token", "unsupported_response_type"},
		{"without PKCE", "code_challenge", "", "invalid_request"},
		{"with PKCE in plain", "code_challenge_method", "plain", "invalid_request"},
		{"with a challenge that is none", "code_challenge", "short", "invalid_request"},
		{"for something else", "scope", "profile", "invalid_scope"},
		{"with a request object", "request", "e30", "request_not_supported"},
		{"without showing a form", "prompt", "none", "login_required"},
	} {
		t.Run(test.name, func(t *testing.T) {
			query := asking(p)
			query.Set(test.key, test.value)
			got := p.send("GET", p.url+"/authorize?"+query.Encode(), nil)
			switch test.want {
			case "form", "page":
				hasForm := strings.Contains(got.body, "<form")
				if hasForm != (test.want == "form") || (got.status == 200) != hasForm || got.header.Get("Location") != "" {
					t.Errorf("%d %s", got.status, got.body)
				}
			default:
				back := p.back(got)
				if back.Get("error") != test.want || back.Get("state") != "s" || back.Get("iss") != p.url || back.Has("code") {
					t.Errorf("sent back %v", back)
				}
			}
		})
	}
	query := asking(p)
	query.Add("redirect_uri", "https://evil.example/")
	if got := p.send("GET", p.url+"/authorize?"+query.Encode(), nil); got.status != 400 {
		t.Errorf("two redirects: %d", got.status)
	}
}

func TestTheFormIsLockedDown(t *testing.T) {
	p := newPlace(t)
	address := p.url + "/authorize?" + asking(p).Encode()
	got := p.send("GET", address, nil)
	want := "default-src 'none'; style-src 'self'; form-action 'self' http://127.0.0.1:8470; base-uri 'none'; frame-ancestors 'none'"
	if csp := got.header.Get("Content-Security-Policy"); csp != want {
		t.Errorf("policy %q", csp)
	}
	if strings.Contains(got.body, "<script") || got.header.Get("X-Frame-Options") != "DENY" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", got.header)
	}
	if got := p.send("GET", p.url+"/style.css", nil); got.status != 200 || got.header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("style: %d %v", got.status, got.header)
	}
	got = p.send("POST", address, typed("<b>", "x"))
	if got.status != http.StatusBadRequest || strings.Contains(got.body, "<b>") {
		t.Errorf("%d %s", got.status, got.body)
	}
	for name, headers := range map[string][]string{
		"origin":         {"Origin", "https://evil.example"},
		"opaque origin":  {"Origin", "null"},
		"fetch metadata": {"Sec-Fetch-Site", "cross-site"},
	} {
		if got := p.send("POST", address, typed(anna.ID, passphrase), headers...); got.status != http.StatusForbidden {
			t.Errorf("a foreign page's form by its %s: %d", name, got.status)
		}
	}
	if got := p.send("POST", address, typed(anna.ID, passphrase), "Origin", p.origin, "Sec-Fetch-Site", "same-origin"); !p.back(got).Has("code") {
		t.Errorf("own form: %d %s", got.status, got.body)
	}
}

func TestWrongPassphrasesAreSlowedDown(t *testing.T) {
	p := newPlace(t)
	address := p.url + "/authorize?" + asking(p).Encode()
	answers := map[string]string{}
	for _, who := range []string{anna.ID, "nobody"} {
		for i := range maxAttempts {
			got := p.send("POST", address, typed(who, "wrong"))
			if got.status != http.StatusUnauthorized {
				t.Fatalf("%s, attempt %d: %d %s", who, i, got.status, got.body)
			}
			answers[who] = strings.ReplaceAll(got.body, who, "…")
		}
		got := p.send("POST", address, typed(who, passphrase))
		if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "30" {
			t.Errorf("%s after %d attempts: %d %v", who, maxAttempts, got.status, got.header)
		}
	}
	if answers[anna.ID] != answers["nobody"] {
		t.Error("the page tells who is an officer")
	}
	p.clock.turn(attemptPeriod)
	if got := p.send("POST", address, typed(anna.ID, "wrong")); got.status != http.StatusUnauthorized {
		t.Errorf("half a minute later: %d", got.status)
	}
	if got := p.send("POST", address, typed(anna.ID, passphrase)); got.status != http.StatusTooManyRequests {
		t.Errorf("at once: %d", got.status)
	}
	p.clock.turn(attemptPeriod)
	if got := p.send("POST", address, typed(anna.ID, passphrase)); !p.back(got).Has("code") {
		t.Errorf("right one: %d", got.status)
	}
	for i := range maxAttempts {
		if got := p.send("POST", address, typed(anna.ID, "wrong")); got.status != http.StatusUnauthorized {
			t.Errorf("attempt %d after the right one: %d", i, got.status)
		}
	}
	p.clock.turn(-24 * time.Hour)
	if got := p.send("POST", address, typed(anna.ID, passphrase)); !p.back(got).Has("code") {
		t.Errorf("with the clock set back: %d", got.status)
	}
}

func TestNoSecretIsPublished(t *testing.T) {
	p := newPlace(t)
	if err := p.SetKeys(p.key, newKey(t).Public().(ed25519.PublicKey)); err != nil {
		t.Fatal(err)
	}
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal([]byte(p.send("GET", p.url+"/keys", nil).body), &set); err != nil {
		t.Fatal(err)
	}
	if len(set.Keys) != 2 {
		t.Fatalf("%d keys", len(set.Keys))
	}
	for _, k := range set.Keys {
		if k["d"] != nil || k["kty"] != "OKP" || k["crv"] != "Ed25519" || k["use"] != "sig" || k["alg"] != "EdDSA" || k["kid"] == "" {
			t.Errorf("key %v", k)
		}
	}
}

func TestTheFileOfOfficersIsReadAgainWhenItChanges(t *testing.T) {
	p := newPlace(t)
	o, err := ReadOfficers(p.officers)
	if err != nil {
		t.Fatal(err)
	}
	p.employ(anna, Officer{ID: "boris", Roles: []string{RoleOfficer}})
	if got, err := o.find("boris"); got == nil || err != nil {
		t.Errorf("a new officer: %v, %v", got, err)
	}
	for _, deed := range []func() error{
		func() error { return os.WriteFile(p.officers, []byte("{"), 0o600) },
		func() error { return os.Remove(p.officers) },
	} {
		if err := deed(); err != nil {
			t.Fatal(err)
		}
		if got, err := o.find(anna.ID); got == nil || err == nil {
			t.Errorf("with a file that cannot be used: %v, %v", got, err)
		}
	}
}

func TestFilesOfOfficersAreCheckedWhole(t *testing.T) {
	line := func(id, passphrase, more string) string {
		return `{"id":"` + id + `","passphrase":"` + passphrase + `"` + more + `}`
	}
	h := hashed()
	for _, test := range []struct {
		name, text string
		ok         bool
	}{
		{"nobody", `{"officers":[]}`, true},
		{"one", `{"officers":[` + line("a", h, `,"profiles":["first-line"],"roles":["officer"]`) + `]}`, true},
		{"one twice", `{"officers":[` + line("a", h, "") + "," + line("a", h, "") + `]}`, false},
		{"no name", `{"officers":[` + line("", h, "") + `]}`, false},
		{"an unknown key", `{"officers":[` + line("a", h, `,"name":"Anna"`) + `]}`, false},
		{"a passphrase in plain", `{"officers":[` + line("a", passphrase, "") + `]}`, false},
		{"a profile with a space", `{"officers":[` + line("a", h, `,"profiles":["first line"]`) + `]}`, false},
		{"two values", `{"officers":[]}{}`, false},
		{"nothing", ``, false},
	} {
		if _, err := parseOfficers([]byte(test.text)); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestPassphrasesAreHashed(t *testing.T) {
	for _, short := range []string{"", "elevenbytes", strings.Repeat("a", 257)} {
		if _, err := HashPassphrase(short); err == nil {
			t.Errorf("a passphrase of %d bytes was taken", len(short))
		}
	}
	h, err := parseHash(hashed())
	if err != nil {
		t.Fatal(err)
	}
	if !h.fits(passphrase) || h.fits(passphrase+" ") || h.fits("") {
		t.Error("the hash does not tell the passphrase from others")
	}
	again, err := HashPassphrase(passphrase)
	if err != nil || again == hashed() {
		t.Errorf("two hashes of a passphrase are the same, %v", err)
	}
	for _, text := range []string{
		"", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21l$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHRzb21l$AAAAAAAAAAAAAAAAAAAAAA", // 4 GiB
		"$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHRzb21l$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=65536,t=2,p=0$c29tZXNhbHRzb21l$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21l$AAAA",
	} {
		if _, err := parseHash(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestAnIssuerIsNotMadeWithoutWhatItNeeds(t *testing.T) {
	p := newPlace(t)
	good := IssuerOptions{URL: "https://issuer.example", Redirects: []string{redirect}, Key: p.key, Officers: p.Issuer.officers}
	if _, err := NewIssuer(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*IssuerOptions){
		"over an open line":      func(o *IssuerOptions) { o.URL = "http://issuer.example" },
		"back over an open line": func(o *IssuerOptions) { o.Redirects = []string{"http://booth.example/"} },
		"without a key":          func(o *IssuerOptions) { o.Key = nil },
		"without officers":       func(o *IssuerOptions) { o.Officers = nil },
		"with tokens of a day":   func(o *IssuerOptions) { o.Life = 24 * time.Hour },
	} {
		o := good
		change(&o)
		if _, err := NewIssuer(o); err == nil {
			t.Errorf("%s: made", name)
		}
	}
}
