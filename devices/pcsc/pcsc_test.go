//go:build cgo

package pcsc_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ebfe/scard"

	"boothd/devices"
	"boothd/devices/devicestest"
	"boothd/devices/pcsc"
	"boothd/devices/pcsc/vpcd"
	"boothd/devices/pcsc/vpcd/vpcdtest"
)

// patience is how long a test waits for what must come.
const patience = 15 * time.Second

// desk is a pcscd with two virtual readers, and the bus that lists them.
type desk struct {
	*vpcd.Daemon
	bus  *pcsc.Bus
	laid *vpcd.Laid
}

// TestReaders runs all that needs pcscd on one daemon, since a process can only ever talk to
// one.
func TestReaders(t *testing.T) {
	daemon := vpcdtest.Start(t)
	tests := []struct {
		name string
		run  func(*testing.T, *desk)
	}{
		{"a service that is not there has no readers", testAbsent},
		{"the bus lists the readers it was made for", testBus},
		{"a chip that lies there already is taken", testAlreadyThere},
		{"two readers read two chips", testTwo},
		{"the longest APDUs that the wire carries go both ways", testExtended},
		{"commands that are none are refused", testCommands},
		{"an extended command that fails may be one that the reader does not carry", testUnsupported},
		{"a reset makes the chip forget", testReset},
		{"closing a card resets the chip", testCloseResets},
		{"a transmission that is given up ends within a second and the next one works", testGiveUp},
		{"close ends a transmission", testCloseDuring},
		{"a chip torn off in a transmission is gone", testTorn},
		{"a chip that leaves between two commands is gone", testLeaves},
		{"a chip that does not answer must be presented again, once", testMute},
		{"a chip that another program holds is busy", testHeld},
		{"a service that hangs is waited for as long as the context allows", testHangs},
		{"a service restarted in the middle of a reading is survived", testRestart},
		{"a reader that vanishes and returns while a chip is waited for reads the next one", testVanishes},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, newDesk(t, daemon)) })
	}
	t.Run("contract", func(t *testing.T) {
		devicestest.Run(t, func(t *testing.T) *devicestest.Rig { return newRig(t, newDesk(t, daemon)) })
	})
}

// newDesk returns the daemon's readers, empty.
func newDesk(t *testing.T, daemon *vpcd.Daemon) *desk {
	t.Helper()
	d := &desk{Daemon: daemon, bus: pcsc.NewBus("00 00")}
	d.restart(t)
	t.Cleanup(d.lift)
	return d
}

func (d *desk) restart(t *testing.T) {
	t.Helper()
	if err := d.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// lay lays a chip on the first reader.
func (d *desk) lay(t *testing.T, c devices.Card) {
	t.Helper()
	// The test's own context ends before its cleanups, which still need the chip.
	laid, err := vpcd.Lay(context.Background(), d.Reader(0), c)
	if err != nil {
		t.Fatal(err)
	}
	d.laid = laid
}

// lift takes the chip away, if there is one, and waits until the service has noticed.
func (d *desk) lift() {
	if d.laid != nil {
		_ = d.laid.Lift() // it may have been torn off
		d.laid = nil
		awaitEmpty()
	}
}

// awaitEmpty waits until the first reader is empty, or gone.
func awaitEmpty() {
	service, err := scard.EstablishContext()
	if err != nil {
		return
	}
	defer service.Release()
	states := []scard.ReaderState{{Reader: "Virtual PCD 00 00"}}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		err := service.GetStatusChange(states, time.Second)
		if err != nil && err != scard.ErrTimeout || states[0].EventState&scard.StateEmpty != 0 {
			return
		}
		states[0].CurrentState = states[0].EventState
	}
}

func (d *desk) port(t *testing.T) devices.Port {
	t.Helper()
	ports, err := d.bus.Scan(t.Context())
	if err != nil || len(ports) != 1 {
		t.Fatalf("scan: %v, %v", ports, err)
	}
	return ports[0]
}

func open(t *testing.T, p devices.Port) devices.ChipReader {
	t.Helper()
	r, err := pcsc.Driver().Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r.(devices.ChipReader)
}

func connect(t *testing.T, r devices.ChipReader) devices.Card {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := r.Connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func wantResponse(t *testing.T, c devices.Card, command, want []byte) {
	t.Helper()
	got, err := c.Transmit(t.Context(), command)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("response of %d bytes, %v; want %d bytes", len(got), err, len(want))
	}
}

func newRig(t *testing.T, d *desk) *devicestest.Rig {
	spoil := func(answer func(context.Context, []byte) ([]byte, error)) func() {
		return func() { d.lay(t, &chip{answer: answer}) }
	}
	return &devicestest.Rig{
		Driver: pcsc.Driver(),
		Port:   func() devices.Port { return d.port(t) },
		Golden: ok,
		Present: func() {
			if d.laid == nil {
				d.lay(t, new(chip))
			}
		},
		Withdraw: d.lift,
		Unplug:   d.Stop,
		Replug: func() {
			d.lift()
			d.restart(t)
		},
		Garble:   spoil(func(context.Context, []byte) ([]byte, error) { return []byte{0x90}, nil }),
		Truncate: spoil(func(context.Context, []byte) ([]byte, error) { return nil, errTornOff }),
		Faults: map[string]func(){
			"an empty answer": spoil(func(context.Context, []byte) ([]byte, error) { return nil, nil }),
			"an endless wait": spoil(func(ctx context.Context, _ []byte) ([]byte, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}),
		},
	}
}

func testAbsent(t *testing.T, d *desk) {
	port := d.port(t)
	d.Stop()
	if ports, err := d.bus.Scan(t.Context()); err != nil || len(ports) != 0 {
		t.Errorf("scan: %v, %v", ports, err)
	}
	if _, err := pcsc.Driver().Open(t.Context(), port); !errors.Is(err, devices.ErrGone) {
		t.Errorf("open: %v", err)
	}
}

func testBus(t *testing.T, _ *desk) {
	for _, tt := range []struct {
		only []string
		want int
	}{{nil, 2}, {[]string{"Virtual"}, 2}, {[]string{"00 01"}, 1}, {[]string{"00 01", "00 00"}, 2}, {[]string{"OMNIKEY"}, 0}} {
		ports, err := pcsc.NewBus(tt.only...).Scan(t.Context())
		if err != nil || len(ports) != tt.want {
			t.Errorf("%q: %d ports, %v; want %d", tt.only, len(ports), err, tt.want)
		}
		for _, p := range ports {
			if !strings.HasPrefix(p.Address(), "pcsc:Virtual PCD 00 0") || p.ID() != (devices.ID{}) || p.Driver() != "pcsc" {
				t.Errorf("port %s, %s, %s", p.Address(), p.ID(), p.Driver())
			}
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pcsc.NewBus().Scan(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("scan: %v", err)
	}
}

func testAlreadyThere(t *testing.T, d *desk) {
	d.lay(t, new(chip))
	r := open(t, d.port(t))
	for range 3 {
		c := connect(t, r)
		wantResponse(t, c, selectApplication, ok)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

func testTwo(t *testing.T, d *desk) {
	ports, err := pcsc.NewBus().Scan(t.Context())
	if err != nil || len(ports) != vpcd.Slots {
		t.Fatalf("scan: %v, %v", ports, err)
	}
	var cards []devices.Card
	for i, p := range ports {
		laid, err := vpcd.Lay(context.Background(), d.Reader(i), &chip{file: []byte{byte(i)}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = laid.Lift()
			awaitEmpty()
		})
		cards = append(cards, connect(t, open(t, p)))
	}
	for i, c := range cards {
		wantResponse(t, c, selectApplication, ok)
		wantResponse(t, c, readBinaryFF, append([]byte{byte(i)}, ok...))
	}
}

func testExtended(t *testing.T, d *desk) {
	file := bytes.Repeat([]byte("portrait"), 8191) // 65,528 bytes
	d.lay(t, &chip{file: file})
	c := connect(t, open(t, d.port(t)))
	wantResponse(t, c, selectApplication, ok)
	wantResponse(t, c, readBinaryFF, append(bytes.Clone(file), ok...))

	const data = 1<<16 - 1 - 7 // the wire carries 65,535 bytes in all
	update := append([]byte{0x00, 0xd6, 0x00, 0x00, 0x00, data >> 8, data & 0xff}, make([]byte, data)...)
	wantResponse(t, c, update, []byte{0x00, 0x00, 0xff, 0xff, 0x90, 0x00})
}

func testCommands(t *testing.T, d *desk) {
	d.lay(t, new(chip))
	c := connect(t, open(t, d.port(t)))
	for _, command := range [][]byte{nil, {}, {0, 0xa4, 4}, make([]byte, 65_545)} {
		if _, err := c.Transmit(t.Context(), command); err == nil {
			t.Errorf("a command of %d bytes was sent", len(command))
		}
	}
	wantResponse(t, c, selectApplication, ok)
}

func testReset(t *testing.T, d *desk) {
	d.lay(t, &chip{file: []byte{1}})
	c := connect(t, open(t, d.port(t)))
	wantResponse(t, c, selectApplication, ok)
	wantResponse(t, c, readBinaryFF, []byte{1, 0x90, 0x00})
	if err := c.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantResponse(t, c, readBinaryFF, notSelected)
	wantResponse(t, c, selectApplication, ok)
}

func testCloseResets(t *testing.T, d *desk) {
	here := new(chip)
	d.lay(t, here)
	c := connect(t, open(t, d.port(t)))
	wantResponse(t, c, selectApplication, ok)
	before := here.resets.Load()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Transmit(t.Context(), selectApplication); err == nil {
		t.Error("a closed card transmits")
	}
	if here.resets.Load() == before || here.selected.Load() {
		t.Error("the chip still knows")
	}
}

// stuck returns a chip that answers a SELECT, and to the next command only when told to.
func stuck() (c *chip, asked, answer chan struct{}) {
	asked, answer = make(chan struct{}, 1), make(chan struct{})
	first := true
	c = &chip{answer: func(ctx context.Context, _ []byte) ([]byte, error) {
		if first {
			first = false
			return ok, nil
		}
		asked <- struct{}{}
		select {
		case <-answer:
			return ok, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	return c, asked, answer
}

// transmit starts a command that the chip does not answer yet.
func transmit(ctx context.Context, t *testing.T, c devices.Card, asked chan struct{}) <-chan error {
	t.Helper()
	wantResponse(t, c, selectApplication, ok)
	done := make(chan error, 1)
	go func() {
		_, err := c.Transmit(ctx, selectApplication)
		done <- err
	}()
	select {
	case <-asked:
	case <-time.After(patience):
		t.Fatal("the command does not arrive")
	}
	return done
}

func wantEnd(t *testing.T, done <-chan error, within time.Duration, want error) {
	t.Helper()
	select {
	case err := <-done:
		if !errors.Is(err, want) {
			t.Errorf("error %v; want one matching %v", err, want)
		}
	case <-time.After(within):
		t.Fatal("it does not end")
	}
}

func testGiveUp(t *testing.T, d *desk) {
	slow, asked, answer := stuck()
	d.lay(t, slow)
	r := open(t, d.port(t))
	c := connect(t, r)
	ctx, cancel := context.WithCancel(t.Context())
	done := transmit(ctx, t, c, asked)
	cancel()
	wantEnd(t, done, time.Second+devicestest.Slack, context.Canceled)
	if _, err := c.Transmit(t.Context(), selectApplication); !errors.Is(err, os.ErrClosed) {
		t.Errorf("transmit on the card that was given up: %v", err)
	}

	// The chip is not free before it has answered.
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := r.Connect(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("connect: %v", err)
	}
	close(answer)
	connect(t, r)
}

func testCloseDuring(t *testing.T, d *desk) {
	slow, asked, answer := stuck()
	d.lay(t, slow)
	r := open(t, d.port(t))
	done := transmit(t.Context(), t, connect(t, r), asked)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	wantEnd(t, done, patience, os.ErrClosed)
	if _, err := pcsc.Driver().Open(t.Context(), d.port(t)); !errors.Is(err, devices.ErrBusy) {
		t.Errorf("open while the chip is asked: %v", err)
	}
	close(answer)
	deadline := time.After(patience)
	for {
		r, err := pcsc.Driver().Open(t.Context(), d.port(t))
		if err == nil {
			r.Close()
			return
		}
		select {
		case <-deadline:
			t.Fatalf("open after the chip has answered: %v", err)
		default:
		}
	}
}

func TestOpenRefusesPortsOfOtherTransports(t *testing.T) {
	port, err := devices.NewFixedPort("http://10.0.0.7/"+filepath.Base(t.Name()), "pcsc")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pcsc.Driver().Open(t.Context(), port); err == nil {
		t.Error("open succeeded")
	}
}
