package watchlist

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"time"

	"boothd/localmatch/gallery"
)

// worker keeps one list up to date.
type worker struct {
	o       *SubscriberOptions
	link    *link // nil without a broker
	sources []source
	list    Subscription
	spool   *spool
	memory  *memory
	keys    *keyring
	orders  *orderBook
	clock   *clock
	log     *slog.Logger
	report  func(*refused, []byte)
	news    chan struct{} // there is a new head, or the status is to be told again

	stepping sync.Mutex // held while the list may be changed

	mu      sync.Mutex
	stop    context.CancelFunc // of the step that is under way
	heads   []*arrival         // not dealt with, in their order
	last    *SignedHead        // the last that was followed, also before a restart
	genuine *arrival           // the head of it since the start
	tell    bool               // the status is to be told even if it has not changed
	status  Status
	told    Status
	fetched bool // the attempt brought something
	barred  bool // when it was looked at last
}

// arrival is a head that came.
type arrival struct {
	payload  []byte
	source   string
	retained bool // as the broker says: it is not overtaken by another
}

func newWorker(s *Subscriber, list Subscription) (*worker, error) {
	w := &worker{
		o: &s.o, link: s.link, sources: s.sources, list: list, memory: s.memory, keys: s.keys, orders: s.orders, clock: s.clock,
		log: s.o.Log.With("list", list.Name), report: s.refuse, news: make(chan struct{}, 1),
		status: Status{Booth: s.o.Booth, Group: s.o.Group, List: list.Name, System: list.System, State: StateNone},
	}
	var err error
	if w.spool, err = openSpool(s.o.Spool, s.o.KeysDir, list.Name, s.o.Keys); err != nil {
		return nil, err
	}
	w.last, err = s.memory.head(list.Name)
	if errors.Is(err, errForgotten) {
		w.log.Error("the last head is not known any more: an older one would be followed", "err", err)
		err = nil
	}
	if w.last != nil {
		s.clock.saw(w.last.Issued)
	}
	return w, err
}

// maxHeads is how many heads may wait. There are more only if somebody sends junk.
const maxHeads = 16

// offer takes over a head.
func (w *worker) offer(a *arrival) {
	if len(a.payload) == 0 { // cleared: there is no news in that
		return
	}
	w.mu.Lock()
	if w.heads = append(w.heads, a); len(w.heads) > maxHeads {
		w.heads = w.heads[1:]
	}
	w.mu.Unlock()
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

// interrupt ends the step that is under way, soon.
func (w *worker) interrupt() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stop != nil {
		w.stop()
	}
}

func (w *worker) current() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.status
	s.Orders = slices.Clone(s.Orders)
	s.Age = age(s, w.o.Now())
	return s
}

func age(s Status, now time.Time) int64 {
	if s.Issued.IsZero() {
		return 0
	}
	return int64(now.Sub(s.Issued) / time.Second)
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
			if failures++; w.progressed() {
				failures = 1
			}
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

// progressed reports whether pieces came since it was asked last.
func (w *worker) progressed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.fetched
	w.fetched = false
	return p
}

// pause doubles with each failure; the jitter keeps booths from coming all at once.
func (w *worker) pause(failures int) time.Duration {
	d := min(w.o.RetryMin<<min(failures-1, 10), w.o.RetryMax)
	return d/2 + rand.N(d/2+1)
}

// step deals with the heads that wait and tells how the list stands. An error means that it
// is to be tried again.
func (w *worker) step(ctx context.Context) error {
	err := w.work(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	w.observe(ctx, err)
	return errors.Join(err, w.tellCentral(ctx))
}

// work brings the list up to date; an order may interrupt it.
func (w *worker) work(ctx context.Context) error {
	w.stepping.Lock()
	defer w.stepping.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.mu.Lock()
	w.stop = cancel
	w.mu.Unlock()
	if order, barred := w.orders.bars(w.list.Name); barred {
		return w.standStill(order)
	}
	if err := w.afterBar(ctx); err != nil {
		return err
	}
	for a := w.nextHead(); a != nil; a = w.nextHead() {
		if err := w.deal(ctx, a); err != nil {
			return err
		}
		w.done(a)
	}
	return w.heal(ctx)
}

// standStill lets heads pass while the list must not be taken.
func (w *worker) standStill(order CarriedOut) error {
	for a := w.nextHead(); a != nil; a = w.nextHead() {
		w.done(a)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.barred {
		w.log.Warn("list is not taken while an order counts", "order", order.ID, "until", order.Expires)
	}
	w.barred, w.genuine = true, nil
	return nil
}

// afterBar asks for the head again that was let pass.
func (w *worker) afterBar(ctx context.Context) error {
	w.mu.Lock()
	was := w.barred
	w.mu.Unlock()
	if !was {
		return nil
	}
	if w.link.isUp() {
		if err := w.link.askAgain(ctx, headTopic(w.list.Name)); err != nil {
			return err
		}
	}
	w.o.lookAgain()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.barred = false
	return nil
}

func (w *worker) nextHead() *arrival {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.heads) == 0 {
		return nil
	}
	return w.heads[0]
}

// done takes a head out of those that wait.
func (w *worker) done(a *arrival) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heads = slices.DeleteFunc(w.heads, func(x *arrival) bool { return x == a })
}

// deal follows a head or refuses it. A head that may pass later gives an error; it makes
// way for others that wait.
func (w *worker) deal(ctx context.Context, a *arrival) error {
	err := w.follow(ctx, a)
	var no *refused
	if !errors.As(err, &no) {
		return w.makeWay(err)
	}
	if no.reason == ReasonOlder && no.document == DocumentHead {
		switch {
		case a.source != SourceMQTT: // a stick that lay in a drawer, a mirror that lags behind
			w.log.Info("a head that was overtaken is passed over", "source", a.source)
			return nil
		case !a.retained: // it may have been overtaken on its way: what counts is what the broker keeps
			return w.link.askAgain(ctx, headTopic(w.list.Name))
		}
	}
	w.refuse(a.payload, no)
	if no.reason == ReasonAltered || no.reason == ReasonCount { // may be put right
		return w.makeWay(err)
	}
	return nil
}

// makeWay drops a head that is in trouble if a later one waits.
func (w *worker) makeWay(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil && len(w.heads) > 1 {
		w.log.Info("a later head takes the place of one that could not be followed", "err", err)
		return nil
	}
	return err
}

// heal receives a list again that is erased or damaged, and goes on with one that could not
// be received whole.
func (w *worker) heal(ctx context.Context) error {
	w.mu.Lock()
	a := w.genuine
	w.mu.Unlock()
	if a == nil {
		return nil
	}
	have, err := w.hand(ctx)
	if err != nil || have.intact {
		return err
	}
	var no *refused
	if err := w.follow(ctx, a); !errors.As(err, &no) {
		return err
	}
	w.refuse(a.payload, no)
	return nil
}

// refuse reports a refusal.
func (w *worker) refuse(payload []byte, no *refused) {
	w.mu.Lock()
	w.status.Refusal = &Refusal{Document: no.document, List: w.list.Name, Version: no.version, Reason: no.reason, Detail: no.detail, At: w.o.Now()}
	w.mu.Unlock()
	w.report(no, payload)
}

// observe brings the status in line with the gallery.
func (w *worker) observe(ctx context.Context, problem error) {
	info, err := w.o.Gallery.List(ctx, w.list.Name)
	order, barred := w.orders.bars(w.list.Name)
	k := w.keys.current()
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.status
	s.Version, s.Manifest, s.Entries = info.Version, info.Head, info.Entries
	s.Issued, s.Applied, s.Expires = info.Issued, info.Applied, info.Expires
	s.Damaged = info.Damaged || errors.Is(err, gallery.ErrDamaged)
	if s.Known == 0 {
		s.Known = s.Version
	}
	if s.Keys = 0; k != nil {
		s.Keys, s.KeysExpired = k.Serial, k.Expired(w.clock.time())
	}
	s.Orders = w.orders.of(w.list.Name)
	s.Problem = ""
	switch {
	case err != nil || info.Erased || info.Damaged:
		s.State = StateNone
	case s.Known > s.Version:
		s.State = StateBehind
	default:
		s.State = StateCurrent
	}
	s.Head, s.Digest = gallery.Hash{}, gallery.Hash{}
	if w.last != nil && s.State != StateNone {
		s.Head, s.Digest = w.last.Hash, Digest(s.Booth, s.Manifest, w.last.Nonce)
	}
	switch {
	case barred:
		s.Problem = "erased by order " + order.ID + ", until " + order.Expires.UTC().Format(time.RFC3339)
	case problem != nil:
		s.Problem = problemOf(problem)
	case s.KeysExpired:
		s.Problem = errKeysExpired.Error()
	case k == nil:
		s.Problem = errNoKeys.Error()
	}
	w.status = s
}

func sameStatus(a, b Status) bool {
	a.At, b.At, a.Age, b.Age = time.Time{}, time.Time{}, 0, 0
	return reflect.DeepEqual(a, b)
}

// problemOf says what is the matter in words that hold nothing of a list.
func problemOf(err error) string {
	var no *refused
	switch {
	case errors.As(err, &no):
		return "refused: " + string(no.reason)
	case errors.Is(err, errNoKeys):
		return errNoKeys.Error()
	case errors.Is(err, errKeysExpired):
		return errKeysExpired.Error()
	case errors.Is(err, errNoSpace):
		return "the booth's disk is full"
	case errors.Is(err, gallery.ErrDamaged):
		return "the list at hand is damaged"
	case errors.Is(err, errGone):
		return fmt.Sprintf("a piece of it is %v", errGone)
	case errors.Is(err, errDown):
		return errDown.Error()
	}
	return "it could not be stored or fetched"
}

// tellCentral tells how the list stands, if that changed or the link came back.
func (w *worker) tellCentral(ctx context.Context) error {
	w.mu.Lock()
	if !w.tell && sameStatus(w.status, w.told) || !w.link.isUp() {
		w.mu.Unlock()
		return nil // connecting wakes this worker
	}
	w.tell = false
	w.status.At = w.o.Now().UTC()
	w.status.Age = age(w.status, w.status.At)
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
