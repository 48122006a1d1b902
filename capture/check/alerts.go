package check

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"boothd/capture"
)

// Alert is something found about a check after its outcome was shown. It stays on the desk,
// also across a restart, until an officer dismisses it.
type Alert struct {
	ID    string    `json:"id"`
	Check string    `json:"check"`
	Cause Cause     `json:"cause"`
	At    time.Time `json:"at"` // when it was found
	// Checked is when the check was made; zero if that is not known.
	Checked time.Time      `json:"checked,omitzero"`
	Answer  capture.Answer `json:"answer"`
}

// Cause says how an alert came about.
type Cause string

// The causes.
const (
	CauseLateAnswer Cause = "late_answer" // a system answered after the outcome
	CauseReplayed   Cause = "replayed"    // the check was made while central could not be asked
	CauseListUpdate Cause = "list_update" // an entry that is new names the traveller
)

// Notice is what somebody else than the desk has found about a check: central, or a search of
// the last checks after a list was updated.
type Notice struct {
	Check   string
	Cause   Cause
	At      time.Time // when it was found
	Checked time.Time // when the check was made; zero if that is not known
	Answer  capture.Answer
}

// AlertKeeper keeps alerts across restarts. Its methods may be called by several goroutines.
type AlertKeeper interface {
	// Kept returns the alerts that are kept, the oldest first, and the marks of all findings
	// that were told lately, also by alerts that are kept no more.
	Kept(ctx context.Context) (alerts []Alert, told []string, err error)
	// Keep makes alerts and their marks durable, all or none. It does nothing with an alert
	// that is known, dismissed or not.
	Keep(ctx context.Context, alerts []Alert, marks []string) error
	// Dismiss records who has seen to the alert, and forgets it. The officer is empty if the
	// alert had to make room.
	Dismiss(ctx context.Context, a Alert, officer string) error
}

// maxAlerts limits the alerts that everybody may see, and as many discreet ones.
const maxAlerts = 50

// Restore puts the alerts on the desk that were kept when the booth was stopped.
func (d *Desk) Restore(ctx context.Context) error {
	if d.cfg.Alerts == nil {
		return nil
	}
	alerts, told, err := d.cfg.Alerts.Kept(ctx)
	if err != nil {
		return fmt.Errorf("read the alerts that were kept: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, mark := range told {
		d.told[mark] = true
	}
	d.show(alerts...)
	d.notify()
	return nil
}

// Alert raises an alert. It returns nil once the late answer is recorded, the alert kept and
// shown, and at once if it tells nothing that was not told before: of each check, a system's
// entry is told once. What it could not keep it does not show; its error matches ErrNotKept
// and the notice is to come again.
func (d *Desk) Alert(ctx context.Context, n Notice) error {
	n.Answer.Late = true
	a := Alert{ID: rand.Text(), Check: n.Check, Cause: n.Cause, At: n.At, Checked: n.Checked, Answer: n.Answer}
	d.mu.Lock()
	marks := d.claim(&a)
	rec := d.noticed(a)
	d.mu.Unlock()
	if len(marks) == 0 {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	alerts := apart(a)
	err := d.cfg.Recorder.Record(ctx, rec)
	if err == nil {
		err = d.keep(ctx, alerts, marks)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		for _, mark := range marks {
			delete(d.told, mark)
		}
		return fmt.Errorf("%w: %w", ErrNotKept, err)
	}
	d.show(alerts...)
	d.notify()
	return nil
}

// apart makes two alerts of one that tells both of what everybody may see and of what is
// discreet: whoever sees but the one must not dismiss the other.
func apart(a Alert) []Alert {
	open := a.Answer.Shown(false)
	if !found(open) || len(open.Findings) == len(a.Answer.Findings) {
		return []Alert{a}
	}
	discreet := a
	discreet.ID, discreet.Answer.State = rand.Text(), capture.StatePossible
	discreet.Answer.Findings = slices.DeleteFunc(slices.Clone(a.Answer.Findings), func(f capture.Finding) bool { return !f.Discreet })
	if slices.ContainsFunc(discreet.Answer.Findings, func(f capture.Finding) bool { return f.State == capture.StateHit }) {
		discreet.Answer.State = capture.StateHit
	}
	a.Answer = open
	return []Alert{a, discreet}
}

// Dismiss takes an alert off the desk once the officer has seen to it, and records that.
func (d *Desk) Dismiss(ctx context.Context, alert, officer string) error {
	d.mu.Lock()
	i := slices.IndexFunc(d.alerts, func(a Alert) bool { return a.ID == alert })
	if i < 0 {
		d.mu.Unlock()
		return nil
	}
	a := d.alerts[i]
	d.mu.Unlock()
	if d.cfg.Alerts != nil {
		if err := d.cfg.Alerts.Dismiss(context.WithoutCancel(ctx), a, officer); err != nil {
			return fmt.Errorf("%w: %w", ErrNotKept, err)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.alerts = slices.DeleteFunc(d.alerts, func(a Alert) bool { return a.ID == alert })
	d.notify()
	return nil
}

// claim leaves in the alert the findings that were not told before, marks them as told and
// returns the marks. The mutex is held.
func (d *Desk) claim(a *Alert) []string {
	if !found(a.Answer) {
		return nil
	}
	if len(a.Answer.Findings) == 0 { // the profile lets through that there is one and no more
		mark := markOf(a.Check, a.Answer.System, "", string(a.Answer.State))
		if d.told[mark] {
			return nil
		}
		d.told[mark] = true
		return []string{mark}
	}
	var marks []string
	var fresh []capture.Finding
	for _, f := range a.Answer.Findings {
		of := []string{markOf(a.Check, a.Answer.System, f.Entry)}
		if f.State != capture.StatePossible { // told also of whom a possible finding was told before
			of = append(of, markOf(a.Check, a.Answer.System, f.Entry, "hit"))
		}
		if last := of[len(of)-1]; d.told[last] && !slices.Contains(marks, last) {
			continue
		}
		fresh = append(fresh, f)
		for _, mark := range of {
			if !d.told[mark] {
				marks = append(marks, mark)
				d.told[mark] = true
			}
		}
	}
	a.Answer.Findings = fresh
	return marks
}

// markOf names a finding of a check without telling anything of it: check ids are random.
func markOf(of ...string) string {
	h := sha256.New()
	for _, s := range of {
		fmt.Fprintf(h, "%d %s ", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// noticed is the record of a late answer that somebody else gave. The mutex is held.
func (d *Desk) noticed(a Alert) *capture.Record {
	c := d.check
	if c == nil || c.id != a.Check {
		c = &running{id: a.Check, started: a.At}
	}
	rec := d.record(c, capture.RecordLateAnswer)
	rec.Answers = []capture.Answer{a.Answer}
	return rec
}

func (d *Desk) keep(ctx context.Context, alerts []Alert, marks []string) error {
	if d.cfg.Alerts == nil {
		return nil
	}
	return d.cfg.Alerts.Keep(ctx, alerts, marks)
}

// show puts alerts on the desk. The mutex is held.
func (d *Desk) show(alerts ...Alert) {
	for _, a := range alerts {
		d.showOne(a)
	}
}

// showOne puts an alert on the desk. If there are too many, the oldest goes of those that the
// same officers see: a discreet one never takes another's place. The mutex is held.
func (d *Desk) showOne(a Alert) {
	d.alerts = append(d.alerts, a)
	alike := func(b Alert) bool { return found(b.Answer.Shown(false)) == found(a.Answer.Shown(false)) }
	n := 0
	for _, b := range d.alerts {
		if alike(b) {
			n++
		}
	}
	if n <= maxAlerts {
		return
	}
	i := slices.IndexFunc(d.alerts, alike)
	oldest := d.alerts[i]
	d.cfg.Log.Warn("too many alerts: the oldest is no longer shown", "check", oldest.Check)
	d.alerts = slices.Delete(d.alerts, i, i+1)
	if d.cfg.Alerts == nil || d.closing {
		return // it makes room again at the next start
	}
	d.tasks.Go(func() {
		if err := d.cfg.Alerts.Dismiss(context.WithoutCancel(d.ctx), oldest, ""); err != nil {
			d.cfg.Log.Error("alert that is no longer shown is still kept", "check", oldest.Check, "error", err)
		}
	})
}

// found reports whether the answer has something to look at.
func found(a capture.Answer) bool {
	return a.State == capture.StateHit || a.State == capture.StatePossible
}
