package bdir

import (
	"errors"
	"fmt"
	"log/slog"
)

// MinutiaeRecord is a finger minutiae record.
type MinutiaeRecord struct {
	Edition Edition
	// Owner and Product are the CBEFF product identifier. INCITS2004 only, which must name
	// an owner: UnknownVendor if there is no better.
	Owner, Product uint16
	// Views holds at least one view. The older editions have up to 255 with one header: Device,
	// Width, Height and both resolutions are those of the first view in all.
	Views []View
}

// LogValue keeps the record out of logs.
func (MinutiaeRecord) LogValue() slog.Value { return slog.StringValue("finger minutiae record") }

// View is the minutiae of one print.
type View struct {
	Origin
	Position   Position   // one finger; ISO2011 may have several: 13 to 15, 40 to 50
	Number     uint8      // counts the views of one finger from 0; up to 15 in the older editions
	Impression Impression // a code up to 15 in the older editions
	// Width and Height of the picture that was measured are 1 to 16383 pixels.
	Width, Height int
	// ResolutionX and ResolutionY are pixels per centimetre, 197 for 500 dpi. ISO has
	// nothing below 98.
	ResolutionX, ResolutionY int
	// Endings tells where the ends of ridges were placed. The older editions do not say.
	Endings  Endings
	Minutiae []Minutia // up to 255; in ISO2011 at least one
	// Extended is the extended data as it stands in the record, up to 65535 bytes. See Areas.
	Extended []byte
}

// LogValue keeps the view out of logs.
func (View) LogValue() slog.Value { return slog.StringValue("finger minutiae view") }

// Minutia is a place where a ridge ends or divides.
type Minutia struct {
	X, Y int // in pixels of the view from its upper left corner, y down
	// Angle is in degrees, 0 to less than 360, counterclockwise from the right, into the
	// ridge that ends or the valley between the branches. It is exact as read; in writing it
	// is rounded to 360/256 degrees, for INCITS2004 to two.
	Angle float64
	Kind  Kind
	// Quality is 0 (worst) to 100, NotGiven or Failed. The older editions cannot tell 0 and
	// Failed from NotGiven.
	Quality uint8
}

// LogValue keeps the minutia out of logs.
func (Minutia) LogValue() slog.Value { return slog.StringValue("minutia") }

// Kind says what kind of minutia it is.
type Kind uint8

// The kinds of minutiae.
const (
	OtherKind   Kind = 0
	Ending      Kind = 1
	Bifurcation Kind = 2
)

// Endings says where the end of a ridge is taken to be.
type Endings uint8

// The places of endings.
const (
	AtValleyFork Endings = 0 // where the valleys around the end meet; in the older editions not told
	AtRidgeEnd   Endings = 1 // where the thinned ridge ends
)

// mostCoordinate is the greatest that fits in 14 bits.
const mostCoordinate = 1<<14 - 1

// leastResolution of ISO is 250 dpi, in pixels per centimetre.
const leastResolution = 98

// check says what the record's edition has no room for. What is read passes it as well, so that
// it can be written again.
func (r *MinutiaeRecord) check() error {
	if err := checkProduct(r.Edition, r.Owner, r.Product); err != nil {
		return err
	}
	old := r.Edition != ISO2011
	switch {
	case len(r.Views) == 0:
		return errors.New("no view")
	case old && len(r.Views) > 255, len(r.Views) > 0xffff:
		return fmt.Errorf("%d views do not fit in the edition", len(r.Views))
	}
	for i := range r.Views {
		if old && r.Views[i].header() != r.Views[0].header() {
			return fmt.Errorf("view %d: device, size or resolution are not those of the first", i)
		}
		if err := r.Views[i].check(r.Edition); err != nil {
			return fmt.Errorf("view %d: %w", i, err)
		}
	}
	return nil
}

// minutiaeHeader is what the older editions tell once for all views.
type minutiaeHeader struct {
	device                                  Device
	width, height, resolutionX, resolutionY int
}

func (v *View) header() minutiaeHeader {
	return minutiaeHeader{v.Device, v.Width, v.Height, v.ResolutionX, v.ResolutionY}
}

func (v *View) check(e Edition) error {
	if err := v.Origin.check(e); err != nil {
		return err
	}
	least := leastResolution
	if e == INCITS2004 {
		least = 1
	}
	if _, err := v.Impression.code(e, impressionLimit(e)); err != nil {
		return err
	}
	switch {
	case !v.Position.ofMinutiae(e):
		return fmt.Errorf("the edition has no position %d", v.Position)
	case e != ISO2011 && v.Number > 15:
		return fmt.Errorf("view number %d is over 15", v.Number)
	case v.Width < 1 || v.Height < 1 || v.Width > mostCoordinate || v.Height > mostCoordinate:
		return fmt.Errorf("picture of %d by %d pixels is not 1 to %d", v.Width, v.Height, mostCoordinate)
	case min(v.ResolutionX, v.ResolutionY) < least || max(v.ResolutionX, v.ResolutionY) > 0xffff:
		return fmt.Errorf("resolution of %d by %d per cm is not %d to 65535", v.ResolutionX, v.ResolutionY, least)
	case v.Endings > AtRidgeEnd, e != ISO2011 && v.Endings != 0:
		return fmt.Errorf("the edition has no place of endings %d", v.Endings)
	case len(v.Extended) > 0xffff:
		return fmt.Errorf("%d bytes of extended data, 65535 have room", len(v.Extended))
	case len(v.Minutiae) > 255:
		return fmt.Errorf("%d minutiae, 255 have room", len(v.Minutiae))
	case e == ISO2011 && len(v.Minutiae) == 0:
		return errors.New("no minutia")
	}
	for i := range v.Minutiae {
		if err := v.checkMinutia(i, e); err != nil {
			return fmt.Errorf("minutia %d: %w", i, err)
		}
	}
	return nil
}

func (v *View) checkMinutia(i int, e Edition) error {
	m := &v.Minutiae[i]
	switch {
	case m.X < 0 || m.Y < 0 || m.X >= v.Width || m.Y >= v.Height:
		return errors.New("outside the picture")
	case !(m.Angle >= 0 && m.Angle < 360):
		return errors.New("angle is not 0 to less than 360 degrees")
	case m.Kind > Bifurcation:
		return fmt.Errorf("kind %d is unknown", m.Kind)
	case m.Quality > 100 && m.Quality < NotGiven:
		return fmt.Errorf("quality %d is not 0 to 100, 254 or 255", m.Quality)
	case e != ISO2011 && (m.Quality == 0 || m.Quality == Failed):
		return fmt.Errorf("the edition cannot tell quality %d from none given", m.Quality)
	}
	return nil
}

// impressionLimit is the greatest code of impression type of a minutiae record.
func impressionLimit(e Edition) uint8 {
	if e == ISO2011 {
		return 255
	}
	return 15
}

// angleUnits is how many units of angle a turn has.
func angleUnits(e Edition) int {
	if e == INCITS2004 {
		return 180
	}
	return 256
}
