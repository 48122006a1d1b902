//go:build cgo || windows

package pcsc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"boothd/devices"
)

const (
	busyLimit  = 2 * time.Second // that another program may hold the chip
	closeLimit = time.Second     // that a close waits for a call which does not end
)

// Reader is an opened reader.
type Reader struct {
	port port

	mu      sync.Mutex
	current *link // the last one that was made
	closing chan struct{}
	closed  bool

	refused *uint32 // the presentation that must be repeated, by its tick
}

var _ devices.ChipReader = (*Reader)(nil)

// Info describes the reader; its model is the service's name for it, often with the maker's
// name, the serial number and the slot in it.
func (r *Reader) Info() devices.Info {
	return devices.Info{Driver: driverName, Kind: devices.KindChipReader, Address: r.port.Address(), Model: r.port.reader}
}

// Connect implements devices.ChipReader.
func (r *Reader) Connect(ctx context.Context) (devices.Card, error) {
	l, err := r.link(ctx)
	if err != nil {
		return nil, connectError(err)
	}
	if err := r.await(ctx, l); err != nil {
		l.close()
		return nil, connectError(err)
	}
	return &card{l}, nil
}

func connectError(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("connect chip: %w", err)
}

// link makes a new link when the last one has ended.
func (r *Reader) link(ctx context.Context) (*link, error) {
	r.mu.Lock()
	last := r.current
	r.mu.Unlock()
	if last != nil {
		last.close()
		select {
		case <-last.ended:
		case <-r.closing:
			return nil, errClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errClosed
	}
	r.current = newLink(r.port.reader)
	return r.current, nil
}

// await waits for a chip and connects the link to it.
func (r *Reader) await(ctx context.Context, l *link) error {
	if err := l.do(ctx, l.establish); err != nil {
		return err
	}
	var busySince time.Time
	for {
		now, err := look(ctx, l)
		if err != nil {
			return err
		}
		if !r.presented(now) {
			continue
		}
		err = l.do(ctx, l.connect)
		switch {
		case chipLeft(err):
			continue
		case errors.Is(err, devices.ErrBusy) && (busySince.IsZero() || time.Since(busySince) < busyLimit):
			if busySince.IsZero() {
				busySince = time.Now()
			}
			continue
		}
		r.remember(now, err)
		return err
	}
}

// look looks at the field.
func look(ctx context.Context, l *link) (presence, error) {
	var now presence
	err := l.do(ctx, func() (err error) {
		now, err = l.look()
		return err
	})
	if err != nil {
		return presence{}, err
	}
	return now, nil
}

// presented says whether there is a chip to connect to.
func (r *Reader) presented(now presence) bool {
	if !now.chip {
		r.refused = nil
		return false
	}
	return r.refused == nil || *r.refused != now.tick
}

// remember notes a presentation that must be repeated.
func (r *Reader) remember(now presence, err error) {
	r.refused = nil
	if retry := (*devices.RetryError)(nil); errors.As(err, &retry) {
		r.refused = &now.tick
	}
}

// Close implements devices.Device.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	close(r.closing)
	if r.current != nil {
		r.current.close()
		waitEnd(r.current)
	}
	return nil
}

// free implements holder.
func (r *Reader) free() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current == nil || !r.closed {
		return r.closed
	}
	select {
	case <-r.current.ended:
		return true
	default:
		return false
	}
}

// waitEnd waits until a closed link has given all back, unless a call on it does not end.
func waitEnd(l *link) {
	limit := time.NewTimer(closeLimit)
	defer limit.Stop()
	select {
	case <-l.ended:
	case <-limit.C:
	}
}
