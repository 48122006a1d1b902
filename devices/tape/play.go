package tape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"boothd/devices"
	"boothd/devices/serial"
	"boothd/devices/usb"
)

// ErrOther is matched by the error of a driver's question that is not the tape's next one.
var ErrOther = errors.New("the tape has something else here")

// Port returns a port that plays the tape to the driver that opens it, from its beginning at every
// Open. It implements usb.Port or serial.Port.
func (t *Tape) Port() devices.Port {
	if t.Serial != nil {
		return serialPlayer{port{t}}
	}
	return usbPlayer{port{t}}
}

type port struct{ tape *Tape }

func (p port) Address() string { return "tape:" + p.tape.Address }
func (p port) Driver() string  { return p.tape.Driver }

// ID returns the zero ID for a serial line.
func (p port) ID() (id devices.ID) {
	if p.tape.USB != nil {
		id, _ = parseID(p.tape.USB.ID) // it was checked
	}
	return id
}

type usbPlayer struct{ port }

var _ usb.Port = usbPlayer{}

func (p usbPlayer) Open(ctx context.Context, want func(usb.Interface) bool) (usb.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, i := range p.tape.USB.Interfaces {
		if want(i) {
			return &usbDeck{newDeck(p.tape, net.ErrClosed)}, nil
		}
	}
	return nil, fmt.Errorf("open %s: no interface on it is wanted", p.Address())
}

type serialPlayer struct{ port }

var _ serial.Port = serialPlayer{}

func (p serialPlayer) Open(ctx context.Context) (serial.Line, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &lineDeck{deck: newDeck(p.tape, os.ErrClosed), baud: p.tape.Serial.Baud}, nil
}

// deck plays one tape.
type deck struct {
	tape *Tape
	open context.Context // ends with Close
	shut context.CancelCauseFunc

	mu      sync.Mutex
	done    []bool        // what was played
	last    time.Time     // when something was
	lastAt  int64         // its time on the tape
	changed chan struct{} // closed and replaced when more was
}

func newDeck(t *Tape, closed error) *deck {
	d := &deck{tape: t, done: make([]bool, len(t.Events)), last: time.Now(), changed: make(chan struct{})}
	open, shut := context.WithCancelCause(context.Background())
	d.open, d.shut = open, func(error) { shut(closed) }
	return d
}

func (d *deck) Close() error {
	d.shut(nil)
	return nil
}

// played notes that an event was played. d.mu is held.
func (d *deck) played(i int) {
	d.done[i], d.last, d.lastAt = true, time.Now(), d.tape.Events[i].At
	close(d.changed)
	d.changed = make(chan struct{})
}

// question plays what the driver did next: a control transfer, a write or a change of speed.
func (d *deck) question(ctx context.Context, e Event, data []byte) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open.Err() != nil {
		return 0, context.Cause(d.open)
	}
	i := d.next(func(t *Event) bool { return t.Do != Read })
	if i < 0 {
		return 0, fmt.Errorf("%s after the tape's end: %w", e.Do, ErrOther)
	}
	t := &d.tape.Events[i]
	same := t.Do == e.Do && bytes.Equal(t.Setup, e.Setup) && t.Endpoint == e.Endpoint && t.Length == e.Length && t.Baud == e.Baud
	if same && !t.in() {
		same = bytes.Equal(t.Data, e.Data)
	}
	if !same {
		return 0, fmt.Errorf("event %d: %w", i+1, ErrOther)
	}
	d.played(i)
	if err := t.Error.err(); err != nil {
		return 0, fmt.Errorf("event %d: %w", i+1, err)
	}
	if t.in() {
		return copy(data, t.Data), nil
	}
	return len(data), nil
}

// next returns the first event of that sort that was not played, or -1. d.mu is held.
func (d *deck) next(of func(*Event) bool) int {
	for i := range d.tape.Events {
		if !d.done[i] && of(&d.tape.Events[i]) {
			return i
		}
	}
	return -1
}

// answer waits until the device has something to say, and returns its place on the tape with d.mu
// held; or an error, without.
func (d *deck) answer(ctx context.Context, of func(*Event) bool) (int, error) {
	for {
		d.mu.Lock()
		i := d.next(of)
		question := d.next(func(e *Event) bool { return e.Do != Read })
		wait := never
		if i >= 0 && (question < 0 || i < question) {
			wait = d.untilDue(i)
		}
		if d.open.Err() == nil && ctx.Err() == nil && wait <= 0 {
			return i, nil
		}
		changed := d.changed
		d.mu.Unlock()
		due := time.NewTimer(wait)
		defer due.Stop()
		select {
		case <-changed:
		case <-due.C:
		case <-d.open.Done():
			return 0, context.Cause(d.open)
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

const (
	never = 24 * time.Hour
	// longestWait is what a longer silence on the tape is cut to.
	longestWait = time.Second
)

// untilDue returns how long the device was silent before event i, less what has passed. d.mu is
// held.
func (d *deck) untilDue(i int) time.Duration {
	silent := time.Duration(d.tape.Events[i].At-d.lastAt) * time.Microsecond
	return min(silent, longestWait) - time.Since(d.last)
}

type usbDeck struct{ *deck }

func (d *usbDeck) BCDDevice() uint16 { return d.tape.USB.BCD }

func (d *usbDeck) Control(ctx context.Context, s usb.Setup, data []byte) (int, error) {
	return d.question(ctx, Event{Do: Control, Setup: setupBytes(s), Length: len(data), Data: data}, data)
}

func (d *usbDeck) Write(ctx context.Context, endpoint uint8, data []byte) (int, error) {
	return d.question(ctx, Event{Do: Write, Endpoint: endpoint, Length: len(data), Data: data}, data)
}

func (d *usbDeck) Read(ctx context.Context, endpoint uint8, buf []byte) (int, error) {
	i, err := d.answer(ctx, func(e *Event) bool { return e.Do == Read && e.Endpoint == endpoint })
	if err != nil {
		return 0, err
	}
	defer d.mu.Unlock()
	e := &d.tape.Events[i]
	if len(e.Data) > len(buf) {
		return 0, fmt.Errorf("event %d: a read of %d bytes, not %d: %w", i+1, len(buf), e.Length, ErrOther)
	}
	d.played(i)
	if err := e.Error.err(); err != nil {
		return 0, fmt.Errorf("event %d: %w", i+1, err)
	}
	return copy(buf, e.Data), nil
}

type lineDeck struct {
	*deck
	reading sync.Mutex // guards rest
	rest    []byte     // of an event that was played
	baud    int
}

var _ serial.Retunable = (*lineDeck)(nil)

func (d *lineDeck) Write(ctx context.Context, data []byte) (int, error) {
	return d.question(ctx, Event{Do: Write, Data: data}, data)
}

func (d *lineDeck) Read(ctx context.Context, buf []byte) (int, error) {
	d.reading.Lock()
	defer d.reading.Unlock()
	if len(d.rest) == 0 {
		i, err := d.answer(ctx, func(e *Event) bool { return e.Do == Read })
		if err != nil {
			return 0, err
		}
		e := &d.tape.Events[i]
		d.played(i)
		d.mu.Unlock()
		if err := e.Error.err(); err != nil {
			return 0, fmt.Errorf("event %d: %w", i+1, err)
		}
		d.rest = e.Data
	}
	n := copy(buf, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

// Discard drops what has come and was not read. What the tape says next is still to come.
func (d *lineDeck) Discard() {
	d.reading.Lock()
	defer d.reading.Unlock()
	d.rest = nil
}

func (d *lineDeck) Baud() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.baud
}

func (d *lineDeck) SetBaud(baud int) error {
	if _, err := d.question(context.Background(), Event{Do: SetBaud, Baud: baud}, nil); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.baud = baud
	return nil
}
