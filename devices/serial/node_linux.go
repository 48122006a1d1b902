package serial

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"boothd/devices"
)

// node is a locked descriptor of a line's device.
type node struct {
	path string
	file *os.File
	info os.FileInfo
	conn syscall.RawConn
}

// openNode opens and locks the device. The lock ends with the process at the latest.
func openNode(path string) (*node, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, busy(&os.PathError{Op: "open", Path: path, Err: err})
	}
	n := &node{path: path, file: os.NewFile(uintptr(fd), path)}
	if err := n.lock(fd); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

func (n *node) lock(fd int) (err error) {
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return busy(os.NewSyscallError("flock", err))
	}
	if n.info, err = n.file.Stat(); err != nil {
		return err
	}
	n.conn, err = n.file.SyscallConn()
	return err
}

func busy(err error) error {
	if errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("%w: %w", devices.ErrBusy, err)
	}
	return err
}

// gone reports whether the device was hung up, or its node removed or replaced by another.
func (n *node) gone() bool {
	info, err := os.Stat(n.path)
	if err != nil || !os.SameFile(info, n.info) {
		return true
	}
	hungUp := false
	err = n.conn.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd)}}
		if _, err := unix.Poll(fds, 0); err == nil {
			hungUp = fds[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0
		}
	})
	return err == nil && hungUp
}

// write writes for at most one poll; then it returns os.ErrDeadlineExceeded and how much
// went out. The wire's own Write would wait without end for a device that takes nothing.
func (n *node) write(_ io.Writer, data []byte) (int, error) {
	if err := n.file.SetWriteDeadline(time.Now().Add(poll)); err != nil {
		return 0, err
	}
	return n.file.Write(data)
}

func (n *node) discardInput() {
	_ = n.conn.Control(func(fd uintptr) { _ = unix.IoctlSetInt(int(fd), unix.TCFLSH, unix.TCIFLUSH) })
}

// rates are the speeds as termios(3) has them.
var rates = map[int]uint32{9600: unix.B9600, 19200: unix.B19200, 38400: unix.B38400, 57600: unix.B57600, 115200: unix.B115200}

func (n *node) setBaud(baud int) error {
	var failed error
	err := n.conn.Control(func(fd uintptr) {
		t, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		if err != nil {
			failed = err
			return
		}
		t.Cflag = t.Cflag&^unix.CBAUD | rates[baud]
		t.Ispeed, t.Ospeed = rates[baud], rates[baud]
		failed = unix.IoctlSetTermios(int(fd), unix.TCSETS, t)
	})
	return errors.Join(err, failed)
}

func (n *node) close() error { return n.file.Close() }

func isDevice(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
