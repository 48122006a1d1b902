package console_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/capture/policy"
	"boothd/cmd/boothd/console"
	"boothd/sync/portal"
)

// handedOver is an exchange as boothctl reports it.
func handedOver(kind, protocol string, minor bool) string {
	return fmt.Sprintf(`{"bundle":%q,"files":2,"bytes":4096,"recipient":"Red Cross, Geneva","kind":%q,"key":"k-1","protocol":%q,"minor":%t}`,
		strings.Repeat("ab", 32), kind, protocol, minor)
}

func TestAnExchangeIsRecordedOnlyIfItMayHappen(t *testing.T) {
	b := serve(t)
	tests := []struct {
		name, body, code string
		status           int
		call             string
	}{
		{"the own authority", handedOver("own", "", false), "", 204, "exchange with Red Cross, Geneva by officer-7"},
		{"a minor within the own authority", handedOver("own", "", true), "", 204, "exchange with Red Cross, Geneva by officer-7"},
		{"an organisation under a protocol", handedOver("ngo", "P-1", false), "", 204, "exchange with Red Cross, Geneva by officer-7"},
		{"an organisation without one", handedOver("ngo", "", false), "recipient", 422, ""},
		{"a minor without the prosecutor's permission", handedOver("law-enforcement", "", true), "recipient", 422, ""},
		{"a third country", handedOver("third-country", "", false), "recipient", 422, ""},
		{"a private company", handedOver("private", "", false), "recipient", 422, ""},
		{"nobody known", handedOver("friend", "", false), "recipient", 422, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := b.send(t, request{method: "POST", path: "/api/v1/exchange", body: test.body, token: token})
			if call := b.last(); got.status != test.status || got.code() != test.code || call != test.call {
				t.Errorf("%d %s and %q was recorded, want %d %s", got.status, got.body, call, test.status, test.code)
			}
		})
	}
	b.err = errors.New("disk full")
	if got := b.send(t, request{method: "POST", path: "/api/v1/exchange", body: handedOver("own", "", false), token: token}); got.code() != "not-kept" {
		t.Errorf("an exchange that could not be recorded: %d %s", got.status, got.body)
	}
}

func TestLinksAreVerifiedByTheSecondLine(t *testing.T) {
	b := serve(t)
	body := `{"colour":"green","why":"brothers"}`
	for who, token := range map[string]string{"first line": token, "police": policeToken} {
		if got := b.send(t, request{method: "POST", path: "/api/v1/links/L1/verify", body: body, token: token}); got.code() != "not-your-link" || b.last() != "" {
			t.Errorf("by the %s: %d %s", who, got.status, got.body)
		}
	}
	for _, test := range []struct {
		err    error
		status int
		code   string
	}{
		{nil, 204, ""},
		{fmt.Errorf("verify: %w", &portal.StatusError{Code: 403}), 403, "not-your-link"},
		{&portal.StatusError{Code: 404}, 404, "no-link"},
		{&portal.StatusError{Code: 409}, 409, "link-verified"},
		{&portal.StatusError{Code: 500}, 503, "central"},
		{errors.New("no route"), 503, "central"},
	} {
		b.err = test.err
		got := b.send(t, request{method: "POST", path: "/api/v1/links/L1/verify", body: body, token: clearedToken})
		if call := b.last(); got.status != test.status || got.code() != test.code || call != `verify L1 green "brothers" by officer-8` {
			t.Errorf("%v: %d %s, %q", test.err, got.status, got.body, call)
		}
	}
	alone := serve(t, func(cfg *console.Config) { cfg.Verify = nil })
	if got := alone.send(t, request{method: "POST", path: "/api/v1/links/L1/verify", body: body, token: clearedToken}); got.code() != "central" {
		t.Errorf("without a portal: %d %s", got.status, got.body)
	}
}

func TestLinksAndFactsNameNoSystemOutsideTheProfile(t *testing.T) {
	b := serve(t)
	v := linked()
	v.Check.Lines[0].System, v.Alerts = "SIS", []check.Alert{{ID: "A1", Check: "C0", Cause: check.CauseReplayed, Answer: func() capture.Answer {
		a := v.Check.Lines[0].Answer
		a.State, a.Findings = capture.StateHit, []capture.Finding{hitFinding()}
		a.System = "SIS"
		return a
	}()}}
	b.show(v)
	narrow := string(b.send(t, request{method: "GET", path: "/api/v1/view", token: narrowToken}).body)
	for _, word := range []string{"EES", "VIS", "SLTD", `"L1"`} {
		if strings.Contains(narrow, word) {
			t.Errorf("an officer who may ask SIS only reads %s: %s", word, narrow)
		}
	}
	if whole := string(b.send(t, request{method: "GET", path: "/api/v1/view", token: token}).body); !strings.Contains(whole, `"L1"`) || !strings.Contains(whole, `"holds"`) ||
		!strings.Contains(whole, "not verified yet") || strings.Contains(whole, `"L2"`) {
		t.Errorf("the officer of the check reads %s", whole)
	}
}

func TestWhatIsNotKnownIsToldOfTheOwnSystemsOnly(t *testing.T) {
	st := calmStatus()
	st.Unknown = []policy.Unknown{{System: "SIS", Why: "down"}, {System: "VIS", Why: "down"}}
	b := serve(t, func(cfg *console.Config) { cfg.Status = statusOf(st) })
	for who, want := range map[string][]bool{token: {true, true}, narrowToken: {true, false}} {
		body := string(b.send(t, request{method: "GET", path: "/api/v1/status", token: who}).body)
		_, unknown, _ := strings.Cut(body, `"unknown":`)
		if got := []bool{strings.Contains(unknown, `"SIS"`), strings.Contains(unknown, `"VIS"`)}; !slices.Equal(got, want) {
			t.Errorf("%s: unknown %s", who, unknown)
		}
	}
}

func TestAProfileThatIsNoLongerInForceAllowsNothing(t *testing.T) {
	var over atomic.Bool
	b := serve(t, func(cfg *console.Config) {
		cfg.InForce = func(o capture.Officer) capture.Officer {
			if over.Load() {
				o.Profile = capture.Profile{Name: o.Profile.Name}
			}
			return o
		}
	})
	b.show(discreet())
	l := b.listen(t, clearedToken)
	if data, _ := l.next("view"); !strings.Contains(data, `"discreet":true`) {
		t.Errorf("before: %s", data)
	}
	over.Store(true)
	b.show(stopped())
	for open := true; open; {
		var data string
		if data, open = l.next("view"); open && strings.Contains(data, "Wanted for arrest") {
			t.Error("a view came under a profile that is not in force")
		}
	}
	if got := b.send(t, request{method: "GET", path: "/api/v1/view", token: clearedToken}); strings.Contains(string(got.body), `"SIS"`) {
		t.Errorf("after: %s", got.body)
	}
}

// TestDiscreetAlertsAndLinksAreNotNoticedInTheStream raises alerts one after the other, some of
// them discreet, and adds discreet links; an officer without clearance receives the same
// events at the same steps as if these had never been there.
func TestDiscreetAlertsAndLinksAreNotNoticedInTheStream(t *testing.T) {
	at := time.Now()
	answer := func(entry string, hidden bool, links ...capture.Link) capture.Answer {
		f := hitFinding()
		f.Entry, f.Discreet = entry, hidden
		return capture.Answer{Evidence: "document-1", Modality: doc, System: "SIS", Source: "portal", State: capture.StateHit,
			Findings: []capture.Finding{f}, Links: links, AsOf: at, At: at, Late: true}
	}
	alert := func(id string, a capture.Answer) check.Alert {
		return check.Alert{ID: id, Check: "C0", Cause: check.CauseListUpdate, At: at, Answer: a}
	}
	base := decided(capture.OutcomeClear)
	view := func(alerts []check.Alert, links ...capture.Link) check.View {
		v, c := base, *base.Check
		c.Lines = slices.Clone(c.Lines)
		c.Lines[4].Answer.Links = links
		for _, l := range links {
			c.Lines[4].Links = append(c.Lines[4].Links, check.LinkView{Link: l, Meaning: l.Colour.Meaning()})
		}
		v.Check, v.Alerts = &c, alerts
		return v
	}
	open, hidden := alert("A1", answer("e1", false)), alert("A2", answer("e2", true))
	link := capture.Link{ID: "L1", Colour: capture.LinkYellow, Systems: []string{"SIS", "EES"}}
	secret := capture.Link{ID: "L2", Colour: capture.LinkRed, Systems: []string{"SIS", "VIS"}, Discreet: true}
	with := []check.View{view(nil), view([]check.Alert{hidden}), view([]check.Alert{hidden, open}), view([]check.Alert{hidden, open}, secret),
		view([]check.Alert{open}, secret, link), view([]check.Alert{open}, link)}
	without := []check.View{view(nil), view(nil), view([]check.Alert{open}), view([]check.Alert{open}), view([]check.Alert{open}, link), view([]check.Alert{open}, link)}
	received := func(views []check.View) (steps [][]string) {
		var step atomic.Int64
		b := serve(t, func(cfg *console.Config) {
			cfg.Status = func(context.Context) console.BoothStatus {
				return console.BoothStatus{Version: fmt.Sprint("step ", step.Load())}
			}
		})
		l := b.listen(t, token)
		for n, v := range views {
			b.show(v)
			step.Store(int64(n + 1))
			steps = append(steps, l.viewsUntil(fmt.Sprintf(`"step %d"`, n+1)))
		}
		return steps
	}
	veiled, plain := received(with), received(without)
	for n := 1; n < len(with); n++ { // at the first step the empty desk may still be seen, or not
		if !slices.Equal(veiled[n], plain[n]) {
			t.Errorf("step %d differs:\n%q\n%q", n+1, plain[n], veiled[n])
		}
	}
	for n, events := range []int{-1, 0, 1, 0, 1, 0} {
		if n > 0 && len(plain[n]) != events {
			t.Errorf("step %d brought %d events, want %d", n+1, len(plain[n]), events)
		}
	}
}

func TestARecordThatLeavesAtOnceIsNotNoticed(t *testing.T) {
	st := calmStatus()
	st.Outbox = console.Outbox{Depth: 1, Oldest: time.Now(), Checks: 1, ChecksOldest: time.Now()}
	b := serve(t, func(cfg *console.Config) { cfg.Status = statusOf(st) })
	for who, want := range map[string]string{token: `"depth":0`, clearedToken: `"depth":1`} {
		if got := b.send(t, request{method: "GET", path: "/api/v1/status", token: who}); !strings.Contains(string(got.body), want) {
			t.Errorf("%s reads %s, want %s", who, got.body, want)
		}
	}
}

func TestALateFindingThatWaitsIsNotCountedForTheUncleared(t *testing.T) {
	early := time.Now().Add(-time.Hour).Round(0)
	for name, waits := range map[string]struct {
		outbox console.Outbox
		want   string
	}{
		"beside checks": {console.Outbox{Depth: 3, Bytes: 9000, Oldest: early.Add(-time.Hour), Checks: 2, ChecksOldest: early}, `"depth":2,"oldest":"` + early.Format(time.RFC3339Nano) + `"`},
		"alone":         {console.Outbox{Depth: 1, Bytes: 3000, Oldest: early}, `"depth":0,"quarantined":0`},
	} {
		st := calmStatus()
		st.Outbox = waits.outbox
		b := serve(t, func(cfg *console.Config) { cfg.Status = statusOf(st) })
		if got := b.send(t, request{method: "GET", path: "/api/v1/status", token: token}); !strings.Contains(string(got.body), waits.want) {
			t.Errorf("%s: without clearance %s, want %s", name, got.body, waits.want)
		}
		want := fmt.Sprintf(`"depth":%d,"bytes":%d`, waits.outbox.Depth, waits.outbox.Bytes)
		if got := b.send(t, request{method: "GET", path: "/api/v1/status", token: clearedToken}); !strings.Contains(string(got.body), want) {
			t.Errorf("%s: cleared %s, want %s", name, got.body, want)
		}
	}
}

func TestAnUnknownGroundReachesNobody(t *testing.T) {
	b := serve(t)
	got := b.send(t, request{method: "POST", path: "/api/v1/checks/C1/identify", body: `{}`, token: token})
	if got.status != http.StatusBadRequest || b.last() != "" {
		t.Errorf("%d %s", got.status, got.body)
	}
}
