package signin

import (
	"crypto/ed25519"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a wall clock that a test turns.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

const passphrase = "correct horse battery"

// hashed is HashPassphrase of passphrase, made once: it is slow on purpose.
var hashed = sync.OnceValue(func() string {
	h, err := HashPassphrase(passphrase)
	if err != nil {
		panic(err)
	}
	return h
})

var anna = Officer{ID: "anna.b", Profiles: []string{"first-line", "second-line"}, Roles: []string{RoleOfficer, RoleSecondLine}}

// place is an issuer that is served, and a clock that all share.
type place struct {
	*Issuer
	t        testing.TB
	clock    *clock
	server   *httptest.Server
	key      ed25519.PrivateKey
	officers string // the file
	dir      string

	mu      sync.Mutex
	broken  int // status that every request is answered with
	handled int
}

const redirect = "http://127.0.0.1:8470/api/v1/login/return"

func newKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newPlace(t testing.TB) *place {
	t.Helper()
	p := &place{t: t, clock: newClock(), key: newKey(t), dir: t.TempDir()}
	p.officers = filepath.Join(p.dir, "officers.json")
	p.employ(anna)
	officers, err := ReadOfficers(p.officers)
	if err != nil {
		t.Fatal(err)
	}
	p.server = httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	p.Issuer, err = NewIssuer(IssuerOptions{
		URL: "http://" + p.server.Listener.Addr().String() + "/signin", Redirects: []string{redirect},
		Key: p.key, Officers: officers, Now: p.clock.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.server.Start()
	t.Cleanup(p.server.Close)
	return p
}

func (p *place) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.handled++
	broken := p.broken
	p.mu.Unlock()
	if broken != 0 {
		w.WriteHeader(broken)
		return
	}
	p.ServeHTTP(w, r)
}

func (p *place) requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.handled
}

func (p *place) breakDown(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = status
}

// employ writes the file of officers.
func (p *place) employ(all ...Officer) {
	p.t.Helper()
	for i := range all {
		all[i].Passphrase = hashed()
	}
	data, err := json.Marshal(map[string]any{"officers": all})
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.officers, data, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// verifier makes one for the issuer that keeps its keys on disk.
func (p *place) verifier(change ...func(*Options)) *Verifier {
	p.t.Helper()
	o := Options{Issuer: p.url, KeysFile: filepath.Join(p.dir, "keys.json"), Now: p.clock.now, Client: p.server.Client()}
	for _, f := range change {
		f(&o)
	}
	v, err := New(o)
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

func (p *place) token(o Officer) string {
	p.t.Helper()
	token, err := p.Issue(o)
	if err != nil {
		p.t.Fatal(err)
	}
	return token
}

// answer is what a request was answered with.
type answer struct {
	status int
	header http.Header
	body   string
}

func (p *place) send(method, address string, form url.Values, headers ...string) answer {
	p.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, address, body)
	if err != nil {
		p.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := p.server.Client().Transport.RoundTrip(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(data)}
}

// typed is what an officer types into the form.
func typed(officer, passphrase string) url.Values {
	return url.Values{"officer": {officer}, "passphrase": {passphrase}}
}

// signIn begins a sign-in, types the passphrase and returns what the browser brings back.
func (p *place) signIn(f *Flow) (Pending, url.Values) {
	p.t.Helper()
	pending, err := f.Start(p.t.Context(), redirect)
	if err != nil {
		p.t.Fatal(err)
	}
	if got := p.send("GET", pending.URL, nil); got.status != 200 || !strings.Contains(got.body, "Passphrase") {
		p.t.Fatalf("form: %d %s", got.status, got.body)
	}
	return pending, p.back(p.send("POST", pending.URL, typed(anna.ID, passphrase)))
}

// back reads the address that the browser is sent back to.
func (p *place) back(got answer) url.Values {
	p.t.Helper()
	u, err := url.Parse(got.header.Get("Location"))
	if err != nil || got.status != http.StatusSeeOther {
		p.t.Fatalf("not sent back: %d %s", got.status, got.body)
	}
	return u.Query()
}
