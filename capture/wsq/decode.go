package wsq

import (
	"errors"
	"fmt"
	"image"
)

// Limits of pictures and files. A side has at most 65,535 pixels, which is as far as the header
// can count.
const (
	MaxPixels = 5000 * 5000
	MaxBytes  = 32 << 20
)

// Decode believes a header that asks for up to blankPixels whatever follows it, as four fingers
// laid at once have, and for more only if each byte of the file stands for at most densest
// of them: prints reach 20.
const (
	blankPixels = 4 << 20
	densest     = 100
)

// ErrTooLarge is wrapped by the errors about a file or a picture beyond MaxPixels or MaxBytes,
// and about a file that is far too small for its picture.
var ErrTooLarge = errors.New("too large")

// Info is what a file says of its picture.
type Info struct {
	Width, Height int
	DPI           int     // pixels per inch, from the NIST_COM comment; 0 if not given
	Bitrate       float64 // bits per pixel that were aimed at, from the same; 0 if not given
	Algorithm     int     // number of the encoder's parameter set in the standard
	Software      int     // number under which the encoder was certified; 0 if it was not
}

// DecodeInfo reads the headers only, up to the first block of the picture. Its errors are those
// of Decode.
func DecodeInfo(data []byte) (Info, error) {
	f := file{data: data}
	if _, err := f.headers(); err != nil {
		return Info{}, fmt.Errorf("read WSQ header: %w", err)
	}
	return f.info, nil
}

// Decode decodes a file, which may be followed by other bytes. Files that are damaged, cut off or
// of another format give an error, never half a picture; the errors tell the byte and hold
// nothing of the picture. Those about size wrap ErrTooLarge.
//
// Decoding takes nine bytes of memory per pixel and 256 per row, once the headers were found good.
// Pictures of more than four million pixels (2,048 by 2,048) must have a byte of file for every
// hundred of them, so that a small file can ask for 40 MB at most: of such a size Encode may
// write a picture, almost all of one grey, that is not decoded. Callers that expect less look at
// DecodeInfo first.
func Decode(data []byte) (*image.Gray, Info, error) {
	f := file{data: data}
	img, err := f.decode()
	if err != nil {
		return nil, Info{}, fmt.Errorf("decode WSQ: %w", err)
	}
	return img, f.info, nil
}

// headers reads all that comes before the first block and returns that block's codes, nil if
// the file has none.
func (f *file) headers() (*codes, error) {
	if err := f.start(); err != nil {
		return nil, err
	}
	first, err := f.nextBlock()
	switch {
	case err != nil:
		return nil, err
	case !f.framed:
		return nil, errors.New("no frame header before the first block")
	}
	return first, nil
}

func (f *file) decode() (*image.Gray, error) {
	c, err := f.headers()
	switch {
	case err != nil:
		return nil, err
	case f.kernel == nil && f.general == nil:
		return nil, errors.New("no transform table before the first block")
	case f.bins == nil:
		return nil, errors.New("no quantization table before the first block")
	}
	if n := f.info.Width * f.info.Height; n > blankPixels && n/densest > len(f.data) {
		return nil, fmt.Errorf("%d by %d pixels in %d bytes: %w", f.info.Width, f.info.Height, len(f.data), ErrTooLarge)
	}
	l := layOut(f.info.Width, f.info.Height)
	p := newPlane(f.info.Width, f.info.Height)
	for i := range len(blockBands) - 1 {
		if i > 0 {
			if c, err = f.nextBlock(); err != nil {
				return nil, err
			}
		}
		bands := bandRange{blockBands[i], blockBands[i+1]}
		if err := f.coefficients(p, l, bands, c); err != nil {
			return nil, fmt.Errorf("block %d: byte %d: %w", i+1, f.pos, err)
		}
	}
	for i := len(l.splits) - 1; i >= 0; i-- {
		if f.general != nil {
			f.general.synthesise(p, l.splits[i])
		} else {
			p.synthesise(l.splits[i], f.kernel)
		}
	}
	return f.pixels(p), nil
}

// bandRange is a run of subbands, the last not included.
type bandRange struct{ from, to int }

// coefficients reads a block into the plane. Without codes there is no block; then it must
// have no coefficients.
func (f *file) coefficients(p *plane, l layout, bands bandRange, c *codes) error {
	b := blockReader{bits: bitReader{data: f.data, pos: f.pos}, codes: c, centre: f.centre}
	defer func() { f.pos = b.bits.pos }()
	for i := bands.from; i < bands.to; i++ {
		if f.bins[i].width == 0 || l.bands[i].area() == 0 {
			continue
		}
		if c == nil {
			return errors.New("is missing")
		}
		for y := range l.bands[i].h {
			if err := b.fill(p.row(l.bands[i], y), f.bins[i]); err != nil {
				return err
			}
		}
	}
	if b.zeros > 0 {
		return errors.New("zeros beyond its end")
	}
	if !b.bits.onlyFilling() {
		return errors.New("data beyond its end")
	}
	return nil
}

// blockReader reads the coefficients of a block.
type blockReader struct {
	bits   bitReader
	codes  *codes
	centre float64
	zeros  int // of a run, still to come
}

// fill reads a row of a subband. The row is zero before.
func (b *blockReader) fill(row []float64, in bin) error {
	half := in.zero / 2
	for x := 0; x < len(row); {
		if b.zeros > 0 {
			n := min(b.zeros, len(row)-x)
			b.zeros -= n
			x += n
			continue
		}
		v, zeros, err := b.bits.coefficient(b.codes)
		switch {
		case err != nil:
			return err
		case v > 0:
			row[x] = float64(in.width*(float64(v)-b.centre)) + half
		case v < 0:
			row[x] = float64(in.width*(float64(v)+b.centre)) - half
		}
		x++
		b.zeros = zeros
	}
	return nil
}

// pixels turns the joined plane into a picture.
func (f *file) pixels(p *plane) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, p.width, p.height))
	for i, v := range p.values {
		switch v = float64(v*f.scale) + f.shift + 0.5; {
		case v >= 255:
			img.Pix[i] = 255
		case v > 0:
			img.Pix[i] = uint8(v)
		}
	}
	return img
}
