package campaign

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"boothd/devices/serial"
)

type serialPort struct {
	serial.Port
	saboteur *Saboteur
}

var _ serial.Port = serialPort{}

func (p serialPort) Open(ctx context.Context) (serial.Line, error) {
	session := p.saboteur.session()
	if err := p.saboteur.thaw(ctx, session); err != nil {
		return nil, fmt.Errorf("open %s: %w", p.Address(), err)
	}
	line, err := p.Port.Open(ctx)
	if err != nil {
		return nil, err
	}
	l := &serialLine{Line: line, saboteur: p.saboteur, session: session}
	l.open, l.shut = context.WithCancelCause(context.Background())
	return l, nil
}

// serialLine is a line on which one read or write may be spoilt: a read counts when bytes have
// come, and of a write it is the answer that is spoilt.
type serialLine struct {
	serial.Line
	saboteur *Saboteur
	session  context.Context
	open     context.Context // ends with Close
	shut     context.CancelCauseFunc

	mu   sync.Mutex
	rest []byte    // bytes that have come and were not read yet
	due  time.Time // before which they are still on their way
	next Fault     // of a write: its answer is what is read next
}

var _ serial.Retunable = (*serialLine)(nil)

func (l *serialLine) Close() error {
	l.shut(os.ErrClosed)
	return l.Line.Close()
}

func (l *serialLine) Baud() int {
	if r, ok := l.Line.(serial.Retunable); ok {
		return r.Baud()
	}
	return 0
}

func (l *serialLine) SetBaud(baud int) error {
	if r, ok := l.Line.(serial.Retunable); ok {
		return r.SetBaud(baud)
	}
	return errors.ErrUnsupported
}

func (l *serialLine) Discard() {
	l.mu.Lock()
	l.rest = nil
	l.mu.Unlock()
	l.Line.Discard()
}

func (l *serialLine) Write(ctx context.Context, data []byte) (int, error) {
	f := l.saboteur.next()
	defer l.saboteur.ended(f)
	if err := l.saboteur.thaw(ctx, l.session); err != nil {
		return 0, err
	}
	l.mu.Lock()
	l.next = f
	l.mu.Unlock()
	n, err := l.Line.Write(ctx, data)
	l.saboteur.moved(n, 0)
	return n, err
}

func (l *serialLine) Read(ctx context.Context, buf []byte) (int, error) {
	if n, err := l.held(ctx, buf); n > 0 || err != nil {
		return n, err
	}
	n, err := l.under(ctx, buf)
	if thawed := l.saboteur.thaw(ctx, l.session); thawed != nil {
		return 0, thawed
	}
	if n == 0 || err != nil {
		return n, err
	}
	l.saboteur.moved(n, 0)
	f := l.saboteur.next()
	l.mu.Lock()
	if f == "" {
		f = l.next
	}
	l.next = ""
	l.mu.Unlock()
	defer l.saboteur.ended(f)
	switch f {
	case Late:
		l.hold(buf[:n], time.Now().Add(Delay))
		return l.Read(ctx, buf)
	case Lost, Unplug, Suspend:
		return l.Read(ctx, buf)
	case Long:
		more := make([]byte, 2*n+64)
		all, _ := l.saboteur.spoil(f, more, n)
		l.hold(more[n:all], time.Time{})
		return n, nil
	}
	return l.saboteur.spoil(f, buf, n)
}

// under reads until a reset.
func (l *serialLine) under(ctx context.Context, buf []byte) (int, error) {
	if err := l.saboteur.thaw(ctx, l.session); err != nil {
		return 0, err
	}
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.session, cancel)()
	n, err := l.Line.Read(both, buf)
	if err != nil && l.session.Err() != nil && ctx.Err() == nil {
		return 0, context.Cause(l.session)
	}
	return n, err
}

func (l *serialLine) hold(data []byte, due time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest, l.due = append([]byte(nil), data...), due
}

// held returns bytes that were kept back, when they are due.
func (l *serialLine) held(ctx context.Context, buf []byte) (int, error) {
	l.mu.Lock()
	rest, due := l.rest, l.due
	l.mu.Unlock()
	if len(rest) == 0 {
		return 0, nil
	}
	if err := pause(time.Until(due), ctx, l.open); err != nil {
		if l.open.Err() != nil {
			return 0, fmt.Errorf("serial line: %w", os.ErrClosed)
		}
		return 0, err
	}
	n := copy(buf, rest)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = l.rest[min(n, len(l.rest)):]
	return n, nil
}
