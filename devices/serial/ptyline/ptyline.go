// Package ptyline is the far end of an emulated serial line, on a pseudo-terminal.
//
// What is sent leaves at once, whether or not somebody listens, and bytes for which the line
// has no room are lost, as on a serial line without flow control.
package ptyline

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Line is one line. Its methods may be called by several goroutines.
type Line struct {
	link    string
	receive func([]byte)

	mu   sync.Mutex
	far  *os.File // the device's end; nil while unplugged
	near *os.File // keeps the line up while the booth has it closed
	read sync.WaitGroup
}

// New plugs a line in. The link, as udev would make it, leads to the pseudo-terminal of the
// moment and exists while the line is plugged; nothing else may be there. receive, if it is
// not nil, is called with what the booth sends, by one goroutine at a time, and does not keep
// it; it may call Send.
func New(link string, receive func([]byte)) (*Line, error) {
	l := &Line{link: link, receive: receive}
	if err := l.Replug(); err != nil {
		return nil, err
	}
	return l, nil
}

// Path returns the link, to be configured as the serial line's path.
func (l *Line) Path() string { return l.link }

// Send sends bytes as they are. It does nothing while the line is unplugged.
func (l *Line) Send(data []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.far == nil {
		return nil
	}
	if err := l.far.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		return fmt.Errorf("send to %s: %w", l.link, err)
	}
	_, err := l.far.Write(data)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("send to %s: %w", l.link, err)
	}
	return nil
}

// Baud returns the speed to which the booth's side is set; 0 while the line is unplugged. A
// pseudo-terminal carries every byte at any speed: to spoil those of a wrong one is the
// emulator's task.
func (l *Line) Baud() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.far == nil {
		return 0
	}
	conn, err := l.far.SyscallConn()
	if err != nil {
		return 0
	}
	baud := 0
	_ = conn.Control(func(fd uintptr) {
		if t, err := unix.IoctlGetTermios(int(fd), unix.TCGETS); err == nil {
			baud = speeds[t.Cflag&unix.CBAUD]
		}
	})
	return baud
}

// speeds are the rates of termios(3) in bits per second.
var speeds = map[uint32]int{unix.B9600: 9600, unix.B19200: 19200, unix.B38400: 38400, unix.B57600: 57600, unix.B115200: 115200}

// Unplug removes the link and hangs the line up.
func (l *Line) Unplug() error {
	l.mu.Lock()
	if l.far == nil {
		l.mu.Unlock()
		return nil
	}
	err := errors.Join(os.Remove(l.link), l.near.Close(), l.far.Close())
	l.far, l.near = nil, nil
	l.mu.Unlock()
	l.read.Wait()
	return err
}

// Replug plugs an unplugged line in again, at the same link.
func (l *Line) Replug() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.far != nil {
		return nil
	}
	far, near, err := pty.Open()
	if err != nil {
		return fmt.Errorf("plug %s: %w", l.link, err)
	}
	err = makeRaw(near)
	if err == nil {
		err = letGo(far)
	}
	if err == nil {
		err = os.Symlink(near.Name(), l.link)
	}
	if err != nil {
		near.Close()
		far.Close()
		return fmt.Errorf("plug %s: %w", l.link, err)
	}
	l.far, l.near = far, near
	if l.receive != nil {
		l.read.Go(func() { l.listen(far) })
	}
	return nil
}

// listen hands on what the booth sends until the line is unplugged.
func (l *Line) listen(far *os.File) {
	var buf [256]byte
	for {
		n, err := far.Read(buf[:])
		if err != nil {
			return
		}
		l.receive(buf[:n])
	}
}

// Close unplugs the line for good.
func (l *Line) Close() error { return l.Unplug() }

// letGo makes reads of a file end when it is closed: pty.Open leaves it in blocking mode.
func letGo(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) { failed = unix.SetNonblock(int(fd), true) })
	return errors.Join(err, failed)
}

// makeRaw keeps the line from echoing what the device sends before the booth opens it.
func makeRaw(near *os.File) error {
	fd := int(near.Fd())
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}
