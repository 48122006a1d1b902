package search

import (
	"fmt"
	"testing"

	"boothd/capture"
)

// BenchmarkSearch measures what a search costs beside the systems: adapters that reply at
// once, one to eleven of them, and one asked without a search.
func BenchmarkSearch(b *testing.B) {
	b.Run("one adapter alone", func(b *testing.B) {
		a := replying(noHit)
		req := documentRequest(everything("S0"), "S0")
		f := Fields(&req.Profile.Systems[0])
		b.ReportAllocs()
		for b.Loop() {
			if _, err := a.Ask(b.Context(), question(&req, "S0", f, req.Query.At)); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, n := range []int{1, 11} {
		b.Run(fmt.Sprintf("%d adapters", n), func(b *testing.B) {
			var systems []System
			var names []string
			for i := range n {
				names = append(names, fmt.Sprintf("S%d", i))
				systems = append(systems, System{Name: names[i], Adapter: replying(noHit)})
			}
			s := searcher(b, Options{Systems: systems})
			req := documentRequest(everything(names...), names...)
			b.ReportAllocs()
			for b.Loop() {
				answers := 0
				if err := s.Search(b.Context(), req, func(capture.Answer) { answers++ }); err != nil || answers != n {
					b.Fatal(err, answers)
				}
			}
		})
	}
}
