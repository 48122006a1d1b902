package zfm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"boothd/devices/serial"
)

const (
	answerTimeout = 2 * time.Second        // for a picture to be taken
	byteGap       = 300 * time.Millisecond // between the bytes of data packets
	quiet         = 200 * time.Millisecond // after which a module has nothing more to say
	maxNoise      = 128 << 10              // bytes; two pictures of the largest kind and more
)

var (
	errSilent   = errors.New("the module does not answer")
	errRestless = errors.New("the line never rests")
	// errGarbled is silence in which something came.
	errGarbled = fmt.Errorf("%w in a way that makes sense", errSilent)
)

// link speaks with a module. It is used by one goroutine at a time.
type link struct {
	line   serial.Line
	parser parser
	buf    [1024]byte
	stale  bool // bytes of an answer that nobody waited for may come
}

// ask sends an instruction and returns the content of its acknowledgement, or a *codeError if
// that says anything other than done. It returns errSilent if none comes in time.
func (l *link) ask(ctx context.Context, timeout time.Duration, asked instruction, parameters ...byte) ([]byte, error) {
	if l.stale {
		if err := l.settle(ctx); err != nil {
			return nil, err
		}
	}
	l.line.Discard()
	l.parser.reset()
	l.stale = true
	command := encode(l.parser.address, kindCommand, append([]byte{byte(asked)}, parameters...)...)
	if _, err := l.line.Write(ctx, command); err != nil {
		return nil, err
	}
	answer, err := l.acknowledgement(ctx, timeout)
	if err != nil {
		return nil, fmt.Errorf("instruction %#02x: %w", byte(asked), err)
	}
	l.stale = false
	if c := code(answer[0]); c != done {
		return nil, &codeError{asked, c}
	}
	return answer[1:], nil
}

// acknowledgement waits for one and passes over everything else.
func (l *link) acknowledgement(ctx context.Context, timeout time.Duration) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for noise := 0; noise < maxNoise; {
		n, err := l.read(limited)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case limited.Err() != nil && n == 0 && noise > 0:
			return nil, errGarbled
		case limited.Err() != nil && n == 0:
			return nil, errSilent
		case err != nil:
			return nil, err
		}
		noise += n
		for {
			p, ok := l.parser.next()
			if !ok {
				break
			}
			if p.kind == kindAcknowledge {
				return p.content, nil
			}
		}
	}
	return nil, errRestless
}

// read reads what comes into the parser. It returns 0 bytes only with an error. A line has
// bytes to return also after the end of the context, and with a module that talks on has always.
func (l *link) read(ctx context.Context) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n, err := l.line.Read(ctx, l.buf[:])
	l.parser.push(l.buf[:n])
	return n, err
}

// readFor is read for so long. It returns 0 and no error if nothing comes.
func (l *link) readFor(ctx context.Context, d time.Duration) (int, error) {
	limited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	n, err := l.read(limited)
	if ended := limited.Err(); ended != nil && errors.Is(err, ended) {
		return 0, ctx.Err()
	}
	return n, err
}

// settle reads until the module is silent.
func (l *link) settle(ctx context.Context) error {
	for noise := 0; noise < maxNoise; {
		n, err := l.readFor(ctx, quiet)
		if err != nil {
			return err
		}
		if n == 0 {
			l.parser.reset()
			l.stale = false
			return nil
		}
		l.parser.reset()
		noise += n
	}
	return errRestless
}

// pause waits, or ends with the context.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
