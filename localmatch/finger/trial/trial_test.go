package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"strings"
	"sync"
	"testing"

	"boothd/capture/synthetic"
)

// invented is a set of three invented fingers in two impressions each, of the last of which
// there is a blank picture too.
var invented = sync.OnceValue(func() *Set {
	s := &Set{Name: "invented"}
	for f := range 3 {
		grown := synthetic.New(f).Grow(2)
		for i := range 2 {
			img := grown.Press(synthetic.Press{X: 8 * float64(i), Turn: 5 * float64(i), Area: 1, Seed: uint64(i)})
			s.Pictures = append(s.Pictures, Picture{fmt.Sprintf("%d_%d", f, i), fmt.Sprint(f), img})
		}
	}
	s.Pictures = append(s.Pictures, Picture{"2_blank", "2", blank()})
	return s
})

func blank() *image.Gray {
	img := image.NewGray(image.Rect(0, 0, synthetic.FingerWidth, synthetic.FingerHeight))
	for i := range img.Pix {
		img.Pix[i] = 220
	}
	return img
}

func TestAPictureWithoutTemplateMatchesNobodyAndIsCounted(t *testing.T) {
	r, err := Run(t.Context(), invented(), Options{DPI: synthetic.FingerDPI})
	if err != nil {
		t.Fatal(err)
	}
	if r.Pictures != 7 || r.NoTemplate != 1 || r.Genuine != 5 || r.Impostor != 16 || len(r.Scores) != 21 {
		t.Errorf("%d pictures, %d without template, %d genuine and %d impostor pairs, %d scores; want 7, 1, 5, 16, 21",
			r.Pictures, r.NoTemplate, r.Genuine, r.Impostor, len(r.Scores))
	}
	blanks := 0
	for i, score := range r.Scores {
		if strings.HasSuffix(score.A, "_blank") || strings.HasSuffix(score.B, "_blank") {
			blanks++
			if score.Value != 0 {
				t.Errorf("%s and %s score %v", score.A, score.B, score.Value)
			}
			continue
		}
		if i < r.Genuine && score.Value == 0 {
			t.Errorf("%s and %s of one finger score nothing", score.A, score.B)
		}
	}
	if blanks != 6 {
		t.Errorf("%d pairs with the blank picture, want 6", blanks)
	}
	// Two of five genuine pairs are with the blank picture, the others tell fingers apart.
	if r.ZeroFMR != 40 {
		t.Errorf("zeroFMR %v %%, want 40", r.ZeroFMR)
	}
	if r.Timings != nil || r.Identification != nil || r.Curves != nil {
		t.Error("measured what nobody asked for")
	}
}

func TestEverythingIsMeasuredOnceAndAsked(t *testing.T) {
	o := Options{DPI: synthetic.FingerDPI, Times: true, Curves: true, Galleries: []int{40, 8}}
	r, err := Run(t.Context(), invented(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Extract <= 0 || r.Prepare <= 0 || r.Compare <= 0 {
		t.Errorf("times %+v", r.Timings)
	}
	for _, size := range o.Galleries {
		if r.Time[size] <= 0 || r.Gate[size] != 100 || r.First[size] != 100 {
			t.Errorf("%d templates: %v µs, gate %v %%, first %v %%", size, r.Time[size], r.Gate[size], r.First[size])
		}
	}
	line, err := json.Marshal(Mean([]*Result{r, r}))
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(line, &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"set", "eer", "fmr100", "fmr1000", "zerofmr", "no_template", "thresholds",
		"extract_ms", "compare_us", "identify_us", "identify_gate", "template_bytes", "det", "reject"} {
		if _, there := fields[name]; !there {
			t.Errorf("no %s in %s", name, line)
		}
	}
	if fields["eer"] != r.EER || fields["set"] != "mean" || fields["pictures"] != 14.0 {
		t.Errorf("the mean of twice the same is %s", line)
	}
}

func TestAStudyEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, invented(), Options{DPI: synthetic.FingerDPI}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

func TestTheWorstPicturesAreRejectedFirst(t *testing.T) {
	pairs := make([]graded, 100)
	for i := range pairs {
		pairs[i] = graded{quality: i / 10 * 10, missed: i < 10} // those of quality 0 are missed
	}
	curve := reject(pairs)
	for i, want := range []struct{ rejected, fnmr float64 }{
		{0, 10}, {5, 5.263}, {10, 0}, {15, 0}, // half of the missed ones go with half of quality 0
	} {
		if got := curve[i]; got.Rejected != want.rejected || got.FNMR != want.fnmr {
			t.Errorf("point %d is %+v, want %+v", i, got, want)
		}
	}
}

func TestAQualityThatTellsNothingLeavesTheCurveFlat(t *testing.T) {
	pairs := make([]graded, 80)
	for i := range pairs {
		pairs[i] = graded{quality: 50, missed: i%4 == 0}
	}
	for _, point := range reject(pairs) {
		if point.FNMR != 25 {
			t.Errorf("%+v, want 25 %%", point)
		}
	}
}
