package lds

import (
	"errors"
	"fmt"
	"log/slog"
)

// Faces is DG2: at least one portrait (ICAO 9303-10 §4.7.2). The first is the one to show.
type Faces struct {
	Faces      []Face
	Deviations []string // from the standards, for people
}

// Face is a portrait and what its record says of it. Codes are the standard's own
// (ISO/IEC 19794-5:2005 §5.5 to §5.7); 0 is "not said". Of ISO/IEC 39794-5 only picture,
// width and height are read.
type Face struct {
	Picture       Picture
	Width, Height int    // pixels, as announced; 0: not said
	Kind          byte   // 0 basic, 1 full frontal, 2 token
	ColourSpace   byte   // 1 sRGB, 2 YUV 4:2:2, 3 grey
	Source        byte   // 1 photograph, 2 digital camera, 3 scanner, 4 to 6 video, 7 unknown
	Device        uint16 // the vendor's own
	Quality       uint16 // the vendor's own
	Gender        byte   // 1 male, 2 female, 255 unknown
	EyeColour     byte
	HairColour    byte
	Features      uint32 // 24 bits: glasses, beard, …
	Expression    uint16
	Pose          [3]byte // yaw, pitch, roll
	PoseError     [3]byte
	Points        [][8]byte // feature points, coded as in §5.6
	Modern        bool      // in a record of ISO/IEC 39794-5
}

// LogValue keeps the faces out of logs.
func (f Faces) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("%d faces", len(f.Faces)))
}

// LogValue keeps the face out of logs.
func (f Face) LogValue() slog.Value { return f.Picture.LogValue() }

const (
	faceMagic   = "FAC\x00"
	versionOf05 = "010\x00" // of the records of 2005

	faceHeader = 14 // bytes of the record's header
	faceFixed  = 32 // bytes of a face without points and picture
	facePoint  = 8
	formatJPEG = 0 // codes of a face's picture
	formatJP2K = 1
)

// ParseFaces reads DG2.
func ParseFaces(b []byte) (*Faces, error) {
	g, err := kindFace.parseGroup(b)
	if err != nil {
		return nil, err
	}
	var faces []Face
	for i, block := range g.blocks {
		read := g.faces
		if block.nested {
			read = g.modernFaces
		}
		got, err := read(block.record)
		if err != nil {
			return nil, fmt.Errorf("%v: template %d: %w", DG2, i+1, err)
		}
		if faces = append(faces, got...); len(faces) > maxPictures {
			return nil, fmt.Errorf("%v: %w", DG2, malformed("more than %d faces", maxPictures))
		}
	}
	if len(faces) == 0 {
		return nil, fmt.Errorf("%v: %w", DG2, malformed("no face"))
	}
	return &Faces{Faces: faces, Deviations: g.deviations}, nil
}

// faces reads a record of ISO/IEC 19794-5:2005.
func (g *group) faces(record []byte) ([]Face, error) {
	c := cursor{rest: record}
	if string(c.take(4)) != faceMagic {
		return nil, fmt.Errorf("record that is no face's: %w", errors.ErrUnsupported)
	}
	if version := c.take(4); string(version) != versionOf05 {
		return nil, fmt.Errorf("face record of another version: %w", errors.ErrUnsupported)
	}
	length, n := c.number(4), c.number(2)
	switch {
	case c.short:
		return nil, malformed("face record of %d bytes, want at least %d", len(record), faceHeader)
	case n == 0 || n > maxPictures:
		return nil, malformed("face record with %d faces, want 1 to %d", n, maxPictures)
	case length != len(record):
		g.deviates("face record announces %d bytes, %d are there", length, len(record))
	}
	faces := make([]Face, n)
	for i := range faces {
		part, err := g.part(&c, 4, faceFixed, i == n-1)
		if err != nil {
			return nil, fmt.Errorf("face %d: %w", i+1, err)
		}
		if err := faces[i].parse(part); err != nil {
			return nil, fmt.Errorf("face %d: %w", i+1, err)
		}
	}
	return faces, nil
}

func (f *Face) parse(part []byte) error {
	c := cursor{rest: part}
	points := c.number(2)
	f.Gender, f.EyeColour, f.HairColour = c.byte(), c.byte(), c.byte()
	f.Features, f.Expression = uint32(c.number(3)), uint16(c.number(2))
	copy(f.Pose[:], c.take(3))
	copy(f.PoseError[:], c.take(3))
	if points*facePoint > len(c.rest) {
		return malformed("%d feature points in %d bytes", points, len(c.rest))
	}
	if points > 0 {
		f.Points = make([][8]byte, points)
	}
	for i := range f.Points {
		copy(f.Points[i][:], c.take(facePoint))
	}
	f.Kind = c.byte()
	announced := FormatUnknown
	switch c.byte() {
	case formatJPEG:
		announced = FormatJPEG
	case formatJP2K:
		announced = FormatJP2
	}
	f.Width, f.Height = c.number(2), c.number(2)
	f.ColourSpace, f.Source = c.byte(), c.byte()
	f.Device, f.Quality = uint16(c.number(2)), uint16(c.number(2))
	if c.short {
		return malformed("record ends within its numbers")
	}
	f.Picture = pictureOf(c.rest, announced)
	return nil
}

// Marshal returns DG2 with a template for each face.
func (f *Faces) Marshal() ([]byte, error) {
	if len(f.Faces) == 0 {
		return nil, fmt.Errorf("%v: %w", DG2, malformed("no face"))
	}
	var blocks []block
	for i := range f.Faces {
		face := &f.Faces[i]
		write := face.record
		if face.Modern {
			write = face.modernRecord
		}
		record, err := write()
		if err != nil {
			return nil, fmt.Errorf("%v: face %d: %w", DG2, i+1, err)
		}
		blocks = append(blocks, block{record: record, nested: face.Modern})
	}
	return kindFace.marshal(blocks, nil)
}

func (f *Face) record() ([]byte, error) {
	code := formatJPEG
	switch f.Picture.Format {
	case FormatJPEG:
	case FormatJP2, FormatJ2K:
		code = formatJP2K
	default:
		return nil, fmt.Errorf("picture %q: %w", string(f.Picture.Format), errors.ErrUnsupported)
	}
	if !fits(2, f.Width, f.Height, len(f.Points)) || !fits(3, int(f.Features)) {
		return nil, malformed("a number that its field does not hold")
	}
	length := faceFixed + facePoint*len(f.Points) + len(f.Picture.Data)
	b := append([]byte(faceMagic), versionOf05...)
	b = appendNumber(b, 4, faceHeader+length)
	b = appendNumber(b, 2, 1)
	b = appendNumber(b, 4, length)
	b = appendNumber(b, 2, len(f.Points))
	b = append(b, f.Gender, f.EyeColour, f.HairColour)
	b = appendNumber(b, 3, int(f.Features))
	b = appendNumber(b, 2, int(f.Expression))
	b = append(append(b, f.Pose[:]...), f.PoseError[:]...)
	for _, point := range f.Points {
		b = append(b, point[:]...)
	}
	b = append(b, f.Kind, byte(code))
	b = appendNumber(b, 2, f.Width)
	b = appendNumber(b, 2, f.Height)
	b = append(b, f.ColourSpace, f.Source)
	b = appendNumber(b, 2, int(f.Device))
	b = appendNumber(b, 2, int(f.Quality))
	return append(b, f.Picture.Data...), nil
}
