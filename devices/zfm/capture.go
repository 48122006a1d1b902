package zfm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"boothd/devices"
)

const (
	lookPause  = 100 * time.Millisecond // between two looks for a finger
	looks      = 3                      // that go wrong on the line, of one
	maxFailed  = 8                      // pictures in a row that failed
	uploads    = 3                      // of one picture
	maxRefused = 2                      // refusals until the model is taken for one without upload
)

var (
	errSpoilt   = errors.New("picture was spoilt on the line")
	errNoUpload = errors.New("model without image upload: it keeps its pictures to itself and cannot be used")
)

// capture waits for a finger and returns its picture.
func (s *Scanner) capture(ctx context.Context) (*devices.FingerImage, error) {
	if err := s.lights.await(ctx, &s.link); err != nil {
		return nil, err
	}
	img, err := s.take(ctx)
	var retry *devices.RetryError
	if !errors.As(err, &retry) {
		s.darken()
		return img, err
	}
	s.lying = true
	if failed := s.lights.refuse(ctx, &s.link); failed != nil {
		return nil, failed
	}
	return nil, err
}

// take takes a picture of the next finger.
func (s *Scanner) take(ctx context.Context) (*devices.FingerImage, error) {
	if s.lying {
		if err := s.await(ctx, false); err != nil {
			return nil, err
		}
		s.lying = false
	}
	if err := s.await(ctx, true); err != nil {
		return nil, err
	}
	s.lying = true
	return s.fetch(ctx)
}

// hints say what to do about a finger of which no picture could be made.
var hints = map[code]devices.Hint{
	pictureFailed:  devices.HintPressFlat,
	disorderly:     devices.HintWetFinger,
	tooFewFeatures: devices.HintDryFinger,
}

// await looks until a finger is there, or until none is. With a finger, its picture is in the
// module.
func (s *Scanner) await(ctx context.Context, finger bool) error {
	for failed := 0; ; {
		err := s.look(ctx)
		c, answered := codeOf(err)
		hint, poor := hints[c]
		switch {
		case !answered:
			return err
		case c == done && finger || c == noFinger && !finger:
			return nil
		case c == done || c == noFinger:
			failed = 0
		case !poor:
			return err
		default:
			failed++
		}
		if finger && failed == maxFailed {
			return &devices.RetryError{Hint: hint, Err: err}
		}
		if err := pause(ctx, lookPause); err != nil {
			return err
		}
	}
}

// look takes a picture of what is on the glass. What was spoilt on the line is asked again.
func (s *Scanner) look(ctx context.Context) (err error) {
	for range looks {
		asked := s.lights.take()
		_, err = s.link.ask(ctx, answerTimeout, asked)
		switch c, answered := codeOf(err); {
		case errors.Is(err, errSilent):
		case !answered:
			return err
		case c == packetError && asked == takeImageOnly:
			s.lights = lights{} // it can switch its lamp, but take no picture without it
		case c == packetError:
		case c == wrongPassword || c == passwordRequired:
			// The module lost its power and with it who we are.
			if failed := s.verify(ctx); failed != nil {
				return failed
			}
		default:
			return err
		}
	}
	return err
}

// fetch has the picture sent until it arrives whole. A packet that was lost altogether shows only
// in the number of bytes, so one of no model is sent again too.
func (s *Scanner) fetch(ctx context.Context) (*devices.FingerImage, error) {
	var err error
	refused := 0
	for range uploads {
		var packed []byte
		packed, err = s.upload(ctx)
		c, answered := codeOf(err)
		switch {
		case err == nil:
			var m model
			if m, err = modelOf(len(packed)); err == nil {
				return &devices.FingerImage{Gray: m.expand(packed), DPI: m.dpi}, nil
			}
		case errors.Is(err, errSpoilt), errors.Is(err, errGarbled):
		case answered && c == noPicture:
			return nil, &devices.RetryError{Hint: devices.HintPressLonger, Err: err}
		case answered, errors.Is(err, errSilent):
			if refused++; refused == maxRefused {
				return nil, s.refusal(ctx, err)
			}
		default:
			return nil, err
		}
		s.log.Warn("picture is sent again", "err", err)
	}
	return nil, fmt.Errorf("picture sent %d times: %w", uploads, err)
}

// refusal tells a module that will not send its picture from one that says nothing at all.
func (s *Scanner) refusal(ctx context.Context, err error) error {
	if verified := s.verify(ctx); verified != nil {
		return verified
	}
	return fmt.Errorf("%w (%w)", errNoUpload, err)
}

// upload has the picture sent once. It returns an error matching errSpoilt if a byte of it was
// lost or changed.
func (s *Scanner) upload(ctx context.Context) ([]byte, error) {
	if _, err := s.link.ask(ctx, answerTimeout, upImage); err != nil {
		return nil, err
	}
	s.link.stale = true
	packed := make([]byte, 0, maxPicture())
	for raw := 0; raw < 2*maxNoise; {
		for {
			p, ok := s.link.parser.next()
			if !ok {
				break
			}
			if p.kind != kindData && p.kind != kindLast || len(packed)+len(p.content) > maxPicture() {
				return nil, fmt.Errorf("%w: more than a picture, or something else", errSpoilt)
			}
			packed = append(packed, p.content...)
			if p.kind == kindLast && s.link.parser.spoilt == 0 {
				s.link.stale = false
				return packed, nil
			}
		}
		if s.link.parser.spoilt > 0 {
			return nil, fmt.Errorf("%w: wrong checksum", errSpoilt)
		}
		n, err := s.link.readFor(ctx, byteGap)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, fmt.Errorf("%w: nothing came for %v after %d bytes", errSpoilt, byteGap, len(packed))
		}
		raw += n
	}
	return nil, errRestless
}
