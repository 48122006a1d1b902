package search

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
	"boothd/sync/system"
)

func TestAllSystemsAnswerWithinTheTimeOfOneAndTheFirstAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		systems := []System{{Name: "quick", Adapter: replying(noHit)}}
		names := []string{"quick"}
		for i := range 20 {
			names = append(names, fmt.Sprintf("S%d", i))
			systems = append(systems, System{Name: names[i+1], Adapter: after(300*time.Millisecond, noHit), Deadline: time.Second})
		}
		s := searcher(t, Options{Systems: systems})
		began := time.Now()
		var times []time.Duration
		err := s.Search(t.Context(), documentRequest(everything(names...), names...), func(a capture.Answer) {
			if a.State != capture.StateNoHit {
				t.Errorf("%s: %s", a.System, a.State)
			}
			times = append(times, time.Since(began))
		})
		if err != nil || len(times) != 21 || times[0] != 0 || times[1] != 300*time.Millisecond || times[20] != 300*time.Millisecond {
			t.Errorf("error %v, answers after %v", err, times)
		}
	})
}

func TestASystemThatFailsInAnyWayDelaysNoOther(t *testing.T) {
	for _, test := range []struct {
		name   string
		bad    adapter
		after  time.Duration
		reason string
	}{
		{"dead", silent, time.Second, "BAD did not answer in time"},
		{"slow", after(1500*time.Millisecond, noHit), time.Second, "BAD did not answer in time"},
		{"faulty", func(context.Context, system.Question) (system.Reply, error) { return system.Reply{}, errors.New("x") }, 0, "BAD reports a fault"},
		{"panicking", func(context.Context, system.Question) (system.Reply, error) { panic("ERIKSSON") }, 0, "BAD reports a fault"},
		{"lying", replying(system.Reply{State: capture.StateNoHit, Findings: []capture.Finding{{State: capture.StateHit}}}), 0, "BAD reports a fault"},
		{"mute", replying(system.Reply{}), 0, "BAD reports a fault"},
		{"deaf to its context", func(context.Context, system.Question) (system.Reply, error) {
			time.Sleep(time.Minute) // of the bubble's time
			return noHit, nil
		}, time.Second, "BAD did not answer in time"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				s := searcher(t, Options{
					Systems: []System{
						{Name: "BAD", Adapter: test.bad, Deadline: time.Second},
						{Name: "SIS", Adapter: replying(noHit), Deadline: 3 * time.Second},
						{Name: "VIS", Adapter: after(2*time.Second, noHit), Deadline: 3 * time.Second},
					},
					Log: slog.New(slog.NewTextHandler(&log, nil)),
				})
				began := time.Now()
				got := map[string]time.Duration{}
				err := s.Search(t.Context(), documentRequest(everything("BAD", "SIS", "VIS"), "BAD", "SIS", "VIS"), func(a capture.Answer) {
					got[a.System] = time.Since(began)
					if a.System == "BAD" && (a.State != capture.StateUnavailable || a.Reason != test.reason) {
						t.Errorf("%s, %q", a.State, a.Reason)
					}
					if a.System != "BAD" && a.State != capture.StateNoHit {
						t.Errorf("%s: %s", a.System, a.State)
					}
				})
				if err != nil || len(got) != 3 || got["BAD"] != test.after || got["SIS"] != 0 || got["VIS"] != 2*time.Second {
					t.Errorf("error %v, answers after %v", err, got)
				}
				if err := s.Shutdown(context.Background()); err != nil { // nothing logs from here on
					t.Error(err)
				}
				if !strings.Contains(log.String(), "BAD") || strings.Contains(log.String(), "ERIKSSON") {
					t.Errorf("log: %s", log.String())
				}
			})
		})
	}
}

func TestSearchEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := searcher(t, Options{Systems: []System{{Name: "SIS", Adapter: adapter(silent), Deadline: time.Minute}}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		err := s.Search(ctx, documentRequest(everything("SIS"), "SIS"), func(capture.Answer) { t.Error("an answer after the end") })
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("error %v after %s", err, time.Since(began))
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if err := s.Search(ended, documentRequest(everything("SIS"), "SIS"), nil); !errors.Is(err, context.Canceled) {
			t.Errorf("a search that had ended before: %v", err)
		}
		// The bubble fails the test if a goroutine is left.
	})
}

// heard keeps what goes to Late.
type heard struct{ answers chan capture.Answer }

func (h heard) late(_ context.Context, req Request, a capture.Answer) {
	if req.Query.Check != "" {
		h.answers <- a
	}
}

func TestWhatFoundSomethingTooLateBecomesAnAlert(t *testing.T) {
	hit := system.Reply{State: capture.StateHit, Findings: []capture.Finding{{Entry: "e1", By: capture.ByName, State: capture.StateHit, Score: 1, Name: "X"}}}
	secret := hit
	secret.Findings = []capture.Finding{{Entry: "e1", State: capture.StateHit, Score: 1, Discreet: true}}
	for _, test := range []struct {
		name  string
		reply system.Reply
		after time.Duration
		give  time.Duration // the booth is gone by then, if not 0
		parts int           // of allParts that the profile returns
		late  bool
	}{
		{"a finding while it lingers", hit, 2 * time.Second, 0, 6, true},
		{"a finding in time", hit, time.Second / 2, 0, 6, false},
		{"nothing found", noHit, 2 * time.Second, 0, 6, false},
		{"a finding after it lingered", hit, 12 * time.Second, 0, 6, false},
		{"a finding after the booth has gone", hit, time.Second / 2, time.Second / 4, 6, true},
		{"a finding that the profile shows only the state of", hit, 2 * time.Second, 0, 0, true},
		{"a discreet finding that the profile shows nothing of", secret, 2 * time.Second, 0, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := heard{make(chan capture.Answer, 1)}
				s := searcher(t, Options{
					Systems: []System{{Name: "SIS", Adapter: after(test.after, test.reply), Deadline: time.Second, Linger: 10 * time.Second}},
					Late:    h.late,
				})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.give > 0 {
					time.AfterFunc(test.give, cancel)
				}
				p := everything("SIS")
				p.Systems[0].Reply = allParts[:test.parts]
				s.Search(ctx, documentRequest(p, "SIS"), func(capture.Answer) {})
				time.Sleep(20 * time.Second) // of the bubble's time
				synctest.Wait()
				select {
				case a := <-h.answers:
					if !test.late || !a.Late || a.System != "SIS" || a.Evidence != "document-1" || (len(a.Findings) > 0) != (test.parts > 0) {
						t.Errorf("late %+v", a)
					}
				default:
					if test.late {
						t.Error("no alert")
					}
				}
			})
		})
	}
}

func TestShutdownGivesUpWhatIsAwaitedAndRefusesMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := searcher(t, Options{
			Systems: []System{{Name: "SIS", Adapter: adapter(silent), Deadline: time.Second, Linger: time.Hour}},
			Late:    heard{}.late,
		})
		search(t, s, documentRequest(everything("SIS"), "SIS"))
		began := time.Now()
		if err := s.Shutdown(t.Context()); err != nil || time.Since(began) != 0 {
			t.Errorf("shut down: %v after %s", err, time.Since(began))
		}
		if err := s.Search(t.Context(), documentRequest(everything("SIS"), "SIS"), nil); !errors.Is(err, ErrClosed) {
			t.Errorf("search after it: %v", err)
		}
	})
}

func TestShutdownDoesNotWaitForAnAdapterThatIsDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		s := searcher(t, Options{Systems: []System{{Name: "SIS", Deadline: time.Second, Adapter: adapter(func(context.Context, system.Question) (system.Reply, error) {
			<-free
			return noHit, nil
		})}}})
		search(t, s, documentRequest(everything("SIS"), "SIS"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		close(free)
	})
}

func TestASystemThatTooManyQuestionsAwaitIsNotAskedMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := searcher(t, Options{Systems: []System{{Name: "SIS", Adapter: adapter(silent), Deadline: time.Second, Pending: 2}}})
		req := documentRequest(everything("SIS"), "SIS")
		for range 2 {
			go s.Search(t.Context(), req, func(capture.Answer) {})
		}
		synctest.Wait()
		began := time.Now()
		if a := one(t, s, req); a.Reason != "SIS has too many questions to answer" || time.Since(began) != 0 {
			t.Errorf("%q after %s", a.Reason, time.Since(began))
		}
		time.Sleep(time.Second) // of the bubble's time
		synctest.Wait()
		if a := one(t, s, req); a.Reason != "SIS did not answer in time" {
			t.Errorf("once they are gone: %q", a.Reason)
		}
	})
}

func TestSystemsThatCannotBeAreRefused(t *testing.T) {
	a := replying(noHit)
	for name, systems := range map[string][]System{
		"no name":    {{Adapter: a}},
		"no adapter": {{Name: "SIS"}},
		"twice":      {{Name: "SIS", Adapter: a}, {Name: "SIS", Adapter: a}},
	} {
		if _, err := New(Options{Systems: systems}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
