package check

import (
	"context"
	"fmt"
	"slices"
	"time"

	"boothd/capture"
)

// collection is the wait for one piece of evidence.
type collection struct {
	ctx    context.Context
	cancel context.CancelFunc
}

// collect starts waiting for a piece of evidence. The mutex is held.
func (d *Desk) collect(c *running, m capture.Modality) {
	d.collectBeside(c, m, slices.Clone(c.evidence))
}

// collectBeside is collect beside known evidence, which is all but what is taken again. The mutex
// is held.
func (d *Desk) collectBeside(c *running, m capture.Modality, known []capture.Evidence) {
	ctx, cancel := context.WithCancel(d.ctx)
	col := &collection{ctx, cancel}
	c.collecting[m] = col
	delete(c.guidance, m)
	d.tasks.Go(func() {
		defer cancel()
		ev, err := d.cfg.Collector.Collect(ctx, m, known, func(text string) { d.guide(c, m, col, text) })
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
			if k == capture.ModalityFinger {
				c.again = 0
			}
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
	if len(c.evidence) >= maxEvidence || c.pictures()+ev.PictureSize() > maxPictures {
		d.cfg.Log.Warn("evidence dropped: the check holds too much", "check", c.id, "modality", ev.Modality())
		c.guidance[ev.Modality()] = "No more pictures can be kept in this check: conclude it with what is there."
		d.notify()
		return
	}
	ev.ID = c.nextID(ev.Modality())
	c.evidence = append(c.evidence, ev)
	d.ask(c, ev)
	if ev.Document != nil {
		d.heedAge(c, ev.At)
		if bearer := capture.ChipBearer(c.evidence); bearer != nil && bearer.ID == ev.ID {
			d.stopCollecting(c, capture.ModalityChip) // another document has another chip
		}
	}
	if ev.Chip != nil && c.locked() {
		c.guidance[capture.ModalityChip] = "The chip does not open with what was read. Type the access number if one is printed, or conclude."
	}
	d.collectWanted(c)
	d.settle(c)
	d.notify()
}

// heedAge makes the fingers follow the document that was read last: of a child none are taken
// and no picture is kept, whatever an earlier document said. The mutex is held.
func (d *Desk) heedAge(c *running, at time.Time) {
	notApplicable := func(e capture.Evidence) bool {
		return e.Finger != nil && e.Finger.Missing == capture.MissingNotApplicable
	}
	c.evidence = slices.DeleteFunc(c.evidence, notApplicable)
	if !d.exempt(c) || !slices.Contains(d.cfg.Rules.Require, capture.ModalityFinger) {
		return
	}
	d.stopCollecting(c, capture.ModalityFinger)
	for i := range c.evidence {
		if f := c.evidence[i].Finger; f != nil {
			c.evidence[i].Finger = &capture.Finger{Position: f.Position, Missing: capture.MissingNotApplicable}
		}
	}
	if !capture.Has(c.evidence, capture.ModalityFinger) {
		c.evidence = append(c.evidence, capture.Evidence{
			ID: c.nextID(capture.ModalityFinger), At: at, Finger: &capture.Finger{Missing: capture.MissingNotApplicable},
		})
	}
}

// exempt reports whether no fingerprints are taken of the traveller.
func (d *Desk) exempt(c *running) bool {
	return d.cfg.Rules.FingersExempt(capture.LastZone(c.evidence), d.cfg.Now())
}

// collectWanted starts waiting for the evidence that is wanted and not waited for yet. The
// mutex is held.
func (d *Desk) collectWanted(c *running) {
	if c.phase != PhaseCollecting {
		return
	}
	for _, m := range d.wanted(c) {
		first := m == capture.ModalityDocument
		if c.collecting[m] == nil && (first || capture.Has(c.evidence, capture.ModalityDocument)) {
			d.collect(c, m)
		}
	}
}

// pictures is how many bytes of pictures the check holds.
func (c *running) pictures() int {
	n := 0
	for i := range c.evidence {
		n += c.evidence[i].PictureSize()
	}
	return n
}

// nextID numbers the pieces of each modality; a number is not given again.
func (c *running) nextID(m capture.Modality) string {
	c.numbers[m]++
	return fmt.Sprintf("%s-%d", m, c.numbers[m])
}

// wanted lists the evidence that the policy requires and that is not there yet, or is being
// taken again.
func (d *Desk) wanted(c *running) []capture.Modality {
	wanted := []capture.Modality{}
	for _, m := range d.cfg.Rules.Require {
		if !d.complete(c, m) || c.collecting[m] != nil {
			wanted = append(wanted, m)
		}
	}
	return wanted
}

// complete reports whether nothing of the modality is awaited: of fingers none of the plan's.
func (d *Desk) complete(c *running, m capture.Modality) bool {
	if m == capture.ModalityFinger {
		_, _, _, awaited := d.cfg.Rules.Fingers.Next(c.evidence)
		return !awaited
	}
	return capture.Has(c.evidence, m)
}
