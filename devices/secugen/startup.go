package secugen

import (
	"context"
	"errors"
	"fmt"
)

// Registers of the sensor.
const (
	regReset    = 0x03
	regExposure = 0x30 // and the next, highest byte first
	regControl  = 0x32
	regWindow   = 0x41 // and the next seven: x, width, y, height, highest byte first
)

const (
	controlLatch = 0x24 // takes the exposure over
	leaveReset   = 0x05

	wideExposure = 1000
	windowExtra  = 3 // what a window's size is more in the registers than in pixels
)

// initial is what the registers are set to first.
var initial = []setting{
	{0x03, 0x02}, {0x04, 0x81}, {0x05, 0x0a}, {0x08, 0x00}, {0x09, 0x11}, {0x0a, 0x11}, {0x10, 0x11}, {0x11, 0x23}, {0x12, 0x85},
	{0x13, 0x00}, {0x14, 0x27}, {0x16, 0xb6}, {0x30, 0x01}, {0x31, 0xc0}, {0x32, 0x08}, {0x41, 0x00}, {0x42, 0x00}, {0x43, 0x06},
	{0x44, 0x43}, {0x45, 0x00}, {0x46, 0x00}, {0x47, 0x04}, {0x48, 0xb3}, {0x49, 0x00}, {0x4a, 0x20}, {0x4b, 0x00}, {0x4c, 0x00},
	{0x4d, 0x00}, {0x4e, 0x00}, {0x60, 0x0b}, {0x61, 0x16}, {0x62, 0x32}, {0x63, 0x80}, {0x71, 0x08}, {0x80, 0xf8}, {0x81, 0x06},
	{0x90, 0xaa}, {0x91, 0x08}, {0x92, 0x10}, {0x93, 0x40}, {0x94, 0x04}, {0x95, 0x01}, {0x96, 0x02}, {0x97, 0x08}, {0x98, 0x10},
	{0x99, 0x08}, {0x9a, 0x03}, {0x9b, 0xb0}, {0x9c, 0x08}, {0x9d, 0x24}, {0x9e, 0x30}, {0xb7, 0x15}, {0xb8, 0x28}, {0xb9, 0x04},
}

// awake is what they are set to after the reset.
var awake = []setting{{0xa5, 0x00}, {0xa6, 0x00}, {0xa7, 0x00}, {0xa8, 0x00}}

// window returns the settings of a window on the sensor: its corner in the registers' own
// count and its size in pixels.
func window(x, y, width, height int) []setting {
	var s []setting
	for i, v := range []int{x, width + windowExtra, y, height + windowExtra} {
		s = append(s, setting{byte(regWindow + 2*i), byte(v >> 8)}, setting{byte(regWindow + 2*i + 1), byte(v)})
	}
	return s
}

// startUp makes the scanner ready and leaves what it learnt in s.
func (s *Scanner) startUp(ctx context.Context) error {
	var err error
	if s.info.Serial, err = s.link.serial(ctx); err != nil {
		return err
	}
	if err := s.setUpSensor(ctx); err != nil {
		return fmt.Errorf("set up sensor: %w", err)
	}
	c, err := s.readCalibration(ctx)
	if err != nil {
		return err
	}
	s.exposure = c.exposure
	s.developer = newDeveloper(c, s.distorted)
	// The first frame after power-on is no use, in whatever window.
	if err := s.shoot(ctx, shot{exposure: wideExposure, wide: true}); err != nil {
		return fmt.Errorf("first frame: %w", err)
	}
	if err := s.setWindow(ctx, c); err != nil {
		return fmt.Errorf("set picture window: %w", err)
	}
	if err := s.shoot(ctx, shot{}); err != nil {
		return fmt.Errorf("background: %w", err)
	}
	s.filled = filled(s.frame[:s.length])
	if !s.filled {
		s.log.Warn("scanner's frames do not end as known: whether they are complete is judged by their length alone")
	}
	s.glass.learn(s.frame)
	return nil
}

func (s *Scanner) setUpSensor(ctx context.Context) error {
	if err := s.link.set(ctx, initial...); err != nil {
		return err
	}
	if err := s.link.write(ctx, setting{regReset, leaveReset}); err != nil {
		return err
	}
	if err := s.link.set(ctx, awake...); err != nil {
		return err
	}
	if err := s.link.set(ctx, window(250, 40, 1100, 800)...); err != nil {
		return err
	}
	return s.link.send(ctx, requestExpose, 1, 0)
}

// readCalibration reads the unit's calibration, and once more if it is damaged.
func (s *Scanner) readCalibration(ctx context.Context) (*calibration, error) {
	c, err := s.readBlob(ctx)
	if errors.Is(err, errBadSum) {
		s.log.Warn("calibration is read again", "err", err)
		c, err = s.readBlob(ctx)
	}
	return c, err
}

func (s *Scanner) readBlob(ctx context.Context) (*calibration, error) {
	const start, most = 0x2000, 4096
	blob := make([]byte, blobLen)
	for at := 0; at < len(blob); at += most {
		part := blob[at:min(at+most, len(blob))]
		if err := s.link.fetch(ctx, requestMemory, 0, uint16(start+at), part); err != nil {
			return nil, fmt.Errorf("read calibration: %w", err)
		}
	}
	return parseCalibration(blob)
}

// setWindow sets the unit's own window and exposure, the latter in the order that was recorded.
func (s *Scanner) setWindow(ctx context.Context, c *calibration) error {
	if err := s.link.set(ctx, window(c.x+windowOffset, c.y, width, height)...); err != nil {
		return err
	}
	idle := setting{regControl, 0}
	if err := s.link.write(ctx, idle); err != nil {
		return err
	}
	if err := s.setExposure(ctx, c.exposure); err != nil {
		return err
	}
	err := s.link.write(ctx, idle, setting{regExposure, byte(c.exposure >> 8)}, setting{regExposure + 1, byte(c.exposure)},
		idle, setting{regControl, controlLatch})
	if err != nil {
		return err
	}
	return s.setExposure(ctx, c.exposure)
}

func (s *Scanner) setExposure(ctx context.Context, e uint16) error {
	return s.link.send(ctx, requestExposure, 0, 0, byte(e>>8), byte(e), 0, 0)
}
