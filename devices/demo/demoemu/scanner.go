// Package demoemu is the virtual demo scanner that package demo drives: the scanner's side of
// the wire, and the fingers it draws.
package demoemu

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"slices"
	"sync"

	"boothd/devices/serial/ptyline"
)

// Model is what the scanner calls itself.
const Model = "boothd demo scanner"

// DPI is of its pictures.
const DPI = 500

// Scanner is one scanner. Its methods may be called by several goroutines.
type Scanner struct {
	send func([]byte) error

	mu     sync.Mutex
	finger *image.Gray // that lies on the glass; nil: nothing
	seen   bool        // the host has its picture
	shown  bool        // its picture was sent
	spoil  func([]byte) []byte
	early  bool   // the next finger is lifted too early
	asked  bool   // for a picture that was not sent yet
	number byte   // of that question
	begun  []byte // a question that is not complete
}

// New returns a scanner that sends by a function and is given what the host sends by Receive.
func New(send func([]byte) error) *Scanner { return &Scanner{send: send} }

// Plugged is a scanner on a pseudo-terminal.
type Plugged struct {
	*Scanner
	*ptyline.Line
}

// Plug plugs a scanner in at a link, as ptyline.New does.
func Plug(link string) (*Plugged, error) {
	p := new(Plugged)
	p.Scanner = New(p.sendInPieces)
	p.mu.Lock() // the line's first bytes wait for it
	defer p.mu.Unlock()
	line, err := ptyline.New(link, p.Receive)
	p.Line = line
	return p, err
}

// sendInPieces gives the host time to read: a line loses what it has no room for.
func (p *Plugged) sendInPieces(data []byte) error {
	const piece = 8 << 10
	for part := range slices.Chunk(data, piece) {
		if err := p.Line.Send(part); err != nil {
			return err
		}
	}
	return nil
}

// Replug plugs the scanner in again. It has forgotten what it was asked.
func (p *Plugged) Replug() error {
	p.Forget()
	return p.Line.Replug()
}

// Forget does what a loss of power does: the scanner no longer knows what it was asked.
func (s *Scanner) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked, s.begun = false, nil
}

// Lay lays a finger on the glass, ridges dark, 500 dpi. One that lies there already stays. A lay
// of the finger gives one picture.
func (s *Scanner) Lay(finger *image.Gray) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finger == nil {
		s.finger, s.seen, s.shown = finger, false, false
	}
	s.answer()
}

// Lift lifts what lies on the glass.
func (s *Scanner) Lift() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finger = nil
}

// LiftEarly makes the next finger one that is lifted too early.
func (s *Scanner) LiftEarly() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.early = true
}

// Spoil changes the next answer on its way.
func (s *Scanner) Spoil(change func([]byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spoil = change
}

// Mute makes the scanner say nothing from now on.
func (s *Scanner) Mute() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send = func([]byte) error { return nil }
}

// Receive takes what the host sends.
func (s *Scanner) Receive(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun = append(s.begun, data...)
	for len(s.begun) > 0 {
		switch {
		case s.begun[0] == '?':
			s.begun = s.begun[1:]
			s.say([]byte("D" + Model + "\n"))
		case s.begun[0] == 'k':
			s.begun = s.begun[1:]
			s.seen = s.seen || s.shown
		case s.begun[0] != 'c':
			s.begun = s.begun[1:]
		case len(s.begun) < 2:
			return
		default:
			s.asked, s.number = true, s.begun[1]
			s.begun = s.begun[2:]
			s.answer()
		}
	}
}

// answer sends the finger's picture if it was asked for. s.mu is held.
func (s *Scanner) answer() {
	if !s.asked || s.finger == nil || s.seen {
		return
	}
	s.asked, s.shown = false, true
	if s.early {
		s.early, s.finger = false, nil
		s.say([]byte{'A', s.number})
		return
	}
	s.say(Picture(s.number, s.finger))
}

func (s *Scanner) say(answer []byte) {
	if s.spoil != nil {
		answer = s.spoil(answer)
		s.spoil = nil
	}
	_ = s.send(answer) // to nobody, if it was unplugged
}

// Picture returns the answer that holds a finger's picture.
func Picture(number byte, finger *image.Gray) []byte {
	size := finger.Rect.Size()
	b := []byte{'F', number}
	for _, v := range []int{size.X, size.Y, DPI} {
		b = binary.BigEndian.AppendUint16(b, uint16(v))
	}
	for y := range size.Y {
		b = append(b, finger.Pix[y*finger.Stride:][:size.X]...)
	}
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// Garble returns an answer of which one bit was lost.
func Garble(answer []byte) []byte {
	garbled := bytes.Clone(answer)
	garbled[len(garbled)/2] ^= 0x10
	return garbled
}

// Cut returns an answer that ends in its middle.
func Cut(answer []byte) []byte { return answer[:len(answer)/2] }
