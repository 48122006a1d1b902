package finger_test

import (
	"testing"

	"boothd/capture/synthetic"
	"boothd/localmatch/finger"
)

// The fingers of invented travellers stand for those of strangers in the demonstration and in
// tests: they must not resemble each other more than strangers' do.
func TestInventedFingersAreTheirOwnAndNobodyElses(t *testing.T) {
	const travellers, position = 16, 2
	var first, again []*finger.Prepared
	for n := range travellers {
		grown := synthetic.New(n + 1).Grow(position)
		for _, laid := range []struct {
			how  synthetic.Press
			into *[]*finger.Prepared
		}{
			{synthetic.Press{Area: 1}, &first},
			{synthetic.Press{X: -14, Y: 9, Turn: 8, Area: 0.95, Pressure: 0.1, Seed: 3}, &again},
		} {
			made, err := finger.Extract(grown.Press(laid.how), synthetic.FingerDPI)
			if err != nil {
				t.Fatalf("traveller %d: %v", n+1, err)
			}
			*laid.into = append(*laid.into, finger.Prepare(made))
		}
	}
	alike := 0
	for i := range first {
		for j := range again {
			switch score := first[i].Compare(again[j]).Score; {
			case i == j && score < 100:
				t.Errorf("traveller %d laid again scores %.0f", i+1, score)
			case i != j && score >= 40:
				t.Errorf("travellers %d and %d score %.0f", i+1, j+1, score)
			case i != j && score >= 30:
				alike++
			}
		}
	}
	if alike > travellers*travellers/50 {
		t.Errorf("%d pairs of strangers resemble each other", alike)
	}
}
