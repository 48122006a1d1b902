//go:build cgo || windows

package pcsc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/ebfe/scard"

	"boothd/devices"
)

// Scan asks the service for its readers. While the service does not answer, one question
// stays open and no second is asked.
func (b *Bus) Scan(ctx context.Context) ([]devices.Port, error) {
	readers, err := b.list(ctx)
	if err != nil {
		return nil, fmt.Errorf("scan pcsc: %w", err)
	}
	var ports []devices.Port
	for _, reader := range readers {
		if b.wants(reader) {
			ports = append(ports, port{b, reader})
		}
	}
	return ports, nil
}

// list returns the names of all readers.
func (b *Bus) list(ctx context.Context) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	type answer struct {
		readers []string
		err     error
	}
	done := make(chan answer, 1)
	go func() {
		defer func() { <-b.turn }()
		readers, err := listReaders()
		done <- answer{readers, err}
	}()
	select {
	case a := <-done:
		return a.readers, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func listReaders() ([]string, error) {
	service, err := scard.EstablishContext()
	if isAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("connect to the service: %w", err)
	}
	defer service.Release()
	readers, err := service.ListReaders()
	if isAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list readers: %w", err)
	}
	return readers, nil
}

// isAbsent tells the errors of a service that is not there, or has no readers.
func isAbsent(err error) bool {
	return err != nil && errors.Is(translate(err), devices.ErrGone)
}

func (p port) open(ctx context.Context) (devices.Device, error) {
	readers, err := p.bus.list(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(readers, p.reader) {
		return nil, devices.ErrGone
	}
	r := &Reader{port: p, closing: make(chan struct{})}
	if !p.bus.take(p.reader, r) {
		return nil, devices.ErrBusy
	}
	return r, nil
}

var errClosed = fmt.Errorf("chip reader: %w", os.ErrClosed)
