package uareu

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"math/bits"
)

const (
	width     = 384 // pixels of a line
	height    = 290 // lines of a whole picture
	headerLen = 64
	// transferLen is what is asked for; a picture is at least one line shorter.
	transferLen = headerLen + width*height

	maxBlocks = 15
	// minRoughness is the variance of the first two lines from which on they are noise:
	// scrambled lines have about 11000, fingers less than half of it.
	minRoughness = 5000
)

// Flags of a block of lines.
const (
	flagMissing   = 0x01 // not transmitted
	flagScrambled = 0x02
	flagHold      = 0x04 // the key does not run on
	flagNewKey    = 0x80
)

// errBadPicture is matched by the error of a transfer that is no picture.
var errBadPicture = errors.New("bad picture")

// block is a run of lines that were sent in the same way.
type block struct {
	flags uint8
	lines int
}

// picture is a transfer, taken apart.
type picture struct {
	key    uint8 // of the first block
	blocks []block
	lines  []byte // as transmitted, width bytes each
	noisy  bool   // a block is noise although its key was used
}

// parsePicture takes a transfer apart. It returns an error matching errBadPicture unless
// the lines announced are there and the blocks account for them.
func parsePicture(b []byte) (*picture, error) {
	if len(b) < headerLen {
		return nil, fmt.Errorf("%w: %d bytes", errBadPicture, len(b))
	}
	n := int(binary.LittleEndian.Uint16(b[4:]))
	if n >= height || len(b) < headerLen+width*n {
		return nil, fmt.Errorf("%w: %d bytes for %d lines", errBadPicture, len(b), n)
	}
	p := &picture{key: b[6], lines: b[headerLen : headerLen+width*n]}
	for i := range maxBlocks {
		d := b[16+2*i:]
		if d[1] == 0 {
			break
		}
		p.blocks = append(p.blocks, block{d[0], int(d[1])})
	}
	return p, p.check()
}

// check walks the blocks as descramble and assemble do.
func (p *picture) check() error {
	row, out := 0, 0
	for _, b := range p.blocks {
		if row >= p.rows() {
			break
		}
		if row+b.lines > p.rows() || out+b.lines > height {
			return fmt.Errorf("%w: block of %d lines at line %d of %d", errBadPicture, b.lines, row, p.rows())
		}
		out += b.lines
		if b.flags&flagMissing == 0 {
			row += b.lines
		}
	}
	if row < p.rows() {
		return fmt.Errorf("%w: blocks account for %d of %d lines", errBadPicture, row, p.rows())
	}
	return nil
}

// rows is the number of lines that were transmitted.
func (p *picture) rows() int { return len(p.lines) / width }

// scrambled judges by the roughness of the first two lines.
func (p *picture) scrambled() bool {
	together, _ := roughness(p.lines)
	return together >= minRoughness
}

// roughness is the variance of the sum of the first two lines, and that of their difference; both
// are 0 if there are not two. In noise they are about equal, on skin the difference is small.
func roughness(lines []byte) (together, apart int) {
	if len(lines) < 2*width {
		return 0, 0
	}
	a, b := lines[:width], lines[width:2*width]
	mean, slope := 0, 0
	for i := range a {
		mean += int(a[i]) + int(b[i])
		slope += int(a[i]) - int(b[i])
	}
	mean, slope = mean/width, slope/width
	for i := range a {
		s, d := int(a[i])+int(b[i])-mean, int(a[i])-int(b[i])-slope
		together += s * s
		apart += d * d
	}
	return together / width, apart / width
}

// noise reports whether the lines are still scrambled after their key was used.
func noise(lines []byte) bool {
	together, apart := roughness(lines)
	return together >= minRoughness && 2*apart > together
}

// descramble undoes the scrambling in place. The scanner tells the key register's value
// for a key number when asked; noisy is set if one of the values was not the scanner's.
func (p *picture) descramble(register func(key uint8) (uint32, error)) error {
	number := p.key
	value, err := register(number)
	if err != nil {
		return err
	}
	key := keystream(value)
	row := 0
	for _, b := range p.blocks {
		if row >= p.rows() {
			break
		}
		if b.flags&flagNewKey != 0 {
			number++
			if value, err = register(number); err != nil {
				return err
			}
			key = keystream(value)
		}
		switch {
		case b.flags&flagHold != 0:
		case b.flags&flagScrambled != 0:
			run := p.lines[row*width : (row+b.lines)*width]
			key.descramble(run)
			p.noisy = p.noisy || noise(run)
		default:
			key.skip(b.lines * width)
		}
		if b.flags&flagMissing == 0 {
			row += b.lines
		}
	}
	return nil
}

// keystream is the scanner's key register: a shift register of 32 bits.
type keystream uint32

func (k *keystream) step() {
	const taps = 0x9248144D
	feedback := uint32(bits.OnesCount32(uint32(*k)&taps)) & 1
	*k = *k>>1 | keystream(feedback<<31)
}

func (k *keystream) skip(n int) {
	for range n {
		k.step()
	}
}

// mask gathers the bits 4, 8, 11, 14, 18, 21, 24 and 29 into a byte.
func (k keystream) mask() byte {
	return byte(k>>4&0x01 | k>>7&0x02 | k>>9&0x04 | k>>11&0x08 |
		k>>14&0x10 | k>>16&0x20 | k>>18&0x40 | k>>22&0x80)
}

// descramble undoes one run: every byte lies one place too far, and the last is lost.
func (k *keystream) descramble(run []byte) {
	for i := range len(run) - 1 {
		run[i] = run[i+1] ^ k.mask()
		k.step()
	}
	run[len(run)-1] = 0
	k.step()
}

// assemble puts the lines in their places and makes ridges dark. It returns the number of
// rows that have a line; the others are white.
func (p *picture) assemble(rotate bool) (*image.Gray, int) {
	img := image.NewGray(image.Rect(0, 0, width, height))
	row, out := 0, 0
	for _, b := range p.blocks {
		if row >= p.rows() {
			break
		}
		copy(img.Pix[out*width:], p.lines[row*width:(row+b.lines)*width])
		out += b.lines
		if b.flags&flagMissing == 0 {
			row += b.lines
		}
	}
	for i, v := range img.Pix {
		img.Pix[i] = 255 - v
	}
	if rotate {
		for i, j := 0, len(img.Pix)-1; i < j; i, j = i+1, j-1 {
			img.Pix[i], img.Pix[j] = img.Pix[j], img.Pix[i]
		}
	}
	return img, out
}
