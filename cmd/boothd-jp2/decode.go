//go:build linux && cgo && (amd64 || arm64)

package main

// #cgo pkg-config: libopenjp2
// #include <stdlib.h>
// #include "decode.h"
import "C"

import (
	"bytes"
	"errors"
	"fmt"
	"unsafe"

	"boothd/capture/chip/portrait/raster"
)

// What a picture is refused for, beside its size.
var (
	errDamaged     = errors.New("damaged picture")
	errUnsupported = errors.New("unsupported picture")
)

// The first bytes of a codestream, and of a file that has one in it (ISO/IEC 15444-1 §A.4,
// Annex I.5.1).
const (
	beginsCodestream = "\xFF\x4F\xFF\x51"
	beginsFile       = "\x00\x00\x00\x0CjP  \r\n\x87\n"
)

// decode decodes a picture. What the library allocated is left to the end of the process.
func decode(data []byte) (*raster.Picture, error) {
	codestream := bytes.HasPrefix(data, []byte(beginsCodestream))
	if !codestream && !bytes.HasPrefix(data, []byte(beginsFile)) {
		return nil, errUnsupported
	}
	j := (*C.struct_jp2)(C.calloc(1, C.sizeof_struct_jp2))
	j.data, j.size = (*C.uchar)(C.CBytes(data)), C.size_t(len(data))
	kind := C.int(0)
	if codestream {
		kind = 1
	}
	if C.jp2_open(j, kind) == 0 {
		return nil, errDamaged
	}
	// Memory is taken for the sizes of each component, so all are looked at before. One of
	// indices becomes several by a palette.
	if n := j.image.numcomps; n > 4 {
		return nil, fmt.Errorf("%w: %d components", errUnsupported, n)
	}
	for _, c := range components(j.image) {
		if err := sane(c); err != nil {
			return nil, err
		}
	}
	if C.jp2_decode(j) == 0 {
		return nil, errDamaged
	}
	return convert(j.image)
}

// components returns the picture's components, of which the standard allows 16384.
func components(img *C.opj_image_t) []C.opj_image_comp_t {
	return unsafe.Slice(img.comps, int(img.numcomps))
}

// sane returns an error for a component that is not decoded.
func sane(c C.opj_image_comp_t) error {
	switch {
	case c.w == 0 || c.h == 0:
		return errDamaged
	case c.w > raster.MaxSide || c.h > raster.MaxSide:
		return raster.ErrLimits
	case c.prec < 1 || c.prec > 16:
		return errUnsupported
	}
	return raster.Check(int(c.w), int(c.h), 1)
}

// plane is a component's samples. Components may have fewer samples than the picture has
// pixels.
type plane struct {
	samples       []C.OPJ_INT32
	width, height int
	offset        int // what makes the least sample 0
	top           int // the greatest sample, then
}

// at returns the sample of a pixel of a picture of the size, 0 to 255.
func (p *plane) at(x, y, width, height int) int {
	if p.width != width || p.height != height {
		x, y = x*p.width/width, y*p.height/height
	}
	v := int(p.samples[y*p.width+x]) + p.offset
	return (min(max(v, 0), p.top)*255 + p.top/2) / p.top
}

// convert makes the picture of the components: one of grey, or three of colour; one of
// transparency behind them is left out.
func convert(img *C.opj_image_t) (*raster.Picture, error) {
	all := components(img)
	colours := 1
	switch len(all) {
	case 1, 2:
	case 3, 4:
		colours = 3
	default:
		return nil, fmt.Errorf("%w: %d components", errUnsupported, len(all))
	}
	space := img.color_space
	if space == C.OPJ_CLRSPC_CMYK || space == C.OPJ_CLRSPC_EYCC {
		return nil, fmt.Errorf("%w: colours that are not known", errUnsupported)
	}
	p := &raster.Picture{Colours: colours}
	planes := make([]plane, colours)
	for i := range planes {
		c := all[i]
		if err := sane(c); err != nil {
			return nil, err
		}
		if c.data == nil {
			return nil, errDamaged
		}
		n := int(c.w) * int(c.h)
		planes[i] = plane{samples: unsafe.Slice(c.data, n), width: int(c.w), height: int(c.h), top: 1<<c.prec - 1}
		if c.sgnd != 0 {
			planes[i].offset = 1 << (c.prec - 1)
		}
		p.Width, p.Height = max(p.Width, int(c.w)), max(p.Height, int(c.h))
	}
	if err := raster.Check(p.Width, p.Height, colours); err != nil {
		return nil, err
	}
	p.Pix = make([]byte, 0, p.Width*p.Height*colours)
	for y := range p.Height {
		for x := range p.Width {
			for i := range planes {
				p.Pix = append(p.Pix, byte(planes[i].at(x, y, p.Width, p.Height)))
			}
		}
	}
	if colours == 3 && space == C.OPJ_CLRSPC_SYCC {
		fromYCC(p.Pix)
	}
	return p, nil
}
