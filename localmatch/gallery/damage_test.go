package gallery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// manyPeople is a list large enough to fill several pages.
func manyPeople(version uint64) Update {
	var entries []*Entry
	for i := range 500 {
		entries = append(entries, person(fmt.Sprintf("p%d", i), fmt.Sprintf("NAME%c, GIVEN%d", 'A'+i%26, i), "1970", fmt.Sprintf("N%04d", i)))
	}
	return update("sis", 0, version, len(entries), puts(entries...)...)
}

// theFile returns the one file of a kind that the list "sis" has.
func theFile(t testing.TB, g *Gallery, suffix string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(g.segmentsDir, "sis.*"+suffix))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, %v; want one", files, err)
	}
	return files[0]
}

// damageRecord changes a byte of a record of the first segment of a list.
func damageRecord(t testing.TB, g *Gallery, list string, n uint32) {
	t.Helper()
	v, err := g.list(list).acquire()
	if err != nil {
		t.Fatal(err)
	}
	defer v.release()
	at := v.parts[0].file.Offset(n)
	f, err := os.OpenFile(theFile(t, g, ".records"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedRecordIsToldToTheQuestionsItConcernsAndMendedByTheWholeList(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, manyPeople(1))
	g.work.Wait()
	damageRecord(t, g, "sis", 7)
	for _, when := range []string{"at once", "after a start"} {
		for what, q := range map[string]Question{"by number": withNumber("N0007"), "by name": withName(1970, "NAMEH", "GIVEN7")} {
			f, err := g.Find(t.Context(), "sis", q)
			if err != nil || f.Damaged == 0 || !f.Info.Damaged {
				t.Errorf("%s, %s: %+v, %v", when, what, f, err)
			}
		}
		wantIDs(t, "another entry", found(t, g, "sis", withNumber("N0008")), "p8")
		if h, err := g.Check(t.Context(), "sis"); err != nil || h != (Health{499, 1}) {
			t.Errorf("%s: Check = %+v, %v", when, h, err)
		}
		if infos, err := g.Lists(t.Context()); err != nil || len(infos) != 1 || !infos[0].Damaged {
			t.Errorf("%s: Lists = %+v, %v; want the list damaged", when, infos, err)
		}
		g.Close()
		g = openGallery(t, dir)
	}
	if err := g.Apply(t.Context(), update("sis", 1, 2, 499, Change{Drop: "p7"})); !errors.Is(err, ErrDamaged) {
		t.Errorf("a change of it: %v, want ErrDamaged", err)
	}
	apply(t, g, manyPeople(1))
	wantIDs(t, "mended", found(t, g, "sis", withNumber("N0007")), "p7")
	if h, err := g.Check(t.Context(), "sis"); err != nil || h != (Health{Entries: 500}) {
		t.Errorf("Check of the mended list = %+v, %v", h, err)
	}
	theFile(t, g, ".records")
}

func TestAListWhoseFilesAreGoneIsDamagedUntilItIsReceivedAgain(t *testing.T) {
	for what, harm := range map[string]func(g *Gallery) error{
		"the records are gone": func(g *Gallery) error { return os.Remove(theFile(t, g, ".records")) },
		"the records and indexes are cut": func(g *Gallery) error {
			return errors.Join(os.Truncate(theFile(t, g, ".records"), 100), os.Truncate(theFile(t, g, ".index"), 100))
		},
		"the records are cut": func(g *Gallery) error { return os.Truncate(theFile(t, g, ".records"), 1000) },
		"the key is gone": func(g *Gallery) error {
			keys, err := filepath.Glob(filepath.Join(g.keysDir, "sis.*.key"))
			return errors.Join(err, os.Remove(keys[0]))
		},
		"the state has a changed byte": func(g *Gallery) error {
			_, err := g.database().write.Exec("UPDATE lists SET state = zeroblob(100)")
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			g := openGallery(t, dir)
			apply(t, g, manyPeople(1))
			g.work.Wait()
			if err := harm(g); err != nil {
				t.Fatal(err)
			}
			g.Close()
			g = openGallery(t, dir)
			if _, err := g.Find(t.Context(), "sis", withNumber("N0000")); !errors.Is(err, ErrDamaged) {
				t.Errorf("Find: %v, want ErrDamaged", err)
			}
			if infos, err := g.Lists(t.Context()); err != nil || len(infos) != 1 || !infos[0].Damaged {
				t.Errorf("Lists = %+v, %v; want the list damaged", infos, err)
			}
			if err := g.Apply(t.Context(), update("sis", 1, 2, 500)); !errors.Is(err, ErrDamaged) {
				t.Errorf("changes: %v, want ErrDamaged", err)
			}
			apply(t, g, manyPeople(1))
			wantIDs(t, "received again", found(t, g, "sis", withNumber("N0000")), "p0")
		})
	}
}

func TestAnIndexThatIsDamagedOrGoneIsMadeAnew(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, manyPeople(1))
	g.work.Wait()
	path := theFile(t, g, ".index")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, bad := range map[string][]byte{
		"gone": nil, "empty": {}, "cut": good[:len(good)-1], "a bit of its beginning": flipped(good, 40), "a bit of its end": flipped(good, len(good)-1),
	} {
		g.Close()
		err := os.Remove(path)
		if bad != nil {
			err = os.WriteFile(path, bad, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		g = openGallery(t, dir)
		wantIDs(t, what, found(t, g, "sis", withNumber("N0007")), "p7")
		if h, err := g.Check(context.Background(), "sis"); err != nil || h != (Health{Entries: 500}) {
			t.Errorf("%s: Check = %+v, %v", what, h, err)
		}
		if again, err := os.ReadFile(path); err != nil || len(again) != len(good) {
			t.Errorf("%s: cache of %d bytes, %v; want %d", what, len(again), err, len(good))
		}
	}
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

func TestAListOfAnotherFormatIsNotAsked(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, manyPeople(1))
	ctx := t.Context()
	s, err := readState(ctx, g.database().read, g.states, "sis")
	if err != nil {
		t.Fatal(err)
	}
	s.Format = stateFormat + 1
	if err := g.commit(ctx, s, s.Issued); err != nil {
		t.Fatal(err)
	}
	g.Close()
	g = openGallery(t, dir)
	if _, err := g.Find(ctx, "sis", withNumber("N0000")); !errors.Is(err, ErrDamaged) {
		t.Errorf("Find: %v, want ErrDamaged", err)
	}
	if info, err := g.List(ctx, "sis"); err != nil || !info.Damaged || info.Version != 1 {
		t.Errorf("List = %+v, %v", info, err)
	}
	if err := g.Apply(ctx, update("sis", 1, 2, 500)); !errors.Is(err, ErrDamaged) {
		t.Errorf("changes: %v, want ErrDamaged", err)
	}
	apply(t, g, manyPeople(1))
	wantIDs(t, "received again", found(t, g, "sis", withNumber("N0000")), "p0")
}

func TestFileThatSQLiteCallsDamagedIsSetAside(t *testing.T) {
	for what, from := range map[string]int64{"from its first page": 0, "behind its first page": 4096} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "gallery.db")
			g := openGallery(t, dir)
			apply(t, g, manyPeople(1))
			g.Close()
			scribble(t, path, from)
			g = openGallery(t, dir)
			if _, err := g.Find(context.Background(), "sis", withNumber("N0000")); err == nil {
				t.Error("a damaged file answered")
			}
			if err := g.Apply(context.Background(), manyPeople(2)); err != nil {
				apply(t, g, manyPeople(2)) // the first time may be what finds the damage
			}
			wantIDs(t, "received again", found(t, g, "sis", withNumber("N0000")), "p0")
			if aside, _ := filepath.Glob(path + ".damaged-*"); len(aside) != 1 {
				t.Errorf("files set aside: %v", aside)
			}
			g.Close()
			g = openGallery(t, dir) // what the file alone knew of goes at the latest now
			g.work.Wait()
			g.Close()
			wantNoStrays(t, dir)
		})
	}
}

func scribble(t *testing.T, path string, from int64) {
	t.Helper()
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	junk := make([]byte, st.Size()-from)
	for i := range junk {
		junk[i] = 0xA5
	}
	if _, err := f.WriteAt(junk, from); err != nil {
		t.Fatal(err)
	}
}

func TestFilesOfAListThatIsNotThereAreRemovedAtTheStart(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, manyPeople(1))
	g.work.Wait()
	g.Close()
	want := filesOf(t, dir)
	for _, name := range []string{"keys/new.1.key", "keys/sis.9.key.part", "segments/new.1.records", "segments/new.1.index.new", "segments/sis.9.records"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("left"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g = openGallery(t, dir)
	if got := filesOf(t, dir); !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	wantIDs(t, "afterwards", found(t, g, "sis", withNumber("N0000")), "p0")
}

func TestARefusedUpdateLeavesNoFiles(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, manyPeople(1))
	g.work.Wait()
	want := filesOf(t, dir)
	for what, u := range map[string]Update{
		"a line that is not valid": update("sis", 1, 2, 501, puts(&Entry{ID: "x"})...),
		"a wrong count":            update("sis", 1, 2, 77, puts(person("x", "X", "1970", "X1"))...),
		"a first list":             update("new", 0, 2, 77, puts(person("x", "X", "1970", "X1"))...),
	} {
		if g.Apply(t.Context(), u) == nil {
			t.Fatalf("%s was taken", what)
		}
		if got := filesOf(t, dir); !slices.Equal(got, want) {
			t.Errorf("%s: files %v, want %v", what, got, want)
		}
	}
}

func TestAFileWhoseTablesAreOfAnotherNameIsSetAside(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, manyPeople(1))
	if _, err := g.database().write.Exec("ALTER TABLE lists RENAME TO lysts"); err != nil {
		t.Fatal(err)
	}
	g.Close()
	g = openGallery(t, dir)
	apply(t, g, manyPeople(1))
	wantIDs(t, "received again", found(t, g, "sis", withNumber("N0000")), "p0")
}

func TestDamageThatAnOldQuestionMeetsIsNotTheNewListsOwn(t *testing.T) {
	g := openGallery(t, t.TempDir())
	apply(t, g, manyPeople(1))
	l := g.list("sis")
	old, err := l.acquire()
	if err != nil {
		t.Fatal(err)
	}
	apply(t, g, manyPeople(2))
	if l.noteDamage(old) || l.isDamaged() {
		t.Error("the list that came since is said to be damaged")
	}
	old.release()
}
