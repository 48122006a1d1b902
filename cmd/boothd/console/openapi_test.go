package console_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/cmd/boothd/console"
)

// described reads the OpenAPI document as the console serves it.
func described(t *testing.T, b *booth) (*openapi3.T, routers.Router) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(b.send(t, request{method: "GET", path: "/api/v1/openapi.yaml"}).body)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: b.URL}}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return doc, router
}

// TestOpenAPIDocumentTellsTheTruth sends every request of the document, in every state of
// the desk, and holds requests and responses against it.
func TestOpenAPIDocumentTellsTheTruth(t *testing.T) {
	b := serve(t, func(cfg *console.Config) { cfg.Status = statusOf(cutStatus()) })
	b.images["C1/face-1"] = image{"image/jpeg", portraitJPEG()}
	doc, router := described(t, b)
	asked := map[string]bool{}
	conforms := func(t *testing.T, q request, valid bool) reply {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), q.method, b.URL+q.path, strings.NewReader(q.body))
		if err != nil {
			t.Fatal(err)
		}
		if q.body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		route, params, err := router.FindRoute(r)
		if err != nil {
			t.Fatalf("%s %s is not in the document: %v", q.method, q.path, err)
		}
		in := &openapi3filter.RequestValidationInput{Request: r, Route: route, PathParams: params,
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
		if err := openapi3filter.ValidateRequest(context.Background(), in); (err == nil) != valid {
			t.Errorf("request %s %s %s: %v, want valid %t", q.method, q.path, q.body, err, valid)
		}
		got := b.send(t, q)
		out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: got.status, Header: got.header,
			Options: &openapi3filter.Options{IncludeResponseStatus: true}}
		out.SetBodyBytes(got.body)
		if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
			t.Errorf("response %d to %s %s: %v\n%s", got.status, q.method, q.path, err, got.body)
		}
		if got.status < 300 != valid && !strings.HasSuffix(q.path, "readyz") {
			t.Errorf("%s %s %s: %d %s", q.method, q.path, q.body, got.status, got.body)
		}
		asked[route.Operation.OperationID] = true
		return got
	}

	for name, v := range map[string]check.View{"empty": {}, "started": started(), "collecting": collecting(), "decided": decided(capture.OutcomeClear),
		"stopped": stopped(), "fingered": fingered(), "fingers": fourFingers(), "discreet": discreet(), "incomplete": incomplete(), "alerted": alerted(closed()), "linked": linked(), "inspected": inspected(t, "cloned"), "chipless": chipless(t, capture.MissingNoChip, "")} {
		t.Run("view of a desk that is "+name, func(t *testing.T) {
			b.show(v)
			for _, who := range []string{token, clearedToken, narrowToken} {
				got := conforms(t, request{method: "GET", path: "/api/v1/view", token: who}, true)
				if strings.Contains(string(got.body), `"rest"`) {
					t.Errorf("the page is sent what is not for it: %s", got.body)
				}
			}
		})
	}
	b.show(alerted(decided(capture.OutcomeClear)))
	for _, q := range []request{
		{method: "POST", path: "/api/v1/session", body: `{"token":"` + token + `"}`, headers: b.own()},
		{method: "GET", path: "/api/v1/session"},
		{method: "GET", path: "/api/v1/status"},
		{method: "GET", path: "/api/v1/openapi.yaml"},
		{method: "POST", path: "/api/v1/checks"},
		{method: "POST", path: "/api/v1/checks/C1/zone", body: `{"lines":["A<B","C<D"]}`},
		{method: "POST", path: "/api/v1/checks/C1/missing-finger", body: `{"reason":"permanent"}`},
		{method: "POST", path: "/api/v1/checks/C1/missing-finger", body: `{"reason":"temporary","fingers":[2,3]}`},
		{method: "POST", path: "/api/v1/checks/C1/retake", body: `{"modality":"finger","finger":10}`},
		{method: "POST", path: "/api/v1/checks/C1/missing-chip", body: `{"reason":"silent"}`},
		{method: "POST", path: "/api/v1/checks/C1/access-number", body: `{"number":"012345"}`},
		{method: "POST", path: "/api/v1/checks/C1/retake", body: `{"modality":"chip"}`},
		{method: "POST", path: "/api/v1/checks/C1/conclude"},
		{method: "POST", path: "/api/v1/checks/C1/disposition", body: `{"decision":"clear"}`},
		{method: "POST", path: "/api/v1/checks/C1/abandon", body: `{"why":"left"}`},
		{method: "GET", path: "/api/v1/checks/C1/images/face-1"},
		{method: "DELETE", path: "/api/v1/alerts/A1"},
		{method: "POST", path: "/api/v1/checks/C1/identify", body: `{"ground":"no_document"}`},
		{method: "POST", path: "/api/v1/checks/C1/grant", body: `{"grant":"a.b.c"}`},
		{method: "POST", path: "/api/v1/links/L1/verify", body: `{"colour":"white","why":"married"}`},
		{method: "POST", path: "/api/v1/exchange", body: handedOver("ngo", "Art 38", false)},
		{method: "DELETE", path: "/api/v1/session"},
		{method: "GET", path: "/healthz"}, {method: "GET", path: "/readyz"}, {method: "GET", path: "/metrics"},
	} {
		q.token = clearedToken
		conforms(t, q, true)
	}
	for _, q := range []request{
		{method: "POST", path: "/api/v1/checks/C1/zone", body: `{"lines":[]}`},
		{method: "POST", path: "/api/v1/checks/C1/zone", body: `{"lines":["A"],"more":1}`},
		{method: "POST", path: "/api/v1/checks/C1/missing-finger", body: `{"reason":"lost"}`},
		{method: "POST", path: "/api/v1/checks/C1/missing-chip", body: `{"reason":"eaten"}`},
		{method: "POST", path: "/api/v1/checks/C1/access-number", body: `{"number":"12345"}`},
		{method: "POST", path: "/api/v1/checks/C1/retake", body: `{}`},
		{method: "POST", path: "/api/v1/checks/C1/disposition", body: `{"decision":"incomplete"}`},
		{method: "POST", path: "/api/v1/checks/C1/abandon", body: `{"why":""}`},
		{method: "POST", path: "/api/v1/checks/C1/identify", body: `{"ground":"curiosity"}`},
		{method: "POST", path: "/api/v1/checks/C1/grant", body: `{"grant":"a b"}`},
		{method: "POST", path: "/api/v1/links/L1/verify", body: `{"colour":"yellow","why":"x"}`},
		{method: "POST", path: "/api/v1/exchange", body: handedOver("private", "", false)},
	} {
		q.token = token
		conforms(t, q, false)
	}

	signInConforms(t, b.URL, router, asked)

	// The pictures of a camera do not end by themselves; other tests look at them.
	asked["preview"] = true
	// The event stream does not end by itself; its events are held against the schemas.
	l := b.listen(t, clearedToken)
	asked["events"] = true
	for _, want := range []struct{ event, schema string }{{"view", "View"}, {"status", "BoothStatus"}} {
		data, ok := l.next(want.event)
		if !ok {
			t.Fatal("the stream ended")
		}
		if err := doc.Components.Schemas[want.schema].Value.VisitJSON(decodeJSON(t, data)); err != nil {
			t.Errorf("event %s: %v", want.event, err)
		}
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if !asked[op.OperationID] {
				t.Errorf("%s %s was not tried", method, path)
			}
		}
	}
}

// TestOpenAPIDocumentHoldsEveryPath knows the console's paths from the outside.
func TestOpenAPIDocumentHoldsEveryPath(t *testing.T) {
	b := serve(t)
	_, router := described(t, b)
	for _, p := range paths {
		r, err := http.NewRequest(p.method, b.URL+p.path, io.NopCloser(strings.NewReader("")))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := router.FindRoute(r); err != nil {
			t.Errorf("%s %s: %v", p.method, p.path, err)
		}
	}
}

// signInConforms holds the sign-in at an issuer, which another booth has, against the
// document, whose server is at the origin.
func signInConforms(t *testing.T, origin string, router routers.Router, asked map[string]bool) {
	t.Helper()
	s := serveIssuer(t)
	b := serve(t, s.signsIn(t, 0))
	path, door := b.walk(t, "boris")
	back := b.follow(t, path, door)
	failedPath, failedDoor := b.walk(t, "carla")
	failed := b.follow(t, failedPath, failedDoor)
	headers := func(door string) map[string]string {
		h := b.own()
		h["Cookie"] = "boothd_login=" + door
		return h
	}
	for _, q := range []request{
		{method: "GET", path: "/api/v1/login"},
		{method: "GET", path: "/api/v1/login", headers: headers(failed.cookies()["boothd_login"])},
		{method: "GET", path: "/api/v1/login", headers: headers(back.cookies()["boothd_login"])},
		{method: "GET", path: "/api/v1/login/start"},
		{method: "GET", path: "/api/v1/login/return?state=a&code=b"},
		{method: "POST", path: "/api/v1/login/profile", body: `{"profile":"elsewhere"}`, headers: headers(back.cookies()["boothd_login"])},
		{method: "POST", path: "/api/v1/login/profile", body: `{"profile":"first-line"}`, headers: headers(back.cookies()["boothd_login"])},
	} {
		r, err := http.NewRequestWithContext(t.Context(), q.method, origin+q.path, strings.NewReader(q.body))
		if err != nil {
			t.Fatal(err)
		}
		if q.body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		route, params, err := router.FindRoute(r)
		if err != nil {
			t.Fatalf("%s %s is not in the document: %v", q.method, q.path, err)
		}
		in := &openapi3filter.RequestValidationInput{Request: r, Route: route, PathParams: params,
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			t.Errorf("request %s %s: %v", q.method, q.path, err)
		}
		got := b.send(t, q)
		out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: got.status, Header: got.header,
			Options: &openapi3filter.Options{IncludeResponseStatus: true}}
		out.SetBodyBytes(got.body)
		if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
			t.Errorf("response %d to %s %s: %v\n%s", got.status, q.method, q.path, err, got.body)
		}
		asked[route.Operation.OperationID] = true
	}
}
