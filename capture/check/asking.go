package check

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"boothd/capture"
	"boothd/capture/policy"
)

// question is one source asked about one piece of evidence.
type question struct {
	asking  Asking
	query   capture.Query
	systems []string         // asked; one that answers several times stands there as often
	awaited []string         // of these, who have not answered yet
	answers []capture.Answer // as they came
	held    []capture.Answer // came while the record was being made durable
	due     []capture.Answer // wait for the next beat
	again   bool             // put at the officer's wish, beside what is asked of everybody
	after   bool             // put after the outcome
}

// ask puts a piece of evidence to every source. Of a chip nobody is asked: it speaks of the
// document, and its zone is compared with the page's, by which systems are asked. The mutex is held.
func (d *Desk) ask(c *running, ev capture.Evidence) {
	if ev.Chip != nil {
		return
	}
	query := d.query(c, ev)
	for _, asking := range d.cfg.Sources {
		d.put(c, asking, query, asking.Source.Systems(query), false)
	}
}

// query is the question about a piece of evidence. The mutex is held.
func (d *Desk) query(c *running, ev capture.Evidence) capture.Query {
	return capture.Query{
		Check:    c.id,
		Booth:    d.cfg.Booth,
		Officer:  c.officer,
		Evidence: ev,
		Zone:     capture.LastZone(c.evidence),
		At:       d.cfg.Now(),
		Grant:    c.grant,
	}
}

// put asks a source for systems that it named, and returns how many. The mutex is held.
func (d *Desk) put(c *running, asking Asking, query capture.Query, systems []string, again bool) int {
	if len(systems) == 0 {
		return 0
	}
	if again {
		query.Only = systems // nobody is asked of whom the record does not tell
	}
	q := &question{
		asking: asking, query: query, systems: systems, awaited: slices.Clone(systems), again: again, after: c.phase == PhaseDecided,
	}
	c.questions = append(c.questions, q)
	asked := capture.Asked{
		Evidence: query.Evidence.ID, Source: asking.Source.Name(), Systems: slices.Compact(slices.Sorted(slices.Values(systems))), At: query.At,
	}
	if query.Identify != nil {
		asked.Ground = query.Identify.Ground
	}
	c.asked = append(c.asked, asked)
	d.tasks.Go(func() { d.look(c, q) })
	return len(systems)
}

// look asks one source. After the time-out its silent systems are unavailable; what they
// answer later, until the source lingers no more, still counts.
func (d *Desk) look(c *running, q *question) {
	ctx, cancel := context.WithTimeout(d.ctx, q.asking.Timeout+q.asking.Linger)
	defer cancel()
	timer := time.AfterFunc(q.asking.Timeout, func() { d.giveUp(c, q, "no answer in time", d.cfg.Now()) })
	defer timer.Stop()
	err := q.asking.Source.Look(ctx, q.query, func(a capture.Answer) { d.answered(c, q, a) })
	reason := "no answer"
	if err != nil {
		reason = "cannot be reached"
		d.cfg.Log.Warn("source did not answer for every system", "source", q.asking.Source.Name(), "check", c.id, "error", err)
	}
	d.giveUp(c, q, reason, d.awaitBeat(q.query.At))
}

// answered has one answer taken at the next beat. What the source was not asked is dropped.
func (d *Desk) answered(c *running, q *question, a capture.Answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a.Evidence, a.Modality = q.query.Evidence.ID, q.query.Evidence.Modality()
	a.Source = q.asking.Source.Name()
	if !slices.Contains(q.systems, a.System) || !q.query.Officer.Profile.May(a.System, a.Modality) || len(q.answers)+len(q.held)+len(q.due) >= maxAnswers {
		d.cfg.Log.Warn("answer dropped: not asked for", "source", a.Source, "check", c.id)
		return
	}
	q.due = append(q.due, a)
	switch {
	case d.cfg.Beat <= 0:
		d.release(c, q, d.cfg.Now())
	case len(q.due) == 1:
		d.tasks.Go(func() {
			beat := d.awaitBeat(q.query.At)
			d.mu.Lock()
			defer d.mu.Unlock()
			d.release(c, q, beat)
		})
	}
}

// release takes the answers that are due. The mutex is held.
func (d *Desk) release(c *running, q *question, at time.Time) {
	if len(q.due) == 0 {
		return
	}
	due := q.due
	q.due = nil
	for _, a := range due {
		a.At, a.AsOf = at, a.AsOf.Truncate(time.Second) // a system's own clock could tell when it was done
		q.take(d, c, a)
	}
	d.settle(c)
	d.notify()
}

// giveUp takes the systems that are still awaited as unavailable.
func (d *Desk) giveUp(c *running, q *question, reason string, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.release(c, q, now)
	if len(q.awaited) == 0 {
		return
	}
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
		q.file(c, a)
	default:
		d.late(c, q, a)
	}
}

// file puts an answer in the place of what stood in for it.
func (q *question) file(c *running, a capture.Answer) {
	if !a.Silence {
		q.replaceSilence(a.System)
	}
	if q.again && (a.State != capture.StateUnavailable || policy.Needs(a) != "") {
		c.supersede(q, a.System)
	}
	q.answers = append(q.answers, a)
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
		if q.after && c.phase == PhaseDecided {
			q.file(c, a)
		}
		return
	}
	a.Late = true
	if c.phase == PhaseDecided {
		q.file(c, a)
	}
	l := late{check: c.id, record: d.record(c, capture.RecordLateAnswer)}
	l.record.Answers = []capture.Answer{a}
	alert := Alert{ID: rand.Text(), Check: c.id, Cause: CauseLateAnswer, At: d.cfg.Now(), Checked: c.started, Answer: a}
	if l.marks = d.claim(&alert); len(l.marks) > 0 {
		l.alerts = apart(alert)
		d.show(l.alerts...)
	}
	d.lates = append(d.lates, l)
	d.keepLates()
}

// late is a late answer that is being made durable.
type late struct {
	check  string
	record *capture.Record // nil once it is
	alerts []Alert
	marks  []string // of what the alerts tell; none if there is no alert
}

// keepLates makes the late answers durable, in their order, and their alerts after them. If
// that fails they are kept for the next time that a record is. The mutex is held.
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
			l := d.lates[0]
			d.mu.Unlock()
			err := d.keepLate(&l)
			d.mu.Lock()
			if err != nil {
				d.lates[0] = l
				d.cfg.Log.Error("late answer not recorded yet", "check", l.check, "waiting", len(d.lates), "error", err)
				return
			}
			d.lates = d.lates[1:]
		}
	})
}

func (d *Desk) keepLate(l *late) error {
	ctx := context.WithoutCancel(d.ctx)
	if l.record != nil {
		if err := d.cfg.Recorder.Record(ctx, l.record); err != nil {
			return err
		}
		l.record = nil
	}
	if len(l.marks) == 0 {
		return nil
	}
	return d.keep(ctx, l.alerts, l.marks)
}

// offline reports whether central was asked about something and knew nothing at all. What it
// withholds for want of a grant it knows, and what a drill takes for down has answered.
func (c *running) offline() bool {
	return slices.ContainsFunc(c.questions, func(q *question) bool {
		return q.asking.Central && !q.again && len(q.answers) > 0 && !slices.ContainsFunc(q.answers, func(a capture.Answer) bool {
			return a.State != capture.StateUnavailable || policy.Needs(a) != "" || a.Rehearsed
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
