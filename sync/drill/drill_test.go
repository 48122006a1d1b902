package drill

import (
	"context"
	"crypto/ed25519"
	"errors"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
	"boothd/internal/signed"
)

func newKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func public(k ed25519.PrivateKey) []ed25519.PublicKey {
	return []ed25519.PublicKey{k.Public().(ed25519.PublicKey)}
}

func order(now time.Time) Order {
	return Order{ID: "d-1", Booth: "booth-1", Target: "VIS", Minutes: 10, By: "operations", Issued: now, Expires: now.Add(time.Hour)}
}

func TestOnlyAnOrderForThisBoothAndTimeIsOpened(t *testing.T) {
	key, now := newKey(t), time.Unix(1_900_000_000, 0).UTC()
	for _, test := range []struct {
		name   string
		change func(*Order)
		at     time.Time
		want   error
	}{
		{"as it was signed", func(*Order) {}, now, nil},
		{"at a booth whose clock is a little behind", func(*Order) {}, now.Add(-time.Minute), nil},
		{"another booth's", func(o *Order) { o.Booth = "booth-2" }, now, ErrNotMine},
		{"too late", func(*Order) {}, now.Add(time.Hour), ErrExpired},
		{"too early", func(*Order) {}, now.Add(-time.Hour), ErrExpired},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := order(now)
			test.change(&o)
			text, err := Sign(&o, key)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Open(text, public(key), "booth-1", test.at); !errors.Is(err, test.want) {
				t.Errorf("error = %v, want %v", err, test.want)
			}
			if _, err := Open(text, public(newKey(t)), "booth-1", test.at); !errors.Is(err, signed.ErrNotValid) {
				t.Errorf("with another key: %v", err)
			}
		})
	}
}

func TestAnOrderThatCannotBeIsNeitherSignedNorOpened(t *testing.T) {
	key, now := newKey(t), time.Unix(1_900_000_000, 0).UTC()
	for name, change := range map[string]func(*Order){
		"no id":                func(o *Order) { o.ID = "" },
		"no target":            func(o *Order) { o.Target = "all of them" },
		"no time":              func(o *Order) { o.Minutes = 0 },
		"for a whole night":    func(o *Order) { o.Minutes = MaxMinutes + 1 },
		"that counts for days": func(o *Order) { o.Expires = now.Add(48 * time.Hour) },
		"that never counts":    func(o *Order) { o.Expires = now },
	} {
		o := order(now)
		change(&o)
		if _, err := Sign(&o, key); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: signed: %v", name, err)
		}
		text, err := signed.Sign(Kind, o, key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(text, public(key), "booth-1", now); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: opened: %v", name, err)
		}
	}
}

// keeper keeps records in memory.
type keeper struct {
	mu      sync.Mutex
	records []*capture.Record
}

func (k *keeper) Ready(context.Context) error { return nil }

func (k *keeper) Record(_ context.Context, r *capture.Record) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.records = append(k.records, r)
	return nil
}

func (k *keeper) drills() []*capture.DrillReport {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []*capture.DrillReport
	for _, r := range k.records {
		if r.Kind == capture.RecordDrill {
			all = append(all, r.Drill)
		}
	}
	return all
}

// fixed is a source that always says the same.
type fixed []capture.Answer

func (fixed) Name() string { return "portal" }

func (f fixed) Systems(capture.Query) []string {
	var names []string
	for _, a := range f {
		names = append(names, a.System)
	}
	return names
}

func (f fixed) Look(_ context.Context, _ capture.Query, answer func(capture.Answer)) error {
	for _, a := range f {
		answer(a)
	}
	return nil
}

// booth is a player with what it works with.
type booth struct {
	*Player
	key   ed25519.PrivateKey
	keeps *keeper
}

// play runs a player in a bubble of virtual time until f returns.
func play(t *testing.T, f func(t *testing.T, b *booth)) {
	synctest.Test(t, func(t *testing.T) {
		key, keeps := newKey(t), &keeper{}
		p := New(Options{
			Booth: "booth-1", Place: "North", Keys: public(key), Recorder: keeps,
			Queued: func() int { return 3 }, Now: time.Now,
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- p.Run(ctx) }()
		f(t, &booth{p, key, keeps})
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func (b *booth) order(t *testing.T, id, target string) error {
	t.Helper()
	o := order(time.Now())
	o.ID, o.Target = id, target
	text, err := Sign(&o, b.key)
	if err != nil {
		t.Fatal(err)
	}
	return b.Follow(text)
}

// states asks a source and returns what an officer without clearance is shown.
func (b *booth) states(t *testing.T, cleared bool, s fixed) map[string]capture.State {
	t.Helper()
	got := map[string]capture.State{}
	err := b.Source(s).Look(t.Context(), capture.Query{}, func(a capture.Answer) { got[a.System] = a.Shown(cleared).State })
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func want(t *testing.T, got, want map[string]capture.State) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("states %v, want %v", got, want)
	}
}

var nothing = fixed{{System: "VIS", State: capture.StateNoHit, Facts: []capture.Fact{{Code: capture.FactVisa}}}, {System: "SIS", State: capture.StateNoHit}}

func TestADrillTakesItsSystemForDownUntilItsTimeIsOver(t *testing.T) {
	play(t, func(t *testing.T, b *booth) {
		want(t, b.states(t, false, nothing), map[string]capture.State{"VIS": "no_hit", "SIS": "no_hit"})
		if err := b.order(t, "d-1", "VIS"); err != nil {
			t.Fatal(err)
		}
		want(t, b.states(t, false, nothing), map[string]capture.State{"VIS": "unavailable", "SIS": "no_hit"})
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		want(t, b.states(t, false, nothing), map[string]capture.State{"VIS": "no_hit", "SIS": "no_hit"})
		if r := b.keeps.drills(); len(r) != 1 || r[0].Aborted || r[0].Ended.Sub(r[0].Began) != 10*time.Minute {
			t.Errorf("reports %+v", r)
		}
	})
}

func TestADrillOfTheLineTakesEverySystemForDown(t *testing.T) {
	play(t, func(t *testing.T, b *booth) {
		if err := b.order(t, "d-1", Portal); err != nil {
			t.Fatal(err)
		}
		want(t, b.states(t, true, nothing), map[string]capture.State{"VIS": "unavailable", "SIS": "unavailable"})
	})
}

// Central takes a record of a rehearsal for one that was made without a line if nothing tells them
// apart.
func TestWhatCouldNotBeAskedInEarnestIsNotARehearsal(t *testing.T) {
	play(t, func(t *testing.T, b *booth) {
		if err := b.order(t, "d-1", Portal); err != nil {
			t.Fatal(err)
		}
		down := capture.Answer{System: "SIS", State: capture.StateUnavailable, Reason: "no connection"}
		var got []capture.Answer
		err := b.Source(fixed{down, nothing[0]}).Look(t.Context(), capture.Query{}, func(a capture.Answer) { got = append(got, a) })
		if err != nil || len(got) != 2 {
			t.Fatalf("%d answers, %v", len(got), err)
		}
		if got[0].Rehearsed || got[0].Reason != down.Reason {
			t.Errorf("in earnest %+v", got[0])
		}
		if !got[1].Rehearsed || got[1].Reason != reasonPortal {
			t.Errorf("rehearsed %+v", got[1])
		}
	})
}

func TestADrillNeverHidesAHit(t *testing.T) {
	for name, found := range map[string]capture.Answer{
		"a hit":                               {State: capture.StateHit, Findings: []capture.Finding{{State: capture.StateHit}}},
		"a hit of which nothing more is told": {State: capture.StateHit},
		"a link that nobody has verified":     {State: capture.StateNoHit, Links: []capture.Link{{Colour: capture.LinkYellow}}},
		"a link to unlawful identities":       {State: capture.StateNoHit, Links: []capture.Link{{Colour: capture.LinkRed}}},
	} {
		t.Run(name, func(t *testing.T) {
			found.System = "VIS"
			play(t, func(t *testing.T, b *booth) {
				if err := b.order(t, "d-1", "VIS"); err != nil {
					t.Fatal(err)
				}
				want(t, b.states(t, false, fixed{found}), map[string]capture.State{"VIS": found.State})
				if r := b.keeps.drills(); len(r) != 1 || !r[0].Aborted || b.Status() != nil {
					t.Errorf("the drill goes on: %+v", r)
				}
			})
		})
	}
}

func TestADiscreetHitIsSeenByTheClearedAndDoesNotEndTheDrill(t *testing.T) {
	discreet := fixed{{
		System: "VIS", State: capture.StateHit, Findings: []capture.Finding{{State: capture.StateHit, Discreet: true}},
		Facts: []capture.Fact{{Code: capture.FactVisa}},
		Links: []capture.Link{{Colour: capture.LinkRed, Discreet: true}},
	}}
	play(t, func(t *testing.T, b *booth) {
		if err := b.order(t, "d-1", "VIS"); err != nil {
			t.Fatal(err)
		}
		want(t, b.states(t, true, discreet), map[string]capture.State{"VIS": "hit"})
		var shown []capture.Answer
		for _, s := range []fixed{discreet, nothing[:1]} {
			b.Source(s).Look(t.Context(), capture.Query{}, func(a capture.Answer) { shown = append(shown, a.Shown(false)) })
		}
		for _, a := range shown {
			if a.State != capture.StateUnavailable || a.Reason != reasonSystem || len(a.Facts)+len(a.Findings) > 0 {
				t.Errorf("shown to an officer without clearance: %+v", a)
			}
		}
		if b.Status() == nil {
			t.Error("the drill ended")
		}
	})
}

func TestTheReportTellsHowTheBoothBehaved(t *testing.T) {
	play(t, func(t *testing.T, b *booth) {
		if err := b.order(t, "d-1", "VIS"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		if s := b.Status(); s == nil || s.Target != "VIS" {
			t.Fatalf("status %+v", s)
		}
		kept := b.Recorder(b.keeps)
		for _, o := range []capture.Outcome{capture.OutcomeClear, capture.OutcomeIncomplete, capture.OutcomeIncomplete} {
			err := kept.Record(t.Context(), &capture.Record{
				Kind: capture.RecordOutcome, Recommendation: &capture.Recommendation{Outcome: o},
				Answers: []capture.Answer{{System: "VIS", State: capture.StateUnavailable}, {System: "SIS", State: capture.StateNoHit}},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		r := b.keeps.drills()
		if len(r) != 1 {
			t.Fatalf("%d reports", len(r))
		}
		if r[0].Noticed != 3*time.Second || r[0].Checks != 3 || r[0].Outcomes[capture.OutcomeIncomplete] != 2 ||
			r[0].Unavailable["VIS"] != 3 || r[0].Unavailable["SIS"] != 0 || r[0].Queued != 3 {
			t.Errorf("report %+v", r[0])
		}
	})
}

func TestAnOrderIsFollowedOnceAndOneAtATime(t *testing.T) {
	play(t, func(t *testing.T, b *booth) {
		if err := b.order(t, "d-1", "VIS"); err != nil {
			t.Fatal(err)
		}
		if err := b.order(t, "d-2", "SIS"); !errors.Is(err, ErrBusy) {
			t.Errorf("a second drill: %v", err)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if err := b.order(t, "d-1", "VIS"); err != nil || b.Status() != nil {
			t.Errorf("followed again: %v", err)
		}
		if err := b.order(t, "d-2", "SIS"); err != nil {
			t.Errorf("after the first: %v", err)
		}
	})
	// play stopped the player in the middle of d-2.
}

func TestADrillIsReportedWhenTheBoothStops(t *testing.T) {
	var keeps *keeper
	play(t, func(t *testing.T, b *booth) {
		keeps = b.keeps
		if err := b.order(t, "d-1", "VIS"); err != nil {
			t.Fatal(err)
		}
	})
	if r := keeps.drills(); len(r) != 1 || !r[0].Aborted {
		t.Errorf("reports %+v", r)
	}
}

func FuzzOpen(f *testing.F) {
	key, now := newKey(f), time.Unix(1_900_000_000, 0).UTC()
	o := order(now)
	text, err := Sign(&o, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := Open(text, public(key), "booth-1", now); err == nil && *got != o {
			t.Fatal("a forged order was opened")
		}
	})
}
