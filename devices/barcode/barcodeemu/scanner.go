// Package barcodeemu emulates a serial reader of two-dimensional barcodes on a pseudo-terminal.
//
// What it is told to send leaves at once, whether or not somebody listens, and bytes for which
// the line has no room are lost, as on a serial line without flow control.
package barcodeemu

import (
	"slices"

	"boothd/devices/serial/ptyline"
)

// Scanner is one emulated scanner. Its methods may be called by several goroutines.
type Scanner struct {
	*ptyline.Line
	prefix, suffix string
}

// New plugs a scanner in at a link, as ptyline.New does, which sends the prefix before and the
// suffix after a barcode.
func New(link, prefix, suffix string) (*Scanner, error) {
	line, err := ptyline.New(link, nil)
	if err != nil {
		return nil, err
	}
	return &Scanner{line, prefix, suffix}, nil
}

// Present reads a barcode: it sends it.
func (s *Scanner) Present(content []byte) error { return s.Send(s.Frame(content)) }

// Frame returns what is sent of a barcode.
func (s *Scanner) Frame(content []byte) []byte {
	return slices.Concat([]byte(s.prefix), content, []byte(s.suffix))
}

// Cut returns what is sent of a barcode if the line breaks in its middle.
func (s *Scanner) Cut(content []byte) []byte {
	whole := s.Frame(content)
	return whole[:len(whole)/2]
}

// Noise returns what a loose plug makes: bytes that are no frame.
func Noise() []byte { return []byte("\x00\xff\x1c~\x80P<\x00") }

// Endless returns what a scanner sends that lost its end bytes.
func (s *Scanner) Endless(content []byte) []byte {
	return slices.Concat([]byte(s.prefix), slices.Repeat(content, 6000/len(content)), []byte(s.suffix))
}
