package seed

import (
	"path/filepath"
	"testing"

	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
)

// BenchmarkPeople puts in 100,000 people, without prints, whose making does not depend on
// the database.
func BenchmarkPeople(b *testing.B) {
	const n = 100_000
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return filepath.Join(b.TempDir(), "central.db") },
		"postgres": func() string { return storetest.Postgres(b) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				db, err := store.Open(b.Context(), url())
				must(b, err)
				s := open(b, db)
				must(b, people(b.Context(), &s, n, 0, nil))
				db.Close()
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "people/s")
		})
	}
}
