package office_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"boothd/sync/grant"
	"boothd/sync/signin"
	"boothd/sync/system"
)

// described reads the OpenAPI document as the office serves it.
func described(t *testing.T, p *place) (*openapi3.T, routers.Router) {
	t.Helper()
	openapi3filter.RegisterBodyDecoder("application/jsonl", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/yaml", openapi3filter.FileBodyDecoder)
	doc := must(openapi3.NewLoader().LoadFromData([]byte(p.send(request{method: "GET", path: "/v1/openapi.yaml"}).body)))(t)
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: p.office.URL}}
	return doc, must(legacy.NewRouter(doc))(t)
}

// conforms sends a request and holds it and its response against the document.
func (p *place) conforms(router routers.Router, q request, valid bool) (reply, string) {
	p.t.Helper()
	r := must(http.NewRequestWithContext(p.t.Context(), q.method, p.office.URL+q.path, strings.NewReader(q.body)))(p.t)
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	route, params, err := router.FindRoute(r)
	if err != nil {
		p.t.Fatalf("%s %s is not in the document: %v", q.method, q.path, err)
	}
	in := &openapi3filter.RequestValidationInput{Request: r, Route: route, PathParams: params,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
	if err := openapi3filter.ValidateRequest(context.Background(), in); (err == nil) != valid {
		p.t.Errorf("request %s %s %s: %v, want valid %t", q.method, q.path, q.body, err, valid)
	}
	got := p.send(q)
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: got.status, Header: got.header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true}}
	out.SetBodyBytes([]byte(got.body))
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		p.t.Errorf("response %d to %s %s: %v\n%s", got.status, q.method, q.path, err, got.body)
	}
	if got.status < 300 != valid {
		p.t.Errorf("%s %s %s: %d %s", q.method, q.path, q.body, got.status, got.body)
	}
	return got, route.Operation.OperationID
}

func TestOpenAPIDocumentTellsTheTruth(t *testing.T) {
	p := newPlace(t, openSQLite(t))
	p.crowd()
	p.record(someRecord("kotoka-1"))
	p.record(reported("kotoka-1", "D1"))
	p.holds("kotoka-1", day0, copyOf("sis-persons", 7, day0), copyOf("sltd", 3, day0.Add(-50*time.Hour)))
	doc, router := described(t, p)
	tried := map[string]bool{}
	id := ""
	permission := p.grantFor(grant.DeedRelease, grant.Prosecutor, nil, "C1234567", "UTO")
	access := p.grantFor(grant.DeedAccess, grant.Judicial, []string{system.EES}, "L898902C3", "UTO")
	for _, test := range []struct {
		who                signin.Officer
		method, path, body string
		valid              bool
	}{
		{nobody, "GET", "/v1/openapi.yaml", "", true},
		{several, "GET", "/v1/me", "", true}, {nobody, "GET", "/v1/me", "", true},
		{shift, "GET", "/v1/flow", "", true}, {shift, "GET", "/v1/flow?hours=3&ahead=0", "", true}, {shift, "GET", "/v1/flow?hours=0", "", false},
		{shift, "GET", "/v1/systems", "", true}, {shift, "GET", "/v1/booths", "", true}, {shift, "GET", "/v1/copies", "", true},
		{shift, "POST", "/v1/drills", `{"booth":"kotoka-1","target":"SIS","minutes":120}`, true},
		{shift, "POST", "/v1/drills", `{"booth":"kotoka-1","target":"SIS","minutes":121}`, false},
		{shift, "POST", "/v1/drills", `{"booth":"-x","target":"SIS","minutes":1}`, false},
		{shift, "POST", "/v1/drills", `{"booth":"kotoka-1","target":"SIS","minutes":1,"more":1}`, false},
		{shift, "GET", "/v1/drills", "", true},
		{second, "GET", "/v1/work", "", true},
		{second, "POST", "/v1/work/{item}/take", "", true}, {second, "POST", "/v1/work/{item}/return", "", true},
		{second, "POST", "/v1/links/{link}/verify", `{"colour":"yellow","why":"x"}`, false},
		{second, "POST", "/v1/links/{link}/verify", `{"colour":"white","why":"married"}`, true},
		{second, "GET", "/v1/work", "", true},
		{law, "POST", "/v1/cases", `{"aim":"curiosity","offence":"serious","file":"F","named":"name","person":{}}`, false},
		{law, "POST", "/v1/cases", openingJSON, true},
		{law, "GET", "/v1/cases", "", true}, {law, "GET", "/v1/cases/{case}", "", true},
		{law, "POST", "/v1/cases/{case}/access", `{"grant":"x"}`, false},
		{law, "POST", "/v1/cases/{case}/access", `{"system":"EES","grant":"` + access + `"}`, true},
		{law, "POST", "/v1/cases/{case}/decline", `{"system":"VIS"}`, false},
		{law, "POST", "/v1/cases/{case}/decline", `{"system":"VIS","reason":"solved"}`, true},
		{law, "POST", "/v1/cases/{case}/close", "", true},
		{protects, "POST", "/v1/access-log/proof", `{}`, true},
		{protects, "POST", "/v1/access-log/proof", `{"seq":1,"hash":"` + strings.Repeat("0", 64) + `"}`, true},
		{protects, "POST", "/v1/access-log/proof", `{"seq":0,"hash":"xyz"}`, false},
		{protects, "POST", "/v1/access-log/export", `{"from":"2026-03-01T00:00:00Z","to":"2026-03-03T00:00:00Z","recipient":"x"}`, true},
		{protects, "POST", "/v1/access-log/export", `{"from":"yesterday","to":"2026-03-03T00:00:00Z","recipient":"x"}`, false},
		{protects, "POST", "/v1/releases", `{"system":"EES","entry":"C1","kind":"law-enforcement","to":"Police","purpose":"p","legal_basis":"l","fields":["names","documents","face"],"grant":"` + permission + `"}`, true},
		{protects, "POST", "/v1/releases", `{"system":"EES","entry":"E1","kind":"own","to":"unit","purpose":"p","legal_basis":"l","fields":["shoe_size"]}`, false},
		{protects, "GET", "/v1/releases", "", true},
		{protects, "GET", "/v1/releases?from=2026-03-01T00:00:00Z&to=2026-03-03T00:00:00Z", "", true},
		{protects, "GET", "/v1/releases?from=x", "", false},
	} {
		got, operation := p.conforms(router, request{method: test.method, path: p.filled(test.path, id), body: test.body, token: p.token(test.who)}, test.valid)
		tried[operation] = true
		if operation == "openCase" && test.valid {
			id = decode[struct{ ID string }](t, got).ID
		}
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if !tried[op.OperationID] {
				t.Errorf("%s %s was not tried", method, path)
			}
		}
	}
	for _, r := range all {
		if !strings.HasPrefix(r.path, "/v1/") {
			continue
		}
		req := must(http.NewRequest(r.method, p.office.URL+p.filled(r.path, "X"), nil))(t)
		if _, _, err := router.FindRoute(req); err != nil {
			t.Errorf("%s %s: %v", r.method, r.path, err)
		}
	}
}
