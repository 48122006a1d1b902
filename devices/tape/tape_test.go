package tape_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/devices"
	"boothd/devices/campaign"
	"boothd/devices/demo"
	"boothd/devices/tape"
	"boothd/devices/uareu"
)

// seeded is the scanner's driver with the random number of the recording.
func seeded() devices.Driver {
	return uareu.Config{Seed: func() uint32 { return 0x1234567 }}.Driver()
}

// record captures once with a driver on a rig and returns the tape's text and the capture.
func record(t *testing.T, rig *campaign.Rig, d devices.Driver, baud int) (string, any) {
	t.Helper()
	t.Cleanup(func() { rig.Close() })
	ports, err := rig.Bus.Scan(t.Context())
	if err != nil || len(ports) != 1 {
		t.Fatalf("scan: %v, %v", ports, err)
	}
	var text bytes.Buffer
	port, recorder, err := tape.Record(ports[0], d.Name, baud, &text)
	if err != nil {
		t.Fatal(err)
	}
	value := captureOn(t, d, port, rig.Present)
	if n, err := recorder.Events(); err != nil || n == 0 {
		t.Fatalf("%d events, %v", n, err)
	}
	return text.String(), value
}

// captureOn opens, captures and closes; present is called until the capture ends.
func captureOn(t *testing.T, d devices.Driver, p devices.Port, present func() error) any {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	opened, err := d.Open(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	done := make(chan struct{})
	var value any
	go func() {
		defer close(done)
		value, err = campaign.Capture(ctx, opened)
	}()
	again := time.NewTicker(400 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-done:
			if err != nil {
				t.Fatal(err)
			}
			return value
		case <-again.C:
			if err := present(); err != nil {
				t.Error(err)
			}
		}
	}
}

func nothing() error { return nil }

func TestATapePlaysWhatWasRecorded(t *testing.T) {
	for _, tt := range []struct {
		driver string
		baud   int
	}{{"uareu", 0}, {"secugen", 0}, {"demo", 115200}, {"zfm", 57600}, {"cute", 9600}} {
		t.Run(tt.driver, func(t *testing.T) {
			rig, err := campaign.Real(tt.driver, 1, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			d := rig.Driver
			if tt.driver == "uareu" {
				d = seeded()
			}
			text, recorded := record(t, rig, d, tt.baud)
			played, err := tape.Parse(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			wantSame(t, captureOn(t, d, played.Port(), nothing), recorded)
		})
	}
}

func wantSame(t *testing.T, got, want any) {
	t.Helper()
	if lines, ok := want.([]string); ok {
		if !slices.Equal(got.([]string), lines) {
			t.Errorf("%q; recorded %q", got, lines)
		}
		return
	}
	g, ok1 := got.(*devices.FingerImage)
	w, ok2 := want.(*devices.FingerImage)
	if !ok1 || !ok2 {
		t.Fatalf("a %T, recorded as a %T", got, want)
	}
	if g.Rect != w.Rect || g.DPI != w.DPI || !slices.Equal(g.Pix, w.Pix) {
		t.Error("another picture than was recorded")
	}
}

func TestADriverThatAsksForSomethingElseIsTold(t *testing.T) {
	rig, err := campaign.Real("uareu", 1, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	text, _ := record(t, rig, seeded(), 0)
	lines := strings.SplitAfter(text, "\n")
	played, err := tape.Parse(strings.NewReader(strings.Join(slices.Delete(lines, 1, 2), "")))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	d, err := seeded().Open(ctx, played.Port())
	if err == nil {
		d.Close()
		t.Fatal("open succeeded")
	}
	if !errors.Is(err, tape.ErrOther) {
		t.Errorf("open: %v; want one matching ErrOther", err)
	}
}

func TestADeviceThatWasPulledIsPulledOnTheTape(t *testing.T) {
	const events = `{"tape":1,"driver":"demo","address":"serial:/x","serial":{"baud":9600}}
{"at":1,"do":"write","data":"3f"}
{"at":2,"do":"read","error":"gone"}
`
	played, err := tape.Parse(strings.NewReader(events))
	if err != nil {
		t.Fatal(err)
	}
	d, err := demo.Driver().Open(t.Context(), played.Port())
	if err == nil {
		d.Close()
		t.Fatal("open succeeded")
	}
	if !errors.Is(err, devices.ErrGone) {
		t.Errorf("open: %v; want one matching ErrGone", err)
	}
}

func TestWhatCannotBeRecordedIsRefused(t *testing.T) {
	p, err := devices.NewFixedPort("http://127.0.0.1/video", "mjpeg")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := tape.Record(p, "mjpeg", 0, new(bytes.Buffer)); !errors.Is(err, tape.ErrTransport) {
		t.Errorf("%v; want one matching ErrTransport", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"tape":1,"driver":"demo","address":"serial:/x","serial":{"baud":9600}}` + "\n" + `{"at":1,"do":"write","data":"3f"}`)
	f.Add(`{"tape":1,"driver":"uareu","address":"usb:1-1","usb":{"id":"05ba:000a","bcd":259,"interfaces":[{"Number":0,"Class":255,"SubClass":255,"Protocol":255}]}}` + "\n" +
		`{"at":5,"do":"control","setup":"c00400070000","length":1,"data":"01"}` + "\n" + `{"at":9,"do":"read","endpoint":129,"length":64,"error":"gone"}`)
	f.Add(`{"tape":2}`)
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		played, err := tape.Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		p := played.Port()
		if p.Address() == "" || played.USB == nil && p.ID() != (devices.ID{}) {
			t.Errorf("port %s of %s", p.Address(), p.ID())
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if d, err := seeded().Open(ctx, p); err == nil {
			d.Close()
		}
	})
}
