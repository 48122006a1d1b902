package tape

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"boothd/devices"
	"boothd/devices/serial"
	"boothd/devices/usb"
)

// ErrTransport is matched by the error of a port that cannot be recorded.
var ErrTransport = errors.New("only usb devices and serial lines can be recorded")

// Recorder is a port whose conversation is recorded. It implements devices.Port, and usb.Port or
// serial.Port; give it to the driver that is to be recorded.
type Recorder struct {
	devices.Port
	head Head

	mu     sync.Mutex
	to     *json.Encoder
	began  time.Time
	events int
	err    error // why the tape is not complete
}

// Record returns a port that is recorded while the named driver uses it. The tape begins when the
// port is opened. baud is the speed of a serial line, and not used otherwise.
func Record(p devices.Port, driver string, baud int, to io.Writer) (devices.Port, *Recorder, error) {
	r := &Recorder{Port: p, to: json.NewEncoder(to), head: Head{Tape: Version, Driver: driver, Address: p.Address()}}
	switch p := p.(type) {
	case usb.Port:
		r.head.USB = &USB{ID: p.ID().String()}
		return &usbRecorder{r, p}, r, nil
	case serial.Port:
		r.head.Serial = &Serial{Baud: baud}
		return &serialRecorder{r, p}, r, nil
	}
	return nil, nil, fmt.Errorf("record %s: %w", p.Address(), ErrTransport)
}

// Events returns how many events are on the tape, and why it is not complete, if it is not.
func (r *Recorder) Events() (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events, r.err
}

// begin writes the head.
func (r *Recorder) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.began.IsZero() {
		r.began = time.Now()
		r.err = errors.Join(r.err, r.to.Encode(r.head))
	}
}

// note writes an event, unless the driver gave it up.
func (r *Recorder) note(ctx context.Context, e Event, err error) {
	if err != nil && (errors.Is(err, context.Canceled) || ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled)) {
		return
	}
	e.Error = endingOf(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return
	}
	e.At = since(r.began)
	r.events++
	r.err = r.to.Encode(e)
}

type usbRecorder struct {
	*Recorder
	port usb.Port
}

var _ usb.Port = (*usbRecorder)(nil)

func (r *usbRecorder) Open(ctx context.Context, want func(usb.Interface) bool) (usb.Conn, error) {
	c, err := r.port.Open(ctx, func(i usb.Interface) bool {
		r.head.USB.Interfaces = append(r.head.USB.Interfaces, i)
		return want(i)
	})
	if err != nil {
		return nil, err
	}
	r.head.USB.BCD = c.BCDDevice()
	r.begin()
	return &usbTap{c, r.Recorder}, nil
}

// usbTap is a connection that is listened to.
type usbTap struct {
	usb.Conn
	recorder *Recorder
}

func (t *usbTap) Control(ctx context.Context, s usb.Setup, data []byte) (int, error) {
	e := Event{Do: Control, Setup: setupBytes(s), Length: len(data)}
	if !e.in() {
		e.Data = append(Bytes(nil), data...)
	}
	n, err := t.Conn.Control(ctx, s, data)
	if e.in() && err == nil {
		e.Data = append(Bytes(nil), data[:n]...)
	}
	t.recorder.note(ctx, e, err)
	return n, err
}

func (t *usbTap) Read(ctx context.Context, endpoint uint8, buf []byte) (int, error) {
	n, err := t.Conn.Read(ctx, endpoint, buf)
	t.recorder.note(ctx, Event{Do: Read, Endpoint: endpoint, Length: len(buf), Data: append(Bytes(nil), buf[:n]...)}, err)
	return n, err
}

func (t *usbTap) Write(ctx context.Context, endpoint uint8, data []byte) (int, error) {
	n, err := t.Conn.Write(ctx, endpoint, data)
	t.recorder.note(ctx, Event{Do: Write, Endpoint: endpoint, Length: len(data), Data: append(Bytes(nil), data...)}, err)
	return n, err
}

func setupBytes(s usb.Setup) Bytes {
	b := Bytes{s.RequestType, s.Request}
	b = binary.BigEndian.AppendUint16(b, s.Value)
	return binary.BigEndian.AppendUint16(b, s.Index)
}

type serialRecorder struct {
	*Recorder
	port serial.Port
}

var _ serial.Port = (*serialRecorder)(nil)

func (r *serialRecorder) Open(ctx context.Context) (serial.Line, error) {
	l, err := r.port.Open(ctx)
	if err != nil {
		return nil, err
	}
	r.begin()
	return &lineTap{l, r.Recorder}, nil
}

// lineTap is a line that is listened to. Reads that brought nothing are not on the tape.
type lineTap struct {
	serial.Line
	recorder *Recorder
}

var _ serial.Retunable = (*lineTap)(nil)

func (t *lineTap) Read(ctx context.Context, buf []byte) (int, error) {
	n, err := t.Line.Read(ctx, buf)
	if n > 0 || errors.Is(err, devices.ErrGone) {
		t.recorder.note(context.Background(), Event{Do: Read, Data: append(Bytes(nil), buf[:n]...)}, err)
	}
	return n, err
}

func (t *lineTap) Write(ctx context.Context, data []byte) (int, error) {
	n, err := t.Line.Write(ctx, data)
	t.recorder.note(ctx, Event{Do: Write, Data: append(Bytes(nil), data...)}, err)
	return n, err
}

func (t *lineTap) Baud() int {
	if l, ok := t.Line.(serial.Retunable); ok {
		return l.Baud()
	}
	return 0
}

func (t *lineTap) SetBaud(baud int) error {
	l, ok := t.Line.(serial.Retunable)
	if !ok {
		return errors.ErrUnsupported
	}
	err := l.SetBaud(baud)
	t.recorder.note(context.Background(), Event{Do: SetBaud, Baud: baud}, err)
	return err
}
