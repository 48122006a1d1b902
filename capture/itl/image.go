package itl

import (
	"errors"
	"image"
	"log/slog"
	"slices"
)

// Compression says how a picture is encoded (SP 500-290 table 15). The numbers are those
// of Type-4 records.
type Compression int

// The compressions.
const (
	None  Compression = 0 // a byte for each pixel, row by row, 0 black
	WSQ   Compression = 1 // WSQ20; 500 ppi only
	JPEGB Compression = 2 // JPEG with loss
	JPEGL Compression = 3 // JPEG without loss
	JP2   Compression = 4 // JPEG 2000 with loss
	JP2L  Compression = 5 // JPEG 2000 without loss
	PNG   Compression = 6
)

var compressionNames = []string{"NONE", "WSQ20", "JPEGB", "JPEGL", "JP2", "JP2L", "PNG"}

// String is the code of Type-14 records (14.011).
func (c Compression) String() string {
	if c.known() {
		return compressionNames[c]
	}
	return "unknown"
}

func (c Compression) known() bool { return c >= None && int(c) < len(compressionNames) }

func compressionOf(name string) Compression {
	return Compression(slices.Index(compressionNames, name))
}

// Image is a greyscale picture, still encoded.
type Image struct {
	Width, Height int // in pixels (HLL, VLL)
	Compression   Compression
	Data          []byte
}

// LogValue keeps the picture out of logs.
func (im Image) LogValue() slog.Value { return slog.StringValue("fingerprint image") }

// Uncompressed returns the picture without compression. It is a copy.
func Uncompressed(g *image.Gray) Image {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	data := make([]byte, 0, w*h)
	for y := g.Rect.Min.Y; y < g.Rect.Max.Y; y++ {
		i := g.PixOffset(g.Rect.Min.X, y)
		data = append(data, g.Pix[i:i+w]...)
	}
	return Image{Width: w, Height: h, Data: data}
}

// Gray returns a picture of 8 bits a pixel that is not compressed; its pixels are Data. It
// fails for other pictures.
func (im Image) Gray() (*image.Gray, error) {
	if im.Compression != None {
		return nil, errors.New("gray: the picture is compressed as " + im.Compression.String())
	}
	if im.Width < 1 || im.Height < 1 || len(im.Data)/im.Width != im.Height || len(im.Data)%im.Width != 0 {
		return nil, errors.New("gray: the picture's bytes are not width times height")
	}
	return &image.Gray{Pix: im.Data, Stride: im.Width, Rect: image.Rect(0, 0, im.Width, im.Height)}, nil
}

// check checks a picture that is there, of the given bits a pixel and sides of at most the
// given pixels. Data is looked at unless it is kept elsewhere. The field numbers are those
// of HLL, of the compression and of the data.
func (im *Image) check(bits, side int, elsewhere bool, hll, compression, data int) error {
	size := (int64(im.Width)*int64(im.Height)*int64(bits) + 7) / 8
	switch {
	case im.Width < 1 || im.Width > side:
		return fault(hll, "is not a width")
	case im.Height < 1 || im.Height > side:
		return fault(hll+1, "is not a height")
	case !im.Compression.known():
		return fault(compression, "is not a compression that is known")
	case im.Data == nil && elsewhere:
		return nil
	case len(im.Data) == 0:
		return fault(data, "is empty")
	case im.Compression == None && size != int64(len(im.Data)):
		return fault(data, "has not the length of its picture")
	}
	return nil
}
