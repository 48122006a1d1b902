package bdir

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
)

// FacePicture is one picture of a face, as a record of ISO/IEC 19794-5:2011 holds it. What the
// standard also has room for (the person's sex, eyes and hair, landmarks, pose, expression,
// three dimensions) is written as not specified.
type FacePicture struct {
	Origin      // Device.Compliance and Certificates have no room
	Compression FaceCompression
	Colour      FaceColour
	Width       int // pixels, 1 to 65535
	Height      int // pixels, 1 to 65535
	// Data is the picture, encoded as Compression says.
	Data []byte
}

// LogValue keeps the picture out of logs.
func (FacePicture) LogValue() slog.Value { return slog.StringValue("face picture") }

// FaceCompression is how the data of a face is encoded.
type FaceCompression uint8

// The compressions of faces in the edition of 2011.
const (
	FaceJPEG             FaceCompression = 0
	FaceJPEG2000         FaceCompression = 1
	FaceJPEG2000Lossless FaceCompression = 2
	FacePNG              FaceCompression = 3
)

// FaceColour is the colour space of a face's picture.
type FaceColour uint8

// The colour spaces.
const (
	FaceColourNotGiven FaceColour = 0
	FaceRGB            FaceColour = 1 // 24 bits
	FaceYUV422         FaceColour = 2
	FaceGrey           FaceColour = 3 // 8 bits
)

const (
	startFace11      = "FAC\x00030\x00"
	faceRecordHeader = 17
	// What follows the origin: facial information and image information.
	facialInformation = 17
	imageInformation  = 11
)

// Bytes writes a record with this one picture. It refuses values that there is no room for.
func (f *FacePicture) Bytes() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("write face: %w", err)
	}
	b := append([]byte(startFace11), 0, 0, 0, 0)
	b = append(b, 0, 1) // one representation
	b = append(b, 0)    // without certificates
	b = append(b, 0, 0) // and nothing that follows in time
	b = append(b, 0, 0, 0, 0)
	b = f.Origin.append(b, false)
	b = append(b, make([]byte, facialInformation)...)
	b = append(b, 0, uint8(f.Compression)) // a basic picture
	b = binary.BigEndian.AppendUint16(b, uint16(f.Width))
	b = binary.BigEndian.AppendUint16(b, uint16(f.Height))
	b = append(b, 0, 0, 0, 0, uint8(f.Colour)) // sampling, processing and source not told
	b = binary.BigEndian.AppendUint32(b, uint32(len(f.Data)))
	b = append(b, f.Data...)
	binary.BigEndian.PutUint32(b[len(startFace11):], uint32(len(b)))
	binary.BigEndian.PutUint32(b[faceRecordHeader:], uint32(len(b)-faceRecordHeader))
	return b, nil
}

// maxFaceData is the longest picture of a face that is written.
const maxFaceData = 64 << 20

func (f *FacePicture) check() error {
	if err := f.Origin.check(ISO2011); err != nil {
		return err
	}
	switch {
	case len(f.Certificates) > 0:
		return errors.New("faces are written without certificates")
	case f.Compression > FacePNG || f.Colour > FaceGrey:
		return errors.New("compression or colour space is unknown")
	case f.Width < 1 || f.Width > 0xffff || f.Height < 1 || f.Height > 0xffff:
		return fmt.Errorf("%d by %d pixels are not 1 to 65535", f.Width, f.Height)
	case len(f.Data) == 0 || len(f.Data) > maxFaceData:
		return fmt.Errorf("a picture of %d bytes, want 1 to %d", len(f.Data), maxFaceData)
	}
	return nil
}
