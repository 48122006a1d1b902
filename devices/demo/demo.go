package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"boothd/devices"
	"boothd/devices/serial"
)

const (
	name = "demo"

	// quiet is the silence after which nothing of an earlier answer comes any more.
	quiet = 50 * time.Millisecond
	// again is after what time without an answer a question is asked again.
	again = time.Second
	// answerTimeout bounds an answer that has begun, and the one to '?': the line is virtual, a
	// picture takes milliseconds.
	answerTimeout = time.Second
	// tries is how often an answer that makes no sense is asked for.
	tries = 3
)

// Driver returns the driver's row of the table. The configuration chooses it: a serial line has
// no identity.
func Driver() devices.Driver {
	return devices.Driver{Name: name, Kind: devices.KindFingerScanner, Open: open}
}

// Scanner is an opened demo scanner.
type Scanner struct {
	line serial.Line
	info devices.Info

	using  sync.Mutex // held by the call under way; guards what follows
	number byte       // of the last question
}

var _ devices.FingerScanner = (*Scanner)(nil)

func open(ctx context.Context, p devices.Port) (devices.Device, error) {
	line, err := serial.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	s := &Scanner{line: line, info: devices.Info{Driver: name, Kind: devices.KindFingerScanner, Address: p.Address()}}
	if s.info.Model, err = s.model(ctx); err != nil {
		line.Close()
		return nil, fmt.Errorf("open %s: %w", p.Address(), err)
	}
	return s, nil
}

// model asks the scanner what it is.
func (s *Scanner) model(ctx context.Context) (model string, err error) {
	for range tries {
		limited, cancel := context.WithTimeout(ctx, answerTimeout)
		var r *reader
		if r, err = s.ask(limited, '?'); err == nil {
			model, err = r.model()
		}
		if limited.Err() != nil && ctx.Err() == nil && errors.Is(err, limited.Err()) {
			err = errSilent
		}
		cancel()
		if !errors.Is(err, errSilent) && !errors.Is(err, errGarbled) {
			break
		}
	}
	return model, err
}

// Info implements devices.Device.
func (s *Scanner) Info() devices.Info { return s.info }

// Close closes the line, which ends a call under way.
func (s *Scanner) Close() error { return s.line.Close() }

// CaptureFinger implements devices.FingerScanner.
func (s *Scanner) CaptureFinger(ctx context.Context) (*devices.FingerImage, error) {
	s.using.Lock()
	defer s.using.Unlock()
	img, err := s.capture(ctx)
	for again := 1; again < tries && errors.Is(err, errGarbled) && ctx.Err() == nil; again++ {
		img, err = s.capture(ctx) // the scanner has the finger until it is told that we do
	}
	var retry *devices.RetryError
	switch {
	case err == nil:
		return img, nil
	case ctx.Err() != nil && !errors.Is(err, devices.ErrGone):
		return nil, ctx.Err()
	case errors.As(err, &retry):
		return nil, err
	case errors.Is(err, os.ErrClosed):
		err = net.ErrClosed
	}
	return nil, fmt.Errorf("capture finger: %w", err)
}

func (s *Scanner) capture(ctx context.Context) (*devices.FingerImage, error) {
	s.number++
	question := []byte{'c', s.number}
	r, err := s.ask(ctx, question...)
	for err == nil {
		var there bool
		if there, err = r.await(again); err != nil {
			break
		}
		if !there {
			_, err = s.line.Write(ctx, question)
			continue
		}
		number, img, err := r.answer(answerTimeout)
		switch {
		case number != s.number && err == nil:
			continue
		case err != nil:
			return nil, err
		}
		_, err = s.line.Write(ctx, []byte{'k'})
		return img, err
	}
	return nil, err
}

// ask sends a question when nothing of an earlier answer comes any more.
func (s *Scanner) ask(ctx context.Context, question ...byte) (*reader, error) {
	r := &reader{ctx: ctx, line: s.line}
	if err := r.drain(); err != nil {
		return nil, err
	}
	_, err := s.line.Write(ctx, question)
	return r, err
}
