package visa

import (
	"fmt"
	"path/filepath"
	"testing"

	"boothd/cmd/centrald/border/person/persontest"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/system"
)

func manyVisas(n int) []Visa {
	visas := make([]Visa, n)
	for i := range visas {
		visas[i] = plain
		visas[i].Sticker, visas[i].Holder = fmt.Sprintf("V%08d", i), fmt.Sprintf("h%d", i)
	}
	return visas
}

// each runs a benchmark on each kind of database.
func each(b *testing.B, f func(b *testing.B, db *store.DB)) {
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
			f(b, db)
		})
	}
}

const benchRows = 100_000

func BenchmarkPutVisas(b *testing.B) {
	visas := manyVisas(benchRows)
	each(b, func(b *testing.B, db *store.DB) {
		s := openVIS(b, db, &persontest.People{})
		for b.Loop() {
			if err := s.Put(b.Context(), visas...); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "visas/s")
	})
}

func BenchmarkAskSticker(b *testing.B) {
	visas := manyVisas(benchRows)
	each(b, func(b *testing.B, db *store.DB) {
		s := openVIS(b, db, &persontest.People{})
		if err := s.Put(b.Context(), visas...); err != nil {
			b.Fatal(err)
		}
		i := 0
		for b.Loop() {
			i = (i + 7919) % benchRows
			if _, err := s.Ask(b.Context(), system.Question{VisaSticker: visas[i].Sticker}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkPutAuthorisations(b *testing.B) {
	all := make([]Authorisation, benchRows)
	for i := range all {
		all[i] = granted
		all[i].Number = fmt.Sprintf("P%07d", i)
	}
	each(b, func(b *testing.B, db *store.DB) {
		s := openETIAS(b, db)
		for b.Loop() {
			if err := s.Put(b.Context(), all...); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "authorisations/s")
	})
}
