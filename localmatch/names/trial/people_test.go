package trial

import (
	"encoding/json"
	"io"
	"reflect"
	"testing"

	"boothd/localmatch/gallery"
)

func TestAPersonDependsOnSeedAndNumberOnly(t *testing.T) {
	whole := map[int]*gallery.Entry{}
	for i, e := range People(7, 300) {
		whole[i] = e
	}
	v := NewInventor(7)
	for i := 299; i >= 0; i-- {
		if e := v.Entry(i); !reflect.DeepEqual(e, whole[i]) {
			t.Fatalf("person %d is not the same again", i)
		}
	}
	if reflect.DeepEqual(NewInventor(8).Entry(0).Names, whole[0].Names) && reflect.DeepEqual(NewInventor(8).Entry(1).Names, whole[1].Names) {
		t.Error("another seed has the same people")
	}
}

func TestInventedPeopleAreEntries(t *testing.T) {
	const n = 20_000
	var aliases, births, full, documents int
	for i, e := range People(1, n) {
		if err := e.Validate(); err != nil {
			t.Fatalf("person %d: %v", i, err)
		}
		aliases += min(1, len(e.Names)-1)
		births += len(e.BirthDates)
		documents += len(e.Documents)
		if len(e.BirthDates) > 0 && len(e.BirthDates[0]) == 10 {
			full++
		}
	}
	for _, c := range []struct {
		what      string
		n         int
		low, high float64
	}{{"have aliases", aliases, .17, .21}, {"have a birth date", births, .96, .98}, {"have a full one", full, .89, .91}, {"documents", documents, .6, .75}} {
		if share := float64(c.n) / n; share < c.low || share > c.high {
			t.Errorf("%s: %.3f, want %.2f to %.2f", c.what, share, c.low, c.high)
		}
	}
}

func TestNamesCollideAsRealOnesDo(t *testing.T) {
	const n = 50_000
	holders, mains := map[string]int{}, map[string]int{}
	long := 0
	for _, e := range People(2, n) {
		z := zoneOf(e)
		for _, w := range z.all() {
			holders[*w]++
		}
		mains[e.Names[0]]++
		if _, ok := z.truncate(); ok {
			long++
		}
	}
	once := 0
	for _, k := range holders {
		if k == 1 {
			once++
		}
	}
	common := float64(max(holders["MOHAMMED"], holders["MUHAMMAD"], holders["MARIA"])) / n
	if len(holders) < 15_000 || len(holders) > 60_000 || once < len(holders)/4 || common < .005 || common > .04 {
		t.Errorf("%d different words, %d of them once, the most common of %.4f of the people", len(holders), once, common)
	}
	if len(mains) > n*97/100 || len(mains) < n*85/100 {
		t.Errorf("%d people have %d different names", n, len(mains))
	}
	if long < n/1000 || long > n/20 {
		t.Errorf("%d names are too long for a passport", long)
	}
}

func BenchmarkPeople(b *testing.B) {
	b.ReportAllocs()
	v := NewInventor(1)
	for i := range b.N {
		v.Entry(i)
	}
}

func BenchmarkEntryAsJSON(b *testing.B) {
	v := NewInventor(1)
	lines := json.NewEncoder(io.Discard)
	for i := range b.N {
		if err := lines.Encode(v.Entry(i)); err != nil {
			b.Fatal(err)
		}
	}
}
