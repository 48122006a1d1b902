package identity

import (
	"fmt"
	"path/filepath"
	"testing"

	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/system"
)

// BenchmarkPut puts a thousand files at a time and detects their links; each file's entries
// link with each other and every tenth file shares a print with the one before.
func BenchmarkPut(b *testing.B) {
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return filepath.Join(b.TempDir(), "central.db") },
		"postgres": func() string { return storetest.Postgres(b) },
	} {
		for _, detect := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/detect=%v", name, detect), func(b *testing.B) {
				db, err := store.Open(b.Context(), url())
				if err != nil {
					b.Fatal(err)
				}
				defer db.Close()
				var o Options
				if detect {
					if o.Links, err = OpenLinks(b.Context(), db, LinkOptions{}); err != nil {
						b.Fatal(err)
					}
				}
				c, err := OpenCIR(b.Context(), db, newPeople(), o)
				if err != nil {
					b.Fatal(err)
				}
				n, files := 0, make([]File, 1000)
				for b.Loop() {
					for i := range files {
						n++
						files[i] = anna(func(f *File) {
							f.ID, f.Surname, f.Documents[0].Number = fmt.Sprint(n), fmt.Sprintf("MUSTER%c%c%c", 'A'+n%26, 'A'+n/26%26, 'A'+n/676%26), fmt.Sprintf("L%08d", n)
							f.Biometrics[0].Reference = fmt.Sprint(n - n%10/9)
							f.Holdings = []Member{{System: system.EES, Entry: fmt.Sprint(n)}, {System: system.VIS, Entry: fmt.Sprint(n)}}
						})
					}
					if err := c.Put(b.Context(), files...); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "files/s")
			})
		}
	}
}
