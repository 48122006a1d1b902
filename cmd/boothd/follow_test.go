package main

import (
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/audit"
	"boothd/capture/check"
	"boothd/capture/synthetic"
	"boothd/cmd/boothd/config"
	"boothd/cmd/centrald/intake/certtest"
	"boothd/internal/keys"
	"boothd/internal/sqlite"
	"boothd/sync/drill"
	"boothd/sync/outbox"
	"boothd/sync/portal"
)

// small is a booth with its databases and its desk, without devices and lines, and a drill
// order for it.
func small(t *testing.T, dir string, central hpke.PublicKey) (b *booth, order string) {
	t.Helper()
	b = &booth{config: &config.Config{}, log: slog.New(slog.DiscardHandler), profiles: &profiles{now: time.Now}}
	b.config.Booth = config.Booth{ID: "booth-1", Place: "North gate", State: dir, Direction: capture.DirectionEntry}
	var err error
	if b.store, err = outbox.Open(t.Context(), b.config.OutboxPath(), outbox.Options{Booth: "booth-1", Central: central, Log: b.log}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.store.Close() })
	if err := b.openAlerts(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.alerts.Close() })
	if err := b.openRecent(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, shut := range b.closers {
			shut()
		}
	})
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	b.drill = drill.New(drill.Options{
		Booth: b.config.Booth.ID, Keys: []ed25519.PublicKey{pub}, Recorder: b.store,
		Queued: func() int { return 0 }, Now: time.Now,
	})
	order, err = drill.Sign(&drill.Order{
		ID: "d-1", Booth: b.config.Booth.ID, Target: "SIS", Minutes: 1, Issued: time.Now(), Expires: time.Now().Add(time.Hour),
	}, priv)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.openDesk(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.desk.Close(t.Context()) })
	return b, order
}

func openingKey(t *testing.T) hpke.PublicKey {
	t.Helper()
	key, err := keys.GenerateSealing(filepath.Join(t.TempDir(), "opening"))
	if err != nil {
		t.Fatal(err)
	}
	return key.PublicKey()
}

func event(id uint64, entry string) portal.Event {
	return portal.Event{ID: id, Alert: &portal.Alert{ID: id, Booth: "booth-1", Check: "check-1", Cause: portal.CauseReplayed, At: early, Answer: capture.Answer{
		Evidence: "document-1", Modality: capture.ModalityDocument, System: "SIS", Source: "portal", State: capture.StateHit,
		Findings: []capture.Finding{{Entry: entry, By: capture.ByDocumentNumber, State: capture.StateHit, Score: 1}},
	}}}
}

func TestWhatCentralTellsIsDurableBeforeItCountsAsTaken(t *testing.T) {
	dir, key := t.TempDir(), openingKey(t)
	b, order := small(t, dir, key)
	for _, e := range []portal.Event{event(1, "e"), event(2, "e"), {ID: 3, Drill: order}, {ID: 4}} {
		if err := b.take(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	alerts := b.desk.View(false).Alerts
	if len(alerts) != 1 || alerts[0].Cause != check.CauseReplayed {
		t.Errorf("alerts %+v", alerts)
	}
	if d := b.drillStatus(); d == nil || d.Target != "SIS" {
		t.Errorf("drill %+v", d)
	}
	if n := b.store.Stats().Depth; n != 1 {
		t.Errorf("%d records wait for central, want 1", n)
	}
	b.store.Close()
	if err := b.take(t.Context(), event(5, "f")); err == nil {
		t.Error("an alert counts as taken without a record")
	}
	b.alerts.Close()
	again, _ := small(t, dir, key)
	if last, err := again.alerts.Followed(t.Context()); err != nil || last != 4 {
		t.Errorf("after the restart central is followed from %d, %v", last, err)
	}
	if got := again.desk.View(false).Alerts; len(got) != 1 || got[0].ID != alerts[0].ID {
		t.Errorf("after the restart the alerts are %+v", got)
	}
	if err := again.take(t.Context(), portal.Event{ID: 6, Drill: "a.b.c"}); err != nil {
		t.Errorf("a drill order that is none: %v", err)
	}
}

func TestDismissalsAreJournalled(t *testing.T) {
	b, _ := small(t, t.TempDir(), openingKey(t))
	if err := b.take(t.Context(), event(1, "e")); err != nil {
		t.Fatal(err)
	}
	id := b.desk.View(false).Alerts[0].ID
	if err := b.desk.Dismiss(t.Context(), id, "officer-7"); err != nil {
		t.Fatal(err)
	}
	e := lastEntry(t, b)
	if e.Kind != kindAlertDismissed || e.Officer != "officer-7" || e.Check != "check-1" || e.Detail["system"] != "SIS" {
		t.Errorf("entry %+v", e)
	}
	if n := len(b.desk.View(true).Alerts); n != 0 {
		t.Errorf("%d alerts are still shown", n)
	}
}

func TestExchangesAreRecordedWithTheOfficer(t *testing.T) {
	b, _ := small(t, t.TempDir(), openingKey(t))
	o := capture.Officer{ID: "officer-7", Profile: capture.Profile{Name: "second-line"}}
	if err := b.recordExchange(t.Context(), o, capture.Exchange{Recipient: "Red Cross", Kind: "ngo", Protocol: "P"}); err != nil {
		t.Fatal(err)
	}
	if e := lastEntry(t, b); e.Kind != audit.Kind(capture.RecordExchange) || e.Officer != "officer-7" || e.Profile != "second-line" || b.store.Stats().Depth != 1 {
		t.Errorf("entry %+v", e)
	}
}

// lastEntry reads the journal's last entry.
func lastEntry(t *testing.T, b *booth) audit.Entry {
	t.Helper()
	db, err := sqlite.OpenUnchecked(b.config.OutboxPath())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var body []byte
	if err := db.QueryRowContext(t.Context(), "SELECT body FROM journal ORDER BY seq DESC LIMIT 1").Scan(&body); err != nil {
		t.Fatal(err)
	}
	var e audit.Entry
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestALinkChangesItsColourOnceCentralHasTakenIt(t *testing.T) {
	b, _ := small(t, t.TempDir(), openingKey(t))
	status := http.StatusConflict
	ca := certtest.New(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) }))
	server.TLS = ca.Server()
	server.StartTLS()
	defer server.Close()
	var err error
	if b.portal, err = portal.New(portal.Options{URL: server.URL, TLS: ca.Client("booth-1"), Booth: "booth-1", Systems: []string{"SIS"}}); err != nil {
		t.Fatal(err)
	}
	defer b.portal.Close()
	o := capture.Officer{ID: "officer-7", Profile: capture.Profile{Name: "second-line", Systems: map[capture.Modality][]string{capture.ModalityDocument: {"SIS"}}}}
	linkedDesk(t, b, o)
	if err := b.verifyLink(t.Context(), o, "l-1", capture.LinkGreen, "brothers"); err == nil || colourOf(b) != capture.LinkYellow {
		t.Errorf("central has refused: %v, and the link is %s", err, colourOf(b))
	}
	status = http.StatusOK
	if err := b.verifyLink(t.Context(), o, "l-1", capture.LinkGreen, "brothers"); err != nil || colourOf(b) != capture.LinkGreen {
		t.Errorf("central has taken it: %v, and the link is %s", err, colourOf(b))
	}
	if e := lastEntry(t, b); e.Kind != kindLinkVerified || e.Detail["colour"] != "green" {
		t.Errorf("entry %+v", e)
	}
}

// linking is a source whose answer has a yellow link.
type linking struct{}

func (linking) Name() string { return "portal" }

func (linking) Systems(capture.Query) []string { return []string{"SIS"} }

func (linking) Look(_ context.Context, _ capture.Query, answer func(capture.Answer)) error {
	answer(capture.Answer{System: "SIS", State: capture.StateNoHit, Links: []capture.Link{{ID: "l-1", Colour: capture.LinkYellow, Systems: []string{"SIS"}}}})
	return nil
}

// linkedDesk gives the booth a desk with a check in which a link was found.
func linkedDesk(t *testing.T, b *booth, o capture.Officer) {
	t.Helper()
	b.desk.Close(t.Context())
	b.desk = check.NewDesk(check.Config{
		Booth: "booth-1", Sources: []check.Asking{{Source: linking{}, Timeout: time.Minute}}, Recorder: b.store,
		Collector: waiting{}, Log: b.log, Now: time.Now,
	})
	id, err := b.desk.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.desk.AddZone(t.Context(), id, o.ID, synthetic.New(21).MRZ); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(20 * time.Second)
	for {
		changed := b.desk.Changed()
		if colourOf(b) != "" {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatal("no answer")
		}
	}
}

// waiting is a collector to whom nobody presents anything.
type waiting struct{}

func (waiting) Collect(ctx context.Context, _ capture.Modality, _ []capture.Evidence, _ func(string)) (capture.Evidence, error) {
	<-ctx.Done()
	return capture.Evidence{}, ctx.Err()
}

// colourOf is the colour of the first link on the desk.
func colourOf(b *booth) capture.LinkColour {
	for _, l := range b.desk.View(true).Check.Lines {
		for _, k := range l.Links {
			return k.Colour
		}
	}
	return ""
}
