package console_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/capture/mrz"
	"boothd/capture/policy"
	"boothd/capture/synthetic"
	"boothd/cmd/boothd/console"
	"boothd/devices"
)

// devicesOf hands the desk what the test presents.
type devicesOf map[capture.Modality]chan capture.Evidence

var prompts = map[capture.Modality]string{
	doc: "place the document on the reader", fing: "lay the finger on the scanner", face: "look at the camera",
}

func (d devicesOf) Collect(ctx context.Context, m capture.Modality, known []capture.Evidence, guide func(string)) (capture.Evidence, error) {
	guide(prompts[m])
	select {
	case ev := <-d[m]:
		return ev, nil
	case <-ctx.Done():
		return capture.Evidence{}, ctx.Err()
	}
}

// present shows a traveller's document, face and right index finger to the devices.
func (d devicesOf) present(t *testing.T, who synthetic.Traveller) {
	t.Helper()
	zone, err := mrz.Read(who.MRZ, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	d[doc] <- capture.Evidence{At: now, Device: devices.Info{Model: "reader"}, Document: &capture.Document{Zone: zone}}
	d[face] <- capture.Evidence{At: now, Device: devices.Info{Model: "camera"}, Face: &capture.Face{JPEG: portraitJPEG()}}
	d[fing] <- capture.Evidence{At: now, Device: devices.Info{Model: "scanner"},
		Finger: &capture.Finger{Position: 2, PNG: fingerPNG(), Quality: 72}}
}

// records keeps records in memory.
type records struct {
	mu  sync.Mutex
	all []capture.Record
}

func (r *records) Ready(context.Context) error { return nil }

func (r *records) Record(_ context.Context, rec *capture.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, *rec)
	return nil
}

func (r *records) dispositions() (all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range r.all {
		if d := rec.Disposition; d != nil {
			all = append(all, strings.TrimSpace(string(d.Decision)+" "+d.Why))
		}
	}
	return all
}

// lists is a source that holds one document, in SIS, and knows of all documents in every
// system of the profile.
type lists struct{ wanted string }

func (lists) Name() string { return "local" }

func (lists) Systems(q capture.Query) []string {
	return q.Officer.Profile.Systems[q.Evidence.Modality()]
}

func (l lists) Look(_ context.Context, q capture.Query, answer func(capture.Answer)) error {
	for _, system := range l.Systems(q) {
		a := capture.Answer{System: system, List: strings.ToLower(system), State: capture.StateNoHit, AsOf: time.Now()}
		if system == "SIS" && q.Evidence.Document != nil && q.Zone.DocumentNumber == l.wanted {
			a.State, a.Findings = capture.StateHit, []capture.Finding{hitFinding()}
		}
		answer(a)
	}
	return nil
}

// TestOfficerWorksByKeyboardAlone does whole checks with the real desk and a real browser,
// without a mouse.
func TestOfficerWorksByKeyboardAlone(t *testing.T) {
	b := openBrowser(t)
	plain, wanted := synthetic.New(1), synthetic.New(2)
	read := devicesOf{doc: make(chan capture.Evidence), face: make(chan capture.Evidence), fing: make(chan capture.Evidence)}
	kept := &records{}
	desk := check.NewDesk(check.Config{
		Booth: "K7", Rules: policy.Strict(), Recorder: kept, Collector: read, Auto: true, Now: time.Now,
		Sources: []check.Asking{{Source: lists{wanted: wanted.Fields.DocumentNumber}, Timeout: 5 * time.Second}},
		Log:     slog.New(slog.DiscardHandler),
	})
	t.Cleanup(func() { desk.Close(context.Background()) })
	booth := serve(t, func(cfg *console.Config) { cfg.Desk = desk })

	b.do(navigate(booth.URL))
	b.reads("Officer token")
	b.press("a wrong token" + kb.Enter)
	b.reads("The booth does not know this token.")
	b.press(token + kb.Enter)
	b.reads("Ready for the next traveller")

	// A traveller about whom nothing is known; the officer has doubts.
	b.press(kb.Enter)
	b.reads("Place the document on the reader")
	read.present(t, plain)
	b.reads(plain.Fields.Surname, plain.Fields.DocumentNumber, "Right index", "Clear", "Nothing was found in any system asked.")
	b.press("2")
	b.reads("“Refer” departs from the recommended “Clear”. Why?")
	b.press(kb.Enter)
	b.reads("Type the reason before you confirm.")
	b.press("answers 2 questions differently")
	b.shot("reason")
	b.press(kb.Enter)
	b.reads("Last check: Refer, against the recommendation “Clear”")
	if strings.Contains(b.text(), plain.Fields.Surname) {
		t.Error("the traveller is still on the page after the check was closed")
	}

	// A traveller who is wanted.
	b.press("n")
	b.reads("Place the document on the reader")
	read.present(t, wanted)
	b.reads("Stop", "SIS has a hit on the document.", "Arrest; inform the duty officer", "0 read as O")
	b.shot("stop")
	b.press("3")
	b.press(kb.Enter)
	b.reads("Last check: Stop")

	// No document reader, no finger, no camera: everything by hand.
	b.press(kb.Enter)
	b.reads("Place the document on the reader")
	b.press("m")
	b.reads("Type the machine-readable zone")
	b.press("nonsense" + kb.Enter + kb.Enter)
	b.reads("These lines are not a machine-readable zone.")
	b.press(strings.Repeat(kb.Backspace, len("nonsense\n")))
	b.press(strings.ToLower(strings.ReplaceAll(strings.Join(plain.MRZ, kb.Enter), "<", " ")) + kb.Enter + kb.Enter)
	b.reads(plain.Fields.Surname, "Document: taken")
	b.press("f")
	b.reads("Why can no finger be taken?")
	b.press("2" + kb.Enter)
	b.reads("Finger: not taken")
	b.press("r")
	b.reads("What is to be captured again?")
	b.press(kb.Escape)
	b.press("c")
	b.reads("No portrait was taken.", "The finger could not be taken this time")
	b.press("2" + kb.Enter)
	b.reads("Last check: Refer")

	// A check that comes to nothing, and the end of the shift.
	b.press(kb.Enter)
	b.reads("Place the document on the reader")
	b.press("?")
	b.reads("Capture the document, its chip, finger or portrait again")
	b.press(kb.Escape)
	b.until(func() bool { return b.truth(`!document.querySelector('dialog').open`) }, "help to close")
	b.press("b")
	b.reads("Local lists", "sis-persons")
	b.press(kb.Escape)
	b.until(func() bool { return b.truth(`!document.querySelector('dialog').open`) }, "board to close")
	b.press(kb.Escape)
	b.reads("Abandon this check without an outcome?")
	b.press(kb.Escape)
	b.reads("Conclude now")
	b.press(kb.Escape + "2" + kb.Enter)
	b.reads("Last check: Abandoned, no outcome")
	b.press("l")
	b.reads("Sign out?")
	b.press(kb.Enter)
	b.reads("Officer token")

	want := []string{"refer answers 2 questions differently", "stop", "refer", "Started by mistake"}
	if got := kept.dispositions(); !slices.Equal(got, want) {
		t.Errorf("recorded dispositions %q, want %q", got, want)
	}
}
