package trial

import (
	"io"
	"math"

	"boothd/localmatch/finger"
	"boothd/localmatch/finger/index"
)

// Bytes is what a template takes in an index, on average.
type Bytes struct {
	Hot  float64 `json:"hot"`  // what every search reads, with key and place of the rest
	Cold float64 `json:"cold"` // what is read of those on the short list: the booth's own encoding
}

// weighed is how many templates are put on the scales, the set's again and again: as many
// as an index keeps together.
const weighed = 1024

// weigh returns the size of the templates and how many of them are missing.
func weigh(templates []*finger.Template) (size Bytes, missing int, err error) {
	x := index.New()
	var cold float64
	for i := 0; i < max(weighed, len(templates)); i++ {
		t := templates[i%len(templates)]
		if t == nil {
			if i < len(templates) {
				missing++
			}
			continue
		}
		added, err := add(x, uint64(i), t)
		if err != nil {
			return Bytes{}, 0, err
		}
		if added {
			b, err := t.AppendBinary(nil)
			if err != nil {
				return Bytes{}, 0, err
			}
			cold += float64(len(b))
		}
	}
	n := float64(x.Len())
	if n == 0 {
		return Bytes{}, missing, nil
	}
	whole, err := x.WriteTo(io.Discard)
	return Bytes{Hot: math.Round((float64(whole) - cold) / n), Cold: math.Round(cold / n)}, missing, err
}
