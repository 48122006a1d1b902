package finger_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"boothd/capture/bdir"
	"boothd/localmatch/finger"
)

var recordEditions = []bdir.Edition{bdir.ISO2005, bdir.ISO2011, bdir.INCITS2004}

// inventedTemplate has its minutiae ordered by quality, as FromRecord orders them.
func inventedTemplate(r *rand.Rand, count int) *finger.Template {
	t := &finger.Template{Width: 1 + r.IntN(finger.MaxSide), Height: 1 + r.IntN(finger.MaxSide), Minutiae: []finger.Minutia{}}
	for range count {
		t.Minutiae = append(t.Minutiae, finger.Minutia{
			X: r.IntN(t.Width), Y: r.IntN(t.Height), Direction: uint8(r.Uint32()),
			Kind: finger.Kind(r.IntN(3)), Quality: uint8(r.IntN(101)),
		})
	}
	slices.SortStableFunc(t.Minutiae, func(a, b finger.Minutia) int { return int(b.Quality) - int(a.Quality) })
	return t
}

// throughBytes writes a template as a record and makes a template of what is read.
func throughBytes(t *testing.T, template *finger.Template, e bdir.Edition) *finger.Template {
	t.Helper()
	b, err := template.Record(e, 7, 60).Bytes()
	if err != nil {
		t.Fatalf("%v: %v", e, err)
	}
	record, err := bdir.ReadMinutiae(b)
	if err != nil {
		t.Fatalf("%v: %v", e, err)
	}
	view := &record.Views[0]
	if f, ok := view.Position.Finger(); !ok || f != 7 || view.Quality[0].Score != 60 {
		t.Fatalf("%v: finger %v, quality %+v", e, f, view.Quality)
	}
	got, err := finger.FromRecord(view)
	if err != nil {
		t.Fatalf("%v: %v", e, err)
	}
	return got
}

func TestATemplateComesBackFromARecord(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		template := inventedTemplate(r, 1+r.IntN(finger.MaxMinutiae))
		for _, e := range []bdir.Edition{bdir.ISO2005, bdir.ISO2011} {
			if got := throughBytes(t, template, e); !reflect.DeepEqual(got, template) {
				t.Fatalf("%v: got\n%+v\nwant\n%+v", e, got, template)
			}
		}
		got := throughBytes(t, template, bdir.INCITS2004)
		for i := range got.Minutiae {
			turn := int8(got.Minutiae[i].Direction - template.Minutiae[i].Direction)
			if turn < -1 || turn > 1 {
				t.Fatalf("minutia %d turned by %d", i, turn)
			}
			got.Minutiae[i].Direction = template.Minutiae[i].Direction
		}
		if !reflect.DeepEqual(got, template) {
			t.Fatalf("INCITS: got\n%+v\nwant\n%+v", got, template)
		}
	}
}

func TestARecordTakesTheFirstMinutiaeThatHaveRoom(t *testing.T) {
	template := inventedTemplate(rand.New(rand.NewPCG(3, 4)), finger.MaxMinutiae+45)
	for _, e := range recordEditions {
		if got := throughBytes(t, template, e); len(got.Minutiae) != finger.MaxMinutiae {
			t.Errorf("%v: %d minutiae", e, len(got.Minutiae))
		}
	}
}

func TestPositionsAreTurnedTo500DPI(t *testing.T) {
	for _, c := range []struct {
		name         string
		perCM        int
		x, width     int
		wantX, wantW int
	}{
		{"197 per cm is 500 dpi and moves nothing", 197, 1999, 2000, 1999, 2000},
		{"394 per cm is 1000 dpi and halves, rounding up", 394, 301, 600, 151, 300},
		{"118 per cm is 300 dpi", 118, 100, 300, 167, 500},
		{"98 per cm is 250 dpi", 98, 99, 100, 198, 200},
		{"100 per cm is 254 dpi", 100, 100, 200, 197, 394},
		{"200 per cm is 508 dpi", 200, 508, 1016, 500, 1000},
		{"what rounds past the edge stays inside", 394, 600, 601, 300, 301},
		{"a pixel stays a pixel", 1000, 0, 1, 0, 1},
	} {
		view := &bdir.View{
			Width: c.width, Height: c.width, ResolutionX: c.perCM, ResolutionY: c.perCM,
			Minutiae: []bdir.Minutia{{X: c.x, Y: c.x}},
		}
		got, err := finger.FromRecord(view)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		m := got.Minutiae[0]
		if got.Width != c.wantW || got.Height != c.wantW || m.X != c.wantX || m.Y != c.wantX {
			t.Errorf("%s: %d,%d of %d by %d", c.name, m.X, m.Y, got.Width, got.Height)
		}
	}
}

func TestBothResolutionsAreHeeded(t *testing.T) {
	got, err := finger.FromRecord(&bdir.View{
		Width: 100, Height: 100, ResolutionX: 197, ResolutionY: 394, Minutiae: []bdir.Minutia{{X: 50, Y: 50}},
	})
	if err != nil || got.Width != 100 || got.Height != 50 || got.Minutiae[0].X != 50 || got.Minutiae[0].Y != 25 {
		t.Errorf("got %+v, error %v", got, err)
	}
}

func TestDirectionsKeepTheirSense(t *testing.T) {
	for degrees, want := range map[float64]uint8{0: 0, 2: 1, 90: 64, 180: 128, 270: 192, 358: 255, 359.5: 0} {
		got, err := finger.FromRecord(&bdir.View{
			Width: 10, Height: 10, ResolutionX: 197, ResolutionY: 197, Minutiae: []bdir.Minutia{{Angle: degrees}},
		})
		if err != nil || got.Minutiae[0].Direction != want {
			t.Errorf("%v degrees: %+v, error %v", degrees, got, err)
		}
	}
}

func TestTheMostCertainMinutiaeComeFirst(t *testing.T) {
	view := &bdir.View{Width: 10, Height: 10, ResolutionX: 197, ResolutionY: 197, Minutiae: []bdir.Minutia{
		{X: 0, Quality: bdir.NotGiven}, {X: 1, Quality: 50}, {X: 2, Quality: 0}, {X: 3, Quality: 100}, {X: 4, Quality: bdir.Failed}, {X: 5, Quality: 50},
	}}
	got, err := finger.FromRecord(view)
	if err != nil {
		t.Fatal(err)
	}
	var order, quality []int
	for _, m := range got.Minutiae {
		order, quality = append(order, m.X), append(quality, int(m.Quality))
	}
	if !slices.Equal(order, []int{3, 1, 5, 2, 0, 4}) || !slices.Equal(quality, []int{100, 50, 50, 1, 0, 0}) {
		t.Errorf("order %v, qualities %v", order, quality)
	}
}

func TestTemplatesAreNotMadeOfWhatCannotBeCompared(t *testing.T) {
	for name, view := range map[string]bdir.View{
		"four fingers":              {Position: 13, Width: 10, Height: 10, ResolutionX: 197, ResolutionY: 197},
		"a palm":                    {Position: 21, Width: 10, Height: 10, ResolutionX: 197, ResolutionY: 197},
		"under 250 dpi":             {Width: 10, Height: 10, ResolutionX: 97, ResolutionY: 197},
		"over 2,540 dpi":            {Width: 10, Height: 10, ResolutionX: 197, ResolutionY: 1001},
		"a picture over MaxSide":    {Width: finger.MaxSide + 1, Height: 10, ResolutionX: 197, ResolutionY: 197},
		"more than MaxMinutiae":     {Width: 10, Height: 10, ResolutionX: 197, ResolutionY: 197, Minutiae: make([]bdir.Minutia, finger.MaxMinutiae+1)},
		"a picture that grows over": {Width: 1200, Height: 10, ResolutionX: 98, ResolutionY: 98},
	} {
		if got, err := finger.FromRecord(&view); err == nil {
			t.Errorf("%s: %d minutiae", name, len(got.Minutiae))
		}
	}
}

func TestCardMinutiaeBecomeATemplate(t *testing.T) {
	for _, format := range []bdir.CardFormat{bdir.CompactCard, bdir.NormalCard} {
		template := inventedTemplate(rand.New(rand.NewPCG(5, 6)), 60)
		template.Width, template.Height = 400, 500
		for i := range template.Minutiae {
			m := &template.Minutiae[i]
			m.X, m.Y = m.X%400, m.Y%500
		}
		b, err := template.Record(bdir.ISO2005, 1, 0).Views[0].Card(format)
		if err != nil {
			t.Fatal(err)
		}
		view, err := bdir.ReadCard(format, b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := finger.FromRecord(view)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range got.Minutiae {
			want := template.Minutiae[i]
			if math.Hypot(float64(m.X-want.X), float64(m.Y-want.Y)) > 3 || max(int8(m.Direction-want.Direction), int8(want.Direction-m.Direction)) > 2 {
				t.Fatalf("format %d: minutia %d is %+v, was %+v", format, i, m, want)
			}
		}
	}
}

func FuzzFromRecord(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, e := range recordEditions {
		b, err := inventedTemplate(r, 5).Record(e, 2, 50).Bytes()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		record, err := bdir.ReadMinutiae(data)
		if err != nil {
			return
		}
		for i := range record.Views {
			template, err := finger.FromRecord(&record.Views[i])
			if err != nil {
				continue
			}
			if template.Width < 1 || template.Height < 1 || template.Width > finger.MaxSide || template.Height > finger.MaxSide {
				t.Fatalf("template of %d by %d", template.Width, template.Height)
			}
			for _, m := range template.Minutiae {
				if m.X < 0 || m.Y < 0 || m.X >= template.Width || m.Y >= template.Height || m.Kind > finger.Bifurcation || m.Quality > 100 {
					t.Fatalf("impossible minutia %+v", m)
				}
			}
			if len(template.Minutiae) > 0 {
				if got := throughBytes(t, template, bdir.ISO2011); !reflect.DeepEqual(got, template) {
					t.Fatal("the template does not come back from its record")
				}
			}
		}
	})
}
