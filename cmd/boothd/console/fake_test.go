package console_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/cmd/boothd/console"
)

// fakeDesk shows the view that the test gives it and notes what it was asked to do.
type fakeDesk struct {
	mu      sync.Mutex
	view    check.View // for cleared officers
	changed chan struct{}
	calls   []string
	err     error // what every action returns
	panics  bool
	images  map[string]image
}

type image struct {
	mime string
	data []byte
}

func newFakeDesk() *fakeDesk {
	return &fakeDesk{changed: make(chan struct{}), images: map[string]image{}}
}

// show makes the view the desk's. Everybody is woken, as the real desk does even if there
// is nothing new for an officer without clearance.
func (d *fakeDesk) show(v check.View) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.view = v
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *fakeDesk) did(format string, args ...any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.panics {
		panic(fmt.Sprintf("desk broke over "+format, args...))
	}
	d.calls = append(d.calls, fmt.Sprintf(format, args...))
	return d.err
}

// last returns the last call and forgets all.
func (d *fakeDesk) last() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer func() { d.calls = nil }()
	if len(d.calls) == 0 {
		return ""
	}
	return d.calls[len(d.calls)-1]
}

func (d *fakeDesk) Start(_ context.Context, o capture.Officer) (string, error) {
	return "C1", d.did("start %s", o.ID)
}

func (d *fakeDesk) AddZone(_ context.Context, id, _ string, lines []string) error {
	return d.did("zone %s %q", id, lines)
}

func (d *fakeDesk) MissFinger(_ context.Context, id, _ string, reason capture.Missing) error {
	return d.did("miss %s %s", id, reason)
}

func (d *fakeDesk) MissFingers(_ context.Context, id, _ string, fingers []capture.FingerPosition, reason capture.Missing) error {
	return d.did("miss %s %d %s", id, fingers, reason)
}

func (d *fakeDesk) RetakeFinger(_ context.Context, id string, finger capture.FingerPosition) error {
	return d.did("retake %s %d", id, finger)
}

func (d *fakeDesk) MissChip(_ context.Context, id, officer string, why capture.MissingChip) error {
	return d.did("miss chip %s %s by %s", id, why, officer)
}

func (d *fakeDesk) UseAccessNumber(_ context.Context, id, number string) error {
	return d.did("access number %s %s", id, number)
}

func (d *fakeDesk) Retake(_ context.Context, id string, m capture.Modality) error {
	return d.did("retake %s %s", id, m)
}

func (d *fakeDesk) Conclude(_ context.Context, id string) error { return d.did("conclude %s", id) }

func (d *fakeDesk) Dispose(_ context.Context, id string, ds capture.Disposition) error {
	return d.did("dispose %s %s %q by %s", id, ds.Decision, ds.Why, ds.Officer)
}

func (d *fakeDesk) Abandon(_ context.Context, id, _, why string) error {
	return d.did("abandon %s %q", id, why)
}

func (d *fakeDesk) Dismiss(_ context.Context, alert, officer string) error {
	return d.did("dismiss %s by %s", alert, officer)
}

func (d *fakeDesk) Identify(_ context.Context, id, officer string, i capture.Identification) error {
	return d.did("identify %s %s %q by %s", id, i.Ground, i.BestInterests, officer)
}

func (d *fakeDesk) UseGrant(_ context.Context, id, text string) error {
	return d.did("grant %s %s", id, text)
}

func (d *fakeDesk) View(cleared bool) check.View {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := check.View{Alerts: []check.Alert{}}
	for _, a := range d.view.Alerts {
		a.Answer = a.Answer.Shown(cleared)
		if a.Answer.State == capture.StateHit || a.Answer.State == capture.StatePossible {
			v.Alerts = append(v.Alerts, a)
		}
	}
	if d.view.Check != nil {
		c := *d.view.Check
		c.Lines = nil
		for _, l := range d.view.Check.Lines {
			l.Answer = l.Answer.Shown(cleared)
			l.Links = slices.DeleteFunc(slices.Clone(l.Links), func(v check.LinkView) bool { return v.Discreet && !cleared })
			c.Lines = append(c.Lines, l)
		}
		v.Check = &c
	}
	return v
}

func (d *fakeDesk) Changed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed
}

func (d *fakeDesk) Image(id, evidence string) (string, []byte, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	im, ok := d.images[id+"/"+evidence]
	return im.mime, im.data, ok
}

const (
	token        = "token-of-officer-7"
	clearedToken = "token-of-officer-8"
	narrowToken  = "token-of-officer-9" // may ask SIS only
	policeToken  = "token-of-inspector" // sees discreet findings and verifies no links
)

var systems = map[capture.Modality][]string{
	capture.ModalityDocument: {"SIS", "SLTD", "VIS", "EES", "ETIAS", "National", "CIR"},
	capture.ModalityFinger:   {"SIS", "VIS", "EES", "Eurodac", "CIR"},
	capture.ModalityFace:     {"EES"},
}

func tokens() console.Tokens {
	profile := capture.Profile{Name: "first line", Systems: systems}
	cleared := profile
	cleared.Name, cleared.Cleared, cleared.Verifies = "first line, cleared", true, true
	police := profile
	police.Name, police.Cleared = "investigation", true
	narrow := capture.Profile{Name: "SIS only", Systems: map[capture.Modality][]string{capture.ModalityDocument: {"SIS"}}}
	return console.Tokens{
		sha256.Sum256([]byte(token)):        {ID: "officer-7", Profile: profile},
		sha256.Sum256([]byte(clearedToken)): {ID: "officer-8", Profile: cleared},
		sha256.Sum256([]byte(narrowToken)):  {ID: "officer-9", Profile: narrow},
		sha256.Sum256([]byte(policeToken)):  {ID: "inspector", Profile: police},
	}
}

// booth is a console that is being served, with what it stands on.
type booth struct {
	*fakeDesk
	URL   string // "http://127.0.0.1:…"
	stop  context.CancelFunc
	ended chan error
}

const kiosk = "https://kiosk.example"

// serve runs a console until the test ends.
func serve(t testing.TB, change ...func(*console.Config)) *booth {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &booth{fakeDesk: newFakeDesk(), URL: "http://" + ln.Addr().String(), ended: make(chan error, 1)}
	cfg := console.Config{
		Desk:   b.fakeDesk,
		Auth:   tokens(),
		Status: func(context.Context) console.BoothStatus { return calmStatus() },
		Exchange: func(_ context.Context, o capture.Officer, e capture.Exchange) error {
			return b.did("exchange with %s by %s", e.Recipient, o.ID)
		},
		Verify: func(_ context.Context, o capture.Officer, link string, colour capture.LinkColour, why string) error {
			return b.did("verify %s %s %q by %s", link, colour, why, o.ID)
		},
		Healthy: func(context.Context) error { return nil },
		Ready:   func(context.Context) error { return errors.New("no document reader") },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			io.WriteString(w, "boothd_up 1\n")
		}),
		Origins: []string{kiosk},
		Log:     slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&cfg)
	}
	srv, err := console.New(ln, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.stop = cancel
	go func() { b.ended <- srv.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-b.ended; err != nil {
			t.Errorf("run: %v", err)
		}
		b.ended <- nil
	})
	return b
}
