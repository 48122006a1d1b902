package office_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"boothd/cmd/centrald/office"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/signin"
)

// cookies are those that a response sets.
func (r reply) cookies() map[string]*http.Cookie {
	all := map[string]*http.Cookie{}
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		all[c.Name] = c
	}
	return all
}

// atIssuer signs the officer in at the issuer's page and returns the path where the browser
// is sent back to, and the cookie of the sign-in.
func (p *place) atIssuer(o signin.Officer) (path string, door *http.Cookie) {
	p.t.Helper()
	start := p.send(request{method: "GET", path: "/login/start"})
	door = start.cookies()["office_login"]
	if start.status != http.StatusSeeOther || door == nil {
		p.t.Fatalf("start: %d %s", start.status, start.body)
	}
	address := start.header.Get("Location")
	at := must(url.Parse(address))(p.t)
	r := must(http.NewRequestWithContext(p.t.Context(), "POST", address, strings.NewReader(form("officer", o.ID, "passphrase", passphrase))))(p.t)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", at.Scheme+"://"+at.Host)
	res := must(http.DefaultTransport.RoundTrip(r))(p.t)
	defer res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil || back.Path != "/login/return" {
		p.t.Fatalf("issuer: %d %s %s", res.StatusCode, back, must(io.ReadAll(res.Body))(p.t))
	}
	return back.RequestURI(), door
}

// enter signs in and returns the session's cookie.
func (p *place) enter(o signin.Officer) string {
	p.t.Helper()
	path, door := p.atIssuer(o)
	got := p.send(request{method: "GET", path: path, headers: map[string]string{"Cookie": door.Name + "=" + door.Value}})
	c := got.cookies()["office"]
	if got.status != http.StatusOK || c == nil || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
		p.t.Fatalf("return: %d %v %s", got.status, c, got.body)
	}
	return c.Name + "=" + c.Value
}

// withCookie sends a request as a browser does from the office's own page.
func (p *place) withCookie(cookie, method, path, body string) reply {
	p.t.Helper()
	return p.send(request{method: method, path: path, body: body, headers: map[string]string{"Cookie": cookie, "Origin": p.office.URL}})
}

func TestAPersonSignsInWorksAndSignsOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := newPlace(t, db)
		cookie := p.enter(second)
		if got := p.withCookie(cookie, "GET", "/work", ""); got.status != http.StatusOK || !strings.Contains(got.body, "second.k") {
			t.Fatalf("%d %s", got.status, got.body)
		}
		if got := p.withCookie(cookie, "POST", "/work/"+p.item+"/take", ""); got.status != http.StatusSeeOther {
			t.Errorf("take: %d %s", got.status, got.body)
		}
		if got := p.withCookie(cookie, "POST", "/links/"+p.link+"/verify", "colour=red&why=short"); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "Red needs at least 20") {
			t.Errorf("a short reason: %d %s", got.status, got.body)
		}
		if got := p.withCookie(cookie, "POST", "/logout", ""); got.status != http.StatusSeeOther {
			t.Errorf("logout: %d %s", got.status, got.body)
		}
		if got := p.withCookie(cookie, "GET", "/work", ""); got.status != http.StatusSeeOther || got.header.Get("Location") != "/login" {
			t.Errorf("after it: %d %s", got.status, got.body)
		}
		var left int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM office_session").Scan(&left); err != nil || left != 0 {
			t.Errorf("%d sessions left, %v", left, err)
		}
	})
}

func TestASessionIsKnownToEveryInstanceAndRenewed(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	cookie := p.enter(second)
	for range 20 { // five hours of fifteen minutes
		p.clock.turn(15 * time.Minute)
		if got := p.withCookie(cookie, "GET", "/work", ""); got.status != http.StatusOK {
			t.Fatalf("at %s: %d %s", p.clock.now(), got.status, got.body)
		}
	}
	p.clock.turn(8 * time.Hour)
	if got := p.withCookie(cookie, "GET", "/work", ""); got.status != http.StatusSeeOther {
		t.Errorf("after a shift: %d", got.status)
	}
	if err := p.book.Erase(t.Context(), day0); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := p.db.QueryRowContext(t.Context(), "SELECT count(*) FROM office_session").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d sessions left, %v", left, err)
	}
}

func TestTheDatabaseAloneOpensNoSession(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	p.enter(second)
	var id string
	var sealed []byte
	if err := p.db.QueryRowContext(t.Context(), "SELECT id, sealed FROM office_session").Scan(&id, &sealed); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(sealed), "second.k") || strings.Contains(string(sealed), "eyJ") {
		t.Error("it can be read")
	}
	if got := p.withCookie("office="+id, "GET", "/work", ""); got.status != http.StatusSeeOther {
		t.Errorf("the row's name opens it: %d", got.status)
	}
}

func TestASignInThatWasNotBegunHereComesToNothing(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	path, door := p.atIssuer(second)
	_, other := p.atIssuer(shift)
	for name, cookie := range map[string]string{"none": "", "another one's": other.Value, "nonsense": "AAAA", "cut": door.Value[:40], "not base64": "%%%"} {
		headers := map[string]string{}
		if cookie != "" {
			headers["Cookie"] = "office_login=" + cookie
		}
		got := p.send(request{method: "GET", path: path, headers: headers})
		if got.status != http.StatusUnauthorized || got.cookies()["office"] != nil {
			t.Errorf("%s: %d %v", name, got.status, got.cookies())
		}
	}
	p.clock.turn(11 * time.Minute)
	if got := p.send(request{method: "GET", path: path, headers: map[string]string{"Cookie": "office_login=" + door.Value}}); got.status != http.StatusUnauthorized {
		t.Errorf("too late: %d", got.status)
	}
}

func TestAForeignPageCannotUseTheSession(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	p.record(someRecord("kotoka-1"))
	cookie := p.enter(shift)
	const drill = "booth=kotoka-1&target=portal&minutes=5"
	for _, test := range []struct {
		name, method, path string
		headers            map[string]string
		want               int
	}{
		{"its own page", "POST", "/drills", map[string]string{"Origin": p.office.URL}, http.StatusSeeOther},
		{"no origin", "POST", "/drills", nil, http.StatusForbidden},
		{"a foreign origin", "POST", "/drills", map[string]string{"Origin": "https://evil.example"}, http.StatusForbidden},
		{"no origin to be named", "POST", "/drills", map[string]string{"Origin": "null"}, http.StatusForbidden},
		{"the same host over TLS", "POST", "/drills", map[string]string{"Origin": strings.Replace(p.office.URL, "http:", "https:", 1)}, http.StatusForbidden},
		{"another port", "POST", "/drills", map[string]string{"Origin": "http://127.0.0.1:1"}, http.StatusForbidden},
		{"a link of a foreign page", "GET", "/drills", map[string]string{"Sec-Fetch-Site": "cross-site"}, http.StatusForbidden},
		{"a picture on a page of the same site", "GET", "/drills", map[string]string{"Sec-Fetch-Site": "same-site"}, http.StatusForbidden},
		{"typed by the user", "GET", "/drills", map[string]string{"Sec-Fetch-Site": "none"}, http.StatusOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			headers := map[string]string{"Cookie": cookie}
			for k, v := range test.headers {
				headers[k] = v
			}
			body := ""
			if test.method == "POST" {
				body = drill
			}
			if got := p.send(request{method: test.method, path: test.path, body: body, headers: headers}); got.status != test.want {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	if got := decode[[]office.Drill](t, p.send(request{method: "GET", path: "/v1/drills", token: p.token(shift)})); len(got) != 1 {
		t.Errorf("%d drills were ordered", len(got))
	}
}

func TestTheProfileOfASessionIsChosen(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	cookie := p.enter(several)
	if got := p.withCookie(cookie, "GET", "/work", ""); got.status != http.StatusConflict || !strings.Contains(got.body, `action="/profile"`) || strings.Contains(got.body, `value="gone"`) {
		t.Errorf("without a choice: %d %s", got.status, got.body)
	}
	if got := p.withCookie(cookie, "POST", "/profile", "profile=law-enforcement"); got.status != http.StatusForbidden {
		t.Errorf("another's: %d", got.status)
	}
	for profile, sees := range map[string]bool{"narrow": false, "second-line": true} {
		if got := p.withCookie(cookie, "POST", "/profile", "profile="+profile); got.status != http.StatusSeeOther {
			t.Fatalf("%d %s", got.status, got.body)
		}
		if got := p.withCookie(cookie, "GET", "/work", ""); got.status != http.StatusOK || strings.Contains(got.body, p.item) != sees {
			t.Errorf("%s: %d %s", profile, got.status, got.body)
		}
	}
}

func TestCookiesAreForTLSOnlyWhereThereIsTLS(t *testing.T) {
	p := newPlace(t, openSQLite(t), func(o *office.Options) { o.URL = "https://central.example:8476" })
	got := p.send(request{method: "GET", path: "/login/start", headers: map[string]string{"Host": "central.example:8476"}})
	if c := got.cookies()["office_login"]; c == nil || !c.Secure || !c.HttpOnly {
		t.Errorf("%d %v", got.status, c)
	}
	if got.header.Get("Strict-Transport-Security") == "" || !strings.Contains(got.header.Get("Location"), url.QueryEscape("https://central.example:8476/login/return")) {
		t.Errorf("%v", got.header)
	}
}
