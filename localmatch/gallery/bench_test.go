package gallery_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"boothd/localmatch/gallery"
	"boothd/localmatch/names/trial"
)

// invented are the lines of a whole list of invented people.
func invented(b *testing.B, n int) [][]byte {
	lines := make([][]byte, 0, n)
	for _, e := range trial.People(1, n) {
		line, err := json.Marshal(map[string]any{"put": e})
		if err != nil {
			b.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

// BenchmarkApplyWholeList measures how many entries a second a whole list is applied with.
func BenchmarkApplyWholeList(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			lines := invented(b, n)
			dir := b.TempDir()
			g, err := gallery.Open(context.Background(), filepath.Join(dir, "gallery.db"), filepath.Join(dir, "keys"), gallery.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer g.Close()
			u := gallery.Update{List: "sis", System: "SIS", Issued: time.Now(), Expires: time.Now().Add(time.Hour), Entries: n}
			u.Lines = func(yield func([]byte, error) bool) {
				for _, l := range lines {
					if !yield(l, nil) {
						return
					}
				}
			}
			for b.Loop() {
				u.Version++
				u.Head[0]++
				if err := g.Apply(context.Background(), u); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
