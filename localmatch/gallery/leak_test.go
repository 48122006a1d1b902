//go:build linux

package gallery

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// heldOf counts what the process holds of a folder: open files, and files mapped into memory.
func heldOf(t *testing.T, dir string) (opened, mapped int) {
	t.Helper()
	fds, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if path, err := os.Readlink(fd); err == nil && strings.HasPrefix(path, dir) {
			opened++
		}
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	defer maps.Close()
	for in := bufio.NewScanner(maps); in.Scan(); {
		if strings.Contains(in.Text(), dir) {
			mapped++
		}
	}
	return opened, mapped
}

func TestAHundredVersionsLeaveNothingOpen(t *testing.T) {
	s := &story{list: "sis", people: 120, hands: []hand{newHand(1)}}
	dir := t.TempDir()
	goroutines := runtime.NumGoroutine()
	g := openGallery(t, dir)
	last := uint64(steps(100))
	for v := uint64(1); v <= last; v++ {
		apply(t, g, s.update(v, v%40 == 1))
		switch v % 9 {
		case 0: // what is refused leaves nothing either
			u := s.update(v+1, v%2 == 0)
			u.Entries++
			if g.Apply(t.Context(), u) == nil {
				t.Fatal("an update with a wrong count was taken")
			}
		case 4:
			g.FindFingers(t.Context(), "sis", byFingers())
		}
		s.check(t, g, v)
	}
	g.work.Wait()
	segments := len(g.list("sis").view.parts)
	inSegments, _ := heldOf(t, filepath.Join(dir, "segments"))
	if inSegments != segments {
		t.Errorf("%d files open of %d segments", inSegments, segments)
	}
	if n := g.list("sis").view.users; n != 1 {
		t.Errorf("%d users of the version that counts, want 1", n)
	}
	if err := g.Erase(t.Context(), "sis"); err != nil {
		t.Fatal(err)
	}
	if n, _ := heldOf(t, filepath.Join(dir, "segments")); n != 0 {
		t.Errorf("%d files of segments open after the list was erased", n)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if opened, mapped := heldOf(t, dir); opened != 0 || mapped != 0 {
		t.Errorf("after closing %d files are open and %d mapped", opened, mapped)
	}
	poll(t, "the goroutines have ended", func() bool { return runtime.NumGoroutine() <= goroutines })
	t.Logf("%d segments at the end", segments)
}

func TestListsThatCannotBeLoadedLeaveNothingOpen(t *testing.T) {
	s := &story{list: "sis", people: 120}
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, s.update(1, true))
	apply(t, g, s.update(2, false))
	g.work.Wait()
	last := g.segmentFiles("sis", g.list("sis").view.Segments[1].Serial)[0]
	g.Close()
	if err := os.Truncate(last, 20); err != nil {
		t.Fatal(err)
	}
	openGallery(t, dir)
	if n, _ := heldOf(t, filepath.Join(dir, "segments")); n != 0 {
		t.Errorf("%d files of segments open of a list that is damaged", n)
	}
}
