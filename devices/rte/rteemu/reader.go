// Package rteemu emulates a passport reader that sends what it reads in the protocol RTE
// Native, on a pseudo-terminal. The length of its frames counts the bytes after it, and its
// block check is the exclusive or of all bytes after SOH, ETX among them: one of the ways in
// which a reader may do it.
package rteemu

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

// Present reads a document: it sends the frame of its lines, of which there are three at most.
func (r *Reader) Present(lines []string) error { return r.Send(Frame(lines)) }

// Frame returns the frame of up to three lines.
func Frame(lines []string) []byte {
	width := 44
	if len(lines) == 3 {
		width = 30
	}
	text := strings.Repeat("\r", 3-len(lines))
	for _, line := range lines {
		text += line + strings.Repeat("_", max(0, width-len(line))) + "\r"
	}
	return frame(text)
}

// frame returns the frame of a text.
func frame(text string) []byte {
	body := slices.Concat([]byte("OU\x02 "), []byte(text), []byte{0x03})
	length := len(body) + 1
	whole := slices.Concat([]byte{0x01, byte(length), byte(length >> 8)}, body)
	var bcc byte
	for _, b := range whole[1:] {
		bcc ^= b
	}
	return append(whole, bcc)
}

// Cut returns a frame that ends in the middle of its last line.
func Cut(lines []string) []byte {
	whole := Frame(lines)
	return whole[:len(whole)-3-len(lines[len(lines)-1])/2]
}

// Garbled returns a frame of which one character lost a bit on the line and is no longer one.
func Garbled(lines []string) []byte {
	garbled := Frame(lines)
	garbled[len(garbled)/2] |= 0x80
	return garbled
}

// Misread returns a frame of which one character lost a bit on the line and became another.
func Misread(lines []string) []byte {
	misread := Frame(lines)
	misread[len(misread)/2] ^= 0x01
	return misread
}

// Unread returns what is sent for a document that could not be read.
func Unread() []byte { return frame("\r\r\r") }

// TooLong returns a frame whose lines never end.
func TooLong(lines []string) []byte {
	return frame(strings.Repeat(strings.Join(lines, ""), 6) + "\r\r\r")
}

// FourLines returns a frame with a line too many.
func FourLines() []byte { return frame("A\rB\rC\rD\r") }

// Noise returns what a loose plug makes: bytes that are no frame.
func Noise() []byte { return []byte("\x00\xff\x01~\x02OU\x02P<\x03\x03\x00") }
