package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"math"

	"boothd/capture/bdir"
	"boothd/capture/itl"
	"boothd/capture/wsq"
	"boothd/localmatch/finger/trial"
)

// picture is a fingerprint as it was encoded.
type picture struct {
	encoding encoding
	data     []byte
	raw      func() (*image.Gray, error) // of a picture that is not compressed
	dpi      int                         // 0 if the file does not tell it
}

type encoding int

const (
	otherEncoding encoding = iota
	raw
	pngEncoding
	wsqEncoding
	jpegEncoding
)

// grey decodes the picture and tells its resolution, which is the given one if the file
// does not tell any.
func (p picture) grey(dpi int) (*image.Gray, int, error) {
	var img *image.Gray
	var err error
	switch p.encoding {
	case raw:
		img, err = p.raw()
	case pngEncoding:
		img, err = trial.DecodePNG(bytes.NewReader(p.data))
	case jpegEncoding:
		img, err = decodeJPEG(p.data)
	case wsqEncoding:
		var info wsq.Info
		img, info, err = wsq.Decode(p.data)
		if p.dpi == 0 {
			p.dpi = info.DPI
		}
	default:
		err = errors.New("a picture in a compression that is not read, such as JPEG 2000")
	}
	if p.dpi == 0 {
		p.dpi = dpi
	}
	if err == nil {
		err = checkDPI(p.dpi)
	}
	return img, p.dpi, err
}

func decodeJPEG(data []byte) (*image.Gray, error) {
	conf, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if int64(conf.Width)*int64(conf.Height) > trial.MaxPixels {
		return nil, trial.ErrTooLarge
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	grey := image.NewGray(img.Bounds())
	draw.Draw(grey, grey.Rect, img, img.Bounds().Min, draw.Src)
	return grey, nil
}

// recordPicture returns a picture of an image record (ISO/IEC 19794-4, INCITS 381).
func recordPicture(data []byte, view int) (picture, error) {
	r, err := bdir.ReadImages(data)
	if err != nil {
		return picture{}, err
	}
	if view > len(r.Pictures) {
		return picture{}, fmt.Errorf("no view %d: the record has %d", view, len(r.Pictures))
	}
	p := &r.Pictures[view-1]
	x, y := p.DPI()
	dpi := int(math.Round(x))
	if math.Abs(x-y) > 5 {
		return picture{}, errors.New("a picture whose resolutions across and down differ")
	}
	encodings := map[bdir.Compression]encoding{
		bdir.Uncompressed: raw, bdir.WSQ: wsqEncoding, bdir.JPEG: jpegEncoding, bdir.PNG: pngEncoding,
	}
	return picture{encoding: encodings[p.Compression], data: p.Data, raw: p.Gray, dpi: dpi}, nil
}

// transactionPicture returns a picture of a transaction (ANSI/NIST-ITL, Types 4 and 14).
func transactionPicture(data []byte, view int) (picture, error) {
	t, err := itl.Read(data)
	if err != nil {
		return picture{}, err
	}
	encodings := map[itl.Compression]encoding{
		itl.None: raw, itl.WSQ: wsqEncoding, itl.JPEGB: jpegEncoding, itl.PNG: pngEncoding,
	}
	n := 0
	for _, r := range t.Records {
		var img itl.Image
		var dpi int
		switch r := r.(type) {
		case *itl.Print:
			img, dpi = r.Image, r.Scale.DPI()
		case *itl.FixedPrint:
			img, dpi = r.Image, t.Header.Transmitted.DPI()
			if r.Native {
				dpi = t.Header.Transmitted.DPI()
			}
		}
		if len(img.Data) == 0 {
			continue
		}
		if n++; n == view {
			return picture{encoding: encodings[img.Compression], data: img.Data, raw: img.Gray, dpi: dpi}, nil
		}
	}
	return picture{}, fmt.Errorf("no picture %d: the transaction has %d of fingers", view, n)
}
