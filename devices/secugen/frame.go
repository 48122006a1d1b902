package secugen

import (
	"context"
	"errors"
	"fmt"
	"time"

	"boothd/devices"
	"boothd/devices/usb"
)

const (
	endpointFrame = 0x82
	// frameLen is a frame with what fills its last packet of 512 bytes up.
	frameLen = 657920
	// readLen is how much is asked for at a time, as recorded.
	readLen = 65536

	// frameTimeout bounds the reads of a frame, which take 40 ms.
	frameTimeout = 3 * time.Second
	// maxRoughness is the greatest mean difference between neighbours of a line, in grey. The
	// recorded finger has 6, noise 85.
	maxRoughness = 40
)

// How long after a call was cancelled each step may still take: a frame that is on its way is
// read to its end, since the rest would be in the way of the next one.
const (
	frameGrace = 300 * time.Millisecond
	stopGrace  = 550 * time.Millisecond
	lampGrace  = 800 * time.Millisecond
	// quietTimeout is how long each of stop and lamp may take in any case; the slowest recorded
	// took 12 ms.
	quietTimeout = 2 * time.Second
)

// errBadFrame is matched by the error of a frame that did not come as it should.
var errBadFrame = errors.New("bad frame")

// shot is an exposure.
type shot struct {
	lamp     bool   // switch it on
	exposure uint16 // 0: as it is
	wide     bool   // nothing is known of what the frame shows
}

// shoot fills s.frame, in a second attempt if the first frame is spoilt.
func (s *Scanner) shoot(ctx context.Context, e shot) error {
	err := s.expose(ctx, e)
	if errors.Is(err, errBadFrame) && ctx.Err() == nil {
		s.log.Warn("frame is taken again", "err", err)
		err = s.expose(ctx, e)
	}
	return err
}

// expose takes a frame and stops the stream, whatever happens.
func (s *Scanner) expose(ctx context.Context, e shot) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.stop(ctx, stopGrace); err != nil { // what a call that was cancelled may have left
		return err
	}
	late, cancel := lag(ctx, frameGrace)
	defer cancel()
	if err := s.prepare(late, e); err != nil {
		return err
	}
	s.streaming = true
	err := s.stream(late)
	if stopErr := s.stop(ctx, stopGrace); err == nil {
		err = stopErr
	}
	if err == nil && !e.wide {
		err = s.check()
	}
	return err
}

func (s *Scanner) prepare(ctx context.Context, e shot) error {
	if err := s.link.write(ctx, setting{regControl, 0}); err != nil {
		return err
	}
	if e.lamp {
		s.lit = true
		if err := s.link.send(ctx, requestLamp, 1, 0); err != nil {
			return err
		}
	}
	if e.exposure == 0 {
		return nil
	}
	return s.setExposure(ctx, e.exposure)
}

// stream exposes, starts the stream and reads one frame.
func (s *Scanner) stream(ctx context.Context) error {
	if err := s.link.send(ctx, requestExpose, 1, 0); err != nil {
		return err
	}
	if err := s.link.send(ctx, requestStart, 0, 0); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, frameTimeout)
	defer cancel()
	s.length = 0
	for s.length < frameLen {
		part := s.frame[s.length:min(s.length+readLen, frameLen)]
		got, err := s.conn.Read(bounded, endpointFrame, part)
		s.length += got
		switch {
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			return fmt.Errorf("%d of %d bytes of a frame within %v", s.length, frameLen, frameTimeout)
		case errors.Is(err, usb.ErrStall):
			return fmt.Errorf("%w: after %d bytes: %w", errBadFrame, s.length, err)
		case err != nil:
			return fmt.Errorf("read frame: %w", err)
		case got < len(part) && s.length < framePixels:
			return fmt.Errorf("%w: %d of %d bytes", errBadFrame, s.length, framePixels)
		case got < len(part):
			return nil
		}
	}
	return nil
}

// stop stops the stream, if there may be one.
func (s *Scanner) stop(ctx context.Context, grace time.Duration) error {
	if !s.streaming {
		return nil
	}
	if err := s.switchOff(ctx, grace, requestStop); err != nil {
		return err
	}
	s.streaming = false
	return nil
}

// darken switches the lamp off, if it may be on.
func (s *Scanner) darken(ctx context.Context, grace time.Duration) error {
	if !s.lit {
		return nil
	}
	if err := s.switchOff(ctx, grace, requestLamp); err != nil {
		return err
	}
	s.lit = false
	return nil
}

// switchOff sends a request that ends something.
func (s *Scanner) switchOff(ctx context.Context, grace time.Duration, request uint8) error {
	late, cancel := lag(ctx, grace)
	defer cancel()
	return link{s.conn, quietTimeout}.send(late, request, 0, 0)
}

// quiet ends what the scanner does, as a courtesy: it may be gone or silent.
func (s *Scanner) quiet(ctx context.Context, grace time.Duration) {
	for _, err := range []error{s.stop(ctx, grace), s.darken(ctx, grace)} {
		if err != nil && !errors.Is(err, devices.ErrGone) {
			s.log.Warn("scanner may still be at work", "err", err)
			return
		}
	}
}

// check judges a frame of the picture window.
func (s *Scanner) check() error {
	if s.filled && !filled(s.frame[:s.length]) {
		return fmt.Errorf("%w: it does not end where it should", errBadFrame)
	}
	if r := roughness(s.frame); r > maxRoughness {
		return fmt.Errorf("%w: noise of %d grey", errBadFrame, r)
	}
	return nil
}

// filled says whether the pixels are followed by black video, 0x80 and 0x10 in turn, which
// tells that none of them is missing.
func filled(frame []byte) bool {
	for i, v := range frame[framePixels:] {
		if v != [2]byte{0x80, 0x10}[i&1] {
			return false
		}
	}
	return true
}

// lag returns a context that ends some time after ctx does.
func lag(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		end := time.NewTimer(by)
		defer end.Stop()
		select {
		case <-end.C:
			cancel()
		case <-late.Done():
		}
	})
	return late, func() {
		stop()
		cancel()
	}
}
