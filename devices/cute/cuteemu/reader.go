// Package cuteemu emulates a serial reader of machine-readable zones that sends what it
// reads in CUTE framing, on a pseudo-terminal.
//
// The emulator is the reader's side of the wire and nothing else: what it is told to send
// leaves at once, whether or not somebody listens, and bytes for which the line has no
// room are lost, as on a serial line without flow control.
package cuteemu

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Reader is one emulated reader. Its methods may be called by several goroutines.
type Reader struct {
	link string

	mu   sync.Mutex
	far  *os.File // the reader's end; nil while unplugged
	near *os.File // keeps the line up while the booth has it closed
}

// New plugs a reader in. The link, as udev would make it, leads to the pseudo-terminal of
// the moment and exists while the reader is plugged; nothing else may be there.
func New(link string) (*Reader, error) {
	r := &Reader{link: link}
	if err := r.Replug(); err != nil {
		return nil, err
	}
	return r, nil
}

// Path returns the link, to be configured as the serial line's path.
func (r *Reader) Path() string { return r.link }

// Present reads a document: it sends the frame of its lines.
func (r *Reader) Present(lines []string) error { return r.Send(Frame(lines)) }

// Send sends bytes as they are. It does nothing while the reader is unplugged.
func (r *Reader) Send(data []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.far == nil {
		return nil
	}
	if err := r.far.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		return fmt.Errorf("send to %s: %w", r.link, err)
	}
	_, err := r.far.Write(data)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("send to %s: %w", r.link, err)
	}
	return nil
}

// Unplug removes the link and hangs the line up.
func (r *Reader) Unplug() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.far == nil {
		return nil
	}
	err := errors.Join(os.Remove(r.link), r.near.Close(), r.far.Close())
	r.far, r.near = nil, nil
	return err
}

// Replug plugs an unplugged reader in again, at the same link.
func (r *Reader) Replug() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.far != nil {
		return nil
	}
	far, near, err := pty.Open()
	if err != nil {
		return fmt.Errorf("plug %s: %w", r.link, err)
	}
	err = makeRaw(near)
	if err == nil {
		err = os.Symlink(near.Name(), r.link)
	}
	if err != nil {
		near.Close()
		far.Close()
		return fmt.Errorf("plug %s: %w", r.link, err)
	}
	r.far, r.near = far, near
	return nil
}

// Close unplugs the reader for good.
func (r *Reader) Close() error { return r.Unplug() }

// makeRaw keeps the line from echoing what the reader sends before the booth opens it.
func makeRaw(near *os.File) error {
	fd := int(near.Fd())
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

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
