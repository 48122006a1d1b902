package main

import (
	"context"
	"fmt"
	"time"

	"boothd/capture/chip"
	"boothd/capture/chip/portrait"
	"boothd/cmd/boothd/console"
	"boothd/cmd/boothd/terminal"
	"boothd/localmatch/trust"
)

// openTrust makes the keeper of what travel documents are verified against.
func (b *booth) openTrust() {
	if list := b.config.Documents.Trust; list != "" {
		b.trust = trust.New(b.gallery, list, trust.Options{Log: b.log})
	}
}

// openTerminal reads as whom the booth asks chips for fingers and irises, if it is somebody.
func (b *booth) openTerminal(ctx context.Context) error {
	if b.config.Documents.Terminal == "" {
		return nil
	}
	var err error
	if b.terminal, err = terminal.Open(ctx, b.config.Documents.Terminal, b.atRest, time.Now); err != nil {
		return err
	}
	for _, id := range b.terminal.Identities {
		b.log.Info("terminal certificate", "holder", id.Certificate.Holder, "until", id.Certificate.Until.Format(time.DateOnly))
	}
	return nil
}

// inspector inspects documents' chips with the material that is ready when a chip is laid on.
func (b *booth) inspector() *chip.Inspector {
	in := &chip.Inspector{
		Terminal: b.terminal,
		Portrait: portrait.Maker{JP2: b.config.Documents.JP2},
		Groups:   b.config.Documents.Groups,
		Now:      time.Now,
	}
	if b.trust != nil {
		in.Trust = b.trust.Material
	}
	return in
}

// trustStatus tells what travel documents are verified against; nil if they are not.
func (b *booth) trustStatus() *console.Trust {
	if b.trust == nil {
		return nil
	}
	s := b.trust.Status()
	return &console.Trust{
		List: s.List, State: console.ListState(s.State), Version: s.Version, AsOf: s.Issued, Expires: s.Expires,
		Authorities: s.Authorities, States: s.States, Why: s.Why,
	}
}

// trustWarning says what the officer should know of it; empty if there is nothing.
func trustWarning(t *console.Trust) string {
	if t == nil {
		return ""
	}
	switch t.State {
	case console.ListMissing:
		return fmt.Sprintf("Who signed a document's chip cannot be verified: %s (%s).", t.Why, t.List)
	case console.ListExpired:
		return fmt.Sprintf("Who signed a document's chip cannot be verified: list %s is too old to be used.", t.List)
	case console.ListStale:
		return fmt.Sprintf("List %s is old: new signers of documents, and revoked ones, may not be known.", t.List)
	}
	return ""
}
