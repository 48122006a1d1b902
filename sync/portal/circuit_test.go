package portal

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
)

func TestCircuitLetsOneTryAfterEachPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := circuit{retryAfter: 3 * time.Second, now: time.Now}
		for range 2 {
			if !c.allow() {
				t.Error("a line that was never tried is not down")
			}
		}
		c.failed("cut")
		if c.allow() {
			t.Error("allowed right after a failure")
		}
		time.Sleep(3 * time.Second)
		if !c.allow() {
			t.Error("no trial after the pause")
		}
		if c.allow() {
			t.Error("a second trial beside the first")
		}
		c.reached()
		if !c.allow() || !c.status().Up {
			t.Error("down after the portal was reached")
		}
	})
}

func TestNobodyTriesALineThatIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := circuit{retryAfter: time.Second, now: time.Now}
		c.watch(true)
		if !c.allow() {
			t.Error("a line that is up was closed")
		}
		c.failed("cut")
		time.Sleep(time.Hour)
		if c.allow() {
			t.Error("a trial beside the watcher's")
		}
		c.watch(false)
		if !c.allow() {
			t.Error("no trial when nobody watches any more")
		}
	})
}

func TestReportsThatFailDoNotPutTheTrialOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := circuit{retryAfter: 3 * time.Second, now: time.Now}
		for range 3 {
			c.failed("cut")
			time.Sleep(time.Second)
		}
		if !c.allow() {
			t.Error("no trial after the pause")
		}
	})
}

func TestStatusTellsSinceWhenAndWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := circuit{retryAfter: time.Second, now: time.Now}
		c.reached()
		cut := time.Now()
		c.failed("cut")
		time.Sleep(time.Minute)
		c.failed("still cut")
		if s := c.status(); s.Up || !s.Since.Equal(cut) || s.Reason != "still cut" {
			t.Errorf("status = %+v", s)
		}
	})
}

func TestDeadLineIsAnsweredAtOnceAndTriedAgain(t *testing.T) {
	var asked atomic.Int32
	p := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		lines(sisNoHit+sltdNoHit+end)(w, r)
	}))
	var clock atomic.Int64
	p.opt.Now = func() time.Time { return time.Unix(clock.Load(), 0) }
	c := p.client(t)
	p.line.set(true)
	first, err := ask(t.Context(), c, documentQuery())
	if err == nil || errors.Is(err, ErrUnreachable) {
		t.Errorf("first error = %v", err)
	}
	second, err := ask(t.Context(), c, documentQuery())
	if !errors.Is(err, ErrUnreachable) {
		t.Errorf("second error = %v", err)
	}
	for _, got := range [][]capture.Answer{first, second} {
		for _, a := range got {
			if a.State != capture.StateUnavailable || a.Reason != "no connection to the central search" {
				t.Errorf("%s: %s, %q", a.System, a.State, a.Reason)
			}
		}
		if len(got) != 2 {
			t.Errorf("%d answers, want 2", len(got))
		}
	}
	p.line.set(false)
	if _, err := ask(t.Context(), c, documentQuery()); !errors.Is(err, ErrUnreachable) || asked.Load() != 0 {
		t.Errorf("within the pause: error %v, portal asked %d times", err, asked.Load())
	}
	clock.Add(3)
	if got, err := ask(t.Context(), c, documentQuery()); err != nil || states(got)["SIS"] != capture.StateNoHit {
		t.Errorf("after the pause: %v, %v", states(got), err)
	}
	if !c.Status().Up {
		t.Error("status is down after an answer")
	}
}

func TestSilentPortalIsFoundOutBeforeTheDeadlineOfTheCheck(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close() // takes connections, never speaks
	p := newPlace(t, http.NotFoundHandler())
	p.opt.URL = "https://" + silent.Addr().String()
	p.opt.ConnectTimeout = 50 * time.Millisecond
	c := p.client(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got, err := ask(ctx, c, documentQuery())
	if err == nil || ctx.Err() != nil {
		t.Errorf("error = %v, context %v", err, ctx.Err())
	}
	for _, a := range got {
		if a.Reason != "the central search does not respond" {
			t.Errorf("reason = %q", a.Reason)
		}
	}
	if len(got) != 2 || c.Status().Up {
		t.Errorf("%d answers, status %+v", len(got), c.Status())
	}
}

func TestPortalThatIsNotWellIsNotAsked(t *testing.T) {
	p := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != PathHealth {
			t.Error("portal was asked")
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	c := p.client(t)
	if err := c.Health(t.Context()); err == nil {
		t.Error("a portal that says no is well")
	}
	got, err := ask(t.Context(), c, documentQuery())
	if !errors.Is(err, ErrUnreachable) || len(got) != 2 || got[0].Reason != "the central search reports a fault of its own" {
		t.Errorf("Look = %+v, %v", got, err)
	}
}

func TestAPortalThatSaysNoIsDownUntilItSaysYes(t *testing.T) {
	var well atomic.Bool
	p := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == PathHealth && !well.Load():
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == PathProfiles:
			w.Write([]byte(`{"documents":[]}`))
		}
	}))
	c := p.client(t)
	c.circuit.watch(true)
	if err := c.Health(t.Context()); err == nil {
		t.Fatal("a portal that says no is well")
	}
	since := c.Status().Since
	if _, err := c.Profiles(t.Context()); err != nil || c.Status().Up {
		t.Errorf("after another call: %v, status %+v", err, c.Status())
	}
	if err := c.Health(t.Context()); err == nil || !c.Status().Since.Equal(since) {
		t.Errorf("it says no again: %v, down since %v, want %v", err, c.Status().Since, since)
	}
	well.Store(true)
	if err := c.Health(t.Context()); err != nil || !c.Status().Up {
		t.Errorf("it says yes: %v, status %+v", err, c.Status())
	}
}

func TestRunFindsTheLineDownAndBack(t *testing.T) {
	p := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	p.opt.RetryAfter, p.opt.HealthEvery = time.Millisecond, time.Millisecond
	var back atomic.Int32
	p.opt.Back = func() { back.Add(1) }
	c := p.client(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	for _, down := range []bool{true, false, true} {
		p.line.set(down)
		eventually(t, func() bool { s := c.Status(); return s.Up != down && !s.Since.IsZero() })
		if !down {
			eventually(t, func() bool { return back.Load() == 1 })
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// eventually waits until ok is true.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("waited 20 s in vain")
		}
	}
}
