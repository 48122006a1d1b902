package finger

import "log/slog"

// DPI is the resolution, in pixels per inch, that templates are measured at.
const DPI = 500

// Limits of a template. Larger ones are refused when they are read.
const (
	MaxSide     = 2048 // pixels, width and height
	MaxMinutiae = 255
)

// Template is what is kept of one picture of one finger.
type Template struct {
	Width, Height int       // of the picture at 500 dpi, in pixels
	Minutiae      []Minutia // the most certain first
	Ridges        *Ridges   // nil if the template comes from a record that holds minutiae only
}

// LogValue keeps the template out of logs.
func (Template) LogValue() slog.Value { return slog.StringValue("finger template") }

// Minutia is a place where a ridge ends or divides.
type Minutia struct {
	X, Y int // in pixels at 500 dpi, from the picture's upper left corner, y down
	// Direction points from the minutia into the line that ends there: along the ridge of an
	// ending, along the enclosed furrow of a bifurcation (ISO/IEC 19794-2 and
	// INCITS 378 point the same way). It counts counterclockwise from the right, in 256ths
	// of a turn.
	Direction uint8
	Kind      Kind
	Quality   uint8 // 1 (doubtful) to 100; 0 if not known
}

// Kind says what kind of minutia it is. The numbers are those of ISO/IEC 19794-2.
type Kind uint8

const (
	OtherKind   Kind = 0
	Ending      Kind = 1
	Bifurcation Kind = 2
)

// Sides of the squares that Ridges are kept in, in pixels at 500 dpi.
const (
	RidgeDot   = 2  // of Ridges.Pattern: 250 dpi
	RidgeCell  = 4  // of Ridges.Clear
	RidgePatch = 16 // of Ridges.Flow and Ridges.Period
)

// Ridges is the part of a picture that shows clear ridges, as drawing and as flow. All grids
// begin at Left, Top and run line by line.
type Ridges struct {
	Left, Top int    // in pixels, multiples of RidgePatch
	Pattern   Bitmap // set on ridges
	Clear     Bitmap // set where the ridges can be relied on
	// Columns is the number of patches in a line of Flow and Period.
	Columns int
	// Flow is the line along which the ridges run, counterclockwise from the right, 0 to 127
	// in 256ths of a turn; NoFlow where none shows.
	Flow []uint8
	// Period is the distance of one ridge to the next in quarters of a pixel.
	Period []uint8
}

// NoFlow marks a patch without clear ridges.
const NoFlow = 255

// Bitmap is a picture of one bit a dot. Each line begins with a new word, the leftmost dot in
// the lowest bit.
type Bitmap struct {
	Width, Height int
	Words         []uint64
}

// NewBitmap returns a bitmap with no dot set.
func NewBitmap(width, height int) Bitmap {
	return Bitmap{width, height, make([]uint64, (width+63)/64*height)}
}

// Stride is the number of words in a line.
func (b Bitmap) Stride() int { return (b.Width + 63) / 64 }

// At reports whether a dot is set. Outside the picture none is.
func (b Bitmap) At(x, y int) bool {
	return uint(x) < uint(b.Width) && uint(y) < uint(b.Height) &&
		b.Words[y*b.Stride()+x>>6]>>(x&63)&1 == 1
}

// Set sets a dot, which must lie in the picture.
func (b Bitmap) Set(x, y int) { b.Words[y*b.Stride()+x>>6] |= 1 << (x & 63) }
