package gallery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/localmatch/names"
	"boothd/localmatch/numbers"
)

var testDay = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func openGallery(t testing.TB, dir string) *Gallery {
	t.Helper()
	g, err := Open(context.Background(), filepath.Join(dir, "gallery.db"), filepath.Join(dir, "keys"), Options{Now: func() time.Time { return testDay }, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	if err := g.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	return g
}

func puts(entries ...*Entry) []Change {
	changes := make([]Change, len(entries))
	for i, e := range entries {
		changes[i] = Change{Put: e}
	}
	return changes
}

func seq(changes []Change) func(func(Change, error) bool) {
	return func(yield func(Change, error) bool) {
		for _, c := range changes {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func head(version uint64) Hash { return Hash{byte(version), byte(version >> 8), 1} }

// update is the whole list if base is 0, else changes to base.
func update(list string, base, version uint64, entries int, changes ...Change) Update {
	u := Update{
		List: list, System: "SIS", Version: version, Head: head(version), Base: base,
		Issued: testDay, Expires: testDay.Add(48 * time.Hour), SoftAge: 24 * time.Hour,
		Entries: entries, Lines: LinesOf(seq(changes)),
	}
	if base != 0 {
		u.BaseHead = head(base)
	}
	return u
}

func person(id, name, birth, number string) *Entry {
	return &Entry{
		ID: id, Names: []string{name}, BirthDates: []string{birth},
		Documents: []DocumentNumber{{Number: number, Issuer: "UTO"}},
	}
}

func apply(t testing.TB, g *Gallery, u Update) {
	t.Helper()
	if err := g.Apply(context.Background(), u); err != nil {
		t.Fatal(err)
	}
}

// ids returns the ids that the key finds, sorted.
func found(t testing.TB, g *Gallery, list string, q Question) []string {
	t.Helper()
	f, err := g.Find(context.Background(), list, q)
	if err != nil {
		t.Fatal(err)
	}
	if f.Damaged > 0 {
		t.Errorf("%d records damaged", f.Damaged)
	}
	got := []string{}
	for _, e := range f.Entries {
		got = append(got, e.ID)
	}
	slices.Sort(got)
	return got
}

func wantIDs(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: found %v, want %v", what, got, want)
	}
}

func withNumber(n string) Question { return Question{Document: numbers.Document{Number: n}} }

// byName asks for a name and, if it is not 0, a birth year.
func withName(year int, words ...string) Question {
	q := Question{Name: names.Parse(strings.Join(words, " "))}
	if year != 0 {
		q.Births = []names.Birth{{Year: year}}
	}
	return q
}

func TestWholeListThenChangesAreFoundByEveryKey(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, update("sis", 0, 3, 3, puts(
		person("a", "ERIKSSON, Anna Maria", "1974-08-12", "L898902C3"),
		person("b", "Jörg MÜLLER", "1980", "X12-345"),
		&Entry{ID: "c", Names: []string{"SMITH, JOHN"}})...))
	find := func(g *Gallery) {
		t.Helper()
		wantIDs(t, "number", found(t, g, "sis", withNumber("L898902C3")), "a")
		wantIDs(t, "look-alike number", found(t, g, "sis", withNumber("1898902C3")), "a")
		wantIDs(t, "other number", found(t, g, "sis", withNumber("L898902C4")))
		wantIDs(t, "name", found(t, g, "sis", withName(1974, "ANNA", "MARIA", "ERIKSSON")), "a")
		wantIDs(t, "another name", found(t, g, "sis", withName(1974, "XANTHIPPE", "QUERULOUS")))
		wantIDs(t, "transliterated name", found(t, g, "sis", withName(1980, "MUELLER", "JOERG")), "b")
		wantIDs(t, "name without birth date", found(t, g, "sis", withName(0, "JOHN", "SMITH")), "c")
	}
	find(g)
	g.Close()
	g = openGallery(t, dir)
	find(g)

	apply(t, g, update("sis", 3, 4, 3, Change{Drop: "c"},
		Change{Put: person("a", "ERIKSSON, Anna", "1974-08-12", "N1")},
		Change{Put: person("d", "NEW, ONE", "2001-01-01", "D4")}))
	wantIDs(t, "dropped", found(t, g, "sis", withName(0, "JOHN", "SMITH")))
	wantIDs(t, "old number of a changed entry", found(t, g, "sis", withNumber("L898902C3")))
	wantIDs(t, "new number of a changed entry", found(t, g, "sis", withNumber("N1")), "a")
	wantIDs(t, "new entry", found(t, g, "sis", withNumber("D4")), "d")
	wantIDs(t, "untouched entry", found(t, g, "sis", withNumber("X12345")), "b")
	h, err := g.Check(context.Background(), "sis")
	if err != nil || h != (Health{Entries: 3}) {
		t.Errorf("Check = %+v, %v", h, err)
	}
	info, err := g.List(context.Background(), "sis")
	if err != nil || info.Version != 4 || info.Head != head(4) || info.Entries != 3 || !info.Applied.Equal(testDay) {
		t.Errorf("List = %+v, %v", info, err)
	}
}

func TestListsStandSideBySide(t *testing.T) {
	g := openGallery(t, t.TempDir())
	apply(t, g, update("sis", 0, 1, 1, puts(person("a", "ONE", "1970", "N1"))...))
	apply(t, g, update("sltd", 0, 7, 1, puts(person("a", "TWO", "1970", "N2"))...))
	apply(t, g, update("sis", 0, 2, 1, puts(person("a", "ONE", "1970", "N3"))...))
	wantIDs(t, "sltd", found(t, g, "sltd", withNumber("N2")), "a")
	wantIDs(t, "sis, gone", found(t, g, "sis", withNumber("N1")))
	wantIDs(t, "sis, other list's", found(t, g, "sis", withNumber("N2")))
	wantIDs(t, "sis", found(t, g, "sis", withNumber("N3")), "a")
	if files, err := filepath.Glob(filepath.Join(g.segmentsDir, "*.records")); err != nil || len(files) != 2 {
		t.Errorf("segments on disk: %v, %v; want one of each list", files, err)
	}
}

func TestApplyRefuses(t *testing.T) {
	one := puts(person("a", "ONE", "1970", "N1"))
	wrongHead := update("sis", 0, 5, 1, one...)
	wrongHead.Head = head(99)
	wrongBase := update("sis", 5, 6, 1)
	wrongBase.BaseHead = head(98)
	expired := update("sis", 0, 6, 1, one...)
	expired.Expires = expired.Issued
	broken := update("sis", 0, 6, 2)
	bang := errors.New("bang")
	broken.Lines = LinesOf(func(yield func(Change, error) bool) {
		if yield(one[0], nil) {
			yield(Change{}, bang)
		}
	})
	for what, c := range map[string]struct {
		u    Update
		want error
	}{
		"an older whole list":                {update("sis", 0, 4, 1, one...), ErrOlder},
		"the same version with another head": {wrongHead, ErrFork},
		"changes to a later version":         {update("sis", 6, 7, 1), ErrGap},
		"changes to an earlier version":      {update("sis", 4, 6, 1), ErrGap},
		"changes to another history":         {wrongBase, ErrFork},
		"changes to a list never received":   {update("new", 5, 6, 1), ErrAbsent},
		"fewer entries than announced":       {update("sis", 0, 6, 2, one...), ErrCount},
		"more entries than announced":        {update("sis", 5, 6, 1, puts(person("b", "B", "1970", "N2"))...), ErrCount},
		"a drop of what is not there":        {update("sis", 5, 6, 1, Change{Drop: "b"}), ErrNoEntry},
		"changes that break off":             {broken, bang},
		"an entry that is not valid":         {update("sis", 0, 6, 1, puts(&Entry{ID: "x"})...), nil},
		"a list with a path for a name":      {update("../sis", 0, 6, 1, one...), errListName},
		"a lease that never began":           {expired, nil},
	} {
		t.Run(what, func(t *testing.T) {
			g := openGallery(t, t.TempDir())
			apply(t, g, update("sis", 0, 5, 1, one...))
			err := g.Apply(context.Background(), c.u)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("error = %v, want %v", err, c.want)
			}
			wantIDs(t, "afterwards", found(t, g, "sis", withNumber("N1")), "a")
			if infos, err := g.Lists(context.Background()); err != nil || len(infos) != 1 || infos[0].Version != 5 || infos[0].Damaged {
				t.Errorf("Lists = %+v, %v", infos, err)
			}
		})
	}
}

func TestCancelledApplyChangesNothing(t *testing.T) {
	g := openGallery(t, t.TempDir())
	apply(t, g, update("sis", 0, 1, 1, puts(person("a", "ONE", "1970", "N1"))...))
	ctx, cancel := context.WithCancel(context.Background())
	u := update("sis", 0, 2, 2)
	u.Lines = LinesOf(func(yield func(Change, error) bool) {
		yield(Change{Put: person("b", "TWO", "1970", "N2")}, nil)
		cancel()
		yield(Change{Put: person("c", "TWO", "1970", "N3")}, nil)
	})
	if err := g.Apply(ctx, u); !errors.Is(err, context.Canceled) {
		t.Fatalf("error = %v", err)
	}
	wantIDs(t, "afterwards", found(t, g, "sis", withNumber("N1")), "a")
}

func TestLaterPutsAndDropsOfOneUpdateCount(t *testing.T) {
	g := openGallery(t, t.TempDir())
	changes := append(puts(person("a", "ONE", "1970", "N1"), person("b", "TWO", "1971", "N2")),
		Change{Put: person("a", "ONE", "1970", "N3")}, Change{Drop: "b"})
	apply(t, g, update("sis", 0, 1, 1, changes...))
	wantIDs(t, "first put", found(t, g, "sis", withNumber("N1")))
	wantIDs(t, "second put", found(t, g, "sis", withNumber("N3")), "a")
	wantIDs(t, "dropped", found(t, g, "sis", withNumber("N2")))
}

func TestNothingReadableIsOnDisk(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, update("sis", 0, 1, 1, puts(person("identifier-of-entry", "XANTHIPPE, QUERULOUS", "1970-11-23", "ZQ9988776"))...))
	g.Close()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if st, err := d.Info(); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", path, st.Mode(), err)
		}
		b, err := os.ReadFile(path)
		for _, secret := range []string{"identifier-of", "XANTHIPPE", "QUERULOUS", "1970-11-23", "ZQ9988776"} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s holds %q", d.Name(), secret)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestErasedListIsGoneButItsVersionIsRemembered(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	list := puts(person("a", "ONE", "1970", "N1"))
	apply(t, g, update("sis", 0, 5, 1, list...))
	if err := g.Erase(context.Background(), "sis"); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Find(context.Background(), "sis", withNumber("N1")); !errors.Is(err, ErrErased) {
		t.Errorf("Find: %v, want ErrErased", err)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "keys", "sis.*")); len(files) != 0 {
		t.Errorf("key files left: %v", files)
	}
	if err := g.Apply(context.Background(), update("sis", 0, 4, 1, list...)); !errors.Is(err, ErrOlder) {
		t.Errorf("older list: %v, want ErrOlder", err)
	}
	if err := g.Apply(context.Background(), update("sis", 5, 6, 1)); !errors.Is(err, ErrErased) {
		t.Errorf("changes: %v, want ErrErased", err)
	}
	apply(t, g, update("sis", 0, 5, 1, list...))
	wantIDs(t, "received again", found(t, g, "sis", withNumber("N1")), "a")
	if err := g.Erase(context.Background(), "other"); !errors.Is(err, ErrAbsent) {
		t.Errorf("erase of a list never received: %v", err)
	}
}

func TestNewWholeListGetsANewKey(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	list := puts(person("a", "ONE", "1970", "N1"))
	apply(t, g, update("sis", 0, 1, 1, list...))
	before, _ := filepath.Glob(filepath.Join(dir, "keys", "sis.*"))
	apply(t, g, update("sis", 0, 2, 1, list...))
	after, _ := filepath.Glob(filepath.Join(dir, "keys", "sis.*"))
	if len(before) != 1 || len(after) != 1 || before[0] == after[0] {
		t.Errorf("key files %v, then %v", before, after)
	}
}

func TestQuestionsSeeOneVersionWhileAnotherIsApplied(t *testing.T) {
	g := openGallery(t, t.TempDir())
	version := func(v uint64) Update {
		entries := make([]*Entry, 200)
		for i := range entries {
			entries[i] = person(fmt.Sprintf("v%d-%d", v, i), "SAME, NAME", "1970", fmt.Sprintf("V%dN%d", v, i))
		}
		return update("sis", 0, v, len(entries), puts(entries...)...)
	}
	apply(t, g, version(1))
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				found, err := g.Find(context.Background(), "sis", withName(1970, "NAME", "SAME"))
				if err != nil || found.Damaged > 0 || len(found.Entries) != MaxNamed {
					t.Errorf("%d entries, %d damaged, %v", len(found.Entries), found.Damaged, err)
					return
				}
				for _, e := range found.Entries {
					if !strings.HasPrefix(e.ID, fmt.Sprintf("v%d-", found.Info.Version)) {
						t.Errorf("version %d holds %s", found.Info.Version, e.ID)
						return
					}
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for v := uint64(2); v < 12; v++ {
		apply(t, g, version(v))
	}
	close(done)
	wg.Wait()
}

func TestQuestionIsAnsweredInTheMiddleOfAnUpdate(t *testing.T) {
	g := openGallery(t, t.TempDir())
	apply(t, g, update("sis", 0, 1, 1, puts(person("a", "ONE", "1970", "N1"))...))
	u := update("sis", 0, 2, 2)
	u.Lines = LinesOf(func(yield func(Change, error) bool) {
		yield(Change{Put: person("b", "TWO", "1970", "N2")}, nil)
		wantIDs(t, "old version", found(t, g, "sis", withNumber("N1")), "a")
		wantIDs(t, "half of the new version", found(t, g, "sis", withNumber("N2")))
		yield(Change{Put: person("c", "TWO", "1970", "N3")}, nil)
	})
	apply(t, g, u)
	wantIDs(t, "new version", found(t, g, "sis", withNumber("N2")), "b")
}

func TestMoreThanOneQuestionMayFindIsSaid(t *testing.T) {
	g := openGallery(t, t.TempDir())
	var entries []*Entry
	for i := range MaxFound + 1 {
		entries = append(entries, person(fmt.Sprint(i), "SAME, NAME", "1970", "SAME1"))
	}
	apply(t, g, update("sis", 0, 1, len(entries), puts(entries...)...))
	for what, c := range map[string]struct {
		q    Question
		most int
	}{"by number": {withNumber("SAME1"), MaxFound}, "by name": {withName(1970, "SAME", "NAME"), MaxNamed}} {
		f, err := g.Find(context.Background(), "sis", c.q)
		if err != nil || !f.More && !f.MoreNamed || len(f.Entries) != c.most {
			t.Errorf("%s: More = %t, %t, %d entries, %v; want %d", what, f.More, f.MoreNamed, len(f.Entries), err, c.most)
		}
	}
}

func TestInspectReadsBesideARunningDaemonAndAfterIt(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, update("sis", 0, 1, 1, puts(person("a", "ONE", "1970", "N1"))...))
	for _, what := range []string{"running", "stopped"} {
		infos, err := Inspect(context.Background(), filepath.Join(dir, "gallery.db"), filepath.Join(dir, "keys"), nil)
		if err != nil || len(infos) != 1 || infos[0].Name != "sis" || infos[0].Damaged {
			t.Errorf("%s: Inspect = %+v, %v", what, infos, err)
		}
		all, err := Examine(context.Background(), filepath.Join(dir, "gallery.db"), filepath.Join(dir, "keys"), nil)
		if err != nil || len(all) != 1 || all["sis"] != (Health{Entries: 1}) {
			t.Errorf("%s: Examine = %+v, %v", what, all, err)
		}
		g.Close()
	}
	if _, err := Inspect(context.Background(), filepath.Join(dir, "none.db"), filepath.Join(dir, "keys"), nil); err == nil {
		t.Error("inspected a file that is not there")
	}
}
