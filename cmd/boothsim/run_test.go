package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/cmd/boothsim/demo"
	"boothd/devices"
	"boothd/devices/cute"
	"boothd/devices/mjpeg"
	"boothd/devices/serial"
	"boothd/devices/uareu"
	"boothd/devices/usbip"
	"boothd/sync/portal"
)

// buffer is written by one goroutine and read by another.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// run starts "boothsim run" in this process and returns its addresses.
func run(t *testing.T, dir string) demo.Addresses {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var out, errs buffer
	status := make(chan int, 1)
	go func() {
		status <- execute(ctx, []string{"run", "--dir", dir, "--any-port", "--no-prints"}, &out, &errs)
	}()
	t.Cleanup(func() {
		stop()
		if s := <-status; s != statusDone {
			t.Errorf("run ended with status %d: %s", s, errs.String())
		}
		if _, err := demo.ReadAddresses(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("addresses.json after the end: %v", err)
		}
	})
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if a, err := demo.ReadAddresses(dir); err == nil {
			return a
		}
		select {
		case <-tick.C:
		case s := <-status:
			status <- s
			t.Fatalf("run ended with status %d: %s", s, errs.String())
		case <-deadline:
			t.Fatalf("not ready after a minute: %s", errs.String())
		}
	}
}

// ctl runs "boothsim ctl" and returns what it prints.
func ctl(t *testing.T, dir, words string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if s := execute(t.Context(), append([]string{"ctl", "--dir", dir}, strings.Fields(words)...), &out, &errs); s != statusDone {
		t.Fatalf("ctl %s: status %d, %s", words, s, errs.String())
	}
	return out.String()
}

func TestEverythingIsReachableAsTheAddressesSay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	a := run(t, dir)
	t.Run("the reader sends the document that is presented", func(t *testing.T) { readsDocument(t, dir, a) })
	t.Run("the scanner takes the finger that is laid", func(t *testing.T) { takesFinger(t, dir, a) })
	t.Run("the camera sees who stands there", func(t *testing.T) { seesTraveller(t, dir, a) })
	t.Run("the portal answers and its line can be cut", func(t *testing.T) { asksPortal(t, dir, a) })
}

func readsDocument(t *testing.T, dir string, a demo.Addresses) {
	bus, err := serial.NewBus(serial.Config{Path: a.Reader, Baud: 9600, Driver: "cute"})
	if err != nil {
		t.Fatal(err)
	}
	reader := open(t, bus, cute.Driver()).(devices.DocumentReader)
	lines := make(chan []string)
	go func() {
		var retry *devices.RetryError
		got, err := reader.ReadMRZ(t.Context())
		for errors.As(err, &retry) { // presented before anybody asked
			got, err = reader.ReadMRZ(t.Context())
		}
		if err != nil {
			t.Error(err)
		}
		lines <- got
	}()
	want := synthetic.New(3).MRZ
	for {
		ctl(t, dir, "present 3") // again if the reader was not listening yet
		select {
		case got := <-lines:
			if !slices.Equal(got, want) {
				t.Errorf("read %d lines that are not the document's", len(got))
			}
			return
		case <-time.After(300 * time.Millisecond):
		}
	}
}

func takesFinger(t *testing.T, dir string, a demo.Addresses) {
	scanner := open(t, usbip.NewBus(nil, a.USBIP), uareu.Driver()).(devices.FingerScanner)
	ctl(t, dir, "lay 1")
	img, err := scanner.CaptureFinger(t.Context())
	if err != nil || img.Bounds().Dx() < 300 {
		t.Fatalf("capture: %v", err)
	}
	ctl(t, dir, "unplug scanner")
	if _, err := scanner.CaptureFinger(t.Context()); !errors.Is(err, devices.ErrGone) {
		t.Errorf("capture with the scanner pulled out: %v", err)
	}
	ctl(t, dir, "plug scanner")
	open(t, usbip.NewBus(nil, a.USBIP), uareu.Driver())
}

func seesTraveller(t *testing.T, dir string, a demo.Addresses) {
	port, err := devices.NewFixedPort(a.Camera, "mjpeg")
	if err != nil {
		t.Fatal(err)
	}
	camera := open(t, devices.Fixed{port}, mjpeg.Driver()).(devices.Camera)
	empty, err := camera.Frame(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctl(t, dir, "stand 1")
	for {
		frame, err := camera.Frame(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(frame.JPEG, empty.JPEG) {
			return
		}
	}
}

func open(t *testing.T, bus devices.Bus, d devices.Driver) devices.Device {
	t.Helper()
	ports, err := bus.Scan(t.Context())
	if err != nil || len(ports) != 1 {
		t.Fatalf("scan: %v, %v", ports, err)
	}
	dev, err := d.Open(t.Context(), ports[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	return dev
}

func asksPortal(t *testing.T, dir string, a demo.Addresses) {
	conf, err := portal.MutualTLS(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "booth.pem"), filepath.Join(dir, "booth.key"), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := portal.New(portal.Options{URL: a.Portal, TLS: conf, Booth: demo.Booth, Systems: demo.PortalSystems(), RetryAfter: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	ask := func() capture.State {
		t.Helper()
		var state capture.State
		c.Look(t.Context(), documentOf(t, 2), func(a capture.Answer) { state = a.State })
		return state
	}
	if s := ask(); s != capture.StateHit {
		t.Errorf("a stolen passport is %q", s)
	}
	ctl(t, dir, "cut portal")
	if s := ask(); s != capture.StateUnavailable {
		t.Errorf("with the line cut a stolen passport is %q", s)
	}
	ctl(t, dir, "restore portal")
	ctl(t, dir, "person remove 2 SLTD")
	if s := ask(); s != capture.StateNoHit {
		t.Errorf("a passport that is reported no more is %q", s)
	}
}

func documentOf(t *testing.T, traveller int) capture.Query {
	t.Helper()
	z, err := mrz.Parse(synthetic.New(traveller).MRZ, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return capture.Query{
		Check: "check-1", Booth: demo.Booth,
		Officer: capture.Officer{ID: "officer-1", Profile: capture.Profile{
			Name: "first-line", Systems: map[capture.Modality][]string{capture.ModalityDocument: {"SLTD"}},
		}},
		Evidence: capture.Evidence{ID: "document-1", Document: &capture.Document{Zone: z}},
	}
}

func TestListsAndKeysOutliveARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	t.Run("first", func(t *testing.T) {
		run(t, dir)
		ctl(t, dir, "list add 21")
	})
	t.Run("second", func(t *testing.T) {
		run(t, dir)
		if said := ctl(t, dir, "list remove 21"); said != "traveller 21 removed from national, version 4 published\n" {
			t.Errorf("said %q", said) // version 3 renewed the lease at the start
		}
	})
}

func TestCommandLineTellsByItsStatus(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	for _, test := range []struct {
		args   string
		status int
		out    string // what standard output, or else standard error, says
	}{
		{"init " + dir, statusDone, dir},
		{"init " + dir, statusDone, dir},
		{"init /proc", statusNotDone, "/proc"},
		{"--help", statusDone, "Usage"},
		{"version", statusDone, "boothsim"},
		{"fly", statusUsage, "fly"},
		{"run", statusUsage, "--dir"},
		{"run --dir " + dir + " --control 0.0.0.0:0", statusNotDone, "loopback"},
		{"ctl --dir " + dir + " present 1", statusNotDone, "no simulator runs"},
		{"ctl --addr http://127.0.0.1:1 present 1", statusNotDone, "no simulator there"},
		{"ctl --dir " + dir + " presnt 1", statusUsage, "presnt"},
		{"ctl", statusDone, "Usage"},
		{"ctl present --help", statusDone, "traveller"},
	} {
		var out, errs bytes.Buffer
		if s := execute(t.Context(), strings.Fields(test.args), &out, &errs); s != test.status {
			t.Errorf("%s: status %d, want %d: %s", test.args, s, test.status, errs.String())
		}
		if said := out.String() + errs.String(); !strings.Contains(said, test.out) {
			t.Errorf("%s: said %q, want %q", test.args, said, test.out)
		}
	}
}

func TestCtlPrintsJSON(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	run(t, dir)
	for _, words := range []string{"--json lift", "received --json", "--json state", "records --json"} {
		if out := ctl(t, dir, words); !json.Valid([]byte(out)) || strings.Count(out, "\n") != 1 {
			t.Errorf("%s: %q", words, out)
		}
	}
}
