package secugen

import (
	"context"
	"fmt"
	"time"

	"boothd/devices"
)

const (
	dpi = 500

	// lookEvery is how often the glass is looked at, counted from one look's start to the
	// next, and lookPause the least time between two looks.
	lookEvery = 200 * time.Millisecond
	lookPause = 50 * time.Millisecond
	// settleLooks is how many looks a finger gets to press no more firmly than before.
	settleLooks = 5
)

// capture waits for a finger and returns its picture.
func (s *Scanner) capture(ctx context.Context) (*devices.FingerImage, error) {
	defer s.quiet(ctx, lampGrace)
	if err := s.finger(ctx); err != nil {
		return nil, err
	}
	// Always 0, and part of the recorded sequence.
	var status [4]byte
	if err := s.link.fetch(ctx, requestStatus, 0, 0, status[:]); err != nil {
		return nil, err
	}
	s.glass.lying = true
	return &devices.FingerImage{Gray: s.developer.develop(s.frame[:framePixels]), DPI: dpi}, nil
}

// finger fills s.frame with a finger.
func (s *Scanner) finger(ctx context.Context) error {
	if s.atOnce {
		return s.shoot(ctx, shot{lamp: true, exposure: s.exposure})
	}
	for {
		next := time.Now().Add(lookEvery)
		v, err := s.look(ctx)
		if err != nil {
			return err
		}
		switch s.glass.judge(s.frame, v) {
		case finger:
			return s.settle(ctx, v)
		case faint:
			return &devices.RetryError{
				Hint: devices.HintDryFinger,
				Err:  fmt.Errorf("what lies on the glass is %d grey lighter than it", v.rise),
			}
		}
		if err := pause(ctx, max(lookPause, time.Until(next))); err != nil {
			return err
		}
	}
}

// look fills s.frame and measures it.
func (s *Scanner) look(ctx context.Context) (view, error) {
	if err := s.shoot(ctx, shot{lamp: !s.lit, exposure: s.exposure}); err != nil {
		return view{}, err
	}
	if err := ctx.Err(); err != nil {
		return view{}, err
	}
	return s.glass.look(s.frame), nil
}

// settle waits until a finger that just came presses no more firmly than a look before.
func (s *Scanner) settle(ctx context.Context, v view) error {
	for range settleLooks {
		before := v.rise
		var err error
		if v, err = s.look(ctx); err != nil {
			return err
		}
		if v.rise < touchFrom || v.ridges < ridgesFrom {
			return &devices.RetryError{Hint: devices.HintPressLonger, Err: fmt.Errorf("the finger was lifted too early")}
		}
		if v.rise-before <= before/8 {
			return nil
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
