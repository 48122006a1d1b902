package check

import (
	"context"
	"crypto/rand"

	"boothd/capture"
	"boothd/capture/policy"
)

// settle decides the check when nothing more is awaited. The mutex is held.
func (d *Desk) settle(c *running) {
	if d.closing || c.recording || c.fault != "" || c.awaiting() {
		return
	}
	complete := d.cfg.Auto && c.phase == PhaseCollecting && len(d.wanted(c)) == 0 && !c.locked()
	if !complete && c.phase != PhaseConcluding {
		return
	}
	d.decide(c)
}

// decide makes the outcome durable and only then shows it. The mutex is held; it is not
// while the record is written.
func (d *Desk) decide(c *running) {
	c.phase, c.recording = PhaseConcluding, true
	d.stopCollecting(c, "")
	rec := d.record(c, capture.RecordOutcome)
	rec.Evidence, rec.Asked, rec.Answers = c.evidence, c.asked, c.answers()
	rec.Offline = c.offline()
	told := len(c.asked)
	outcome := policy.Decide(d.cfg.Rules, policy.Facts{
		Now: rec.At, Profile: c.officer.Profile, Evidence: rec.Evidence, Answers: rec.Answers,
	})
	rec.Recommendation = &outcome
	d.tasks.Go(func() {
		err := d.cfg.Recorder.Record(context.WithoutCancel(d.ctx), rec)
		d.awaitBeat(rec.At)
		d.mu.Lock()
		defer d.mu.Unlock()
		c.recording = false
		if err != nil {
			d.cfg.Log.Error("record not kept, no outcome shown", "check", c.id, "error", err)
			c.fault = "The record could not be stored, so no outcome can be shown. Ask for the outcome again, or abandon the check and follow the fall-back procedure."
		} else {
			c.phase, c.recommendation, c.untold = PhaseDecided, &outcome, told
			d.keepLates()
		}
		d.settleHeld(c)
		d.notify()
	})
}

// record begins a record of the check. The mutex is held.
func (d *Desk) record(c *running, kind capture.RecordKind) *capture.Record {
	return &capture.Record{
		ID:        rand.Text(),
		Kind:      kind,
		Check:     c.id,
		Booth:     d.cfg.Booth,
		Place:     d.cfg.Place,
		Direction: d.cfg.Direction,
		Officer:   c.officer,
		Started:   c.started,
		At:        d.cfg.Now(),
	}
}
