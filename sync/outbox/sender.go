package outbox

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"boothd/sync/portal"
)

// Reporter delivers items to central.
type Reporter interface {
	// Report delivers items of one booth and epoch, in order. It may be repeated with the
	// same items. Its reply need not speak of all of them.
	Report(ctx context.Context, items []portal.Item) (portal.ReportReply, error)
}

var _ Reporter = (*portal.Client)(nil)

// SenderOptions are the limits of a Sender.
type SenderOptions struct {
	// Keys are central's public keys: the present one and those before it whose
	// acknowledgements may still come.
	Keys []ed25519.PublicKey
	// MaxItems and MaxBytes (of sealed records) limit a report; 50 and 8 MiB if zero. One
	// item goes even if it is larger.
	MaxItems int
	MaxBytes int64
	// After a report that brought nothing forward the sender waits for a random time below
	// a bound that starts at Base and doubles up to Cap; 1 second and 1 minute if zero.
	Base, Cap time.Duration
	Timeout   time.Duration // of a report; 1 minute if zero
	Log       *slog.Logger  // slog.Default if nil
}

func (o *SenderOptions) fill() error {
	if len(o.Keys) == 0 {
		return errors.New("sender needs central's key")
	}
	if o.MaxItems <= 0 || o.MaxItems > portal.MaxReportItems {
		o.MaxItems = 50
	}
	if o.MaxBytes <= 0 || o.MaxBytes > MaxRecord {
		o.MaxBytes = 8 << 20
	}
	for _, d := range []struct {
		value *time.Duration
		def   time.Duration
	}{{&o.Base, time.Second}, {&o.Cap, time.Minute}, {&o.Timeout, time.Minute}} {
		if *d.value <= 0 {
			*d.value = d.def
		}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return nil
}

// Trouble is the class of what keeps items from being delivered.
type Trouble string

// The classes.
const (
	TroubleLink   Trouble = "link"    // central could not be reached or did not answer
	TroubleAck    Trouble = "bad_ack" // an acknowledgement was not central's or spoke of something else
	TroubleSilent Trouble = "silent"  // central answered but spoke of none of the items
	TroubleStore  Trouble = "store"   // the database could not be read or written
)

// SenderStats is the state of a Sender.
type SenderStats struct {
	LastSuccess time.Time // when items were last acknowledged, by the store's clock
	Delivered   uint64    // items since the start
	Refused     uint64    // by central, since the start
	BadAcks     uint64    // since the start
	Failures    int       // reports in a row that brought nothing forward
	Trouble     Trouble   // of the last report, "" if there was none
}

// Sender delivers a store's items.
type Sender struct {
	store    *Store
	reporter Reporter
	opt      SenderOptions
	now      chan struct{}

	mu    sync.Mutex
	stats SenderStats
}

// NewSender returns a sender for the store. There is one for each store.
func NewSender(s *Store, r Reporter, opt SenderOptions) (*Sender, error) {
	if err := opt.fill(); err != nil {
		return nil, err
	}
	return &Sender{store: s, reporter: r, opt: opt, now: make(chan struct{}, 1)}, nil
}

// Stats tells the state now.
func (d *Sender) Stats() SenderStats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats
}

// Retry ends a pause between attempts: the line to central is back.
func (d *Sender) Retry() { nudge(d.now) }

// Run delivers items in their order until ctx ends. It sleeps while there are none.
func (d *Sender) Run(ctx context.Context) error {
	for {
		n, trouble := d.once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		failures := d.note(n, trouble)
		switch {
		case failures > 0:
			d.pause(ctx, failures)
		case n == 0:
			select {
			case <-ctx.Done():
			case <-d.store.wake:
			case <-d.now:
			}
		}
	}
}

// note takes down how a report went and returns how many in a row brought nothing forward.
func (d *Sender) note(n int, trouble Trouble) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.Trouble = trouble
	if n > 0 || trouble == "" {
		d.stats.Failures = 0
	} else {
		d.stats.Failures++
	}
	return d.stats.Failures
}

// pause waits before the next attempt. New records do not shorten it, else a booth in use
// would hammer at a central that is down.
func (d *Sender) pause(ctx context.Context, failures int) {
	bound := d.opt.Cap
	if shift := failures - 1; shift < 30 && d.opt.Base<<shift < bound {
		bound = d.opt.Base << shift
	}
	t := time.NewTimer(rand.N(bound) + 1)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-d.now:
	}
}

// once sends one report and returns how many items it has settled.
func (d *Sender) once(ctx context.Context) (int, Trouble) {
	batch, err := d.store.next(ctx, d.opt.MaxItems, d.opt.MaxBytes)
	if ctx.Err() != nil {
		return 0, ""
	}
	if err != nil {
		d.opt.Log.Error("outbox cannot be read", "error", err)
		return 0, TroubleStore
	}
	if len(batch) == 0 {
		return 0, ""
	}
	items := make([]portal.Item, len(batch))
	for i := range batch {
		items[i] = batch[i].item
	}
	tctx, cancel := context.WithTimeout(ctx, d.opt.Timeout)
	reply, err := d.reporter.Report(tctx, items)
	cancel()
	if err != nil {
		d.opt.Log.Warn("records not delivered", "items", len(items), "error", err)
		return 0, TroubleLink
	}
	done, bad := d.judge(batch, &reply)
	if len(done) > 0 {
		// What central has taken is settled even if the daemon is being stopped.
		if err := d.store.settle(context.WithoutCancel(ctx), done); err != nil {
			d.opt.Log.Error("acknowledgements could not be kept", "error", err)
			return 0, TroubleStore
		}
	}
	d.count(done, bad)
	switch {
	case bad > 0:
		return len(done), TroubleAck
	case len(done) == 0:
		d.opt.Log.Warn("central spoke of none of the records", "items", len(items))
		return 0, TroubleSilent
	}
	return len(done), ""
}

// judge verifies a reply: what is settled by it, and how many acknowledgements are bad. An
// acknowledgement stands above a refusal of the same item.
func (d *Sender) judge(batch []queued, reply *portal.ReportReply) (done []settled, bad int) {
	open := make(map[uint64]*queued, len(batch))
	for i := range batch {
		open[batch[i].item.Sequence] = &batch[i]
	}
	for i := range reply.Acks {
		ack := &reply.Acks[i]
		q := open[ack.Sequence]
		if q == nil || !d.genuine(ack, &q.item) {
			d.opt.Log.Error("acknowledgement is not valid", "sequence", ack.Sequence, "sent", q != nil)
			bad++
			continue
		}
		delete(open, ack.Sequence)
		done = append(done, settled{n: q.n, queued: q, ack: ack})
	}
	for _, r := range reply.Refused {
		q := open[r.Sequence]
		if q == nil {
			continue
		}
		delete(open, r.Sequence)
		done = append(done, settled{n: q.n, queued: q, reason: reasonRefused, note: clip(r.Reason)})
	}
	return done, bad
}

func (d *Sender) genuine(ack *portal.Ack, it *portal.Item) bool {
	for _, key := range d.opt.Keys {
		if ack.Verify(key, it) == nil {
			return true
		}
	}
	return false
}

// maxNote limits what is kept of central's reason, in runes.
const maxNote = 200

func clip(s string) string {
	r := []rune(s)
	return string(r[:min(len(r), maxNote)])
}

func (d *Sender) count(done []settled, bad int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.BadAcks += uint64(bad)
	for i := range done {
		if done[i].ack == nil {
			d.stats.Refused++
			continue
		}
		d.stats.Delivered++
		d.stats.LastSuccess = d.store.opt.Now()
	}
}
