package watchlist

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"boothd/localmatch/gallery"
)

// worker keeps one list up to date.
type worker struct {
	o     *SubscriberOptions
	link  *link
	list  Subscription
	spool *spool
	log   *slog.Logger
	news  chan struct{} // there is a new head, or the status is to be told again

	mu      sync.Mutex
	heads   []mqtt.Message // received and not dealt with, in their order
	genuine []byte         // the newest head that was proved
	tell    bool           // the status is to be told even if it has not changed
	status  Status
	told    Status

	reported map[string]bool // refusals, each once for a head
}

func newWorker(o *SubscriberOptions, l *link, list Subscription, sp *spool) *worker {
	return &worker{
		o: o, link: l, list: list, spool: sp, log: o.Log.With("list", list.Name), news: make(chan struct{}, 1),
		status:   Status{Booth: o.Booth, List: list.Name, State: StateNone},
		reported: map[string]bool{},
	}
}

// maxHeads is how many heads may wait. There are more only if somebody sends junk.
const maxHeads = 16

// offer takes over a head.
func (w *worker) offer(m mqtt.Message) {
	if len(m.Payload()) == 0 { // cleared: there is no news in that
		m.Ack()
		return
	}
	w.mu.Lock()
	w.heads = append(w.heads, m)
	var over mqtt.Message
	if len(w.heads) > maxHeads {
		over, w.heads = w.heads[0], w.heads[1:]
	}
	w.mu.Unlock()
	if over != nil {
		over.Ack()
	}
	w.wake()
}

func (w *worker) tellAgain() {
	w.mu.Lock()
	w.tell = true
	w.mu.Unlock()
	w.wake()
}

func (w *worker) wake() {
	select {
	case w.news <- struct{}{}:
	default:
	}
}

func (w *worker) current() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status
}

func (w *worker) run(ctx context.Context) {
	recheck := time.NewTicker(w.o.Recheck)
	defer recheck.Stop()
	w.observe(ctx, nil)
	failures := 0
	for {
		err := w.step(ctx)
		if ctx.Err() != nil {
			return
		}
		var retry <-chan time.Time
		if err != nil {
			failures++
			retry = time.After(w.pause(failures))
			w.log.Warn("list is not up to date", "err", err, "failures", failures)
		} else {
			failures = 0
		}
		select {
		case <-ctx.Done():
			return
		case <-w.news:
		case <-retry:
		case <-recheck.C:
		}
	}
}

// pause doubles with each failure; the jitter keeps booths from coming all at once.
func (w *worker) pause(failures int) time.Duration {
	d := min(w.o.RetryMin<<min(failures-1, 10), w.o.RetryMax)
	return d/2 + rand.N(d/2+1)
}

// step deals with the heads that wait and tells how the list stands. An error means that it
// is to be tried again.
func (w *worker) step(ctx context.Context) error {
	var err error
	for m := w.nextHead(); m != nil && err == nil; m = w.nextHead() {
		if err = w.deal(ctx, m); err == nil {
			w.done(m)
		}
	}
	if err == nil {
		err = w.heal(ctx)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	w.observe(ctx, err)
	return errors.Join(err, w.report(ctx))
}

func (w *worker) nextHead() mqtt.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.heads) == 0 {
		return nil
	}
	return w.heads[0]
}

// done acknowledges a head, after what it led to is durable.
func (w *worker) done(m mqtt.Message) {
	w.mu.Lock()
	w.heads = slices.DeleteFunc(w.heads, func(x mqtt.Message) bool { return x == m })
	w.mu.Unlock()
	m.Ack()
}

// deal follows a head or refuses it. A head that may pass later gives an error; it makes
// way for others that wait.
func (w *worker) deal(ctx context.Context, m mqtt.Message) error {
	err := w.follow(ctx, m.Payload())
	var no *refused
	if !errors.As(err, &no) {
		return w.makeWay(m, err)
	}
	if no.reason == ReasonOlder && (!m.Retained() || m.Duplicate()) {
		// It may have been overtaken on its way. What counts is what the broker keeps.
		return subscribe(ctx, w.link.client, headTopic(w.list.Name))
	}
	w.refuse(m.Payload(), no)
	if no.reason == ReasonAltered || no.reason == ReasonCount { // may be put right
		return w.makeWay(m, err)
	}
	return nil
}

// makeWay drops a head that is in trouble if a later one waits.
func (w *worker) makeWay(m mqtt.Message, err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil && len(w.heads) > 1 {
		w.log.Info("a later head takes the place of one that could not be followed", "err", err)
		return nil
	}
	return err
}

// heal receives a list again that is erased or damaged.
func (w *worker) heal(ctx context.Context) error {
	w.mu.Lock()
	head := w.genuine
	w.mu.Unlock()
	if head == nil {
		return nil
	}
	have, err := w.hand(ctx)
	if err != nil || have.intact {
		return err
	}
	var no *refused
	if err := w.follow(ctx, head); !errors.As(err, &no) {
		return err
	}
	w.refuse(head, no)
	return nil
}

// refuse reports a refusal, each kind once for a head.
func (w *worker) refuse(head []byte, no *refused) {
	h := hashOf(head)
	key := h.String() + string(no.reason)
	if w.reported[key] {
		return
	}
	if len(w.reported) > 1000 {
		clear(w.reported)
	}
	w.reported[key] = true
	r := Refusal{List: w.list.Name, Version: no.version, Reason: no.reason, Detail: no.detail, At: w.o.Now()}
	w.log.Error("list update refused", "version", r.Version, "reason", string(r.Reason), "detail", r.Detail)
	w.mu.Lock()
	w.status.Refusal = &r
	w.mu.Unlock()
	w.o.Refused(r)
}

// observe brings the status in line with the gallery.
func (w *worker) observe(ctx context.Context, problem error) {
	info, err := w.o.Gallery.List(ctx, w.list.Name)
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.status
	s.Version, s.Manifest, s.Entries, s.Expires = info.Version, info.Head, info.Entries, info.Expires
	s.Damaged = info.Damaged || errors.Is(err, gallery.ErrDamaged)
	s.Known = max(s.Known, s.Version)
	s.Problem = ""
	switch {
	case err != nil || info.Erased || info.Damaged:
		s.State = StateNone
	case s.Known > s.Version:
		s.State = StateBehind
	default:
		s.State = StateCurrent
	}
	if problem != nil {
		s.Problem = problemOf(problem)
	}
	w.status = s
}

func sameStatus(a, b Status) bool {
	a.At, b.At = time.Time{}, time.Time{}
	return reflect.DeepEqual(a, b)
}

// problemOf says what is the matter in words that hold nothing of a list.
func problemOf(err error) string {
	var no *refused
	switch {
	case errors.As(err, &no):
		return "refused: " + string(no.reason)
	case errors.Is(err, errGone):
		return "a piece of it " + errGone.Error()
	case errors.Is(err, gallery.ErrDamaged):
		return "the list at hand is damaged"
	}
	return "it could not be stored or fetched"
}

// report tells central how the list stands, if that changed or the link came back.
func (w *worker) report(ctx context.Context) error {
	w.mu.Lock()
	if !w.tell && sameStatus(w.status, w.told) || !w.link.isUp() {
		w.mu.Unlock()
		return nil // connecting wakes this worker
	}
	w.tell = false
	w.status.At = w.o.Now().UTC()
	s := w.status
	w.mu.Unlock()
	b, err := json.Marshal(s)
	if err == nil {
		err = w.link.tell(ctx, StatusTopic(w.o.Booth, w.list.Name), b)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.tell = true
		return err
	}
	w.told = s
	return nil
}
