package v4l2

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// LeastRate is how many pictures per second a mode should give.
const LeastRate = 10

// mostRate is how many pictures per second a camera is asked for.
const mostRate = 30

// The size that is wanted of a camera of which the configuration says nothing, in pixels.
const (
	defaultWidth  = 640
	defaultHeight = 480
)

// The bounds of a picture.
const (
	leastSide = 16
	mostSide  = 8192
)

var errNoMode = errors.New("the camera sends pictures in no way that is understood here")

// preference orders the encodings, best first; -1 for what is not understood.
func preference(e Encoding) int { return slices.Index([]Encoding{MJPEG, JPEG, YUYV, Grey}, e) }

// choose returns the mode to use for pictures of at least the given size.
func choose(modes []Mode, width, height int) (Mode, error) {
	usable := slices.DeleteFunc(slices.Clone(modes), func(m Mode) bool {
		return preference(m.Encoding) < 0 || m.Width < leastSide || m.Height < leastSide || m.Width > mostSide || m.Height > mostSide
	})
	if len(usable) == 0 {
		return Mode{}, fmt.Errorf("%w: it has %v", errNoMode, encodings(modes))
	}
	// The first rule that tells two modes apart decides.
	return slices.MinFunc(usable, func(a, b Mode) int {
		return cmp.Or(
			-cmp.Compare(truth(a.fast()), truth(b.fast())),
			-cmp.Compare(truth(a.large(width, height)), truth(b.large(width, height))),
			compareSize(a, b, a.large(width, height)),
			cmp.Compare(preference(a.Encoding), preference(b.Encoding)),
			-cmp.Compare(a.Rate, b.Rate),
		)
	}), nil
}

func (m Mode) fast() bool                   { return m.Rate == 0 || m.Rate >= LeastRate }
func (m Mode) large(width, height int) bool { return m.Width >= width && m.Height >= height }

// compareSize puts the smaller first where both are large enough, else the larger.
func compareSize(a, b Mode, enough bool) int {
	d := cmp.Compare(a.Width*a.Height, b.Width*b.Height)
	if !enough {
		return -d
	}
	return d
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

func encodings(modes []Mode) []Encoding {
	var all []Encoding
	for _, m := range modes {
		if !slices.Contains(all, m.Encoding) {
			all = append(all, m.Encoding)
		}
	}
	return all
}
