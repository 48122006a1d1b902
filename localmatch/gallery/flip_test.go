package gallery

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"boothd/internal/keys/rest"
	fingerindex "boothd/localmatch/finger/index"
)

// asked is how often questions were answered with what is there, and how often it was said that
// this cannot be.
type asked struct{ good, refused int }

// ask asks a gallery for everybody in a version of a story, by number, by name and by finger. Each
// answer is right, or it is said that it may not be.
func (s *story) ask(t *testing.T, g *Gallery, version uint64, where string) (a asked) {
	t.Helper()
	for i := range s.people {
		want, since := s.entry(i, version)
		f, err := g.Find(t.Context(), s.list, withNumber(storyNumber(since, i)))
		switch {
		case err != nil || f.Damaged > 0:
			a.refused++
		case want == nil && len(f.Entries) == 0, want != nil && len(f.Entries) == 1 && reflect.DeepEqual(f.Entries[0], want):
			a.good++
		default:
			t.Fatalf("%s: %s finds %d entries", where, storyNumber(since, i), len(f.Entries))
		}
	}
	all := s.all(version)
	f, err := g.Find(t.Context(), s.list, withName(1970, "NAME", "SAME"))
	if err != nil || f.Damaged > 0 {
		a.refused++
	} else if a.good++; len(f.Entries) != min(len(all), MaxNamed) {
		t.Fatalf("%s: %d entries by name, want %d", where, len(f.Entries), len(all))
	}
	for _, e := range f.Entries {
		if all[e.ID] != e.Documents[0].Number {
			t.Fatalf("%s: found by name what is not in the list", where)
		}
	}
	for i := range s.hands {
		s.askFinger(t, g, version, i, where, &a)
	}
	return a
}

func (s *story) askFinger(t *testing.T, g *Gallery, version uint64, i int, where string, a *asked) {
	t.Helper()
	want, _ := s.entry(i, version)
	f, err := g.FindFingers(t.Context(), s.list, byFingers(fingerindex.Probe{Position: 2, Template: s.hands[i].laid}))
	if err != nil || f.Damaged > 0 || f.NotReady {
		a.refused++
		return
	}
	a.good++
	found := false
	for _, p := range f.People {
		if len(p.Fingers[0].Comparison.Pairs) >= 20 { // a mate
			found = want != nil && reflect.DeepEqual(p.Entry, want)
		}
	}
	if found != (want != nil) {
		t.Fatalf("%s: by finger of p%d: %v", where, i, f.People)
	}
}

func TestAFlippedBitNeverGivesAWrongAnswer(t *testing.T) {
	passphrase := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(passphrase, []byte("six words that were drawn by lot\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	keeper, err := rest.Open(t.Context(), rest.Options{Dir: filepath.Join(dir, "keys"), Source: rest.SourcePassphrase, PassphraseFile: passphrase})
	if err != nil {
		t.Fatal(err)
	}
	s := &story{list: "sis", people: 40, hands: []hand{newHand(1), newHand(2)}}
	g, err := openWith(t, dir, keeper)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, g, s.update(1, true))
	apply(t, g, s.update(2, false))
	g.work.Wait()
	g.Close()
	if v := len(disk(t, filepath.Join(dir, "segments"))); v != 4 {
		t.Fatalf("%d files of segments, want those of two", v)
	}
	for path := range disk(t, dir) {
		name, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		if name == filepath.Join("keys", "root.json") {
			continue // the keeper's own
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := memoryDir(t)
			if err := os.CopyFS(own, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			flipEach(t, own, filepath.Join(own, name), s, keeper)
		})
	}
}

// memoryDir is a folder in memory where there is such a thing: to be durable takes most of the time.
func memoryDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "boothd-gallery")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// openWith opens a gallery whose keys are wrapped, and waits until its lists are ready.
func openWith(t *testing.T, dir string, k *rest.Keeper) (*Gallery, error) {
	t.Helper()
	g, err := Open(t.Context(), filepath.Join(dir, "gallery.db"), filepath.Join(dir, "keys"), Options{Keys: k, Now: func() time.Time { return testDay }})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { g.Close() })
	return g, g.Wait(t.Context())
}

// flipEach flips bits of one file, one at a time, and asks after each.
func flipEach(t *testing.T, dir, path string, s *story, k *rest.Keeper) {
	r := rand.New(rand.NewPCG(1, 2))
	contents := disk(t, dir)
	content := contents[path]
	most := steps(360)
	var sum asked
	shut := 0
	flips := min(most, len(content))
	for n := range flips {
		at := r.IntN(len(content))
		if n < 100 || flips == len(content) { // where headers are, or everywhere
			at = n
		}
		bit := byte(1) << r.IntN(8)
		where := fmt.Sprintf("byte %d, bit %#02x", at, bit)
		restore(t, dir, contents)
		bad := bytes.Clone(content)
		bad[at] ^= bit
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, ".records") && n%2 == 0 { // also where nothing tells the places
			os.Remove(strings.TrimSuffix(path, ".records") + ".index")
		}
		g, err := openWith(t, dir, k)
		if err != nil {
			if !strings.HasPrefix(filepath.Base(path), "gallery.") { // which the lists' own files never keep from opening
				t.Fatalf("%s: %v", where, err)
			}
			shut++
			continue
		}
		g.work.Wait()
		a := s.ask(t, g, 2, where)
		sum.good += a.good
		sum.refused += a.refused
		if n%8 == 0 {
			s.mend(t, g, where)
		}
		g.Close()
	}
	t.Logf("%d bits: %d questions answered, %d told of damage; %d times not opened", flips, sum.good, sum.refused, shut)
	if sum.good+sum.refused == 0 && shut < flips {
		t.Error("nothing was asked")
	}
}

// mend has the gallery receive the whole list again, after which every question is answered.
func (s *story) mend(t *testing.T, g *Gallery, where string) {
	t.Helper()
	err := g.Apply(t.Context(), s.update(2, true))
	if err != nil { // it may be what finds the damage
		err = g.Apply(t.Context(), s.update(2, true))
	}
	if err != nil {
		t.Fatalf("%s: the whole list is not taken: %v", where, err)
	}
	g.work.Wait()
	if a := s.ask(t, g, 2, where); a.refused > 0 {
		t.Fatalf("%s: %d questions refused after the whole list was received", where, a.refused)
	}
}

// restore puts the files of a gallery back.
func restore(t *testing.T, dir string, contents map[string][]byte) {
	t.Helper()
	for path := range disk(t, dir) {
		if contents[path] == nil {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	for path, content := range contents {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
