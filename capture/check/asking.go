package check

import (
	"context"
	"slices"
	"time"

	"boothd/capture"
)

// question is one source asked about one piece of evidence.
type question struct {
	asking  Asking
	query   capture.Query
	systems []string         // asked; one that answers several times stands there as often
	awaited []string         // of these, who have not answered yet
	answers []capture.Answer // as they came
	held    []capture.Answer // came while the record was being made durable
}

// ask puts a piece of evidence to every source. The mutex is held.
func (d *Desk) ask(c *running, ev capture.Evidence) {
	query := capture.Query{
		Check:    c.id,
		Booth:    d.cfg.Booth,
		Officer:  c.officer,
		Evidence: ev,
		Zone:     capture.LastZone(c.evidence),
		At:       d.cfg.Now(),
	}
	for _, asking := range d.cfg.Sources {
		systems := asking.Source.Systems(query)
		if len(systems) == 0 {
			continue
		}
		q := &question{asking: asking, query: query, systems: systems, awaited: slices.Clone(systems)}
		c.questions = append(c.questions, q)
		c.asked = append(c.asked, capture.Asked{
			Evidence: ev.ID, Source: asking.Source.Name(), Systems: slices.Compact(slices.Sorted(slices.Values(systems))), At: query.At,
		})
		d.tasks.Go(func() { d.look(c, q) })
	}
}

// look asks one source. After the time-out its silent systems are unavailable; what they
// answer later, until the source lingers no more, still counts.
func (d *Desk) look(c *running, q *question) {
	ctx, cancel := context.WithTimeout(d.ctx, q.asking.Timeout+q.asking.Linger)
	defer cancel()
	timer := time.AfterFunc(q.asking.Timeout, func() { d.giveUp(c, q, "no answer in time") })
	defer timer.Stop()
	err := q.asking.Source.Look(ctx, q.query, func(a capture.Answer) { d.answered(c, q, a) })
	reason := "no answer"
	if err != nil {
		reason = "cannot be reached"
		d.cfg.Log.Warn("source did not answer for every system", "source", q.asking.Source.Name(), "check", c.id, "error", err)
	}
	d.giveUp(c, q, reason)
}

// answered takes one answer. What the source was not asked is dropped.
func (d *Desk) answered(c *running, q *question, a capture.Answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a.Evidence, a.Modality = q.query.Evidence.ID, q.query.Evidence.Modality()
	a.Source, a.At = q.asking.Source.Name(), d.cfg.Now()
	if !slices.Contains(q.systems, a.System) || !q.query.Officer.Profile.May(a.System, a.Modality) || len(q.answers)+len(q.held) >= maxAnswers {
		d.cfg.Log.Warn("answer dropped: not asked for", "source", a.Source, "check", c.id)
		return
	}
	q.take(d, c, a)
	d.settle(c)
	d.notify()
}

// giveUp takes the systems that are still awaited as unavailable.
func (d *Desk) giveUp(c *running, q *question, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(q.awaited) == 0 {
		return
	}
	now := d.cfg.Now()
	for _, system := range slices.Clone(q.awaited) {
		q.take(d, c, capture.Answer{
			Evidence: q.query.Evidence.ID, Modality: q.query.Evidence.Modality(), System: system,
			Source: q.asking.Source.Name(), State: capture.StateUnavailable, Reason: reason, AsOf: now, At: now, Silence: true,
		})
	}
	d.settle(c)
	d.notify()
}

// take files an answer by the moment at which it comes. The mutex is held.
func (q *question) take(d *Desk, c *running, a capture.Answer) {
	if i := slices.Index(q.awaited, a.System); i >= 0 {
		q.awaited = slices.Delete(q.awaited, i, i+1)
	}
	switch {
	case c.recording:
		q.held = append(q.held, a)
	case c.phase == PhaseCollecting || c.phase == PhaseConcluding:
		if !a.Silence {
			q.replaceSilence(a.System)
		}
		q.answers = append(q.answers, a)
	default:
		d.late(c, q, a)
	}
}

// replaceSilence drops an answer that stood in for a system that had been given up.
func (q *question) replaceSilence(system string) {
	i := slices.IndexFunc(q.answers, func(a capture.Answer) bool { return a.System == system && a.Silence })
	if i >= 0 {
		q.answers = slices.Delete(q.answers, i, i+1)
	}
}

// settleHeld files the answers that came while a record was being made durable. The mutex
// is held.
func (d *Desk) settleHeld(c *running) {
	for _, q := range c.questions {
		held := q.held
		q.held = nil
		for _, a := range held {
			q.take(d, c, a)
		}
	}
}

// late records an answer that came after the outcome, and raises the alarm if it found
// something. Silence is no answer. The mutex is held.
func (d *Desk) late(c *running, q *question, a capture.Answer) {
	if a.State == capture.StateUnavailable {
		return
	}
	a.Late = true
	if c.phase == PhaseDecided {
		q.replaceSilence(a.System)
		q.answers = append(q.answers, a)
	}
	if found(a) {
		d.alert(c, a)
	}
	rec := d.record(c, capture.RecordLateAnswer)
	rec.Answers = []capture.Answer{a}
	d.lates = append(d.lates, rec)
	d.keepLates()
}

// keepLates makes the late answers durable, in their order. If that fails they are kept for
// the next time that a record is. The mutex is held.
func (d *Desk) keepLates() {
	if d.writing || len(d.lates) == 0 {
		return
	}
	d.writing = true
	d.tasks.Go(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		defer func() { d.writing = false }()
		for len(d.lates) > 0 {
			rec := d.lates[0]
			d.mu.Unlock()
			err := d.cfg.Recorder.Record(context.WithoutCancel(d.ctx), rec)
			d.mu.Lock()
			if err != nil {
				d.cfg.Log.Error("late answer not recorded yet", "check", rec.Check, "waiting", len(d.lates), "error", err)
				return
			}
			d.lates = d.lates[1:]
		}
	})
}

// offline reports whether central was asked about something and knew nothing at all.
func (c *running) offline() bool {
	return slices.ContainsFunc(c.questions, func(q *question) bool {
		return q.asking.Central && len(q.answers) > 0 && !slices.ContainsFunc(q.answers, func(a capture.Answer) bool {
			return a.State != capture.StateUnavailable
		})
	})
}

// awaiting reports whether a source still has time to answer.
func (c *running) awaiting() bool {
	return slices.ContainsFunc(c.questions, func(q *question) bool { return len(q.awaited) > 0 })
}

// answers lists every answer so far.
func (c *running) answers() []capture.Answer {
	var all []capture.Answer
	for _, q := range c.questions {
		all = append(all, q.answers...)
	}
	return all
}
