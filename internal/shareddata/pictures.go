package shareddata

import (
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

// Prints returns the files of a set of fingerprints, such as "fvc2002_db1_b": those whose
// names match the pattern, such as "101_*.png". A set without any fails the test.
func Prints(t testing.TB, set, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(Path(t, "data/fingerprint/"+set), pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files %s in the fingerprints of %s (%v)", len(files), pattern, set, err)
	}
	return files
}

// Grey reads a PNG picture of the shared data as 8-bit grey, from its upper left corner on.
func Grey(t testing.TB, file string) *image.Gray {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	grey := image.NewGray(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(grey, grey.Bounds(), img, img.Bounds().Min, draw.Src)
	return grey
}
