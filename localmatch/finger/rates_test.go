package finger_test

import (
	"path/filepath"
	"testing"

	"boothd/internal/shareddata"
	"boothd/localmatch/finger/trial"
)

// The bounds are some way above what is measured, so that only a loss that matters breaks
// them.
func TestFingersOfTheDevelopmentSetsAreToldApart(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("240 pictures are extracted and 9,480 pairs compared: run without -short and -race")
	}
	var impostors []float64
	for _, tt := range []struct {
		name         string
		eer, fmr1000 float64 // percent
	}{
		{"fvc2002_db1_b", 1.5, 3},
		{"fvc2002_db3_b", 2.5, 5},
		{"fvc2004_db4_b", 2, 4},
	} {
		set, err := trial.ReadSet(shareddata.Path(t, filepath.Join("data/fingerprint", tt.name)))
		if err != nil {
			t.Fatal(err)
		}
		r, err := trial.Run(t.Context(), set, trial.Options{DPI: 500})
		if err != nil {
			t.Fatal(err)
		}
		if r.EER > tt.eer || r.FMR1000 > tt.fmr1000 {
			t.Errorf("%s: equal error rate %.2f %%, FNMR at an FMR of 0.1 %% %.2f %%", tt.name, r.EER, r.FMR1000)
		}
		for _, s := range r.Scores[r.Genuine:] {
			impostors = append(impostors, s.Value)
		}
	}
	for _, tt := range []struct{ score, most float64 }{{10, 0.13}, {20, 0.015}, {30, 0.003}} {
		n := 0
		for _, s := range impostors {
			if s >= tt.score {
				n++
			}
		}
		if share := float64(n) / float64(len(impostors)); share > tt.most {
			t.Errorf("%.2f %% of different fingers score %.0f or more", 100*share, tt.score)
		}
	}
}
