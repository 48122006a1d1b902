// Package cuteemu emulates a serial reader of machine-readable zones that sends what it
// reads in CUTE framing, on a pseudo-terminal.
//
// The emulator is the reader's side of the wire and nothing else: what it is told to send
// leaves at once, whether or not somebody listens, and bytes for which the line has no
// room are lost, as on a serial line without flow control.
package cuteemu

import (
	"slices"
	"strings"

	"boothd/devices/serial/ptyline"
)

// Reader is one emulated reader. Its methods may be called by several goroutines.
type Reader struct{ *ptyline.Line }

// New plugs a reader in at a link, as ptyline.New does.
func New(link string) (*Reader, error) {
	line, err := ptyline.New(link, nil)
	if err != nil {
		return nil, err
	}
	return &Reader{line}, nil
}

// Present reads a document: it sends the frame of its lines.
func (r *Reader) Present(lines []string) error { return r.Send(Frame(lines)) }

// Frame returns the frame of the lines.
func Frame(lines []string) []byte {
	return slices.Concat([]byte{0x1c, 0x02}, []byte(strings.Join(lines, "\r")), []byte("\r\x03\x1d"))
}

// Cut returns a frame that ends in the middle of its last line.
func Cut(lines []string) []byte {
	whole := Frame(lines)
	return whole[:len(whole)-3-len(lines[len(lines)-1])/2]
}

// Garbled returns a frame of which one character lost a bit on the line.
func Garbled(lines []string) []byte {
	garbled := Frame(lines)
	garbled[len(garbled)/2] |= 0x80
	return garbled
}

// TooLong returns a frame whose lines never end, as from a reader that lost its end bytes.
func TooLong(lines []string) []byte {
	whole := Frame(lines)
	middle := []byte(strings.Repeat(strings.Join(lines, ""), 6))
	return slices.Concat(whole[:2], middle, whole[2:])
}

// Noise returns what a loose plug makes: bytes that are no frame.
func Noise() []byte { return []byte("\x00\xff\x1c~\x02\x80P<\x03\x03\x00") }
