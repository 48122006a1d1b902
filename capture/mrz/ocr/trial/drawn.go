package trial

import (
	"context"
	"fmt"
	"image"
	"iter"
	"math/rand/v2"
	"time"

	"boothd/capture/mrz/ocr"
	"boothd/capture/mrz/ocr/drawn"
)

// A Picture is a drawn photograph and what it shows.
type Picture struct {
	Condition string // one of drawn.Harms or drawn.Blanks
	Image     *image.Gray
	Lines     []string // none: there is no zone
}

// Pictures draws photographs of invented documents under each of drawn.Harms, and of each
// of drawn.Blanks, so many times. The same seed draws the same. The fonts are those of
// drawn.FontFolder. An error is the last it yields.
func Pictures(fonts string, count int, seed uint64) iter.Seq2[Picture, error] {
	return func(yield func(Picture, error) bool) {
		font, err := drawn.Load(fonts)
		if err != nil {
			yield(Picture{}, err)
			return
		}
		for kind := range len(drawn.Harms) + len(drawn.Blanks) {
			for i := range count {
				p, err := picture(font, rand.New(rand.NewPCG(seed, uint64(kind)<<32|uint64(i))), kind)
				if !yield(p, err) || err != nil {
					return
				}
			}
		}
	}
}

// picture draws under a harm or, after those, a blank.
func picture(font *drawn.Font, rng *rand.Rand, kind int) (Picture, error) {
	c := drawn.GoodScan(rng)
	if blank := kind - len(drawn.Harms); blank >= 0 {
		img, err := font.Blank(rng, blank, c)
		return Picture{Condition: "no zone: " + drawn.Blanks[blank].Name, Image: img}, err
	}
	drawn.Harms[kind].Apply(&c, rng)
	lines, err := drawn.Lines(rng)
	if err != nil {
		return Picture{}, err
	}
	photo, err := font.Photograph(rng, lines, c)
	if err != nil {
		return Picture{}, fmt.Errorf("%s: %w", drawn.Harms[kind].Name, err)
	}
	return Picture{drawn.Harms[kind].Name, photo.Image, lines}, nil
}

// Drawn reads the photographs that Pictures draws. An error is the last it yields.
func Drawn(ctx context.Context, fonts string, count int, seed uint64, now time.Time) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		for p, err := range Pictures(fonts, count, seed) {
			var r Result
			if err == nil {
				begin := cpuTime()
				reading, failed := ocr.Read(ctx, p.Image, now)
				r, err = judged(reading, failed, p.Lines, p.Condition, cpuTime()-begin)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
