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
	begun []CarriedOut // and not yet remembered as done
}

const (
	ordersName = "orders"
	begunName  = "orders-begun"
	maxWaiting = 1024 // orders
)

// open remembers which orders were carried out, and which were begun.
func (b *orderBook) open() error {
	for name, to := range map[string]*[]CarriedOut{ordersName: &b.done, begunName: &b.begun} {
		err := b.memory.get(name, to)
		switch {
		case errors.Is(err, errForgotten):
			b.log.Error("the orders that were carried out are not known any more: they are carried out again", "err", err)
		case err != nil:
			return err
		}
	}
	b.begun = slices.DeleteFunc(b.begun, func(c CarriedOut) bool { return slices.ContainsFunc(b.done, c.same) })
	return nil
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

// step goes on with what was begun, also before a restart, then deals with what waits. It
// reports whether some of it is to be tried again soon.
func (b *orderBook) step(ctx context.Context) bool {
	b.mu.Lock()
	waiting, begun := slices.Clone(b.wait), slices.Clone(b.begun)
	b.mu.Unlock()
	again := false
	for _, c := range begun {
		if err := b.carryOut(ctx, c); err != nil {
			b.log.Error("order not carried out: trying again", "err", err)
			again = true
		}
	}
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
	c := CarriedOut{ID: order.ID, Hash: order.Hash, List: order.List, Deed: order.Deed, Expires: order.Expires, At: b.o.Now().UTC()}
	if i := slices.IndexFunc(b.known(), c.same); i >= 0 {
		if b.known()[i].Hash == order.Hash {
			return nil
		}
		return &refused{DocumentOrder, "", 0, ReasonFork, "another order " + order.ID + " was carried out before"}
	}
	if order.Expired(b.clock.time()) {
		return &refused{DocumentOrder, "", 0, ReasonExpired, "order " + order.ID + " counted until " + order.Expires.UTC().Format(time.RFC3339)}
	}
	return b.carryOut(ctx, c)
}

// known returns the orders that were carried out or begun.
func (b *orderBook) known() []CarriedOut {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Concat(b.done, b.begun)
}

// carryOut notes which lists are to go, erases them, has that told, and notes that it was
// done. A power cut anywhere in between has the next start go on with it: an order may be
// told of twice, but none is forgotten half-way.
func (b *orderBook) carryOut(ctx context.Context, c CarriedOut) error {
	ctx = context.WithoutCancel(ctx)
	names, _ := b.named(ctx, c) // an error comes again below
	c.addLists(names)
	b.begin(c)
	err := b.eraseAll(ctx, &c)
	if err == nil {
		err = b.o.Ordered(c)
	}
	if err != nil {
		return fmt.Errorf("carry out order %s: %w", c.ID, err)
	}
	if err := b.remember(c); err != nil {
		return fmt.Errorf("order %s is carried out, but that is not remembered: %w", c.ID, err)
	}
	b.log.Warn("order carried out", "order", c.ID, "deed", c.Deed, "lists", c.Lists)
	for _, w := range b.lists() {
		w.tellAgain()
	}
	return nil
}

// begin has the order count from now on, whatever becomes of it on the disk.
func (b *orderBook) begin(c CarriedOut) {
	b.mu.Lock()
	b.begun = append(slices.DeleteFunc(b.begun, c.same), c)
	all := slices.Clone(b.begun)
	b.mu.Unlock()
	if err := b.memory.put(begunName, all); err != nil {
		b.log.Error("that an order was begun is not remembered", "order", c.ID, "err", err)
	}
}

// remember notes that the order was carried out. That it was begun is noted too until the
// next one, which is no harm.
func (b *orderBook) remember(c CarriedOut) error {
	all := append(b.stillKnown(), c)
	if err := b.memory.put(ordersName, all); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = all
	b.begun = slices.DeleteFunc(b.begun, c.same)
	return nil
}

// eraseAll erases what the order names: the lists at once, whatever is done with them at the
// moment; then, when that has ended, once more, and what was fetched of their next versions.
func (b *orderBook) eraseAll(ctx context.Context, c *CarriedOut) error {
	var named []*worker
	for _, w := range b.lists() {
		if c.names(w.list.Name) {
			named = append(named, w)
			w.interrupt()
		}
	}
	errs := []error{b.erase(ctx, c)}
	for _, w := range named {
		w.stepping.Lock()
		errs = append(errs, w.spool.erase())
		w.stepping.Unlock()
	}
	return errors.Join(append(errs, b.erase(ctx, c))...)
}

// stillKnown drops what has expired long ago: it would be refused for that alone. So the
// memory is bounded by how many orders central gives.
func (b *orderBook) stillKnown() []CarriedOut {
	long := b.clock.time().Add(-MaxOrder)
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.done), func(c CarriedOut) bool { return c.Expires.Before(long) })
}

// named returns the lists that the order is about and that are not erased, also those that
// the booth is no longer configured for.
func (b *orderBook) named(ctx context.Context, c CarriedOut) ([]string, error) {
	infos, err := b.o.Gallery.Lists(ctx)
	if err != nil { // better all that we know of than none
		for _, w := range b.lists() {
			infos = append(infos, gallery.Info{Name: w.list.Name})
		}
	}
	var names []string
	for _, info := range infos {
		if c.names(info.Name) && !info.Erased {
			names = append(names, info.Name)
		}
	}
	return names, err
}

// erase erases the lists that the order is about.
func (b *orderBook) erase(ctx context.Context, c *CarriedOut) error {
	names, err := b.named(ctx, *c)
	errs := []error{err}
	c.addLists(names)
	for _, name := range names {
		err := b.o.Gallery.Erase(ctx, name)
		if err != nil && !errors.Is(err, gallery.ErrAbsent) && !errors.Is(err, gallery.ErrDamaged) { // the keys went first
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// bars returns the order in force that forbids to take a list.
func (b *orderBook) bars(list string) (CarriedOut, bool) {
	now := b.clock.time()
	for _, c := range b.known() {
		if c.names(list) && c.Deed == DeedErase && now.Before(c.Expires) {
			return c, true
		}
	}
	return CarriedOut{}, false
}

// of returns the last orders that were carried out on a list.
func (b *orderBook) of(list string) []CarriedOut {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []CarriedOut
	for _, c := range b.done {
		if c.names(list) {
			all = append(all, c)
		}
	}
	return all[max(0, len(all)-maxTold):]
}

// maxTold is how many orders a status tells of.
const maxTold = 16

// same reports whether both are the same order.
func (c CarriedOut) same(other CarriedOut) bool { return c.ID == other.ID }

func (c CarriedOut) names(list string) bool { return c.List == All || c.List == list }

// addLists adds names of lists that are erased.
func (c *CarriedOut) addLists(names []string) {
	for _, name := range names {
		if !slices.Contains(c.Lists, name) {
			c.Lists = append(slices.Clone(c.Lists), name)
		}
	}
}
