package ridge

import (
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"boothd/internal/shareddata"
)

func load(tb testing.TB, file string) *image.Gray {
	f, err := os.Open(file)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		tb.Fatal(err)
	}
	g := image.NewGray(img.Bounds())
	draw.Draw(g, g.Bounds(), img, img.Bounds().Min, draw.Src)
	return g
}

func BenchmarkRead(b *testing.B) {
	for _, set := range []string{"fvc2002_db1_b", "fvc2002_db3_b", "fvc2004_db4_b"} {
		b.Run(set, func(b *testing.B) {
			files, _ := filepath.Glob(filepath.Join(shareddata.Path(b, "data/fingerprint/"+set), "*.png"))
			var all []*image.Gray
			for _, f := range files {
				all = append(all, load(b, f))
			}
			b.ResetTimer()
			for i := range b.N {
				Read(all[i%len(all)], 500)
			}
		})
	}
}
