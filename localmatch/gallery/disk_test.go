//go:build linux

package gallery

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"boothd/internal/sqlite"
)

// smallDisk mounts a file system in memory of the given size.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("no small disk to fill: mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillDisk leaves so many bytes free.
func fillDisk(t *testing.T, dir string, free int64) {
	t.Helper()
	f, err := os.Create(hog(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	buf := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(buf)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(max(st.Size()-free, 0)); err != nil {
		t.Fatal(err)
	}
}

func hog(dir string) string { return filepath.Join(dir, "gallery.hog") }

func TestOnAFullDiskAnUpdateIsRefusedWholeAndTakenOnceThereIsRoom(t *testing.T) {
	dir := smallDisk(t, "4m")
	s := &story{list: "sis", people: steps(800)}
	g := openGallery(t, dir)
	apply(t, g, s.update(1, true))
	version, refused := uint64(1), 0
	for _, whole := range []bool{false, true} {
		taken := 0 // without a failure
		for free := int64(0); taken < 3; free += 4 << 10 {
			g.work.Wait()
			before := filesOf(t, dir)
			u := s.update(version+1, whole)
			fillDisk(t, dir, free)
			if err := g.Apply(t.Context(), u); err != nil {
				refused++
				if !errors.Is(err, syscall.ENOSPC) && !sqlite.IsFull(err) {
					t.Fatalf("%d bytes free: %v", free, err)
				}
				if after := filesOf(t, dir); !slices.Equal(after, before) {
					t.Fatalf("%d bytes free: files %v, want %v", free, after, before)
				}
				s.check(t, g, version)
				makeRoom(t, dir)
				apply(t, g, u)
			} else {
				g.work.Wait() // caching and merging meet the full disk
				makeRoom(t, dir)
				if indexed(t, dir) {
					taken++
				}
			}
			version++
			s.check(t, g, version)
			g.work.Wait()
			if version%5 == 0 {
				g.Close()
				g = openGallery(t, dir)
				s.check(t, g, version)
			}
		}
	}
	g.Close()
	g = openGallery(t, dir)
	g.work.Wait()
	s.check(t, g, version)
	g.Close()
	wantNoStrays(t, dir)
	if refused < 5 {
		t.Errorf("%d updates refused of %d: the disk was hardly ever full", refused, version)
	}
}

func makeRoom(t *testing.T, dir string) {
	t.Helper()
	if err := os.Remove(hog(dir)); err != nil {
		t.Fatal(err)
	}
}

// indexed reports whether each segment of the disk has a cached index, and no cache is half made.
func indexed(t *testing.T, dir string) bool {
	t.Helper()
	records, err := filepath.Glob(filepath.Join(dir, "segments", "*.records"))
	caches, err2 := filepath.Glob(filepath.Join(dir, "segments", "*.index"))
	all, err3 := filepath.Glob(filepath.Join(dir, "segments", "*"))
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	if len(records)+len(caches) != len(all) {
		t.Fatalf("files of segments: %v", all)
	}
	return len(records) == len(caches)
}

func TestOnAFullDiskAListIsErased(t *testing.T) {
	dir := smallDisk(t, "4m")
	s := &story{list: "sis", people: 100}
	g := openGallery(t, dir)
	apply(t, g, s.update(1, true))
	g.work.Wait()
	fillDisk(t, dir, 0)
	err := g.Erase(t.Context(), "sis")
	if err != nil && !sqlite.IsFull(err) {
		t.Fatal(err)
	}
	if left := filesOf(t, dir); len(left) > 0 {
		t.Errorf("files left: %v", left)
	}
	if _, err := g.Find(context.Background(), "sis", withNumber(storyNumber(1, 1))); !errors.Is(err, ErrErased) {
		t.Errorf("Find: %v, want ErrErased", err)
	}
	makeRoom(t, dir)
	apply(t, g, s.update(2, true))
	s.check(t, g, 2)
}

func TestWithoutRoomForItsCacheAListIsReadyAllTheSame(t *testing.T) {
	dir := smallDisk(t, "4m")
	s := &story{list: "sis", people: 500}
	g := openGallery(t, dir)
	apply(t, g, s.update(1, true))
	g.work.Wait()
	g.Close()
	cache := theFile(t, g, ".index")
	for _, free := range []int64{0, 4 << 10, 12 << 10} {
		t.Run(fmt.Sprint(free, " bytes free"), func(t *testing.T) {
			g := openGallery(t, dir)
			g.work.Wait()
			if err := os.Remove(cache); err != nil {
				t.Fatal(err)
			}
			fillDisk(t, dir, free)
			g.cacheHeld(g.list("sis"), g.list("sis").view.parts[0].held)
			if indexed(t, dir) {
				t.Error("a cache was written where there is no room for it")
			}
			s.check(t, g, 1)
			makeRoom(t, dir)
			g.Close()
			g = openGallery(t, dir)
			s.check(t, g, 1)
			g.Close()
			wantNoStrays(t, dir)
		})
	}
}
