package capture

import (
	"context"
	"errors"
	"fmt"

	"boothd/capture/quality"
	"boothd/devices"
)

// FingerComparer compares the fingers of one traveller with each other.
type FingerComparer interface {
	// Closest returns which of the others is likest to the finger that was laid, and how sure it
	// is that they are one finger: −10·log10 of the share of different fingers that agree as
	// much. It returns -1 if none can be compared. Its error is about the laid finger, whose
	// picture shows too little, or that of ctx.
	Closest(ctx context.Context, laid *Finger, others []*Finger) (index int, score float64, err error)
}

// How sure it must be that a finger was taken before. Who is asked again for nothing has lost
// some seconds, unless it goes on: so the first doubt needs one chance in 10,000 and each
// further one, of the same finger, one in 100,000.
const (
	doubtful = 40
	sure     = 50
)

// fingerTake is the taking of one finger, over as many pictures as it needs.
type fingerTake struct {
	session  *Session
	position FingerPosition
	n, of    int       // its place among the fingers of the plan
	others   []*Finger // the traveller's fingers of other positions, the last of each, in their order
	tries    int
	doubts   int // how often another finger seemed to be laid again
	best     *Evidence
}

// nextFinger begins the taking of the finger that the plan asks for after what is known.
func (s *Session) nextFinger(known []Evidence) *fingerTake {
	position, n, of, ok := s.Fingers.Next(known)
	if !ok && len(s.Fingers.Fingers) > 0 {
		position, n = s.Fingers.Fingers[0], of
	}
	t := &fingerTake{session: s, position: position, n: n, of: of}
	last := map[FingerPosition]int{}
	for i := range known {
		if f := known[i].Finger; f != nil {
			last[f.Position] = i
		}
	}
	for i := range known {
		f := known[i].Finger
		if f != nil && f.Position != 0 && f.Position != position && last[f.Position] == i && len(f.PNG) > 0 {
			t.others = append(t.others, f)
		}
	}
	return t
}

// ask is what is said before anything was laid.
func (t *fingerTake) ask() string {
	if !t.session.Fingers.Many() {
		return "Lay the " + t.position.String() + " on the scanner."
	}
	return fmt.Sprintf("Lay the %s on the scanner: %d of %d.", t.position, t.n, t.of)
}

// picture takes the next picture. It returns a *devices.RetryError until there is one that will
// do: an acceptable one, or the best of the session's tries.
func (t *fingerTake) picture(ctx context.Context, d devices.FingerScanner) (Evidence, error) {
	picture, err := d.CaptureFinger(ctx)
	if retry := (*devices.RetryError)(nil); errors.As(err, &retry) {
		return Evidence{}, t.again(retry.Hint, retry.Err)
	}
	if err != nil {
		return Evidence{}, err
	}
	t.tries++
	q := quality.Finger(picture.Gray, picture.DPI)
	if q.Score >= t.session.MinQuality {
		if err := t.keep(ctx, d.Info(), picture, q.Score); err != nil {
			return Evidence{}, err
		}
	}
	if t.best != nil && (t.best.Finger.Quality >= quality.Acceptable || t.tries >= t.session.Tries) {
		return *t.best, nil
	}
	return Evidence{}, t.again(q.Hint, nil)
}

// keep makes evidence of a picture, unless it shows another finger of the traveller, and keeps it
// if it is the best so far.
func (t *fingerTake) keep(ctx context.Context, device devices.Info, picture *devices.FingerImage, score int) error {
	if t.best != nil && score <= t.best.Finger.Quality {
		return nil
	}
	file, err := encodePNG(picture.Gray)
	if err != nil {
		return err
	}
	size := picture.Bounds().Size()
	f := &Finger{Position: t.position, PNG: file, Width: size.X, Height: size.Y, DPI: picture.DPI, Quality: score}
	if err := t.recognise(ctx, f); err != nil {
		return err
	}
	t.best = &Evidence{At: t.session.Now(), Device: device, Finger: f}
	return nil
}

// recognise returns a *devices.RetryError if the finger is one that was taken before. Which of the
// two was the wrong one cannot be known: the officer is told of both.
func (t *fingerTake) recognise(ctx context.Context, laid *Finger) error {
	if t.session.Comparer == nil || len(t.others) == 0 {
		return nil
	}
	i, score, err := t.session.Comparer.Closest(ctx, laid, t.others)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return t.again(devices.HintPressFlat, err)
	}
	least := float64(doubtful)
	if t.doubts > 0 {
		least = sure
	}
	if i < 0 || score < least {
		return nil
	}
	t.doubts++
	if t.doubts == 1 && i == len(t.others)-1 { // most likely it still lies there
		return t.again("lift the finger, then lay the next", nil)
	}
	return t.again(devices.Hint(fmt.Sprintf("this finger was taken as the %s before: lay the one that is asked for, or take the %s again if that was the wrong one",
		t.others[i].Position, t.others[i].Position)), nil)
}

// again asks for the finger once more; of several fingers it says which.
func (t *fingerTake) again(h devices.Hint, err error) error {
	if t.session.Fingers.Many() {
		if h == "" {
			h = "lay the finger again"
		}
		h = devices.Hint(fmt.Sprintf("%s (%s, %d of %d)", h, t.position, t.n, t.of))
	}
	return &devices.RetryError{Hint: h, Err: err}
}
