package serial_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"boothd/devices"
	"boothd/devices/serial"
)

// cable is a pty behind a link, as udev makes one: the test holds the device's end.
type cable struct {
	device *os.File // the far end
	tty    *os.File // kept open, so that the far end never reads an end of file
	link   string
}

func plug(t *testing.T) *cable {
	t.Helper()
	device, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{device: device, tty: tty, link: filepath.Join(t.TempDir(), "reader")}
	if err := os.Symlink(tty.Name(), c.link); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.unplug)
	return c
}

// unplug closes the far end, which hangs the line up.
func (c *cable) unplug() {
	c.tty.Close()
	c.device.Close()
}

func (c *cable) bus(t *testing.T) *serial.Bus {
	t.Helper()
	b, err := serial.NewBus(serial.Config{Path: c.link, Baud: 9600, Driver: "cute"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (c *cable) port(t *testing.T) devices.Port {
	t.Helper()
	ports, err := c.bus(t).Scan(t.Context())
	if err != nil || len(ports) != 1 {
		t.Fatalf("scan: %v, %v", ports, err)
	}
	return ports[0]
}

func (c *cable) open(t *testing.T) serial.Line {
	t.Helper()
	l, err := serial.Open(t.Context(), c.port(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// readAll reads until so many bytes are there.
func readAll(t *testing.T, l serial.Line, n int) []byte {
	t.Helper()
	var got []byte
	buf := make([]byte, 64)
	for len(got) < n {
		k, err := l.Read(within(t, 10*time.Second), buf)
		if err != nil {
			t.Fatalf("read after %d bytes: %v", len(got), err)
		}
		got = append(got, buf[:k]...)
	}
	return got
}

func TestScanListsALineWhileItsDeviceIsThere(t *testing.T) {
	c := plug(t)
	p := c.port(t)
	if p.Address() != "serial:"+c.link || p.Driver() != "cute" || p.ID() != (devices.ID{}) {
		t.Errorf("port %s, driver %s, %s", p.Address(), p.Driver(), p.ID())
	}
	// As udev does; another pty may take the number of a closed one.
	if err := os.Remove(c.link); err != nil {
		t.Fatal(err)
	}
	if ports, err := c.bus(t).Scan(t.Context()); err != nil || len(ports) != 0 {
		t.Errorf("scan after unplug: %v, %v", ports, err)
	}
	if _, err := serial.Open(t.Context(), p); !errors.Is(err, devices.ErrGone) {
		t.Errorf("open after unplug: %v; want an error matching ErrGone", err)
	}
}

func TestAPathThatIsNoDeviceIsNotListed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := serial.NewBus(
		serial.Config{Path: file, Baud: 9600, Driver: "cute"},
		serial.Config{Path: filepath.Dir(file), Baud: 9600, Driver: "cute"},
		serial.Config{Path: file + "-missing", Baud: 9600, Driver: "cute"})
	if err != nil {
		t.Fatal(err)
	}
	if ports, err := b.Scan(t.Context()); err != nil || len(ports) != 0 {
		t.Errorf("scan: %v, %v", ports, err)
	}
}

func TestImpossibleLinesAreRefused(t *testing.T) {
	tests := []struct {
		name   string
		config serial.Config
		names  string
	}{
		{"no path", serial.Config{Baud: 9600, Driver: "cute"}, "no path"},
		{"no driver", serial.Config{Path: "/dev/ttyS0", Baud: 9600}, "/dev/ttyS0"},
		{"no speed", serial.Config{Path: "/dev/ttyS0", Driver: "cute"}, "0 baud"},
		{"odd speed", serial.Config{Path: "/dev/ttyS0", Baud: 9601, Driver: "cute"}, "9601 baud"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := serial.NewBus(tt.config); err == nil || !strings.Contains(err.Error(), tt.names) {
				t.Errorf("error %v does not name %q", err, tt.names)
			}
		})
	}
}

func TestBytesPassUnchangedBothWays(t *testing.T) {
	c := plug(t)
	l := c.open(t)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	if _, err := c.device.Write(all); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, l, len(all)); !bytes.Equal(got, all) {
		t.Errorf("read %x", got)
	}
	if n, err := l.Write(t.Context(), all); n != len(all) || err != nil {
		t.Fatalf("wrote %d, %v", n, err)
	}
	got := make([]byte, len(all))
	if _, err := io.ReadFull(c.device, got); err != nil || !bytes.Equal(got, all) {
		t.Errorf("the device read %x, %v", got, err)
	}
}

func TestReadObeysItsContextAndGoesOn(t *testing.T) {
	c := plug(t)
	l := c.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := l.Read(ctx, make([]byte, 8))
		done <- err
	}()
	cancel()
	if err := wait(t, done); err != context.Canceled {
		t.Errorf("read: %v; want context.Canceled", err)
	}
	if _, err := l.Read(within(t, 300*time.Millisecond), make([]byte, 8)); err != context.DeadlineExceeded {
		t.Errorf("read: %v; want context.DeadlineExceeded", err)
	}
	if _, err := c.device.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, l, 1); string(got) != "x" {
		t.Errorf("read %q", got)
	}
}

// wait receives, within what the contract allows and some slack for a busy machine.
func wait(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(3 * time.Second):
		t.Fatal("it does not end")
		return nil
	}
}

func TestAnUnpluggedLineIsGone(t *testing.T) {
	tests := []struct {
		name   string
		unplug func(t *testing.T, c *cable)
	}{
		{"when it is hung up", func(_ *testing.T, c *cable) { c.unplug() }},
		{"when its node is removed", func(t *testing.T, c *cable) {
			if err := os.Remove(c.link); err != nil {
				t.Fatal(err)
			}
		}},
		{"when another device took its place", func(t *testing.T, c *cable) {
			other := plug(t)
			if err := os.Rename(other.link, c.link); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := plug(t)
			l := c.open(t)
			done := make(chan error, 1)
			go func() {
				_, err := l.Read(t.Context(), make([]byte, 8))
				done <- err
			}()
			tt.unplug(t, c)
			if err := wait(t, done); !errors.Is(err, devices.ErrGone) {
				t.Errorf("read: %v; want an error matching ErrGone", err)
			}
			if _, err := l.Write(t.Context(), []byte("x")); !errors.Is(err, devices.ErrGone) {
				t.Errorf("write: %v; want an error matching ErrGone", err)
			}
			if err := l.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
}

func TestAWriteThatNobodyTakesObeysItsContextAndClose(t *testing.T) {
	c := plug(t)
	l := c.open(t)
	much := make([]byte, 1<<20)
	done := make(chan error, 1)
	write := func(ctx context.Context) {
		_, err := l.Write(ctx, much)
		done <- err
	}
	go write(within(t, 300*time.Millisecond))
	if err := wait(t, done); err != context.DeadlineExceeded {
		t.Errorf("write: %v; want context.DeadlineExceeded", err)
	}
	go write(t.Context())
	select {
	case err := <-done:
		t.Fatalf("a megabyte went into the queue: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if err := l.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := wait(t, done); !errors.Is(err, os.ErrClosed) {
		t.Errorf("write: %v; want an error matching os.ErrClosed", err)
	}
}

func TestCloseEndsAReadAndMayBeRepeated(t *testing.T) {
	l := plug(t).open(t)
	done := make(chan error, 1)
	go func() {
		_, err := l.Read(t.Context(), make([]byte, 8))
		done <- err
	}()
	for range 2 {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if err := wait(t, done); !errors.Is(err, os.ErrClosed) {
		t.Errorf("read: %v; want an error matching os.ErrClosed", err)
	}
	l.Discard()
}

func TestDiscardDropsWhatArrivedAndNothingElse(t *testing.T) {
	c := plug(t)
	l := c.open(t)
	if _, err := c.device.Write([]byte("old")); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, l, 1); got[0] != 'o' {
		t.Fatalf("read %q", got)
	}
	if _, err := c.device.Write([]byte("older")); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Write(t.Context(), []byte("ask")); err != nil {
		t.Fatal(err)
	}
	l.Discard()
	if _, err := c.device.Write([]byte("new")); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, l, 3); string(got) != "new" {
		t.Errorf("read %q", got)
	}
	asked := make([]byte, 3)
	if _, err := io.ReadFull(c.device, asked); err != nil || string(asked) != "ask" {
		t.Errorf("the device read %q, %v", asked, err)
	}
}

func TestASecondOpenIsBusyUntilTheFirstIsClosed(t *testing.T) {
	c := plug(t)
	l := c.open(t)
	if _, err := serial.Open(t.Context(), c.port(t)); !errors.Is(err, devices.ErrBusy) {
		t.Errorf("second open: %v; want an error matching ErrBusy", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c.open(t)
}

// TestALineIsBusyInAnotherProcess holds the line in a second process, and then kills it.
func TestALineIsBusyInAnotherProcess(t *testing.T) {
	const variable = "SERIAL_TEST_LINE"
	if path := os.Getenv(variable); path != "" {
		c := &cable{link: path}
		c.open(t)
		os.Stdout.WriteString("open\n")
		io.Copy(io.Discard, os.Stdin)
		return
	}
	c := plug(t)
	other := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestALineIsBusyInAnotherProcess$")
	other.Env = append(os.Environ(), variable+"="+c.link)
	stdout, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(stdout, make([]byte, len("open\n"))); err != nil {
		t.Fatal(err)
	}
	if _, err := serial.Open(t.Context(), c.port(t)); !errors.Is(err, devices.ErrBusy) {
		t.Errorf("open: %v; want an error matching ErrBusy", err)
	}
	other.Process.Kill()
	other.Wait()
	c.open(t)
}

func TestOnlyAPortOfThisTransportIsOpened(t *testing.T) {
	p, err := devices.NewFixedPort("http://camera/", "cute")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := serial.Open(t.Context(), p); err == nil {
		t.Error("a network place was opened as a serial line")
	}
}

func TestBytesThatAreThereAreReturnedBeforeTheEndOfTheContext(t *testing.T) {
	c := plug(t)
	l := c.open(t)
	if _, err := c.device.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	buf := make([]byte, 8)
	if n, err := l.Read(ended, buf); err != nil || string(buf[:n]) != "x" {
		t.Errorf("read %q, %v; want the byte", buf[:n], err)
	}
	if _, err := l.Read(ended, buf); err != context.Canceled {
		t.Errorf("read: %v; want context.Canceled", err)
	}
}
