package draw

import (
	"image"
	"image/color"
	"sync"
	"testing"

	"boothd/capture/synthetic"
	"boothd/localmatch/finger"
)

// painted reports whether any pixel of the square around a place has a colour.
func painted(img *image.RGBA, x, y, reach int) bool {
	for dy := -reach; dy <= reach; dy++ {
		for dx := -reach; dx <= reach; dx++ {
			if p := img.RGBAAt(x+dx, y+dy); p.A != 0 && (p.R != p.G || p.G != p.B) {
				return true
			}
		}
	}
	return false
}

// picture is an invented finger's.
var picture = sync.OnceValue(func() *image.Gray { return synthetic.New(1).Finger(2) })

// print is the picture with minutiae where the test wants them.
func print(minutiae ...finger.Minutia) Print {
	return Print{
		Image: picture(), DPI: synthetic.FingerDPI,
		Template: &finger.Template{Width: synthetic.FingerWidth, Height: synthetic.FingerHeight, Minutiae: minutiae},
	}
}

func TestAMinutiaIsDrawnWhereItLiesWithAStrokeInItsDirection(t *testing.T) {
	for _, tt := range []struct {
		name      string
		direction uint8
		dx, dy    int // where the stroke ends, in the drawing
	}{
		{"to the right", 0, 20, 0},
		{"up, counterclockwise from the right", 64, 0, -20},
		{"to the left", 128, -20, 0},
		{"down", 192, 0, 20},
		{"right and up", 32, 14, -14},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img := Minutiae(print(finger.Minutia{X: 100, Y: 80, Direction: tt.direction, Kind: finger.Ending, Quality: 100}))
			x, y := 201, 161
			if !painted(img, x+7, y, 1) || !painted(img, x-7, y, 1) || !painted(img, x, y-7, 1) {
				t.Error("no ring around the minutia")
			}
			if !painted(img, x+tt.dx, y+tt.dy, 1) {
				t.Error("no stroke in its direction")
			}
			if painted(img, x-tt.dx, y-tt.dy, 3) {
				t.Error("a stroke in the opposite direction")
			}
			if painted(img, x, y, 3) {
				t.Error("the ring hides what is inside")
			}
		})
	}
}

func TestKindsAreToldApartByShape(t *testing.T) {
	drawing := func(kind finger.Kind) *image.RGBA {
		return Minutiae(print(finger.Minutia{X: 100, Y: 80, Direction: 64, Kind: kind}))
	}
	corner := func(img *image.RGBA) bool { return painted(img, 201+7, 161+7, 1) }
	middle := func(img *image.RGBA) bool { return painted(img, 201, 161, 1) }
	for _, tt := range []struct {
		name           string
		kind           finger.Kind
		corner, middle bool
	}{
		{"an ending is a ring", finger.Ending, false, false},
		{"a bifurcation is a square", finger.Bifurcation, true, false},
		{"another is a cross", finger.OtherKind, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if img := drawing(tt.kind); corner(img) != tt.corner || middle(img) != tt.middle {
				t.Errorf("corner painted %v, middle %v", corner(img), middle(img))
			}
		})
	}
}

func TestADoubtfulMinutiaIsPale(t *testing.T) {
	strength := func(quality uint8) int {
		p := Print{Template: &finger.Template{Width: 100, Height: 100, Minutiae: []finger.Minutia{{X: 50, Y: 50, Kind: finger.Ending, Quality: quality}}}}
		at := Minutiae(p).RGBAAt(101+14, 101)
		return 255 - int(at.G)
	}
	if doubtful, certain, unknown := strength(5), strength(100), strength(0); doubtful >= certain || unknown != certain || doubtful < 40 {
		t.Errorf("strength %d if doubtful, %d if certain, %d if not known", doubtful, certain, unknown)
	}
}

func TestMinutiaeFitAPictureOfAnyResolution(t *testing.T) {
	for _, dpi := range []int{300, 500, 1000} {
		// A dot of 5 pixels at 500 dpi whose middle is at 60, 40.
		dot := image.NewGray(image.Rect(0, 0, 120*dpi/500, 100*dpi/500))
		for i := range dot.Pix {
			x, y := i%dot.Stride, i/dot.Stride
			dot.Pix[i] = 255
			if dx, dy := x*500/dpi-60, y*500/dpi-40; dx*dx+dy*dy <= 6 {
				dot.Pix[i] = 0
			}
		}
		p := Print{Image: dot, DPI: dpi, Template: &finger.Template{Width: 120, Height: 100}}
		img := Minutiae(p)
		if img.Rect.Size() != image.Pt(240, 200) {
			t.Errorf("%d dpi: drawing of %v", dpi, img.Rect.Size())
		}
		if at := img.RGBAAt(121, 81); at.R > 60 || img.RGBAAt(121+20, 81).R < 250 {
			t.Errorf("%d dpi: the dot is not at its place: %v", dpi, at)
		}
	}
}

func TestPairsAreJoinedAcrossBothPictures(t *testing.T) {
	a := print(finger.Minutia{X: 100, Y: 80, Kind: finger.Ending}, finger.Minutia{X: 200, Y: 200, Kind: finger.Ending})
	b := print(finger.Minutia{X: 300, Y: 240, Kind: finger.Ending}, finger.Minutia{X: 110, Y: 80, Kind: finger.Ending})
	shift := 2*synthetic.FingerWidth + margin
	img := Pairs(a, b, []finger.Pair{{A: 0, B: 1}, {A: 9, B: 0}, {A: -1, B: 0}})
	if want := image.Pt(shift+2*synthetic.FingerWidth, 2*synthetic.FingerHeight); img.Rect.Size() != want {
		t.Fatalf("drawing of %v, want %v", img.Rect.Size(), want)
	}
	for x := 210; x < shift+221-7; x += 10 { // the line runs level
		if !painted(img, x, 161, 1) {
			t.Fatalf("the line is broken at %d", x)
		}
	}
	matched, other := img.RGBAAt(201-7, 161), img.RGBAAt(401-7, 401)
	if matched.R < 150 || matched.B > 100 {
		t.Errorf("a matched minutia is %v, want the first colour", matched)
	}
	if spread := int(other.B) - int(other.R); spread < 0 || spread > 40 {
		t.Errorf("one that is not matched is %v, want grey", other)
	}
}

func TestATemplateWithoutPictureIsDrawnOnWhite(t *testing.T) {
	p := Print{Template: &finger.Template{Width: 50, Height: 40, Minutiae: []finger.Minutia{{X: 25, Y: 20}}}}
	img := Minutiae(p)
	if img.Rect.Size() != image.Pt(100, 80) || img.RGBAAt(1, 1) != (color.RGBA{255, 255, 255, 255}) || !painted(img, 51, 41, 1) {
		t.Errorf("size %v, corner %v", img.Rect.Size(), img.RGBAAt(1, 1))
	}
	pair := Pairs(p, print(), nil)
	if pair.RGBAAt(50, 2*synthetic.FingerHeight-1) != (color.RGBA{255, 255, 255, 255}) {
		t.Error("beside the smaller of two prints it is not white")
	}
}

func TestWhatLiesOutsideIsLeftOut(t *testing.T) {
	far := []finger.Minutia{{X: -1 << 20, Y: 5}, {X: 1 << 20, Y: 1 << 20}, {X: 10, Y: -300}, {X: 0, Y: 0, Kind: finger.Bifurcation}}
	p := Print{Template: &finger.Template{Width: 1 << 30, Height: 1 << 3, Minutiae: far}}
	if size := Pairs(p, p, []finger.Pair{{A: 0, B: 1}, {A: 2, B: 3}}).Rect.Size(); size.X > 2*largest+margin || size.Y > largest {
		t.Errorf("drawing of %v", size)
	}
}
