package lds

import (
	"errors"
	"fmt"

	"boothd/capture/chip/tlv"
)

// Tags of ISO/IEC 39794-5, whose module has automatic, implicit tags below [APPLICATION 5]:
// which element is meant is told by the way to it.
const (
	tagFaceBlock tlv.Tag = 0x65
	tagSequence  tlv.Tag = 0x30
	tag0         tlv.Tag = 0x80
	tag1         tlv.Tag = 0x81
	tagNest0     tlv.Tag = 0xA0
	tagNest1     tlv.Tag = 0xA1
	tagNest7     tlv.Tag = 0xA7
)

// modernFormats are the formats by the codes of ImageDataFormat: 3 with loss, 4 without.
var modernFormats = map[int]Format{2: FormatJPEG, 3: FormatJP2, 4: FormatJP2}

// What the version block of ISO/IEC 39794-5:2019 says.
const (
	modernGeneration = 3
	modernYear       = 2019
)

// maxSize is the greatest width and height of a picture that its record can announce.
const maxSize = 0xFFFF

// modernFaces reads the faces of an ISO/IEC 39794-5 block: pictures in two dimensions.
func (g *group) modernFaces(nest []byte) ([]Face, error) {
	block, err := tlv.Find(nest, tagNest1, tagFaceBlock)
	if err != nil {
		if block, err = tlv.Find(nest, tagFaceBlock); err != nil {
			return nil, fmt.Errorf("record that is no face's: %w", errors.ErrUnsupported)
		}
	}
	representations, err := tlv.Find(block, tagNest1)
	if err != nil {
		return nil, err
	}
	objects, err := tlv.All(representations, maxPictures)
	if err != nil {
		return nil, err
	}
	var faces []Face
	for _, o := range objects {
		if o.Tag != tagSequence {
			continue
		}
		// imageRepresentation, base, imageRepresentation2DBlock
		flat, err := tlv.Find(o.Value, tagNest1, tagNest0, tagNest0)
		if err != nil {
			return nil, fmt.Errorf("face %d: not a flat picture: %w", len(faces)+1, errors.ErrUnsupported)
		}
		data, err := tlv.Find(flat, tag0)
		if err != nil {
			return nil, fmt.Errorf("face %d: %w", len(faces)+1, err)
		}
		announced := FormatUnknown
		if code, err := tlv.Find(flat, tagNest1, tagNest0, tag0); err == nil {
			announced = modernFormats[number(code)]
		}
		face := Face{Picture: pictureOf(data, announced), Modern: true}
		if size, err := tlv.Find(flat, tagNest1, tagNest7); err == nil {
			face.Width, face.Height = modernSize(size)
		}
		faces = append(faces, face)
	}
	if len(faces) == 0 {
		return nil, malformed("face record without a face")
	}
	return faces, nil
}

func modernSize(b []byte) (width, height int) {
	w, errWidth := tlv.Find(b, tag0)
	h, errHeight := tlv.Find(b, tag1)
	if errWidth != nil || errHeight != nil || len(w) > 3 || len(h) > 3 {
		return 0, 0
	}
	return min(number(w), maxSize), min(number(h), maxSize)
}

// modernRecord returns what is below the nesting tag: the block with one face, and of it
// picture, format and size.
func (f *Face) modernRecord() ([]byte, error) {
	code := 2
	switch f.Picture.Format {
	case FormatJPEG:
	case FormatJP2, FormatJ2K:
		code = 3
	default:
		return nil, fmt.Errorf("picture %q: %w", string(f.Picture.Format), errors.ErrUnsupported)
	}
	if !fits(2, f.Width, f.Height) {
		return nil, malformed("a number that its field does not hold")
	}
	information := tlv.Append(nil, tagNest0, tlv.Append(nil, tag0, integerValue(code)))
	if f.Width > 0 && f.Height > 0 {
		size := tlv.Append(tlv.Append(nil, tag0, integerValue(f.Width)), tag1, integerValue(f.Height))
		information = tlv.Append(information, tagNest7, size)
	}
	b := tlv.Append(nil, tag0, f.Picture.Data)
	b = tlv.Append(b, tagNest1, information)
	for _, tag := range []tlv.Tag{tagNest0, tagNest0, tagNest1} { // up the way that modernFaces goes down
		b = tlv.Append(nil, tag, b)
	}
	b = tlv.Append(nil, tagSequence, tlv.Append(nil, tag0, integerValue(0)), b)
	version := tlv.Append(tlv.Append(nil, tag0, integerValue(modernGeneration)), tag1, integerValue(modernYear))
	block := tlv.Append(nil, tagFaceBlock, tlv.Append(nil, tagNest0, version), tlv.Append(nil, tagNest1, b))
	return tlv.Append(nil, tagNest1, block), nil
}
