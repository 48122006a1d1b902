package demo

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"time"

	"boothd/devices"
	"boothd/devices/serial"
)

const (
	maxSide  = 1024 // pixels
	maxDPI   = 1000
	maxModel = 64 // bytes
)

var (
	errGarbled = errors.New("the scanner's answer makes no sense")
	errSilent  = errors.New("the scanner does not answer")
)

// reader takes the scanner's answers from the line.
type reader struct {
	ctx  context.Context // of the call
	line serial.Line
	buf  []byte // that was read and not taken
	sum  uint32 // of what was taken since an answer began
}

// take returns the next n bytes, which stay as they are until the next call.
func (r *reader) take(ctx context.Context, n int) ([]byte, error) {
	for len(r.buf) < n {
		var chunk [4096]byte
		got, err := r.line.Read(ctx, chunk[:])
		if err != nil {
			return nil, err
		}
		r.buf = append(r.buf, chunk[:got]...)
	}
	taken := r.buf[:n]
	r.buf = r.buf[n:]
	r.sum = crc32.Update(r.sum, crc32.IEEETable, taken)
	return taken, nil
}

// await waits so long for an answer to begin, and says whether it has.
func (r *reader) await(d time.Duration) (bool, error) {
	if len(r.buf) > 0 {
		return true, nil
	}
	limited, cancel := context.WithTimeout(r.ctx, d)
	defer cancel()
	chunk := make([]byte, 4096)
	n, err := r.line.Read(limited, chunk)
	if err != nil && r.ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return false, nil
	}
	r.buf = append(r.buf, chunk[:n]...)
	return n > 0, err
}

// drain reads until the line has been silent for a while.
func (r *reader) drain() error {
	r.buf = nil
	for end := time.Now().Add(answerTimeout); time.Now().Before(end); {
		silence, cancel := context.WithTimeout(r.ctx, quiet)
		_, err := r.line.Read(silence, make([]byte, 4096))
		over := silence.Err() != nil && errors.Is(err, silence.Err())
		cancel()
		switch {
		case r.ctx.Err() != nil:
			return r.ctx.Err()
		case over:
			return nil
		case err != nil:
			return err
		}
	}
	return errGarbled // it never stops
}

// model reads the answer to the question what the scanner is.
func (r *reader) model() (string, error) {
	head, err := r.take(r.ctx, 1)
	if err != nil {
		return "", err
	}
	if head[0] != 'D' {
		return "", errGarbled
	}
	var text []byte
	for len(text) <= maxModel {
		b, err := r.take(r.ctx, 1)
		if err != nil {
			return "", err
		}
		switch c := b[0]; {
		case c == '\n' && len(text) > 0:
			return string(text), nil
		case c < ' ' || c > '~':
			return "", errGarbled
		default:
			text = append(text, c)
		}
	}
	return "", errGarbled
}

// answer reads the answer to a capture: its number, and a picture or what the traveller did
// wrong. Its first byte may take as long as the call, the rest no longer than limit.
func (r *reader) answer(limit time.Duration) (number byte, img *devices.FingerImage, err error) {
	r.sum = 0
	head, err := r.take(r.ctx, 1)
	if err != nil {
		return 0, nil, err
	}
	kind := head[0]
	ctx, cancel := context.WithTimeout(r.ctx, limit)
	defer cancel()
	switch kind {
	case 'A':
		number, err = r.number(ctx)
		if err == nil {
			err = &devices.RetryError{Hint: devices.HintPressLonger}
		}
	case 'F':
		number, img, err = r.picture(ctx)
	default:
		err = errGarbled
	}
	if ctx.Err() != nil && r.ctx.Err() == nil && errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("%w: it ends early", errGarbled)
	}
	return number, img, err
}

func (r *reader) number(ctx context.Context) (byte, error) {
	b, err := r.take(ctx, 1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// picture reads what follows the 'F'.
func (r *reader) picture(ctx context.Context) (byte, *devices.FingerImage, error) {
	head, err := r.take(ctx, 7)
	if err != nil {
		return 0, nil, err
	}
	number := head[0]
	width, height := int(binary.BigEndian.Uint16(head[1:])), int(binary.BigEndian.Uint16(head[3:]))
	dpi := int(binary.BigEndian.Uint16(head[5:]))
	if width == 0 || width > maxSide || height == 0 || height > maxSide || dpi == 0 || dpi > maxDPI {
		return 0, nil, errGarbled
	}
	img := image.NewGray(image.Rect(0, 0, width, height))
	pixels, err := r.take(ctx, len(img.Pix))
	if err != nil {
		return 0, nil, err
	}
	copy(img.Pix, pixels)
	sum := r.sum
	check, err := r.take(ctx, 4)
	if err != nil {
		return 0, nil, err
	}
	if binary.BigEndian.Uint32(check) != sum {
		return 0, nil, fmt.Errorf("%w: wrong checksum", errGarbled)
	}
	return number, &devices.FingerImage{Gray: img, DPI: dpi}, nil
}
