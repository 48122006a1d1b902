// Package idbox drives the document readers of the ID BOX family by Elyctis on a serial line
// or on the serial port that they make of USB.
//
// Commands and responses have one form,
//
//	command lenHi lenLo data
//
// at 9600 or 115200 baud, 8 data bits, no parity, 1 stop bit. There is no checksum and nothing
// that marks a beginning. Those in use here:
//
//	'C' 00 01 01   read on its own (01) or not (00); echoed
//	'V' 00 00      version; 'R' serial number; 'T' product
//	'I' len data   sent by the reader: the lines of a zone, each with a CR after it
//
// (Elyctis, IDBOX One Scanner Command Set, v1.7. It names 'I' and 'C'; that 'V', 'R' and 'T'
// are what they are is known from programs that use them, so a reader that does not answer them
// is driven all the same.)
//
// A reader that reads on its own stops after one document, so the driver tells it to go on
// whenever one has come, also between calls: then what passes is sent at once, and package
// swipe can tell whose it is. It is told once only, because being told again may make it read
// the document that still lies in the slot.
//
// What comes without sense is passed over until the line has been silent for a second, since
// any byte could begin a frame.
package idbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"boothd/devices"
	"boothd/devices/serial"
	"boothd/devices/swipe"
)

const (
	answerLimit = 2 * time.Second        // for the echo of a command
	askLimit    = 500 * time.Millisecond // for what a reader may not know
)

var errSilent = errors.New("the reader does not answer; the line's speed may be wrong")

// Driver returns the driver's row of the table. The configuration chooses it: a serial line
// has no identity.
func Driver() devices.Driver {
	return devices.Driver{Name: "idbox", Kind: devices.KindDocumentReader, Open: open}
}

// Reader is an opened reader.
type Reader struct {
	documents *swipe.Reader
	line      serial.Line
	parser    *parser
	info      devices.Info
}

var _ devices.DocumentReader = (*Reader)(nil)

func open(ctx context.Context, p devices.Port) (devices.Device, error) {
	line, err := serial.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	r := newReader(line)
	r.info = devices.Info{Driver: "idbox", Kind: devices.KindDocumentReader, Address: p.Address(), Model: "Elyctis ID BOX"}
	if err := r.start(ctx); err != nil {
		line.Close()
		return nil, fmt.Errorf("open %s: %w", p.Address(), err)
	}
	return r, nil
}

func newReader(line serial.Line) *Reader {
	r := &Reader{line: line, parser: new(parser)}
	r.documents = swipe.New(line, r.parser)
	r.documents.Ready = r.arm
	return r
}

// start stops the reader, asks what it is and tells it to read on its own. What it had read
// before is dropped.
func (r *Reader) start(ctx context.Context) error {
	r.line.Discard()
	if err := r.ask(ctx, answerLimit, 'C', 0); err != nil {
		return err
	}
	for _, about := range []struct {
		command byte
		field   *string
	}{{'V', &r.info.Firmware}, {'R', &r.info.Serial}, {'T', &r.info.Model}} {
		err := r.ask(ctx, askLimit, about.command)
		if errors.Is(err, errSilent) {
			continue
		}
		if err != nil {
			return err
		}
		if text := r.parser.text(); text != "" {
			*about.field = text
		}
	}
	return r.arm(ctx)
}

// Info describes the reader.
func (r *Reader) Info() devices.Info { return r.info }

// ReadMRZ implements devices.DocumentReader.
func (r *Reader) ReadMRZ(ctx context.Context) ([]string, error) {
	lines, err := r.documents.ReadMRZ(ctx)
	if !r.parser.armed && !r.parser.InFrame() && !errors.Is(err, devices.ErrGone) {
		// What fails here is found by the next call, which waits for the echo.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerLimit/4)
		defer cancel()
		if r.write(ctx, 'C', 1) == nil {
			r.parser.asked = true
		}
	}
	return lines, err
}

// Close closes the line.
func (r *Reader) Close() error { return r.line.Close() }

// arm tells the reader to read on its own, unless it does, and waits until it says so.
func (r *Reader) arm(ctx context.Context) error {
	if r.parser.armed {
		return nil
	}
	_ = r.parser.Cut() // the line has been quiet
	if r.parser.asked {
		r.parser.asked = false
		if err := r.await(ctx, answerLimit, 'C'); !errors.Is(err, errSilent) {
			return err
		}
	}
	return r.ask(ctx, answerLimit, 'C', 1)
}

// ask sends a command and waits for its response, which the parser keeps.
func (r *Reader) ask(ctx context.Context, limit time.Duration, command byte, data ...byte) error {
	if err := r.write(ctx, command, data...); err != nil {
		return err
	}
	return r.await(ctx, limit, command)
}

func (r *Reader) write(ctx context.Context, command byte, data ...byte) error {
	r.parser.response = 0
	if _, err := r.line.Write(ctx, append([]byte{command, 0, byte(len(data))}, data...)); err != nil {
		return fmt.Errorf("send command %q: %w", command, err)
	}
	return nil
}

// await reads until the response to a command is there. Documents that come meanwhile belong
// to no call.
func (r *Reader) await(ctx context.Context, limit time.Duration, command byte) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var buf [64]byte
	for r.parser.response != command {
		n, err := r.line.Read(limited, buf[:])
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case limited.Err() != nil && errors.Is(err, limited.Err()):
			_ = r.parser.Cut() // half a response is none
			return fmt.Errorf("command %q: %w", command, errSilent)
		case err != nil:
			return fmt.Errorf("answer to command %q: %w", command, err)
		}
		r.documents.Skip(buf[:n])
	}
	return nil
}
