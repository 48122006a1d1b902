package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"boothd/cmd/boothd/console"
	"boothd/devices"
	"boothd/localmatch/gallery"
)

// status tells how the booth is, for the officer's page: asking for it counts as noticing a
// drill.
func (b *booth) status(ctx context.Context) console.BoothStatus {
	st := b.condition(ctx)
	st.Drill = b.drillStatus()
	return st
}

// condition tells how the booth is, but for drills.
func (b *booth) condition(ctx context.Context) console.BoothStatus {
	st := console.BoothStatus{
		Booth:   b.config.Booth.ID,
		Place:   b.config.Booth.Place,
		Version: version,
		Devices: b.devices.Status(),
		Require: b.config.Check.Require,
		Link:    b.link(),
		Lists:   b.lists(ctx, time.Now()),
	}
	if b.portal != nil {
		st.Unknown = unknown(b.systems(), b.config.Portal.Systems, b.reach(), st.Lists)
	} else {
		st.Unknown = unknown(b.systems(), nil, reach{}, st.Lists)
	}
	st.Trust = b.trustStatus()
	st.Outbox = b.outbox(ctx)
	st.Warnings = b.warnings(ctx, &st)
	return st
}

func (b *booth) outbox(ctx context.Context) console.Outbox {
	stats := b.store.Stats()
	o := console.Outbox{Depth: stats.Depth, Bytes: stats.Bytes, Oldest: stats.Oldest, Quarantined: stats.Quarantined}
	var err error
	if o.Checks, o.ChecksOldest, err = b.store.Checks(ctx); err != nil && ctx.Err() == nil {
		b.log.Error("records that wait not counted", "err", err)
	}
	return o
}

// link tells how far questions reach. Without a portal the booth is offline by design.
func (b *booth) link() console.Link {
	if b.portal == nil {
		return console.Link{State: console.LinkOffline}
	}
	return linkOf(b.reach())
}

func (b *booth) lists(ctx context.Context, now time.Time) []console.List {
	var lists []console.List
	for _, l := range b.config.Lists {
		line := console.List{Name: l.Name, System: l.System, State: console.ListMissing}
		info, err := b.gallery.List(ctx, l.Name)
		if err == nil && !info.Erased && !info.Damaged {
			line.Version, line.AsOf, line.State = info.Version, info.Issued, listState(info, now)
		}
		lists = append(lists, line)
	}
	return lists
}

func listState(info gallery.Info, now time.Time) console.ListState {
	switch {
	case info.Expired(now):
		return console.ListExpired
	case info.ClockBehind(now), info.Old(now):
		return console.ListStale
	}
	return console.ListCurrent
}

// warnings says in sentences what the officer should know, the gravest first.
func (b *booth) warnings(ctx context.Context, st *console.BoothStatus) []string {
	var w []string
	add := func(format string, args ...any) { w = append(w, fmt.Sprintf(format, args...)) }
	if err := b.store.Ready(ctx); err != nil && !errors.Is(err, context.Canceled) {
		add("No new check can be started: %s.", err)
	}
	stats := b.store.Stats()
	if stats.SetAside != "" {
		add("The booth's database was damaged and has been set aside; a technician must look at it.")
	}
	if stats.Quarantined > 0 {
		add("%d record(s) could not be delivered and need a technician.", stats.Quarantined)
	}
	for _, l := range st.Lists {
		if l.Name == b.config.Documents.Trust {
			continue
		}
		switch l.State {
		case console.ListMissing:
			add("List %s is not on this booth: what %s holds is not known here.", l.Name, l.System)
		case console.ListExpired:
			add("List %s is too old to be used: what %s holds is not known here.", l.Name, l.System)
		case console.ListStale:
			add("List %s is old: new entries may be missing.", l.Name)
		}
	}
	if w := trustWarning(st.Trust); w != "" {
		add("%s", w)
	}
	if b.portal != nil && st.Link.State != console.LinkOnline {
		add("Central cannot be asked: %s.", b.portal.Status().Reason)
	}
	for _, name := range b.profiles.overdue(time.Now()) {
		add("The profile %s is past its review and allows nothing until central has renewed it.", name)
	}
	w = append(w, b.kioskNotices(time.Now())...)
	for _, d := range st.Devices {
		if d.State == devices.Fault {
			add("%s: %s.", d.Address, d.Reason)
		}
	}
	return w
}
