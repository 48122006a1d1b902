package console

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
)

func TestSessionEndsAfterAShift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sessions
		id := s.open(session{officer: capture.Officer{ID: "officer-7"}, ends: time.Now().Add(sessionLifetime)})
		time.Sleep(sessionLifetime - time.Second)
		if o, ok := s.find(id); !ok || o.ID != "officer-7" {
			t.Errorf("before the end: %v %t", o, ok)
		}
		time.Sleep(time.Second)
		if o, ok := s.find(id); ok || o.ID != "" {
			t.Errorf("after the end: %v %t", o, ok)
		}
	})
}

func TestOldestSessionMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sessions
		var ids []string
		for range maxSessions + 1 {
			ids = append(ids, s.open(session{officer: capture.Officer{ID: "officer-7"}, ends: time.Now().Add(sessionLifetime)}))
			time.Sleep(time.Second)
		}
		if _, ok := s.find(ids[0]); ok {
			t.Error("the oldest session is still there")
		}
		for _, id := range ids[1:] {
			if _, ok := s.find(id); !ok {
				t.Error("a younger session is gone")
			}
		}
	})
}

func TestFailuresAreForgottenOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f failures
		time.Sleep(time.Hour)
		for range maxFailures {
			if f.wait() != 0 {
				t.Fatal("waits too early")
			}
			f.add()
		}
		if got := f.wait(); got != failureExpiry {
			t.Errorf("waits %v, want %v", got, failureExpiry)
		}
		time.Sleep(failureExpiry)
		if got := f.wait(); got != 0 {
			t.Errorf("still waits %v", got)
		}
		f.add()
		if got := f.wait(); got != failureExpiry {
			t.Errorf("after one more waits %v, want %v", got, failureExpiry)
		}
		time.Sleep(maxFailures * failureExpiry)
		f.add()
		if f.count != 1 {
			t.Errorf("%d failures are remembered, want 1", f.count)
		}
	})
}

func TestStatusIsPolledAndShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		if st, _ := b.latest(); st != nil {
			t.Errorf("status before the first: %v", st)
		}
		_, news := b.latest()
		b.put(BoothStatus{Booth: "K7"})
		<-news
		if st, _ := b.latest(); st == nil || st.Booth != "K7" {
			t.Errorf("status %v", st)
		}
	})
}

// FuzzBody decodes bodies of every kind. Whatever is taken keeps the limits.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		"", "null", "{}", "[]", `"`, `{"lines":["P<UTO"]}`, `{"lines":["A","B","C","D"]}`, `{"lines":null}`,
		`{"lines":["\u0000"]}`, `{"reason":"permanent"}`, `{"reason":1}`, `{"modality":"finger"}`, `{"modality":"iris"}`,
		`{"decision":"clear"}`, `{"decision":"stop","why":"x"}`, `{"decision":"stop","why":"\u0085"}`, `{"why":"left"}`,
		`{"why":" "}`, `{"token":"t"}`, `{"token":"t"} `, `{"token":"t"}{}`, `{"Token":"t"}`, `{"token":"t","token":""}`,
		strings.Repeat("[", 9000), `{"why":"` + strings.Repeat("é", 501) + `"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		try := func(body interface{ check() error }) bool {
			r := httptest.NewRequest("POST", "/", bytes.NewReader(data))
			r.Header.Set("Content-Type", "application/json")
			err := decode(httptest.NewRecorder(), r, body)
			var p *problem
			if err != nil && (!errors.As(err, &p) || p.Status < http.StatusBadRequest || p.Status > 499) {
				t.Fatalf("%T: %v is no refusal", body, err)
			}
			return err == nil
		}
		var zone zoneBody
		if try(&zone) && (len(zone.Lines) == 0 || len(zone.Lines) > maxLines || len(strings.Join(zone.Lines, "")) > maxLines*maxLine) {
			t.Errorf("zone %q", zone.Lines)
		}
		var decision dispositionBody
		if try(&decision) && (decision.Decision == "" || decision.Decision == capture.OutcomeIncomplete || len(decision.Why) > 4*maxWhy) {
			t.Errorf("decision %q %q", decision.Decision, decision.Why)
		}
		var end abandonBody
		if try(&end) && (end.Why == "" || end.Why != strings.TrimSpace(end.Why)) {
			t.Errorf("why %q", end.Why)
		}
		var login loginBody
		if try(&login) && (login.Token == "" || len(login.Token) > maxToken) {
			t.Errorf("token of %d bytes", len(login.Token))
		}
		try(&missingBody{})
		try(&retakeBody{})
	})
}

func TestADrillOfASystemIsToldToThoseWhoseProfileNamesIt(t *testing.T) {
	p := capture.Profile{Systems: map[capture.Modality][]string{capture.ModalityDocument: {"SIS"}}}
	for target, want := range map[string]bool{"portal": true, "SIS": true, "Europol": false} {
		st := shownStatus(BoothStatus{Drill: &Drill{Target: target}}, capture.Officer{Profile: p})
		if (st.Drill != nil) != want {
			t.Errorf("%s: %+v", target, st.Drill)
		}
	}
}
