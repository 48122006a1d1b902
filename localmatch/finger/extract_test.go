package finger

import (
	"errors"
	"image"
	"testing"

	"boothd/capture/synthetic"
	"boothd/internal/shareddata"
)

func TestPicturesThatCannotBeReadSayWhy(t *testing.T) {
	finger := synthetic.New(1).Finger(2)
	for _, tt := range []struct {
		name     string
		img      *image.Gray
		dpi      int
		noFinger bool
	}{
		{"too coarse", finger, MinDPI - 1, false},
		{"too fine", finger, MaxDPI + 1, false},
		{"no resolution", finger, 0, false},
		{"negative resolution", finger, -500, false},
		{"too wide", image.NewGray(image.Rect(0, 0, MaxSide+1, 30)), 500, false},
		{"nothing", image.NewGray(image.Rectangle{}), 500, true},
		{"a sliver", image.NewGray(image.Rect(0, 0, 400, 20)), 500, true},
		{"black", image.NewGray(image.Rect(0, 0, 400, 400)), 500, true},
	} {
		got, err := Extract(tt.img, tt.dpi)
		if err == nil || got != nil || errors.Is(err, ErrNoFinger) != tt.noFinger {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// The pictures that came with the recordings of real scanners show the skin of a palm, of which
// no template can be made, and a smeared finger, whose minutiae are all doubtful.
func TestBadPicturesOfRealScannersAreKnownAsSuch(t *testing.T) {
	palm := shareddata.Grey(t, shareddata.Path(t, "data/usb/uru4000-4500/capture.png"))
	if _, err := Extract(palm, DPI); !errors.Is(err, ErrNoFinger) {
		t.Errorf("skin of a palm: %v", err)
	}
	smeared, err := Extract(shareddata.Grey(t, shareddata.Path(t, "data/usb/secugen/capture.png")), DPI)
	if err != nil {
		t.Fatal(err)
	}
	good, err := Extract(shareddata.Grey(t, shareddata.Path(t, "data/fingerprint/fvc2002_db1_b/101_1.png")), DPI)
	if err != nil {
		t.Fatal(err)
	}
	if s, g := smeared.Minutiae[0].Quality, good.Minutiae[len(good.Minutiae)/2].Quality; s >= g {
		t.Errorf("the best minutia of a smeared finger has quality %d, the middle one of a good print %d", s, g)
	}
}

func TestATemplateKeepsToItsLimits(t *testing.T) {
	for _, tt := range []struct {
		name string
		how  synthetic.Press
	}{
		{"laid well", synthetic.Press{Area: 1}},
		{"turned and shifted", synthetic.Press{Area: 1, Turn: 30, X: 40, Y: -40}},
		{"dry", synthetic.Press{Area: 1, Pressure: -0.6}},
		{"wet", synthetic.Press{Area: 1, Pressure: 0.6}},
		{"a part", synthetic.Press{Area: 0.5}},
	} {
		template, err := Extract(synthetic.New(2).Grow(3).Press(tt.how), synthetic.FingerDPI)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if err := template.validate(); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if template.Ridges == nil || len(template.Minutiae) < leastMinutiae {
			t.Errorf("%s: %d minutiae, ridges %v", tt.name, len(template.Minutiae), template.Ridges != nil)
		}
		for i, m := range template.Minutiae[1:] {
			if m.Quality > template.Minutiae[i].Quality {
				t.Errorf("%s: minutia %d is more certain than the one before", tt.name, i+1)
			}
		}
	}
}
