package trial

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"boothd/localmatch/gallery"
	"boothd/localmatch/names"
	"boothd/localmatch/names/index"
)

// Options say how to measure a list.
type Options struct {
	Queries int    // of each class, with and without birth date each
	Seed    uint64 // of whom is asked for, of the damage, and of the people who are in no list
	// First is the number of the first invented person who is in no list. If the list holds the
	// people of the same seed it is their number.
	First int
}

// Build is what it took to make the list ready.
type Build struct {
	Entries     int     `json:"entries"`
	Records     int     `json:"records"` // name by birth date
	Words       int     `json:"words"`   // different ones
	Seconds     float64 `json:"build_s"`
	PerSecond   float64 `json:"entries_per_s"`
	IndexBytes  int64   `json:"index_bytes"`
	MemoryBytes uint64  `json:"memory_bytes"` // that the index takes of the heap
	PeakBytes   int64   `json:"peak_bytes"`   // that this program ever had, with the list itself
}

// Result is what was measured of a class.
type Result struct {
	Class   Class `json:"class"`
	Birth   bool  `json:"birth_date"` // was asked with
	Queries int   `json:"queries"`
	// Times of one core, which other programs that want it do not lengthen: of the whole
	// question, and of its search alone.
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	SearchP50 float64 `json:"search_p50_ms"`
	SearchP99 float64 `json:"search_p99_ms"`
	// Shares of the questions, of 1.
	Recall    float64 `json:"recall_64"` // the entry was among the first 64 candidates
	Crowded   float64 `json:"crowded"`   // it was not, but 64 others were that score as much or more
	Top       float64 `json:"top_1"`     // no candidate scores more than the entry
	Possible  float64 `json:"possible"`  // a candidate is worth an officer's look
	CutShort  float64 `json:"cut_short"` // the search was cut short and said so
	Shortfall bool    `json:"shortfall"` // the list does not have so many names to which the damage can be done
}

// candidates is how many the index is asked for.
const candidates = 64

// Measure builds the index of the list and asks. Each result goes to report as it is ready;
// if it returns an error, that ends the measuring. While Measure runs the whole program has
// one core.
func Measure(ctx context.Context, l *List, o Options, built func(Build) error, report func(Result) error) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	x, b, err := build(ctx, l)
	if err != nil {
		return err
	}
	if err := built(b); err != nil {
		return err
	}
	for _, class := range Classes {
		for _, birth := range []bool{true, false} {
			a := &asking{list: l, index: x, class: class, birth: birth, r: rand.New(rand.NewPCG(o.Seed, 1)), outside: NewInventor(o.Seed), next: o.First}
			r, err := a.run(ctx, o.Queries)
			if err != nil {
				return fmt.Errorf("class %s: %w", class, err)
			}
			if err := report(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func build(ctx context.Context, l *List) (*index.Index, Build, error) {
	before := heap()
	start := cpuTime()
	builder := index.NewBuilder()
	for i := range l.Len() {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, Build{}, ctx.Err()
		}
		p := person(l.entry(i))
		if err := builder.Add(uint32(i), p.Names, p.Births); err != nil {
			return nil, Build{}, err
		}
	}
	x, err := builder.Build(ctx)
	if err != nil {
		return nil, Build{}, err
	}
	seconds := (cpuTime() - start).Seconds()
	builder = nil
	after := heap()
	return x, Build{
		Entries: l.Len(), Records: x.Records(), Words: x.Words(), Seconds: round(seconds), PerSecond: round(float64(l.Len()) / max(seconds, 1e-9)),
		IndexBytes: x.Memory(), MemoryBytes: after - min(before, after), PeakBytes: peakMemory(),
	}, nil
}

// heap is what is in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// asking asks the questions of one class.
type asking struct {
	list    *List
	index   *index.Index
	class   Class
	birth   bool
	r       *rand.Rand
	outside *Inventor
	next    int // invented person

	whole, search                           []time.Duration
	found, crowded, top, possible, cutShort int
}

// triesPerQuery is how many entries are looked at for one to which the damage can be done.
const triesPerQuery = 2000

func (a *asking) run(ctx context.Context, queries int) (Result, error) {
	for try := 0; len(a.whole) < queries && try < queries*triesPerQuery; try++ {
		if err := ctx.Err(); err != nil {
			return Result{}, err
		}
		want, e := a.draw()
		z, ok := zoneOf(e).damage(a.class, a.r)
		if !ok {
			continue
		}
		if err := a.ask(ctx, want, e, z); err != nil {
			return Result{}, err
		}
	}
	n := float64(max(len(a.whole), 1))
	share := func(k int) float64 { return round(float64(k) / n) }
	return Result{
		Class: a.class, Birth: a.birth, Queries: len(a.whole), Shortfall: len(a.whole) < queries,
		P50: quantile(a.whole, .5), P99: quantile(a.whole, .99), SearchP50: quantile(a.search, .5), SearchP99: quantile(a.search, .99),
		Recall: share(a.found), Crowded: share(a.crowded), Top: share(a.top), Possible: share(a.possible), CutShort: share(a.cutShort),
	}, nil
}

// nobody is the number of an entry that is not in the list.
const nobody = -1

func (a *asking) draw() (int, *gallery.Entry) {
	if a.class == NoMatch {
		a.next++
		return nobody, a.outside.Entry(a.next - 1)
	}
	i := a.r.IntN(a.list.Len())
	return i, a.list.entry(i)
}

// ask asks for one person as a booth would: from the zone to the candidates in the order of
// their scores. A document always has nationality and sex.
func (a *asking) ask(ctx context.Context, want int, e *gallery.Entry, z zone) error {
	asked := names.Person{Nationalities: e.Nationalities, Sex: e.Sex}
	if a.birth {
		asked.Births = []names.Birth{a.onDocument(e)}
	}
	start := cpuTime()
	asked.Names = []names.Name{z.name()}
	result, err := a.index.Search(ctx, index.Query{Name: asked.Names[0], Births: asked.Births, Limit: candidates})
	searched := cpuTime()
	if err != nil {
		return err
	}
	scores := make([]float64, len(result.Candidates))
	for i, c := range result.Candidates {
		p := person(a.list.entry(int(c.Entry)))
		scores[i] = names.Score(&asked, &p)
	}
	order := slices.Clone(scores)
	slices.SortFunc(order, func(x, y float64) int { return cmp.Compare(y, x) })
	a.whole = append(a.whole, cpuTime()-start)
	a.search = append(a.search, searched-start)
	if len(order) > 0 && order[0] >= names.Possible {
		a.possible++
	}
	if result.More {
		a.cutShort++
	}
	if want != nobody {
		p := person(e)
		at := slices.IndexFunc(result.Candidates, func(c index.Candidate) bool { return int(c.Entry) == want })
		a.judge(at, scores, order, names.Score(&asked, &p))
	}
	return nil
}

// judge counts whether the entry, which scores so much, was found: at is its place among
// the candidates or -1, and order has the scores of these, greatest first.
func (a *asking) judge(at int, scores, order []float64, own float64) {
	switch {
	case at >= 0:
		a.found++
		if scores[at] >= order[0] {
			a.top++
		}
	case len(order) == candidates && order[candidates-1] >= own:
		a.crowded++
	}
}

// onDocument is the birth date that the entry's document has: a document has all of it,
// even if the list does not.
func (a *asking) onDocument(e *gallery.Entry) names.Birth {
	b := names.Birth{Year: 1941 + a.r.IntN(68)}
	if known := births(e.BirthDates); len(known) > 0 {
		b = known[0]
	}
	if b.Month == 0 {
		b.Month = 1 + a.r.IntN(12)
	}
	if b.Day == 0 {
		b.Day = 1 + a.r.IntN(28)
	}
	return b
}

// quantile returns a quantile in milliseconds; 0 of nothing.
func quantile(d []time.Duration, q float64) float64 {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return round(d[min(int(q*float64(len(d))), len(d)-1)].Seconds() * 1e3)
}

// round keeps four places.
func round(x float64) float64 { return float64(int64(x*1e4+0.5)) / 1e4 }
