package stage

import (
	"fmt"

	"boothd/capture/synthetic"
	"boothd/cmd/boothsim/hardware"
	"boothd/localmatch/finger"
	"boothd/localmatch/gallery"
)

// listedFinger is the finger that a traveller lays at the booth, as a list holds it: laid
// another time, otherwise.
func listedFinger(n int) (gallery.FingerTemplate, error) {
	f := gallery.FingerTemplate{Position: hardware.RightIndex, Format: gallery.FormatBoothd}
	earlier := synthetic.Press{X: -14, Y: 9, Turn: 8, Area: 0.95, Pressure: 0.1, Seed: 3}
	t, err := finger.Extract(synthetic.New(n).Press(hardware.RightIndex, earlier), synthetic.FingerDPI)
	if err != nil {
		return f, fmt.Errorf("finger of traveller %d: %w", n, err)
	}
	f.Data, err = t.AppendBinary(nil)
	return f, err
}
