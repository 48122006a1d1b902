// Package cute drives the serial readers of machine-readable zones by Access-IS and DESKO,
// which send what they read in the framing of airline check-in desks (CUTE).
//
// The reader speaks without being asked. For every document that passes it sends
//
//	1C 02  line CR  [line CR  [line CR]]  03 1D
//
// at 9600 to 115200 baud, 8 data bits, no parity, 1 stop bit: two or three lines for the
// formats of ICAO 9303, one for some driving licences. There is no checksum, no
// acknowledgement and no way to ask the reader what it is.
//
// Three things follow from that.
//
// Whose document it is, only time tells. ReadMRZ first takes what arrived before it was
// called, which lasts a tenth of a second, and returns nothing of it. A whole document
// among that was not noticed by anybody, so the call returns a *devices.RetryError that
// asks to present it again, unless it is the document that was returned last: readers
// send some documents twice. The second of two frames sent back to back is such a
// document: it is neither given to the next traveller nor lost without a word.
//
// A frame is whole or it is nothing. One that is cut short (no byte for a second, the line
// unplugged), too long or not printable is never returned; the traveller presents again.
//
// After a fault the next start of a frame, 1C 02, is a new frame wherever it comes.
package cute

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"time"

	"boothd/devices"
	"boothd/devices/serial"
)

const (
	byteGap    = time.Second           // silence that ends a frame under way
	quiet      = 50 * time.Millisecond // silence after which what came before the call is read
	earlyLimit = 16 << 10              // bytes; more than any system keeps for a line nobody reads
)

var errEarly = errors.New("the document was presented before it was asked for")

// Driver returns the driver's row of the table. The configuration chooses it: a serial line
// has no identity.
func Driver() devices.Driver {
	return devices.Driver{Name: "cute", Kind: devices.KindDocumentReader, Open: open}
}

// Reader is an opened reader.
type Reader struct {
	line    serial.Line
	address string

	parser parser
	buf    [256]byte
	early  bool // the frame under way began before the call
	missed bool // a whole document came before the call
	seed   maphash.Seed
	last   uint64 // hash of the document that was returned last
}

var _ devices.DocumentReader = (*Reader)(nil)

func open(ctx context.Context, p devices.Port) (devices.Device, error) {
	line, err := serial.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	return &Reader{line: line, address: p.Address(), seed: maphash.MakeSeed()}, nil
}

// Info describes the reader. It cannot be asked for its model.
func (r *Reader) Info() devices.Info {
	return devices.Info{
		Driver:  "cute",
		Kind:    devices.KindDocumentReader,
		Address: r.address,
		Model:   "Access-IS or DESKO serial MRZ reader",
	}
}

// ReadMRZ implements devices.DocumentReader.
func (r *Reader) ReadMRZ(ctx context.Context) ([]string, error) {
	if err := r.skipEarly(ctx); err != nil {
		return nil, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err // also on a line that never rests
		}
		n, err := r.read(ctx)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			if err := r.silence(); err != nil {
				return nil, err
			}
			continue
		}
		lines, err := r.take(r.buf[:n])
		if lines != nil || err != nil {
			return lines, err
		}
	}
}

// Close closes the line.
func (r *Reader) Close() error { return r.line.Close() }

// skipEarly takes what arrived before the call. Line.Read returns that even if quiet is over
// before it begins to read.
func (r *Reader) skipEarly(ctx context.Context) error {
	for taken := 0; taken < earlyLimit && ctx.Err() == nil; {
		n, err := r.readFor(ctx, quiet)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		r.skip(r.buf[:n])
		taken += n
	}
	r.early = r.parser.inFrame()
	if r.missed {
		r.missed = false
		return &devices.RetryError{Hint: devices.HintPresentAgain, Err: errEarly}
	}
	return nil
}

// skip parses bytes that belong to no call.
func (r *Reader) skip(data []byte) {
	for _, b := range data {
		if lines, _ := r.parser.push(b); lines != nil && r.hash(lines) != r.last {
			r.missed = true
		}
	}
}

// read reads what comes. It returns 0 and no error if a frame under way falls silent.
func (r *Reader) read(ctx context.Context) (int, error) {
	if r.parser.inFrame() {
		return r.readFor(ctx, byteGap)
	}
	n, err := r.line.Read(ctx, r.buf[:])
	return n, readError(err)
}

// readFor reads for so long, and returns 0 and no error if nothing comes.
func (r *Reader) readFor(ctx context.Context, d time.Duration) (int, error) {
	limited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	n, err := r.line.Read(limited, r.buf[:])
	if ended := limited.Err(); ended != nil && errors.Is(err, ended) {
		return 0, ctx.Err()
	}
	return n, readError(err)
}

func readError(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("read mrz: %w", err)
}

// silence ends the frame under way.
func (r *Reader) silence() error {
	err := r.parser.cut()
	if r.early {
		r.early = false
		return nil
	}
	return retry(err)
}

// take parses bytes that came during the call until they make a document or a fault. What
// follows in them belongs to no call.
func (r *Reader) take(data []byte) ([]string, error) {
	for i, b := range data {
		if b == fs {
			r.early = false // whatever was under way, this frame begins now
		}
		lines, err := r.parser.push(b)
		switch {
		case lines == nil && err == nil:
			continue
		case r.early:
			r.early = false
			if lines == nil || r.hash(lines) == r.last {
				continue
			}
			lines, err = nil, errEarly
		case lines != nil:
			r.last = r.hash(lines)
		}
		r.skip(data[i+1:])
		return lines, retry(err)
	}
	return nil, nil
}

func retry(err error) error {
	if err == nil {
		return nil
	}
	return &devices.RetryError{Hint: devices.HintPresentAgain, Err: err}
}

// hash tells documents apart without keeping one.
func (r *Reader) hash(lines []string) uint64 {
	return maphash.String(r.seed, strings.Join(lines, "\r"))
}
