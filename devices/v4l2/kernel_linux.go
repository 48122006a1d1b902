//go:build linux && (amd64 || arm64)

package v4l2

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"boothd/devices"
)

// buffers is how many pictures the kernel may hold: one is being filled while another is
// looked at, and two make up for a busy machine.
const buffers = 4

// node is a device of the kernel.
type node struct {
	fd   int
	wake int // an eventfd that ends a wait
	card string

	mu     sync.Mutex // a wake-up may come late
	closed bool

	mapped [][]byte
}

var _ Node = (*node)(nil)

// Open opens the device's node.
func (p port) Open(ctx context.Context) (Node, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if number, ok := deviceNumber(p.node.path); !ok || number != p.node.number {
		return nil, devices.ErrGone
	}
	fd, err := retry(func() (int, error) {
		return unix.Open(p.node.path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	})
	switch err {
	case nil:
	case unix.EACCES, unix.EPERM:
		return nil, fmt.Errorf("this user may not open it; its group is usually video: %w", err)
	default:
		return nil, translate(err)
	}
	n := &node{fd: fd}
	var caps v4l2Capability
	err = query(fd, &caps)
	if err == nil {
		n.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	}
	if err != nil {
		unix.Close(fd)
		return nil, translate(err)
	}
	n.card = text(caps.card[:])
	return n, nil
}

func query(fd int, caps *v4l2Capability) error {
	return ioctl(fd, requestQueryCap, unsafe.Pointer(caps))
}

func ioctl(fd int, request uint, arg unsafe.Pointer) error {
	_, err := retry(func() (int, error) {
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(arg)); errno != 0 {
			return 0, errno
		}
		return 0, nil
	})
	return err
}

func retry(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != unix.EINTR {
			return n, err
		}
	}
}

// translate gives the kernel's errors the meaning that this package knows.
func translate(err error) error {
	switch err {
	case unix.ENODEV, unix.ENXIO, unix.ENOENT, unix.ESHUTDOWN:
		return fmt.Errorf("%w: %v", devices.ErrGone, err)
	case unix.EBUSY:
		return fmt.Errorf("%w: %v", devices.ErrBusy, err)
	}
	return err
}

// do sends a request to the device.
func (n *node) do(deed string, request uint, arg unsafe.Pointer) error {
	if err := ioctl(n.fd, request, arg); err != nil {
		return fmt.Errorf("%s: %w", deed, n.why(err))
	}
	return nil
}

// why tells an unplugged device from one whose queue has failed.
func (n *node) why(err error) error {
	var caps v4l2Capability
	if err == unix.EIO && query(n.fd, &caps) == unix.ENODEV {
		err = unix.ENODEV
	}
	return translate(err)
}

// Card implements Node.
func (n *node) Card() string { return n.card }

// Select implements Node. The buffers are those of the input before, so they are given back.
func (n *node) Select(input int) error {
	if err := n.giveBack(); err != nil {
		return err
	}
	index := int32(input)
	return n.do("select input", requestSetInput, unsafe.Pointer(&index))
}

// Prepare implements Node.
func (n *node) Prepare(m Mode) (Mode, error) {
	if err := n.giveBack(); err != nil {
		return Mode{}, err
	}
	f := v4l2Format{kind: kindCapture, width: uint32(m.Width), height: uint32(m.Height), pixelFormat: uint32(m.Encoding), field: fieldNone}
	if err := n.do("set mode", requestSetFmt, unsafe.Pointer(&f)); err != nil {
		return Mode{}, err
	}
	if m.Rate > 0 {
		parm := v4l2StreamParm{kind: kindCapture, numerator: 1000, denominator: uint32(min(m.Rate, mostRate) * 1000)}
		// Some devices have one rate and refuse to hear of it.
		if err := n.do("set rate", requestSetParm, unsafe.Pointer(&parm)); lost(err) {
			return Mode{}, err
		}
		if parm.numerator > 0 {
			m.Rate = float64(parm.denominator) / float64(parm.numerator)
		}
	}
	m.Encoding, m.Width, m.Height, m.Stride = Encoding(f.pixelFormat), int(f.width), int(f.height), int(f.bytesPerLine)
	if m.Width < leastSide || m.Height < leastSide || m.Width > mostSide || m.Height > mostSide {
		return Mode{}, fmt.Errorf("set mode: the camera says %v", m)
	}
	return m, n.takeBuffers()
}

// takeBuffers makes the buffers and maps them.
func (n *node) takeBuffers() error {
	r := v4l2RequestBuffers{count: buffers, kind: kindCapture, memory: memoryMapped}
	if err := n.do("take buffers", requestBuffers, unsafe.Pointer(&r)); err != nil {
		return err
	}
	if r.count < 2 || r.count > 32 {
		return fmt.Errorf("take buffers: the device has %d", r.count)
	}
	for i := range r.count {
		b := v4l2Buffer{index: i, kind: kindCapture, memory: memoryMapped}
		if err := n.do("look at buffer", requestQueryBuf, unsafe.Pointer(&b)); err != nil {
			return err
		}
		data, err := unix.Mmap(n.fd, int64(uint32(b.offset)), int(b.length), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			return fmt.Errorf("map buffer: %w", n.why(err))
		}
		n.mapped = append(n.mapped, data)
	}
	return nil
}

// giveBack unmaps the buffers and frees them.
func (n *node) giveBack() error {
	if n.mapped == nil {
		return nil
	}
	for _, data := range n.mapped {
		unix.Munmap(data)
	}
	n.mapped = nil
	r := v4l2RequestBuffers{kind: kindCapture, memory: memoryMapped}
	return n.do("give buffers back", requestBuffers, unsafe.Pointer(&r))
}

// Control implements Node.
func (n *node) Control(id uint32) (Range, error) {
	q := v4l2QueryCtrl{id: id}
	err := n.do("look at control", requestQueryCtrl, unsafe.Pointer(&q))
	switch {
	case lost(err):
		return Range{}, err
	case err != nil || q.flags&(controlDisabled|controlReadOnly) != 0:
		return Range{}, ErrNoControl
	}
	return Range{Least: q.least, Most: q.most, Step: q.step, Default: q.preset}, nil
}

// SetControl implements Node.
func (n *node) SetControl(id uint32, value int32) error {
	c := v4l2Control{id: id, value: value}
	return n.do("set control", requestSetControl, unsafe.Pointer(&c))
}

// Start implements Node.
func (n *node) Start() error {
	for i := range n.mapped {
		if err := n.queue(uint32(i)); err != nil {
			return err
		}
	}
	kind := int32(kindCapture)
	return n.do("start streaming", requestStreamOn, unsafe.Pointer(&kind))
}

func (n *node) queue(index uint32) error {
	b := v4l2Buffer{index: index, kind: kindCapture, memory: memoryMapped}
	return n.do("queue buffer", requestQueue, unsafe.Pointer(&b))
}

// Stop implements Node.
func (n *node) Stop() error {
	kind := int32(kindCapture)
	return n.do("stop streaming", requestStreamOff, unsafe.Pointer(&kind))
}

// Next implements Node.
func (n *node) Next(ctx context.Context, take func(Picture)) error {
	stop := context.AfterFunc(ctx, n.wakeUp)
	defer stop()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := v4l2Buffer{kind: kindCapture, memory: memoryMapped}
		err := ioctl(n.fd, requestDequeue, unsafe.Pointer(&b))
		if err == unix.EAGAIN {
			if err := n.wait(); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("next picture: %w", n.why(err))
		}
		if int(b.index) >= len(n.mapped) || int(b.bytesUsed) > len(n.mapped[b.index]) {
			return fmt.Errorf("next picture: buffer %d with %d bytes", b.index, b.bytesUsed)
		}
		take(Picture{
			Data: n.mapped[b.index][:b.bytesUsed], Damaged: b.flags&bufferDamaged != 0,
			Sequence: b.sequence, At: takenAt(&b),
		})
		return n.queue(b.index)
	}
}

// wait returns when a picture may be there, or when it is woken up.
func (n *node) wait() error {
	fds := []unix.PollFd{{Fd: int32(n.fd), Events: unix.POLLIN}, {Fd: int32(n.wake), Events: unix.POLLIN}}
	if _, err := retry(func() (int, error) { return unix.Poll(fds, -1) }); err != nil {
		return fmt.Errorf("wait for picture: %w", err)
	}
	if fds[1].Revents != 0 {
		var count [8]byte
		unix.Read(n.wake, count[:])
	}
	// A device that is gone, or streams no more, is always ready; what is wrong with it the
	// next request tells, unless it would have to wait.
	if fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0 && fds[0].Revents&unix.POLLIN == 0 {
		return fmt.Errorf("wait for picture: %w", n.why(unix.EIO))
	}
	return nil
}

func (n *node) wakeUp() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed {
		unix.Write(n.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

// oldest is how old a picture can be when it is handed over; a time further from now is not
// of the clock that it is said to be of.
const oldest = 5 * time.Second

// takenAt tells when a picture was taken on this program's clock.
func takenAt(b *v4l2Buffer) time.Time {
	now := time.Now()
	var clock unix.Timespec
	if b.flags&bufferClockMask != bufferMonotonic || unix.ClockGettime(unix.CLOCK_MONOTONIC, &clock) != nil {
		return now
	}
	age := time.Duration(clock.Nano()) - time.Duration(b.seconds)*time.Second - time.Duration(b.micros)*time.Microsecond
	if age < 0 || age > oldest {
		return now
	}
	return now.Add(-age)
}

// Close implements Node.
func (n *node) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil
	}
	n.closed = true
	for _, data := range n.mapped {
		unix.Munmap(data)
	}
	n.mapped = nil
	unix.Close(n.wake)
	if err := unix.Close(n.fd); err != nil {
		return os.NewSyscallError("close", err)
	}
	return nil
}
