package watchlist

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"boothd/localmatch/gallery"
)

// strangeIDs are n ids of all lengths and of letters that are long in quotes.
func strangeIDs(n int) []string {
	ids := []string{"a", "a b", `"`, `\`, "é", "\u2028", "ÿ", strings.Repeat("\u2028", gallery.MaxID/3), strings.Repeat("x", gallery.MaxID)}
	for i := len(ids); i < n; i++ {
		ids = append(ids, fmt.Sprintf("%s-%d", strings.Repeat("y", i%97), i))
	}
	return ids[:n]
}

func entriesOf(ids []string) string {
	var b strings.Builder
	for _, id := range ids {
		line, _ := json.Marshal(gallery.Entry{ID: id, Names: []string{"NOBODY, NEVER"}, Action: fmt.Sprint(len(id))})
		b.Write(append(line, '\n'))
	}
	return b.String()
}

func TestWhatAVersionHoldsIsFoundById(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 9, 500} {
		c := newCentral(t)
		ids := strangeIDs(n)
		c.build(entriesOf(ids), false)
		c.build(entriesOf(append(ids, "later")), false)
		f := openFolder(c.dir, "sis")
		for _, made := range []string{"with the list", "afterwards"} {
			h, err := f.holding(2)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range append(ids, "later") {
				b, _ := json.Marshal(gallery.Entry{ID: id, Names: []string{"NOBODY, NEVER"}, Action: fmt.Sprint(len(id))})
				if s, err := h.find(id); err != nil || s == nil || *s != sumOf(b) {
					t.Errorf("%d ids, file made %s: %q: %v, %v", n, made, id, s, err)
				}
				if s, err := h.find(id + "?"); err != nil || s != nil {
					t.Errorf("%d ids, file made %s: %q was found: %v", n, made, id+"?", err)
				}
			}
			for _, id := range []string{"\x01", "zz"} {
				if s, err := h.find(id); err != nil || s != nil {
					t.Errorf("%q was found: %v", id, err)
				}
			}
			h.close()
			if err := os.Remove(f.idsFile(2)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAFileOfIdsThatIsDamagedIsNotGoneBy(t *testing.T) {
	for what, bend := range map[string]func([]byte) []byte{
		"no line":       func(b []byte) []byte { return []byte("junk") },
		"no quotes":     func(b []byte) []byte { return []byte(strings.ReplaceAll(string(b), `"`, "")) },
		"no line feeds": func(b []byte) []byte { return []byte(strings.ReplaceAll(string(b), "\n", " ")) },
		"no sums":       func(b []byte) []byte { return []byte("!" + strings.ReplaceAll(string(b), "\n", "\n!")) },
	} {
		c := newCentral(t)
		c.build(people("A1", "B2", "C3"), false)
		path := openFolder(c.dir, "sis").idsFile(1)
		if err := os.WriteFile(path, bend(mustRead(t, path)), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Urgent(UrgentOptions{Dir: c.dir, List: "sis", Revoke: []string{"id-B2"}, Key: c.key, Now: c.now}); err == nil {
			t.Errorf("%s: not noticed", what)
		}
	}
}

// TestAnUrgentChangeDoesNotReadTheList makes changes of a list that cannot be read.
func TestAnUrgentChangeDoesNotReadTheList(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1", "B2", "C3"), false)
	f := openFolder(c.dir, "sis")
	whole := mustRead(t, f.wholeFile(1))
	os.Remove(f.wholeFile(1)) // it is one file with the snapshot
	if err := os.WriteFile(f.wholeFile(1), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	c.urgent(people("A1", "D4"), "id-B2") // A1 is so already
	if h := c.urgent(people("B2"), "id-D4"); h.Newest().Entries != 3 || h.Newest().Delta.Lines != 2 {
		t.Errorf("version 3 = %+v", h.Newest().Manifest)
	}
	if err := os.WriteFile(f.wholeFile(1), whole, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, want := c.numbersOf(3), []string{"A1", "B2", "C3"}; !slices.Equal(got, want) {
		t.Errorf("version 3 holds %v, want %v", got, want)
	}
}

func TestIdsGoWithTheirList(t *testing.T) {
	c := newCentral(t)
	for v := range keptWholes + 2 {
		c.build(people("A1", fmt.Sprintf("N%d", v)), false)
	}
	f := openFolder(c.dir, "sis")
	for v := uint64(1); v <= keptWholes+2; v++ {
		_, whole := os.Stat(f.wholeFile(v))
		_, ids := os.Stat(f.idsFile(v))
		if kept := v > 2; (whole == nil) != kept || (ids == nil) != kept {
			t.Errorf("version %d: list %v, ids %v", v, whole, ids)
		}
	}
	left, err := os.ReadDir(f.work())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range left {
		if strings.HasPrefix(file.Name(), ".") {
			t.Errorf("%s is left", file.Name())
		}
	}
}
