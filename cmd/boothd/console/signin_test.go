package console_test

import (
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"boothd/capture"
	"boothd/cmd/boothd/console"
	"boothd/sync/signin"
)

const passphrase = "correct horse battery"

// service is an issuer on a listener of its own, which can be taken off the line.
type service struct {
	*signin.Issuer
	URL  string
	down atomic.Bool
	// ahead is by how much the booth's clock is ahead, in nanoseconds.
	ahead atomic.Int64
}

func serveIssuer(t *testing.T, change ...func(*signin.IssuerOptions)) *service {
	t.Helper()
	hash, err := signin.HashPassphrase(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	var all []signin.Officer
	for id, profiles := range map[string][]string{"anna": {"first-line"}, "boris": {"first-line", "cleared", "elsewhere"}, "carla": {"elsewhere"}} {
		all = append(all, signin.Officer{ID: id, Passphrase: hash, Profiles: profiles, Roles: []string{signin.RoleOfficer}})
	}
	data, err := json.Marshal(map[string]any{"officers": all})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "officers.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	officers, err := signin.ReadOfficers(path)
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.down.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		s.ServeHTTP(w, r)
	}))
	s.URL = "http://" + srv.Listener.Addr().String() + "/signin"
	o := signin.IssuerOptions{URL: s.URL, Redirects: []string{"http://127.0.0.1/api/v1/login/return"}, Key: key, Officers: officers}
	for _, f := range change {
		f(&o)
	}
	if s.Issuer, err = signin.NewIssuer(o); err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(srv.Close)
	return s
}

// signsIn configures a booth with the issuer.
func (s *service) signsIn(t *testing.T, grace time.Duration) func(*console.Config) {
	t.Helper()
	v, err := signin.New(signin.Options{
		Issuer: s.URL, OfflineGrace: grace, KeysFile: filepath.Join(t.TempDir(), "keys.json"),
		Now: func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(cfg *console.Config) {
		cfg.SignIn = &console.SignIn{Flow: signin.NewFlow(v), Profile: func(name string) (capture.Profile, bool) {
			p := capture.Profile{Name: name, Systems: systems, Cleared: name == "cleared"}
			return p, name == "first-line" || name == "cleared"
		}}
	}
}

func (s *service) token(t *testing.T, id string, profiles ...string) string {
	t.Helper()
	token, err := s.Issue(signin.Officer{ID: id, Profiles: profiles})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// cookies are those that the reply sets.
func (r reply) cookies() map[string]string {
	all := map[string]string{}
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		all[c.Name] = c.Value
	}
	return all
}

// follow goes to an address at the booth with the cookie of a sign-in that has begun.
func (b *booth) follow(t *testing.T, path, door string, headers ...string) reply {
	t.Helper()
	h := map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
	for i := 0; i+1 < len(headers); i += 2 {
		h[headers[i]] = headers[i+1]
	}
	if door != "" {
		h["Cookie"] = "boothd_login=" + door
	}
	return b.send(t, request{method: "GET", path: path, headers: h})
}

// walk signs the officer in at the issuer as a browser does, and returns the address where
// the booth is returned to and the cookie of the sign-in.
func (b *booth) walk(t *testing.T, officer string) (path, door string) {
	t.Helper()
	start := b.send(t, request{method: "GET", path: "/api/v1/login/start", headers: map[string]string{"Sec-Fetch-Site": "same-origin"}})
	door = start.cookies()["boothd_login"]
	if start.status != http.StatusSeeOther || door == "" {
		t.Fatalf("start: %d %s", start.status, start.body)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.PostForm(start.header.Get("Location"), url.Values{"officer": {officer}, "passphrase": {passphrase}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	path, ok := strings.CutPrefix(res.Header.Get("Location"), b.URL)
	if !ok {
		t.Fatalf("the issuer sends the browser to %q", res.Header.Get("Location"))
	}
	return path, door
}

func TestAnOfficerSignsInAtTheIssuer(t *testing.T) {
	b := serve(t, serveIssuer(t).signsIn(t, 0))
	path, door := b.walk(t, "anna")
	got := b.follow(t, path, door)
	session := got.cookies()["boothd_session"]
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/" || session == "" {
		t.Fatalf("return: %d %v", got.status, got.header)
	}
	who := b.send(t, request{method: "GET", path: "/api/v1/session", cookie: session})
	if string(who.body) != `{"officer":"anna","profile":"first-line","cleared":false,"verifies":false}` {
		t.Errorf("signed in as %s", who.body)
	}
	if again := b.follow(t, path, door); again.cookies()["boothd_session"] != "" {
		t.Error("a return opened a second session")
	}
}

func TestAReturnCountsOnlyInTheBrowserThatBegan(t *testing.T) {
	b := serve(t, serveIssuer(t).signsIn(t, 0))
	path, _ := b.walk(t, "anna")
	_, other := b.walk(t, "boris")
	for name, got := range map[string]reply{
		"without the cookie":         b.follow(t, path, ""),
		"with another's":             b.follow(t, path, other),
		"with one that was made up":  b.follow(t, path, "AAAAAAAAAAAAAAAAAAAAAAAAAA"),
		"as a picture":               b.follow(t, path, other, "Sec-Fetch-Mode", "no-cors"),
		"from a page with an origin": b.follow(t, path, other, "Origin", "https://evil.example"),
	} {
		if got.cookies()["boothd_session"] != "" {
			t.Errorf("%s: a session was opened", name)
		}
	}
	if got := b.follow(t, "/api/v1/login/start", ""); got.code() != "origin" {
		t.Errorf("a foreign page began a sign-in: %d %s", got.status, got.body)
	}
}

func TestAnOfficerWithSeveralProfilesChoosesOne(t *testing.T) {
	b := serve(t, serveIssuer(t).signsIn(t, 0))
	path, door := b.walk(t, "boris")
	got := b.follow(t, path, door)
	door = got.cookies()["boothd_login"]
	if got.cookies()["boothd_session"] != "" || door == "" {
		t.Fatalf("a session before the choice: %v", got.header)
	}
	headers := b.own()
	headers["Cookie"] = "boothd_login=" + door
	state := b.send(t, request{method: "GET", path: "/api/v1/login", headers: headers})
	if string(state.body) != `{"issuer":true,"choices":["first-line","cleared"]}` {
		t.Errorf("choices %s", state.body)
	}
	choose := func(profile string) reply {
		return b.send(t, request{method: "POST", path: "/api/v1/login/profile", body: `{"profile":"` + profile + `"}`, headers: headers})
	}
	if got := choose("elsewhere"); got.code() != "no-profile" {
		t.Errorf("another booth's: %d %s", got.status, got.body)
	}
	if got := choose("cleared"); got.cookies()["boothd_session"] == "" || !strings.Contains(string(got.body), `"cleared":true`) {
		t.Errorf("chosen: %d %s", got.status, got.body)
	}
	if got := choose("first-line"); got.code() != "sign-in" {
		t.Errorf("chosen twice: %d %s", got.status, got.body)
	}
}

func TestASignInThatFailedIsToldOnce(t *testing.T) {
	s := serveIssuer(t)
	b := serve(t, s.signsIn(t, 0))
	path, door := b.walk(t, "carla")
	failed := func(got reply) (first, second string) {
		headers := map[string]string{"Cookie": "boothd_login=" + got.cookies()["boothd_login"]}
		read := func() string {
			return string(b.send(t, request{method: "GET", path: "/api/v1/login", headers: headers}).body)
		}
		return read(), read()
	}
	for _, test := range []struct {
		name, want string
		got        reply
	}{
		{"without a profile of this booth", "no-profile", b.follow(t, path, door)},
		{"with a code that is none", "sign-in-refused", func() reply {
			path, door := b.walk(t, "anna")
			u, _ := url.Parse(path)
			q := u.Query()
			q.Set("code", "AAAA")
			return b.follow(t, u.Path+"?"+q.Encode(), door)
		}()},
		{"cut off at the last moment", "sign-in-unreachable", func() reply {
			path, door := b.walk(t, "anna")
			s.down.Store(true)
			return b.follow(t, path, door)
		}()},
	} {
		if test.got.status != http.StatusSeeOther || test.got.header.Get("Location") != "/" {
			t.Errorf("%s: %d %s", test.name, test.got.status, test.got.body)
		}
		first, second := failed(test.got)
		if !strings.Contains(first, "urn:boothd:problem:"+test.want) || strings.Contains(second, "failed") {
			t.Errorf("%s: told %s, then %s", test.name, first, second)
		}
	}
}

func TestKioskProgramsShowSignedTokens(t *testing.T) {
	s := serveIssuer(t)
	b := serve(t, s.signsIn(t, 0))
	one, two, none := s.token(t, "anna", "first-line"), s.token(t, "boris", "first-line", "cleared"), s.token(t, "carla", "elsewhere")
	for _, test := range []struct {
		name, token, profile string
		want                 string // officer and profile, or the code of a problem
	}{
		{"with one profile", one, "", "anna first-line"},
		{"with two, choosing", two, "cleared", "boris cleared"},
		{"with two, not choosing", two, "", "choose-profile"},
		{"choosing another's", one, "cleared", "no-profile"},
		{"with none of this booth's", none, "", "no-profile"},
		{"with a token of the booth's own", token, "", "officer-7 first line"},
		{"with a token that was bent", one[:len(one)-3] + "AAA", "", "wrong-token"},
	} {
		headers := map[string]string{}
		if test.profile != "" {
			headers["Boothd-Profile"] = test.profile
		}
		got := b.send(t, request{method: "GET", path: "/api/v1/session", token: test.token, headers: headers})
		said := got.code()
		if got.status == http.StatusOK {
			var who struct{ Officer, Profile string }
			if err := json.Unmarshal(got.body, &who); err != nil {
				t.Fatal(err)
			}
			said = who.Officer + " " + who.Profile
		}
		if said != test.want {
			t.Errorf("%s: %q, want %q", test.name, said, test.want)
		}
	}
	// A token that was brought along opens a session at the page too.
	got := b.send(t, request{method: "POST", path: "/api/v1/session", body: `{"token":"` + one + `"}`, headers: b.own()})
	if got.status != http.StatusOK || got.cookies()["boothd_session"] == "" {
		t.Errorf("session by a signed token: %d %s", got.status, got.body)
	}
	got = b.send(t, request{method: "POST", path: "/api/v1/session", body: `{"token":"` + two + `"}`, headers: b.own()})
	if got.code() != "choose-profile" || got.cookies()["boothd_login"] == "" {
		t.Errorf("session by a token with two profiles: %d %s", got.status, got.body)
	}
}

func TestABoothWithoutAnIssuerSendsNobodyAway(t *testing.T) {
	b := serve(t)
	for _, path := range []string{"/api/v1/login/start", "/api/v1/login/return"} {
		if got := b.send(t, request{method: "GET", path: path}); got.code() != "no-issuer" {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := b.send(t, request{method: "GET", path: "/api/v1/login"}); string(got.body) != `{"issuer":false,"choices":[]}` {
		t.Errorf("state %s", got.body)
	}
}

func TestSigningInByKeyboardAtTheIssuer(t *testing.T) {
	s := serveIssuer(t)
	b := serve(t, s.signsIn(t, 0))
	page := openBrowser(t)
	page.do(navigate(b.URL + "/"))
	page.reads("Sign in", "Officer token")
	page.until(func() bool { return page.truth(`document.activeElement?.closest('.service') !== null`) }, "button to have the focus")
	page.shot("sign-in")
	page.press(kb.Enter)
	page.until(func() bool {
		return page.truth(`document.title === 'Officer sign-in' && document.activeElement.name === 'officer'`)
	}, "issuer's form")
	page.shot("sign-in-issuer")
	page.press("boris" + kb.Tab + "wrong passphrase" + kb.Enter)
	page.until(func() bool {
		return page.truth(`document.querySelector('[role=alert]') !== null && document.activeElement.name === 'passphrase'`)
	}, "refusal")
	page.press(passphrase + kb.Enter)
	page.reads("Which profile", "first-line", "cleared")
	page.shot("sign-in-profile")
	page.press("2")
	page.reads("boris", "Ready for the next traveller")
	page.press("l")
	page.reads("Sign out?")
	page.press(kb.Enter)
	page.reads("Officer token")

	// The service is gone: the officer is told, and a token that was brought along helps.
	s.down.Store(true)
	helps := s.token(t, "anna", "first-line")
	s.ahead.Store(int64(time.Minute)) // what the booth knows of the service is old
	page.until(func() bool { return page.truth(`document.activeElement?.closest('.service') !== null`) }, "button to have the focus")
	page.press(kb.Enter)
	page.reads("The sign-in service does not answer.")
	page.do(navigate(b.URL + "/"))
	page.reads("Officer token")
	page.until(func() bool { return page.truth(`document.activeElement?.closest('.service') !== null`) }, "button to have the focus")
	page.press(kb.Tab + helps + kb.Enter)
	page.reads("anna", "Ready for the next traveller")
}
