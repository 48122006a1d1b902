package uareu

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"boothd/devices"
	"boothd/devices/usb"
)

const (
	name = "uareu"

	openTimeout = 9 * time.Second
	// closeTimeout is how long a scanner may take to switch its lamp off.
	closeTimeout = 500 * time.Millisecond
)

// Driver returns the driver with its defaults.
func Driver() devices.Driver { return Config{}.Driver() }

// Config varies the driver. The zero Config is the default.
type Config struct {
	// Seed returns the random number that hides a key on its way from the scanner. By
	// default it comes from crypto/rand; a recording wants the number it was made with.
	Seed func() uint32
	// Log may be nil.
	Log *slog.Logger
}

// Driver returns the driver.
func (c Config) Driver() devices.Driver {
	if c.Seed == nil {
		c.Seed = randomSeed
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return devices.Driver{Name: name, Kind: devices.KindFingerScanner, IDs: ids(), Open: c.open}
}

// randomSeed returns a number of 31 bits.
func randomSeed() uint32 {
	var b [4]byte
	rand.Read(b[:])
	return binary.LittleEndian.Uint32(b[:]) >> 1
}

// Scanner is an opened fingerprint scanner. It implements devices.FingerScanner.
type Scanner struct {
	conn      usb.Conn
	registers registers
	events    *events
	model     model
	info      devices.Info
	seed      func() uint32
	log       *slog.Logger

	open      context.Context // ends with Close
	end       context.CancelFunc
	closing   sync.Once
	deafen    context.CancelFunc // stops listening for events
	listening sync.WaitGroup

	using sync.Mutex // held by the call under way; guards what follows
	lying bool       // the finger of the last picture has not been lifted yet
	sick  bool       // the scanner needs another power-up
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
	s, err := c.start(ctx, p, conn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p.Address(), err)
	}
	return s, nil
}

// start makes a scanner of a connection, which it owns.
func (c Config) start(ctx context.Context, p devices.Port, conn usb.Conn) (*Scanner, error) {
	m, ok := modelOf(p.ID(), conn.BCDDevice())
	if !ok {
		conn.Close()
		return nil, fmt.Errorf("%s is no scanner of this family", p.ID())
	}
	log := c.Log.With("device", p.Address())
	s := &Scanner{
		conn: conn, registers: registers{conn}, events: newEvents(conn, log), model: m, seed: c.Seed, log: log,
		info: devices.Info{Driver: name, Kind: devices.KindFingerScanner, Address: p.Address(), Model: m.name},
	}
	s.open, s.end = context.WithCancel(context.Background())
	listen, deafen := context.WithCancel(context.Background())
	s.deafen = deafen
	s.listening.Go(func() { s.events.listen(listen) })
	err := s.powerUp(ctx)
	if err == nil {
		s.info.Firmware, err = s.firmware(ctx)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Info implements devices.Device.
func (s *Scanner) Info() devices.Info { return s.info }

// Close switches the lamp off and gives the scanner back.
func (s *Scanner) Close() error {
	s.closing.Do(func() {
		s.end()
		s.using.Lock()
		defer s.using.Unlock()
		s.switchOff()
		s.deafen()
		s.listening.Wait()
		s.conn.Close()
	})
	return nil
}

// switchOff is a courtesy: the scanner may be gone or silent.
func (s *Scanner) switchOff() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := s.registers.write(ctx, regMode, modeOff); err != nil && !errors.Is(err, devices.ErrGone) {
		s.log.Warn("scanner's lamp may still be on", "err", err)
	}
}

// CaptureFinger implements devices.FingerScanner. The picture has 384 by 290 pixels.
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
