package ocr

import (
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/gif" // pictures may be any of these
	_ "image/jpeg"
	_ "image/png"
	"io"
	"time"

	_ "golang.org/x/image/webp"
)

// MaxBytes is the most bytes that ReadEncoded takes.
const MaxBytes = 64 << 20

// maxWebP is the most pixels of a WebP picture, whose decoder reads a whole picture before
// it decodes any of it and so does not notice that the context has ended.
const maxWebP = 12_000_000

// ReadEncoded reads the zone of a picture as it stands in a file: JPEG, PNG, GIF (the first
// picture in it) or WebP. The picture's size is looked at before its pixels are decoded,
// which take at most eight bytes each. It returns the context's cause within a second of
// its end.
//
// Corners are places in the picture as it is shown, turned as a JPEG's Exif orientation
// says. Errors are those of Read, or say that the bytes are no picture of these kinds or
// a damaged one.
func ReadEncoded(ctx context.Context, file []byte, now time.Time) (Reading, error) {
	img, err := decoded(ctx, file)
	if err != nil {
		return Reading{}, err
	}
	shown := orientationOf(file)
	if shown.mirrored() {
		if img, err = mirrored(ctx, img); err != nil {
			return Reading{}, err
		}
	}
	r, err := Read(ctx, img, now)
	if err != nil {
		return Reading{}, err
	}
	for i := range r.Corners {
		r.Corners[i] = shown.turned(r.Corners[i], img.Bounds().Size())
	}
	return r, nil
}

func decoded(ctx context.Context, file []byte) (image.Image, error) {
	if len(file) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, len(file))
	}
	size, format, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("decode picture: %w", err)
	}
	if err := fits(size.Width, size.Height, format); err != nil {
		return nil, err
	}
	img, _, err := image.Decode(&patient{ctx, bytes.NewReader(file)})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("decode picture: %w", err)
	}
	return img, nil
}

func fits(width, height int, format string) error {
	most := MaxPixels
	if format == "webp" {
		most = maxWebP
	}
	if width > 0 && height > most/width {
		return fmt.Errorf("%w: %d by %d pixels", ErrTooLarge, width, height)
	}
	return nil
}

// patient reads as long as the context lasts, little at a time: a few bytes can hold many
// passes over a large picture.
type patient struct {
	ctx  context.Context
	from io.Reader
}

func (p *patient) Read(b []byte) (int, error) {
	if p.ctx.Err() != nil {
		return 0, context.Cause(p.ctx)
	}
	return p.from.Read(b[:min(len(b), 512)])
}

// mirrored exchanges left and right.
func mirrored(ctx context.Context, img image.Image) (*image.Gray, error) {
	grey, err := greyOf(ctx, img)
	if err != nil {
		return nil, err
	}
	out := image.NewGray(grey.Rect)
	for y := range out.Rect.Dy() {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		from, to := grey.Pix[y*grey.Stride:][:out.Stride], out.Pix[y*out.Stride:][:out.Stride]
		for x, v := range from {
			to[len(to)-1-x] = v
		}
	}
	return out, nil
}
