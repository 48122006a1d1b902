package finger

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"boothd/capture"
	"boothd/capture/bdir"
)

// recordPerCM is 500 dpi in the unit of minutiae records, pixels per centimetre.
const recordPerCM = 197

// The resolutions of records that templates are made of: 250 to 2,540 dpi, in pixels per
// centimetre.
const (
	leastPerCM = 98
	mostPerCM  = 1000
)

// FromRecord makes a template of a view of a minutiae record. Positions are turned to 500 dpi,
// directions to 256ths of a turn, both to the nearest; what a record means by a direction
// is what a template means (see package bdir). The most certain minutiae come first; those
// of equal or no quality keep their order. It fails for a view of several fingers, for
// resolutions below 250 and over 2,540 dpi, and for what is larger than a template may be.
func FromRecord(view *bdir.View) (*Template, error) {
	if _, one := view.Position.Finger(); !one {
		return nil, fmt.Errorf("make template of record: position %d is not one finger", view.Position)
	}
	if min(view.ResolutionX, view.ResolutionY) < leastPerCM || max(view.ResolutionX, view.ResolutionY) > mostPerCM {
		return nil, fmt.Errorf("make template of record: %d by %d pixels per cm are not %d to %d",
			view.ResolutionX, view.ResolutionY, leastPerCM, mostPerCM)
	}
	scaleX, scaleY := DPI/recordDPI(view.ResolutionX), DPI/recordDPI(view.ResolutionY)
	t := &Template{
		Width:    max(1, scaled(view.Width, scaleX)),
		Height:   max(1, scaled(view.Height, scaleY)),
		Minutiae: make([]Minutia, 0, len(view.Minutiae)),
	}
	if max(t.Width, t.Height) > MaxSide || len(view.Minutiae) > MaxMinutiae {
		return nil, fmt.Errorf("make template of record: %d by %d pixels at 500 dpi with %d minutiae are too many",
			t.Width, t.Height, len(view.Minutiae))
	}
	for _, m := range view.Minutiae {
		t.Minutiae = append(t.Minutiae, Minutia{
			X:         min(max(scaled(m.X, scaleX), 0), t.Width-1),
			Y:         min(max(scaled(m.Y, scaleY), 0), t.Height-1),
			Direction: uint8(int(math.Round(m.Angle * 256 / 360))),
			Kind:      Kind(m.Kind),
			Quality:   fromRecordQuality(m.Quality),
		})
	}
	slices.SortStableFunc(t.Minutiae, func(a, b Minutia) int { return cmp.Compare(b.Quality, a.Quality) })
	return t, nil
}

// recordDPI is the resolution meant by so many whole pixels per centimetre: the multiple of
// 50 dpi that is written like this if there is one. So 197 is 500 dpi and not 500.38, which
// would move minutiae at the far side by a pixel.
func recordDPI(perCM int) float64 {
	exact := float64(perCM) * 2.54
	round := math.Round(exact/50) * 50
	if math.Round(round/2.54) == float64(perCM) {
		return round
	}
	return exact
}

func scaled(n int, scale float64) int { return int(math.Round(float64(n) * scale)) }

// fromRecordQuality keeps the worst judgement apart from none.
func fromRecordQuality(q uint8) uint8 {
	if q > 100 {
		return 0
	}
	return max(q, 1)
}

// Record makes a minutiae record of one view, at 500 dpi. The quality of the whole print is 0
// to 100, or bdir.NotGiven; it goes without vendor and algorithm. Of more than MaxMinutiae
// the first are taken. More views are added by appending theirs to Views: in the older
// editions all must be of one size. The record names bdir.UnknownVendor as its owner where
// the edition wants one named.
//
// A template whose minutiae are ordered by quality comes back from FromRecord as it was, but for
// its Ridges, and for directions of INCITS2004, which are kept to two degrees.
func (t *Template) Record(e bdir.Edition, finger capture.FingerPosition, quality uint8) *bdir.MinutiaeRecord {
	view := bdir.View{
		Origin:   bdir.Origin{Quality: []bdir.Quality{{Score: quality}}},
		Position: bdir.PositionOf(finger),
		Width:    t.Width, Height: t.Height,
		ResolutionX: recordPerCM, ResolutionY: recordPerCM,
	}
	if e == bdir.ISO2011 {
		view.Endings = bdir.AtRidgeEnd
	}
	for _, m := range t.Minutiae[:min(len(t.Minutiae), MaxMinutiae)] {
		view.Minutiae = append(view.Minutiae, bdir.Minutia{
			X: m.X, Y: m.Y, Angle: float64(m.Direction) * 360 / 256,
			Kind: bdir.Kind(m.Kind), Quality: toRecordQuality(m.Quality),
		})
	}
	r := &bdir.MinutiaeRecord{Edition: e, Views: []bdir.View{view}}
	if e == bdir.INCITS2004 {
		r.Owner = bdir.UnknownVendor
	}
	return r
}

func toRecordQuality(q uint8) uint8 {
	if q == 0 {
		return bdir.NotGiven
	}
	return q
}
