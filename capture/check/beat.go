package check

import "time"

// Beat is the period on which booths take answers and show outcomes. It is long beside what a
// discreet finding adds to a search and to a record, some ten to some hundred microseconds,
// and long enough for most searches of the local lists to end within one; it is too short for
// anybody to wait for.
const Beat = 20 * time.Millisecond

// awaitBeat waits for the next beat counted from a moment, or until the desk is closed, and
// returns when that beat was.
func (d *Desk) awaitBeat(from time.Time) time.Time {
	now := d.cfg.Now()
	if d.cfg.Beat <= 0 {
		return now
	}
	passed := now.Sub(from)
	left := d.cfg.Beat - passed%d.cfg.Beat
	if passed < 0 { // the clock was set back
		left = d.cfg.Beat
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return now.Add(left)
	case <-d.ctx.Done():
		return d.cfg.Now()
	}
}
