package outbox

import (
	"fmt"
	"testing"
)

// BenchmarkRecord reports the durable records a second and their ratio to plain writing
// and fdatasync of the same bytes in the same run.
func BenchmarkRecord(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			r, err := Bench(b.Context(), b.TempDir(), writers, max(b.N/benchRounds, writers))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(r.Whole, "records/s")
			b.ReportMetric(r.Stored, "sealed-before/s")
			b.ReportMetric(r.Raw, "raw/s")
			b.ReportMetric(r.Whole/r.Raw, "ratio")
			b.ReportMetric(r.Stored/r.Raw, "ratio-sealed-before")
		})
	}
}
