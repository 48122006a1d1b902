package wsq

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
)

// MaxBitrate is the greatest bit rate that can be aimed at, in bits per pixel.
const MaxBitrate = 8

// Bit rates in use. How small a file becomes depends on the picture: these give about one
// fifteenth, as police and border systems ask for, and one fifth of its size.
const (
	Bitrate15to1 = 0.75
	Bitrate5to1  = 2.25
)

const maxDPI = 100000

// Options say how a picture is encoded.
type Options struct {
	Bitrate float64 // aimed at, in bits per pixel, up to MaxBitrate; 0 means Bitrate15to1
	DPI     int     // pixels per inch, for the comment; 0 if not known
}

// Encode writes a picture as a file. The same picture gives the same bytes on every machine. Errors
// are about options out of range, pictures without pixels, those too large (ErrTooLarge) and
// writing.
func Encode(w io.Writer, img *image.Gray, o Options) error {
	if o.Bitrate == 0 {
		o.Bitrate = Bitrate15to1
	}
	size := img.Bounds().Size()
	switch {
	case !(o.Bitrate > 0 && o.Bitrate <= MaxBitrate):
		return fmt.Errorf("encode WSQ: bit rate %g", o.Bitrate)
	case o.DPI < 0 || o.DPI > maxDPI:
		return fmt.Errorf("encode WSQ: %d dpi", o.DPI)
	case size.X < 1 || size.Y < 1:
		return errors.New("encode WSQ: picture without pixels")
	case size.X > math.MaxUint16 || size.Y > math.MaxUint16 || size.X > MaxPixels/size.Y:
		return fmt.Errorf("encode WSQ: %d by %d pixels: %w", size.X, size.Y, ErrTooLarge)
	}
	if _, err := w.Write(encoded(img, o)); err != nil {
		return fmt.Errorf("write WSQ: %w", err)
	}
	return nil
}

func encoded(img *image.Gray, o Options) []byte {
	size := img.Bounds().Size()
	p := newPlane(size.X, size.Y)
	shift, scale := p.load(img)
	l := layOut(size.X, size.Y)
	k := analysis(analysisLow, analysisHigh)
	for _, s := range l.splits {
		p.analyse(s, k)
	}
	width := binWidths(variances(p, l), o.Bitrate)

	var blocks [len(blockBands) - 1][]int16
	for i := range blocks {
		blocks[i] = quantize(p, l, width, bandRange{blockBands[i], blockBands[i+1]})
	}
	out := []byte{0xff, markerStart}
	out = appendComment(out, size, o)
	out = appendTransform(out, analysisLow, analysisHigh, 2*len(analysisLow)-1, 2*len(analysisHigh)-1)
	out = appendQuantizer(out, width)
	out = appendFrame(out, size, shift, scale)
	out = appendBlocks(out, 0, blocks[:1])
	out = appendBlocks(out, 1, blocks[1:])
	return append(out, 0xff, markerEnd)
}

// load puts the pixels into the plane, around zero and at most 128 from it.
func (p *plane) load(img *image.Gray) (shift, scale float64) {
	low, high, sum := uint8(255), uint8(0), 0
	for y := range p.height {
		for _, v := range img.Pix[y*img.Stride:][:p.width] {
			low, high = min(low, v), max(high, v)
			sum += int(v)
		}
	}
	shift = float64(sum) / float64(p.width*p.height)
	scale = max(shift-float64(low), float64(high)-shift) / 128
	if scale == 0 { // all pixels are the same
		scale = 1
	}
	for y := range p.height {
		row := p.values[y*p.width:][:p.width]
		for x, v := range img.Pix[y*img.Stride:][:p.width] {
			row[x] = (float64(v) - shift) / scale
		}
	}
	return shift, scale
}

// The NIST_COM comment, by which programs know the resolution: lines of name and value.
const (
	commentTitle   = "NIST_COM "
	commentDPI     = "PPI"
	commentBitrate = "WSQ_BITRATE"
)

func appendComment(out []byte, size image.Point, o Options) []byte {
	dpi := o.DPI
	if dpi == 0 {
		dpi = -1
	}
	text := fmt.Sprintf("%s9\nPIX_WIDTH %d\nPIX_HEIGHT %d\nPIX_DEPTH 8\n%s %d\nLOSSY 1\nCOLORSPACE GRAY\nCOMPRESSION WSQ\n%s %f",
		commentTitle, size.X, size.Y, commentDPI, dpi, commentBitrate, o.Bitrate)
	return append(appendHeader(out, markerComment, len(text)), text...)
}

// appendHeader begins a segment of which n bytes follow.
func appendHeader(out []byte, marker byte, n int) []byte {
	return binary.BigEndian.AppendUint16(append(out, 0xff, marker), uint16(n+2))
}

func appendTransform(out []byte, low, high []float64, lowTaps, highTaps int) []byte {
	out = appendHeader(out, markerTransform, 2+6*(len(low)+len(high)))
	out = append(out, byte(lowTaps), byte(highTaps))
	for _, half := range [][]float64{low, high} {
		for _, v := range half {
			sign := byte(0)
			if v < 0 {
				sign = 1
			}
			digits, power := scaledUp(math.Abs(v), math.MaxUint32)
			out = append(out, sign, power)
			out = binary.BigEndian.AppendUint32(out, uint32(digits))
		}
	}
	return out
}

func appendQuantizer(out []byte, width [codedBands]float64) []byte {
	out = appendHeader(out, markerQuantizer, 3+6*bandCount)
	out = append(out, 2, 0, binCentre)
	for _, w := range width {
		out = appendDecimal(appendDecimal(out, w), zeroWider*w)
	}
	return append(out, make([]byte, 6*(bandCount-codedBands))...)
}

// algorithm is the number of the standard's parameter set that Encode uses.
const algorithm = 2

func appendFrame(out []byte, size image.Point, shift, scale float64) []byte {
	out = appendHeader(out, markerFrame, 15)
	out = append(out, 0, 255) // black and white
	out = binary.BigEndian.AppendUint16(out, uint16(size.Y))
	out = binary.BigEndian.AppendUint16(out, uint16(size.X))
	out = appendDecimal(appendDecimal(out, shift), scale)
	return append(out, algorithm, 0, 0)
}

// appendBlocks writes blocks and before them the Huffman table that they share.
func appendBlocks(out []byte, table byte, blocks [][]int16) []byte {
	var occurs [256]int
	for _, b := range blocks {
		countSymbols(b, &occurs)
	}
	c := newCodeWriter(&occurs)
	out = appendCodes(out, table, c)
	for _, b := range blocks {
		out = append(appendHeader(out, markerBlock, 1), table)
		out = writeCoefficients(out, b, c)
	}
	return out
}

func appendCodes(out []byte, table byte, c *codeWriter) []byte {
	out = appendHeader(out, markerCodes, 1+len(c.counts)+len(c.symbols))
	out = append(out, table)
	out = append(out, c.counts[:]...)
	return append(out, c.symbols...)
}

// appendDecimal writes a number as decimal reads it.
func appendDecimal(out []byte, v float64) []byte {
	digits, power := scaledUp(v, math.MaxUint16)
	return binary.BigEndian.AppendUint16(append(out, power), uint16(digits))
}

// scaledUp multiplies v by ten as often as it stays below the limit.
func scaledUp(v, limit float64) (digits float64, power byte) {
	if v == 0 {
		return 0, 0
	}
	for power < 100 && v*math.Pow10(int(power)+1) < limit {
		power++
	}
	return math.Floor(float64(v*math.Pow10(int(power))) + 0.5), power
}
