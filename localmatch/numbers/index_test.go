package numbers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

func entries(hits []Hit) []uint32 {
	var all []uint32
	for _, h := range hits {
		all = append(all, h.Entry)
	}
	slices.Sort(all)
	return all
}

func TestAnIndexFinds(t *testing.T) {
	x := built(t, []Document{
		0: passport("D", "C01X00T47"),
		1: passport("GBR", "925665416"),
		2: passport("", "925665416"),
		3: passport("FRA", "925665416"),
		4: passport("GBR", "92S665416"),
		5: passport("POL", "1234567"),
		6: passport("D", "C01X00T478"),
		7: passport("", "1234567"),
	})
	for _, c := range []struct {
		name  string
		asked Document
		want  []uint32
	}{
		{"one number, and the one with its check digit", passport("DEU", "c01x00t47"), []uint32{0, 6}},
		{"the issuer's, one without issuer, look-alikes", passport("GBR", "925665416"), []uint32{1, 2, 4}},
		{"of any issuer", passport("", "925665416"), []uint32{1, 2, 3, 4}},
		{"of an issuer that is not listed", passport("USA", "925665416"), []uint32{2}},
		{"letters lost in the list, by the known issuer only", passport("POL", "AB1234567"), []uint32{5}},
		{"the number as it is listed", passport("POL", "1234567"), []uint32{5, 7}},
		{"nothing", passport("GBR", "925665417"), nil},
		{"no number", passport("GBR", "/"), nil},
	} {
		hits, more := x.Find(c.asked)
		if got := entries(hits); !slices.Equal(got, c.want) || more {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if x.Contains(c.asked) != (c.want != nil) {
			t.Errorf("%s: contained or not", c.name)
		}
	}
	hits, _ := x.Find(passport("GBR", "925665416"))
	for _, h := range hits {
		if h.Exact != (h.Entry != 4) {
			t.Errorf("entry %d: exact is %v", h.Entry, h.Exact)
		}
	}
}

func TestAnEmptyIndexFindsNothing(t *testing.T) {
	x := built(t, nil)
	if hits, more := x.Find(passport("GBR", "925665416")); hits != nil || more || x.Len() != 0 {
		t.Error("found something")
	}
}

func TestEveryNumberOfManyStatesIsFound(t *testing.T) {
	for _, n := range []int{1, 63, 64, 65, 1000, 50_000} {
		m := newMaker(2)
		var documents []Document
		for range n {
			d := m.passport()
			if m.rand.IntN(50) == 0 {
				d.Issuer = ""
			}
			documents = append(documents, d)
		}
		x := built(t, documents)
		for i, d := range documents {
			hits, _ := x.Find(d)
			if !slices.Contains(hits, Hit{uint32(i), true}) {
				t.Fatalf("%d numbers: number %d is not found", n, i)
			}
			if hits, _ = x.Find(Document{Number: d.Number}); !slices.Contains(hits, Hit{uint32(i), true}) {
				t.Fatalf("%d numbers: number %d is not found without its issuer", n, i)
			}
		}
	}
}

func TestStrangersAreNotFound(t *testing.T) {
	m := newMaker(3)
	var documents []Document
	for range 50_000 {
		documents = append(documents, passport("UTO", "L"+m.passport().Number))
	}
	x := built(t, documents)
	false1, false2 := 0, 0
	const asked = 100_000
	for i := range asked {
		number := fmt.Sprintf("W%08dX", i)
		if x.Contains(passport("UTO", number)) {
			false1++
		}
		if x.Contains(passport("", number)) {
			false2++
		}
	}
	// One in 4 million is expected: more than 2 have odds of 1 in 400,000.
	if false1 > 2 || false2 > 2 {
		t.Errorf("%d of %d strangers found, %d without issuer", false1, asked, false2)
	}
}

func TestANumberOfManyEntriesIsBounded(t *testing.T) {
	const n = 5000
	var documents []Document
	for range n {
		documents = append(documents, passport("GBR", "000000000"))
	}
	documents = append(documents, passport("GBR", "925665416"))
	x := built(t, documents)
	hits, more := x.Find(documents[0])
	if len(hits) != MaxHits || !more {
		t.Errorf("%d hits, more is %v", len(hits), more)
	}
	seen := map[uint32]bool{}
	for h := range x.All(documents[0]) {
		seen[h.Entry] = true
	}
	if len(seen) != n {
		t.Errorf("%d entries in all", len(seen))
	}
	if hits, more = x.Find(documents[n]); len(hits) != 1 || more {
		t.Error("the number in another place is not found alone")
	}
	if x = built(t, documents[:MaxHits]); x.Len() != MaxHits {
		t.Errorf("%d numbers", x.Len())
	}
	if hits, more = x.Find(documents[0]); len(hits) != MaxHits || more {
		t.Errorf("%d hits of %d, more is %v", len(hits), MaxHits, more)
	}
}

func TestAHitIsFoundOnceAndExactIfOneOfItsNumbersIs(t *testing.T) {
	b := NewBuilder(testSecret)
	for _, number := range []string{"92S665416", "925665416", "925665416", "9256654l6"} {
		if err := b.Add(passport("GBR", number), 7); err != nil {
			t.Fatal(err)
		}
	}
	x, err := b.Build(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if x.Len() != 3 {
		t.Errorf("%d numbers, one of them was added twice", x.Len())
	}
	if hits, _ := x.Find(passport("GBR", "925665416")); !slices.Equal(hits, []Hit{{7, true}}) {
		t.Errorf("%v", hits)
	}
}

func TestEveryWidthOfAnEntryIsKept(t *testing.T) {
	for width := range 33 {
		top := uint32(1<<width - 1)
		b := NewBuilder(testSecret)
		for i := range 300 {
			if err := b.Add(passport("GBR", fmt.Sprintf("%09d", i)), top-min(top, uint32(i))); err != nil {
				t.Fatal(err)
			}
		}
		x, err := b.Build(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 300 {
			hits, _ := x.Find(passport("GBR", fmt.Sprintf("%09d", i)))
			if !slices.Contains(hits, Hit{top - min(top, uint32(i)), true}) {
				t.Fatalf("%d bits: number %d has %v", width, i, hits)
			}
		}
	}
}

func TestBuildersJoin(t *testing.T) {
	m := newMaker(4)
	var documents []Document
	for range 20_000 {
		documents = append(documents, m.passport())
	}
	whole := built(t, documents)
	b := NewBuilder(testSecret)
	var forks []*Builder
	var group sync.WaitGroup
	for part := range 4 {
		fork := b.Fork()
		forks = append(forks, fork)
		group.Go(func() {
			for i := part; i < len(documents); i += 4 {
				if err := fork.Add(documents[i], uint32(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	for _, fork := range forks {
		if err := b.Join(fork); err != nil {
			t.Fatal(err)
		}
		if fork.Len() != 0 {
			t.Error("a builder that has been joined keeps numbers")
		}
	}
	x, err := b.Build(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(x.data, whole.data) {
		t.Error("the index depends on the order of its numbers")
	}
	if err := b.Join(NewBuilder(Secret{9})); !errors.Is(err, ErrSecret) {
		t.Errorf("joined builders of two secrets: %v", err)
	}
}

func TestABuilderRefuses(t *testing.T) {
	b := NewBuilder(testSecret)
	if err := b.Add(passport("GBR", " - "), 1); !errors.Is(err, ErrNoNumber) {
		t.Errorf("no number: %v", err)
	}
	b.count = MaxNumbers
	if err := b.Add(passport("GBR", "925665416"), 1); !errors.Is(err, ErrTooMany) {
		t.Errorf("too many: %v", err)
	}
	b = NewBuilder(testSecret)
	for i := range maxIssuers - 1 {
		if err := b.Add(passport(fmt.Sprint("X", i), "1"), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Add(passport("GBR", "1"), 1); !errors.Is(err, ErrTooMany) {
		t.Errorf("too many issuers: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Build(ctx, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestLookUpsRunSideBySide(t *testing.T) {
	m := newMaker(5)
	var documents []Document
	for range 5000 {
		documents = append(documents, m.passport())
	}
	x := built(t, documents)
	var group sync.WaitGroup
	for k := range 4 {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(k), 0))
			for range 5000 {
				i := r.IntN(len(documents))
				if hits, _ := x.Find(documents[i]); !slices.Contains(entries(hits), uint32(i)) {
					t.Errorf("number %d is not found", i)
				}
			}
		})
	}
	group.Wait()
}
