package uareuemu

import (
	"crypto/sha256"
	"encoding/binary"
	"image"
)

// Size of a picture in pixels.
const (
	Width  = 384
	Height = 290
)

const (
	margin        = 15 // columns that stay blank at each edge
	pictureHeader = 64
	maxBlocks     = 15
)

// Block is a run of lines in the table that heads a picture.
type Block struct {
	Flags BlockFlags
	Lines uint8
}

// BlockFlags say how the lines of a block are sent. A block without flags is sent plainly.
type BlockFlags uint8

// The flags.
const (
	Missing   BlockFlags = 0x01 // not sent; the host copies the lines that follow
	Scrambled BlockFlags = 0x02
	Hold      BlockFlags = 0x04 // sent plainly, and the key does not run on
	NewKey    BlockFlags = 0x80 // the next key from here on
)

// Tables of blocks; those of the 4500 and the Microsoft v2 are as recorded.
var (
	blocks4500 = []Block{
		{Scrambled, 72}, {0, 1}, {Scrambled, 49}, {Missing, 1}, {0, 1}, {Scrambled, 49}, {0, 1}, {Scrambled, 116},
	}
	blocksV2 = []Block{
		{Scrambled, 67}, {0, 1}, {Scrambled, 49}, {Missing, 1}, {0, 1}, {Scrambled, 49}, {0, 1}, {Scrambled, 121},
	}
	blocksManyKeys = []Block{
		{Scrambled, 50}, {Missing, 1}, {NewKey | Scrambled, 60}, {0, 2}, {Hold, 3}, {NewKey | Scrambled, 100}, {Scrambled, 74},
	}
	blocksManyMissing = []Block{
		{Scrambled, 30}, {Missing, 2}, {0, 1}, {Scrambled, 99}, {NewKey | Missing, 1}, {Hold | Missing, 1}, {Scrambled, 156},
	}
)

// frame is a picture as the sensor holds it: ridges light, in the sensor's orientation.
type frame [Height][Width]byte

// sense returns the frame of what lies in the middle of the glass; nil is nothing.
func sense(img *image.Gray, upsideDown bool) *frame {
	glass := image.NewGray(image.Rect(0, 0, Width, Height))
	for i := range glass.Pix {
		glass.Pix[i] = 255
	}
	if img != nil {
		corner := image.Pt((Width-img.Rect.Dx())/2, (Height-img.Rect.Dy())/2)
		place := img.Rect.Sub(img.Rect.Min).Add(corner)
		visible := place.Intersect(image.Rect(margin, 0, Width-margin, Height))
		from := img.Rect.Min.Sub(corner)
		for y := visible.Min.Y; y < visible.Max.Y; y++ {
			row := img.Pix[img.PixOffset(visible.Min.X+from.X, y+from.Y):]
			copy(glass.Pix[glass.PixOffset(visible.Min.X, y):], row[:visible.Dx()])
		}
	}
	f := new(frame)
	for i, v := range glass.Pix {
		if upsideDown {
			i = len(glass.Pix) - 1 - i
		}
		f[i/Width][i%Width] = 255 - v
	}
	return f
}

// picture returns what a right host makes of the frame.
func (f *frame) picture(upsideDown bool) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, Width, Height))
	for i := range img.Pix {
		j := i
		if upsideDown {
			j = len(img.Pix) - 1 - i
		}
		img.Pix[j] = 255 - f[i/Width][i%Width]
	}
	return img
}

// sent lists the rows that a table of blocks sends.
func sent(blocks []Block) []int {
	var rows []int
	row := 0
	for _, b := range blocks {
		for range b.Lines {
			if b.Flags&Missing == 0 {
				rows = append(rows, row)
			}
			row++
		}
	}
	return rows
}

// lose replaces the rows that are not sent by those that the host copies in their place.
func (f *frame) lose(blocks []Block) *frame {
	rows := sent(blocks)
	seen := *f
	row, next := 0, 0
	for _, b := range blocks {
		for i := range int(b.Lines) {
			if b.Flags&Missing != 0 {
				seen[row+i] = f[rows[next+i]]
			}
		}
		row += int(b.Lines)
		if b.Flags&Missing == 0 {
			next += int(b.Lines)
		}
	}
	return &seen
}

// transfer returns the frame as it is sent, scrambled with the keys that key returns.
func (f *frame) transfer(blocks []Block, number byte, key func(number byte) uint32) []byte {
	b := header(blocks, number)
	s, register := newScrambler(), key(number)
	row := 0
	for _, block := range blocks {
		if block.Flags&NewKey != 0 {
			number++
			register = key(number)
		}
		var run []byte
		for range block.Lines {
			run = append(run, f[row][:]...)
			row++
		}
		switch {
		case block.Flags&Hold != 0:
		case block.Flags&Scrambled != 0:
			run = s.scramble(run, &register)
		default:
			for range run {
				s.next(&register)
			}
		}
		if block.Flags&Missing == 0 {
			b = append(b, run...)
		}
	}
	return b
}

func header(blocks []Block, number byte) []byte {
	b := make([]byte, pictureHeader)
	copy(b, []byte{0x10, 0x40, Width & 0xff, Width >> 8})
	binary.LittleEndian.PutUint16(b[4:], uint16(len(sent(blocks))))
	b[6] = number
	for i, block := range blocks {
		b[16+2*i], b[17+2*i] = byte(block.Flags), block.Lines
	}
	return b
}

// Bits of the register that make its mask, lowest first, and those that feed it.
var (
	maskBits = []int{4, 8, 11, 14, 18, 21, 24, 29}
	feedBits = []int{0, 2, 3, 6, 10, 12, 19, 22, 25, 28, 31}
)

// scrambler makes the stream of masks. Both the mask and the bit that is fed in are sums
// of the register's bits, and so of what each of its four bytes contributes to them.
type scrambler [4][256]struct{ mask, feed byte }

func newScrambler() *scrambler {
	s := new(scrambler)
	for place := range s {
		for v := range s[place] {
			register := uint32(v) << (8 * place)
			for i, bit := range maskBits {
				s[place][v].mask |= byte(register>>bit&1) << i
			}
			for _, bit := range feedBits {
				s[place][v].feed ^= byte(register >> bit & 1)
			}
		}
	}
	return s
}

// next returns the mask of a register and moves it on by one bit.
func (s *scrambler) next(register *uint32) byte {
	r := *register
	a, b, c, d := &s[0][r&0xff], &s[1][r>>8&0xff], &s[2][r>>16&0xff], &s[3][r>>24]
	*register = r>>1 | uint32(a.feed^b.feed^c.feed^d.feed)<<31
	return a.mask ^ b.mask ^ c.mask ^ d.mask
}

// scramble moves a run one byte on, where its last byte is lost, and masks it.
func (s *scrambler) scramble(run []byte, register *uint32) []byte {
	out := make([]byte, 1, len(run)+1) // the first one means nothing
	for _, v := range run {
		out = append(out, v^s.next(register))
	}
	return out[:len(run)]
}

// keyOf is the key register's value for a key number.
func keyOf(model Model, number byte) uint32 {
	sum := sha256.Sum256([]byte{byte(model), number})
	return binary.LittleEndian.Uint32(sum[:]) | 1
}
