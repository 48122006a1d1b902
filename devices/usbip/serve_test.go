package usbip

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// host speaks to Serve as a kernel does, through a socketpair.
type host struct {
	net.Conn
	t      testing.TB
	dev    *loop
	served chan error
}

func newHost(ctx context.Context, t testing.TB) *host {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]net.Conn
	for i := range ends {
		f := os.NewFile(uintptr(pair[i]), "socket")
		ends[i], err = net.FileConn(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	h := &host{ends[0], t, newLoop(), make(chan error, 1)}
	go func() { h.served <- Serve(ctx, ends[1], h.dev) }()
	t.Cleanup(func() { h.Close() })
	h.SetDeadline(time.Now().Add(10 * time.Second))
	return h
}

func (h *host) send(head header, data ...byte) {
	h.t.Helper()
	if _, err := h.Write(append(head.append(nil), data...)); err != nil {
		h.t.Fatal(err)
	}
}

// want reads an answer and compares.
func (h *host) want(want header, data ...byte) {
	h.t.Helper()
	got, err := readHeader(h)
	if err != nil {
		h.t.Fatal(err)
	}
	if got != want {
		h.t.Fatalf("answer %+v; want %+v", got, want)
	}
	b := make([]byte, len(data))
	if _, err := io.ReadFull(h, b); err != nil || !bytes.Equal(b, data) {
		h.t.Fatalf("data % x, %v; want % x", b, err, data)
	}
}

// wantEnd waits until Serve returns.
func (h *host) wantEnd() error {
	h.t.Helper()
	select {
	case err := <-h.served:
		return err
	case <-time.After(10 * time.Second):
		h.t.Fatal("serve does not return")
		return nil
	}
}

func read(seq, endpoint, length uint32) header {
	return header{command: cmdSubmit, seq: seq, direction: dirIn, endpoint: endpoint, length: length}
}

func write(seq, endpoint, length uint32) header {
	return header{command: cmdSubmit, seq: seq, endpoint: endpoint, length: length}
}

func TestServeAnswersAKernel(t *testing.T) {
	h := newHost(t.Context(), t)
	ask := read(1, 0, 18)
	ask.setup = [8]byte{0x80, 6, 0, 1, 0, 0, 18, 0}
	h.send(ask)
	h.want(header{command: retSubmit, seq: 1, length: 18}, unhex(t, recordedDevice)...)
	h.send(write(2, 2, 3), 7, 8, 9)
	h.want(header{command: retSubmit, seq: 2, length: 3})
	h.send(read(3, 2, 64))
	h.want(header{command: retSubmit, seq: 3, length: 3}, 7, 8, 9)
	h.Close()
	if err := h.wantEnd(); err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestServeReportsShortInputsWhereAsked(t *testing.T) {
	h := newHost(t.Context(), t)
	h.send(write(1, 2, 1), 7)
	h.want(header{command: retSubmit, seq: 1, length: 1})
	ask := read(2, 2, 64)
	ask.flags = flagShortNotOK
	h.send(ask)
	h.want(header{command: retSubmit, seq: 2, length: 1, status: statusShortInput}, 7)
}

func TestServeStallsUnknownEndpoints(t *testing.T) {
	h := newHost(t.Context(), t)
	h.send(read(1, 9, 64))
	h.want(header{command: retSubmit, seq: 1, status: statusStall})
}

func TestACancelledTransferHasOneAnswer(t *testing.T) {
	h := newHost(t.Context(), t)
	for seq := range uint32(3) {
		h.send(read(seq, 2, 64)) // all wait for data
	}
	h.send(header{command: cmdUnlink, seq: 10, unlinked: 1})
	h.want(header{command: retUnlink, seq: 10, status: statusUnlinked})
	h.send(header{command: cmdUnlink, seq: 11, unlinked: 0})
	h.want(header{command: retUnlink, seq: 11, status: statusUnlinked})
	h.dev.pieces <- []byte{5}
	h.want(header{command: retSubmit, seq: 2, length: 1}, 5)
	h.send(header{command: cmdUnlink, seq: 12, unlinked: 2})
	h.want(header{command: retUnlink, seq: 12}) // it came too late
}

func TestTransfersOfAnEndpointRunInOrder(t *testing.T) {
	h := newHost(t.Context(), t)
	const n = 50
	for seq := range uint32(n) {
		h.send(read(seq, 2, 64))
	}
	for seq := range uint32(n) {
		h.dev.pieces <- []byte{byte(seq)}
		h.want(header{command: retSubmit, seq: seq, length: 1}, byte(seq))
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	reason := errors.New("pulled out")
	ctx, cancel := context.WithCancelCause(t.Context())
	h := newHost(ctx, t)
	h.send(read(1, 1, 64))
	<-h.dev.reads
	cancel(reason)
	if err := h.wantEnd(); !errors.Is(err, reason) {
		t.Errorf("serve: %v", err)
	}
	if _, err := readHeader(h); err == nil {
		t.Error("a transfer was answered after the device was pulled out")
	}
}

func TestServeEndsAHostThatBreaksTheProtocol(t *testing.T) {
	tests := []struct {
		name  string
		bytes []byte
	}{
		{"an unknown command", header{command: 77}.append(nil)},
		{"an answer", header{command: retSubmit}.append(nil)},
		{"a header that ends early", read(1, 2, 64).append(nil)[:30]},
		{"data that ends early", append(write(1, 2, 64).append(nil), 1, 2, 3)},
		{"more data than is accepted", write(1, 2, maxTransfer+1).append(nil)},
		{"a number that is in flight", read(1, 1, 64).append(read(1, 1, 64).append(nil))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost(t.Context(), t)
			h.Write(tt.bytes)
			h.Conn.(*net.UnixConn).CloseWrite()
			if err := h.wantEnd(); err == nil {
				t.Error("serve returned no error")
			}
		})
	}
}

func TestServeEndsAHostWithTooManyTransfers(t *testing.T) {
	h := newHost(t.Context(), t)
	for seq := range uint32(maxPending) {
		h.send(read(seq, 2, 64))
	}
	h.Write(read(maxPending, 2, 64).append(nil))
	if err := h.wantEnd(); err == nil {
		t.Error("serve returned no error")
	}
}

func TestAClientThatAsksForNonsenseIsLetGo(t *testing.T) {
	s := NewServer(nil)
	address := listen(t, s)
	for _, b := range [][]byte{
		[]byte("GET / HTTP/1.1\r\n\r\n"),
		opHeader{code: 0x1234}.append(nil),
		{0x01, 0x06, 0x80, 0x05, 0, 0, 0, 0},
	} {
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		nc.Write(b)
		nc.SetReadDeadline(time.Now().Add(10 * time.Second))
		if n, err := nc.Read(make([]byte, 1)); n != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("% x: %d bytes, %v", b, n, err)
		}
		nc.Close()
	}
}
