package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/boothd/config"
	"boothd/devices"
	"boothd/internal/keys"
	"boothd/sync/drill"
)

// recording is a booth as far as the metrics look at it, with a real outbox.
func recording(t *testing.T) *booth {
	t.Helper()
	dir := t.TempDir()
	if _, err := keys.GenerateSealing(filepath.Join(dir, "central")); err != nil {
		t.Fatal(err)
	}
	b := &booth{
		config: &config.Config{}, log: slog.New(slog.DiscardHandler), devices: &devices.Manager{},
		profiles: &profiles{now: time.Now}, drill: drill.New(drill.Options{}),
	}
	b.config.Booth.ID, b.config.Booth.State = "booth-1", dir
	b.config.Portal.Sealing = filepath.Join(dir, "central.pub")
	if err := b.openStore(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.store.Close() })
	return b
}

const metricsToken = "the token that only Prometheus has"

func TestOnlyWhoShowsTheTokenSeesThatARecordWasMade(t *testing.T) {
	b := recording(t)
	metrics := newMetrics(b, metricsToken)
	scrape := func(authorization string) (int, string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		metrics.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	_, before := scrape("")
	if !strings.Contains(before, "boothd_link_up 0") {
		t.Fatalf("the open figures are not there:\n%s", before)
	}
	for n := 1; n <= 3; n++ {
		rec := &capture.Record{ID: fmt.Sprint("r", n), Kind: capture.RecordLateAnswer, Check: "c", Booth: "booth-1", At: time.Now()}
		if err := b.store.Record(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
		if code, after := scrape(""); code != http.StatusOK || after != before {
			t.Errorf("after %d records anybody reads %d\n%s\nbefore it was\n%s", n, code, after, before)
		}
		if code, all := scrape("Bearer " + metricsToken); code != http.StatusOK || !strings.Contains(all, fmt.Sprintf("boothd_outbox_items %d\n", n)) ||
			!strings.Contains(all, "boothd_link_up 0") || !strings.Contains(all, "process_cpu_seconds_total") {
			t.Errorf("after %d records the operator reads %d\n%s", n, code, all)
		}
	}
	for _, wrong := range []string{"Bearer ", "Bearer " + metricsToken + "x"} {
		if code, body := scrape(wrong); code != http.StatusUnauthorized || strings.Contains(body, "boothd_") {
			t.Errorf("%q reads %d\n%s", wrong, code, body)
		}
	}
}

func TestWithoutATokenNobodySeesTheQueue(t *testing.T) {
	metrics := newMetrics(recording(t), "")
	for _, shown := range []string{"Bearer ", "Bearer x"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
		r.Header.Set("Authorization", shown)
		w := httptest.NewRecorder()
		if metrics.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
			t.Errorf("%q reads %d", shown, w.Code)
		}
	}
}
