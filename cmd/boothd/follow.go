package main

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"time"

	"boothd/capture"
	"boothd/capture/audit"
	"boothd/capture/check"
	"boothd/cmd/boothd/alerts"
	"boothd/sync/portal"
)

// Entries of the journal that this command makes itself.
const (
	kindAlertDismissed audit.Kind = "alert_dismissed" // system, cause
	kindLinkVerified   audit.Kind = "link_verified"   // link, colour
)

func (b *booth) openAlerts(ctx context.Context) error {
	err := os.MkdirAll(b.config.KeysDir(), 0o700)
	if err != nil {
		return err
	}
	b.alerts, err = alerts.Open(ctx, b.config.AlertsPath(), alerts.Options{
		KeyFile:   filepath.Join(b.config.KeysDir(), "alerts.key"),
		Keys:      b.atRest,
		Dismissed: b.alertDismissed,
		Log:       b.log,
	})
	return err
}

func (b *booth) alertDismissed(ctx context.Context, a check.Alert, officer string) error {
	return b.store.Journal(ctx, audit.Entry{
		Kind: kindAlertDismissed, Check: a.Check, Officer: officer,
		Detail: map[string]string{"system": a.Answer.System, "cause": string(a.Cause)},
	})
}

// follow takes what central tells the booth, until ctx ends. An event counts as taken once
// what it told is durable.
func (b *booth) follow(ctx context.Context) error {
	last, err := b.alerts.Followed(ctx)
	if err != nil {
		return err
	}
	return b.portal.Follow(ctx, last, func(e portal.Event) error { return b.take(ctx, e) })
}

func (b *booth) take(ctx context.Context, e portal.Event) error {
	if a := e.Alert; a != nil {
		err := b.desk.Alert(ctx, check.Notice{Check: a.Check, Cause: check.Cause(a.Cause), At: a.At, Checked: a.Checked, Answer: a.Answer})
		if err != nil {
			return err
		}
	}
	if e.Drill != "" {
		b.order(e.Drill)
	}
	return b.alerts.Follow(ctx, e.ID)
}

// recordExchange records that an officer has handed data over in person.
func (b *booth) recordExchange(ctx context.Context, o capture.Officer, e capture.Exchange) error {
	now := time.Now()
	return b.store.Record(ctx, &capture.Record{
		ID: rand.Text(), Kind: capture.RecordExchange, Booth: b.config.Booth.ID, Place: b.config.Booth.Place,
		Direction: b.config.Booth.Direction, Officer: o, Started: now, At: now, Exchange: &e,
	})
}

// verifyLink tells central what an officer found out about a link, shows it once central has
// taken it, and journals it.
func (b *booth) verifyLink(ctx context.Context, o capture.Officer, link string, colour capture.LinkColour, why string) error {
	err := b.portal.Verify(ctx, portal.Verification{
		Token: o.Token, Officer: o.ID, Profile: o.Profile.Name, Link: link, Colour: colour, Why: why,
	})
	if err != nil {
		return err
	}
	b.desk.LinkVerified(link, colour)
	p := &o.Profile
	return b.store.Journal(ctx, audit.Entry{
		Kind: kindLinkVerified, Officer: o.ID, Category: p.Category, Profile: p.Name, Purpose: p.Purpose, LegalBasis: p.LegalBasis,
		Detail: map[string]string{"link": link, "colour": string(colour)},
	})
}
