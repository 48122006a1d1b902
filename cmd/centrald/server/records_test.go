package server_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/accesslog"
	"boothd/cmd/centrald/release"
	"boothd/cmd/centrald/simulate"
	"boothd/localmatch/gallery"
	recipients "boothd/sync/exchange"
	"boothd/sync/portal"
	"boothd/sync/system"
)

func TestACrossingIsRecordedWhicheverRecordComesFirst(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		in := p.start()
		booth := p.booth(in.url)
		entered, decided := p.item(1, outcome(t, 21, true)), p.item(2, disposition(t, 21, capture.OutcomeClear))
		for _, item := range []portal.Item{decided, entered, decided, entered} {
			p.report(booth, item)
		}
		facts := map[capture.FactCode]string{}
		for _, f := range ask(t, booth, query(t, 21, "first-line", system.EES))[system.EES].Facts {
			facts[f.Code] = f.Value
		}
		if facts[capture.FactPresence] != "inside" || facts[capture.FactFallback] != "1" {
			t.Errorf("after the entry: %v", facts)
		}
	})
}

// until waits for something that nothing signals.
func until(t *testing.T, what string, there func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !there() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal(what)
		}
	}
}

// logged returns the entries of the access log for which is true, newest first.
func logged(t *testing.T, in *instance, is func(*accesslog.Entry) bool) []accesslog.Entry {
	t.Helper()
	all, err := in.Access.Recent(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(e accesslog.Entry) bool { return !is(&e) })
}

func TestACheckMadeOfflineIsAskedAboutUntilEverySystemHasAnswered(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		in := p.start()
		if err := in.Registers[system.SIS].Put(t.Context(), alert(21)); err != nil {
			t.Fatal(err)
		}
		if err := in.systems[system.SIS].Set(simulate.Behaviour{Failure: simulate.FailureError}); err != nil {
			t.Fatal(err)
		}
		booth := p.booth(in.url)
		r := outcome(t, 21, true)
		r.Officer.Profile.Systems[capture.ModalityDocument] = []string{system.SIS}
		p.report(booth, p.item(1, r))
		until(t, "the check was not replayed", func() bool {
			return len(logged(t, in, func(e *accesslog.Entry) bool {
				return len(e.Answers) == 1 && e.Answers[0].State == capture.StateUnavailable
			})) > 0
		})
		if err := in.systems[system.SIS].Set(simulate.Behaviour{}); err != nil {
			t.Fatal(err)
		}
		if a := next(t, events(t, booth)); a.Cause != portal.CauseReplayed || a.Check != "check-21" {
			t.Errorf("alert %+v", a)
		}
	})
}

func TestEveryAnswerIsInTheAccessLogAlsoALateOne(t *testing.T) {
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
		ask(t, booth, query(t, 21, "first-line", system.SIS, system.VIS))
		next(t, events(t, booth)) // what it tells of is in the log by now
		asked := logged(t, in, func(e *accesslog.Entry) bool { return e.Kind == accesslog.KindQuery })
		answered := logged(t, in, func(e *accesslog.Entry) bool { return e.Kind == accesslog.KindAnswered })
		if len(asked) != 1 || len(answered) != 2 {
			t.Fatalf("%d queries, %d entries with answers", len(asked), len(answered))
		}
		var late []accesslog.Entry
		for _, e := range answered {
			for _, a := range e.Answers {
				if e.Query != asked[0].Query || a.At.IsZero() {
					t.Errorf("answer %+v of query %s", a, e.Query)
				}
				if a.Late {
					late = append(late, e)
				}
			}
		}
		if len(late) != 1 || late[0].Officer != "officer-1" || len(late[0].Answers) != 1 || late[0].Answers[0].System != system.SIS ||
			late[0].Answers[0].State != capture.StateHit {
			t.Errorf("late: %+v", late)
		}
	})
}

func TestReleasesAreErasedWithTheAccessLog(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		first := p.start()
		_, _, err := first.Releases.Release(t.Context(), release.Request{
			ID: "release-1", Officer: "officer-1", To: "somebody", Kind: recipients.Private, Purpose: "none", LegalBasis: "none", System: system.SIS,
			Fields: []release.Field{release.FieldNames}, Entry: gallery.Entry{ID: "alert-21"},
		})
		if err == nil {
			t.Fatal("released to a private person")
		}
		kept := func(in *instance) int {
			all, err := in.Releases.Between(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		if n := kept(first); n != 1 {
			t.Fatalf("%d decisions were recorded", n)
		}
		if _, err := first.DB.Exec("UPDATE sweep SET due = 0"); err != nil { // an hour later
			t.Fatal(err)
		}
		first.stop()
		p.config.Retention.AccessLog = 1 // a nanosecond
		second := p.start()
		until(t, "the decision was not erased", func() bool { return kept(second) == 0 })
	})
}

func TestAnEntryThatIsNewIsToldOfAsIfTheSystemHadBeenAsked(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		for i := range p.config.Systems {
			if p.config.Systems[i].Name == "national" {
				p.config.Systems[i].Needs = map[string]string{"arrest": "judicial"}
			}
		}
		in := p.start()
		booth := p.booth(in.url)
		p.report(booth, p.item(1, outcome(t, 21, false)))
		remembered(t, in)
		e := alert(21)
		e.Names = []string{"DOE, JANE"}
		e.BirthDates = []string{time.Now().AddDate(-10, 0, 0).Format(time.DateOnly)}
		if err := in.Registers["national"].Put(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		told := next(t, events(t, booth)).Answer
		asked := ask(t, booth, query(t, 21, "first-line", "national"))["national"]
		if len(told.Findings) != 1 || !reflect.DeepEqual(told.Findings, asked.Findings) {
			t.Errorf("told %+v, asked %+v", told.Findings, asked.Findings)
		}
		if f := told.Findings[0]; f.Needs != "judicial" || !f.Minor || f.Category+f.Action+f.Name != "" || len(f.Explanation) > 0 {
			t.Errorf("told %+v", f)
		}
	})
}
