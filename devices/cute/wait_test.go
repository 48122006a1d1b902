package cute_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"boothd/devices"
	"boothd/devices/cute"
	"boothd/devices/cute/cuteemu"
	"boothd/devices/serial"
)

// memoryLine is a serial line in memory, so that time can be the test's.
type memoryLine struct {
	mu      sync.Mutex
	pending []byte
	more    chan struct{} // closed when bytes came
	gone    bool
	closed  chan struct{}
}

func newMemoryLine() *memoryLine {
	return &memoryLine{more: make(chan struct{}), closed: make(chan struct{})}
}

func (l *memoryLine) Address() string                            { return "serial:memory" }
func (l *memoryLine) ID() devices.ID                             { return devices.ID{} }
func (l *memoryLine) Driver() string                             { return "cute" }
func (l *memoryLine) Open(context.Context) (serial.Line, error)  { return l, nil }
func (l *memoryLine) Write(context.Context, []byte) (int, error) { return 0, os.ErrInvalid }
func (l *memoryLine) Discard()                                   {}
func (l *memoryLine) Close() error                               { close(l.closed); return nil }
func (l *memoryLine) Read(ctx context.Context, b []byte) (int, error) {
	for {
		l.mu.Lock()
		more := l.more
		n := copy(b, l.pending)
		l.pending = l.pending[n:]
		gone := l.gone
		l.mu.Unlock()
		if n > 0 {
			return n, nil
		}
		if gone {
			return 0, devices.ErrGone
		}
		select {
		case <-more:
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-l.closed:
			return 0, os.ErrClosed
		}
	}
}

// send puts bytes on the line.
func (l *memoryLine) send(data ...byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = append(l.pending, data...)
	close(l.more)
	l.more = make(chan struct{})
}

func (l *memoryLine) unplug() {
	l.mu.Lock()
	l.gone = true
	l.mu.Unlock()
	l.send()
}

// result is what a ReadMRZ returned, and when.
type result struct {
	lines []string
	err   error
	after time.Duration
}

// desk is a reader on a memory line, in a bubble.
type desk struct {
	*memoryLine
	reader devices.DocumentReader
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	l := newMemoryLine()
	d, err := cute.Driver().Open(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{l, d.(devices.DocumentReader)}
}

// read starts a ReadMRZ and returns when it waits for a document.
func (d *desk) read(ctx context.Context) <-chan result {
	done := make(chan result, 1)
	start := time.Now()
	go func() {
		lines, err := d.reader.ReadMRZ(ctx)
		done <- result{lines, err, time.Since(start)}
	}()
	time.Sleep(300 * time.Millisecond) // the bubble's clock
	synctest.Wait()
	return done
}

func (r result) want(t *testing.T, lines []string) {
	t.Helper()
	if r.err != nil || !slices.Equal(r.lines, lines) {
		t.Errorf("read %q, %v; want %q", r.lines, r.err, lines)
	}
}

func (r result) wantRetry(t *testing.T) {
	t.Helper()
	var retry *devices.RetryError
	if r.lines != nil || !errors.As(r.err, &retry) || retry.Hint != devices.HintPresentAgain {
		t.Errorf("read %q, %v; want a *RetryError that asks to present again", r.lines, r.err)
	}
}

func wantWaiting(t *testing.T, done <-chan result) {
	t.Helper()
	select {
	case r := <-done:
		t.Fatalf("read %q, %v; want it to wait", r.lines, r.err)
	default:
	}
}

func TestAFrameThatComesInPiecesIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, gap := range []time.Duration{0, time.Millisecond, 900 * time.Millisecond} {
			d := newDesk(t)
			done := d.read(t.Context())
			for _, b := range cuteemu.Frame(passport) {
				d.send(b)
				time.Sleep(gap) // the bubble's clock
			}
			(<-done).want(t, passport)
		}
	})
}

func TestASilenceInAFrameOfASecondEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		whole := cuteemu.Frame(card)
		for n := 2; n < len(whole); n++ {
			d := newDesk(t)
			done := d.read(t.Context())
			d.send(whole[:n]...)
			r := <-done
			r.wantRetry(t)
			if r.after != 1300*time.Millisecond {
				t.Fatalf("the hint came after %v", r.after)
			}
			done = d.read(t.Context())
			d.send(whole[n:]...) // the rest is not a frame
			if synctest.Wait(); len(done) > 0 {
				(<-done).wantRetry(t)
				done = d.read(t.Context())
			}
			d.send(whole...)
			(<-done).want(t, card)
		}
	})
}

func TestNoiseBetweenFramesIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		done := d.read(t.Context())
		d.send(cuteemu.Noise()...)
		time.Sleep(time.Minute) // the bubble's clock
		synctest.Wait()
		wantWaiting(t, done)
		d.send(cuteemu.Noise()...)
		d.send(cuteemu.Frame(licence)...)
		(<-done).want(t, licence)
	})
}

func TestAFrameCutOffByUnpluggingIsGoneAndNotHalfADocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		done := d.read(t.Context())
		d.send(cuteemu.Cut(card)...)
		synctest.Wait()
		d.unplug()
		if r := <-done; r.lines != nil || !errors.Is(r.err, devices.ErrGone) {
			t.Errorf("read %q, %v; want an error matching ErrGone", r.lines, r.err)
		}
	})
}

func TestASpoiltFrameIsHintedAtOnceAndTheNextFrameIsRead(t *testing.T) {
	frames := map[string][]byte{
		"an over-long line":                 cuteemu.TooLong(passport),
		"a fourth line":                     cuteemu.Frame([]string{"A", "B", "C", "D"}),
		"an empty line":                     cuteemu.Frame([]string{"A", "", "C"}),
		"no line":                           {0x1c, 0x02, 0x03, 0x1d},
		"a last line without its end":       []byte("\x1c\x02ABC\x03\x1d"),
		"a control character":               []byte("\x1c\x02AB\x00C\r\x03\x1d"),
		"a line feed":                       []byte("\x1c\x02ABC\r\n\x03\x1d"),
		"a byte above ASCII":                cuteemu.Garbled(card),
		"half an end":                       []byte("\x1c\x02ABC\r\x03\x03\x1d"),
		"no beginning":                      cuteemu.Frame(card)[2:],
		"ten thousand bytes without an end": append([]byte("\x1c\x02"), make([]byte, 10_000)...),
	}
	for name, frame := range frames {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				done := d.read(t.Context())
				d.send(frame...)
				r := <-done
				r.wantRetry(t)
				if r.after != 300*time.Millisecond {
					t.Errorf("the hint came after %v", r.after)
				}
				done = d.read(t.Context())
				wantWaiting(t, done)
				d.send(cuteemu.Frame(card)...)
				(<-done).want(t, card)
			})
		})
	}
}

func TestANewFrameInsideAFrameReplacesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		done := d.read(t.Context())
		d.send(cuteemu.Cut(card)...)
		d.send(cuteemu.Frame(passport)...)
		(<-done).want(t, passport)
	})
}

func TestOfTwoFramesBackToBackTheSecondIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		done := d.read(t.Context())
		d.send(slices.Concat(cuteemu.Frame(passport), cuteemu.Frame(card))...)
		(<-done).want(t, passport)
		(<-d.read(t.Context())).wantRetry(t)
		done = d.read(t.Context())
		wantWaiting(t, done)
		d.send(cuteemu.Frame(card)...)
		(<-done).want(t, card)
	})
}

func TestADocumentThatTheReaderSendsTwiceIsReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		done := d.read(t.Context())
		d.send(slices.Concat(cuteemu.Frame(passport), cuteemu.Frame(passport))...)
		(<-done).want(t, passport)
		done = d.read(t.Context())
		wantWaiting(t, done)
		d.send(cuteemu.Frame(passport)...)
		(<-done).want(t, passport)
	})
}

func TestAFrameThatBeganBeforeTheCallIsNotReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		whole := cuteemu.Frame(card)
		for n := 1; n <= len(whole); n++ {
			d := newDesk(t)
			d.send(whole[:n]...)
			done := d.read(t.Context())
			d.send(whole[n:]...)
			(<-done).wantRetry(t)
		}
	})
}

func TestAFrameThatBeganBeforeTheCallAndIsCutIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.send(cuteemu.Cut(card)...)
		done := d.read(t.Context())
		time.Sleep(time.Minute) // the bubble's clock
		synctest.Wait()
		wantWaiting(t, done)
		d.send(cuteemu.Frame(passport)...)
		(<-done).want(t, passport)

		d.send(cuteemu.Cut(card)...)
		done = d.read(t.Context())
		d.send(cuteemu.Frame(passport)...)
		(<-done).want(t, passport)
	})
}

func TestALineThatNeverRestsDoesNotHoldTheCallUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		ctx, stop := context.WithCancel(t.Context())
		var noise sync.WaitGroup
		noise.Go(func() {
			for ctx.Err() == nil {
				d.send(make([]byte, 64)...)
				time.Sleep(10 * time.Millisecond) // the bubble's clock
			}
		})
		defer noise.Wait()
		defer stop()
		done := d.read(t.Context())
		time.Sleep(5 * time.Second)
		d.send(cuteemu.Frame(card)...)
		(<-done).want(t, card)
	})
}

func TestACallOnALineThatNeverRestsObeysItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		d.send(make([]byte, 1<<20)...)
		start := time.Now()
		if _, err := d.reader.ReadMRZ(ctx); err != context.DeadlineExceeded {
			t.Errorf("read: %v; want context.DeadlineExceeded", err)
		}
		cancel()
		d.send(make([]byte, 1<<20)...)
		if _, err := d.reader.ReadMRZ(ctx); err != context.DeadlineExceeded {
			t.Errorf("read: %v; want the context's error", err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
