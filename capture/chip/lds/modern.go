package lds

import (
	"errors"
	"fmt"

	"boothd/capture/chip/tlv"
)

// Tags of ISO/IEC 39794, whose modules have automatic, implicit tags below the [APPLICATION] of
// the part: which element is meant is told by the way to it.
const (
	tagFingerBlock tlv.Tag = 0x64
	tagFaceBlock   tlv.Tag = 0x65
	tagIrisBlock   tlv.Tag = 0x66
	tagSequence    tlv.Tag = 0x30
	tag0           tlv.Tag = 0x80
	tag1           tlv.Tag = 0x81
	tagNest0       tlv.Tag = 0xA0
	tagNest1       tlv.Tag = 0xA1
	tagNest7       tlv.Tag = 0xA7
)

// modernFormats are the formats by the codes of ImageDataFormat: 3 with loss, 4 without.
var modernFormats = map[int]Format{2: FormatJPEG, 3: FormatJP2, 4: FormatJP2}

// What the version blocks of ISO/IEC 39794-4, -5 and -6 of 2019 say.
const (
	modernGeneration = 3
	modernYear       = 2019
)

// maxSize is the greatest width and height of a picture that its record can announce.
const maxSize = 0xFFFF

// modernFaces reads the faces of an ISO/IEC 39794-5 block: pictures in two dimensions.
func (g *group) modernFaces(nest []byte) ([]Face, error) {
	representations, err := modernBlock(nest, tagFaceBlock)
	if err != nil {
		return nil, err
	}
	var faces []Face
	for _, representation := range representations {
		// imageRepresentation, base, imageRepresentation2DBlock
		flat, err := tlv.Find(representation, tagNest1, tagNest0, tagNest0)
		if err != nil {
			return nil, fmt.Errorf("face %d: not a flat picture: %w", len(faces)+1, errors.ErrUnsupported)
		}
		data, err := tlv.Find(flat, tag0)
		if err != nil {
			return nil, fmt.Errorf("face %d: %w", len(faces)+1, err)
		}
		announced := FormatUnknown
		if information, err := tlv.Find(flat, tagNest1); err == nil {
			announced = modernFormats[choice(information, tagNest0)]
		}
		face := Face{Picture: pictureOf(data, announced), Modern: true}
		if size, err := tlv.Find(flat, tagNest1, tagNest7); err == nil {
			face.Width, face.Height = modernSize(size)
		}
		faces = append(faces, face)
	}
	return faces, nil
}

// modernBlock returns the representations of a block, 1 to maxPictures.
func modernBlock(nest []byte, tag tlv.Tag) ([][]byte, error) {
	block, err := tlv.Find(nest, tagNest1, tag)
	if err != nil {
		if block, err = tlv.Find(nest, tag); err != nil {
			return nil, fmt.Errorf("record of another kind of data: %w", errors.ErrUnsupported)
		}
	}
	list, err := tlv.Find(block, tagNest1)
	if err != nil {
		return nil, err
	}
	objects, err := tlv.All(list, maxPictures)
	if err != nil {
		return nil, err
	}
	var representations [][]byte
	for _, o := range objects {
		if o.Tag == tagSequence {
			representations = append(representations, o.Value)
		}
	}
	if len(representations) == 0 {
		return nil, malformed("record without a representation")
	}
	return representations, nil
}

// choice returns the code below the tag: a code of the standard's first edition, or the one that
// an extension says to fall back on; -1 without one.
func choice(b []byte, tag tlv.Tag) int {
	code, err := tlv.Find(b, tag, tag0)
	if err != nil {
		code, err = tlv.Find(b, tag, tagNest1, tag0)
	}
	if err != nil {
		return -1
	}
	return small(code)
}

// small reads a number of 0 to 127, -1 for another.
func small(b []byte) int {
	if len(b) != 1 || b[0] > 0x7F {
		return -1
	}
	return int(b[0])
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
	return marshalModern(tagFaceBlock, tlv.Append(nil, tag0, integerValue(0)), b), nil
}

// marshalModern returns the block with one representation.
func marshalModern(tag tlv.Tag, representation ...[]byte) []byte {
	version := tlv.Append(tlv.Append(nil, tag0, integerValue(modernGeneration)), tag1, integerValue(modernYear))
	list := tlv.Append(nil, tagNest1, tlv.Append(nil, tagSequence, representation...))
	return tlv.Append(nil, tagNest1, tlv.Append(nil, tag, tlv.Append(nil, tagNest0, version), list))
}
