package register

import (
	"slices"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/localmatch/gallery"
)

// BenchmarkRegister puts 200,000 people in and asks for one of them by number and a name that
// is not theirs, and for nobody, in turn.
func BenchmarkRegister(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmark(b, b.TempDir()+"/central.db") })
	b.Run("postgres", func(b *testing.B) { benchmark(b, storetest.Postgres(b)) })
}

func benchmark(b *testing.B, url string) {
	db, err := store.Open(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	r := open(b, db, "SIS")
	const people, part = 200_000, 10_000
	var took time.Duration
	for n := 0; n < people; n += part {
		some := make([]gallery.Entry, part)
		for i := range some {
			some[i] = person(n + i)
		}
		began := time.Now()
		put(b, r, some...)
		took += time.Since(began)
	}
	b.Run("ask", func(b *testing.B) {
		var times []time.Duration
		for i := 0; b.Loop(); i++ {
			n, want := i/2*7919%people, capture.StateHit
			if i%2 == 1 {
				n, want = n+people, capture.StateNoHit
			}
			q := byNumber(n)
			q.Surname, q.GivenNames, q.BirthDate = "NOBODY", "AT ALL", "1970-01-01"
			began := time.Now()
			got := ask(b, r, q)
			times = append(times, time.Since(began))
			if got.State != want {
				b.Fatal(got.State)
			}
		}
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-µs")
		b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
		b.ReportMetric(people/took.Seconds(), "puts/s")
	})
}
