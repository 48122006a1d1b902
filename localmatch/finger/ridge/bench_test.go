package ridge

import (
	"image"
	"testing"

	"boothd/internal/shareddata"
)

func BenchmarkRead(b *testing.B) {
	for _, set := range []string{"fvc2002_db1_b", "fvc2002_db3_b", "fvc2004_db4_b"} {
		b.Run(set, func(b *testing.B) {
			files := shareddata.Prints(b, set, "*.png")
			var all []*image.Gray
			for _, f := range files {
				all = append(all, shareddata.Grey(b, f))
			}
			b.ResetTimer()
			for i := range b.N {
				Read(all[i%len(all)], 500)
			}
		})
	}
}
