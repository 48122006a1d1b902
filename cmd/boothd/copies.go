package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"boothd/localmatch/gallery"
	"boothd/sync/portal"
	"boothd/sync/watchlist"
)

// copies keeps central's inventory of technical copies in line with the lists that this booth
// holds (Regulation (EU) 2018/1862 Art 56).
type copies struct {
	lists   lister
	central inventory
	log     *slog.Logger
	changed chan struct{} // holds one if the lists are to be looked at now
	// proofs tells what is proved of the lists; nil without a subscriber.
	proofs func() []watchlist.Status
}

// lister tells of every list that was ever received; *gallery.Gallery is it.
type lister interface {
	Lists(ctx context.Context) ([]gallery.Info, error)
}

// inventory is told all copies that there are; *portal.Client is it.
type inventory interface {
	Copies(ctx context.Context, all []portal.Copy) error
}

var (
	_ lister    = (*gallery.Gallery)(nil)
	_ inventory = (*portal.Client)(nil)
)

func newCopies(lists lister, central inventory, log *slog.Logger) *copies {
	return &copies{lists: lists, central: central, log: log, changed: make(chan struct{}, 1)}
}

// look has the lists looked at soon. It does not wait.
func (c *copies) look() {
	select {
	case c.changed <- struct{}{}:
	default: // they will be looked at anyway
	}
}

// run tells central at once, whenever what is held has changed, and hourly, until ctx ends.
// A list may also vanish without an update, so it looks by itself as often as it tries again.
func (c *copies) run(ctx context.Context) error {
	var told []portal.Copy
	var at time.Time // zero if central has not what is held
	for {
		held, err := c.held(ctx)
		if err == nil && (time.Since(at) >= fetchEvery || !slices.EqualFunc(held, told, sameCopy)) {
			if err = c.central.Copies(ctx, held); err == nil {
				told, at = held, time.Now()
			}
		}
		if err != nil && ctx.Err() == nil {
			c.log.Warn("central not told which copies are held", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-c.changed:
		case <-time.After(fetchAgain):
		}
	}
}

// held are all lists that are on this booth's disk, also those that cannot be asked any more
// because their lease has ended, a part is damaged, or they were taken out of the
// configuration. A list whose state cannot be read is an error: what is held is not known
// then, and central keeps what it was told before.
func (c *copies) held(ctx context.Context) ([]portal.Copy, error) {
	lists, err := c.lists.Lists(ctx)
	if err != nil {
		return nil, err
	}
	var all []portal.Copy
	for _, l := range lists {
		if l.Erased {
			continue
		}
		if l.Version == 0 {
			return nil, fmt.Errorf("list %s: %w", l.Name, gallery.ErrDamaged)
		}
		k := portal.Copy{
			List: l.Name, System: l.System, Version: l.Version, Manifest: l.Head.String(), Entries: l.Entries, Taken: l.Issued, Expires: l.Expires,
		}
		c.prove(&k)
		all = append(all, k)
	}
	return all, nil
}

// prove adds the proof of a copy, if there is one of this very version.
func (c *copies) prove(k *portal.Copy) {
	if c.proofs == nil {
		return
	}
	for _, s := range c.proofs() {
		if s.List == k.List && s.Manifest.String() == k.Manifest && !s.Digest.IsZero() {
			k.Head, k.Digest = s.Head.String(), s.Digest.String()
		}
	}
}

func sameCopy(a, b portal.Copy) bool {
	return a.List == b.List && a.System == b.System && a.Version == b.Version && a.Manifest == b.Manifest && a.Digest == b.Digest
}
