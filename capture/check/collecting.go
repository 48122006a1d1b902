package check

import (
	"context"
	"fmt"
	"slices"

	"boothd/capture"
)

// collection is the wait for one piece of evidence.
type collection struct {
	ctx    context.Context
	cancel context.CancelFunc
}

// collect starts waiting for a piece of evidence. The mutex is held.
func (d *Desk) collect(c *running, m capture.Modality) {
	ctx, cancel := context.WithCancel(d.ctx)
	col := &collection{ctx, cancel}
	c.collecting[m] = col
	delete(c.guidance, m)
	d.tasks.Go(func() {
		defer cancel()
		ev, err := d.cfg.Collector.Collect(ctx, m, func(text string) { d.guide(c, m, col, text) })
		d.mu.Lock()
		defer d.mu.Unlock()
		if c.collecting[m] != col || ctx.Err() != nil {
			return
		}
		d.stopCollecting(c, m)
		if err != nil {
			d.cfg.Log.Warn("capture ended", "check", c.id, "modality", m, "error", err)
			c.guidance[m] = "The capture ended: try again, or go on without."
			d.notify()
			return
		}
		d.add(c, ev)
	})
}

// stopCollecting ends the wait for a modality, or every wait if m is empty. The mutex is
// held.
func (d *Desk) stopCollecting(c *running, m capture.Modality) {
	for k, col := range c.collecting {
		if m == "" || k == m {
			col.cancel()
			delete(c.collecting, k)
			delete(c.guidance, k)
		}
	}
}

func (d *Desk) guide(c *running, m capture.Modality, col *collection, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c.collecting[m] != col || c.guidance[m] == text {
		return
	}
	c.guidance[m] = text
	d.notify()
}

// add takes a piece of evidence into the check and asks every source about it. The mutex is
// held.
func (d *Desk) add(c *running, ev capture.Evidence) {
	if len(c.evidence) >= maxEvidence {
		d.cfg.Log.Warn("evidence dropped: too many pieces", "check", c.id)
		return
	}
	ev.ID = c.nextID(ev.Modality())
	c.evidence = append(c.evidence, ev)
	d.ask(c, ev)
	if c.has(capture.ModalityFace) == 0 && c.collecting[capture.ModalityFace] == nil && slices.Contains(d.cfg.Rules.Require, capture.ModalityFace) {
		d.collect(c, capture.ModalityFace)
	}
	if ev.Document != nil && d.cfg.Rules.FingersExempt(&ev.Document.Zone, ev.At) && c.has(capture.ModalityFinger) == 0 {
		d.stopCollecting(c, capture.ModalityFinger)
		none := capture.Evidence{ID: c.nextID(capture.ModalityFinger), At: ev.At, Finger: &capture.Finger{Missing: capture.MissingNotApplicable}}
		c.evidence = append(c.evidence, none)
	}
	d.settle(c)
	d.notify()
}

func (c *running) nextID(m capture.Modality) string { return fmt.Sprintf("%s-%d", m, c.has(m)+1) }

// has counts the pieces of evidence of a modality.
func (c *running) has(m capture.Modality) int {
	n := 0
	for i := range c.evidence {
		if c.evidence[i].Modality() == m {
			n++
		}
	}
	return n
}

// wanted lists the evidence that the policy requires and that is not there yet, or is being
// taken again.
func (d *Desk) wanted(c *running) []capture.Modality {
	wanted := []capture.Modality{}
	for _, m := range d.cfg.Rules.Require {
		if c.has(m) == 0 || c.collecting[m] != nil {
			wanted = append(wanted, m)
		}
	}
	return wanted
}
