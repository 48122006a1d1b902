package office_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/cmd/centrald/office"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/signin"
)

const anyRole = ""

// all is every route with the role that it needs and a request that reaches it.
var all = []struct{ role, method, path, body string }{
	{anyRole, "GET", "/", ""}, {anyRole, "GET", "/v1/me", ""}, {anyRole, "POST", "/logout", ""},
	{office.RoleSupervisor, "GET", "/flow", ""}, {office.RoleSupervisor, "GET", "/v1/flow", ""},
	{office.RoleSupervisor, "GET", "/systems", ""}, {office.RoleSupervisor, "GET", "/v1/systems", ""},
	{office.RoleSupervisor, "GET", "/v1/booths", ""}, {office.RoleSupervisor, "GET", "/drills", ""},
	{office.RoleSupervisor, "GET", "/v1/drills", ""}, {office.RoleSupervisor, "GET", "/v1/copies", ""},
	{office.RoleSupervisor, "POST", "/drills", "booth=kotoka-1&target=portal&minutes=5"},
	{office.RoleSupervisor, "POST", "/v1/drills", `{"booth":"kotoka-1","target":"EES","minutes":5}`},
	{office.RoleSecondLine, "GET", "/work", ""}, {office.RoleSecondLine, "GET", "/v1/work", ""},
	{office.RoleSecondLine, "POST", "/work/{item}/take", ""}, {office.RoleSecondLine, "POST", "/v1/work/{item}/take", ""},
	{office.RoleSecondLine, "POST", "/work/{item}/return", ""}, {office.RoleSecondLine, "POST", "/v1/work/{item}/return", ""},
	{office.RoleSecondLine, "POST", "/links/{link}/verify", "colour=white&why=married"},
	{office.RoleSecondLine, "POST", "/v1/links/{link}/verify", `{"colour":"white","why":"married"}`},
	{office.RoleLawEnforcement, "GET", "/cases", ""}, {office.RoleLawEnforcement, "GET", "/v1/cases", ""},
	{office.RoleLawEnforcement, "POST", "/cases", openingForm}, {office.RoleLawEnforcement, "POST", "/v1/cases", openingJSON},
	{office.RoleLawEnforcement, "GET", "/cases/{case}", ""}, {office.RoleLawEnforcement, "GET", "/v1/cases/{case}", ""},
	{office.RoleLawEnforcement, "POST", "/cases/{case}/access", "system=EES"}, {office.RoleLawEnforcement, "POST", "/v1/cases/{case}/access", `{"system":"EES"}`},
	{office.RoleLawEnforcement, "POST", "/cases/{case}/decline", "system=EES&reason=solved"},
	{office.RoleLawEnforcement, "POST", "/v1/cases/{case}/decline", `{"system":"VIS","reason":"solved"}`},
	{office.RoleLawEnforcement, "POST", "/cases/{case}/close", ""}, {office.RoleLawEnforcement, "POST", "/v1/cases/{case}/close", ""},
	{office.RoleDataProtection, "GET", "/access-log", ""}, {office.RoleDataProtection, "POST", "/access-log/proof", "seq=&hash="},
	{office.RoleDataProtection, "POST", "/v1/access-log/proof", "{}"},
	{office.RoleDataProtection, "POST", "/access-log/export", "from=2026-03-01T00:00&to=2026-03-03T00:00&recipient=supervisor"},
	{office.RoleDataProtection, "POST", "/v1/access-log/export", `{"from":"2026-03-01T00:00:00Z","to":"2026-03-03T00:00:00Z","recipient":"supervisor"}`},
	{office.RoleDataProtection, "GET", "/releases", ""}, {office.RoleDataProtection, "GET", "/v1/releases", ""},
	{office.RoleDataProtection, "POST", "/releases", "system=EES&entry=E1&kind=own&to=unit&purpose=p&legal_basis=l&field=names"},
	{office.RoleDataProtection, "POST", "/v1/releases", `{"system":"EES","entry":"E1","kind":"own","to":"unit","purpose":"p","legal_basis":"l","fields":["names"]}`},
}

// sections are words that only the pages of a role have.
var sections = map[string][]string{
	office.RoleSupervisor: {"/flow", "/systems", "/drills"}, office.RoleSecondLine: {"/work"},
	office.RoleLawEnforcement: {"/cases"}, office.RoleDataProtection: {"/access-log", "/releases"},
}

func (p *place) filled(path, id string) string {
	return strings.NewReplacer("{item}", p.item, "{link}", p.link, "{case}", id).Replace(path)
}

func TestEveryRouteIsOpenToItsRoleAndToNoOther(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	p.record(someRecord("kotoka-1"))
	opened := decode[struct{ ID string }](t, p.send(request{method: "POST", path: "/v1/cases", body: openingJSON, token: p.token(law)}))
	for _, o := range []signin.Officer{nobody, booths, shift, second, law, protects} {
		for _, r := range all {
			t.Run(o.ID+" "+r.method+" "+r.path, func(t *testing.T) {
				got := p.send(request{method: r.method, path: p.filled(r.path, opened.ID), body: r.body, token: p.token(o)})
				may := r.role == anyRole || slices.Contains(o.Roles, r.role)
				if may == (got.status == http.StatusForbidden) || got.status >= 500 || got.status == http.StatusNotFound {
					t.Errorf("%d, may %t: %s", got.status, may, got.body)
				}
				for role, words := range sections {
					if slices.Contains(o.Roles, role) {
						continue
					}
					for _, w := range words {
						if strings.Contains(got.body, `"`+w+`"`) {
							t.Errorf("it tells of %s", w)
						}
					}
				}
			})
		}
	}
}

func TestNobodyGetsInWithoutAGoodToken(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	old := p.token(shift)
	stranger := newPlace(t, openSQLite(t)).token(shift)
	p.clock.turn(time.Hour)
	for name, token := range map[string]string{"no token": "", "an expired one": old, "a stranger's": stranger, "a forged one": p.token(shift)[:200] + "AAAA", "nonsense": "x"} {
		for _, r := range all {
			got := p.send(request{method: r.method, path: p.filled(r.path, "X"), body: r.body, token: token})
			want := http.StatusUnauthorized
			if r.method == "GET" && !strings.HasPrefix(r.path, "/v1/") {
				want = http.StatusSeeOther
			}
			if got.status != want || strings.Contains(got.body, "EES") {
				t.Errorf("%s %s with %s: %d %s", r.method, r.path, name, got.status, got.body)
			}
		}
	}
}

// TestEveryRequestIsInTheAccessLog also proves that what is refused is logged as refused.
func TestEveryRequestIsInTheAccessLog(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := newPlace(t, db)
		tests := []struct {
			who     signin.Officer
			request request
			deed    string
			refused string
		}{
			{shift, request{method: "GET", path: "/v1/flow"}, "see the flow", ""},
			{second, request{method: "GET", path: "/v1/flow"}, "see the flow", "role"},
			{second, request{method: "POST", path: "/v1/work/" + p.item + "/take"}, "take work", ""},
			{second, request{method: "POST", path: "/v1/work/elsewhere/take"}, "take work", "no-link"},
			{protects, request{method: "GET", path: "/v1/releases"}, "see the releases", ""},
		}
		for _, test := range tests {
			test.request.token = p.token(test.who)
			p.send(test.request)
			got := must(p.access.Recent(t.Context(), 1))(t)[0]
			if got.Officer != test.who.ID || got.Detail["deed"] != test.deed || got.Detail["refused"] != test.refused {
				t.Errorf("%s %s: %+v", test.request.method, test.request.path, got)
			}
		}
		if got := must(p.access.Recent(t.Context(), 3))(t); got[2].Detail["item"] != "elsewhere" || got[2].Profile != "second-line" {
			t.Errorf("%+v", got[2])
		}
	})
}

func TestNothingIsAnsweredThatCannotBeLogged(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	p.access.Close()
	for _, r := range all {
		o := map[string]signin.Officer{anyRole: nobody, office.RoleSupervisor: shift, office.RoleSecondLine: second, office.RoleLawEnforcement: law, office.RoleDataProtection: protects}[r.role]
		got := p.send(request{method: r.method, path: p.filled(r.path, "X"), body: r.body, token: p.token(o)})
		if got.status != http.StatusServiceUnavailable {
			t.Errorf("%s %s: %d %s", r.method, r.path, got.status, got.body)
		}
	}
}

func TestPartsThatAreNotThereHaveNoRoutes(t *testing.T) {
	p := newPlace(t, openSQLite(t), func(o *office.Options) {
		o.Flow, o.Links, o.Cases, o.Releases, o.Alerts, o.Copies = nil, nil, nil, nil, nil, nil
	})
	everything := signin.Officer{ID: "all", Roles: []string{office.RoleSupervisor, office.RoleSecondLine, office.RoleLawEnforcement, office.RoleDataProtection}}
	for _, path := range []string{"/flow", "/work", "/cases", "/releases", "/v1/cases", "/v1/flow", "/v1/copies"} {
		if got := p.send(request{method: "GET", path: path, token: p.token(everything)}); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	if got := p.send(request{method: "GET", path: "/systems", token: p.token(everything)}); got.status != http.StatusOK || strings.Contains(got.body, "Copies at booths") {
		t.Errorf("without an inventory: %d %s", got.status, got.body)
	}
	home := p.send(request{method: "GET", path: "/", token: p.token(everything)})
	if home.status != http.StatusOK || strings.Contains(home.body, "/cases") || !strings.Contains(home.body, "/systems") {
		t.Errorf("%d %s", home.status, home.body)
	}
}

func TestAnOfficeWithoutWhatItNeedsIsNotMade(t *testing.T) {
	var opt office.Options
	newPlace(t, openSQLite(t), func(o *office.Options) { opt = *o })
	for _, address := range []string{"https://central.example:8476", "http://127.0.0.1:8476", "http://localhost", ""} {
		opt.URL = address
		if _, err := office.New(opt); err != nil {
			t.Error(err)
		}
	}
	for _, address := range []string{"http://central.example", "https://central.example/office", "ftp://localhost", "central.example", "https://"} {
		opt.URL = address
		if _, err := office.New(opt); err == nil {
			t.Errorf("%s is taken", address)
		}
	}
	if _, err := office.New(office.Options{}); err == nil {
		t.Error("an office without parts")
	}
}

func TestHeadersKeepThePagesToThemselves(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	for _, path := range []string{"/", "/login", "/style.css", "/v1/me", "/elsewhere", "/flow"} {
		h := p.send(request{method: "GET", path: path, token: p.token(shift)}).header
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") ||
			h.Get("Cache-Control") != "no-store" || h.Get("X-Frame-Options") != "DENY" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, h)
		}
	}
	for _, host := range []string{"evil.example", "127.0.0.1.evil.example", "evil.example:80"} {
		if got := p.send(request{method: "GET", path: "/login", headers: map[string]string{"Host": host}}); got.status != http.StatusMisdirectedRequest {
			t.Errorf("host %s: %d", host, got.status)
		}
	}
}
