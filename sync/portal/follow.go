package portal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"mime"
	"net/http"
	"strconv"
	"sync"
	"time"

	"boothd/sync/system"
)

// contentEvents is the media type of the stream of alerts.
const contentEvents = "text/event-stream"

// The waits between two attempts to follow the alerts, before jitter.
const (
	minBackOff = time.Second
	maxBackOff = 30 * time.Second
)

// errSilent ends a stream on which nothing came.
var errSilent = errors.New("nothing heard in time")

// Follow hands on what central tells this booth after the event with the number last: what
// was found about checks later, and drill orders. It connects again whenever the stream ends
// and returns nil when ctx does. f returns nil once the event is durable: only then is the
// next handed on, and central told at the next connection that this one was received. If f
// returns an error, the event comes again. An event that is not understood is logged and
// handed on without content, so that it does not come for ever.
func (c *Client) Follow(ctx context.Context, last uint64, f func(Event) error) error {
	wait := minBackOff
	for {
		before := last
		err := c.follow(ctx, &last, f)
		if ctx.Err() != nil {
			return nil
		}
		if last > before {
			wait = minBackOff
		}
		c.opt.Log.Info("stream of alerts ended", "err", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait/2 + rand.N(wait)): // so that not all booths come back at once
		}
		wait = min(2*wait, maxBackOff)
	}
}

// follow reads one stream to its end.
func (c *Client) follow(ctx context.Context, last *uint64, f func(Event) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	resp, err := c.openEvents(ctx, *last)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	watch := newWatchdog(c.opt.Heartbeat, func() { cancel(errSilent) })
	defer watch.stop()
	err = readEvents(resp.Body, watch.alive, func(raw rawEvent) error {
		e, err := c.event(raw)
		if err != nil {
			c.opt.Log.Warn("event of central not understood", "err", err)
		}
		if e.ID <= *last {
			return nil // without a number, or known
		}
		watch.pause() // what f takes is not central's silence
		defer watch.alive()
		if err := f(e); err != nil {
			return fmt.Errorf("keep event %d: %w", e.ID, err)
		}
		*last = e.ID
		return nil
	})
	if cause := context.Cause(ctx); errors.Is(cause, errSilent) {
		return cause
	}
	return err
}

func (c *Client) openEvents(ctx context.Context, last uint64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+PathAlerts, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", contentEvents)
	if last > 0 {
		req.Header.Set("Last-Event-ID", strconv.FormatUint(last, 10))
	}
	resp, err := c.do(req)
	if err != nil {
		return nil, err
	}
	if t, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); t != contentEvents {
		resp.Body.Close()
		return nil, fmt.Errorf("%w: reply is %q, want %s", ErrRefused, system.Clip(t, 60), contentEvents)
	}
	return resp, nil
}

// watchdog calls bite when nothing was alive for a while.
type watchdog struct {
	limit time.Duration
	mu    sync.Mutex
	timer *time.Timer
}

func newWatchdog(limit time.Duration, bite func()) *watchdog {
	return &watchdog{limit: limit, timer: time.AfterFunc(limit, bite)}
}

func (w *watchdog) alive() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Reset(w.limit)
}

func (w *watchdog) pause() { w.stop() }

func (w *watchdog) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
}
