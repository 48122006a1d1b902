package watchlist

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/localmatch/gallery"
)

// numbersOf are the document numbers of a version, as its whole list holds them.
func (c *central) numbersOf(version uint64) []string {
	c.t.Helper()
	var all []string
	for e, err := range openFolder(c.dir, "sis").entries(version) {
		if err != nil {
			c.t.Fatal(err)
		}
		var entry gallery.Entry
		if err := json.Unmarshal(e.json, &entry); err != nil || entry.ID != e.id {
			c.t.Fatalf("entry %q is %q, %v", e.id, entry.ID, err)
		}
		all = append(all, entry.Documents[0].Number)
	}
	return all
}

func TestAnUrgentChangeIsOneMessage(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1", "B2", "C3"), false)
	first, _ := openFolder(c.dir, "sis").signed(1)
	c.now = c.now.Add(time.Hour)
	h := c.urgent(people("A9", "D4"), "id-B2")
	s := h.Newest()
	if s == nil || s.Version != 2 || s.Entries != 4 || s.Delta.Inline == nil || s.Delta.Lines != 3 || s.Prev != first.Hash {
		t.Fatalf("the head carries %+v", s)
	}
	if !s.Issued.Equal(first.Issued) || !s.Expires.Equal(first.Expires) || !h.Issued.Equal(c.now) {
		t.Errorf("issued %s, expires %s, head %s", s.Issued, s.Expires, h.Issued)
	}
	c.urgent("", "id-D4")
	if got, want := c.numbersOf(3), []string{"A1", "A9", "C3"}; !slices.Equal(got, want) {
		t.Errorf("version 3 holds %v, want %v", got, want)
	}
	if _, err := Verify(VerifyOptions{Dir: c.dir, List: "sis", Roots: c.trusted(), Now: c.now}); err != nil {
		t.Error(err)
	}
	// The next whole list goes on from there.
	if s := c.build(people("A1", "C3", "E5"), false); s.Version != 4 || s.Delta.Lines != 2 || s.Entries != 3 {
		t.Errorf("version 4 = %+v", s.Manifest)
	}
	if got, want := c.numbersOf(4), []string{"A1", "C3", "E5"}; !slices.Equal(got, want) {
		t.Errorf("version 4 holds %v, want %v", got, want)
	}
}

func TestAnUrgentChangeTakesThePlaceOfADraft(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1"), false)
	if _, err := Build(BuildOptions{Dir: c.dir, List: "sis", System: "SIS", Entries: strings.NewReader(people("Z9")), Now: c.now, Lease: time.Hour}); err != nil {
		t.Fatal(err)
	}
	c.urgent(people("B2"))
	if got, want := c.numbersOf(2), []string{"A1", "B2"}; !slices.Equal(got, want) {
		t.Errorf("version 2 holds %v, want %v", got, want)
	}
}

func TestUrgentRefuses(t *testing.T) {
	for what, o := range map[string]struct {
		change UrgentOptions
		want   string
	}{
		"an id that is not there":  {UrgentOptions{Revoke: []string{"id-X"}}, gallery.ErrNoEntry.Error()},
		"two changes of one entry": {UrgentOptions{Add: strings.NewReader(people("A1")), Revoke: []string{"id-A1"}}, "two changes"},
		"what is so already":       {UrgentOptions{Add: strings.NewReader(people("A1"))}, "so already"},
		"a bad entry":              {UrgentOptions{Add: strings.NewReader(`{"id":"x","colour":"red"}`)}, "line 1"},
		"a lease that is over":     {UrgentOptions{Revoke: []string{"id-A1"}, Now: testDay.Add(48 * time.Hour)}, "lease"},
		"a list that is not there": {UrgentOptions{Revoke: []string{"id-A1"}, List: "nowhere"}, "no version"},
	} {
		t.Run(what, func(t *testing.T) {
			c := newCentral(t)
			c.build(people("A1"), false)
			u := o.change
			u.Dir, u.Key = c.dir, c.key
			if u.List == "" {
				u.List = "sis"
			}
			if u.Now.IsZero() {
				u.Now = c.now
			}
			if _, err := Urgent(u); err == nil || !strings.Contains(err.Error(), o.want) {
				t.Errorf("error = %v, want %q", err, o.want)
			}
			if versions, err := openFolder(c.dir, "sis").versions(); err != nil || len(versions) != 1 {
				t.Errorf("versions %v, %v", versions, err)
			}
		})
	}
}

func TestALongDeltaIsAFileOfChunks(t *testing.T) {
	c := newCentral(t)
	c.build(bulky(40), false)
	s := c.build(bulky(44), false)
	if s.Delta.Inline != nil || len(s.Delta.Chunks) != 1 {
		t.Fatalf("delta of %d bytes, inline %d", s.Delta.Packed, len(s.Delta.Inline))
	}
	first, _ := openFolder(c.dir, "sis").signed(1)
	if n := len(first.Snapshot.Chunks); n < 2 {
		t.Fatalf("snapshot of %d chunks", n)
	}
	st, err := os.Stat(openFolder(c.dir, "sis").contentFile(first.Snapshot))
	if err != nil || st.Size() != first.Snapshot.Packed {
		t.Errorf("file of %v, %v", st, err)
	}
}

// TestAListLongerThanABatchIsSortedOnDisk makes every way that batches can come in.
func TestAListLongerThanABatchIsSortedOnDisk(t *testing.T) {
	numbers := []int{}
	for i := range 1000 {
		numbers = append(numbers, i)
	}
	reversed := slices.Clone(numbers)
	slices.Reverse(reversed)
	mixed := []int{}
	for i := range numbers {
		mixed = append(mixed, i*7919%1000)
	}
	for what, order := range map[string]struct {
		order []int
		runs  int
	}{"in order": {numbers, 1}, "backwards": {reversed, 9}, "mixed": {mixed, 9}} {
		t.Run(what, func(t *testing.T) {
			s := &sorter{dir: t.TempDir()}
			for i, n := range order.order {
				if err := s.add(&gallery.Entry{ID: fmt.Sprintf("id-%04d", n)}); err != nil {
					t.Fatal(err)
				}
				if i%100 == 99 && i < 950 {
					if err := s.spill(); err != nil {
						t.Fatal(err)
					}
				}
			}
			slices.SortFunc(s.batch, byID)
			if len(s.runs) != order.runs {
				t.Errorf("%d runs, want %d", len(s.runs), order.runs)
			}
			n := 0
			for e, err := range s.all() {
				if err != nil || e.id != fmt.Sprintf("id-%04d", n) || string(e.json) != `{"id":"`+e.id+`"}` {
					t.Fatalf("entry %d is %q %s, %v", n, e.id, e.json, err)
				}
				n++
			}
			if n != len(numbers) {
				t.Errorf("%d entries", n)
			}
			if err := s.close(); err != nil {
				t.Error(err)
			}
			if left, _ := os.ReadDir(s.dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestTheSameIDInTwoRunsIsAnError(t *testing.T) {
	s := &sorter{dir: t.TempDir()}
	for _, id := range []string{"b", "a", "c", "a"} {
		err := s.add(&gallery.Entry{ID: id})
		if err == nil {
			err = s.spill()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	defer s.close()
	var last error
	for _, err := range s.all() {
		last = err
	}
	if last == nil || last.Error() != "entries 2 and 4 have the same id" {
		t.Error(last)
	}
}

func TestAWholeListThatWasDamagedIsNotBuiltOn(t *testing.T) {
	c := newCentral(t)
	c.build(people("A1", "B2", "C3"), false)
	path := openFolder(c.dir, "sis").wholeFile(1)
	b := mustRead(t, path)
	b[len(b)/2] ^= 1
	os.Remove(path) // it is one file with the snapshot
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Build(BuildOptions{Dir: c.dir, List: "sis", System: "SIS", Entries: strings.NewReader(people("A1")), Now: c.now, Lease: time.Hour})
	if err == nil {
		t.Error("not noticed")
	}
}

func TestPruningLeavesWhatBoothsNeed(t *testing.T) {
	c := newCentral(t)
	c.build(bulky(30), false)
	for v := range keptVersions + 10 {
		c.now = c.now.Add(time.Second)
		c.buildFor(people("A1", fmt.Sprintf("N%d", v)), v == 2, map[bool]string{true: All, false: "pilot"}[v < 6])
	}
	n, err := Prune(c.dir, "sis")
	if err != nil || n == 0 {
		t.Fatalf("%d removed, %v", n, err)
	}
	if again, err := Prune(c.dir, "sis"); err != nil || again != 0 {
		t.Errorf("pruned again: %d, %v", again, err)
	}
	info, err := Verify(VerifyOptions{Dir: c.dir, List: "sis", Roots: c.trusted(), Now: c.now})
	if err != nil || info.Version != keptVersions+11 {
		t.Errorf("%+v, %v", info, err)
	}
	h, _ := ParseHead(c.head())
	if _, err := openFolder(c.dir, "sis").signed(h.For("x").Version); err != nil {
		t.Error(err)
	}
	c.build(people("A1"), false)
	if _, err := Verify(VerifyOptions{Dir: c.dir, List: "sis", Roots: c.trusted(), Now: c.now}); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
