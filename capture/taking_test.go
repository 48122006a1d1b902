package capture_test

import (
	"context"
	"errors"
	"image"
	"testing"
	"testing/synctest"

	"boothd/capture"
	"boothd/capture/quality"
	"boothd/capture/synthetic"
	"boothd/devices"
)

// comparisons are what a comparer answers, one after another, and whom it was asked about.
type comparisons struct {
	answers []comparison
	asked   [][]capture.FingerPosition
}

type comparison struct {
	index int
	score float64
	err   error
}

func (c *comparisons) Closest(_ context.Context, _ *capture.Finger, others []*capture.Finger) (int, float64, error) {
	var asked []capture.FingerPosition
	for _, o := range others {
		asked = append(asked, o.Position)
	}
	c.asked = append(c.asked, asked)
	if len(c.answers) == 0 {
		return -1, 0, nil
	}
	a := c.answers[0]
	c.answers = c.answers[1:]
	return a.index, a.score, a.err
}

// fourth is a session in the middle of the right hand: its ring finger is asked for.
func fourth(t *testing.T, tries int, comparer capture.FingerComparer, ports ...devices.Port) *seat {
	t.Helper()
	plan, _ := capture.NewFingerPlan(4, 2)
	session := &capture.Session{Fingers: plan, MinQuality: 20, Tries: tries, Comparer: comparer}
	return collectFor(t, session, capture.ModalityFinger, fingersOf("2 3"), ports...)
}

const (
	askRing    = "Lay the right ring finger on the scanner: 3 of 4."
	noScanner  = "Fingerprint scanner not connected. It is used as soon as it is plugged in."
	pressAgain = "Press longer (right ring finger, 3 of 4)."
)

// presses are pictures of one finger: poor below 20, fair below quality.Acceptable, and good.
type presses struct{ poor, fair, good *image.Gray }

func pressed(t *testing.T) presses {
	t.Helper()
	finger := synthetic.New(1).Grow(4)
	p := presses{
		poor: finger.Press(synthetic.Press{Area: 0.07}), fair: finger.Press(synthetic.Press{Area: 0.22}), good: finger.Press(synthetic.Press{Area: 1}),
	}
	score := func(g *image.Gray) int { return quality.Finger(g, synthetic.FingerDPI).Score }
	if poor, fair, good := score(p.poor), score(p.fair), score(p.good); poor >= 20 || fair < 20 || fair >= quality.Acceptable || good < quality.Acceptable {
		t.Fatalf("pictures of quality %d, %d and %d", poor, fair, good)
	}
	return p
}

func wantRing(t *testing.T, ev capture.Evidence, good bool) {
	t.Helper()
	if f := ev.Finger; f == nil || f.Position != 4 || f.Missing != "" || len(f.PNG) == 0 || (f.Quality >= quality.Acceptable) != good {
		t.Errorf("not the ring finger: %v, good %t wanted", ev, good)
	}
}

func TestThePlanIsTakenUpWhereItWas(t *testing.T) {
	p := pressed(t)
	synctest.Test(t, func(t *testing.T) {
		f := newScanner("a")
		s := fourth(t, 1, nil, f)
		s.wantSays(t, askRing)
		f.give(t, picture(p.poor))
		s.wantSays(t, pressAgain)
		s.plug()
		s.wantSays(t, noScanner)
		s.wantWaiting(t)
		g := newScanner("b")
		s.plug(g)
		s.wantSays(t, askRing)
		g.give(t, picture(p.fair))
		wantRing(t, s.evidence(t), false)
	})
}

func TestTheBestOfSeveralTriesCounts(t *testing.T) {
	p := pressed(t)
	tests := []struct {
		name string
		lays []*image.Gray
		good bool
	}{
		{"a good one ends them", []*image.Gray{p.fair, p.good}, true},
		{"three that are fair", []*image.Gray{p.fair, p.fair, p.fair}, false},
		{"one that is fair among poor ones", []*image.Gray{p.poor, p.fair, p.poor}, false},
		{"poor ones count as tries and never as the best", []*image.Gray{p.poor, p.poor, p.poor, p.poor, p.fair}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newScanner("a")
				s := fourth(t, 3, nil, f)
				for i, lay := range tt.lays {
					f.give(t, picture(lay))
					if i < len(tt.lays)-1 {
						s.wantSays(t, pressAgain)
						s.wantWaiting(t)
					}
				}
				wantRing(t, s.evidence(t), tt.good)
			})
		})
	}
}

func TestAFingerThatWasTakenBeforeIsNotTakenAgain(t *testing.T) {
	p := pressed(t)
	const (
		lift  = "Lift the finger, then lay the next (right ring finger, 3 of 4)."
		twice = "This finger was taken as the right index finger before: lay the one that is asked for, or take the right index finger again if that was the wrong one (right ring finger, 3 of 4)."
		flat  = "Lay the finger flat and centred (right ring finger, 3 of 4)."
	)
	tests := []struct {
		name    string
		answers []comparison
		says    []string // after each picture but the last, which is taken
	}{
		{"another finger", []comparison{{0, 12, nil}}, nil},
		{"nothing to compare with", []comparison{{-1, 0, nil}}, nil},
		{"the finger before, which still lies there", []comparison{{1, 90, nil}, {0, 3, nil}}, []string{lift}},
		{"an earlier finger", []comparison{{0, 90, nil}, {0, 3, nil}}, []string{twice}},
		{"again and again", []comparison{{0, 90, nil}, {0, 90, nil}, {0, 8, nil}}, []string{twice, twice}},
		{"a first doubt needs little", []comparison{{0, 41, nil}, {0, 3, nil}}, []string{twice}},
		{"a second one more", []comparison{{0, 41, nil}, {0, 41, nil}}, []string{twice}},
		{"a picture that shows too little", []comparison{{-1, 0, errors.New("no ridges")}, {0, 3, nil}}, []string{flat}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newScanner("a")
				comparer := &comparisons{answers: tt.answers}
				s := fourth(t, 1, comparer, f)
				for _, says := range tt.says {
					f.give(t, picture(p.good))
					s.wantSays(t, says)
					s.wantWaiting(t)
				}
				f.give(t, picture(p.good))
				wantRing(t, s.evidence(t), true)
				for _, asked := range comparer.asked {
					if len(asked) != 2 || asked[0] != 2 || asked[1] != 3 {
						t.Errorf("compared with the fingers %d", asked)
					}
				}
			})
		})
	}
}

func TestAFingerThatIsTakenAgainIsNotComparedWithItself(t *testing.T) {
	p := pressed(t)
	synctest.Test(t, func(t *testing.T) {
		f := newScanner("a")
		comparer := &comparisons{}
		plan, _ := capture.NewFingerPlan(4, 2)
		session := &capture.Session{Fingers: plan, Comparer: comparer}
		s := collectFor(t, session, capture.ModalityFinger, fingersOf("4:temporary 5 3:temporary"), f)
		s.wantSays(t, "Lay the right index finger on the scanner: 2 of 2.")
		f.give(t, picture(p.good))
		if ev := s.evidence(t); ev.Finger.Position != 2 || len(comparer.asked) != 1 || len(comparer.asked[0]) != 1 || comparer.asked[0][0] != 5 {
			t.Errorf("the %s, compared with %d", ev.Finger.Position, comparer.asked)
		}
	})
}

func TestTakingAFingerEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fourth(t, 3, &comparisons{}, newScanner("a"))
		s.wantWaiting(t)
		s.cancel()
		if got := <-s.done; got.err != context.Canceled {
			t.Errorf("collect: %v", got.err)
		}
	})
}
