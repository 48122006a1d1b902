package search

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/sync/grant"
	"boothd/sync/system"
)

// grants lets one text count for what it covers.
type grants struct {
	mu     sync.Mutex
	covers grant.Want
	wanted []grant.Want
	back   int // how often it was given back
}

func (g *grants) GiveBack(context.Context, string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.back++
	return nil
}

func (g *grants) Use(_ context.Context, text string, want grant.Want) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wanted = append(g.wanted, want)
	if text != "signed" || want != g.covers {
		return "", errors.New("does not cover it")
	}
	return "grant-1", nil
}

func TestASystemThatNeedsAGrantIsAskedWithAVerifiedOneOnly(t *testing.T) {
	judicial := grant.Want{Authority: grant.Judicial, Deed: grant.DeedQuery, System: "Europol", Subject: "subject"}
	with := func(change func(*grant.Want)) grant.Want {
		w := judicial
		change(&w)
		return w
	}
	for _, test := range []struct {
		name   string
		text   string
		covers grant.Want
		asked  bool
	}{
		{"a grant that counts", "signed", judicial, true},
		{"no grant", "", judicial, false},
		{"a forged grant", "forged", judicial, false},
		{"another authority's", "signed", with(func(w *grant.Want) { w.Authority = grant.HighRank }), false},
		{"for another deed", "signed", with(func(w *grant.Want) { w.Deed = grant.DeedAccess }), false},
		{"for another system", "signed", with(func(w *grant.Want) { w.System = "Eurodac" }), false},
		{"for another person", "signed", with(func(w *grant.Want) { w.Subject = "other" }), false},
		{"for the traveller by the other way to name one", "signed", with(func(w *grant.Want) { w.Subject = "by name" }), true},
		{"for nobody", "signed", with(func(w *grant.Want) { w.Subject = "" }), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var l questions
			s := searcher(t, Options{Systems: []System{{Name: "Europol", Adapter: adapter(l.ask)}}, Grants: &grants{covers: test.covers}})
			req := documentRequest(everything("Europol"), "Europol")
			req.Profile.Systems[0].Grant = "judicial"
			req.Query.Grant, req.Subjects = test.text, []string{"", "subject", "by name"}
			told := ""
			req.Granted = func(system, grant string) { told = system + " " + grant }
			a := one(t, s, req)
			if test.asked != (told == "Europol grant-1") {
				t.Errorf("told of the grant %q", told)
			}
			if asked := len(l.all) == 1 && l.all[0].Grant == "grant-1" && a.State == capture.StateNoHit; asked != test.asked {
				t.Errorf("%s after %d questions", a.State, len(l.all))
			}
			if !test.asked && (a.State != capture.StateUnavailable || a.Reason != "needs an authorisation: judicial" || len(a.Findings)+len(l.all) > 0) {
				t.Errorf("%s, %q after %d questions", a.State, a.Reason, len(l.all))
			}
		})
	}
}

func TestNoGrantCountsWhereNobodyVerifiesThem(t *testing.T) {
	var l questions
	s := searcher(t, Options{Systems: []System{{Name: "SIS", Adapter: adapter(l.ask)}}})
	req := documentRequest(everything("SIS"), "SIS")
	req.Profile.Systems[0].Grant, req.Query.Grant = "high_rank", "signed"
	if a := one(t, s, req); a.Reason != "needs an authorisation: high_rank" || len(l.all) > 0 {
		t.Errorf("%q after %d questions", a.Reason, len(l.all))
	}
}

func TestAGrantIsUsedWhereTheSystemHoldsSomethingBackAndNowhereElse(t *testing.T) {
	covers := grant.Want{Authority: grant.Judicial, Deed: grant.DeedQuery, System: "SIS", Subject: "subject"}
	g := &grants{covers: covers}
	var l questions
	s := searcher(t, Options{Grants: g, Systems: []System{
		{Name: "SIS", Adapter: adapter(l.ask), Opens: grant.Judicial},
		{Name: "VIS", Adapter: adapter(l.ask), Opens: grant.HighRank},
		{Name: "EES", Adapter: adapter(l.ask)},
	}})
	req := documentRequest(everything("SIS", "VIS", "EES"), "SIS", "VIS", "EES")
	req.Query.Grant = "signed"
	if n := len(search(t, s, req)); n != 3 || len(l.all) != 3 {
		t.Fatalf("%d answers, %d questions", n, len(l.all))
	}
	for _, q := range l.all {
		if want := map[string]string{"SIS": "grant-1"}[q.System]; q.Grant != want {
			t.Errorf("%s is told grant %q", q.System, q.Grant)
		}
	}
	if slices.ContainsFunc(g.wanted, func(w grant.Want) bool { return w.System == "EES" }) {
		t.Error("a grant was used for a system that holds nothing back")
	}
}

func TestNoGrantIsUsedUpForAQuestionThatIsNotAsked(t *testing.T) {
	g := &grants{}
	s := searcher(t, Options{Grants: g, Systems: []System{{Name: system.Europol, Adapter: replying(noHit)}}})
	req := documentRequest(everything(system.Europol), system.Europol)
	req.Profile.Systems[0].Grant, req.Query.Grant = "judicial", "signed"
	req.Query.Evidence.Document.Zone = mrz.Zone{}
	if a := one(t, s, req); a.State != capture.StateUnavailable || len(g.wanted) > 0 {
		t.Errorf("%s, grants wanted %v", a.State, g.wanted)
	}
}

func TestAGrantIsGivenBackIfNoAnswerWasGiven(t *testing.T) {
	failing := adapter(func(context.Context, system.Question) (system.Reply, error) {
		return system.Reply{}, errors.New("cut off")
	})
	found := system.Reply{State: capture.StateHit, Findings: []capture.Finding{{Entry: "e", State: capture.StateHit, Score: 1}}}
	for _, test := range []struct {
		name    string
		adapter system.Adapter
		late    bool // late findings are taken
		back    int
	}{
		{"an answer", replying(noHit), false, 0},
		{"a system that fails", failing, false, 1},
		{"a system that cannot say", replying(system.Reply{State: capture.StateUnavailable, Reason: "maintenance"}), false, 1},
		{"a system that is silent", adapter(silent), false, 1},
		{"a finding that comes late and is told", after(2*time.Second, found), true, 0},
		{"nothing found, late, which nobody is told", after(2*time.Second, noHit), true, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &grants{covers: grant.Want{Authority: grant.Judicial, Deed: grant.DeedQuery, System: "Europol", Subject: "subject"}}
				opt := Options{Grants: g, Systems: []System{{Name: "Europol", Adapter: test.adapter, Deadline: time.Second, Linger: 5 * time.Second}}}
				if test.late {
					opt.Late = func(context.Context, Request, capture.Answer) {}
				}
				s := searcher(t, opt)
				req := documentRequest(everything("Europol"), "Europol")
				req.Profile.Systems[0].Grant, req.Query.Grant = "judicial", "signed"
				one(t, s, req)
				time.Sleep(10 * time.Second) // of the test's clock: whoever is awaited has come
				synctest.Wait()
				g.mu.Lock()
				defer g.mu.Unlock()
				if len(g.wanted) != 1 || g.back != test.back {
					t.Errorf("used %d times, given back %d times, want %d", len(g.wanted), g.back, test.back)
				}
			})
		})
	}
}
