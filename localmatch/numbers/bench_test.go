package numbers

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
)

// sizes are those measured, the first that of an overlay; a hundred million need 3 GB and are measured on demand.
func sizes() []int {
	s := []int{1_000, 1_000_000, 10_000_000}
	if os.Getenv("BOOTHD_NUMBERS_100M") != "" {
		s = append(s, 100_000_000)
	}
	return s
}

// collected returns a builder with n numbers of n entries, collected by two goroutines.
func collected(b *testing.B, n int) *Builder {
	b.Helper()
	builder := NewBuilder(testSecret)
	halves := [2]*Builder{builder, builder.Fork()}
	var group sync.WaitGroup
	for k, half := range halves {
		group.Go(func() {
			m := newMaker(uint64(k))
			for i := range n / 2 {
				issuer, number := m.document()
				if err := half.Add(Document{string(number), "P", issuer}, uint32(2*i+k)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := builder.Join(halves[1]); err != nil {
		b.Fatal(err)
	}
	return builder
}

// cpu is the time that the process has computed, in nanoseconds: what is measured while others
// use the cores too.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Nano())
}

func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range sizes() {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				before, begin := heap(), cpu()
				builder := collected(b, n)
				b.ReportMetric((cpu()-begin)/float64(n), "collect-cpu-ns/number")
				pairs := heap() - before
				begin = cpu()
				x, err := builder.Build(b.Context(), 2)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric((cpu()-begin)/float64(n), "build-cpu-ns/number")
				b.ReportMetric(pairs/1e6, "MB-collected")
				b.ReportMetric((heap()-before)/1e6, "MB-index")
				runtime.KeepAlive(x)
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "numbers/s")
		})
	}
}

func BenchmarkLookup(b *testing.B) {
	for _, n := range sizes() {
		x, err := collected(b, n).Build(b.Context(), 2)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkLookup(b, x, n) })
	}
}

func benchmarkLookup(b *testing.B, x *Index, n int) {
	const asked = 1 << 18
	hits := make([]Document, 0, asked)
	for m := newMaker(0); len(hits) < asked; {
		// Far apart in the index, in the order of a traveller's chance.
		for range max(1, n/2/asked) - 1 {
			m.document()
		}
		hits = append(hits, m.passport())
	}
	misses := make([]Document, asked)
	for i, m := 0, newMaker(2); i < asked; i++ {
		misses[i] = m.passport()
	}
	alike := make([]Document, asked)
	for i, d := range hits {
		number := []byte(d.Number)
		for k, c := range number {
			switch c {
			case '0':
				number[k] = 'O'
			case '5':
				number[k] = 'S'
			case '8':
				number[k] = 'B'
			}
		}
		alike[i] = Document{string(number), "P", d.Issuer}
	}
	anywhere := make([]Document, asked)
	for i, d := range misses {
		anywhere[i] = Document{Number: d.Number}
	}
	// What one read somewhere in the records costs on this machine as loaded as it is.
	b.Run("one read anywhere", func(b *testing.B) {
		at, begin := uint64(0), cpu()
		for b.Loop() {
			at = at*6364136223846793005 + 1442695040888963407 + x.record(at>>16%x.count)
		}
		b.ReportMetric((cpu()-begin)/float64(b.N), "cpu-ns/op")
	})
	for _, kind := range []struct {
		name string
		of   []Document
	}{{"hit", hits}, {"alike", alike}, {"miss", misses}, {"miss without issuer", anywhere}} {
		b.Run(kind.name, func(b *testing.B) {
			i, found, begin := 0, 0, cpu()
			for b.Loop() {
				if hits, _ := x.Find(kind.of[i%asked]); len(hits) > 0 {
					found++
				}
				i++
			}
			b.ReportMetric((cpu()-begin)/float64(i), "cpu-ns/op")
			b.ReportMetric(float64(found)/float64(i), "found")
			b.ReportMetric(float64(x.Size())/1e6, "MB")
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	x, err := collected(b, 10_000_000).Build(b.Context(), 2)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(x.Size()))
	for b.Loop() {
		if _, err := Open(testSecret, x.data); err != nil {
			b.Fatal(err)
		}
	}
}
