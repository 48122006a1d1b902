package lds

import (
	"errors"
	"fmt"

	"boothd/capture/chip/tlv"
)

// Elements of a representation in ISO/IEC 39794-4 and -6, beside those of package-wide use.
const (
	tagFingerFormat  tlv.Tag = 0xA2
	tagFingerData    tlv.Tag = 0x83
	tagIrisDepth     tlv.Tag = 0x82
	tagIrisFormat    tlv.Tag = 0xA3
	tagIrisRange     tlv.Tag = 0xA7
	tagIrisTime      tlv.Tag = 0xA8
	tagIrisData      tlv.Tag = 0x89
	tagIrisDataEarly tlv.Tag = 0x88 // where the range is left out and the tags move up
)

// The formats by the codes of ImageDataFormat.
var (
	modernFingerFormats = []Format{FormatPGM, FormatWSQ, FormatJP2, FormatJP2, FormatPNG} // ISO/IEC 39794-4
	modernIrisFormats   = []Format{FormatPGM, FormatPPM, FormatPNG, FormatJP2, FormatJP2} // ISO/IEC 39794-6
)

func formatOf(formats []Format, code int) Format {
	if code < 0 || code >= len(formats) {
		return FormatUnknown
	}
	return formats[code]
}

// modernFingers reads the fingers of an ISO/IEC 39794-4 block. Their size stands in the pictures.
func modernFingers(nest []byte) ([]Finger, error) {
	representations, err := modernBlock(nest, tagFingerBlock)
	if err != nil {
		return nil, err
	}
	var fingers []Finger
	for _, r := range representations {
		data, err := tlv.Find(r, tagFingerData)
		if err != nil {
			return nil, fmt.Errorf("finger %d: %w", len(fingers)+1, err)
		}
		fingers = append(fingers, Finger{
			Picture:  pictureOf(data, formatOf(modernFingerFormats, choice(r, tagFingerFormat))),
			Position: byte(max(choice(r, tagNest0), 0)), Impression: byte(max(choice(r, tagNest1), 0)),
			Quality: notSaid, Modern: true,
		})
	}
	return fingers, nil
}

// notSaid is the quality of a picture whose record has none that is read.
const notSaid = 254

// modernIrises reads the irises of an ISO/IEC 39794-6 block.
func modernIrises(nest []byte) ([]Iris, error) {
	representations, err := modernBlock(nest, tagIrisBlock)
	if err != nil {
		return nil, err
	}
	var irises []Iris
	for _, r := range representations {
		data, err := tlv.Find(r, tagIrisData)
		if err != nil {
			data, err = tlv.Find(r, tagIrisDataEarly)
		}
		if err != nil {
			return nil, fmt.Errorf("iris %d: %w", len(irises)+1, err)
		}
		iris := Iris{
			Picture: pictureOf(data, formatOf(modernIrisFormats, choice(r, tagIrisFormat))),
			Quality: notSaid, Modern: true,
		}
		if eye, err := tlv.Find(r, tag0); err == nil {
			iris.Eye = byte(max(small(eye), 0))
		}
		if bits, err := tlv.Find(r, tagIrisDepth); err == nil { // of all colours together
			iris.Depth = byte(max(small(bits), 0))
		}
		if iris.Colour = iris.Depth == 24; iris.Colour {
			iris.Depth = 8
		}
		irises = append(irises, iris)
	}
	return irises, nil
}

func (f *Finger) modernRecord() ([]byte, error) {
	code := indexOf(modernFingerFormats, f.Picture.Format)
	if code < 0 {
		return nil, fmt.Errorf("picture %q: %w", string(f.Picture.Format), errors.ErrUnsupported)
	}
	return marshalModern(tagFingerBlock,
		appendChoice(nil, tagNest0, int(f.Position)), appendChoice(nil, tagNest1, int(f.Impression)),
		appendChoice(nil, tagFingerFormat, code), tlv.Append(nil, tagFingerData, f.Picture.Data)), nil
}

func (i *Iris) modernRecord() ([]byte, error) {
	code := indexOf(modernIrisFormats, i.Picture.Format)
	if code < 0 {
		return nil, fmt.Errorf("picture %q: %w", string(i.Picture.Format), errors.ErrUnsupported)
	}
	depth := int(i.Depth)
	if i.Colour {
		depth *= 3
	}
	const uncropped, unassigned = 1, 0
	b := tlv.Append(nil, tag0, integerValue(int(i.Eye)))
	b = appendChoice(b, tagNest1, uncropped)
	b = tlv.Append(b, tagIrisDepth, integerValue(depth))
	b = appendChoice(b, tagIrisFormat, code)
	for _, undefined := range []tlv.Tag{0x84, 0x85, 0x86} { // orientations, compression
		b = tlv.Append(b, undefined, integerValue(0))
	}
	b = tlv.Append(b, tagIrisRange, tlv.Append(nil, tag1, integerValue(unassigned)))
	b = tlv.Append(b, tagIrisTime, tlv.Append(nil, tag0, integerValue(modernYear)))
	return marshalModern(tagIrisBlock, tlv.Append(b, tagIrisData, i.Picture.Data)), nil
}

func appendChoice(dst []byte, tag tlv.Tag, code int) []byte {
	return tlv.Append(dst, tag, tlv.Append(nil, tag0, integerValue(code)))
}
