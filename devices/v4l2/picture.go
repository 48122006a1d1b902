package v4l2

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"

	"boothd/devices"
	"boothd/devices/jpegfile"
)

// jpegQuality is that of the pictures encoded here. Faces are compared, so little is lost.
const jpegQuality = 92

// frame makes a JPEG file of what the camera sent.
func frame(m Mode, p Picture) (*devices.Frame, error) {
	if p.Damaged {
		return nil, errors.New("it arrived damaged")
	}
	switch m.Encoding {
	case MJPEG, JPEG:
		return jpegfile.Frame(p.Data, p.At)
	case YUYV:
		return encode(m, p, m.yuyv)
	case Grey:
		return encode(m, p, m.grey)
	}
	return nil, fmt.Errorf("its encoding is %s", m.Encoding)
}

func encode(m Mode, p Picture, unpack func([]byte) (image.Image, error)) (*devices.Frame, error) {
	img, err := unpack(p.Data)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return nil, err
	}
	if b.Len() > jpegfile.MaxBytes {
		return nil, fmt.Errorf("it has more than %d bytes", jpegfile.MaxBytes)
	}
	size := img.Bounds().Size()
	return &devices.Frame{JPEG: b.Bytes(), Width: size.X, Height: size.Y, At: p.At}, nil
}

// lines returns the number of bytes from line to line, if the data has them all.
func (m Mode) lines(data []byte, wide int) (stride int, err error) {
	stride = max(m.Stride, wide)
	if want := stride*(m.Height-1) + wide; len(data) < want {
		return 0, fmt.Errorf("it has %d bytes of %d", len(data), want)
	}
	return stride, nil
}

// yuyv takes apart packed 4:2:2: luma, blue, luma, red for each pair of pixels.
func (m Mode) yuyv(data []byte) (image.Image, error) {
	pairs := m.Width / 2
	stride, err := m.lines(data, 4*pairs)
	if err != nil {
		return nil, err
	}
	img := image.NewYCbCr(image.Rect(0, 0, 2*pairs, m.Height), image.YCbCrSubsampleRatio422)
	for y := range m.Height {
		line := data[y*stride:][:4*pairs]
		luma, blue, red := img.Y[y*img.YStride:][:2*pairs], img.Cb[y*img.CStride:][:pairs], img.Cr[y*img.CStride:][:pairs]
		for i := range pairs {
			four := line[4*i : 4*i+4]
			luma[2*i], blue[i], luma[2*i+1], red[i] = full(four[0]), fullChroma(four[1]), full(four[2]), fullChroma(four[3])
		}
	}
	return img, nil
}

// full stretches video levels, 16 to 235, to those of JPEG, 0 to 255.
func full(v byte) byte { return clamp((int(v)-16)*255/219, 0) }

// fullChroma stretches 16 to 240 around 128.
func fullChroma(v byte) byte { return clamp((int(v)-128)*255/224, 128) }

func clamp(v, around int) byte { return byte(min(max(v+around, 0), 255)) }

func (m Mode) grey(data []byte) (image.Image, error) {
	stride, err := m.lines(data, m.Width)
	if err != nil {
		return nil, err
	}
	return &image.Gray{Pix: data, Stride: stride, Rect: image.Rect(0, 0, m.Width, m.Height)}, nil
}
