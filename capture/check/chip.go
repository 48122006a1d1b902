package check

import (
	"context"
	"slices"

	"boothd/capture"
	"boothd/capture/chip"
	"boothd/capture/inspection"
)

// MissChip records why there is no chip to be inspected in the document that should have one
// (capture.ChipBearer). It returns ErrNoDocument before there is one.
func (d *Desk) MissChip(ctx context.Context, id, officer string, why capture.MissingChip) error {
	if why != capture.MissingNoChip && why != capture.MissingSilent {
		return ErrBadInput
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := d.inPhase(id, PhaseCollecting)
	if err != nil {
		return err
	}
	document := capture.ChipBearer(c.evidence)
	if document == nil {
		return ErrNoDocument
	}
	now := d.cfg.Now()
	expected := d.cfg.Rules.ExpectChip(&document.Document.Zone, now)
	ev := capture.Evidence{At: now, By: officer, Chip: capture.ChipMissing(document.ID, why, expected)}
	ev.Device.Model = "stated by the officer"
	d.stopCollecting(c, capture.ModalityChip)
	d.add(c, ev)
	return nil
}

// UseAccessNumber has the chip inspected, again if need be, and opened with the card access
// number, six digits. The number is in no record. It returns ErrNoDocument before there is a document
// that may have a chip.
func (d *Desk) UseAccessNumber(ctx context.Context, id, number string) error {
	if !isAccessNumber(number) || !slices.Contains(d.cfg.Rules.Require, capture.ModalityChip) {
		return ErrBadInput
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := d.inPhase(id, PhaseCollecting)
	if err != nil {
		return err
	}
	e := capture.ChipBearer(c.evidence)
	if e == nil {
		return ErrNoDocument
	}
	document := *e.Document // questions and captures under way read the one before
	document.CAN = number
	e.Document = &document
	d.stopCollecting(c, capture.ModalityChip)
	d.collect(c, capture.ModalityChip)
	d.notify()
	return nil
}

func isAccessNumber(s string) bool {
	return len(s) == 6 && !slices.ContainsFunc([]byte(s), func(b byte) bool { return b < '0' || b > '9' })
}

// locked reports whether the chip that is asked about was there and did not open: perhaps the
// officer finds an access number on the document, so that the check is not decided without being
// asked to. The mutex is held.
func (c *running) locked() bool {
	bearer := capture.ChipBearer(c.evidence)
	for i := range slices.Backward(c.evidence) {
		if e := c.evidence[i].Chip; e != nil && bearer != nil && e.Document == bearer.ID {
			return slices.ContainsFunc(e.Checks, func(k inspection.Check) bool {
				return k.Name == chip.CheckAccess && k.State == inspection.Failed && k.Reason == chip.ReasonPassword
			})
		}
	}
	return false
}
