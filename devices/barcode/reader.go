package barcode

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"sync"
	"time"

	"boothd/devices"
	"boothd/devices/serial"
)

const (
	gap        = 80 * time.Millisecond // silence that ends a barcode; a tenth of a second as lines are read
	earlyLimit = 64 << 10              // bytes that may come before a call is served
	longest    = 10 * time.Second      // a barcode at 9600 baud lasts half of it
)

// Reader is an opened scanner.
type Reader struct {
	line   serial.Line
	config Config
	info   devices.Info

	using sync.Mutex // held by the call under way; guards what follows
	buf   [512]byte
	frame []byte
	seed  maphash.Seed
	last  uint64 // hash of the barcode that was returned last
}

var _ devices.BarcodeReader = (*Reader)(nil)

func newReader(line serial.Line, c Config, address string) *Reader {
	return &Reader{
		line: line, config: c, seed: maphash.MakeSeed(), frame: make([]byte, 0, maxFrame),
		// It cannot be asked for its model.
		info: devices.Info{Driver: name, Kind: devices.KindBarcodeReader, Address: address, Model: "serial 2D barcode reader"},
	}
}

// Info describes the reader.
func (r *Reader) Info() devices.Info { return r.info }

// Close closes the line, which ends a call under way.
func (r *Reader) Close() error { return r.line.Close() }

// ReadBarcode implements devices.BarcodeReader.
func (r *Reader) ReadBarcode(ctx context.Context) ([]byte, error) {
	r.using.Lock()
	defer r.using.Unlock()
	content, err := r.read(ctx)
	clear(r.frame[:cap(r.frame)])
	var retry *devices.RetryError
	switch {
	case err == nil:
		return content, nil
	case ctx.Err() != nil && !errors.Is(err, devices.ErrGone):
		return nil, ctx.Err()
	case errors.As(err, &retry):
		return nil, err
	}
	return nil, fmt.Errorf("read barcode: %w", err)
}

func (r *Reader) read(ctx context.Context) ([]byte, error) {
	if err := r.skipEarly(ctx); err != nil {
		return nil, err
	}
	n, err := r.line.Read(ctx, r.buf[:])
	if err != nil {
		return nil, err
	}
	r.frame = append(r.frame[:0], r.buf[:n]...)
	if err := r.rest(ctx); err != nil {
		return nil, err
	}
	content, err := r.config.unwrap(r.frame)
	if err != nil {
		return nil, &devices.RetryError{Hint: devices.HintPresentAgain, Err: err}
	}
	r.last = maphash.Bytes(r.seed, content)
	return append([]byte(nil), content...), nil
}

// skipEarly takes what arrived before the call, up to a silence.
func (r *Reader) skipEarly(ctx context.Context) error {
	r.frame = r.frame[:0]
	for taken := 0; taken < earlyLimit; {
		n, err := r.readFor(ctx, gap)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		taken += n
		r.keep(n)
	}
	content, err := r.config.unwrap(r.frame)
	if err != nil || maphash.Bytes(r.seed, content) == r.last {
		return nil
	}
	return &devices.RetryError{Hint: devices.HintPresentAgain, Err: errEarly}
}

// rest reads what follows, up to a silence.
func (r *Reader) rest(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	for {
		n, err := r.readFor(limited, gap)
		if limited.Err() != nil && ctx.Err() == nil {
			return &devices.RetryError{Hint: devices.HintPresentAgain, Err: errLong}
		}
		if n == 0 || err != nil {
			return err
		}
		r.keep(n)
	}
}

// keep keeps what was read as far as there is room; the rest is of a barcode that is too long.
func (r *Reader) keep(n int) {
	r.frame = append(r.frame, r.buf[:min(n, cap(r.frame)-len(r.frame))]...)
}

// readFor reads for so long, and returns 0 and no error if nothing comes. Line.Read returns what
// is there even if the time is over.
func (r *Reader) readFor(ctx context.Context, d time.Duration) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	limited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	n, err := r.line.Read(limited, r.buf[:])
	if ended := limited.Err(); ended != nil && errors.Is(err, ended) && !errors.Is(err, os.ErrClosed) {
		return 0, ctx.Err()
	}
	return n, err
}
