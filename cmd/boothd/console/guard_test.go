package console_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"boothd/capture"
	"boothd/cmd/boothd/console"
)

// logged keeps what is logged.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func statusOf(st console.BoothStatus) func(context.Context) console.BoothStatus {
	return func(context.Context) console.BoothStatus { return st }
}

// paths are all that the console serves to officers.
var paths = []struct{ method, path string }{
	{"GET", "/api/v1/session"}, {"DELETE", "/api/v1/session"}, {"GET", "/api/v1/status"},
	{"GET", "/api/v1/view"}, {"GET", "/api/v1/events"}, {"POST", "/api/v1/checks"},
	{"POST", "/api/v1/checks/C1/zone"}, {"POST", "/api/v1/checks/C1/missing-finger"},
	{"POST", "/api/v1/checks/C1/missing-chip"}, {"POST", "/api/v1/checks/C1/access-number"},
	{"POST", "/api/v1/checks/C1/retake"}, {"POST", "/api/v1/checks/C1/conclude"},
	{"POST", "/api/v1/checks/C1/disposition"}, {"POST", "/api/v1/checks/C1/abandon"},
	{"GET", "/api/v1/checks/C1/images/face-1"}, {"DELETE", "/api/v1/alerts/A1"},
	{"POST", "/api/v1/checks/C1/identify"}, {"POST", "/api/v1/checks/C1/grant"},
	{"POST", "/api/v1/links/L1/verify"}, {"POST", "/api/v1/exchange"},
}

func TestEveryPathIsGuarded(t *testing.T) {
	b := serve(t)
	for _, p := range paths {
		t.Run(p.method+" "+p.path, func(t *testing.T) {
			tests := []struct {
				name string
				q    request
				code string
			}{
				{"without a token", request{}, "sign-in"},
				{"with a wrong token", request{token: "wrong"}, "wrong-token"},
				{"with another scheme", request{headers: map[string]string{"Authorization": "Basic b2ZmaWNlcg=="}}, "sign-in"},
				{"with a wrong cookie", request{cookie: "wrong", headers: b.own()}, "sign-in"},
				{"from a foreign page", request{token: token, headers: map[string]string{"Origin": "https://evil.example"}}, "origin"},
				{"from a page without origin", request{token: token, headers: map[string]string{"Origin": "null"}}, "origin"},
				{"from a foreign page's picture", request{token: token, headers: map[string]string{"Sec-Fetch-Site": "cross-site"}}, "origin"},
				{"from another port's page", request{token: token, headers: map[string]string{"Sec-Fetch-Site": "same-site"}}, "origin"},
				{"under a foreign name", request{token: token, headers: map[string]string{"Host": "evil.example"}}, "host"},
				{"under the right name and a wrong port", request{token: token, headers: map[string]string{"Host": "127.0.0.1:1"}}, "host"},
			}
			for _, test := range tests {
				test.q.method, test.q.path = p.method, p.path
				got := b.send(t, test.q)
				code := got.code()
				if code == "too-many-failures" && test.code == "wrong-token" {
					code = test.code // the paths share one count
				}
				if code != test.code {
					t.Errorf("%s: %d %s, want %s", test.name, got.status, got.body, test.code)
				}
				if got.status == http.StatusUnauthorized && got.header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s: no WWW-Authenticate", test.name)
				}
			}
			if call := b.last(); call != "" {
				t.Errorf("the desk did %q", call)
			}
		})
	}
	for _, path := range []string{"/", "/page/app.js", "/healthz", "/readyz", "/metrics"} {
		if got := b.send(t, request{method: "GET", path: path, headers: map[string]string{"Host": "evil.example"}}); got.code() != "host" {
			t.Errorf("%s under a foreign name: %d", path, got.status)
		}
	}
}

func TestNamesOfTheBooth(t *testing.T) {
	b := serve(t, func(cfg *console.Config) { cfg.Hosts = []string{"Booth.example:8470"} })
	port := b.URL[strings.LastIndex(b.URL, ":"):]
	for _, host := range []string{"127.0.0.1" + port, "localhost" + port, "LOCALHOST" + port, "[::1]" + port, "booth.example:8470"} {
		if got := b.send(t, request{method: "GET", path: "/healthz", headers: map[string]string{"Host": host}}); got.status != 200 {
			t.Errorf("%s: %d %s", host, got.status, got.body)
		}
	}
}

func TestCookieCountsOnlyForTheBoothsOwnPage(t *testing.T) {
	b := serve(t)
	cookie := b.signIn(t, token)
	start := func(headers map[string]string) reply {
		return b.send(t, request{method: "POST", path: "/api/v1/checks", cookie: cookie, headers: headers})
	}
	if got := start(b.own()); got.status != http.StatusCreated {
		t.Fatalf("own page: %d %s", got.status, got.body)
	}
	for name, test := range map[string]struct {
		headers map[string]string
		code    string
	}{
		"no origin":      {nil, "sign-in"},
		"kiosk's origin": {map[string]string{"Origin": kiosk}, "sign-in"},
		"foreign origin": {map[string]string{"Origin": "http://127.0.0.1:1"}, "origin"},
	} {
		if got := start(test.headers); got.code() != test.code {
			t.Errorf("%s: %d %s, want %s", name, got.status, got.body, test.code)
		}
	}
	if got := b.send(t, request{method: "GET", path: "/api/v1/view", cookie: cookie, headers: map[string]string{"Sec-Fetch-Site": "same-origin"}}); got.status != 200 {
		t.Errorf("own page's GET: %d %s", got.status, got.body)
	}
	if got := b.send(t, request{method: "DELETE", path: "/api/v1/session", cookie: cookie, headers: b.own()}); got.status != http.StatusNoContent {
		t.Errorf("sign out: %d %s", got.status, got.body)
	}
	if got := b.send(t, request{method: "GET", path: "/api/v1/view", cookie: cookie}); got.code() != "sign-in" {
		t.Errorf("after signing out: %d %s", got.status, got.body)
	}
}

func TestKioskPagesMayUseTheAPIWithAToken(t *testing.T) {
	b := serve(t)
	got := b.send(t, request{method: "OPTIONS", path: "/api/v1/checks", headers: map[string]string{
		"Origin": kiosk, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization",
		"Access-Control-Request-Private-Network": "true"}})
	if got.status != http.StatusNoContent || got.header.Get("Access-Control-Allow-Origin") != kiosk ||
		got.header.Get("Access-Control-Allow-Private-Network") != "true" || got.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("preflight: %d %v", got.status, got.header)
	}
	got = b.send(t, request{method: "POST", path: "/api/v1/checks", token: token, headers: map[string]string{"Origin": kiosk, "Sec-Fetch-Site": "cross-site"}})
	if got.status != http.StatusCreated || got.header.Get("Access-Control-Allow-Origin") != kiosk || !strings.Contains(got.header.Get("Vary"), "Origin") {
		t.Errorf("request: %d %v", got.status, got.header)
	}
	if got := b.send(t, request{method: "POST", path: "/api/v1/session", body: `{"token":"` + token + `"}`, headers: map[string]string{"Origin": kiosk}}); got.code() != "origin" {
		t.Errorf("a kiosk page signs in with a cookie: %d %s", got.status, got.body)
	}
	got = b.send(t, request{method: "OPTIONS", path: "/api/v1/checks", headers: map[string]string{
		"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}})
	if got.status != http.StatusForbidden || got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("foreign preflight: %d %v", got.status, got.header)
	}
}

func TestPageIsLockedDown(t *testing.T) {
	b := serve(t)
	for path, kind := range map[string]string{"/": "text/html; charset=utf-8", "/page/app.js": "text/javascript; charset=utf-8",
		"/page/base.css": "text/css; charset=utf-8", "/page/icon.svg": "image/svg+xml", "/api/v1/openapi.yaml": "application/yaml"} {
		got := b.send(t, request{method: "GET", path: path})
		if got.status != 200 || got.header.Get("Content-Type") != kind || len(got.body) == 0 {
			t.Errorf("%s: %d %s", path, got.status, got.header.Get("Content-Type"))
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store",
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if !strings.HasPrefix(got.header.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, got.header.Get(name))
			}
		}
	}
}

func TestWrongTokensAreSlowedDown(t *testing.T) {
	b := serve(t)
	try := func(token string) reply {
		return b.send(t, request{method: "POST", path: "/api/v1/session", body: `{"token":"` + token + `"}`, headers: b.own()})
	}
	for range 10 {
		if got := try("wrong"); got.code() != "wrong-token" {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	if got := try(token); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" {
		t.Errorf("after ten wrong tokens: %d %s", got.status, got.body)
	}
	kiosk := func(token string) reply {
		return b.send(t, request{method: "GET", path: "/api/v1/view", token: token})
	}
	for range 10 {
		if got := kiosk("wrong"); got.code() != "wrong-token" {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	if got := kiosk("wrong"); got.status != http.StatusTooManyRequests {
		t.Errorf("a kiosk after ten wrong tokens: %d %s", got.status, got.body)
	}
	if got := kiosk(token); got.status != http.StatusOK {
		t.Errorf("a kiosk is locked out by another's wrong tokens: %d %s", got.status, got.body)
	}
}

func TestConsoleServesTheLoopbackInterfaceOnly(t *testing.T) {
	ln, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if _, err := console.New(ln, console.Config{}); err == nil {
		t.Error("a console on every interface was made")
	}
	local, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	for _, origin := range []string{"", "*", "null", "kiosk.example", "https://kiosk.example/", "ftp://kiosk.example"} {
		if _, err := console.New(local, console.Config{Origins: []string{origin}}); err == nil {
			t.Errorf("origin %q was taken", origin)
		}
	}
}

func TestTokensKnowOfficersByHashOnly(t *testing.T) {
	tokens := tokens()
	if o, ok := tokens.Authenticate(token); !ok || o.ID != "officer-7" {
		t.Errorf("%v %t", o, ok)
	}
	for _, wrong := range []string{"", "wrong", token + " "} {
		if o, ok := tokens.Authenticate(wrong); ok || o.ID != "" || len(o.Profile.Systems[capture.ModalityDocument]) > 0 {
			t.Errorf("%q: %v %t", wrong, o, ok)
		}
	}
}
