package idbox

import (
	"errors"
	"strings"

	"boothd/devices/swipe"
)

// The limits of a frame. The longest line of ICAO 9303 has 44 characters.
const (
	head     = 3 // command lenHi lenLo
	maxLines = 3
	maxLine  = 64
	maxData  = 256
)

// What can be wrong with a frame. None of them quotes it.
var (
	errCut       = errors.New("the frame was cut short")
	errLong      = errors.New("the frame is too long")
	errCharacter = errors.New("the zone has a character that is not printable ASCII")
	errShape     = errors.New("the zone does not have one to three lines")
	errEmpty     = errors.New("the reader could not read the document")
)

// parser finds the frames in a stream of bytes. The zero parser is ready.
type parser struct {
	frame  [head + maxData]byte
	n      int
	spoilt bool // nothing makes sense before the next silence
	told   bool // and an error said so
	began  int  // frames

	response byte   // the command that was answered last
	answer   string // and with what
	armed    bool   // the reader surely reads on its own
	asked    bool   // it was told to and has not said so yet
}

var _ swipe.Parser = (*parser)(nil)

// Push implements swipe.Parser.
func (p *parser) Push(b byte) ([]string, error) {
	if p.spoilt {
		return nil, nil
	}
	if p.n == 0 {
		p.began++
		if !known(b) {
			p.spoil()
			return nil, nil
		}
	}
	p.frame[p.n] = b
	p.n++
	if p.n < head {
		return nil, nil
	}
	length := int(p.frame[1])<<8 | int(p.frame[2])
	if length > maxData {
		p.drop()
		p.spoil()
		p.told = true
		return nil, errLong
	}
	if p.n < head+length {
		return nil, nil
	}
	lines, err := p.take()
	p.drop()
	return lines, err
}

// known tells the commands to which a reader responds. 'D' tells of a document's coming and
// going, 'L' of a zone of one line and 'W' of the recogniser's version; none is asked for.
func known(command byte) bool { return strings.IndexByte("CDILRTVW", command) >= 0 }

// take takes a whole frame.
func (p *parser) take() ([]string, error) {
	command, data := p.frame[0], string(p.frame[head:p.n])
	if command == 'I' {
		p.armed, p.asked = false, false
		return zone(data)
	}
	p.response, p.answer = command, data
	if command == 'C' {
		p.armed, p.asked = data == "\x01", false
	}
	return nil, nil
}

// zone returns the lines of a zone.
func zone(data string) ([]string, error) {
	data = strings.TrimRight(strings.ReplaceAll(data, "\r\n", "\r"), "\r")
	if data == "" {
		return nil, errEmpty
	}
	lines := strings.Split(data, "\r")
	if len(lines) > maxLines {
		return nil, errShape
	}
	for _, line := range lines {
		switch {
		case line == "":
			return nil, errShape
		case len(line) > maxLine:
			return nil, errLong
		case !printable(line):
			return nil, errCharacter
		}
	}
	return lines, nil
}

// text returns the last response if it is a text.
func (p *parser) text() string {
	text := strings.TrimRight(p.answer, "\r\n\x00 ")
	if !printable(text) {
		return ""
	}
	return text
}

// Cut implements swipe.Parser.
func (p *parser) Cut() error {
	news := p.InFrame() && !p.told
	p.drop()
	p.spoilt, p.told = false, false
	if news {
		p.armed, p.asked = false, false
		return errCut
	}
	return nil
}

// spoil waits for a silence. What made no sense may have been a document.
func (p *parser) spoil() {
	p.spoilt = true
	p.armed, p.asked = false, false
}

// InFrame implements swipe.Parser.
func (p *parser) InFrame() bool { return p.n > 0 || p.spoilt }

// Began implements swipe.Parser.
func (p *parser) Began() int { return p.began }

// drop forgets the frame under way.
func (p *parser) drop() {
	clear(p.frame[:p.n])
	p.n = 0
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}
