package zfm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"boothd/devices"
	"boothd/devices/serial"
)

const (
	name = "zfm"

	openTimeout = 9500 * time.Millisecond
	darkTimeout = 500 * time.Millisecond // for the lights to go out

	anyAddress uint32 = 0xffffffff
)

// Driver returns the driver with its defaults. The configuration chooses it: a serial line has
// no identity.
func Driver() devices.Driver { return Config{}.Driver() }

// Config varies the driver. The zero Config is the default.
type Config struct {
	// Address is the module's; 0 means FFFFFFFF, which modules have unless somebody changed
	// it. Some clones have 0, which is tried as well.
	Address uint32
	// Password is the module's, 0 unless somebody changed it.
	Password uint32
	// MaxBaud is the speed to which a slower module is set, one of serial.Bauds; 0 means
	// 115200. A faster module keeps its speed.
	MaxBaud int
	// Log may be nil.
	Log *slog.Logger
}

// Driver returns the driver.
func (c Config) Driver() devices.Driver {
	if c.Address == 0 {
		c.Address = anyAddress
	}
	if c.MaxBaud == 0 {
		c.MaxBaud = slices.Max(serial.Bauds)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return devices.Driver{Name: name, Kind: devices.KindFingerScanner, Open: c.open}
}

// Scanner is an opened module.
type Scanner struct {
	config Config
	info   devices.Info
	log    *slog.Logger

	open    context.Context // ends with Close
	end     context.CancelFunc
	closing sync.Once

	using  sync.Mutex // held by the call under way; guards what follows
	link   link
	lights lights
	lying  bool // the finger of the last picture has not been lifted yet
}

var _ devices.FingerScanner = (*Scanner)(nil)

func (c Config) open(ctx context.Context, p devices.Port) (devices.Device, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	line, err := serial.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	s := &Scanner{config: c, info: defaultInfo(p.Address()), log: c.Log.With("device", p.Address())}
	s.link.line = line
	s.open, s.end = context.WithCancel(context.Background())
	if err := s.start(ctx); err != nil {
		s.end()
		line.Close()
		return nil, fmt.Errorf("open %s: %w", p.Address(), err)
	}
	return s, nil
}

// start finds the module and makes it ready.
func (s *Scanner) start(ctx context.Context) error {
	if err := s.find(ctx); err != nil {
		return err
	}
	b, err := s.link.ask(ctx, commandTimeout, readParameters)
	if err != nil {
		return err
	}
	p, err := parseParameters(b)
	if err != nil {
		return err
	}
	if err := s.tune(ctx, p); err != nil {
		return err
	}
	if err := s.describe(ctx, p); err != nil {
		return err
	}
	s.lights = lightsOf(p)
	return s.lights.off(ctx, &s.link)
}

// find looks for the module at the speeds and addresses that it may have. After power-up a
// module is deaf for half a second, so the likely ones are tried twice before the others.
func (s *Scanner) find(ctx context.Context) error {
	s.link.stale = true // somebody may have left the module in the middle of a picture
	addresses := slices.Compact([]uint32{s.config.Address, 0})
	line, ok := s.link.line.(serial.Retunable)
	if !ok {
		return s.try(ctx, nil, []int{0, 0, 0}, addresses)
	}
	likely := []int{line.Baud(), 57600, s.config.MaxBaud}
	err := s.try(ctx, line, likely, addresses[:1])
	if c, ok := codeOf(err); errors.Is(err, errSilent) || ok && c == wrongAddress {
		err = s.try(ctx, line, append(likely, 9600, 19200, 38400), addresses)
	}
	return err
}

// try returns at the first that answers with anything but that the address is wrong.
func (s *Scanner) try(ctx context.Context, line serial.Retunable, bauds []int, addresses []uint32) error {
	tried := make(map[int]bool)
	result := errSilent
	for _, baud := range bauds {
		if line != nil && tried[baud] {
			continue
		}
		tried[baud] = true
		for _, address := range addresses {
			s.link.parser.address = address
			err := s.present(ctx, line, baud)
			c, answered := codeOf(err)
			switch {
			case answered && c == wrongAddress:
				result = err
			case !errors.Is(err, errSilent):
				return err
			}
		}
	}
	return result
}

// present looks for the module at a speed. A module that answers is given the password.
func (s *Scanner) present(ctx context.Context, line serial.Retunable, baud int) error {
	if line != nil && line.Baud() != baud {
		if err := line.SetBaud(baud); err != nil {
			return err
		}
	}
	err := s.verify(ctx)
	if errors.Is(err, errSilent) && !errors.Is(err, errGarbled) {
		s.link.stale = false // nothing is on its way: nobody has heard
	}
	return err
}

// verify gives the module the password, which is also how its presence is known.
func (s *Scanner) verify(ctx context.Context) error {
	_, err := s.link.ask(ctx, commandTimeout, verifyPassword, binary.BigEndian.AppendUint32(nil, s.config.Password)...)
	if c, ok := codeOf(err); ok && c == wrongPassword {
		return fmt.Errorf("the module wants another password: %w", err)
	}
	return err
}

// Info implements devices.Device.
func (s *Scanner) Info() devices.Info { return s.info }

// Close switches the lights off and gives the line back.
func (s *Scanner) Close() error {
	s.closing.Do(func() {
		s.end()
		s.using.Lock()
		defer s.using.Unlock()
		s.darken()
		s.link.line.Close()
	})
	return nil
}

// darken switches the lights off, which is a courtesy: the module may be gone, silent or in the
// middle of a picture.
func (s *Scanner) darken() {
	ctx, cancel := context.WithTimeout(context.Background(), darkTimeout)
	defer cancel()
	if err := s.lights.off(ctx, &s.link); err != nil && !errors.Is(err, devices.ErrGone) {
		s.log.Warn("module's light may still be on", "err", err)
	}
}

// CaptureFinger implements devices.FingerScanner. The picture has 256 by 288 pixels at 500 dpi
// or 192 by 192 at 508, of 16 levels of grey.
func (s *Scanner) CaptureFinger(ctx context.Context) (*devices.FingerImage, error) {
	s.using.Lock()
	defer s.using.Unlock()
	if s.open.Err() != nil {
		return nil, fmt.Errorf("capture finger: %w", os.ErrClosed)
	}
	call, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.open, cancel)()
	img, err := s.capture(call)
	switch {
	case err == nil:
		return img, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case s.open.Err() != nil:
		err = os.ErrClosed
	}
	return nil, fmt.Errorf("capture finger: %w", err)
}
