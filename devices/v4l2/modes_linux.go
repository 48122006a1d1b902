//go:build linux && (amd64 || arm64)

package v4l2

import (
	"slices"
	"unsafe"
)

// most bounds what a device may list of anything.
const most = 256

// usualSizes stand for the sizes of a device that takes any.
var usualSizes = [][2]int{{640, 480}, {800, 600}, {1280, 720}, {1280, 960}, {1600, 1200}, {1920, 1080}, {2592, 1944}, {3264, 2448}, {3840, 2160}, {4208, 3120}}

// list asks for one thing after the other until the device has no more.
func (n *node) list(deed string, request uint, arg unsafe.Pointer, index *uint32, each func() (more bool)) error {
	for i := uint32(0); i < most; i++ {
		*index = i
		err := n.do(deed, request, arg)
		if lost(err) {
			return err
		}
		if err != nil {
			return nil // the end of the list, or the device has none
		}
		if !each() {
			return nil
		}
	}
	return nil
}

// Inputs implements Node.
func (n *node) Inputs() ([]string, error) {
	var names []string
	var in v4l2Input
	err := n.list("list inputs", requestEnumInput, unsafe.Pointer(&in), &in.index, func() bool {
		names = append(names, text(in.name[:]))
		return true
	})
	return names, err
}

// Modes implements Node.
func (n *node) Modes() ([]Mode, error) {
	var encodings []Encoding
	f := v4l2FmtDesc{kind: kindCapture}
	err := n.list("list encodings", requestEnumFmt, unsafe.Pointer(&f), &f.index, func() bool {
		encodings = append(encodings, Encoding(f.pixelFormat))
		return true
	})
	if err != nil {
		return nil, err
	}
	var modes []Mode
	for _, e := range encodings {
		if preference(e) < 0 {
			modes = append(modes, Mode{Encoding: e}) // for the fault, if it has no other
			continue
		}
		sizes, err := n.sizes(e)
		if err != nil {
			return nil, err
		}
		for _, size := range sizes {
			rate, err := n.rate(e, size)
			if err != nil {
				return nil, err
			}
			modes = append(modes, Mode{Encoding: e, Width: size[0], Height: size[1], Rate: rate})
		}
	}
	return modes, nil
}

// sizes are those of an encoding, in pixels.
func (n *node) sizes(e Encoding) ([][2]int, error) {
	var sizes [][2]int
	s := v4l2FrmSize{pixelFormat: uint32(e)}
	err := n.list("list sizes", requestEnumSizes, unsafe.Pointer(&s), &s.index, func() bool {
		if s.kind == sizeDiscrete {
			sizes = append(sizes, [2]int{int(s.size[0]), int(s.size[1])})
			return true
		}
		sizes = append(sizes, stepped(s.size)...)
		return false // there is one such entry
	})
	return sizes, err
}

// stepped are usual sizes and the greatest within least, most and step of width and height.
func stepped(s [6]uint32) [][2]int {
	fits := func(v int, least, most, step uint32) bool {
		return v >= int(least) && v <= int(most) && (step <= 1 || (v-int(least))%int(step) == 0)
	}
	sizes := slices.DeleteFunc(slices.Clone(usualSizes), func(size [2]int) bool {
		return !fits(size[0], s[0], s[1], s[2]) || !fits(size[1], s[3], s[4], s[5])
	})
	return append(sizes, [2]int{int(s[1]), int(s[4])})
}

// rate is the most pictures per second of a size; 0 if the device does not say.
func (n *node) rate(e Encoding, size [2]int) (float64, error) {
	var best float64
	v := v4l2FrmIval{pixelFormat: uint32(e), width: uint32(size[0]), height: uint32(size[1])}
	err := n.list("list rates", requestEnumIvals, unsafe.Pointer(&v), &v.index, func() bool {
		if num, den := v.interval[0], v.interval[1]; num > 0 {
			best = max(best, float64(den)/float64(num))
		}
		return v.kind == sizeDiscrete // else there is one such entry
	})
	return best, err
}
