package signin

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func FuzzVerify(f *testing.F) {
	p := newPlace(f)
	v := p.verifier()
	good := p.token(anna)
	if _, err := v.Verify(f.Context(), good); err != nil {
		f.Fatal(err)
	}
	p.breakDown(http.StatusServiceUnavailable) // no request for each key that is made up
	f.Add(good)
	f.Add(good[:len(good)-2])
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("..")
	f.Add(forge(f, jose.HS256, make([]byte, 32), nil, Claims{}))
	f.Fuzz(func(t *testing.T, token string) {
		id, err := v.Verify(t.Context(), token)
		if err == nil && (id.Officer != anna.ID || len(id.Profiles) != 2) {
			t.Fatalf("a forged token was accepted: %+v", id)
		}
	})
}

// FuzzIssuer sends requests to every form of the issuer.
func FuzzIssuer(f *testing.F) {
	p := newPlace(f)
	ask := asking(p).Encode()
	f.Add("GET", ask, "")
	f.Add("POST", ask, typed(anna.ID, "").Encode())
	f.Add("POST", ask, "officer=%zz&passphrase")
	f.Add("TOKEN", "", "grant_type=authorization_code&client_id=boothd&code=A&redirect_uri=http://127.0.0.1:8470/&code_verifier="+strings.Repeat("a", 43))
	f.Add("TOKEN", "", "grant_type=refresh_token&client_id=boothd&refresh_token=A.B")
	f.Fuzz(func(t *testing.T, method, query, body string) {
		u := &url.URL{Scheme: "http", Host: "issuer", Path: "/signin/authorize", RawQuery: query}
		switch method {
		case "GET", "POST":
		default:
			method, u.Path = "POST", "/signin/token"
		}
		r := httptest.NewRequest(method, "/", strings.NewReader(body))
		r.URL = u
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if strings.Contains(w.Body.String(), "id_token") {
			t.Fatal("a token was given out")
		}
		if to := w.Header().Get("Location"); to != "" {
			back, err := url.Parse(to)
			if err != nil || back.Scheme != "http" || back.Hostname() != "127.0.0.1" || back.Path != "/api/v1/login/return" || back.Query().Has("code") {
				t.Fatalf("sent to %q", to)
			}
		}
	})
}

func FuzzReturned(f *testing.F) {
	f.Add("state=s&code=c")
	f.Add("state=s&error=access_denied")
	f.Add("state=s&state=t&code=c")
	f.Fuzz(func(t *testing.T, text string) {
		query, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		code, err := returned(Pending{State: "s"}, query, "https://issuer.example")
		if err == nil && (code == "" || len(code) > maxCode || query.Get("state") != "s") {
			t.Fatalf("%q was taken", text)
		}
	})
}

// FuzzKept reads what is kept of an issuer: its document and keys, as they came.
func FuzzKept(f *testing.F) {
	f.Add([]byte(`{"issuer":"https://issuer.example","authorization_endpoint":"a","keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}],"newest":"2026-03-01T08:00:00Z"}`))
	f.Add([]byte(`{"issuer":"https://issuer.example","keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"},{"kty":"EC","crv":"P-256","kid":"b","x":"AA","y":"AA"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := parseKept(data, "https://issuer.example")
		if err != nil {
			return
		}
		for id, key := range usable(k.Keys) {
			if id == "" || !key.IsPublic() || algorithmOf(&key) == "" {
				t.Fatalf("key %q can be used", id)
			}
		}
	})
}

func FuzzOfficers(f *testing.F) {
	f.Add([]byte(`{"officers":[{"id":"a","passphrase":"` + hashed() + `","profiles":["first-line"],"roles":[]}]}`))
	f.Add([]byte(`{"officers":[{"id":"a","passphrase":"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21l$AAAAAAAAAAAAAAAAAAAAAA"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := parseOfficers(data)
		if err != nil {
			return
		}
		for id, o := range all {
			h, err := parseHash(o.Passphrase)
			if id != o.ID || err != nil || h.memory > 256<<10 || h.passes > 16 {
				t.Fatalf("officer %+v", o)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	p := newPlace(b)
	v := p.verifier()
	token := p.token(anna)
	for b.Loop() {
		if _, err := v.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPassphrase(b *testing.B) {
	h := nobodys()
	for b.Loop() {
		h.fits(passphrase)
	}
}
