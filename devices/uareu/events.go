package uareu

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"boothd/devices/usb"
)

// event is what the scanner reports on its interrupt endpoint.
type event uint16

const (
	eventPower   event = 0x56aa // the scanner has power
	eventFinger  event = 0x0101
	eventRemoval event = 0x0200
	eventFailing event = 0x0800 // the next picture will usually be empty
)

const (
	endpointEvents = 0x81
	eventLen       = 64
	// maxEmpty is how many packets without an event may follow each other.
	maxEmpty = 100
)

// events remembers which events came since they were last forgotten, so that none is lost
// between two requests and a scanner that repeats itself fills nothing up.
type events struct {
	conn usb.Conn
	log  *slog.Logger

	mu      sync.Mutex
	seen    map[event]bool
	err     error         // why no events come any more
	changed chan struct{} // has an element after a change
}

func newEvents(conn usb.Conn, log *slog.Logger) *events {
	return &events{conn: conn, log: log, seen: make(map[event]bool), changed: make(chan struct{}, 1)}
}

// listen reads events until ctx ends or the scanner fails.
func (e *events) listen(ctx context.Context) {
	buf := make([]byte, eventLen)
	for empty := 0; empty < maxEmpty; empty++ {
		n, err := e.conn.Read(ctx, endpointEvents, buf)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			e.fail(fmt.Errorf("listen for events: %w", err))
			return
		}
		if n >= 2 {
			empty = 0
			e.note(event(binary.BigEndian.Uint16(buf)))
		}
	}
	e.fail(errors.New("listen for events: the scanner sends nothing but empty packets"))
}

func (e *events) note(ev event) {
	switch ev {
	case eventPower, eventFinger, eventRemoval:
	case eventFailing:
		e.log.Warn("scanner announces a failure")
	default:
		e.log.Debug("scanner sent an unknown event", "event", fmt.Sprintf("%#04x", uint16(ev)))
		return
	}
	e.mu.Lock()
	e.seen[ev] = true
	e.mu.Unlock()
	e.wake()
}

func (e *events) fail(err error) {
	e.mu.Lock()
	e.err = err
	e.mu.Unlock()
	e.wake()
}

func (e *events) wake() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

// take says whether the event came, and forgets it.
func (e *events) take(ev event) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	came := e.seen[ev]
	delete(e.seen, ev)
	return came, e.err
}

// await waits for an event that was not forgotten. One goroutine waits at a time.
func (e *events) await(ctx context.Context, ev event) error {
	for {
		came, err := e.take(ev)
		if err != nil || came {
			return err
		}
		select {
		case <-e.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
