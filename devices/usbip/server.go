package usbip

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"boothd/devices"
)

const (
	// operationTimeout is how long a client may take to say what it wants.
	operationTimeout = 5 * time.Second
	// maxClients is how many connections a server keeps at a time.
	maxClients = 64
)

// Server exports emulated devices over TCP. Devices are plugged and unplugged while it
// runs.
type Server struct {
	log *slog.Logger

	mu      sync.Mutex
	exports []*export // in the order of plugging
	devNum  uint32
}

// export is a plugged device.
type export struct {
	dev    Device
	record deviceRecord
	list   []byte // its entry in the device list

	ctx      context.Context // ends when the device is unplugged
	unplug   context.CancelCauseFunc
	imported bool
	sessions sync.WaitGroup
}

// errUnplugged is why a session ends when its device is unplugged.
var errUnplugged = fmt.Errorf("unplugged: %w", devices.ErrGone)

// NewServer returns a server without devices. The log may be nil.
func NewServer(log *slog.Logger) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{log: log, devNum: 1}
}

// Plug exports a device under a bus id such as "1-1", of 1 to 31 bytes. It returns an
// error matching devices.ErrBusy if another device is plugged there.
func (s *Server) Plug(busID string, dev Device) error {
	if busID == "" || len(busID) >= busIDLen {
		return fmt.Errorf("plug %q: bus id must have 1 to %d bytes", busID, busIDLen-1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.find(busID) != nil {
		return fmt.Errorf("plug %s: %w", busID, devices.ErrBusy)
	}
	s.devNum++
	e := &export{dev: dev}
	d := dev.Descriptor()
	e.record = deviceRecord{
		path: "/sys/devices/boothd/usb1/" + busID, busID: busID,
		busNum: 1, devNum: s.devNum, speed: speedFull,
		vendor: d.ID.Vendor, product: d.ID.Product, bcdDevice: d.BCDDevice,
		configuration: 1, configurations: 1, interfaces: uint8(len(d.Interfaces)),
	}
	e.list = e.record.append(nil)
	for _, i := range d.Interfaces {
		e.list = append(e.list, i.Class, i.SubClass, i.Protocol, 0)
	}
	e.ctx, e.unplug = context.WithCancelCause(context.Background())
	s.exports = append(s.exports, e)
	return nil
}

// Unplug takes a device away from whoever uses it and returns when no transfer is under
// way any more. A device that is not plugged is left alone.
func (s *Server) Unplug(busID string) {
	s.mu.Lock()
	e := s.find(busID)
	for i := range s.exports {
		if s.exports[i] == e {
			s.exports = append(s.exports[:i:i], s.exports[i+1:]...)
			break
		}
	}
	s.mu.Unlock()
	if e != nil {
		e.unplug(errUnplugged)
		e.sessions.Wait()
	}
}

// find returns the device plugged at a bus id; s.mu is held.
func (s *Server) find(busID string) *export {
	for _, e := range s.exports {
		if e.record.busID == busID {
			return e
		}
	}
	return nil
}

// Serve answers clients until ctx ends, and returns when the last one was let go. It
// closes the listener.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var clients sync.WaitGroup
	defer clients.Wait()
	defer cancel()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	defer l.Close()
	free := make(chan struct{}, maxClients)
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				conn.Close()
			}
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("accept usbip client: %w", err)
		}
		select {
		case free <- struct{}{}:
		default:
			conn.Close()
			continue
		}
		clients.Go(func() {
			defer func() { <-free }()
			defer conn.Close()
			if err := s.serve(ctx, conn); err != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) {
				s.log.Warn("usbip client", "client", conn.RemoteAddr().String(), "err", err)
			}
		})
	}
}

// serve does the one operation of a connection.
func (s *Server) serve(ctx context.Context, conn net.Conn) error {
	conn.SetDeadline(time.Now().Add(operationTimeout))
	defer context.AfterFunc(ctx, func() { halting{conn}.Close() })()
	op, err := readOpHeader(conn)
	if err != nil {
		return fmt.Errorf("read operation: %w", err)
	}
	switch op.code {
	case opReqDevlist:
		_, err := conn.Write(s.deviceList())
		return err
	case opReqImport:
		return s.serveImport(ctx, conn)
	}
	return fmt.Errorf("operation %#04x is none of the protocol", op.code)
}

func (s *Server) deviceList() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := opHeader{code: opRepDevlist}.append(nil)
	n := len(s.exports)
	b = append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	for _, e := range s.exports {
		b = append(b, e.list...)
	}
	return b
}

func (s *Server) serveImport(ctx context.Context, conn net.Conn) error {
	var b [busIDLen]byte
	if _, err := io.ReadFull(conn, b[:]); err != nil {
		return fmt.Errorf("read import: %w", err)
	}
	busID := unpad(b[:])
	e, status := s.take(busID)
	if status != opOK {
		_, err := conn.Write(opHeader{opRepImport, status}.append(nil))
		return err
	}
	defer s.release(e)
	if _, err := conn.Write(e.record.append(opHeader{code: opRepImport}.append(nil))); err != nil {
		return fmt.Errorf("answer import of %s: %w", busID, err)
	}
	conn.SetDeadline(time.Time{})
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(e.ctx, func() { cancel(context.Cause(e.ctx)) })()
	s.log.Info("usbip device taken", "busid", busID, "client", conn.RemoteAddr().String())
	err := Serve(ctx, halting{conn}, e.dev)
	s.log.Info("usbip device given back", "busid", busID)
	if errors.Is(err, devices.ErrGone) {
		return nil
	}
	return err
}

// halting is a connection whose Close ends its reads and writes only. The client takes the
// end of the connection for the word that the device is free, and so it must be by then.
type halting struct{ net.Conn }

func (h halting) Close() error { return h.SetDeadline(time.Unix(1, 0)) }

// take gives a device to one client.
func (s *Server) take(busID string) (*export, uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.find(busID)
	switch {
	case e == nil:
		return nil, opNoDevice
	case e.imported:
		return nil, opBusy
	}
	e.imported = true
	e.sessions.Add(1)
	return e, opOK
}

func (s *Server) release(e *export) {
	s.mu.Lock()
	e.imported = false
	s.mu.Unlock()
	e.sessions.Done()
}
