package index

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"boothd/localmatch/names"
)

// large lets the benchmarks run with five million people too, which takes minutes.
const large = "BOOTHD_BENCH_LARGE"

func sizes() []int {
	if os.Getenv(large) != "" {
		return []int{100_000, 1_000_000, 5_000_000}
	}
	return []int{100_000, 1_000_000}
}

// BenchmarkBuild reports entries per second, the making of names not counted, and the memory
// that a build takes at its peak and leaves behind.
func BenchmarkBuild(b *testing.B) {
	for _, n := range sizes() {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := newCrowd(7)
			var took time.Duration
			for range b.N {
				before := heap()
				builder := NewBuilder()
				var added time.Duration
				c.fill(b, n, func(i int, ns []names.Name, births []names.Birth) {
					start := time.Now()
					if err := builder.Add(uint32(i), ns, births); err != nil {
						b.Fatal(err)
					}
					added += time.Since(start)
				})
				collected := heap() - before
				start := time.Now()
				x, err := builder.Build(context.Background())
				if err != nil {
					b.Fatal(err)
				}
				took += added + time.Since(start)
				b.ReportMetric(float64(collected)/1e6, "MB-collected")
				b.ReportMetric(float64(heap()-before)/1e6, "MB-built")
				runtime.KeepAlive(x)
			}
			b.ReportMetric(float64(n)*float64(b.N)/took.Seconds(), "entries/s")
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkRead(b *testing.B) {
	for _, n := range sizes() {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			file := stored(b, newCrowd(7).index(b, n))
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if _, err := Read(bytes.NewReader(file), int64(len(file))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSearch reports, besides the time of the clock, the median and the 99th percentile of
// the time that a search spends on a core, and the recall among 64 candidates.
func BenchmarkSearch(b *testing.B) {
	for _, n := range sizes() {
		c := newCrowd(7)
		var x *Index
		for class := range classes {
			for _, dated := range []string{"dated", "undated"} {
				b.Run(fmt.Sprintf("%d/%s/%s", n, classes[class].name, dated), func(b *testing.B) {
					if x == nil {
						x = c.index(b, n)
						runtime.GC()
					}
					measure(b, c, x, n, class, dated == "dated")
				})
			}
		}
	}
}

func measure(b *testing.B, c *crowd, x *Index, n, class int, dated bool) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var took []time.Duration
	found := 0
	for j := 0; b.Loop(); j++ {
		i := int(uint64(j) * 7919 % uint64(n))
		name, p := c.ask(class, i)
		q := Query{Name: name}
		if dated {
			q.Births = p.births
		}
		start := cpuTime()
		r, err := x.Search(context.Background(), q)
		took = append(took, cpuTime()-start)
		if err != nil {
			b.Fatal(err)
		}
		if slices.Contains(entries(r), uint32(i)) {
			found++
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
	b.ReportMetric(float64(found)/float64(len(took)), "recall")
}

// cpuTime is the time that this thread has spent on a core.
func cpuTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
