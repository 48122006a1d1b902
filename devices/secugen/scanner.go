package secugen

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"boothd/devices"
	"boothd/devices/usb"
)

const (
	name  = "secugen"
	model = "SecuGen Hamster Pro 20"

	classVendor = 0xff
	openTimeout = 9 * time.Second
)

// Driver returns the driver with its defaults.
func Driver() devices.Driver { return Config{}.Driver() }

// Config varies the driver. The zero Config is the default.
type Config struct {
	// AtOnce takes the picture when CaptureFinger is called, whatever lies on the glass: for
	// recordings, which hold no frames of the time before the finger came.
	AtOnce bool
	// Distorted leaves the prism's distortion in the picture, as older software does. Its
	// resolution is then 500 dpi at the top of the frame only.
	Distorted bool
	// Log may be nil.
	Log *slog.Logger
}

// Driver returns the driver.
func (c Config) Driver() devices.Driver {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return devices.Driver{
		Name: name, Kind: devices.KindFingerScanner,
		IDs:  []devices.ID{{Vendor: 0x1162, Product: 0x2200}},
		Open: c.open,
	}
}

// Scanner is an opened fingerprint scanner. It implements devices.FingerScanner.
type Scanner struct {
	conn      usb.Conn
	link      link
	info      devices.Info
	atOnce    bool
	distorted bool
	log       *slog.Logger

	open    context.Context // ends with Close
	end     context.CancelFunc
	closing sync.Once

	using     sync.Mutex // held by the call under way; guards what follows
	exposure  uint16
	developer *developer
	glass     glass
	frame     []byte // the last one
	length    int    // bytes of it that came
	filled    bool   // frames end in black video
	streaming bool   // the stream may run
	lit       bool   // the lamp may be on
}

var _ devices.FingerScanner = (*Scanner)(nil)

func (c Config) open(ctx context.Context, p devices.Port) (devices.Device, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	conn, err := usb.Open(ctx, p, func(i usb.Interface) bool {
		return i.Class == classVendor && i.SubClass == classVendor && i.Protocol == classVendor
	})
	if err != nil {
		return nil, err
	}
	release := conn.BCDDevice()
	s := &Scanner{
		conn: conn, link: link{conn, requestTimeout}, frame: make([]byte, frameLen),
		info: devices.Info{
			Driver: name, Kind: devices.KindFingerScanner, Address: p.Address(),
			Model: model, Firmware: fmt.Sprintf("%x.%02x", release>>8, release&0xff),
		},
		atOnce: c.AtOnce, distorted: c.Distorted, log: c.Log.With("device", p.Address()),
	}
	s.open, s.end = context.WithCancel(context.Background())
	if err := s.startUp(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("open %s: %w", p.Address(), err)
	}
	return s, nil
}

// Info implements devices.Device.
func (s *Scanner) Info() devices.Info { return s.info }

// Close stops the stream, switches the lamp off and gives the scanner back.
func (s *Scanner) Close() error {
	s.closing.Do(func() {
		s.end()
		s.using.Lock()
		defer s.using.Unlock()
		s.quiet(s.open, stopGrace)
		s.conn.Close()
	})
	return nil
}

// CaptureFinger implements devices.FingerScanner. The picture has 300 by 400 pixels.
func (s *Scanner) CaptureFinger(ctx context.Context) (*devices.FingerImage, error) {
	s.using.Lock()
	defer s.using.Unlock()
	if s.open.Err() != nil {
		return nil, fmt.Errorf("capture finger: %w", net.ErrClosed)
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
		err = net.ErrClosed
	}
	return nil, fmt.Errorf("capture finger: %w", err)
}
