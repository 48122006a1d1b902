package border

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"boothd/cmd/centrald/border/person/persontest"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/localmatch/gallery"
)

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

// BenchmarkRecord records one crossing in a transaction of its own.
func BenchmarkRecord(b *testing.B) {
	each(b, func(b *testing.B, db *store.DB) {
		e := open(b, db, &persontest.People{})
		c := crossings(b, "entry 2026-06-01")[0]
		for i := 0; b.Loop(); i++ {
			c.ID = fmt.Sprint("r", i)
			c.Document.Number = fmt.Sprintf("P%07d", i/2)
			if err := db.Tx(b.Context(), func(tx *sql.Tx) error { return e.Record(b.Context(), tx, c) }); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkAsk asks about a file with twenty records by its document.
func BenchmarkAsk(b *testing.B) {
	each(b, func(b *testing.B, db *store.DB) {
		e := open(b, db, &persontest.People{})
		var words []string
		for m := 1; m <= 10; m++ {
			words = append(words, fmt.Sprintf("entry 2025-%02d-01", m), fmt.Sprintf("exit 2025-%02d-09", m))
		}
		record(b, db, e, crossings(b, words...)...)
		enrolled(b, e)
		for b.Loop() {
			if _, err := e.Ask(b.Context(), byDocument); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkPut puts 10,000 files with two records each, without their identity parts.
func BenchmarkPut(b *testing.B) {
	const n = 10_000
	each(b, func(b *testing.B, db *store.DB) {
		e := open(b, db, &persontest.People{})
		e.enrol = func(context.Context, ...gallery.Entry) error { return nil }
		files := make([]File, n)
		for round := 0; b.Loop(); round++ {
			for i := range files {
				number := fmt.Sprintf("P%d-%07d", round, i)
				records := crossings(b, "entry 2026-06-01", "exit 2026-06-02")
				records[0].ID += number
				records[1].ID += number
				files[i] = File{
					Entry:   gallery.Entry{ID: number, Documents: []gallery.DocumentNumber{{Number: number, Issuer: "UTO"}}},
					Records: records,
				}
			}
			if err := e.Put(b.Context(), files...); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "files/s")
	})
}
