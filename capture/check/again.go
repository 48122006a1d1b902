package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/policy"
)

// MaxGrant limits a grant, in bytes.
const MaxGrant = 64 << 10

// identifiedFrom is the age in years below which nobody is identified but in the child's best
// interests (Regulation (EU) 2019/817 Art 20).
const identifiedFrom = 12

// GrantVerifier tells whether a grant may be used; it works without a line.
type GrantVerifier interface {
	// VerifyGrant returns nil if the grant is genuine, in force and about whoever holds the
	// document; zone is nil if none was read.
	VerifyGrant(ctx context.Context, text string, zone *mrz.Zone) error
}

// Identify asks the common identity repository who the traveller is, by the finger captured
// last or else the document. It may be asked until the check is closed. It returns ErrBadInput
// without a ground of the law, ErrChild for a child whose best interests are not stated,
// ErrNoEvidence if there is nothing to ask about, and ErrNotPermitted if the officer's
// profile allows nobody to be asked.
func (d *Desk) Identify(ctx context.Context, id, officer string, ident capture.Identification) error {
	ident.BestInterests = strings.TrimSpace(ident.BestInterests)
	if !ident.Ground.Valid() || len(ident.BestInterests) > MaxWhy {
		return ErrBadInput
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := d.inPhase(id, PhaseCollecting, PhaseConcluding, PhaseDecided)
	if err != nil {
		return err
	}
	if ident.BestInterests == "" && maybeChild(capture.LastZone(c.evidence), d.cfg.Now()) {
		return ErrChild
	}
	ev, ok := c.identifiable()
	if !ok {
		return ErrNoEvidence
	}
	query := d.query(c, ev)
	query.Identify = &ident
	put := 0
	for _, asking := range d.cfg.Sources {
		if asking.Identifies {
			put += d.put(c, asking, query, asking.Source.Systems(query), true)
		}
	}
	if put == 0 {
		return ErrNotPermitted
	}
	d.cfg.Log.Info("identification asked", "check", c.id, "officer", officer, "ground", string(ident.Ground))
	d.notify()
	return nil
}

// identifiable is the evidence by which somebody is best identified.
func (c *running) identifiable() (capture.Evidence, bool) {
	for i := range slices.Backward(c.evidence) {
		if f := c.evidence[i].Finger; f != nil && len(f.PNG) > 0 {
			return c.evidence[i], true
		}
	}
	for i := range slices.Backward(c.evidence) {
		if c.evidence[i].Document != nil {
			return c.evidence[i], true
		}
	}
	return capture.Evidence{}, false
}

// maybeChild reports whether the document leaves open that its holder is a child: of a birth
// date that is not wholly known, the latest day counts.
func maybeChild(z *mrz.Zone, now time.Time) bool {
	if z == nil || z.BirthDate.Year == 0 {
		return false
	}
	birth := z.BirthDate
	if birth.Month == 0 {
		birth.Month, birth.Day = 12, 31
	}
	if birth.Day == 0 {
		birth.Day = time.Date(birth.Year, time.Month(birth.Month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	}
	return policy.Rules{FingersFrom: identifiedFrom}.FingersExempt(&mrz.Zone{BirthDate: birth}, now)
}

// UseGrant attaches a signed grant to the check. Questions from then on carry it, and the
// systems that withheld something for want of one are asked again. It returns ErrBadInput if
// the text cannot be a grant, and ErrGrant if the booth itself can tell that it does not
// count; whether it does, central decides.
func (d *Desk) UseGrant(ctx context.Context, id, text string) error {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > MaxGrant || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ErrBadInput
	}
	if err := d.verifyGrant(ctx, id, text); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := d.inPhase(id, PhaseCollecting, PhaseConcluding, PhaseDecided)
	if err != nil {
		return err
	}
	c.grant = text
	for _, q := range slices.Clone(c.questions) {
		systems := slices.DeleteFunc(q.withheld(), func(system string) bool { return c.awaitsAgain(q, system) })
		query := q.query
		query.Grant, query.At = text, d.cfg.Now()
		d.put(c, q.asking, query, systems, true)
	}
	d.cfg.Log.Info("grant attached", "check", c.id)
	d.notify()
	return nil
}

func (d *Desk) verifyGrant(ctx context.Context, id, text string) error {
	if d.cfg.Grants == nil {
		return nil
	}
	d.mu.Lock()
	c, err := d.current(id)
	var zone *mrz.Zone
	if err == nil {
		zone = capture.LastZone(c.evidence)
	}
	d.mu.Unlock()
	if err != nil {
		return err
	}
	if err := d.cfg.Grants.VerifyGrant(ctx, text, zone); err != nil {
		return fmt.Errorf("%w: %w", ErrGrant, err)
	}
	return nil
}

// withheld lists the systems that need a grant, by what everybody may see: that a system is
// asked again must not tell of a discreet finding.
func (q *question) withheld() []string {
	var systems []string
	for _, a := range q.answers {
		if policy.Needs(a.Shown(false)) != "" && !slices.Contains(systems, a.System) {
			systems = append(systems, a.System)
		}
	}
	return systems
}

// awaitsAgain reports whether the system is being asked again what it withheld of the question.
func (c *running) awaitsAgain(q *question, system string) bool {
	return slices.ContainsFunc(c.questions, func(other *question) bool {
		return other.again && other.alike(q) && slices.Contains(other.awaited, system)
	})
}

// alike reports whether both questions put the same evidence to the same source.
func (q *question) alike(other *question) bool {
	return q.query.Evidence.ID == other.query.Evidence.ID && q.asking.Source.Name() == other.asking.Source.Name()
}

// supersede drops what the source said of the system before it was asked again: silence, and
// what it withheld. Findings of which it withheld nothing stay. The mutex is held.
func (c *running) supersede(q *question, system string) {
	for _, earlier := range c.questions {
		if earlier == q {
			return
		}
		if !earlier.alike(q) {
			continue
		}
		earlier.answers = slices.DeleteFunc(earlier.answers, func(a capture.Answer) bool {
			return a.System == system && (a.State == capture.StateUnavailable || policy.Needs(a) != "")
		})
	}
}
