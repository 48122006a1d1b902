package check

import (
	"cmp"
	"slices"
	"time"

	"boothd/capture"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
	"boothd/capture/policy"
)

// Phase is how far a check has come.
type Phase string

// The phases, in order.
const (
	PhaseCollecting Phase = "collecting" // evidence and answers come in
	PhaseConcluding Phase = "concluding" // no more evidence; the last answers are awaited
	PhaseDecided    Phase = "decided"    // the outcome is recorded and shown
	PhaseClosed     Phase = "closed"     // the officer's disposition is recorded
	PhaseAbandoned  Phase = "abandoned"  // ended without an outcome
)

// View is what may be shown of the desk at one moment. It is whole: who missed earlier
// views has missed nothing.
type View struct {
	Check  *CheckView `json:"check"` // the current or last check; nil before the first
	Alerts []Alert    `json:"alerts"`
}

// CheckView is what may be shown of a check.
type CheckView struct {
	ID       string             `json:"id"`
	Phase    Phase              `json:"phase"`
	Officer  string             `json:"officer"`
	Started  time.Time          `json:"started"`
	Zone     *mrz.Zone          `json:"zone,omitempty"`
	Wanted   []capture.Modality `json:"wanted"` // evidence still awaited
	Guidance []Guidance         `json:"guidance"`
	Evidence []EvidenceView     `json:"evidence"`
	// Fingers tells how far each has come where several are taken; empty where one is.
	Fingers []capture.FingerStep `json:"fingers,omitempty"`
	Lines   []Line               `json:"lines"`
	// Unknown is what is not known of the traveller now, and why.
	Unknown []policy.Unknown `json:"unknown"`
	// Grant is set if a grant is attached to the check.
	Grant bool `json:"grant,omitempty"`
	// Recommendation is nil until the record is durable.
	Recommendation *capture.Recommendation `json:"recommendation,omitempty"`
	Disposition    *capture.Disposition    `json:"disposition,omitempty"`
	// Fault says in plain words why no outcome can be shown: the record could not be kept.
	Fault string `json:"fault,omitempty"`
}

// Guidance tells what to do so that a capture succeeds.
type Guidance struct {
	Modality capture.Modality `json:"modality"`
	Text     string           `json:"text"`
}

// EvidenceView is a piece of evidence without its picture, which Desk.Image returns.
type EvidenceView struct {
	ID       string                 `json:"id"`
	Modality capture.Modality       `json:"modality"`
	At       time.Time              `json:"at"`
	Device   string                 `json:"device"` // model
	Position capture.FingerPosition `json:"position,omitempty"`
	Missing  capture.Missing        `json:"missing,omitempty"`
	Quality  int                    `json:"quality,omitempty"`
	Image    bool                   `json:"image"`
	// Document is the ID of the document whose chip it is.
	Document string `json:"document,omitempty"`
	// Checks are those of a document's zone or of its chip, one by one.
	Checks []inspection.Check `json:"checks,omitempty"`
}

// Line is one system's line: what it answered about one piece of evidence, or that it is
// still awaited. The answer's AsOf is its age.
type Line struct {
	Waiting bool `json:"waiting"`
	capture.Answer
	// Action is the action to take of the finding that weighs most; the others' are theirs.
	Action string `json:"action,omitempty"`
	// Links are the answer's, with what they mean.
	Links []LinkView `json:"links,omitempty"`
	// Needs is the kind of grant without which the system says no more.
	Needs string `json:"needs,omitempty"`
	// Prints show the findings by a finger that are shown, each by its entry.
	Prints []capture.PrintMatch `json:"prints,omitempty"`
}

// LinkView is a link with what it means, in an officer's words.
type LinkView struct {
	capture.Link
	Meaning string `json:"meaning"`
}

// View returns what may be shown now: to an officer without clearance as if there were no
// discreet findings.
func (d *Desk) View(cleared bool) View {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := View{Alerts: []Alert{}}
	for _, a := range d.alerts {
		if a.Answer = a.Answer.Shown(cleared); found(a.Answer) {
			v.Alerts = append(v.Alerts, a)
		}
	}
	if d.check != nil {
		v.Check = d.viewCheck(d.check, cleared)
	}
	return v
}

func (d *Desk) viewCheck(c *running, cleared bool) *CheckView {
	v := &CheckView{
		ID:             c.id,
		Phase:          c.phase,
		Officer:        c.officer.ID,
		Started:        c.started,
		Wanted:         []capture.Modality{},
		Guidance:       []Guidance{},
		Evidence:       []EvidenceView{},
		Lines:          []Line{},
		Fingers:        d.viewFingers(c),
		Unknown:        d.unknown(c),
		Grant:          c.grant != "",
		Recommendation: c.recommendation,
		Disposition:    c.disposition,
		Fault:          c.fault,
	}
	if zone := capture.LastZone(c.evidence); zone != nil {
		z := *zone
		v.Zone = &z
	}
	if c.phase == PhaseCollecting {
		v.Wanted = d.wanted(c)
	}
	for _, m := range d.cfg.Rules.Require {
		if text := c.guidance[m]; text != "" {
			v.Guidance = append(v.Guidance, Guidance{Modality: m, Text: text})
		}
	}
	for i := range c.evidence {
		v.Evidence = append(v.Evidence, viewEvidence(&c.evidence[i]))
	}
	for _, q := range c.questions {
		v.Lines = append(v.Lines, q.lines(cleared)...)
	}
	slices.SortStableFunc(v.Lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.System, b.System), cmp.Compare(a.Source, b.Source),
			cmp.Compare(a.List, b.List), cmp.Compare(a.Evidence, b.Evidence))
	})
	return v
}

func viewEvidence(e *capture.Evidence) EvidenceView {
	v := EvidenceView{ID: e.ID, Modality: e.Modality(), At: e.At, Device: e.Device.Model}
	if f := e.Finger; f != nil {
		v.Position, v.Missing, v.Quality = f.Position, f.Missing, f.Quality
		v.Image = len(f.PNG) > 0
	}
	if f := e.Face; f != nil {
		v.Image = len(f.JPEG) > 0
	}
	if z := e.Document; z != nil {
		v.Checks = inspection.OfZone(&z.Zone, e.At)
	}
	if c := e.Chip; c != nil {
		v.Document, v.Checks, v.Image = c.Document, c.Checks, c.Portrait != nil
	}
	return v
}

func (q *question) lines(cleared bool) []Line {
	var lines []Line
	for _, a := range q.answers {
		lines = append(lines, viewAnswer(a.Shown(cleared)))
	}
	waiting := slices.Clone(q.awaited)
	for _, a := range q.held {
		waiting = append(waiting, a.System)
	}
	for _, system := range waiting {
		lines = append(lines, Line{Waiting: true, Answer: capture.Answer{
			Evidence: q.query.Evidence.ID, Modality: q.query.Evidence.Modality(),
			System: system, Source: q.asking.Source.Name(), AsOf: q.query.At, At: q.query.At,
		}})
	}
	return lines
}

// viewAnswer makes the line of an answer as it may be shown.
func viewAnswer(a capture.Answer) Line {
	line := Line{Answer: a, Needs: policy.Needs(a)}
	best := -1.0 // a hit weighs more than a possible one, then the score does
	for _, f := range a.Findings {
		weight := f.Score
		if f.State == capture.StateHit {
			weight += 2
		}
		if f.Action != "" && weight > best {
			best, line.Action = weight, f.Action
		}
		if f.Print != nil {
			line.Prints = append(line.Prints, *f.Print)
		}
	}
	for _, l := range a.Links {
		line.Links = append(line.Links, LinkView{Link: l, Meaning: l.Colour.Meaning()})
	}
	return line
}

// unknown lists what is not known and not awaited either. It is the same for everybody:
// discreet findings count as absent. The mutex is held.
func (d *Desk) unknown(c *running) []policy.Unknown {
	all := policy.NotKnown(policy.Facts{Now: d.cfg.Now(), Profile: c.officer.Profile, Evidence: c.evidence, Answers: c.answers()})
	all = slices.DeleteFunc(all, func(u policy.Unknown) bool {
		return slices.ContainsFunc(c.questions, func(q *question) bool { return q.awaits(u.System, u.Modality) })
	})
	return append([]policy.Unknown{}, all...)
}

// awaits reports whether the system's line shows that its answer is awaited.
func (q *question) awaits(system string, m capture.Modality) bool {
	return q.query.Evidence.Modality() == m && (slices.Contains(q.awaited, system) ||
		slices.ContainsFunc(q.held, func(a capture.Answer) bool { return a.System == system }))
}

// Image returns the picture of a piece of evidence of the current check, and its media
// type.
func (d *Desk) Image(id, evidence string) (mime string, data []byte, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := d.current(id)
	if err != nil {
		return "", nil, false
	}
	for i := range c.evidence {
		e := &c.evidence[i]
		switch {
		case e.ID != evidence:
		case e.Finger != nil && len(e.Finger.PNG) > 0:
			return "image/png", e.Finger.PNG, true
		case e.Face != nil && len(e.Face.JPEG) > 0:
			return "image/jpeg", e.Face.JPEG, true
		case e.Chip != nil && e.Chip.Portrait != nil:
			return "image/jpeg", e.Chip.Portrait.JPEG, true
		}
	}
	return "", nil, false
}
