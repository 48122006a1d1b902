package uareu

import (
	"context"
	"errors"
	"fmt"
	"time"

	"boothd/devices"
)

const (
	endpointPicture = 0x82
	dpi             = 500

	// pictureTimeout bounds a transfer that takes 135 ms.
	pictureTimeout = 3 * time.Second
	// pictureGrace is how long a picture on its way may take to arrive after the capture
	// was cancelled: one that is cut off would be in the way of the next.
	pictureGrace = 300 * time.Millisecond
	// minRows is how many of the 290 rows make a picture: with fewer the finger was lifted
	// too early.
	minRows = 240
)

// capture waits for a finger and returns its picture.
func (s *Scanner) capture(ctx context.Context) (*devices.FingerImage, error) {
	if s.sick {
		if err := s.restart(ctx); err != nil {
			return nil, err
		}
	}
	if s.lying {
		if err := s.events.await(ctx, eventRemoval); err != nil {
			return nil, err
		}
		s.lying = false
	}
	if err := s.mode(ctx, modeAwaitFinger, eventFinger); err != nil {
		return nil, err
	}
	if err := s.events.await(ctx, eventFinger); err != nil {
		return nil, err
	}
	p, err := s.picture(ctx)
	if err != nil {
		return nil, err
	}
	if p.scrambled() {
		err := p.descramble(func(key uint8) (uint32, error) { return s.registers.key(ctx, key, s.seed()) })
		if err != nil {
			return nil, fmt.Errorf("descramble: %w", err)
		}
		if p.noisy {
			return nil, fmt.Errorf("%w: it is scrambled with a key that was read wrong", errBadPicture)
		}
	}
	img, rows := p.assemble(s.model.rotate)
	if rows < minRows {
		return nil, &devices.RetryError{
			Hint: devices.HintPressLonger,
			Err:  fmt.Errorf("%d rows of %d", rows, height),
		}
	}
	if err := s.mode(ctx, modeAwaitRemoval, eventRemoval); err != nil {
		return nil, err
	}
	s.lying = true
	return &devices.FingerImage{Gray: img, DPI: dpi}, nil
}

// mode enters a mode whose event is to be awaited.
func (s *Scanner) mode(ctx context.Context, mode byte, ev event) error {
	if _, err := s.events.take(ev); err != nil {
		return err
	}
	return s.registers.write(ctx, regMode, mode)
}

// restart switches the scanner off and on again.
func (s *Scanner) restart(ctx context.Context) error {
	if err := s.registers.write(ctx, regMode, modeOff); err != nil {
		return err
	}
	if err := s.powerUp(ctx); err != nil {
		return err
	}
	s.sick, s.lying = false, false
	return nil
}

// picture fetches a picture. One that is empty or makes no sense is fetched once more;
// then the scanner is restarted and the finger must be laid again.
func (s *Scanner) picture(ctx context.Context) (*picture, error) {
	if _, err := s.events.take(eventFailing); err != nil {
		return nil, err
	}
	p, err := s.fetch(ctx, true)
	failing, _ := s.events.take(eventFailing)
	if errors.Is(err, errBadPicture) && !failing {
		s.log.Warn("picture is fetched again", "err", err)
		p, err = s.fetch(ctx, false)
	}
	if !errors.Is(err, errBadPicture) {
		return p, err
	}
	if err := s.restart(ctx); err != nil {
		return nil, err
	}
	return nil, &devices.RetryError{Hint: devices.HintPressLonger, Err: err}
}

// fetch reads one picture. The first read of a capture must be under way when the capture
// is requested; the scanner then sends a picture for each further read.
func (s *Scanner) fetch(ctx context.Context, request bool) (*picture, error) {
	s.sick = true
	read, cancel := context.WithTimeout(context.WithoutCancel(ctx), pictureTimeout)
	defer cancel()
	buf := make([]byte, transferLen)
	var n int
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		n, err = s.conn.Read(read, endpointPicture, buf)
	}()
	if request {
		if err := s.registers.write(ctx, regMode, modeCapture); err != nil {
			cancel()
			<-done
			return nil, err
		}
	}
	if !arrives(ctx, done) {
		cancel()
		<-done
	}
	switch {
	case err == nil:
		s.sick = false
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("%w: none within %v", errBadPicture, pictureTimeout)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	return parsePicture(buf[:n])
}

// arrives waits for a transfer, and for a little longer when ctx ended.
func arrives(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
	}
	grace := time.NewTimer(pictureGrace)
	defer grace.Stop()
	select {
	case <-done:
		return true
	case <-grace.C:
		return false
	}
}
