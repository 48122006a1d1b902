package main

import (
	"context"
	"time"

	"boothd/cmd/boothd/console"
	"boothd/internal/keys"
	"boothd/sync/drill"
)

// openDrill makes what rehearses failures that central orders. Orders are signed with the
// keys of its acknowledgements.
func (b *booth) openDrill(context.Context) error {
	trusted, err := keys.ReadVerifyingAll(b.config.Portal.Signing)
	if err != nil {
		return err
	}
	b.drill = drill.New(drill.Options{
		Booth: b.config.Booth.ID, Place: b.config.Booth.Place, Keys: trusted, Recorder: b.store,
		Queued: func() int { return b.store.Stats().Depth }, Log: b.log, Now: time.Now,
	})
	return nil
}

// order begins the drill of an order. One that cannot be followed is passed over.
func (b *booth) order(text string) {
	if err := b.drill.Follow(text); err != nil {
		b.log.Warn("drill order passed over", "err", err)
	}
}

// drillStatus is what the officer is told of the drill under way.
func (b *booth) drillStatus() *console.Drill {
	s := b.drill.Status()
	if s == nil {
		return nil
	}
	return &console.Drill{Order: s.Order, Target: s.Target, Until: s.Until}
}
