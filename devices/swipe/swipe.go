// Package swipe reads machine-readable zones from serial readers that speak without being
// asked: a reader sends a frame for every document that passes. A driver brings the parser of
// its frames; whose document a frame is, and what becomes of one that was spoilt, is decided
// here and is the same for all of them.
//
// Whose document it is, only time tells. ReadMRZ first takes what arrived before it was
// called, which lasts a tenth of a second, and returns nothing of it. A whole document
// among that was not noticed by anybody, so the call returns a *devices.RetryError that
// asks to present it again, unless it is the document that was returned last: readers
// send some documents twice. The second of two frames sent back to back is such a
// document: it is neither given to the next traveller nor lost without a word.
//
// A frame is whole or it is nothing. One that is cut short (no byte for a second, the line
// unplugged) or that its parser finds wrong is never returned; the traveller presents again.
package swipe

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

// Parser finds the frames in a stream of bytes. It keeps no more than one frame, and no byte
// of it after the frame has ended.
type Parser interface {
	// Push takes the next byte. It returns the lines of a frame that ends with it, or what
	// is wrong with a frame, once a frame and as soon as that is known. Errors quote nothing
	// of the frame.
	Push(b byte) ([]string, error)
	// Cut is called when the bytes stop coming. It returns an error if a frame was under way
	// that was good so far.
	Cut() error
	// InFrame reports whether more bytes are to come.
	InFrame() bool
	// Began returns how many frames have begun, given up or not.
	Began() int
}

// Reader reads documents from a line.
type Reader struct {
	Line   serial.Line
	Parser Parser
	// Ready, if it is not nil, is called when a ReadMRZ has taken what came before it and is
	// about to wait.
	Ready func(ctx context.Context) error

	buf    [256]byte
	early  bool // the frame under way began before the call
	missed bool // a whole document came before the call
	seed   maphash.Seed
	last   uint64 // hash of the document that was returned last
}

// New returns a reader of the line.
func New(line serial.Line, parser Parser) *Reader {
	return &Reader{Line: line, Parser: parser, seed: maphash.MakeSeed()}
}

// ReadMRZ waits for a document as devices.DocumentReader says.
func (r *Reader) ReadMRZ(ctx context.Context) ([]string, error) {
	if err := r.skipEarly(ctx); err != nil {
		return nil, err
	}
	if r.Ready != nil {
		if err := r.Ready(ctx); err != nil {
			return nil, err
		}
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
		r.Skip(r.buf[:n])
		taken += n
	}
	r.early = r.Parser.InFrame()
	if r.missed {
		r.missed = false
		return &devices.RetryError{Hint: devices.HintPresentAgain, Err: errEarly}
	}
	return nil
}

// Skip parses bytes that belong to no call. If they hold a document, the next ReadMRZ asks to
// present it again.
func (r *Reader) Skip(data []byte) {
	for _, b := range data {
		if lines, _ := r.Parser.Push(b); lines != nil && r.hash(lines) != r.last {
			r.missed = true
		}
	}
}

// read reads what comes. It returns 0 and no error if a frame under way falls silent.
func (r *Reader) read(ctx context.Context) (int, error) {
	if r.Parser.InFrame() {
		return r.readFor(ctx, byteGap)
	}
	n, err := r.Line.Read(ctx, r.buf[:])
	return n, readError(err)
}

// readFor reads for so long, and returns 0 and no error if nothing comes.
func (r *Reader) readFor(ctx context.Context, d time.Duration) (int, error) {
	limited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	n, err := r.Line.Read(limited, r.buf[:])
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
	err := r.Parser.Cut()
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
		began := r.Parser.Began()
		lines, err := r.Parser.Push(b)
		if r.Parser.Began() != began {
			r.early = false // whatever was under way, this frame begins now
		}
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
		r.Skip(data[i+1:])
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
