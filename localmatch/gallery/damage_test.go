package gallery

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// manyPeople is a list large enough to fill several pages and buckets.
func manyPeople(version uint64) Update {
	var entries []*Entry
	for i := range 500 {
		entries = append(entries, person(fmt.Sprintf("p%d", i), fmt.Sprintf("NAME%c, GIVEN", 'A'+i%26), "1970", fmt.Sprintf("N%04d", i)))
	}
	return update("sis", 0, version, len(entries), puts(entries...)...)
}

func TestDamageIsToldToTheQuestionsItConcernsAndMendedByTheWholeList(t *testing.T) {
	for what, c := range map[string]struct {
		damage string
		whole  error // what the list as a whole says
	}{
		"an entry with a changed byte":  {"UPDATE entries SET sealed = zeroblob(100) WHERE number = (SELECT min(number) FROM entries)", nil},
		"an entry that is gone":         {"DELETE FROM entries WHERE number = (SELECT min(number) FROM entries)", nil},
		"an entry that is empty":        {"UPDATE entries SET sealed = x'' WHERE number = (SELECT min(number) FROM entries)", nil},
		"another entry in its place":    {"UPDATE entries SET sealed = (SELECT max(sealed) FROM entries) WHERE number = (SELECT min(number) FROM entries)", nil},
		"a bucket with a changed byte":  {"UPDATE buckets SET sealed = zeroblob(100)", nil},
		"a bucket that is gone":         {"DELETE FROM buckets", nil},
		"the state with a changed byte": {"UPDATE lists SET state = zeroblob(100)", ErrDamaged},
	} {
		t.Run(what, func(t *testing.T) {
			g := openGallery(t, t.TempDir())
			apply(t, g, manyPeople(1))
			if _, err := g.database().write.Exec(c.damage); err != nil {
				t.Fatal(err)
			}
			found, err := g.Find(context.Background(), "sis", []Key{ByNumber("N0000")})
			if !errors.Is(err, c.whole) || c.whole == nil && (found.Damaged == 0 || !found.Info.Damaged) {
				t.Errorf("Find = %+v, %v", found, err)
			}
			if infos, err := g.Lists(context.Background()); err != nil || len(infos) != 1 || !infos[0].Damaged {
				t.Errorf("Lists = %+v, %v; want the list damaged", infos, err)
			}
			if h, err := g.Check(context.Background(), "sis"); err == nil && h.Damaged == 0 {
				t.Errorf("Check = %+v", h)
			}
			apply(t, g, manyPeople(1))
			wantIDs(t, "mended", ids(t, g, "sis", ByNumber("N0000")), "p0")
			if h, err := g.Check(context.Background(), "sis"); err != nil || h.Damaged != 0 {
				t.Errorf("Check of the mended list = %+v, %v", h, err)
			}
			var rows int
			if err := g.database().write.QueryRow("SELECT count(*) FROM entries").Scan(&rows); err != nil || rows != 500 {
				t.Errorf("%d entries on disk, %v; want 500", rows, err)
			}
		})
	}
}

func TestDamagedEntryStopsAChangeOfIt(t *testing.T) {
	g := openGallery(t, t.TempDir())
	apply(t, g, manyPeople(1))
	if _, err := g.database().write.Exec("UPDATE entries SET sealed = zeroblob(100)"); err != nil {
		t.Fatal(err)
	}
	if err := g.Apply(context.Background(), update("sis", 1, 2, 499, Change{Drop: "p0"})); !errors.Is(err, ErrDamaged) {
		t.Errorf("error = %v, want ErrDamaged", err)
	}
}

func TestListIndexedByAnotherVersionIsNotAsked(t *testing.T) {
	g := openGallery(t, t.TempDir())
	apply(t, g, manyPeople(1))
	ctx := context.Background()
	tx, err := g.database().write.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := g.state(ctx, tx, "sis")
	if err != nil {
		t.Fatal(err)
	}
	s.Format = indexFormat + 1
	if err := errors.Join(g.writeState(ctx, tx, s), tx.Commit()); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Find(ctx, "sis", []Key{ByNumber("N0000")}); !errors.Is(err, ErrDamaged) {
		t.Errorf("Find: %v, want ErrDamaged", err)
	}
	if info, err := g.List(ctx, "sis"); err != nil || !info.Damaged || info.Version != 1 {
		t.Errorf("List = %+v, %v", info, err)
	}
	if err := g.Apply(ctx, update("sis", 1, 2, 500)); !errors.Is(err, ErrDamaged) {
		t.Errorf("changes: %v, want ErrDamaged", err)
	}
	apply(t, g, manyPeople(1))
	wantIDs(t, "received again", ids(t, g, "sis", ByNumber("N0000")), "p0")
}

func TestLostKeyFileMakesTheListUnreadable(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, manyPeople(1))
	g.Close()
	files, _ := filepath.Glob(filepath.Join(dir, "keys", "sis.*"))
	if len(files) != 1 {
		t.Fatalf("key files: %v", files)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	g = openGallery(t, dir)
	if _, err := g.Find(context.Background(), "sis", []Key{ByNumber("N0000")}); !errors.Is(err, ErrDamaged) {
		t.Errorf("Find: %v, want ErrDamaged", err)
	}
	if err := g.Apply(context.Background(), update("sis", 1, 2, 500)); !errors.Is(err, ErrDamaged) {
		t.Errorf("changes: %v, want ErrDamaged", err)
	}
	apply(t, g, manyPeople(1))
	wantIDs(t, "received again", ids(t, g, "sis", ByNumber("N0000")), "p0")
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
			if _, err := g.Find(context.Background(), "sis", []Key{ByNumber("N0000")}); err == nil {
				t.Error("a damaged file answered")
			}
			if err := g.Apply(context.Background(), manyPeople(2)); err != nil {
				apply(t, g, manyPeople(2)) // the first time may be what finds the damage
			}
			wantIDs(t, "received again", ids(t, g, "sis", ByNumber("N0000")), "p0")
			if aside, _ := filepath.Glob(path + ".damaged-*"); len(aside) != 1 {
				t.Errorf("files set aside: %v", aside)
			}
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
