package finger

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"testing"

	"boothd/capture/synthetic"
)

func synthetics(tb testing.TB) []*Template {
	tb.Helper()
	var all []*Template
	for n := 1; n <= 3; n++ {
		t, err := Extract(synthetic.New(n).Finger(2), synthetic.FingerDPI)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, t)
	}
	return all
}

func TestATemplateIsReadAsItWasWritten(t *testing.T) {
	all := synthetics(t)
	bare := *all[0]
	bare.Ridges = nil
	all = append(all, &bare, &Template{Width: 1, Height: 1})
	for _, want := range all {
		data, err := want.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		var got Template
		if err := got.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(&got, want) {
			t.Error("a template changed on its way")
		}
	}
}

func TestDotsBeyondALineAreNotWritten(t *testing.T) {
	want := &Template{Width: RidgePatch, Height: RidgePatch, Ridges: &Ridges{
		Columns: 1, Pattern: NewBitmap(8, 8), Clear: NewBitmap(4, 4), Flow: []uint8{3}, Period: []uint8{36},
	}}
	for i := range want.Ridges.Clear.Words {
		want.Ridges.Clear.Words[i] = math.MaxUint64
	}
	data, err := want.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got Template
	if err := got.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if c := got.Ridges.Clear; !c.At(3, 3) || c.Words[0] != 0xf {
		t.Errorf("a line of four dots is read as %b", c.Words[0])
	}
}

func TestADamagedTemplateIsRefusedAndChangesNothing(t *testing.T) {
	data, err := synthetics(t)[0].AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := Template{Width: 5, Height: 5}
	refused := func(name string, data []byte) {
		if err := got.UnmarshalBinary(data); !errors.Is(err, errTemplate) {
			t.Errorf("%s: %v", name, err)
		}
		if got.Width != 5 || got.Minutiae != nil {
			t.Fatalf("%s: the template changed", name)
		}
	}
	for n := range data {
		if n < 200 || n%97 == 0 {
			refused("cut off", data[:n])
		}
	}
	refused("one byte more", append(bytes.Clone(data), 0))
	for name, change := range map[string]func(b []byte){
		"another version":              func(b []byte) { b[3] = 2 },
		"no width":                     func(b []byte) { b[4], b[5] = 0, 0 },
		"too wide":                     func(b []byte) { b[5] = 0xff },
		"more minutiae than there are": func(b []byte) { b[8] = 255 },
		"a minutia outside":            func(b []byte) { b[headerSize+1] = 0xff },
		"an unknown kind":              func(b []byte) { b[headerSize+5] = 9 },
		"a quality over 100":           func(b []byte) { b[headerSize+6] = 101 },
		"ridges neither there nor not": func(b []byte) { b[9] = 7 },
	} {
		damaged := bytes.Clone(data)
		change(damaged)
		refused(name, damaged)
	}
}

func TestWhatCannotBeReadIsNotWritten(t *testing.T) {
	data, err := synthetics(t)[0].AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Template){
		"no picture":           func(t *Template) { t.Width = 0 },
		"a huge picture":       func(t *Template) { t.Height = MaxSide + 1 },
		"a minutia outside":    func(t *Template) { t.Minutiae[0].X = t.Width },
		"too many minutiae":    func(t *Template) { t.Minutiae = make([]Minutia, MaxMinutiae+1) },
		"an unknown kind":      func(t *Template) { t.Minutiae[0].Kind = 3 },
		"no columns":           func(t *Template) { t.Ridges.Columns = 0 },
		"a patch too many":     func(t *Template) { t.Ridges.Flow = append(t.Ridges.Flow, 1) },
		"ridges outside":       func(t *Template) { t.Ridges.Left = 16 * 100 },
		"ridges far outside":   func(t *Template) { t.Ridges.Left = math.MaxInt / RidgePatch * RidgePatch },
		"a short pattern":      func(t *Template) { t.Ridges.Pattern.Words = t.Ridges.Pattern.Words[1:] },
		"flow beyond a turn":   func(t *Template) { t.Ridges.Flow[0] = 128 },
		"ridges out of raster": func(t *Template) { t.Ridges.Top++ },
	} {
		var template Template
		if err := template.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		change(&template)
		if _, err := template.AppendBinary(nil); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func FuzzUnmarshalBinary(f *testing.F) {
	for _, t := range synthetics(f) {
		data, err := t.AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		t.Ridges = nil
		data, err = t.AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var template Template
		if template.UnmarshalBinary(data) != nil {
			return
		}
		again, err := template.AppendBinary(nil)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("what was read is written differently (%v)", err)
		}
	})
}
