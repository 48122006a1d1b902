package gallery

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
)

func TestASegmentIsTwiceAsLargeAsAllBehindItOrMergedWithThem(t *testing.T) {
	for _, c := range []struct {
		records []int
		want    int
	}{
		{nil, 0}, {[]int{5}, 1}, {[]int{100, 50}, 2}, {[]int{100, 51}, 0}, {[]int{1000, 10, 10}, 1}, {[]int{1000, 100, 40, 10}, 4},
		{[]int{1000, 100, 40, 30}, 1}, {[]int{0, 0}, 2}, {[]int{0, 1}, 0},
	} {
		all := make([]segmentState, len(c.records))
		for i, n := range c.records {
			all[i].Records = n
		}
		if got := mergeFrom(all); got != c.want {
			t.Errorf("%v: from %d, want %d", c.records, got, c.want)
		}
	}
}

// model is what a list should hold, by id.
type model map[string]*Entry

// change invents an update of the model and carries it out on it.
func (m model) change(r *rand.Rand, base, version uint64) Update {
	var changes []Change
	if base == 0 {
		clear(m)
	}
	known := func() []string {
		var all []string
		for id := range m {
			all = append(all, id)
		}
		slices.Sort(all)
		return all
	}
	for range 1 + r.IntN(12) {
		if all := known(); len(all) > 0 && r.IntN(3) == 0 {
			id := all[r.IntN(len(all))]
			delete(m, id)
			changes = append(changes, Change{Drop: id})
			continue
		}
		n := r.IntN(40)
		e := person(fmt.Sprint("p", n), fmt.Sprintf("NAME%c, GIVEN", 'A'+r.IntN(26)), "1970", fmt.Sprintf("V%dN%d", version, n))
		m[e.ID] = e
		changes = append(changes, Change{Put: e})
	}
	return update("sis", base, version, len(m), changes...)
}

func (m model) check(t *testing.T, g *Gallery, version uint64) {
	t.Helper()
	for n := range 40 {
		id := fmt.Sprint("p", n)
		for v := max(version, 6) - 5; v <= version; v++ {
			number := fmt.Sprintf("V%dN%d", v, n)
			want := []string{}
			if e := m[id]; e != nil && e.Documents[0].Number == number {
				want = append(want, id)
			}
			if got := found(t, g, "sis", withNumber(number)); !slices.Equal(got, want) {
				t.Fatalf("version %d: %s finds %v, want %v", version, number, got, want)
			}
		}
	}
	if h, err := g.Check(t.Context(), "sis"); err != nil || h != (Health{Entries: len(m)}) {
		t.Fatalf("version %d: Check = %+v, %v; want %d entries", version, h, err, len(m))
	}
}

func TestRandomUpdatesGiveWhatAMapWould(t *testing.T) {
	for seed := range steps(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 2))
			dir := t.TempDir()
			g := openGallery(t, dir)
			m := model{}
			for version := uint64(1); version <= 60; version++ {
				base := version - 1
				if r.IntN(25) == 0 {
					base = 0
				}
				apply(t, g, m.change(r, base, version))
				switch r.IntN(5) {
				case 0:
					g.work.Wait() // until all is merged
				case 1:
					g.Close()
					g = openGallery(t, dir)
				}
				m.check(t, g, version)
			}
			g.work.Wait()
			m.check(t, g, 60)
			if files, err := filepath.Glob(filepath.Join(g.segmentsDir, "*.records")); err != nil || len(files) > 7 {
				t.Errorf("%d segments, %v: they are not merged: %+v", len(files), err, g.list("sis").view.Segments)
			}
		})
	}
}

func TestWhatIsGoneFromAListGoesFromTheDiskWhenItsSegmentIsMerged(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, update("sis", 0, 1, 2, puts(person("a", "ONE", "1970", "N1"), person("b", "TWO", "1970", "N2"))...))
	g.work.Wait()
	keys := func() []string {
		all, err := filepath.Glob(filepath.Join(dir, "keys", "sis.*"))
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := keys()
	apply(t, g, update("sis", 1, 2, 2, Change{Drop: "a"}, Change{Put: person("c", "THREE", "1970", "N3")}))
	g.work.Wait()
	after := keys()
	if len(before) != 1 || len(after) != 1 || before[0] == after[0] {
		t.Errorf("key files %v, then %v", before, after)
	}
	wantIDs(t, "dropped", found(t, g, "sis", withNumber("N1")))
	wantIDs(t, "kept", found(t, g, "sis", withNumber("N2")), "b")
}

func TestOnlyWhatCameLaterIsFoundSince(t *testing.T) {
	g := openGallery(t, t.TempDir())
	var many []*Entry
	for i := range 100 {
		many = append(many, person(fmt.Sprint("p", i), "SAME, NAME", "1970", fmt.Sprint("N", i)))
	}
	apply(t, g, update("sis", 0, 1, 100, puts(many...)...))
	apply(t, g, update("sis", 1, 2, 101, puts(person("new", "SAME, NAME", "1970", "N100"))...))
	q := withName(1970, "SAME", "NAME")
	q.Since = 1
	wantIDs(t, "since the version before", found(t, g, "sis", q), "new")
	q.Since = 2
	wantIDs(t, "since this version", found(t, g, "sis", q))
}
