// Package idboxemu emulates an Elyctis ID BOX on a pseudo-terminal.
//
// It reads a document on its own once, when it was told to, and then waits to be told again.
// A document that passes meanwhile is not read.
package idboxemu

import (
	"slices"
	"strings"
	"sync"

	"boothd/devices/serial/ptyline"
)

// Reader is one emulated reader. Its methods may be called by several goroutines.
type Reader struct {
	*ptyline.Line

	mu      sync.Mutex
	pending []byte // of a command
	armed   bool
	mute    bool
}

// New plugs a reader in at a link, as ptyline.New does.
func New(link string) (*Reader, error) {
	r := new(Reader)
	r.mu.Lock() // the line's first bytes wait for it
	defer r.mu.Unlock()
	line, err := ptyline.New(link, r.receive)
	if err != nil {
		return nil, err
	}
	r.Line = line
	return r, nil
}

// Mute makes the reader answer nothing from now on, as on a line of another speed.
func (r *Reader) Mute() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mute = true
}

// Armed reports whether the next document will be read.
func (r *Reader) Armed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.armed
}

// Replug plugs an unplugged reader in again. It has forgotten what it was told.
func (r *Reader) Replug() error {
	r.mu.Lock()
	r.armed, r.pending = false, nil
	r.mu.Unlock()
	return r.Line.Replug()
}

// Present reads a document if the reader was told to.
func (r *Reader) Present(lines []string) error { return r.Spoil(Zone(lines)) }

// Spoil sends bytes in place of a document's if the reader was told to read one.
func (r *Reader) Spoil(data []byte) error {
	r.mu.Lock()
	armed := r.armed
	r.armed = false
	r.mu.Unlock()
	if !armed {
		return nil
	}
	return r.Send(data)
}

// receive answers the commands in what the booth sends.
func (r *Reader) receive(data []byte) {
	r.mu.Lock()
	r.pending = append(r.pending, data...)
	var answers []byte
	for len(r.pending) >= 3 {
		n := 3 + int(r.pending[1])<<8 + int(r.pending[2])
		if len(r.pending) < n {
			break
		}
		answers = append(answers, r.obey(r.pending[0], r.pending[3:n])...)
		r.pending = r.pending[n:]
	}
	if r.mute {
		answers = nil
	}
	r.mu.Unlock()
	_ = r.Send(answers) // to nobody, if it was unplugged
}

func (r *Reader) obey(command byte, data []byte) []byte {
	switch {
	case command == 'C' && len(data) == 1:
		r.armed = data[0] == 1
		return Frame('C', string(data))
	case command == 'V':
		return Frame('V', "1.27")
	case command == 'R':
		return Frame('R', "EL0000042")
	case command == 'T':
		return Frame('T', "IDBOX One\r")
	}
	return nil
}

// Frame returns a frame.
func Frame(command byte, data string) []byte {
	return slices.Concat([]byte{command, byte(len(data) >> 8), byte(len(data))}, []byte(data))
}

// Zone returns the frame of a zone's lines.
func Zone(lines []string) []byte { return Frame('I', strings.Join(lines, "\r")+"\r\r") }

// Unread returns what is sent for a document that could not be read.
func Unread() []byte { return Frame('I', "") }

// Cut returns a zone's frame that ends in the middle of its last line.
func Cut(lines []string) []byte {
	whole := Zone(lines)
	return whole[:len(whole)-2-len(lines[len(lines)-1])/2]
}

// Garbled returns a zone's frame of which one character lost a bit on the line.
func Garbled(lines []string) []byte {
	garbled := Zone(lines)
	garbled[len(garbled)/2] |= 0x80
	return garbled
}

// TooLong returns a frame that is longer than any zone.
func TooLong(lines []string) []byte {
	return Frame('I', strings.Repeat(strings.Join(lines, ""), 6))
}
