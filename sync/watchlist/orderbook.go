package watchlist

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"boothd/localmatch/gallery"
)

// orderBook carries out central's orders, each once. While an order to erase a list counts,
// nothing of that list is taken again.
type orderBook struct {
	o       *SubscriberOptions
	keys    *keyring
	memory  *memory
	clock   *clock
	log     *slog.Logger
	refused func(*refused, []byte)
	lists   func() []*worker
	news    chan struct{}

	mu    sync.Mutex
	wait  [][]byte // not dealt with, in their order
	done  []CarriedOut
	doing []CarriedOut // and not yet remembered
}

const (
	ordersName = "orders"
	maxWaiting = 1024 // orders
)

// open remembers which orders were carried out.
func (b *orderBook) open() error {
	err := b.memory.get(ordersName, &b.done)
	if errors.Is(err, errForgotten) {
		b.log.Error("the orders that were carried out are not known any more: they are carried out again", "err", err)
		return nil
	}
	return err
}

// offer takes over an order.
func (b *orderBook) offer(order []byte) {
	if len(order) == 0 { // taken off the broker: what was carried out stays so
		return
	}
	b.mu.Lock()
	if b.wait = append(b.wait, order); len(b.wait) > maxWaiting {
		b.wait = b.wait[1:]
	}
	b.mu.Unlock()
	b.wake()
}

func (b *orderBook) wake() {
	select {
	case b.news <- struct{}{}:
	default:
	}
}

func (b *orderBook) run(ctx context.Context) {
	for {
		var again <-chan time.Time
		if b.step(ctx) {
			again = time.After(b.o.RetryMin)
		}
		select {
		case <-ctx.Done():
			return
		case <-b.news:
		case <-again:
		}
	}
}

// step deals with what waits and reports whether some of it is to be tried again soon.
func (b *orderBook) step(ctx context.Context) bool {
	b.mu.Lock()
	waiting := slices.Clone(b.wait)
	b.mu.Unlock()
	again := false
	for _, order := range waiting {
		err := b.follow(ctx, order)
		var no *refused
		switch {
		case errors.As(err, &no):
			b.refused(no, order)
		case errors.Is(err, errNoKeys) || errors.Is(err, errKeysExpired):
			continue // until another keys document comes
		case err != nil:
			b.log.Error("order not carried out: trying again", "err", err)
			again = true
			continue
		}
		b.forget(order)
	}
	return again
}

func (b *orderBook) forget(order []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.IndexFunc(b.wait, func(x []byte) bool { return &x[0] == &order[0] }); i >= 0 {
		b.wait = slices.Delete(b.wait, i, i+1)
	}
}

// follow proves an order and carries it out, unless that was done or it is not for this booth.
func (b *orderBook) follow(ctx context.Context, payload []byte) error {
	order, err := ParseOrder(payload)
	if err != nil {
		return refusal(DocumentOrder, "", 0, err)
	}
	trusted, err := b.keys.forOrders(order.Issued)
	if err != nil {
		return err
	}
	if err := order.Verify(trusted); err != nil {
		return refusal(DocumentOrder, "", 0, fmt.Errorf("order %s: %w", order.ID, err))
	}
	if !order.For(b.o.Booth, b.o.Group) {
		return nil
	}
	if i := slices.IndexFunc(b.known(), func(c CarriedOut) bool { return c.ID == order.ID }); i >= 0 {
		if b.known()[i].Hash == order.Hash {
			return nil
		}
		return &refused{DocumentOrder, "", 0, ReasonFork, "another order " + order.ID + " was carried out before"}
	}
	if order.Expired(b.clock.time()) {
		return &refused{DocumentOrder, "", 0, ReasonExpired, "order " + order.ID + " counted until " + order.Expires.UTC().Format(time.RFC3339)}
	}
	return b.carryOut(ctx, order)
}

func (b *orderBook) known() []CarriedOut {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.done)
}

// carryOut erases first and takes note after that: a power cut in between has it erased again.
func (b *orderBook) carryOut(ctx context.Context, order *SignedOrder) error {
	c := CarriedOut{ID: order.ID, Hash: order.Hash, List: order.List, Deed: order.Deed, Expires: order.Expires, At: b.o.Now().UTC()}
	b.begin(c)
	ctx = context.WithoutCancel(ctx)
	erased, err := b.eraseAll(ctx, order)
	if err != nil {
		return fmt.Errorf("carry out order %s: %w", order.ID, err)
	}
	if err := b.remember(c); err != nil {
		return fmt.Errorf("order %s is carried out, but that is not remembered: %w", order.ID, err)
	}
	b.log.Warn("order carried out", "order", c.ID, "deed", c.Deed, "lists", erased)
	b.o.Ordered(c, erased)
	for _, w := range b.lists() {
		w.tellAgain()
	}
	return nil
}

// begin has the order count from now on, whatever becomes of it on the disk.
func (b *orderBook) begin(c CarriedOut) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.ContainsFunc(b.doing, func(x CarriedOut) bool { return x.ID == c.ID }) {
		b.doing = append(b.doing, c)
	}
}

func (b *orderBook) remember(c CarriedOut) error {
	all := append(b.stillKnown(), c)
	if err := b.memory.put(ordersName, all); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = all
	b.doing = slices.DeleteFunc(b.doing, func(x CarriedOut) bool { return x.ID == c.ID })
	return nil
}

// eraseAll erases what the order names: the lists at once, whatever is done with them at the
// moment; then, when that has ended, once more, and what was fetched of their next versions.
func (b *orderBook) eraseAll(ctx context.Context, order *SignedOrder) ([]string, error) {
	var named []*worker
	for _, w := range b.lists() {
		if order.Names(w.list.Name) {
			named = append(named, w)
			w.interrupt()
		}
	}
	erased, err := b.erase(ctx, order)
	errs := []error{err}
	for _, w := range named {
		w.stepping.Lock()
		errs = append(errs, w.spool.erase())
		w.stepping.Unlock()
	}
	late, err := b.erase(ctx, order)
	return append(erased, late...), errors.Join(append(errs, err)...)
}

// stillKnown drops what has expired long ago: it would be refused for that alone. So the
// memory is bounded by how many orders central gives.
func (b *orderBook) stillKnown() []CarriedOut {
	long := b.clock.time().Add(-MaxOrder)
	return slices.DeleteFunc(b.known(), func(c CarriedOut) bool { return c.Expires.Before(long) })
}

// erase erases the lists that the order names, also those that the booth is no longer
// configured for, and returns their names.
func (b *orderBook) erase(ctx context.Context, order *SignedOrder) ([]string, error) {
	infos, err := b.o.Gallery.Lists(ctx)
	if err != nil { // better all that we know of than none
		for _, w := range b.lists() {
			infos = append(infos, gallery.Info{Name: w.list.Name})
		}
	}
	var names []string
	errs := []error{err}
	for _, info := range infos {
		if !order.Names(info.Name) || info.Erased {
			continue
		}
		err := b.o.Gallery.Erase(ctx, info.Name)
		if err != nil && !errors.Is(err, gallery.ErrAbsent) && !errors.Is(err, gallery.ErrDamaged) { // the keys went first
			errs = append(errs, err)
			continue
		}
		names = append(names, info.Name)
	}
	return names, errors.Join(errs...)
}

// bars returns the order in force that forbids to take a list.
func (b *orderBook) bars(list string) (CarriedOut, bool) {
	now := b.clock.time()
	b.mu.Lock()
	all := slices.Concat(b.done, b.doing)
	b.mu.Unlock()
	for _, c := range all {
		if (c.List == All || c.List == list) && c.Deed == DeedErase && now.Before(c.Expires) {
			return c, true
		}
	}
	return CarriedOut{}, false
}

// of returns the last orders that were carried out on a list.
func (b *orderBook) of(list string) []CarriedOut {
	var all []CarriedOut
	for _, c := range b.known() {
		if c.List == All || c.List == list {
			all = append(all, c)
		}
	}
	return all[max(0, len(all)-maxTold):]
}

// maxTold is how many orders a status tells of.
const maxTold = 16
