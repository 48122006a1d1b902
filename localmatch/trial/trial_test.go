package trial

import (
	"context"
	"testing"

	"boothd/capture"
)

func TestListedTravellersAreFoundAndOthersAreNoHit(t *testing.T) {
	r, err := Run(context.Background(), Options{Entries: 400, Checks: 400, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if r.States[capture.StateHit] != 200 {
		t.Errorf("%d hits of 200 listed travellers: %v", r.States[capture.StateHit], r.States)
	}
	if r.States[capture.StateNoHit]+r.States[capture.StatePossible] != 200 {
		t.Errorf("states %v", r.States)
	}
	if r.P50 == 0 || r.P50 > r.P99 || r.P99 > r.Max || r.Bytes == 0 {
		t.Errorf("result %+v", r)
	}
}

func TestTrialRefusesWhatItCannotMeasure(t *testing.T) {
	for _, o := range []Options{{Entries: 0, Checks: 1}, {Entries: 1, Checks: 0}, {Entries: 1 << 40, Checks: 1}} {
		if _, err := Run(context.Background(), o); err == nil {
			t.Errorf("%+v was measured", o)
		}
	}
}

func BenchmarkApply100k(b *testing.B) {
	for range b.N {
		r, err := Run(context.Background(), Options{Entries: 100_000, Checks: 1, Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(r.Apply.Seconds(), "s/list")
		b.ReportMetric(float64(r.Bytes)/1e6, "MB")
	}
}

func BenchmarkLook100k(b *testing.B) {
	r, err := Run(context.Background(), Options{Entries: 100_000, Checks: max(b.N, 2000), Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(r.P50.Nanoseconds())/1e3, "p50-µs")
	b.ReportMetric(float64(r.P99.Nanoseconds())/1e3, "p99-µs")
	b.ReportMetric(float64(r.Max.Nanoseconds())/1e3, "max-µs")
}
