package alerts

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"boothd/sync/portal"
)

const (
	pollEvery    = time.Second
	heartbeat    = 15 * time.Second // a comment, so that both sides know the line is there
	writeTimeout = 10 * time.Second // a booth that reads slower is cut off
	atOnce       = 50               // events that are read from the table at once
)

// stream is one booth's connection.
type stream struct {
	booth string
	last  uint64        // the last number sent; only the stream's goroutine
	wake  chan struct{} // there may be something new
	end   chan struct{} // closed to end it
}

// Run wakes the streams when there is something for them, until ctx ends; then it ends them.
func (a *Alerts) Run(ctx context.Context) error {
	defer a.stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	heads := make(map[string]uint64)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := a.poll(ctx, heads); err != nil && ctx.Err() == nil {
			a.opt.Log.Error("alerts not looked for", "err", err)
		}
	}
}

// poll wakes the streams of booths whose last number has changed since the poll before.
func (a *Alerts) poll(ctx context.Context, heads map[string]uint64) error {
	a.mu.Lock()
	idle := a.open == 0
	a.mu.Unlock()
	if idle {
		return nil // a stream reads the table when it begins
	}
	rows, err := a.db.QueryContext(ctx, "SELECT booth, last FROM alerts_head")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var booth string
		var last uint64
		if err := rows.Scan(&booth, &last); err != nil {
			return err
		}
		if heads[booth] != last {
			heads[booth] = last
			a.wake(booth)
		}
	}
	return rows.Err()
}

// wake lets the streams of a booth look for news.
func (a *Alerts) wake(booth string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.streams[booth] {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

func (a *Alerts) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopped = true
	for _, all := range a.streams {
		for _, s := range all {
			close(s.end)
		}
	}
	clear(a.streams)
}

// Serve streams a booth its events. It must be reached over mutual TLS only: the booth is
// who the certificate says. When a booth has more streams than it may, the oldest is ended,
// since a booth that connects again may know sooner than central that its line was cut.
func (a *Alerts) Serve(w http.ResponseWriter, r *http.Request) {
	booth := portal.Caller(r)
	last, err := lastKept(r)
	switch {
	case booth == "":
		http.Error(w, "no certificate", http.StatusForbidden)
		return
	case err != nil:
		http.Error(w, "Last-Event-ID is no number", http.StatusBadRequest)
		return
	}
	s := a.begin(booth, last)
	if s == nil {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many streams", http.StatusServiceUnavailable)
		return
	}
	defer a.remove(s)
	if err := a.goOn(r.Context(), booth, last); err != nil {
		a.opt.Log.Error("alerts not read", "booth", booth, "err", err)
		http.Error(w, "not known", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	if err := a.follow(r.Context(), s, newWriter(w)); err != nil {
		a.opt.Log.Info("stream of alerts ended", "booth", booth, "err", err)
	}
}

// lastKept is the number of the last event that the booth has, 0 if it has none.
func lastKept(r *http.Request) (uint64, error) {
	text := strings.TrimSpace(r.Header.Get("Last-Event-ID"))
	if text == "" {
		return 0, nil
	}
	return strconv.ParseUint(text, 10, 63)
}

// begin counts a stream in, nil if there are too many.
func (a *Alerts) begin(booth string, last uint64) *stream {
	a.mu.Lock()
	defer a.mu.Unlock()
	mine := a.streams[booth]
	if a.stopped || a.open >= a.opt.MaxStreams && len(mine) < a.opt.PerBooth {
		return nil
	}
	if len(mine) >= a.opt.PerBooth {
		close(mine[0].end)
		mine = slices.Delete(mine, 0, 1)
	}
	s := &stream{booth: booth, last: last, wake: make(chan struct{}, 1), end: make(chan struct{})}
	a.streams[booth] = append(mine, s)
	a.open++
	return s
}

func (a *Alerts) remove(s *stream) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open--
	left := slices.DeleteFunc(a.streams[s.booth], func(other *stream) bool { return other == s })
	if a.streams[s.booth] = left; len(left) == 0 {
		delete(a.streams, s.booth)
	}
}

// follow sends what the stream has not sent, whenever it is woken.
func (a *Alerts) follow(ctx context.Context, s *stream, w *writer) error {
	if err := w.comment(); err != nil { // so that the booth knows at once that it is heard
		return err
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		n, err := a.send(ctx, s, w)
		if err != nil {
			return err
		}
		if n == atOnce {
			continue
		}
		select {
		case <-s.wake:
		case <-beat.C:
			if err := w.comment(); err != nil {
				return err
			}
		case <-s.end:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// send sends the next events and returns how many.
func (a *Alerts) send(ctx context.Context, s *stream, w *writer) (n int, err error) {
	events, err := a.after(ctx, s.booth, s.last)
	if err != nil {
		return 0, err
	}
	for _, e := range events {
		if err := w.event(e.id, e.name, e.data); err != nil {
			return n, err
		}
		s.last = e.id
		n++
	}
	return n, nil
}

// row is an event as it is sent.
type row struct {
	id   uint64
	name string
	data []byte
}

// after reads a booth's next events after a number.
func (a *Alerts) after(ctx context.Context, booth string, last uint64) ([]row, error) {
	rows, err := a.db.QueryContext(ctx, "SELECT id, name, data FROM alerts_event WHERE booth = $1 AND id > $2 ORDER BY id LIMIT $3",
		booth, int64(last), atOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []row
	for rows.Next() {
		var e row
		if err := rows.Scan(&e.id, &e.name, &e.data); err != nil {
			return nil, err
		}
		if e.data, err = numbered(&e); err != nil {
			return nil, fmt.Errorf("event %d: %w", e.id, err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// numbered puts the number into an event's data.
func numbered(e *row) ([]byte, error) {
	if e.name == nameDrill {
		var d portal.DrillEvent
		if err := json.Unmarshal(e.data, &d); err != nil {
			return nil, err
		}
		d.ID = e.id
		return json.Marshal(d)
	}
	var alert portal.Alert
	if err := json.Unmarshal(e.data, &alert); err != nil {
		return nil, err
	}
	alert.ID = e.id
	return json.Marshal(alert)
}

// writer writes Server-Sent Events, each with a deadline.
type writer struct {
	w   io.Writer
	out *http.ResponseController
}

func newWriter(w http.ResponseWriter) *writer {
	return &writer{w: w, out: http.NewResponseController(w)}
}

// event writes one event; the data, being JSON, is one line.
func (w *writer) event(id uint64, name string, data []byte) error {
	return w.write(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", id, name, data))
}

func (w *writer) comment() error { return w.write(":\n\n") }

func (w *writer) write(text string) error {
	if err := w.out.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if _, err := io.WriteString(w.w, text); err != nil {
		return err
	}
	if err := w.out.Flush(); err != nil {
		return err
	}
	// HTTP/2 ends a stream at its deadline, though nothing is being written.
	return w.out.SetWriteDeadline(time.Time{})
}
