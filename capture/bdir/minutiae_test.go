package bdir_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"boothd/capture/bdir"
)

// plain is a record that every edition takes.
func plain(e bdir.Edition) *bdir.MinutiaeRecord {
	r := &bdir.MinutiaeRecord{Edition: e, Views: []bdir.View{{
		Origin: bdir.Origin{Quality: []bdir.Quality{{Score: 50}}},
		Width:  100, Height: 120, ResolutionX: 197, ResolutionY: 197,
		Minutiae: []bdir.Minutia{{X: 99, Y: 119, Kind: bdir.Ending, Quality: 1}},
	}}}
	if e == bdir.INCITS2004 {
		r.Owner = bdir.UnknownVendor
	}
	return r
}

func TestWritingMinutiaeRefusesWhatCannotBe(t *testing.T) {
	const old, recent = bdir.ISO2005, bdir.ISO2011
	for _, c := range []struct {
		name, says string
		edition    bdir.Edition
		change     func(r *bdir.MinutiaeRecord, v *bdir.View, m *bdir.Minutia)
	}{
		{"an unknown edition", "edition 9", old, func(r *bdir.MinutiaeRecord, _ *bdir.View, _ *bdir.Minutia) { r.Edition = 9 }},
		{"a record of no edition", "edition 0", old, func(r *bdir.MinutiaeRecord, _ *bdir.View, _ *bdir.Minutia) { r.Edition = 0 }},
		{"no view", "no view", old, func(r *bdir.MinutiaeRecord, _ *bdir.View, _ *bdir.Minutia) { r.Views = nil }},
		{"256 views", "256 views", old, func(r *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) {
			r.Views = make([]bdir.View, 256)
		}},
		{"INCITS without an owner", "owner", bdir.INCITS2004, func(r *bdir.MinutiaeRecord, _ *bdir.View, _ *bdir.Minutia) { r.Owner = 0 }},
		{"ISO with an owner", "product", old, func(r *bdir.MinutiaeRecord, _ *bdir.View, _ *bdir.Minutia) { r.Owner = 1 }},
		{"views of two sizes under one header", "view 1: device, size", old, func(r *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) {
			r.Views = append(r.Views, *v)
			r.Views[1].Width++
		}},
		{"a minutia right of the picture", "view 0: minutia 0: outside", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, m *bdir.Minutia) { m.X = v.Width }},
		{"a minutia below the picture", "outside", recent, func(_ *bdir.MinutiaeRecord, v *bdir.View, m *bdir.Minutia) { m.Y = v.Height }},
		{"a minutia left of the picture", "outside", old, func(_ *bdir.MinutiaeRecord, _ *bdir.View, m *bdir.Minutia) { m.X = -1 }},
		{"256 minutiae", "256 minutiae", recent, func(_ *bdir.MinutiaeRecord, v *bdir.View, m *bdir.Minutia) {
			v.Minutiae = make([]bdir.Minutia, 256)
		}},
		{"no minutia in ISO 2011", "no minutia", recent, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.Minutiae = nil }},
		{"an angle of a whole turn", "angle", old, func(_ *bdir.MinutiaeRecord, _ *bdir.View, m *bdir.Minutia) { m.Angle = 360 }},
		{"a negative angle", "angle", old, func(_ *bdir.MinutiaeRecord, _ *bdir.View, m *bdir.Minutia) { m.Angle = -1 }},
		{"an angle that is no number", "angle", old, func(_ *bdir.MinutiaeRecord, _ *bdir.View, m *bdir.Minutia) { m.Angle = math.NaN() }},
		{"an unknown kind", "kind 3", old, func(_ *bdir.MinutiaeRecord, _ *bdir.View, m *bdir.Minutia) { m.Kind = 3 }},
		{"a minutia's quality over 100", "quality 101", recent, func(_ *bdir.MinutiaeRecord, _ *bdir.View, m *bdir.Minutia) { m.Quality = 101 }},
		{"the worst quality where 0 is none", "quality 0", old, func(_ *bdir.MinutiaeRecord, _ *bdir.View, m *bdir.Minutia) { m.Quality = 0 }},
		{"a view's quality over 100", "quality 101", recent, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.Quality[0].Score = 101 }},
		{"two qualities in ISO 2005", "one quality", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) {
			v.Quality = append(v.Quality, v.Quality[0])
		}},
		{"a quality's vendor in ISO 2005", "whose quality", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.Quality[0].Vendor = 1 }},
		{"a device number of 13 bits", "12 bits", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.Device.Type = 0x1000 }},
		{"a device's vendor in ISO 2005", "vendor", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.Device.Vendor = 1 }},
		{"a capture time in ISO 2005", "capture time", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.Captured.Year = 2024 }},
		{"a certificate in ISO 2005", "certificates", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) {
			v.Certificates = make([]bdir.Certificate, 1)
		}},
		{"a month 13", "impossible", recent, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) {
			v.Captured = bdir.CaptureTime{Year: 2024, Month: 13, Day: 1}
		}},
		{"256 qualities", "256 qualities", recent, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) {
			v.Quality = make([]bdir.Quality, 256)
		}},
		{"256 certificates", "256 certificates", recent, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) {
			v.Certificates = make([]bdir.Certificate, 256)
		}},
		{"compliance in ISO 2011", "compliance", recent, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.Device.Compliance = 8 }},
		{"a palm", "position 21", recent, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.Position = 21 }},
		{"four fingers in ISO 2005", "position 13", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.Position = 13 }},
		{"a view number 16 in ISO 2005", "view number 16", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.Number = 16 }},
		{"a vertical roll in ISO 2005", "impression type 9", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) {
			v.Impression = bdir.LiveVerticalRoll
		}},
		{"an impression code of five bits in ISO 2005", "impression type 16", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.Impression = 16 }},
		{"a place of endings in ISO 2005", "place of endings", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.Endings = bdir.AtRidgeEnd }},
		{"a picture without width", "0 by 120", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.Width = 0 }},
		{"a picture over 14 bits high", "by 16384", recent, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.Height = 16384 }},
		{"a resolution under 250 dpi in ISO", "97 by 197", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.ResolutionX = 97 }},
		{"a resolution of 17 bits", "by 65536", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.ResolutionY = 65536 }},
		{"extended data of 17 bits", "65536 bytes", old, func(_ *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) { v.Extended = make([]byte, 65536) }},
		{"a record of over a megabyte", "over 1048576", old, func(r *bdir.MinutiaeRecord, v *bdir.View, _ *bdir.Minutia) {
			v.Extended = make([]byte, 0xffff)
			for range 16 {
				r.Views = append(r.Views, *v)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := plain(c.edition)
			if _, err := r.Bytes(); err != nil {
				t.Fatal(err)
			}
			c.change(r, &r.Views[0], &r.Views[0].Minutiae[0])
			b, err := r.Bytes()
			if err == nil || b != nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v does not say %q", err, c.says)
			}
		})
	}
}

func TestReadingMinutiaeRefusesDamage(t *testing.T) {
	iso05, incits, iso11 := minutiaeVectors[0].bytes, minutiaeVectors[1].bytes, minutiaeVectors[2].bytes
	for _, c := range []struct {
		name, says, bytes string
		at                int
		to                byte
	}{
		{"a length one too great", "ends early", iso05, 11, 0x31},
		{"a length one too small", "ends early", iso05, 11, 0x2f},
		{"a view fewer than there are", "longer than its views", iso05, 22, 0},
		{"a view more than there are", "view 1: the record ends early", iso05, 22, 2},
		{"a length less than the header", "less than the header", iso11, 11, 14},
		{"a length of two megabytes", "over 1048576", iso05, 9, 0x11},
		{"an angle code of 180 in INCITS", "angle code 180", incits, 26 + 4 + 4, 180},
		{"a minutia of the reserved kind", "kind 3", iso05, 24 + 4, 0xc0},
		{"a minutia outside the picture", "outside", iso05, 24 + 4 + 1, 100},
		{"a view length that does not fit its content", "the record ends early", iso11, 15 + 3, 0x26},
		{"a certification flag of 2", "flag is 2", iso11, 14, 2},
		{"minutiae of seven bytes", "7 bytes, not 5 or 6", iso11, 15 + 19 + 11, 0x70},
		{"a place of endings that is reserved", "place of endings", iso11, 15 + 19 + 11, 0x52},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := unhex(t, c.bytes)
			b[c.at] = c.to
			if _, err := bdir.ReadMinutiae(b); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v does not say %q", err, c.says)
			}
		})
	}
}

func TestReadingForgivesWhatDoesNoHarm(t *testing.T) {
	for _, c := range []struct {
		name, bytes string
		at          int
		to          byte
	}{
		{"a reserved byte of the header", minutiaeVectors[0].bytes, 23, 7},
		{"reserved bits beside y", minutiaeVectors[0].bytes, 24 + 4 + 2, 0xc0},
		{"an impossible capture time", minutiaeVectors[2].bytes, 15 + 4 + 2, 13},
	} {
		b := unhex(t, c.bytes)
		want, err := bdir.ReadMinutiae(b)
		if err != nil {
			t.Fatal(err)
		}
		b[c.at] = c.to
		if got, err := bdir.ReadMinutiae(b); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: error %v, read %+v", c.name, err, got)
		}
	}
}

func TestAnglesAreRoundedToTheEditionsUnit(t *testing.T) {
	for _, c := range []struct {
		edition bdir.Edition
		degrees float64
		reads   float64
	}{
		{bdir.ISO2005, 0.70, 0}, {bdir.ISO2005, 0.71, 1.40625}, {bdir.ISO2011, 359.2, 358.59375}, {bdir.ISO2011, 359.4, 0},
		{bdir.INCITS2004, 0.9, 0}, {bdir.INCITS2004, 1.1, 2}, {bdir.INCITS2004, 358.9, 358}, {bdir.INCITS2004, 359.1, 0},
	} {
		r := plain(c.edition)
		r.Views[0].Minutiae[0].Angle = c.degrees
		b, err := r.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		got, err := bdir.ReadMinutiae(b)
		if err != nil || got.Views[0].Minutiae[0].Angle != c.reads {
			t.Errorf("%v: %v degrees read %+v, error %v, want %v", c.edition, c.degrees, got, err, c.reads)
		}
	}
}

func TestARecordIsTurnedIntoAnotherEdition(t *testing.T) {
	r := plain(bdir.ISO2011)
	r.Views[0].Impression = bdir.LiveContactless
	r.Views[0].Minutiae[0].Angle = 90
	r.Edition, r.Owner = bdir.INCITS2004, bdir.UnknownVendor
	b, err := r.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := bdir.ReadMinutiae(b); err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("error %v, read %+v", err, got)
	}
}
