package raster_test

import (
	"bytes"
	"errors"
	"image/color"
	"io"
	"reflect"
	"testing"

	"boothd/capture/chip/portrait/raster"
)

func written(t testing.TB, p *raster.Picture) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestPicturesGoThroughThePipe(t *testing.T) {
	for _, p := range []*raster.Picture{
		{Width: 2, Height: 3, Colours: 1, Pix: []byte{1, 2, 3, 4, 5, 6}},
		{Width: 2, Height: 1, Colours: 3, Pix: []byte{1, 2, 3, 4, 5, 6}},
	} {
		got, err := raster.Read(bytes.NewReader(written(t, p)))
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Fatalf("got %+v, %v", got, err)
		}
		img := got.Image()
		want := color.Color(color.RGBA{4, 5, 6, 255})
		if p.Colours == 1 {
			want = color.Gray{2}
		}
		if img.At(1, 0) != want || img.Bounds().Dx() != p.Width || img.Bounds().Dy() != p.Height {
			t.Errorf("picture of %v has %v, want %v", img.Bounds(), img.At(1, 0), want)
		}
	}
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	good := written(t, &raster.Picture{Width: 2, Height: 3, Colours: 1, Pix: make([]byte, 6)})
	changed := func(at int, to byte) []byte {
		b := bytes.Clone(good)
		b[at] = to
		return b
	}
	tests := []struct {
		name string
		in   []byte
		want error // nil: any
	}{
		{"nothing", nil, io.EOF},
		{"half a header", good[:7], io.ErrUnexpectedEOF},
		{"another magic", changed(0, 'X'), nil},
		{"no width", changed(8, 0), nil},
		{"too wide", changed(7, 0x11), raster.ErrLimits},
		{"four gigabytes wide", changed(5, 0xFF), raster.ErrLimits},
		{"two colours", changed(13, 2), nil},
		{"a pixel missing", good[:len(good)-1], nil},
		{"a pixel too many", append(bytes.Clone(good), 0), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := raster.Read(bytes.NewReader(test.in))
			if err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("got %+v, %v; want %v", p, err, test.want)
			}
		})
	}
}

func TestPicturesThatMayNotBeAreNotWritten(t *testing.T) {
	for _, p := range []raster.Picture{
		{Width: raster.MaxSide + 1, Height: 1, Colours: 1},
		{Width: raster.MaxSide, Height: raster.MaxSide, Colours: 3},
		{Width: 2, Height: 2, Colours: 1, Pix: make([]byte, 3)},
	} {
		if err := p.Write(io.Discard); err == nil {
			t.Errorf("%d × %d in %d bytes is written", p.Width, p.Height, len(p.Pix))
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(written(f, &raster.Picture{Width: 2, Height: 1, Colours: 3, Pix: []byte{1, 2, 3, 4, 5, 6}}))
	f.Add([]byte("BJP2\x01\x00\x00\x10\x00\x00\x00\x10\x00\x03"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := raster.Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		if len(p.Pix) > len(b) || cap(p.Pix) > 2*len(b)+1024 {
			t.Fatalf("%d bytes of pixels, room for %d, from %d bytes", len(p.Pix), cap(p.Pix), len(b))
		}
		if !bytes.Equal(written(t, p), b) {
			t.Fatal("another picture when written")
		}
		p.Image()
	})
}
