package cute

import "errors"

// The bytes of the framing.
const (
	fs  = 0x1c
	stx = 0x02
	cr  = 0x0d
	etx = 0x03
	gs  = 0x1d
)

// The limits of a frame. The longest line of ICAO 9303 has 44 characters.
const (
	maxLines = 3
	maxLine  = 64
)

// What can be wrong with a frame. None of them quotes it.
var (
	errCut       = errors.New("the frame was cut short")
	errHeadless  = errors.New("the frame has no beginning")
	errLong      = errors.New("the frame is too long")
	errCharacter = errors.New("the frame has a character that is not printable ASCII")
	errShape     = errors.New("the frame is not made of whole lines")
)

// where is the parser's place in the framing.
type where int

const (
	outside where = iota // between frames
	started              // after FS
	inside               // among the lines
	ending               // after ETX
	spoilt               // in a frame that was given up
)

// parser finds the frames in a stream of bytes. It keeps no more than one frame, and no
// byte of it after the frame has ended. The zero parser is ready.
type parser struct {
	where where
	text  bool // a printable character was seen outside a frame
	end   bool // the last byte outside or in a spoilt frame was ETX
	lines int
	line  int // characters of the line under way
	frame [maxLines * (maxLine + 1)]byte
	n     int
	began int // frames
}

// Push takes the next byte. It returns the lines of a frame that ends with it, or what is
// wrong with a frame, once a frame and as soon as that is known.
func (p *parser) Push(b byte) ([]string, error) {
	if b == fs {
		p.reset(started)
		p.began++
		return nil, nil
	}
	switch p.where {
	case started:
		p.where = outside
		if b == stx {
			p.where = inside
		}
		return nil, nil
	case inside:
		return nil, p.pushInside(b)
	case ending:
		if b != gs {
			return nil, p.spoil(b, errShape)
		}
		lines := p.take()
		p.reset(outside)
		return lines, nil
	}
	return nil, p.pushOutside(b)
}

// pushOutside looks for the end of a frame whose beginning was lost.
func (p *parser) pushOutside(b byte) error {
	tail := p.end && b == gs
	p.end = b == etx
	if !tail {
		p.text = p.text || printable(b)
		return nil
	}
	headless := p.where == outside && p.text
	p.reset(outside)
	if headless {
		return errHeadless
	}
	return nil
}

func (p *parser) pushInside(b byte) error {
	switch {
	case b == etx:
		if p.line > 0 || p.lines == 0 {
			return p.spoil(b, errShape)
		}
		p.where = ending
		return nil
	case b == cr:
		if p.line == 0 {
			return p.spoil(b, errShape)
		}
		p.lines, p.line = p.lines+1, 0
	case !printable(b):
		return p.spoil(b, errCharacter)
	case p.lines == maxLines || p.line == maxLine:
		return p.spoil(b, errLong)
	default:
		p.line++
	}
	p.frame[p.n] = b
	p.n++
	return nil
}

// Cut is called when the bytes stop coming. It returns an error if a frame was under way
// that was good so far.
func (p *parser) Cut() error {
	good := p.where == inside || p.where == ending
	p.reset(outside)
	if good {
		return errCut
	}
	return nil
}

// InFrame reports whether more bytes are to come.
func (p *parser) InFrame() bool { return p.where != outside }

// Began implements swipe.Parser.
func (p *parser) Began() int { return p.began }

func (p *parser) take() []string {
	lines := make([]string, 0, p.lines)
	from := 0
	for i, b := range p.frame[:p.n] {
		if b == cr {
			lines = append(lines, string(p.frame[from:i]))
			from = i + 1
		}
	}
	return lines
}

// spoil gives up the frame because of b.
func (p *parser) spoil(b byte, err error) error {
	p.reset(spoilt)
	p.end = b == etx
	return err
}

// reset forgets the frame under way.
func (p *parser) reset(w where) { *p = parser{where: w, began: p.began} }

func printable(b byte) bool { return ' ' <= b && b <= '~' }
