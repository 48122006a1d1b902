package rte

import (
	"bytes"
	"errors"
	"strings"

	"boothd/devices/swipe"
)

// The bytes of the framing.
const (
	soh = 0x01
	stx = 0x02
	etx = 0x03
	cr  = 0x0d
)

// The limits of a frame. The longest line of ICAO 9303 has 44 characters.
const (
	header   = 6 // SOH lenLo lenHi 'O' 'U' STX
	maxLines = 3
	maxLine  = 64
	maxFrame = header + 1 + maxLines*(maxLine+1) + 2
)

// What can be wrong with a frame. None of them quotes it.
var (
	errCut       = errors.New("the frame was cut short")
	errHeadless  = errors.New("the frame has no beginning")
	errLong      = errors.New("the frame is too long")
	errCharacter = errors.New("the frame has a character that is not printable ASCII")
	errShape     = errors.New("the frame does not have three lines")
	errEmpty     = errors.New("the reader could not read the document")
	errCheck     = errors.New("the frame's block check is wrong")
)

// where is the parser's place in the framing.
type where int

const (
	outside where = iota // between frames
	flag                 // after the header
	inside               // among the lines
	ending               // after ETX
)

// parser finds the frames in a stream of bytes. The zero parser is ready.
type parser struct {
	where where
	last  [header]byte // the last bytes, whatever they were
	text  bool         // a printable character was seen outside a frame
	lines int
	line  int // characters of the line under way
	frame [maxFrame]byte
	n     int
	began int // frames
	check blockCheck
}

var _ swipe.Parser = (*parser)(nil)

// Push implements swipe.Parser. A header is a new frame wherever it comes.
func (p *parser) Push(b byte) ([]string, error) {
	copy(p.last[:], p.last[1:])
	p.last[header-1] = b
	if isHeader(p.last) {
		p.begin()
		return nil, nil
	}
	switch p.where {
	case flag:
		p.keep(b)
		p.where = inside
		return nil, nil
	case inside:
		return nil, p.pushInside(b)
	case ending:
		p.keep(b)
		lines, err := p.take()
		p.forget()
		return lines, err
	}
	return nil, p.pushOutside(b)
}

func isHeader(b [header]byte) bool {
	return b[0] == soh && b[3] == 'O' && b[4] == 'U' && b[5] == stx
}

func (p *parser) begin() {
	head := p.last
	p.forget()
	p.where = flag
	p.n = copy(p.frame[:], head[:])
	p.began++
}

func (p *parser) pushInside(b byte) error {
	switch {
	case b == etx && p.lines == maxLines && p.line == 0:
		p.where = ending
	case b == etx:
		return p.spoil(errShape)
	case p.lines == maxLines || b != cr && p.line == maxLine:
		return p.spoil(errLong)
	case b == cr:
		p.lines, p.line = p.lines+1, 0
	case !printable(b):
		return p.spoil(errCharacter)
	default:
		p.line++
	}
	p.keep(b)
	return nil
}

// pushOutside looks for the end of a frame whose beginning was lost.
func (p *parser) pushOutside(b byte) error {
	if b != etx || p.last[header-2] != cr {
		p.text = p.text || printable(b)
		return nil
	}
	headless := p.text
	p.text = false
	if headless {
		return errHeadless
	}
	return nil
}

// Cut implements swipe.Parser.
func (p *parser) Cut() error {
	good := p.InFrame()
	p.forget()
	if good {
		return errCut
	}
	return nil
}

// InFrame implements swipe.Parser.
func (p *parser) InFrame() bool { return p.where != outside }

// Began implements swipe.Parser.
func (p *parser) Began() int { return p.began }

// keep keeps a byte of the frame. There is room: the lines are limited.
func (p *parser) keep(b byte) {
	p.frame[p.n] = b
	p.n++
}

// take returns the lines of a whole frame.
func (p *parser) take() ([]string, error) {
	whole := p.frame[:p.n]
	text := string(whole[header+1 : len(whole)-2])
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r"), "\r") {
		line = strings.TrimRight(line, "_")
		if line == "" && lines != nil {
			return nil, errShape
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	switch {
	case !p.check.right(whole):
		return nil, errCheck
	case lines == nil:
		return nil, errEmpty
	}
	return lines, nil
}

// spoil gives up the frame. The text that follows in it belongs to it.
func (p *parser) spoil(err error) error {
	p.forget()
	return err
}

// forget drops the frame under way, and of the last bytes what cannot be part of a header.
func (p *parser) forget() {
	last := p.last
	start := bytes.LastIndexByte(last[:], soh)
	if start < 0 {
		start = len(last)
	}
	clear(last[:start])
	*p = parser{last: last, began: p.began, check: p.check}
}

func printable(b byte) bool { return ' ' <= b && b <= '~' }

// blockCheck learns how a reader computes the last byte of its frames.
type blockCheck struct {
	runs [len(starts) * 2 * len(sums)]int // documents in a row for which a formula was right
}

// proven is how many documents in a row prove a formula. By accident a wrong one is right for
// one document of 256.
const proven = 3

// The formulas: from where in the frame, up to ETX or with it, and how.
var (
	starts = [...]int{0, 1, 3, header - 1, header, header + 1}
	sums   = [...]func(sum, b byte) byte{
		func(sum, b byte) byte { return sum ^ b },
		func(sum, b byte) byte { return sum + b },
		func(sum, b byte) byte { return sum - b },
	}
)

// right judges the last byte of a whole frame.
func (c *blockCheck) right(frame []byte) bool {
	body, bcc := frame[:len(frame)-1], frame[len(frame)-1]
	anyProven, good := false, false
	matched := c.runs
	for i := range matched {
		matched[i]++
		isProven := c.runs[i] >= proven
		anyProven = anyProven || isProven
		if compute(body, i) != bcc {
			matched[i] = 0
			continue
		}
		good = good || isProven
	}
	if anyProven && !good {
		return false // and nothing is learned from a frame that is wrong
	}
	c.runs = matched
	return true
}

// compute applies a formula to a frame without its last byte.
func compute(body []byte, formula int) byte {
	from := starts[formula%len(starts)]
	formula /= len(starts)
	if formula%2 == 1 {
		body = bytes.TrimSuffix(body, []byte{etx})
	}
	add := sums[formula/2]
	var sum byte
	for _, b := range body[min(from, len(body)):] {
		sum = add(sum, b)
	}
	return sum
}
