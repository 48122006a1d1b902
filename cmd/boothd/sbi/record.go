package sbi

import (
	"bytes"
	"fmt"

	"boothd/capture/bdir"
	"boothd/capture/jp2"
	"boothd/capture/wsq"
)

// dropped is how many of the lowest bit planes of a face are left out for an authentication.
const dropped = 2

// record makes the record of a picture that goes into bioValue.
func (s *shot) record(v verb) ([]byte, error) {
	if s.frame != nil {
		return s.faceRecord(v)
	}
	return s.fingerRecord(v)
}

func (s *shot) fingerRecord(v verb) ([]byte, error) {
	p := bdir.NewPicture(bdir.ISO2011, s.finger.Gray, s.finger.DPI)
	p.Position = bdir.PositionOf(positions[s.sub])
	p.Impression = bdir.LivePlain
	p.Origin = s.origin()
	var data bytes.Buffer
	var err error
	if v == verbAuth {
		p.Compression = bdir.WSQ
		err = wsq.Encode(&data, s.finger.Gray, wsq.Options{DPI: s.finger.DPI})
	} else {
		p.Compression = bdir.JPEG2000Lossless
		err = jp2.Encode(&data, s.finger.Gray, jp2.Options{})
	}
	if err != nil {
		return nil, fmt.Errorf("encode finger: %w", err)
	}
	p.Data = data.Bytes()
	r := bdir.ImageRecord{Edition: bdir.ISO2011, Pictures: []bdir.Picture{p}}
	return r.Bytes()
}

func (s *shot) faceRecord(v verb) ([]byte, error) {
	img, err := decodeFrame(s.frame)
	if err != nil {
		return nil, fmt.Errorf("decode frame: %w", err)
	}
	f := bdir.FacePicture{
		Origin: s.origin(), Compression: bdir.FaceJPEG2000Lossless, Colour: bdir.FaceRGB,
		Width: img.Bounds().Dx(), Height: img.Bounds().Dy(),
	}
	var o jp2.Options
	if v == verbAuth {
		f.Compression, o.Drop = bdir.FaceJPEG2000, dropped
	}
	var data bytes.Buffer
	if err := jp2.Encode(&data, img, o); err != nil {
		return nil, fmt.Errorf("encode face: %w", err)
	}
	f.Data = data.Bytes()
	return f.Bytes()
}

func (s *shot) origin() bdir.Origin {
	return bdir.Origin{
		Captured: bdir.CaptureAt(s.at),
		Quality:  []bdir.Quality{{Score: uint8(min(max(s.score, 0), maxScore)), Vendor: bdir.UnknownVendor}},
	}
}
