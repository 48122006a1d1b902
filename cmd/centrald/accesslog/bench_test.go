package accesslog

import (
	"path/filepath"
	"testing"

	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
)

// BenchmarkAppend measures how many entries are made durable when 128 queries at once wait
// for theirs. The test's PostgreSQL does not sync; its figure leaves the disk out.
func BenchmarkAppend(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			url := filepath.Join(b.TempDir(), "central.db")
			if kind == "postgres" {
				url = storetest.Postgres(b)
			}
			db, err := store.Open(b.Context(), url)
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			l, err := Open(b.Context(), db, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			e := someQuery()
			e.Kind = KindQuery
			b.SetParallelism(64) // times two processors
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := l.Append(b.Context(), e); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
