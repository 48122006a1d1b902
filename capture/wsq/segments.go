package wsq

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The second byte of each marker; the first is 0xff.
const (
	markerStart     = 0xa0 // SOI
	markerEnd       = 0xa1 // EOI
	markerFrame     = 0xa2 // SOF
	markerBlock     = 0xa3 // SOB
	markerTransform = 0xa4 // DTT
	markerQuantizer = 0xa5 // DQT
	markerCodes     = 0xa6 // DHT
	markerInterval  = 0xa7 // DRI
	markerComment   = 0xa8 // COM
	markerRestart   = 0xb0 // RST0 to RST7
)

// maxTaps is the greatest length of a filter.
const maxTaps = 32

// bin is how the coefficients of a subband were rounded: width is 0 if the subband is left out.
type bin struct{ width, zero float64 }

// file is a file as far as it was read.
type file struct {
	data []byte
	pos  int

	info         Info
	framed       bool
	commented    bool
	blocks       int     // whose header was read
	shift, scale float64 // pixel = coefficient * scale + shift
	kernel       *kernel
	general      *general // instead of kernel, for uncommon filters
	bins         []bin
	centre       float64 // where in a bin its coefficients are put
	tables       [maxTables]*codes
}

var errShort = errors.New("segment is too short")

// start reads the marker that a file begins with.
func (f *file) start() error {
	if len(f.data) > MaxBytes {
		return fmt.Errorf("%d bytes: %w", len(f.data), ErrTooLarge)
	}
	if len(f.data) < 2 || f.data[0] != 0xff || f.data[1] != markerStart {
		return errors.New("not a WSQ file")
	}
	f.pos = 2
	return nil
}

// nextBlock reads segments up to and with the header of a block, and returns the codes that
// the block is written in. It returns nil at the end of the picture.
func (f *file) nextBlock() (*codes, error) {
	for {
		at := f.pos
		marker, body, err := f.segment()
		if err != nil {
			return nil, fmt.Errorf("byte %d: %w", at, err)
		}
		switch marker {
		case markerEnd:
			return nil, nil
		case markerBlock:
			c, err := f.block(body)
			if err != nil {
				return nil, fmt.Errorf("block header at byte %d: %w", at, err)
			}
			f.blocks++
			return c, nil
		}
		if err := f.table(marker, body); err != nil {
			return nil, fmt.Errorf("segment %#x at byte %d: %w", marker, at, err)
		}
	}
}

// segment returns the next marker and what belongs to it, its length apart.
func (f *file) segment() (marker byte, body []byte, err error) {
	d := f.data[f.pos:]
	if len(d) < 2 {
		return 0, nil, errors.New("file ends early")
	}
	if d[0] != 0xff {
		return 0, nil, errors.New("no marker")
	}
	for len(d) > 2 && d[1] == 0xff {
		d = d[1:]
	}
	marker, d = d[1], d[2:]
	if marker == markerEnd {
		return marker, nil, nil
	}
	if len(d) < 2 {
		return 0, nil, errors.New("file ends early")
	}
	length := int(binary.BigEndian.Uint16(d))
	if length < 2 || length > len(d) {
		return 0, nil, fmt.Errorf("segment of %d bytes, %d are left", length, len(d))
	}
	f.pos = len(f.data) - len(d) + length
	return marker, d[2:length], nil
}

func (f *file) table(marker byte, body []byte) error {
	switch marker {
	case markerFrame, markerTransform, markerQuantizer:
		if f.blocks > 0 {
			return errors.New("comes after the first block")
		}
	}
	switch marker {
	case markerFrame:
		return f.frame(body)
	case markerTransform:
		return f.transform(body)
	case markerQuantizer:
		return f.quantizer(body)
	case markerCodes:
		return f.huffman(body)
	case markerComment:
		f.comment(body)
		return nil
	case markerInterval:
		return nil // restart markers are obeyed where they stand
	}
	return errors.New("unknown marker")
}

// block reads a block's header.
func (f *file) block(body []byte) (*codes, error) {
	if len(body) < 1 {
		return nil, errShort
	}
	if int(body[0]) >= maxTables || f.tables[body[0]] == nil {
		return nil, fmt.Errorf("no Huffman table %d", body[0])
	}
	return f.tables[body[0]], nil
}

// frame reads the frame header.
func (f *file) frame(body []byte) error {
	if f.framed {
		return errors.New("second frame header")
	}
	if len(body) < 15 {
		return errShort
	}
	f.framed = true
	f.info.Height = int(binary.BigEndian.Uint16(body[2:]))
	f.info.Width = int(binary.BigEndian.Uint16(body[4:]))
	if f.info.Width == 0 || f.info.Height == 0 {
		return errors.New("picture without pixels")
	}
	if f.info.Width > MaxPixels/f.info.Height {
		return fmt.Errorf("%d by %d pixels: %w", f.info.Width, f.info.Height, ErrTooLarge)
	}
	f.shift = decimal(body[6:])
	f.scale = decimal(body[9:])
	f.info.Algorithm = int(body[12])
	f.info.Software = int(binary.BigEndian.Uint16(body[13:]))
	return nil
}

// decimal reads a number: how often it was multiplied by ten, and the product in 16 bits.
func decimal(b []byte) float64 {
	return float64(binary.BigEndian.Uint16(b[1:])) / math.Pow10(int(b[0]))
}

// transform reads the transform table: the right halves of the two filters that split
// the picture.
func (f *file) transform(body []byte) error {
	if len(body) < 2 {
		return errShort
	}
	lowTaps, highTaps := int(body[0]), int(body[1])
	if lowTaps == 0 || highTaps == 0 || lowTaps > maxTaps || highTaps > maxTaps || lowTaps%2 != highTaps%2 {
		return fmt.Errorf("filters of %d and %d taps", lowTaps, highTaps)
	}
	low, rest, err := taps(body[2:], (lowTaps+1)/2)
	if err != nil {
		return err
	}
	high, _, err := taps(rest, (highTaps+1)/2)
	if err != nil {
		return err
	}
	f.kernel, f.general = synthesis(low, high, lowTaps%2 == 0)
	return nil
}

// taps reads the given number of filter taps and returns what follows them.
func taps(b []byte, n int) (half []float64, rest []byte, err error) {
	const size = 6
	if len(b) < n*size {
		return nil, nil, errShort
	}
	half = make([]float64, n)
	for i := range half {
		tap := b[i*size:]
		half[i] = float64(binary.BigEndian.Uint32(tap[2:])) / math.Pow10(int(tap[1]))
		if tap[0] != 0 {
			half[i] = -half[i]
		}
	}
	return half, b[n*size:], nil
}

// quantizer reads the quantization table.
func (f *file) quantizer(body []byte) error {
	const size = 6
	if len(body) < 3+bandCount*size {
		return errShort
	}
	f.centre = decimal(body)
	f.bins = make([]bin, bandCount)
	for i := range f.bins {
		b := body[3+i*size:]
		f.bins[i] = bin{width: decimal(b), zero: decimal(b[3:])}
	}
	return nil
}

// huffman reads one or several Huffman tables.
func (f *file) huffman(body []byte) error {
	for len(body) > 0 {
		if len(body) < 1+maxCodeLength {
			return errShort
		}
		id, counts := body[0], body[1:1+maxCodeLength]
		body = body[1+maxCodeLength:]
		n := 0
		for _, c := range counts {
			n += int(c)
		}
		switch {
		case id >= maxTables:
			return fmt.Errorf("table %d", id)
		case n > len(body):
			return errShort
		}
		c, err := newCodes(counts, body[:n])
		if err != nil {
			return err
		}
		f.tables[id] = c
		body = body[n:]
	}
	return nil
}

// comment looks for the facts that the first NIST_COM comment gives.
func (f *file) comment(body []byte) {
	if f.commented || !bytes.HasPrefix(body, []byte(commentTitle)) {
		return
	}
	f.commented = true
	for line := range bytes.Lines(body) {
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		switch name {
		case commentDPI:
			if n, err := strconv.Atoi(value); err == nil && n > 0 && n <= maxDPI {
				f.info.DPI = n
			}
		case commentBitrate:
			if v, err := strconv.ParseFloat(value, 64); err == nil && v > 0 && v <= MaxBitrate {
				f.info.Bitrate = v
			}
		}
	}
}
