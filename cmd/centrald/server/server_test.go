package server_test

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/boothsim/demo"
	"boothd/cmd/centrald/accesslog"
	"boothd/cmd/centrald/flow"
	"boothd/cmd/centrald/identity"
	"boothd/cmd/centrald/simulate"
	"boothd/sync/portal"
	"boothd/sync/system"
)

func TestABoothIsAnsweredByEverySystemOfTheProfileAndNoOther(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		in := p.start()
		for _, name := range []string{system.SIS, system.Europol} {
			if err := in.Registers[name].Put(t.Context(), alert(21)); err != nil {
				t.Fatal(err)
			}
		}
		booth := p.booth(in.url)
		got := ask(t, booth, query(t, 21, "first-line"))
		if got[system.SIS].State != capture.StateHit || got[system.VIS].State != capture.StateNoHit {
			t.Errorf("SIS %+v, VIS %+v", got[system.SIS], got[system.VIS])
		}
		// The booth asked for Europol too; central was silent about it.
		if a := got[system.Europol]; a.State != capture.StateUnavailable || len(a.Findings) > 0 {
			t.Errorf("Europol %+v", a)
		}
		second := ask(t, booth, query(t, 21, "second-line", system.Europol))
		if second[system.Europol].State != capture.StateHit {
			t.Errorf("Europol for the second line: %+v", second[system.Europol])
		}
		entries, err := in.Access.Recent(t.Context(), 10)
		if err != nil || len(entries) != 4 {
			t.Fatalf("%d entries in the access log, %v", len(entries), err)
		}
		for _, e := range entries {
			for _, a := range e.Asked {
				if e.Profile == "first-line" && a.System == system.Europol {
					t.Error("the log says that Europol was asked")
				}
			}
		}
	})
}

func TestNobodyAsksInAnothersNameOrWithoutAProfile(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		in := p.start()
		q := query(t, 21, "first-line")
		var status *portal.StatusError
		for name, profile := range map[string]string{"no profile": "", "an unknown profile": "director"} {
			err := p.booth(in.url).Look(t.Context(), query(t, 21, profile), func(capture.Answer) {})
			if !errors.As(err, &status) || status.Code != http.StatusForbidden {
				t.Errorf("%s: %v", name, err)
			}
		}
		stranger, err := portal.New(portal.Options{URL: in.url, TLS: p.stranger(), Booth: demo.Booth, Systems: demo.PortalSystems()})
		if err != nil {
			t.Fatal(err)
		}
		defer stranger.Close()
		if err := stranger.Look(t.Context(), q, func(capture.Answer) {}); !errors.As(err, &status) || status.Code != http.StatusForbidden {
			t.Errorf("a stranger: %v", err)
		}
		q.Officer.Token = "a.b.c"
		if err := p.booth(in.url).Look(t.Context(), q, func(capture.Answer) {}); !errors.As(err, &status) || status.Code != http.StatusForbidden {
			t.Errorf("a token that is none: %v", err)
		}
	})
}

func TestALateFindingComesAsAnAlert(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		for i := range p.config.Systems {
			if p.config.Systems[i].Name == system.SIS {
				p.config.Systems[i].Deadline = 1 // a nanosecond: every answer is late
			}
		}
		in := p.start()
		if err := in.systems[system.SIS].Set(simulate.Behaviour{Latency: 50 * time.Millisecond}); err != nil {
			t.Fatal(err)
		}
		if err := in.Registers[system.SIS].Put(t.Context(), alert(21)); err != nil {
			t.Fatal(err)
		}
		booth := p.booth(in.url)
		if a := ask(t, booth, query(t, 21, "first-line", system.SIS))[system.SIS]; a.State != capture.StateUnavailable {
			t.Errorf("answer %+v", a)
		}
		a := next(t, events(t, booth))
		if a.Cause != portal.CauseLateAnswer || a.Check != "check-21" || a.Answer.State != capture.StateHit || a.Answer.Findings[0].Entry != "alert-21" {
			t.Errorf("alert %+v", a)
		}
	})
}

func TestACheckMadeOfflineIsAskedAboutWhenItComes(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		in := p.start()
		for _, n := range []int{21, 22} {
			if err := in.Registers[system.SIS].Put(t.Context(), alert(n)); err != nil {
				t.Fatal(err)
			}
		}
		booth := p.booth(in.url)
		known, unknown := outcome(t, 22, true), outcome(t, 21, true)
		for _, r := range []*capture.Record{known, unknown} {
			r.Officer.Profile.Systems[capture.ModalityDocument] = []string{system.SIS}
		}
		known.Answers = []capture.Answer{{System: system.SIS, Findings: []capture.Finding{{Entry: "alert-22", State: capture.StateHit}}}}
		p.report(booth, p.item(1, known), p.item(2, unknown))
		got := events(t, booth)
		if a := next(t, got); a.Cause != portal.CauseReplayed || a.Check != "check-21" {
			t.Errorf("alert %+v", a)
		}
		select {
		case e := <-got:
			t.Errorf("what the booth had found itself came again: %+v", e.Alert)
		default:
		}
	})
}

func TestAnEntryThatIsNewFindsWhoWasChecked(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		in := p.start()
		booth := p.booth(in.url)
		p.report(booth, p.item(1, outcome(t, 21, false)))
		remembered(t, in)
		if err := in.Registers[system.Europol].Put(t.Context(), alert(21)); err != nil { // not of the officer's profile
			t.Fatal(err)
		}
		if err := in.Registers["national"].Put(t.Context(), alert(21)); err != nil {
			t.Fatal(err)
		}
		a := next(t, events(t, booth))
		if a.Cause != portal.CauseListUpdate || a.Answer.System != "national" || a.Check != "check-21" {
			t.Errorf("alert %+v", a)
		}
	})
}

// remembered waits until a check is kept for looking back.
func remembered(t *testing.T, in *instance) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if n, err := in.Recent.Count(t.Context()); err != nil {
			t.Fatal(err)
		} else if n > 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the check was not remembered")
		}
	}
}

func TestWhoCrossesHasAFileAndDaysLeft(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		in := p.start()
		booth := p.booth(in.url)
		before := ask(t, booth, query(t, 21, "first-line", system.EES))[system.EES]
		p.report(booth, p.item(1, outcome(t, 21, true)), p.item(2, disposition(t, 21, capture.OutcomeClear)))
		after := ask(t, booth, query(t, 21, "first-line", system.EES))[system.EES]
		facts := map[capture.FactCode]string{}
		for _, f := range after.Facts {
			facts[f.Code] = f.Value
		}
		if len(before.Facts) != 1 || before.Facts[0].Value != "none" {
			t.Errorf("before the entry: %+v", before.Facts)
		}
		if facts[capture.FactPresence] != "inside" || facts[capture.FactDaysLeft] != "89" || facts[capture.FactFallback] != "1" {
			t.Errorf("after the entry: %v", facts)
		}
		if hours, err := in.Flow.Hours(t.Context(), "North", time.Now().Add(-time.Hour), time.Now().Add(time.Hour)); err != nil ||
			!slices.ContainsFunc(hours, func(h flow.Hour) bool { return h.Outcomes[capture.OutcomeClear].Few }) {
			t.Errorf("flow %+v, %v", hours, err)
		}
	})
}

func TestALinkIsShownAndVerifiedByTheSecondLine(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		in := p.start()
		booth := p.booth(in.url)
		if err := in.Registers[system.SIS].Put(t.Context(), alert(21)); err != nil {
			t.Fatal(err)
		}
		link(t, in)
		links := ask(t, booth, query(t, 21, "first-line", system.SIS, system.EES))[system.SIS].Links
		if len(links) != 1 || links[0].Colour != capture.LinkYellow || links[0].Work == "" {
			t.Fatalf("links %+v", links)
		}
		v := portal.Verification{
			Officer: "officer-2", Profile: "first-line", Link: links[0].ID, Colour: capture.LinkRed,
			Why: "the same person under two names, both passports at hand",
		}
		var status *portal.StatusError
		if err := booth.Verify(t.Context(), v); !errors.As(err, &status) || status.Code != http.StatusForbidden {
			t.Errorf("by the first line: %v", err)
		}
		v.Profile = "second-line"
		for range 2 {
			if err := booth.Verify(t.Context(), v); err != nil {
				t.Errorf("by the second line: %v", err)
			}
		}
		entries := logged(t, in, func(e *accesslog.Entry) bool { return e.Kind == "verification" })
		if len(entries) != 2 || entries[0].Officer != v.Officer || entries[0].Booth != demo.Booth || entries[0].Detail["link"] != v.Link {
			t.Errorf("in the access log: %+v", entries)
		}
		v.Colour = capture.LinkGreen
		if err := booth.Verify(t.Context(), v); !errors.As(err, &status) || status.Code != http.StatusConflict {
			t.Errorf("otherwise: %v", err)
		}
		links = ask(t, booth, query(t, 21, "first-line", system.SIS, system.EES))[system.SIS].Links
		if len(links) != 1 || links[0].Colour != capture.LinkRed {
			t.Errorf("links %+v", links)
		}
	})
}

// link links the alert on traveller 21 with a file of another name and the same finger.
func link(t *testing.T, in *instance) {
	t.Helper()
	same := []identity.Biometric{{Kind: "finger", Reference: "reference-1"}}
	sis := identity.Record{
		Member: identity.Member{System: system.SIS, Entry: "alert-21"}, Biometrics: same,
		Identity: identity.Identity{Surname: "ONE", GivenNames: "SOME", BirthDate: "1980-01-02", Nationality: "UTO", Sex: "F"},
	}
	ees := sis
	ees.Member, ees.Surname, ees.BirthDate = identity.Member{System: system.EES, Entry: "file-1"}, "OTHER", "1979-03-04"
	if err := in.Links.Detect(t.Context(), []identity.Record{sis, ees}); err != nil {
		t.Fatal(err)
	}
}

func TestDocumentsAreServedToBooths(t *testing.T) {
	p := newPlace(t, "")
	in := p.start()
	booth := p.booth(in.url)
	profiles, err := booth.Profiles(t.Context())
	if err != nil || len(profiles) != 3 {
		t.Errorf("%d profiles, %v", len(profiles), err)
	}
	if lists, err := booth.Revoked(t.Context()); err != nil || len(lists) != 1 {
		t.Errorf("%d lists of revoked grants, %v", len(lists), err)
	}
	if err := booth.Health(t.Context()); err != nil {
		t.Error(err)
	}
}

// Two instances share PostgreSQL; one of them is stopped in the middle of questions and
// deliveries. What it had acknowledged is there, and the other goes on.
func TestAnInstanceThatStopsLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		first, second := p.start(), p.start()
		if err := first.Registers[system.SIS].Put(t.Context(), alert(21)); err != nil {
			t.Fatal(err)
		}
		if err := first.systems[system.SIS].Set(simulate.Behaviour{Failure: simulate.FailureSilence}); err != nil {
			t.Fatal(err)
		}
		began := make(chan struct{})
		var asking sync.WaitGroup
		cut := map[string]capture.State{}
		asking.Go(func() {
			p.booth(first.url).Look(t.Context(), query(t, 21, "first-line", system.SIS, system.VIS), func(a capture.Answer) {
				cut[a.System] = a.State
				if a.System == system.VIS {
					close(began)
				}
			})
		})
		<-began
		item := p.item(1, outcome(t, 21, false))
		p.report(p.booth(first.url), item)
		first.stop()
		asking.Wait()
		if want := map[string]capture.State{system.VIS: capture.StateNoHit, system.SIS: capture.StateUnavailable}; !maps.Equal(cut, want) {
			t.Errorf("the question that was cut off: %v", cut)
		}
		booth := p.booth(second.url)
		if a := ask(t, booth, query(t, 21, "first-line", system.SIS))[system.SIS]; a.State != capture.StateHit {
			t.Errorf("asked again: %+v", a)
		}
		p.report(booth, item, p.item(2, disposition(t, 21, capture.OutcomeClear)))
		received, err := second.Intake.Received(t.Context())
		if err != nil || received.Records != 2 || received.Refused != 0 {
			t.Errorf("received %+v, %v", received, err)
		}
		if report, err := second.Access.Verify(t.Context()); err != nil {
			t.Errorf("access log %+v, %v", report, err)
		}
	})
}
