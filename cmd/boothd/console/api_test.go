package console_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/capture/mrz"
	"boothd/cmd/boothd/console"
	"boothd/sync/outbox"
)

func TestEveryDeedReachesTheDesk(t *testing.T) {
	b := serve(t)
	b.show(alerted(decided(capture.OutcomeClear)))
	tests := []struct {
		name, method, path, body string
		status                   int
		call                     string
	}{
		{"a check is started for the officer who asks", "POST", "checks", "", 201, "start officer-7"},
		{"a zone is typed", "POST", "checks/C1/zone", `{"lines":["A<B","C<D"]}`, 204, `zone C1 ["A<B" "C<D"]`},
		{"a finger is missing", "POST", "checks/C1/missing-finger", `{"reason":"temporary"}`, 204, "miss C1 temporary"},
		{"a document has no chip", "POST", "checks/C1/missing-chip", `{"reason":"no_chip"}`, 204, "miss chip C1 no_chip by officer-7"},
		{"a chip is silent", "POST", "checks/C1/missing-chip", `{"reason":"silent"}`, 204, "miss chip C1 silent by officer-7"},
		{"a chip's access number is typed", "POST", "checks/C1/access-number", `{"number":"012345"}`, 204, "access number C1 012345"},
		{"some fingers are missing", "POST", "checks/C1/missing-finger", `{"reason":"permanent","fingers":[2,3]}`, 204, "miss C1 [2 3] permanent"},
		{"a finger is taken again", "POST", "checks/C1/retake", `{"modality":"finger","finger":3}`, 204, "retake C1 3"},
		{"a chip is inspected again", "POST", "checks/C1/retake", `{"modality":"chip"}`, 204, "retake C1 chip"},
		{"a capture is repeated", "POST", "checks/C1/retake", `{"modality":"face"}`, 204, "retake C1 face"},
		{"a check is concluded", "POST", "checks/C1/conclude", "", 204, "conclude C1"},
		{"a decision names who decided", "POST", "checks/C1/disposition", `{"decision":"refer","why":" nervous "}`, 204, `dispose C1 refer "nervous" by officer-7`},
		{"a check is abandoned", "POST", "checks/C1/abandon", `{"why":"left"}`, 204, `abandon C1 "left"`},
		{"an alert is dismissed", "DELETE", "alerts/A1", "", 204, "dismiss A1 by officer-7"},
		{"somebody is identified", "POST", "checks/C1/identify", `{"ground":"doubt_on_holder","best_interests":" lost "}`, 204, `identify C1 doubt_on_holder "lost" by officer-7`},
		{"an authorisation is attached", "POST", "checks/C1/grant", `{"grant":"a.b.c\n"}`, 204, "grant C1 a.b.c"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := b.send(t, request{method: test.method, path: "/api/v1/" + test.path, body: test.body, token: token})
			if call := b.last(); got.status != test.status || call != test.call {
				t.Errorf("%d %s and the desk did %q, want %d and %q", got.status, got.body, call, test.status, test.call)
			}
		})
	}
}

func TestBodiesAreRefused(t *testing.T) {
	b := serve(t)
	long := strings.Repeat("x", 501)
	tests := []struct{ name, path, body, code string }{
		{"nothing at all", "checks/C1/zone", "", "not-json"},
		{"only blanks", "checks/C1/zone", "  ", "bad-request"},
		{"no JSON", "checks/C1/zone", "lines", "bad-request"},
		{"an unknown key", "checks/C1/zone", `{"lines":["A"],"extra":1}`, "bad-request"},
		{"two objects", "checks/C1/zone", `{"lines":["A"]}{"lines":["A"]}`, "bad-request"},
		{"null", "checks/C1/zone", "null", "bad-request"},
		{"no lines", "checks/C1/zone", `{"lines":[]}`, "bad-request"},
		{"too many lines", "checks/C1/zone", `{"lines":["A","B","C","D"]}`, "bad-request"},
		{"a line that is too long", "checks/C1/zone", `{"lines":["` + long[:65] + `"]}`, "bad-request"},
		{"a line with a control character", "checks/C1/zone", `{"lines":["A\u0007"]}`, "bad-request"},
		{"a body that is too large", "checks/C1/zone", `{"lines":["` + strings.Repeat("A", 9<<10) + `"]}`, "too-large"},
		{"an unknown reason", "checks/C1/missing-finger", `{"reason":"lost"}`, "bad-request"},
		{"the exemption of children, which is not the officer's to state", "checks/C1/missing-finger", `{"reason":"not_applicable"}`, "bad-request"},
		{"a chip missing for no known reason", "checks/C1/missing-chip", `{"reason":"eaten"}`, "bad-request"},
		{"a chip missing for no reason", "checks/C1/missing-chip", `{}`, "bad-request"},
		{"an access number of five digits", "checks/C1/access-number", `{"number":"12345"}`, "bad-request"},
		{"an access number of seven digits", "checks/C1/access-number", `{"number":"1234567"}`, "bad-request"},
		{"an access number with a letter", "checks/C1/access-number", `{"number":"12345O"}`, "bad-request"},
		{"an access number that is no text", "checks/C1/access-number", `{"number":123456}`, "bad-request"},
		{"an eleventh finger", "checks/C1/missing-finger", `{"reason":"permanent","fingers":[11]}`, "bad-request"},
		{"a finger that no hand has", "checks/C1/retake", `{"modality":"finger","finger":-1}`, "bad-request"},
		{"a finger of a portrait", "checks/C1/retake", `{"modality":"face","finger":2}`, "bad-request"},
		{"an unknown modality", "checks/C1/retake", `{"modality":"iris"}`, "bad-request"},
		{"incomplete as a decision", "checks/C1/disposition", `{"decision":"incomplete"}`, "bad-request"},
		{"a reason that is too long", "checks/C1/disposition", `{"decision":"stop","why":"` + long + `"}`, "bad-request"},
		{"a reason with a line break", "checks/C1/disposition", `{"decision":"stop","why":"a\nb"}`, "bad-request"},
		{"a ground that the law does not know", "checks/C1/identify", `{"ground":"curiosity"}`, "bad-request"},
		{"an authorisation that is no signed text", "checks/C1/grant", `{"grant":"a b"}`, "bad-request"},
		{"an authorisation that is too long", "checks/C1/grant", `{"grant":"` + strings.Repeat("A", 70<<10) + `"}`, "too-large"},
		{"a link left yellow", "links/l-1/verify", `{"colour":"yellow","why":"x"}`, "bad-request"},
		{"a link verified for no reason", "links/l-1/verify", `{"colour":"red","why":""}`, "bad-request"},
		{"an exchange of no bundle", "exchange", `{"bundle":"12","files":1,"bytes":1,"recipient":"r","kind":"own","key":"k"}`, "bad-request"},
		{"abandoning for no reason", "checks/C1/abandon", `{"why":"  "}`, "bad-request"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := b.send(t, request{method: "POST", path: "/api/v1/" + test.path, body: test.body, token: token})
			if got.code() != test.code {
				t.Errorf("%d %s, want %s", got.status, got.body, test.code)
			}
			if call := b.last(); call != "" {
				t.Errorf("the desk did %q", call)
			}
		})
	}
}

func TestErrorsOfTheDeskBecomeSentences(t *testing.T) {
	b := serve(t)
	b.show(decided(capture.OutcomeClear))
	const secret = "ERIKSSON L898902C3"
	tests := []struct {
		err          error
		status       int
		code, detail string
	}{
		{check.ErrOpen, 409, "check-open", ""},
		{check.ErrNoCheck, 404, "no-check", ""},
		{check.ErrWrongPhase, 409, "wrong-phase", ""},
		{check.ErrNotDecided, 409, "not-decided", ""},
		{check.ErrWhyNeeded, 422, "why-needed", ""},
		{check.ErrBadInput, 422, "not-allowed", ""},
		{check.ErrNoDocument, 409, "no-document", ""},
		{check.ErrNoEvidence, 409, "no-evidence", ""},
		{check.ErrNotPermitted, 403, "not-permitted", ""},
		{check.ErrChild, 422, "child", ""},
		{fmt.Errorf("%w: %w", check.ErrGrant, errors.New(secret)), 422, "grant", ""},
		{fmt.Errorf("%w: %w", check.ErrNotKept, errors.New(secret)), 507, "not-kept", ""},
		{fmt.Errorf("%w: line 2", mrz.ErrNoZone), 422, "no-zone", ""},
		{&check.RefusedError{Reason: &outbox.LimitError{Limit: outbox.LimitDisk, Text: secret}}, 503, "check-refused", "The booth's disk is nearly full."},
		{&check.RefusedError{Reason: &outbox.LimitError{Limit: outbox.LimitBytes, Text: secret}}, 503, "check-refused", "Too many records wait to be sent to central."},
		{&check.RefusedError{Reason: &outbox.LimitError{Limit: outbox.LimitAge, Text: secret}}, 503, "check-refused", "A record has waited too long to be sent to central."},
		{&check.RefusedError{Reason: errors.New(secret)}, 503, "check-refused", "Its record could not be stored."},
		{errors.New(secret), 500, "internal", ""},
	}
	for _, test := range tests {
		t.Run(test.code, func(t *testing.T) {
			b.err = test.err
			got := b.send(t, request{method: "POST", path: "/api/v1/checks/C1/disposition", body: `{"decision":"clear"}`, token: token})
			if got.status != test.status || got.code() != test.code || !strings.Contains(string(got.body), test.detail) {
				t.Errorf("%d %s, want %d %s %q", got.status, got.body, test.status, test.code, test.detail)
			}
			if strings.Contains(string(got.body), secret) {
				t.Errorf("the officer reads the error's text: %s", got.body)
			}
		})
	}
}

func TestPicturesOfTheOpenCheck(t *testing.T) {
	b := serve(t)
	b.images["C1/face-1"] = image{"image/jpeg", []byte("picture")}
	b.images["C1/odd-1"] = image{"text/html", []byte("<script>")}
	got := b.send(t, request{method: "GET", path: "/api/v1/checks/C1/images/face-1", token: token})
	if got.status != 200 || string(got.body) != "picture" || got.header.Get("Content-Type") != "image/jpeg" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("picture: %d %v %s", got.status, got.header, got.body)
	}
	for _, path := range []string{"C1/images/face-2", "C2/images/face-1", "C1/images/odd-1"} {
		if got := b.send(t, request{method: "GET", path: "/api/v1/checks/" + path, token: token}); got.code() != "no-image" {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}

func TestProbesAndFiguresNeedNoToken(t *testing.T) {
	b := serve(t)
	tests := []struct {
		path   string
		status int
		body   string
	}{
		{"/healthz", 200, "ok\n"},
		{"/readyz", 503, "no document reader\n"},
		{"/metrics", 200, "boothd_up 1\n"},
	}
	for _, test := range tests {
		if got := b.send(t, request{method: "GET", path: test.path}); got.status != test.status || string(got.body) != test.body {
			t.Errorf("%s: %d %q", test.path, got.status, got.body)
		}
	}
}

func TestWhatIsNotThereIsAProblemToo(t *testing.T) {
	b := serve(t)
	if got := b.send(t, request{method: "GET", path: "/api/v1/nothing", token: token}); got.code() != "no-such-path" {
		t.Errorf("unknown path: %d %s", got.status, got.body)
	}
	got := b.send(t, request{method: "PUT", path: "/api/v1/session", token: token})
	if got.code() != "method" || got.header.Get("Allow") != "DELETE, GET, POST" {
		t.Errorf("unknown method: %d, Allow %q", got.status, got.header.Get("Allow"))
	}
	for _, path := range []string{"/page/nothing.js", "/page/index.html", "/page/../openapi.yaml", "/nothing"} {
		if got := b.send(t, request{method: "GET", path: path}); got.status != 404 && got.status != 307 && got.status != 301 {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

func TestAPanicIsSurvivedAndTellsNothing(t *testing.T) {
	var log logged
	b := serve(t, func(cfg *console.Config) { cfg.Log = log.logger() })
	b.panics = true
	got := b.send(t, request{method: "POST", path: "/api/v1/checks/C1/abandon", body: `{"why":"TRAVELLER"}`, token: token})
	if got.code() != "internal" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if text := log.String(); !strings.Contains(text, "request panicked") || strings.Contains(text, "TRAVELLER") || strings.Contains(text, "C1") {
		t.Errorf("log: %s", text)
	}
	if got := b.send(t, request{method: "GET", path: "/api/v1/view", token: token}); got.status != http.StatusOK {
		t.Errorf("after the panic: %d", got.status)
	}
}

func TestOfficerSeesOnlyTheSystemsOfTheProfile(t *testing.T) {
	b := serve(t)
	b.show(alerted(stopped()))
	got := b.send(t, request{method: "GET", path: "/api/v1/view", token: narrowToken})
	for _, word := range []string{"SLTD", "VIS", "EES", "recommendation", `"stop"`} {
		if strings.Contains(string(got.body), word) {
			t.Errorf("an officer who may ask SIS only reads %s: %s", word, got.body)
		}
	}
	if !strings.Contains(string(got.body), `"SIS"`) {
		t.Errorf("SIS is missing: %s", got.body)
	}
	last := closed()
	last.Check.Recommendation.Reasons = []capture.Reason{{Outcome: capture.OutcomeStop, System: "VIS", Modality: doc, Text: "VIS has a hit on the document."}}
	b.show(last)
	if got := b.send(t, request{method: "GET", path: "/api/v1/view", token: narrowToken}); strings.Contains(string(got.body), "VIS") {
		t.Errorf("the closed check tells what another profile was shown: %s", got.body)
	}
	b.show(alerted(stopped()))
	got = b.send(t, request{method: "POST", path: "/api/v1/checks/C1/disposition", body: `{"decision":"clear"}`, token: narrowToken})
	if got.code() != "not-yours" || b.last() != "" {
		t.Errorf("deciding on a check that is not wholly shown: %d %s", got.status, got.body)
	}
	if got := b.send(t, request{method: "DELETE", path: "/api/v1/alerts/A1", token: narrowToken}); got.code() != "no-alert" {
		t.Errorf("dismissing an alert that is not shown: %d %s", got.status, got.body)
	}
}

func TestStatusLeavesOutWhatFindingsWeigh(t *testing.T) {
	b := serve(t, func(cfg *console.Config) { cfg.Status = statusOf(cutStatus()) })
	for who, want := range map[string]bool{token: false, clearedToken: true} {
		got := b.send(t, request{method: "GET", path: "/api/v1/status", token: who})
		if has := strings.Contains(string(got.body), `"bytes"`); got.status != 200 || has != want {
			t.Errorf("%s: %d, bytes shown %t: %s", who, got.status, has, got.body)
		}
	}
}
