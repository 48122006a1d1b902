package serial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	tarm "github.com/tarm/serial"

	"boothd/devices"
)

// poll is how long one read or write waits.
const poll = 100 * time.Millisecond

// line implements Line on the wire, which reads, and on a second descriptor of the same
// device, which writes, holds the lock and tells whether the device is still there.
type line struct {
	path string
	wire io.ReadWriteCloser
	node *node
	baud atomic.Int32

	reading, writing sync.Mutex // held during Read and Write; both to close
	closing          context.Context
	close            context.CancelFunc
	closed           sync.Once
	closeErr         error
}

var _ Retunable = (*line)(nil)

func open(c Config) (*line, error) {
	n, err := openNode(c.Path)
	if err != nil {
		return nil, fmt.Errorf("lock the line: %w", openError(err))
	}
	w, err := tarm.OpenPort(&tarm.Config{Name: c.Path, Baud: c.Baud, ReadTimeout: poll})
	if err != nil {
		n.close()
		return nil, openError(err)
	}
	l := &line{path: c.Path, wire: w, node: n}
	l.baud.Store(int32(c.Baud))
	l.closing, l.close = context.WithCancel(context.Background())
	return l, nil
}

func openError(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %w", devices.ErrGone, err)
	}
	return err
}

func (l *line) Read(ctx context.Context, buf []byte) (int, error) {
	l.reading.Lock()
	defer l.reading.Unlock()
	for {
		if l.closing.Err() != nil {
			return 0, l.closedError()
		}
		n, err := l.wire.Read(buf)
		if n > 0 {
			return n, nil
		}
		if err := l.failed("read", err); err != nil {
			return 0, err
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
	}
}

func (l *line) Write(ctx context.Context, data []byte) (int, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	sent := 0
	for sent < len(data) {
		if l.closing.Err() != nil {
			return sent, l.closedError()
		}
		if err := ctx.Err(); err != nil {
			return sent, err
		}
		n, err := l.node.write(l.wire, data[sent:])
		sent += n
		if err := l.failed("write", err); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

func (l *line) closedError() error {
	return fmt.Errorf("serial line %s: %w", l.path, os.ErrClosed)
}

// failed judges what a read or write returned. A time-out, for which the wire says io.EOF,
// is no error unless the device has gone.
func (l *line) failed(deed string, err error) error {
	switch {
	case l.node.gone():
		return fmt.Errorf("%s serial line %s: %w", deed, l.path, devices.ErrGone)
	case err == nil || errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	}
	return fmt.Errorf("%s serial line %s: %w", deed, l.path, err)
}

func (l *line) Baud() int { return int(l.baud.Load()) }

func (l *line) SetBaud(baud int) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.closing.Err() != nil {
		return l.closedError()
	}
	if !slices.Contains(Bauds, baud) {
		return fmt.Errorf("set speed of serial line %s: %d baud is none of %v", l.path, baud, Bauds)
	}
	if err := l.failed("set speed of", l.node.setBaud(baud)); err != nil {
		return err
	}
	l.baud.Store(int32(baud))
	return nil
}

func (l *line) Discard() { l.node.discardInput() }

func (l *line) Close() error {
	l.closed.Do(func() {
		l.close()
		l.reading.Lock()
		defer l.reading.Unlock()
		l.writing.Lock()
		defer l.writing.Unlock()
		l.closeErr = errors.Join(l.wire.Close(), l.node.close())
	})
	return l.closeErr
}
