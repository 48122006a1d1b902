package gallery

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// story is a list whose content follows from its version alone, whatever way it came there.
type story struct {
	list   string
	people int
	hands  []hand // of the first people
}

// touched reports whether a version brings the person, anew or gone.
func (s *story) touched(i int, version uint64) bool {
	return version == 1 || (31*i+int(version)*17+i*int(version))%7 == 0
}

// entry is the person in a version, and the version that brought it; nil if it is not listed.
func (s *story) entry(i int, version uint64) (*Entry, uint64) {
	for ; version > 0; version-- {
		switch {
		case !s.touched(i, version):
		case version > 1 && (i+int(version))%3 == 0:
			return nil, version
		default:
			e := person(fmt.Sprint("p", i), "SAME, NAME", "1970", storyNumber(version, i))
			if i < len(s.hands) {
				e.Fingers = s.prints(i)
			}
			return e, version
		}
	}
	return nil, 0
}

func (s *story) prints(i int) []FingerTemplate {
	data, err := s.hands[i].listed.AppendBinary(nil)
	if err != nil {
		panic(err)
	}
	return []FingerTemplate{{Position: 2, Format: FormatBoothd, Data: data}}
}

func storyNumber(version uint64, i int) string { return fmt.Sprintf("V%05dN%05d", version, i) }

// all are the numbers of the entries of a version, by id.
func (s *story) all(version uint64) map[string]string {
	all := map[string]string{}
	for i := range s.people {
		if e, _ := s.entry(i, version); e != nil {
			all[e.ID] = e.Documents[0].Number
		}
	}
	return all
}

// update leads to a version: from the one before, or whole.
func (s *story) update(version uint64, whole bool) Update {
	var changes []Change
	for i := range s.people {
		e, _ := s.entry(i, version)
		before, _ := s.entry(i, version-1)
		switch {
		case whole && e != nil, !whole && e != nil && s.touched(i, version):
			changes = append(changes, Change{Put: e})
		case !whole && e == nil && before != nil:
			changes = append(changes, Change{Drop: before.ID})
		}
	}
	base := version - 1
	if whole {
		base = 0
	}
	return update(s.list, base, version, len(s.all(version)), changes...)
}

// check proves that the list is at a version, with all of it and nothing else.
func (s *story) check(t testing.TB, g *Gallery, version uint64) {
	t.Helper()
	want := s.all(version)
	info, err := g.List(context.Background(), s.list)
	if err != nil || info.Version != version || info.Entries != len(want) || info.Damaged || info.Erased {
		t.Fatalf("list %s: %+v, %v; want version %d with %d entries", s.list, info, err, version, len(want))
	}
	if h, err := g.Check(context.Background(), s.list); err != nil || h != (Health{Entries: len(want)}) {
		t.Fatalf("list %s: Check = %+v, %v; want %d entries", s.list, h, err, len(want))
	}
	for i := range s.people {
		for _, v := range []uint64{version, version - 1} {
			_, since := s.entry(i, v)
			ids := []string{}
			if id := fmt.Sprint("p", i); want[id] == storyNumber(since, i) {
				ids = append(ids, id)
			}
			if got := found(t, g, s.list, withNumber(storyNumber(since, i))); !slices.Equal(got, ids) {
				t.Fatalf("list %s version %d: %s finds %v, want %v", s.list, version, storyNumber(since, i), got, ids)
			}
		}
	}
}

// filesOf are the names of all files of a gallery, but for the database's own.
func filesOf(t testing.TB, dir string) []string {
	t.Helper()
	all := []string{}
	for _, sub := range []string{"", "keys", "segments"} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !e.IsDir() && !strings.HasPrefix(e.Name(), "gallery.") {
				all = append(all, filepath.Join(sub, e.Name()))
			}
		}
	}
	slices.Sort(all)
	return all
}

// wantNoStrays proves that a closed gallery has the files of what counts, and no others. Lists that
// were erased have none.
func wantNoStrays(t testing.TB, dir string, erased ...string) {
	t.Helper()
	g, err := openReadOnly(context.Background(), filepath.Join(dir, "gallery.db"), filepath.Join(dir, "keys"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	states, err := readStates(context.Background(), g.database().read, g.states)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, s := range states {
		if slices.Contains(erased, s.Name) {
			continue
		}
		for _, x := range s.Segments {
			base := fmt.Sprintf("%s.%d", s.Name, x.Serial)
			for _, name := range []string{"keys/" + base + ".key", "segments/" + base + ".records", "segments/" + base + ".index"} {
				want[name] = true
			}
		}
	}
	if got := filesOf(t, dir); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
		t.Fatalf("files %v, want %v", got, slices.Sorted(maps.Keys(want)))
	}
}
