package finger

import (
	"errors"
	"fmt"
	"image"

	"boothd/localmatch/finger/ridge"
)

// Resolutions that pictures may have, in pixels per inch.
const (
	MinDPI = 300
	MaxDPI = 1000
)

// ErrNoFinger says that a picture shows no ridges clear enough for a template.
var ErrNoFinger = errors.New("no clear ridges in the picture")

// What a picture must have: fewer minutiae tell no fingers apart, and what is less clear is
// no finger, or one so smeared that the minutiae found in it are chance.
const (
	leastMinutiae = 4
	leastClarity  = 50
)

// Extract makes the template of a picture of one finger: 8-bit grey, dark ridges on light
// ground, MinDPI to MaxDPI, at most MaxSide pixels to a side at 500 dpi. The same picture
// gives the same template on every machine. It fails with ErrNoFinger if fewer than four
// minutiae show or the ridges are not clear enough to rely on them.
func Extract(img *image.Gray, dpi int) (*Template, error) {
	size := img.Bounds().Size()
	if dpi < MinDPI || dpi > MaxDPI {
		return nil, fmt.Errorf("finger picture of %d dpi: only %d to %d can be read", dpi, MinDPI, MaxDPI)
	}
	if most := MaxSide * dpi / DPI; size.X > most || size.Y > most {
		return nil, fmt.Errorf("finger picture of %d by %d pixels: at most %d to a side at %d dpi", size.X, size.Y, most, dpi)
	}
	if least := dpi / 20; size.X < least || size.Y < least {
		return nil, fmt.Errorf("%w: %d by %d pixels", ErrNoFinger, size.X, size.Y)
	}
	p := ridge.Read(img, dpi)
	if len(p.Minutiae) < leastMinutiae || p.Clarity() < leastClarity {
		return nil, ErrNoFinger
	}
	t := &Template{Width: p.Width, Height: p.Height, Ridges: ridgesOf(p)}
	for _, m := range p.Minutiae[:min(len(p.Minutiae), MaxMinutiae)] {
		kind := Ending
		if m.Furrow {
			kind = Bifurcation
		}
		t.Minutiae = append(t.Minutiae, Minutia{
			X: m.X, Y: m.Y, Direction: uint8((m.Direction + 128) >> 8), Kind: kind, Quality: uint8(m.Quality),
		})
	}
	return t, nil
}
