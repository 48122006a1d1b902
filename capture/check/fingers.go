package check

import (
	"context"
	"slices"

	"boothd/capture"
)

// MissFinger records why no finger can be taken: of a plan of several, none of those that are
// still awaited.
func (d *Desk) MissFinger(ctx context.Context, id, officer string, reason capture.Missing) error {
	return d.missFingers(id, officer, reason, func(c *running) []capture.FingerPosition {
		if !d.cfg.Rules.Fingers.Many() {
			return []capture.FingerPosition{0}
		}
		return d.awaitedFingers(c)
	})
}

// MissFingers records why these fingers cannot be taken, fingers of the rules' plan; that of a
// finger which was taken supersedes its picture. It returns ErrBadInput for others.
func (d *Desk) MissFingers(ctx context.Context, id, officer string, fingers []capture.FingerPosition, reason capture.Missing) error {
	for i, f := range fingers {
		if !d.cfg.Rules.Fingers.Has(f) || slices.Contains(fingers[:i], f) {
			return ErrBadInput
		}
	}
	return d.missFingers(id, officer, reason, func(*running) []capture.FingerPosition { return fingers })
}

func (d *Desk) missFingers(id, officer string, reason capture.Missing, which func(*running) []capture.FingerPosition) error {
	if reason != capture.MissingPermanent && reason != capture.MissingTemporary {
		return ErrBadInput
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := d.inPhase(id, PhaseCollecting)
	if err != nil {
		return err
	}
	fingers := which(c)
	if len(fingers) == 0 || len(c.evidence)+len(fingers) > maxEvidence || d.cfg.Rules.Fingers.Many() && d.exempt(c) {
		return ErrBadInput
	}
	d.stopCollecting(c, capture.ModalityFinger)
	for _, position := range fingers {
		ev := capture.Evidence{
			ID: c.nextID(capture.ModalityFinger), At: d.cfg.Now(), By: officer, Finger: &capture.Finger{Position: position, Missing: reason},
		}
		ev.Device.Model = "stated by the officer"
		c.evidence = append(c.evidence, ev)
		d.ask(c, ev)
	}
	d.collectWanted(c)
	d.settle(c)
	d.notify()
	return nil
}

// awaitedFingers are those of the plan that are neither taken nor missing, and those that would be
// asked for instead of them.
func (d *Desk) awaitedFingers(c *running) []capture.FingerPosition {
	plan := d.cfg.Rules.Fingers
	all := capture.FingerPlan{Fingers: slices.Concat(plan.Fingers, plan.Instead)}
	steps := plan.Steps(c.evidence)
	if slices.ContainsFunc(steps, func(s capture.FingerStep) bool { return s.State == capture.FingerTaken }) {
		all = plan
	}
	var awaited []capture.FingerPosition
	for _, s := range all.Steps(c.evidence) {
		if s.State == capture.FingerAwaited {
			awaited = append(awaited, s.Position)
		}
	}
	return awaited
}

// RetakeFinger captures a finger of the rules' plan again; the others of the plan follow if they
// are still awaited. What was captured or stated before stays in the record. It returns
// ErrBadInput for a finger that is not of the plan, and for those of a child.
func (d *Desk) RetakeFinger(ctx context.Context, id string, finger capture.FingerPosition) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := d.inPhase(id, PhaseCollecting)
	if err != nil {
		return err
	}
	if !slices.Contains(d.cfg.Rules.Require, capture.ModalityFinger) || !d.cfg.Rules.Fingers.Has(finger) || d.exempt(c) {
		return ErrBadInput
	}
	d.recapture(c, capture.ModalityFinger, finger)
	return nil
}

// recapture takes a piece of evidence again; of fingers the one at the position. The mutex is held.
func (d *Desk) recapture(c *running, m capture.Modality, finger capture.FingerPosition) {
	d.stopCollecting(c, m)
	known := slices.Clone(c.evidence)
	if m == capture.ModalityFinger {
		known = slices.DeleteFunc(known, func(e capture.Evidence) bool {
			return e.Finger != nil && (e.Finger.Position == finger || e.Finger.Position == 0)
		})
	}
	d.collectBeside(c, m, known)
	if m == capture.ModalityFinger {
		c.again = finger
	}
	d.notify()
}

// lastFinger is the finger that is meant if one is to be taken again and it is not said which:
// the one that is asked for next, or else the last.
func (d *Desk) lastFinger(c *running) capture.FingerPosition {
	if next, _, _, ok := d.cfg.Rules.Fingers.Next(c.evidence); ok {
		return next
	}
	for i := range slices.Backward(c.evidence) {
		if f := c.evidence[i].Finger; f != nil {
			return f.Position
		}
	}
	return 0
}

// viewFingers tells how far a plan of several fingers has come; nil for one of a single finger.
func (d *Desk) viewFingers(c *running) []capture.FingerStep {
	plan := d.cfg.Rules.Fingers
	if !plan.Many() || !c.open() || !slices.Contains(d.cfg.Rules.Require, capture.ModalityFinger) {
		return nil
	}
	now, failed := capture.FingerPosition(-1), capture.FingerPosition(-1)
	next, _, _, ok := plan.Next(c.evidence)
	switch {
	case c.again > 0:
		now = c.again
	case ok && c.collecting[capture.ModalityFinger] != nil:
		now = next
	case ok && c.phase == PhaseCollecting && c.guidance[capture.ModalityFinger] != "":
		failed = next
	}
	steps := plan.Steps(c.evidence)
	for i := range steps {
		switch steps[i].Position {
		case now:
			steps[i].State = capture.FingerNow
		case failed:
			steps[i].State = capture.FingerFailed
		}
	}
	return steps
}
