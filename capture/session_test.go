package capture_test

import (
	"context"
	"errors"
	"image"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
	"boothd/capture/quality"
	"boothd/capture/synthetic"
	"boothd/devices"
)

// tray is a bus on which the test puts devices, and the driver that opens them.
type tray struct {
	mu    sync.Mutex
	ports []devices.Port
}

func (b *tray) Scan(context.Context) ([]devices.Port, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.ports), nil
}

func (b *tray) set(ports ...devices.Port) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ports = ports
}

// place is a port that has its device with it.
type place struct {
	*unit
	as func(*unit) devices.Device
}

func (p place) Address() string { return p.address }
func (p place) ID() devices.ID  { return devices.ID{Vendor: 0xb007, Product: 1} }
func (p place) Driver() string  { return string(p.kind) }

func driver(kind devices.Kind) devices.Driver {
	return devices.Driver{Name: string(kind), Kind: kind, Open: func(_ context.Context, p devices.Port) (devices.Device, error) {
		at := p.(place)
		if at.broken != nil {
			return nil, at.broken
		}
		return at.as(at.unit), nil
	}}
}

// unit is what all the devices here have in common: the test feeds it with what it captures
// next.
type unit struct {
	kind    devices.Kind
	address string
	broken  error // of every open
	next    chan any
}

func newUnit(kind devices.Kind, address string) *unit {
	return &unit{kind: kind, address: address, next: make(chan any)}
}

func (u *unit) Info() devices.Info {
	return devices.Info{Driver: string(u.kind), Kind: u.kind, Address: u.address, Model: "Model " + u.address}
}

func (u *unit) Close() error { return nil }

// give hands the device what it captures, once it is asked to.
func (u *unit) give(t *testing.T, v any) {
	t.Helper()
	select {
	case u.next <- v:
		synctest.Wait()
	case <-time.After(time.Minute):
		t.Fatalf("%s was not asked to capture", u.address)
	}
}

// captured waits for what the test gives: a T, or an error.
func captured[T any](ctx context.Context, u *unit) (none T, _ error) {
	select {
	case v := <-u.next:
		if err, ok := v.(error); ok {
			return none, err
		}
		return v.(T), nil
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

type reader struct{ *unit }

func (r reader) ReadMRZ(ctx context.Context) ([]string, error) {
	return captured[[]string](ctx, r.unit)
}

type scanner struct{ *unit }

func (s scanner) CaptureFinger(ctx context.Context) (*devices.FingerImage, error) {
	return captured[*devices.FingerImage](ctx, s.unit)
}

type camera struct{ *unit }

func (c camera) Frame(ctx context.Context) (*devices.Frame, error) {
	return captured[*devices.Frame](ctx, c.unit)
}

var (
	_ devices.DocumentReader = reader{}
	_ devices.FingerScanner  = scanner{}
	_ devices.Camera         = camera{}
)

func newReader(address string) place {
	return place{newUnit(devices.KindDocumentReader, address), func(u *unit) devices.Device { return reader{u} }}
}

func newScanner(address string) place {
	return place{newUnit(devices.KindFingerScanner, address), func(u *unit) devices.Device { return scanner{u} }}
}

func newCamera(address string) place {
	return place{newUnit(devices.KindCamera, address), func(u *unit) devices.Device { return camera{u} }}
}

// result is what Collect returned.
type result struct {
	capture.Evidence
	err error
}

// seat is a session in the bubble that collects one piece of evidence.
type seat struct {
	tray   tray
	cancel context.CancelFunc // ends the collecting
	done   chan result

	mu   sync.Mutex
	said []string
}

// collect starts collecting with the ports plugged, and waits until everything is at rest.
func collect(t *testing.T, m capture.Modality, ports ...devices.Port) *seat {
	t.Helper()
	plan := capture.FingerPlan{Fingers: []capture.FingerPosition{7}}
	return collectFor(t, &capture.Session{Fingers: plan, MinQuality: quality.Acceptable}, m, nil, ports...)
}

// collectFor does so for a session, beside what is known.
func collectFor(t *testing.T, session *capture.Session, m capture.Modality, known []capture.Evidence, ports ...devices.Port) *seat {
	t.Helper()
	s := &seat{done: make(chan result, 1)}
	s.tray.set(ports...)
	manager := &devices.Manager{Buses: []devices.Bus{&s.tray},
		Drivers: []devices.Driver{driver(devices.KindDocumentReader), driver(devices.KindFingerScanner), driver(devices.KindCamera)}}
	running, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- manager.Run(running) }()
	t.Cleanup(func() {
		stop()
		if err := <-ran; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	synctest.Wait() // until the first scan is over
	session.Devices, session.Now = manager, time.Now
	ctx, cancel := context.WithCancel(t.Context())
	s.cancel = cancel
	t.Cleanup(cancel)
	go func() {
		ev, err := session.Collect(ctx, m, known, s.guide)
		s.done <- result{ev, err}
	}()
	synctest.Wait()
	return s
}

func (s *seat) guide(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, text)
}

// wantSays wants the guidance that stands now.
func (s *seat) wantSays(t *testing.T, want string) {
	t.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.said) == 0 || s.said[len(s.said)-1] != want {
		t.Errorf("says %q, want %q last", s.said, want)
	}
}

// plug changes what is plugged and lets the manager see it.
func (s *seat) plug(ports ...devices.Port) {
	s.tray.set(ports...)
	time.Sleep(2 * time.Second) // the bubble's clock
	synctest.Wait()
}

// evidence returns what was collected; it must be there now.
func (s *seat) evidence(t *testing.T) capture.Evidence {
	t.Helper()
	synctest.Wait()
	select {
	case got := <-s.done:
		if got.err != nil {
			t.Fatalf("collect: %v", got.err)
		}
		if !got.At.Equal(time.Now()) {
			t.Errorf("taken at %v, want %v", got.At, time.Now())
		}
		return got.Evidence
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		t.Fatalf("nothing was collected; said %q", s.said)
	}
	panic("unreachable")
}

// wantWaiting wants the collecting to go on.
func (s *seat) wantWaiting(t *testing.T) {
	t.Helper()
	synctest.Wait()
	select {
	case got := <-s.done:
		t.Fatalf("collected %v, %v", got.Evidence, got.err)
	default:
	}
}

func picture(gray *image.Gray) *devices.FingerImage {
	return &devices.FingerImage{Gray: gray, DPI: synthetic.FingerDPI}
}

const (
	present = "Present the document to the reader."
	lay     = "Lay the left index finger on the scanner."
	look    = "Ask the traveller to look at the camera."
	noDoc   = "Document reader not connected. It is used as soon as it is plugged in."
)

func TestADocumentBecomesEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReader("a")
		s := collect(t, capture.ModalityDocument, r)
		s.wantSays(t, present)
		r.give(t, synthetic.New(1).MRZ)
		ev := s.evidence(t)
		if ev.Document == nil || ev.Document.Zone.DocumentNumber != "SY0000001" || ev.Device.Model != "Model a" {
			t.Errorf("evidence of %+v: %+v", ev.Device, ev.Document)
		}
	})
}

func TestAFrameBecomesEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCamera("a")
		s := collect(t, capture.ModalityFace, c)
		s.wantSays(t, look)
		c.give(t, &devices.Frame{JPEG: []byte("jpeg"), Width: 640, Height: 480, At: time.Now()})
		ev := s.evidence(t)
		if f := ev.Face; f == nil || string(f.JPEG) != "jpeg" || f.Width != 640 || f.Height != 480 || ev.Device.Address != "a" {
			t.Errorf("evidence of %+v: %+v", ev.Device, ev.Face)
		}
	})
}

func TestWhatTheDeviceAsksForIsSaidAndTheCaptureGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReader("a")
		s := collect(t, capture.ModalityDocument, r)
		for hint, want := range map[devices.Hint]string{
			devices.HintPresentAgain: "Present the document again.",
			devices.HintDryFinger:    "Dry finger: moisten it.",
			devices.HintHoldStill:    "Hold the finger still.",
			"":                       "Present again.",
		} {
			r.give(t, &devices.RetryError{Hint: hint, Err: errors.New("smudged")})
			s.wantSays(t, want)
			s.wantWaiting(t)
		}
		r.give(t, synthetic.New(1).MRZ)
		if s.evidence(t).Document == nil {
			t.Error("no document")
		}
	})
}

func TestLinesThatAreNoZoneArePresentedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReader("a")
		s := collect(t, capture.ModalityDocument, r)
		for _, lines := range [][]string{{"HELLO"}, nil, {"P<UTO", "SHORT"}} {
			r.give(t, lines)
			s.wantSays(t, "Present the document again.")
			s.wantWaiting(t)
		}
		r.give(t, synthetic.New(1).MRZ)
		if s.evidence(t).Document == nil {
			t.Error("no document")
		}
	})
}

func TestAPoorPictureIsTakenAgainWithItsHint(t *testing.T) {
	finger := synthetic.New(1).Grow(7)
	poor := []struct {
		name string
		how  synthetic.Press
		want string
	}{
		{"a short press", synthetic.Press{Area: 0.18}, "Press longer."},
		{"a dry finger", synthetic.Press{Area: 1, Pressure: -1}, "Dry finger: moisten it."},
		{"a wet finger", synthetic.Press{Area: 1, Pressure: 1}, "Wet finger: wipe it."},
	}
	good := finger.Press(synthetic.Press{Area: 1})
	for _, tt := range poor {
		t.Run(tt.name, func(t *testing.T) {
			spoilt := finger.Press(tt.how)
			synctest.Test(t, func(t *testing.T) {
				f := newScanner("a")
				s := collect(t, capture.ModalityFinger, f)
				s.wantSays(t, lay)
				f.give(t, picture(spoilt))
				s.wantSays(t, tt.want)
				s.wantWaiting(t)
				f.give(t, picture(good))
				wantFinger(t, s.evidence(t))
			})
		})
	}
}

func wantFinger(t *testing.T, ev capture.Evidence) {
	t.Helper()
	f := ev.Finger
	if f == nil || f.Position != 7 || f.Width != synthetic.FingerWidth || f.Height != synthetic.FingerHeight || f.DPI != synthetic.FingerDPI ||
		f.Quality < quality.Acceptable || len(f.PNG) == 0 || f.Missing != "" {
		t.Errorf("not the finger that was laid: %v", ev)
	}
}

func TestABoothWithoutADeviceSaysSoAndUsesItOncePlugged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := collect(t, capture.ModalityDocument, newCamera("b"))
		s.wantSays(t, noDoc)
		s.wantWaiting(t)
		r := newReader("a")
		s.plug(r)
		s.wantSays(t, present)
		r.give(t, synthetic.New(1).MRZ)
		if got := s.evidence(t).Device.Address; got != "a" {
			t.Errorf("read by %q", got)
		}
	})
}

func TestADeviceThatCannotBeUsedIsNamedWithTheReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newScanner("a")
		f.broken = devices.ErrBusy
		s := collect(t, capture.ModalityFinger, f)
		s.wantSays(t, "Fingerprint scanner not usable: another program uses the device.")
		s.wantWaiting(t)
	})
}

func TestADeviceThatIsReplacedInMidWaitIsNotMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newReader("a"), newReader("c")
		s := collect(t, capture.ModalityDocument, first)
		first.give(t, &devices.RetryError{Hint: devices.HintPresentAgain})
		s.plug()
		s.wantSays(t, noDoc)
		s.wantWaiting(t)
		s.plug(second)
		s.wantSays(t, present)
		second.give(t, synthetic.New(1).MRZ)
		if got := s.evidence(t).Device.Address; got != "c" {
			t.Errorf("read by %q", got)
		}
	})
}

func TestADeviceThatFailsIsOpenedAgainAndUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReader("a")
		s := collect(t, capture.ModalityDocument, r)
		r.give(t, errors.New("checksum wrong"))
		s.wantSays(t, "Document reader not usable: the device does not work properly; unplug it and plug it in again.")
		time.Sleep(5 * time.Second) // the bubble's clock
		s.wantSays(t, present)
		r.give(t, synthetic.New(1).MRZ)
		if s.evidence(t).Document == nil {
			t.Error("no document")
		}
	})
}

func TestCollectingEndsWithItsContext(t *testing.T) {
	broken := func() []devices.Port {
		r := newReader("a")
		r.broken = devices.ErrBusy
		return []devices.Port{r}
	}
	for name, ports := range map[string]func() []devices.Port{
		"in the middle of a capture":   func() []devices.Port { return []devices.Port{newReader("a")} },
		"while there is no device":     func() []devices.Port { return nil },
		"while the device is at fault": broken,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := collect(t, capture.ModalityDocument, ports()...)
				s.wantWaiting(t)
				s.cancel()
				got := <-s.done
				if got.err != context.Canceled || got.Document != nil {
					t.Errorf("collect: %v, %v", got.Evidence, got.err)
				}
			})
		})
	}
}
