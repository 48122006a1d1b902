package main

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"boothd/capture"
	"boothd/sync/drill"
)

// reports keeps the records of drills in memory.
type reports []*capture.DrillReport

func (*reports) Ready(context.Context) error { return nil }

func (r *reports) Record(_ context.Context, rec *capture.Record) error {
	*r = append(*r, rec.Drill)
	return nil
}

func TestMetricsAreNotTakenForAnOfficerWhoNoticesADrill(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	var kept reports
	b := recording(t)
	b.drill = drill.New(drill.Options{
		Booth: "booth-1", Keys: []ed25519.PublicKey{pub}, Recorder: &kept, Queued: func() int { return 0 }, Now: time.Now,
	})
	now := time.Now()
	order, err := drill.Sign(&drill.Order{
		ID: "d-1", Booth: "booth-1", Target: drill.Portal, Minutes: 10, By: "operations", Issued: now, Expires: now.Add(time.Hour),
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	b.order(order)
	scraped := httptest.NewRecorder()
	newMetrics(b, "").ServeHTTP(scraped, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if scraped.Code != http.StatusOK {
		t.Fatalf("metrics reply %d", scraped.Code)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.drill.Run(ended); err != nil {
		t.Fatal(err)
	}
	if len(kept) != 1 || kept[0].Noticed != 0 {
		t.Errorf("reports %+v: nobody has looked", kept)
	}
}
