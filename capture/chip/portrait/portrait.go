// Package portrait makes of the portrait in a travel document's chip a picture that an
// officer's page can show: a JPEG of bounded size.
//
// The portrait is hostile until the chip is authenticated, and may be afterwards. So the
// page never gets the chip's own bytes: every picture is decoded, scaled down where it is
// large, and encoded anew, without whatever else the file carried. JPEG is decoded here, in
// Go. JPEG 2000 is decoded by Debian's libopenjp2 in a process of its own, boothd-jp2, which
// has bounded memory, time and rights, is ended when its time is up, and whose output is
// checked like any other from outside. Package raster describes what goes between the two.
//
// What stays in the chip's file as it was read is the evidence; what is made here is for
// looking at it.
package portrait

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"time"

	"golang.org/x/image/draw"

	"boothd/capture/chip/lds"
	"boothd/capture/chip/portrait/raster"
)

// Errors that callers branch on. An error that matches none of them, nor ctx's, nor
// errors.ErrUnsupported, is an accident of this machine.
var (
	// ErrDamaged is matched if the picture cannot be decoded.
	ErrDamaged = errors.New("damaged picture")
	// ErrTooLarge is matched if the picture has more bytes or pixels than package raster
	// allows.
	ErrTooLarge = errors.New("picture too large")
	// ErrTooSlow is matched if decoding took more time than a portrait can need.
	ErrTooSlow = errors.New("picture takes too long to decode")
)

// Maker makes pictures. It may be used by several goroutines.
type Maker struct {
	// JP2 is the path of the program boothd-jp2. If it is empty or there is no such program,
	// JPEG 2000 is not supported.
	JP2 string
	// Side is the greatest width and height of a picture, in pixels. 0 stands for 1024.
	Side int
	// Timeout is how long a picture may take. 0 stands for 10 seconds.
	Timeout time.Duration
}

// Portrait is a picture for the officer's page.
type Portrait struct {
	JPEG          []byte // baseline, grey where the original is; no metadata
	Width, Height int    // pixels of JPEG
	Format        lds.Format
	Original      image.Point // pixels that the chip's picture has
}

// LogValue keeps the portrait out of logs.
func (p Portrait) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("portrait of %d × %d pixels", p.Width, p.Height))
}

const (
	side    = 1024 // pixels
	timeout = 10 * time.Second
	quality = 90 // of the JPEG, 1 to 100
)

// Make makes a picture of one that was read from a chip, whose own first bytes say what it
// is. The error matches ErrDamaged, ErrTooLarge, ErrTooSlow, errors.ErrUnsupported if the
// picture's kind is not supported here, or ctx.Err().
func (m Maker) Make(ctx context.Context, data []byte) (*Portrait, error) {
	if len(data) > raster.MaxInput {
		return nil, fmt.Errorf("%w: %d bytes, want at most %d", ErrTooLarge, len(data), raster.MaxInput)
	}
	limit := m.Timeout
	if limit == 0 {
		limit = timeout
	}
	within, cancel := context.WithTimeoutCause(ctx, limit, ErrTooSlow)
	defer cancel()
	format := lds.FormatOf(data)
	img, err := m.decode(within, format, data)
	if err != nil {
		if within.Err() != nil {
			err = context.Cause(within)
		}
		return nil, fmt.Errorf("decode portrait: %w", err)
	}
	p := &Portrait{Format: format, Original: img.Bounds().Size()}
	img = scaled(img, m.Side)
	p.Width, p.Height = img.Bounds().Dx(), img.Bounds().Dy()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode portrait: %w", err)
	}
	p.JPEG = out.Bytes()
	return p, nil
}

func (m Maker) decode(ctx context.Context, format lds.Format, data []byte) (image.Image, error) {
	switch format {
	case lds.FormatJPEG:
		return decodeJPEG(ctx, data)
	case lds.FormatJP2, lds.FormatJ2K:
		return m.decodeJP2(ctx, data)
	case lds.FormatUnknown:
		return nil, fmt.Errorf("picture of an unknown format: %w", errors.ErrUnsupported)
	}
	return nil, fmt.Errorf("picture %q: %w", string(format), errors.ErrUnsupported)
}

// decodeJPEG decodes a JPEG. A progressive one can repeat its passes over all pixels
// without end; each asks for more bytes, and there the time is looked at.
func decodeJPEG(ctx context.Context, data []byte) (image.Image, error) {
	config, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, jpegError(err)
	}
	if err := raster.Check(config.Width, config.Height, 3); err != nil {
		return nil, rasterError(err)
	}
	img, err := jpeg.Decode(&watched{ctx: ctx, r: bytes.NewReader(data)})
	if err != nil {
		return nil, jpegError(err)
	}
	return img, nil
}

func jpegError(err error) error {
	var unsupported jpeg.UnsupportedError
	if errors.As(err, &unsupported) {
		return fmt.Errorf("kind of JPEG: %w", errors.ErrUnsupported)
	}
	return ErrDamaged
}

func rasterError(err error) error {
	if errors.Is(err, raster.ErrLimits) {
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// watched gives few bytes at a time, and none after its context's end.
type watched struct {
	ctx context.Context
	r   io.Reader
}

func (w *watched) Read(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.r.Read(b[:min(len(b), 256)])
}

// scaled returns the picture with no side greater than most, grey pictures in grey.
func scaled(img image.Image, most int) image.Image {
	if most <= 0 {
		most = side
	}
	size := img.Bounds().Size()
	long := max(size.X, size.Y)
	if long <= most {
		return img
	}
	to := image.Rect(0, 0, max(1, size.X*most/long), max(1, size.Y*most/long))
	var out draw.Image = image.NewRGBA(to)
	if img.ColorModel() == color.GrayModel {
		out = image.NewGray(to)
	}
	draw.CatmullRom.Scale(out, to, img, img.Bounds(), draw.Src, nil)
	return out
}
