package index

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"boothd/localmatch/finger"
	"boothd/localmatch/finger/index/indextest"
)

// invented returns impressions of invented fingers, two of each.
func invented(n int) [][]*finger.Template {
	r := rand.New(rand.NewPCG(40, 0))
	var all [][]*finger.Template
	for range n {
		f := indextest.Finger(r)
		all = append(all, []*finger.Template{indextest.Impression(r, f), indextest.Impression(r, f)})
	}
	return all
}

// filled returns an index of n chimeras.
func filled(b *testing.B, n int) *Index {
	b.Helper()
	x := New()
	key := uint64(0)
	for t := range indextest.Fill(41, invented(50), n) {
		if err := x.Add(key, 0, t); err != nil {
			b.Fatal(err)
		}
		key++
	}
	return x
}

// BenchmarkSearch searches for strangers on one core, all stages together.
func BenchmarkSearch(b *testing.B) {
	probes := invented(20)
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x := filled(b, n)
			i := 0
			for b.Loop() {
				p := Probe{Template: probes[i%len(probes)][0]}
				i++
				if _, err := x.Search(b.Context(), []Probe{p}, Options{Workers: 1}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/comparison")
		})
	}
}

// BenchmarkGate holds a probe against one record, stage by stage.
func BenchmarkGate(b *testing.B) {
	x := filled(b, chunkSize)
	c := x.state.Load().chunks[0]
	p := newProbe(x.codes.featuresOf(invented(1)[0][0]))
	var found [capacity]match
	stages := []struct {
		name string
		run  func(rec *[stride]byte)
	}{
		{"likest", func(rec *[stride]byte) { p.likest(rec, &x.inverse, &found) }},
		{"alike", func(rec *[stride]byte) { p.alike(rec, &found) }},
		{"turned", func(rec *[stride]byte) { p.turned(8, rec, &x.inverse, &found) }},
		{"rigid", func(rec *[stride]byte) { p.rigid(rec, &found) }},
	}
	for _, stage := range stages {
		b.Run(stage.name, func(b *testing.B) {
			i := 0
			for b.Loop() {
				stage.run(c.features(i % chunkSize))
				i++
			}
		})
	}
}

func BenchmarkAdd(b *testing.B) {
	t := invented(1)[0][0]
	x := New()
	key := uint64(0)
	for b.Loop() {
		if err := x.Add(key, 2, t); err != nil {
			b.Fatal(err)
		}
		key++
	}
}

func BenchmarkRemove(b *testing.B) {
	x := filled(b, 10_000)
	key := uint64(0)
	for b.Loop() {
		x.Remove(key % 10_000)
		key++
	}
}
