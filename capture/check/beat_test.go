package check

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
)

// slowRecorder takes its time for a record.
type slowRecorder struct {
	*recorder
	takes time.Duration
}

func (r slowRecorder) Record(ctx context.Context, rec *capture.Record) error {
	time.Sleep(r.takes)
	return r.recorder.Record(ctx, rec)
}

// scene is a check that an officer without clearance watches.
type scene struct {
	answers []delayed
	record  time.Duration // how long a record takes
	after   *Notice       // told once the outcome is shown
}

// sights are what the officer sees, each with when it was seen first.
func (s scene) sights(t *testing.T) (all []string) {
	const step, timeout = 100 * time.Microsecond, 5 * Beat
	synctest.Test(t, func(t *testing.T) {
		b := startWith(t, func(c *Config) {
			c.Beat, c.Alerts = Beat, &keeper{}
			c.Rules.Require = []capture.Modality{capture.ModalityDocument}
			c.Recorder = slowRecorder{c.Recorder.(*recorder), s.record}
			c.Sources[0].Timeout = timeout
		}, &source{name: "local", systems: []string{"SIS"}, answers: s.answers})
		time.Sleep(123456 * time.Nanosecond)
		begin := time.Now()
		go func() { b.traveller[capture.ModalityDocument] <- document(1980) }()
		for last := ""; time.Since(begin) < 2*timeout; time.Sleep(step) {
			synctest.Wait()
			v := b.View(false)
			v.Check.ID = ""
			for i := range v.Alerts {
				v.Alerts[i].ID, v.Alerts[i].Check = "", ""
			}
			j, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			if string(j) != last {
				last = string(j)
				all = append(all, fmt.Sprint(time.Since(begin), " ", last))
			}
			if v.Check.Recommendation != nil && s.after != nil {
				n := *s.after
				n.Check, s.after = b.id, nil
				go b.Alert(t.Context(), n)
			}
		}
		if b.View(false).Check.Recommendation == nil {
			t.Fatal("no outcome")
		}
	})
	return all
}

// How long a search takes and how much there is to record depends on what was found. Within a
// beat, nobody who is not cleared sees any of it: neither what is shown nor when differs.
func TestWithinABeatTimeTellsNothing(t *testing.T) {
	at := time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)
	aged := func(a capture.Answer, by time.Duration) capture.Answer {
		a.AsOf = at.Add(by)
		return a
	}
	plain := scene{answers: []delayed{{0, aged(noHit("SIS"), 0)}}}.sights(t)
	if len(plain) != 3 { // awaiting SIS, answered, decided
		t.Fatalf("%d sights: %q", len(plain), plain)
	}
	for _, took := range []time.Duration{time.Microsecond, 3 * time.Millisecond, Beat - time.Millisecond} {
		for _, record := range []time.Duration{0, time.Microsecond, Beat - time.Millisecond} {
			got := scene{answers: []delayed{{took, aged(hit("SIS", true), took)}}, record: record}.sights(t)
			if !slices.Equal(got, plain) {
				t.Errorf("found after %s and recorded in %s: seen\n%q\nfor nothing found\n%q", took, record, got, plain)
			}
		}
	}
	late := scene{answers: []delayed{{Beat + time.Millisecond, aged(hit("SIS", true), 0)}}}.sights(t)
	if slices.Equal(late, plain) {
		t.Error("an answer a beat later is not told apart: nothing was compared")
	}
}

// Whatever comes with a discreet finding, and whenever it comes, an officer without clearance
// sees the same views at the same moments as without it; one who is cleared would not.
func TestNothingDiscreetIsSeenAtAnyMoment(t *testing.T) {
	at := time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)
	facts := []capture.Fact{{Code: capture.FactDaysLeft, Value: "23"}}
	open := capture.Link{ID: "open", Colour: capture.LinkYellow, Systems: []string{"SIS"}}
	secret := capture.Link{ID: "secret", Colour: capture.LinkRed, Systems: []string{"SIS"}, Discreet: true}
	old := capture.Rest{State: capture.StateStale, Reason: "the list is old"}
	answer := func(a capture.Answer, change func(*capture.Answer)) []delayed {
		a.AsOf = at
		change(&a)
		return []delayed{{time.Millisecond, a}}
	}
	slowly := func(all []delayed) []delayed {
		all[0].after = 7 * Beat // the source is given up after five
		return all
	}
	same := func(*capture.Answer) {}
	hidden, shown := hit("SIS", true), hit("SIS", false)
	hidden.Findings[0].State, shown.Findings[0].State = capture.StateHit, capture.StateHit
	shown.Findings[0].Entry = "open"
	tests := []struct {
		name          string
		with, without scene
	}{
		{"beside facts",
			scene{answers: answer(hidden, func(a *capture.Answer) { a.Facts = facts })},
			scene{answers: answer(noHit("SIS"), func(a *capture.Answer) { a.Facts = facts })}},
		{"with links",
			scene{answers: answer(hidden, func(a *capture.Answer) { a.Links = []capture.Link{secret, open} })},
			scene{answers: answer(noHit("SIS"), func(a *capture.Answer) { a.Links = []capture.Link{open} })}},
		{"a link alone",
			scene{answers: answer(noHit("SIS"), func(a *capture.Answer) { a.Links = []capture.Link{secret} })},
			scene{answers: answer(noHit("SIS"), same)}},
		{"in an old list",
			scene{answers: answer(hidden, func(a *capture.Answer) { a.Rest = &old })},
			scene{answers: answer(noHit("SIS"), func(a *capture.Answer) { a.State, a.Reason = old.State, old.Reason })}},
		{"withheld for want of a grant",
			scene{answers: answer(hidden, func(a *capture.Answer) { a.Findings = slices.Clone(a.Findings); a.Findings[0].Needs = "judicial" })},
			scene{answers: answer(noHit("SIS"), same)}},
		{"beside an open hit",
			scene{answers: answer(shown, func(a *capture.Answer) { a.Findings = append(slices.Clone(hidden.Findings), a.Findings...) })},
			scene{answers: answer(shown, same)}},
		{"too late", scene{answers: slowly(answer(hidden, same))}, scene{answers: slowly(answer(noHit("SIS"), same))}},
		{"after the check, in a new list",
			scene{answers: answer(noHit("SIS"), same), after: &Notice{Cause: CauseListUpdate, At: at, Answer: hidden}},
			scene{answers: answer(noHit("SIS"), same)}},
		{"after the check, beside an open one",
			scene{answers: answer(noHit("SIS"), same), after: &Notice{Cause: CauseReplayed, At: at, Answer: both(hidden, shown)}},
			scene{answers: answer(noHit("SIS"), same), after: &Notice{Cause: CauseReplayed, At: at, Answer: shown}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			with, without := tt.with.sights(t), tt.without.sights(t)
			if !slices.Equal(with, without) {
				t.Errorf("seen with it\n%s\nwithout\n%s", strings.Join(with, "\n"), strings.Join(without, "\n"))
			}
		})
	}
}

// both is an answer with the findings of two.
func both(a, b capture.Answer) capture.Answer {
	a.Findings = slices.Concat(a.Findings, b.Findings)
	return a
}

// Several answers that come within a beat are shown together, in their order.
func TestABeatTakesAllThatCameWithinIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startWith(t, func(c *Config) { c.Beat = Beat }, &source{name: "portal", systems: []string{"SIS", "VIS"}, answers: []delayed{
			{time.Millisecond, noHit("VIS")}, {time.Millisecond, noHit("SIS")},
		}})
		b.traveller.present(document(1980))
		time.Sleep(Beat - time.Millisecond)
		synctest.Wait()
		if got := b.states(); got["portal SIS"] != "waiting" || got["portal VIS"] != "waiting" {
			t.Errorf("before the beat: %v", got)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if got := b.states(); got["portal SIS"] != capture.StateNoHit || got["portal VIS"] != capture.StateNoHit {
			t.Errorf("at the beat: %v", got)
		}
	})
}

// An answer that waits for its beat when time is up counts as an answer.
func TestAnAnswerJustInTimeIsNotGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startWith(t, func(c *Config) {
			c.Beat = 30 * time.Millisecond
			c.Sources[0].Timeout = 50 * time.Millisecond
		}, &source{name: "local", systems: []string{"SIS"}, answers: []delayed{{45 * time.Millisecond, noHit("SIS")}}})
		b.traveller.present(document(1980))
		time.Sleep(time.Second)
		synctest.Wait()
		if got := b.states()["local SIS"]; got != capture.StateNoHit {
			t.Errorf("SIS is %s", got)
		}
	})
}

// Closing the desk waits for no beat, and what came is not lost.
func TestAnAnswerThatWaitsForItsBeatIsRecordedAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startWith(t, func(c *Config) { c.Beat = time.Hour; c.Sources[0].Timeout = 2 * time.Hour },
			&source{name: "local", systems: []string{"SIS"}, answers: []delayed{{0, hit("SIS", false)}}})
		b.traveller.present(document(1980))
		begin := time.Now()
		if err := b.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > 0 {
			t.Errorf("closing took %s", took)
		}
		for _, r := range b.recorder.records {
			for _, a := range r.Answers {
				if a.State == capture.StateHit {
					return
				}
			}
		}
		t.Errorf("the hit is in no record: %v", b.recorder.kinds())
	})
}
