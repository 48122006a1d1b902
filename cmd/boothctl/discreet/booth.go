package discreet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/capture/mrz"
	"boothd/capture/policy"
	"boothd/cmd/boothd/console"
	"boothd/cmd/boothsim/demo"
	"boothd/internal/keys"
	"boothd/sync/outbox"
)

// booth is a desk, what it records in, and its console with one listener who is not cleared.
type booth struct {
	desk    *check.Desk
	source  *source
	reader  reader
	stream  *stream
	closers []func() error
}

// reader is a document reader: what is put in is read at once.
type reader chan capture.Evidence

// Collect waits for a document, and for everything else in vain.
func (r reader) Collect(ctx context.Context, m capture.Modality, known []capture.Evidence, _ func(string)) (capture.Evidence, error) {
	if m != capture.ModalityDocument {
		r = nil
	}
	select {
	case ev := <-r:
		return ev, nil
	case <-ctx.Done():
		return capture.Evidence{}, ctx.Err()
	}
}

// patience is how long anything in a check may take before the study is given up.
const patience = 20 * time.Second

func openBooth(ctx context.Context, dir string, beat time.Duration, s *source) (*booth, error) {
	b := &booth{source: s, reader: make(reader)}
	if err := b.open(ctx, dir, beat); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *booth) open(ctx context.Context, dir string, beat time.Duration) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	store, err := b.openOutbox(ctx, dir)
	if err != nil {
		return err
	}
	rules := policy.Strict()
	rules.Require = []capture.Modality{capture.ModalityDocument}
	b.desk = check.NewDesk(check.Config{
		Booth: demo.Booth, Rules: rules, Recorder: store, Collector: b.reader, Auto: true, Beat: beat,
		Sources: []check.Asking{{Source: b.source, Central: b.source.central, Timeout: patience}},
		Log:     slog.New(slog.DiscardHandler), Now: time.Now,
	})
	b.closers = append(b.closers, func() error {
		grace, done := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer done()
		return b.desk.Close(grace)
	})
	url, token, err := b.openConsole(ctx)
	if err != nil {
		return err
	}
	b.stream, err = listen(ctx, url, token)
	if err == nil {
		b.closers = append(b.closers, b.stream.close)
	}
	return err
}

func (b *booth) openOutbox(ctx context.Context, dir string) (*outbox.Store, error) {
	key, err := keys.GenerateSealing(filepath.Join(dir, "central"))
	if err != nil {
		return nil, err
	}
	store, err := outbox.Open(ctx, filepath.Join(dir, "outbox.db"), outbox.Options{
		Booth: demo.Booth, Central: key.PublicKey(), MaxBytes: 1 << 40, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	b.run(ctx, store.Run, store.Close)
	return store, nil
}

func (b *booth) openConsole(ctx context.Context) (url, token string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	token = "token of the officer without clearance"
	fine := func(context.Context) error { return nil }
	server, err := console.New(l, console.Config{
		Desk: b.desk, Auth: console.Tokens{sha256.Sum256([]byte(token)): officer()},
		Status:  func(context.Context) console.BoothStatus { return console.BoothStatus{Booth: demo.Booth} },
		Healthy: fine, Ready: fine, Metrics: http.NotFoundHandler(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return "", "", errors.Join(err, l.Close())
	}
	b.run(ctx, server.Run, nil)
	return "http://" + l.Addr().String(), token, nil
}

// run runs a part until the booth is closed.
func (b *booth) run(ctx context.Context, part func(context.Context) error, shut func() error) {
	ctx, cancel := context.WithCancel(ctx)
	var err error
	var running sync.WaitGroup
	running.Go(func() { err = part(ctx) })
	b.closers = append(b.closers, func() error {
		cancel()
		running.Wait()
		if shut != nil {
			err = errors.Join(err, shut())
		}
		return err
	})
}

func (b *booth) close() error {
	var errs []error
	for i := len(b.closers) - 1; i >= 0; i-- {
		errs = append(errs, b.closers[i]())
	}
	return errors.Join(errs...)
}

// seen is what the officer without clearance could measure of a check.
type seen struct {
	line, outcome time.Duration // since the document was read
	events        int
	discreet      bool // whether there was something that the officer was not shown
}

// shown is as much of a view as the study looks at.
type shown struct {
	Check *struct {
		ID             string          `json:"id"`
		Phase          check.Phase     `json:"phase"`
		Recommendation json.RawMessage `json:"recommendation"`
		Lines          []struct {
			Waiting bool          `json:"waiting"`
			State   capture.State `json:"state"`
		} `json:"lines"`
	} `json:"check"`
}

// answered reports whether every line is answered.
func (v *shown) answered() bool {
	for _, l := range v.Check.Lines {
		if l.Waiting {
			return false
		}
	}
	return len(v.Check.Lines) > 0
}

// check makes one check from the document to the disposition. The document is read late by so
// much.
func (b *booth) check(ctx context.Context, lines []string, late time.Duration) (seen, error) {
	var s seen
	zone, err := mrz.Read(lines, time.Now())
	if err != nil {
		return s, err
	}
	id, err := b.desk.Start(ctx, officer())
	if err != nil {
		return s, err
	}
	if err := b.await(ctx, id, func(e event, v *shown) bool { return true }); err != nil {
		return s, err
	}
	begin := time.Now()
	if late > 0 {
		time.Sleep(late)
	}
	select {
	case b.reader <- capture.Evidence{At: time.Now(), Document: &capture.Document{Zone: zone}}:
	case <-ctx.Done():
		return s, ctx.Err()
	}
	err = b.await(ctx, id, func(e event, v *shown) bool {
		s.events++
		if s.line == 0 && v.answered() {
			s.line = e.at.Sub(begin)
		}
		s.outcome = e.at.Sub(begin)
		return len(v.Check.Recommendation) > 0
	})
	if err != nil {
		return s, err
	}
	s.discreet = hides(b.desk.View(true))
	if err := b.desk.Dispose(ctx, id, capture.Disposition{Officer: officer().ID, Decision: capture.OutcomeClear}); err != nil {
		return s, err
	}
	return s, b.await(ctx, id, func(_ event, v *shown) bool { return v.Check.Phase == check.PhaseClosed })
}

// hides reports whether a view for cleared officers has a discreet finding.
func hides(v check.View) bool {
	for _, l := range v.Check.Lines {
		for _, f := range l.Findings {
			if f.Discreet {
				return true
			}
		}
	}
	return false
}

// await reads views of the check until one satisfies done.
func (b *booth) await(ctx context.Context, id string, done func(event, *shown) bool) error {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		select {
		case e, ok := <-b.stream.views:
			if !ok {
				return errors.New("the event stream ended")
			}
			if bytes.Contains(e.data, []byte(`"discreet":true`)) {
				return errors.New("an officer without clearance was sent a discreet finding")
			}
			var v shown
			if err := json.Unmarshal(e.data, &v); err != nil {
				return fmt.Errorf("read an event: %w", err)
			}
			if v.Check != nil && v.Check.ID == id && done(e, &v) {
				return nil
			}
		case <-timeout.C:
			return errors.New("an event did not come")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
