package localmatch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"strconv"
	"time"

	"boothd/capture"
	"boothd/localmatch/finger"
	"boothd/localmatch/finger/index"
	"boothd/localmatch/gallery"
)

// The margins of a finding: by how much its score passes 10·log10 of the number of persons
// who were searched. A margin of m is reached by chance in one of 10^(m/10) searches.
const (
	possibleMargin = 30 // one search in 1,000
	hitMargin      = 40 // one search in 10,000
	fullMargin     = 60 // scores 1; rarer chances are not told apart
)

// chances is 10·log10 of the number of persons searched.
func chances(persons int) float64 { return 10 * math.Log10(float64(max(persons, 1))) }

// leastScore is the score of a possible finding among so many persons.
func leastScore(persons int) float64 { return possibleMargin + chances(persons) }

// fingerSearch asks lists about a finger of the traveller.
type fingerSearch struct {
	*Matcher
	position capture.FingerPosition
	template *finger.Template
	reason   string // why there is none, for the officer
	since    uint64
}

// newFinger reads the picture of a finger.
func (m *Matcher) newFinger(f *capture.Finger) *fingerSearch {
	s := &fingerSearch{Matcher: m, position: f.Position}
	if s.position < 0 || s.position > 10 {
		s.position = 0
	}
	var err error
	switch s.template, err = readPrint(f); {
	case errors.Is(err, finger.ErrNoFinger):
		s.reason = reasonNoFinger
	case err != nil:
		s.reason = "the picture of the finger cannot be read"
	}
	return s
}

const reasonNoFinger = "the picture of the finger shows too little: take it again"

// largestSide is that of a picture of the greatest resolution.
const largestSide = finger.MaxSide * finger.MaxDPI / finger.DPI

func readPrint(f *capture.Finger) (*finger.Template, error) {
	size, err := png.DecodeConfig(bytes.NewReader(f.PNG))
	if err != nil {
		return nil, err
	}
	if size.Width > largestSide || size.Height > largestSide {
		return nil, errors.New("picture is too large")
	}
	picture, err := png.Decode(bytes.NewReader(f.PNG))
	if err != nil {
		return nil, err
	}
	grey, ok := picture.(*image.Gray)
	if !ok {
		return nil, errors.New("picture is not 8-bit grey")
	}
	return finger.Extract(grey, f.DPI)
}

func (s *fingerSearch) look(ctx context.Context, l List) (capture.Answer, error) {
	if s.template == nil {
		return unavailable(blank(l, capture.ModalityFinger, gallery.Info{}, s.now()), s.reason), nil
	}
	probes := []index.Probe{{Position: s.position, Template: s.template}}
	found, err := s.gallery.FindFingers(ctx, l.Name, gallery.FingerQuestion{Probes: probes, Least: leastScore, Since: s.since})
	if errors.Is(err, index.ErrSparse) {
		return unavailable(blank(l, capture.ModalityFinger, found.Info, s.now()), reasonNoFinger), nil
	}
	a := s.judge(l, found, err, s.now())
	if err == nil && found.NotReady {
		err = ErrNotReady
	}
	return a, err
}

// ErrNotReady is a list whose fingers are still being made ready.
var ErrNotReady = errors.New("the list's fingers are still being made ready")

// judge turns what a list holds for the finger into its answer.
func (s *fingerSearch) judge(l List, found gallery.FoundFingers, err error, now time.Time) capture.Answer {
	a := blank(l, capture.ModalityFinger, found.Info, now)
	reason := unusable(l, found.Info, err, now)
	switch {
	case reason != "":
		return unavailable(a, reason)
	case found.Info.Fingers == 0:
		return unavailable(a, "the list holds no fingers")
	case found.NotReady:
		return unavailable(a, ErrNotReady.Error())
	}
	var findings []capture.Finding
	for i := range found.People {
		findings = append(findings, s.finding(&found.People[i], found.Info.Fingers))
	}
	if len(findings) == 0 {
		s.explainNothing()
	}
	state, reason := aged(found.Info, now)
	if found.Damaged > 0 {
		state, reason = capture.StateUnavailable, reasonDamaged
	}
	return withFindings(a, findings, state, reason)
}

// finding explains to the officer why the person was found among so many.
func (s *fingerSearch) finding(person *gallery.Person, persons int) capture.Finding {
	margin := person.Score - chances(persons)
	f := findingOf(person.Entry)
	f.By = capture.ByFinger
	if margin >= hitMargin {
		f.State = capture.StateHit
	}
	f.Score = min(max(margin/fullMargin, 0), 1)
	position, other, comparison := s.closest(person)
	f.Explanation = []capture.Part{{
		What: "finger", Asked: positionName(s.position), Found: positionName(position), Note: rarity(margin), Weight: f.Score,
	}}
	if other == nil {
		return f
	}
	f.Explanation = append(f.Explanation, capture.Part{
		What:  "minutiae",
		Asked: strconv.Itoa(len(s.template.Minutiae)), Found: strconv.Itoa(len(other.Minutiae)),
		Note: fmt.Sprintf("%d agree", len(comparison.Pairs)),
	})
	f.Print = &capture.PrintMatch{
		Entry: f.Entry, Position: position,
		Asked: capture.PrintSize{Width: s.template.Width, Height: s.template.Height},
		Found: capture.PrintSize{Width: other.Width, Height: other.Height},
		Pairs: make([]capture.PrintPair, len(comparison.Pairs)),
	}
	for i, pair := range comparison.Pairs {
		f.Print.Pairs[i] = capture.PrintPair{
			Asked: minutia(s.template.Minutiae[pair.A]), Found: minutia(other.Minutiae[pair.B]),
		}
	}
	return f
}

// explainNothing takes as long as explaining a finding with one print does: some milliseconds,
// by which one could tell that somebody was found.
func (s *fingerSearch) explainNothing() {
	asked := finger.Prepare(s.template)
	asked.Compare(finger.Prepare(s.template))
}

// closest finds which of the person's prints agreed.
func (s *fingerSearch) closest(person *gallery.Person) (position capture.FingerPosition, t *finger.Template, c finger.Comparison) {
	asked := finger.Prepare(s.template)
	for i := range person.Entry.Fingers {
		at, other, err := person.Entry.Fingers[i].Read()
		if err != nil || s.position != 0 && at != 0 && at != s.position {
			continue
		}
		if again := asked.Compare(finger.Prepare(other)); t == nil || again.Score > c.Score {
			position, t, c = at, other, again
		}
	}
	return position, t, c
}

func minutia(m finger.Minutia) capture.Minutia {
	return capture.Minutia{X: m.X, Y: m.Y, Direction: float64(m.Direction) * 360 / 256}
}

func positionName(p capture.FingerPosition) string {
	if p == 0 {
		return "finger not stated"
	}
	return p.String()
}

// rarity says how rarely chance alone reaches the margin, rounded to what is surely so.
func rarity(margin float64) string {
	searches := "1"
	for range int(min(margin, fullMargin) / 10) {
		searches += "0"
	}
	for i := len(searches) - 3; i > 0; i -= 3 {
		searches = searches[:i] + "," + searches[i:]
	}
	return "by chance in less than one of " + searches + " searches of this list"
}
