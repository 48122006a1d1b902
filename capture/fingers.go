package capture

import "slices"

// FingerPlan says which fingers a check takes, one after another. The zero plan takes one
// finger, whichever it is.
type FingerPlan struct {
	// Fingers are asked for in this order.
	Fingers []FingerPosition
	// Instead are asked for once none of Fingers can be taken.
	Instead []FingerPosition
}

// NewFingerPlan plans the taking of 1, 4 or 10 fingers. One is the given finger, 0 any. Four are
// those of the right hand without its thumb, and of the left hand where the right has none
// (Regulation (EU) 2017/2226 Art 17). Ten are in the order of slap scanners: the right four,
// the left four, the thumbs. It reports false for other numbers.
func NewFingerPlan(n int, one FingerPosition) (FingerPlan, bool) {
	right, left := []FingerPosition{2, 3, 4, 5}, []FingerPosition{7, 8, 9, 10}
	switch n {
	case 1:
		return FingerPlan{Fingers: []FingerPosition{one}}, true
	case 4:
		return FingerPlan{Fingers: right, Instead: left}, true
	case 10:
		return FingerPlan{Fingers: slices.Concat(right, left, []FingerPosition{1, 6})}, true
	}
	return FingerPlan{}, false
}

// Many reports whether the plan takes more than one finger.
func (p FingerPlan) Many() bool { return len(p.Fingers) > 1 }

// Has reports whether the plan may ask for the finger.
func (p FingerPlan) Has(f FingerPosition) bool {
	return slices.Contains(p.Fingers, f) || slices.Contains(p.Instead, f)
}

// FingerStep is a finger of a plan and how far it has come.
type FingerStep struct {
	Position FingerPosition  `json:"position"`
	State    FingerStepState `json:"state"`
	Missing  Missing         `json:"missing,omitempty"`  // why, if it is missing
	Evidence string          `json:"evidence,omitempty"` // the last about this finger, which counts
	Quality  int             `json:"quality,omitempty"`
}

// FingerStepState is how far a finger has come.
type FingerStepState string

// The states of a finger.
const (
	FingerAwaited FingerStepState = "awaited"
	FingerNow     FingerStepState = "now"    // awaited, and asked for at this moment
	FingerFailed  FingerStepState = "failed" // awaited; its capture ended without a picture
	FingerTaken   FingerStepState = "taken"
	FingerMissing FingerStepState = "missing" // stated to be impossible
)

// Steps tells how far each finger of the plan has come, as the evidence shows. What was captured
// or stated last of a finger counts. Of a child, of whom none are taken, all are missing.
func (p FingerPlan) Steps(evidence []Evidence) []FingerStep {
	if len(p.Fingers) == 0 {
		p.Fingers = []FingerPosition{0}
	}
	steps := p.steps(p.Fingers, evidence)
	if len(p.Instead) > 0 && !slices.ContainsFunc(steps, func(s FingerStep) bool {
		return s.State != FingerMissing || s.Missing == MissingNotApplicable
	}) {
		steps = append(steps, p.steps(p.Instead, evidence)...)
	}
	return steps
}

func (p FingerPlan) steps(positions []FingerPosition, evidence []Evidence) []FingerStep {
	exempt := slices.ContainsFunc(evidence, func(e Evidence) bool {
		return e.Finger != nil && e.Finger.Missing == MissingNotApplicable
	})
	steps := make([]FingerStep, len(positions))
	for i, position := range positions {
		steps[i] = FingerStep{Position: position, State: FingerAwaited}
		for j := range slices.Backward(evidence) {
			if f := evidence[j].Finger; f != nil && p.about(f, position) {
				steps[i].take(evidence[j].ID, f)
				break
			}
		}
		if exempt {
			steps[i] = FingerStep{Position: position, State: FingerMissing, Missing: MissingNotApplicable, Evidence: steps[i].Evidence}
		}
	}
	return steps
}

// about reports whether a finger of the evidence is the plan's finger. That no finger at all can be
// taken is stated of position 0.
func (p FingerPlan) about(f *Finger, position FingerPosition) bool {
	return f.Position == position || position == 0 || f.Position == 0 && (f.Missing != "" || !p.Many())
}

func (s *FingerStep) take(evidence string, f *Finger) {
	s.State, s.Evidence, s.Missing, s.Quality = FingerTaken, evidence, f.Missing, f.Quality
	if f.Missing != "" {
		s.State = FingerMissing
	}
}

// Next is the finger that is asked for next, and its place: the n-th of those that can be taken.
// It reports false if all are taken or missing.
func (p FingerPlan) Next(evidence []Evidence) (next FingerPosition, n, of int, ok bool) {
	for _, s := range p.Steps(evidence) {
		switch s.State {
		case FingerTaken:
			n++
			of++
		case FingerAwaited:
			if !ok {
				next, ok = s.Position, true
			}
			of++
		}
	}
	return next, n + 1, of, ok
}
