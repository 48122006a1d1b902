package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"boothd/capture/check"
	"boothd/capture/policy"
	"boothd/capture/synthetic"
	"boothd/cmd/boothd/console"
	"boothd/devices"
)

// chipBooth is a booth with a real desk that inspects emulated chips.
func chipBooth(t *testing.T, kept *records, log *slog.Logger) (*booth, chipsToo, *chipDesk) {
	t.Helper()
	read, reader := newChipsToo(t)
	rules := policy.Strict()
	rules.Require = append(rules.Require, chipm)
	desk := check.NewDesk(check.Config{
		Booth: "K7", Rules: rules, Recorder: kept, Collector: read, Auto: true, Now: time.Now,
		Sources: []check.Asking{{Source: lists{}, Timeout: 5 * time.Second}}, Log: log,
	})
	t.Cleanup(func() { desk.Close(context.Background()) })
	status := chipStatus(true)
	return serve(t, func(cfg *console.Config) {
		cfg.Desk, cfg.Log, cfg.Status = desk, log, statusOf(status)
	}), read, reader
}

// lay puts a chip on the reader once the booth waits for one.
func lay(t *testing.T, r *chipDesk, card devices.Card) {
	t.Helper()
	select {
	case r.laid <- card:
	case <-time.After(20 * time.Second):
		t.Fatal("the booth waits for no chip")
	}
}

// TestTheOfficerSeesWhatIsWrongWithAChip inspects emulated chips at a real desk, with a real
// browser and without a mouse.
func TestTheOfficerSeesWhatIsWrongWithAChip(t *testing.T) {
	b := openBrowser(t)
	kept, written := &records{}, &logged{}
	booth, read, reader := chipBooth(t, kept, slog.New(slog.NewTextHandler(written, &slog.HandlerOptions{Level: slog.LevelDebug})))
	b.do(navigate(booth.URL))
	b.reads("Officer token")
	b.press(token + kb.Enter)
	b.reads("Ready for the next traveller", "Chip reader")
	one, two := synthetic.New(1), synthetic.New(2)

	// A copy is named, on the left and as a reason, which leads to the list.
	b.press(kb.Enter)
	b.reads("Place the document on the reader")
	read.present(t, one)
	b.reads("Leave the document on the chip reader", "waiting for the chip")
	lay(t, reader, issued(t, 1, "cloned"))
	b.reads("Refer", "Chip authentication", "Failed", "The chip does not have its key: it is a copy.", "other checks:", "no key")
	b.until(func() bool {
		return b.truth(`document.querySelectorAll('.paired .portrait img').length === 2 && [...document.images].every((i) => i.complete && i.naturalWidth > 0)`)
	}, "two portraits")
	b.shot("chip-cloned")
	b.truth(`document.querySelector('.reasons .tocheck').focus() ?? true`)
	b.press(kb.Enter)
	b.reads("Who signed it", "Zone of page and chip", "Data group 2 (portrait)")
	if !b.truth(`document.activeElement.dataset.check.startsWith('chip_authentication')`) {
		t.Error("the reason does not lead to its check")
	}
	b.press("d")
	b.until(func() bool { return b.truth(`!document.querySelector('dialog').open`) }, "list to close")
	b.press("d")
	b.until(func() bool { return b.truth(`document.querySelector('dialog').open`) }, "list to open")
	b.press(kb.Escape)
	b.until(func() bool { return b.truth(`!document.querySelector('dialog').open`) }, "list to close")
	b.press("2" + kb.Enter)
	b.reads("Last check: Refer")

	// A chip that the page does not open waits for the number; it is another traveller's.
	b.press(kb.Enter)
	b.reads("Place the document on the reader")
	read.present(t, one)
	lay(t, reader, issued(t, 2))
	b.reads("The chip does not open with what was read.", "Type the access number")
	b.press("h")
	b.reads("What about the document’s chip?")
	b.press(kb.Enter)
	b.reads("Choose one of these first.")
	b.press("3" + "12 34" + kb.Enter)
	b.reads("Type all six digits")
	b.press(strings.Repeat(kb.Backspace, 6) + "00000x2" + kb.Enter)
	b.reads("waiting for the chip")
	lay(t, reader, issued(t, 2))
	b.reads("Refer", "Zone of page and chip", "The chip differs from the page: ", "document number")
	b.shot("chip-of-another")
	b.press("2" + kb.Enter)
	b.reads("Last check: Refer")

	// No chip, and one that is silent.
	for _, said := range []struct{ key, reads, decision, recorded string }{
		{"1", "The document has no chip.", "1", "Last check: Clear"},
		{"2", "No chip answers", "2", "Last check: Refer"},
	} {
		b.press(kb.Enter)
		b.reads("Place the document on the reader")
		read.present(t, two)
		b.reads("waiting for the chip")
		b.press("h" + said.key + kb.Enter)
		b.reads("Recommended outcome", said.reads)
		b.press(said.decision + kb.Enter)
		b.reads(said.recorded)
	}

	for _, secret := range []string{one.Fields.Surname, one.Fields.DocumentNumber, two.Fields.Surname, two.Fields.DocumentNumber, "000002"} {
		if strings.Contains(written.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if data, err := json.Marshal(kept.all); err != nil || bytes.Contains(data, []byte(`"000002"`)) {
		t.Errorf("the access number is in a record (%v)", err)
	}
}
