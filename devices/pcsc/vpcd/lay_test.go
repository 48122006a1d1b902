package vpcd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/iotest"
	"time"
)

var errOff = errors.New("off")

// echo is a chip that answers a command with itself and a status word.
type echo struct {
	resets int
	fails  bool
}

func (e *echo) Transmit(_ context.Context, command []byte) ([]byte, error) {
	if e.fails {
		return nil, errOff
	}
	return append(bytes.Clone(command), 0x90, 0x00), nil
}
func (e *echo) Reset(context.Context) error { e.resets++; return nil }
func (e *echo) Close() error                { return nil }

// reader is the virtual reader's side of the wire.
type reader struct{ net.Conn }

// layOn lays a chip on a virtual reader.
func layOn(t *testing.T, e *echo) (*Laid, reader) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	laid, err := Lay(t.Context(), listener.Addr().String(), e)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return laid, reader{conn}
}

func (r reader) exchange(t *testing.T, message, want []byte) {
	t.Helper()
	if _, err := r.Write(message); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("answer % x, %v; want % x", got, err, want)
	}
}

func TestTheChipsSideOfTheWire(t *testing.T) {
	e := new(echo)
	laid, r := layOn(t, e)
	atr := append([]byte{0, byte(len(ATR()))}, ATR()...)
	r.exchange(t, []byte{0, 1, controlOn, 0, 1, controlATR}, atr)
	r.exchange(t, []byte{0, 1, controlReset, 0, 1, controlOff, 0, 1, 99, 0, 0, 0, 1, controlATR}, atr)
	r.exchange(t, []byte{0, 4, 1, 2, 3, 4}, []byte{0, 6, 1, 2, 3, 4, 0x90, 0})
	if err := laid.Lift(); err != nil || e.resets != 2 {
		t.Errorf("lift: %v after %d resets; want 2", err, e.resets)
	}
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("after the chip was lifted: %v", err)
	}
	if err := laid.Lift(); err != nil {
		t.Errorf("lift again: %v", err)
	}
}

func TestAChipThatFailsLeavesTheReader(t *testing.T) {
	laid, r := layOn(t, &echo{fails: true})
	if _, err := r.Write([]byte{0, 4, 1, 2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	<-laid.Done()
	if err := laid.Lift(); !errors.Is(err, errOff) {
		t.Errorf("lift: %v; want the chip's error", err)
	}
}

func TestAReaderThatGoesTakesTheChipAlong(t *testing.T) {
	laid, r := layOn(t, new(echo))
	r.Close()
	<-laid.Done()
	if err := laid.Lift(); !errors.Is(err, io.EOF) {
		t.Errorf("lift: %v", err)
	}
}

func TestAResponseThatTheWireCannotCarryIsNotCutShort(t *testing.T) {
	laid, r := layOn(t, new(echo))
	if _, err := r.Write(append([]byte{0xff, 0xff}, make([]byte, maxMessage)...)); err != nil {
		t.Fatal(err)
	}
	<-laid.Done()
	if err := laid.Lift(); !errors.Is(err, errLong) {
		t.Errorf("lift: %v", err)
	}
}

// discard is the other end of a wire that takes everything.
type discard struct{ net.Conn }

func (discard) Write(b []byte) (int, error)      { return len(b), nil }
func (discard) SetWriteDeadline(time.Time) error { return nil }

func FuzzWire(f *testing.F) {
	f.Add([]byte{0, 1, 1, 0, 1, 4, 0, 4, 0, 0xa4, 0, 0})
	f.Add([]byte{0, 1, 2, 0, 0, 0xff, 0xff, 1})
	f.Add([]byte{0, 1, 0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		w := wire{discard{}, bufio.NewReader(iotest.HalfReader(bytes.NewReader(data)))}
		if err := answer(t.Context(), w, new(echo)); err == nil {
			t.Error("the wire never ends")
		}
	})
}
