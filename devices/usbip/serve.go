package usbip

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"boothd/devices/usb"
)

const (
	// maxPending is how many URBs a host may have in flight.
	maxPending = 256
	// writeTimeout ends a session whose host takes no answers any more.
	writeTimeout = 10 * time.Second
)

// Serve lets a host use the device over a connection that is already attached, until the
// host closes it (then Serve returns nil), ctx ends (then its cause) or the host breaks the
// protocol. It closes the connection and returns when no transfer is under way any more.
//
// There is no operation phase: the first bytes are a URB. A Close of the connection must
// end a Read under way, as that of any net.Conn does; for the kernel's vhci_hcd pass the
// net.FileConn of one end of a socketpair.
func Serve(ctx context.Context, conn io.ReadWriteCloser, dev Device) error {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &session{
		dev:      dev,
		standard: standard{Descriptor: dev.Descriptor()},
		conn:     conn,
		end:      cancel,
		pending:  make(map[uint32]*urb),
		last:     make(map[uint8]<-chan struct{}),
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	err := s.read(ctx)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	stop()
	cancel(nil)
	conn.Close()
	s.transfers.Wait()
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// session is one host's use of a device.
type session struct {
	dev       Device
	standard  standard
	end       context.CancelCauseFunc
	transfers sync.WaitGroup

	// last has the end of the newest transfer of each endpoint; the next one waits for it.
	last map[uint8]<-chan struct{}

	mu      sync.Mutex // guards what follows, and answers written to conn
	conn    io.ReadWriteCloser
	pending map[uint32]*urb
}

// urb is one transfer that the host asked for.
type urb struct {
	header
	data   []byte // what the host sent
	cancel context.CancelFunc
}

func (u *urb) in() bool { return u.direction == dirIn }

func (u *urb) address() uint8 {
	if u.in() && u.endpoint != 0 {
		return uint8(u.endpoint) | 0x80
	}
	return uint8(u.endpoint)
}

func (u *urb) setupPacket() usb.Setup {
	return usb.Setup{
		RequestType: u.setup[0],
		Request:     u.setup[1],
		Value:       binary.LittleEndian.Uint16(u.setup[2:]),
		Index:       binary.LittleEndian.Uint16(u.setup[4:]),
	}
}

// read takes what the host sends until the connection ends.
func (s *session) read(ctx context.Context) error {
	r := bufio.NewReader(s.conn)
	for {
		h, err := readHeader(r)
		if err != nil {
			return fmt.Errorf("read usbip request: %w", err)
		}
		switch h.command {
		case cmdSubmit:
			err = s.submit(ctx, r, h)
		case cmdUnlink:
			err = s.unlink(h)
		default:
			err = fmt.Errorf("a host sent command %d", h.command)
		}
		if err != nil {
			return err
		}
	}
}

func (s *session) submit(ctx context.Context, r io.Reader, h header) error {
	u := &urb{header: h}
	if !u.in() {
		u.data = make([]byte, h.length)
		if _, err := io.ReadFull(r, u.data); err != nil {
			return fmt.Errorf("read data of transfer %d: %w", h.seq, err)
		}
	}
	ctx, u.cancel = context.WithCancel(ctx)
	if err := s.add(u); err != nil {
		u.cancel()
		return err
	}
	before, done := s.last[u.address()], make(chan struct{})
	s.last[u.address()] = done
	s.transfers.Go(func() {
		defer close(done)
		defer u.cancel()
		if before != nil {
			<-before
		}
		if ctx.Err() == nil {
			s.run(ctx, u)
		}
	})
	return nil
}

func (s *session) add(u *urb) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) == maxPending {
		return fmt.Errorf("more than %d transfers in flight", maxPending)
	}
	if s.pending[u.seq] != nil {
		return fmt.Errorf("transfer %d is in flight twice", u.seq)
	}
	s.pending[u.seq] = u
	return nil
}

// run does the transfer and answers it.
func (s *session) run(ctx context.Context, u *urb) {
	buf := u.data
	if u.in() {
		buf = make([]byte, u.length)
	}
	n, err := s.transfer(ctx, u, buf)
	if ctx.Err() != nil {
		return // cancelled, or unplugged: the host must not take the rest for an answer
	}
	ret := header{command: retSubmit, seq: u.seq, status: statusOf(err), length: uint32(max(n, 0))}
	switch {
	case n > len(buf):
		ret.status, ret.length = statusOverflow, 0
	case err == nil && u.in() && n < len(buf) && u.flags&flagShortNotOK != 0:
		ret.status = statusShortInput
	}
	b := ret.append(make([]byte, 0, headerLen+int(ret.length)))
	if u.in() {
		b = append(b, buf[:ret.length]...)
	}
	s.answer(u, b)
}

func (s *session) transfer(ctx context.Context, u *urb, buf []byte) (int, error) {
	switch {
	case u.endpoint != 0 && !s.standard.hasEndpoint(u.address()):
		return 0, fmt.Errorf("endpoint %#02x: %w", u.address(), usb.ErrStall)
	case u.endpoint != 0 && u.in():
		return s.dev.Read(ctx, u.address(), buf)
	case u.endpoint != 0:
		return s.dev.Write(ctx, u.address(), buf)
	case u.setup[0]&typeMask == typeStandard:
		return s.standard.control(u.setupPacket(), buf)
	}
	return s.dev.Control(ctx, u.setupPacket(), buf)
}

func statusOf(err error) int32 {
	switch {
	case err == nil:
		return statusOK
	case errors.Is(err, usb.ErrStall):
		return statusStall
	}
	return statusProtocol
}

// answer sends the answer to a transfer, unless it was cancelled in the meantime: then the
// cancellation has been answered and the host has forgotten the transfer.
func (s *session) answer(u *urb, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending[u.seq] != u {
		return
	}
	delete(s.pending, u.seq)
	if err := s.write(b); err != nil {
		s.end(fmt.Errorf("answer transfer %d: %w", u.seq, err))
	}
}

// unlink cancels a transfer.
func (s *session) unlink(h header) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ret := header{command: retUnlink, seq: h.seq}
	if u := s.pending[h.unlinked]; u != nil {
		delete(s.pending, h.unlinked)
		u.cancel()
		ret.status = statusUnlinked
	}
	return s.write(ret.append(nil))
}

func (s *session) write(b []byte) error {
	if d, ok := s.conn.(interface{ SetWriteDeadline(time.Time) error }); ok {
		d.SetWriteDeadline(time.Now().Add(writeTimeout))
	}
	_, err := s.conn.Write(b)
	return err
}
