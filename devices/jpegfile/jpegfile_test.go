package jpegfile

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
	"time"
)

func picture(t testing.TB) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 40, 24))
	for y := range 24 {
		for x := range 40 {
			img.Set(x, y, color.RGBA{uint8(6 * x), uint8(10 * y), uint8(x * y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withoutTables is the picture as Motion JPEG has it.
func withoutTables(t testing.TB) []byte {
	t.Helper()
	bare := bytes.Replace(picture(t), standardTables(), nil, 1)
	if _, err := jpeg.Decode(bytes.NewReader(bare)); err == nil {
		t.Fatal("a picture without its tables is decoded; the test proves nothing")
	}
	return bare
}

func TestFramesOfWhatCamerasSend(t *testing.T) {
	whole := picture(t)
	tests := []struct {
		name string
		data []byte
		ok   bool
	}{
		{"a file", whole, true},
		{"a file in a buffer that is too long", append(bytes.Clone(whole), make([]byte, 300_000)...), true},
		{"a file with a few bytes after it", append(bytes.Clone(whole), "trailer"...), true},
		{"a file without tables", withoutTables(t), true},
		{"a file without its end", whole[:len(whole)-2], false},
		{"half a file", whole[:len(whole)/2], false},
		{"a file without its beginning", whole[2:], false},
		{"a beginning and an end", []byte{0xff, 0xd8, 0xff, 0xd9}, false},
		{"zeros", make([]byte, 5000), false},
		{"nothing", nil, false},
		{"a file with a megabyte after it", append(bytes.Clone(whole), bytes.Repeat([]byte{1}, 1<<20)...), false},
		{"more than the limit", append(bytes.Clone(whole), make([]byte, MaxBytes)...), false},
	}
	want, err := jpeg.Decode(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Frame(tt.data, time.Unix(7, 0))
			if !tt.ok {
				if err == nil {
					t.Fatal("it was taken")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := jpeg.Decode(bytes.NewReader(f.JPEG))
			if err != nil {
				t.Fatal(err)
			}
			if f.Width != 40 || f.Height != 24 || !f.At.Equal(time.Unix(7, 0)) || !bytes.Equal(got.(*image.YCbCr).Y, want.(*image.YCbCr).Y) {
				t.Errorf("%v, or its pixels, are another's", f)
			}
		})
	}
}

func FuzzFrame(f *testing.F) {
	whole := picture(f)
	f.Add(whole)
	f.Add(withoutTables(f))
	f.Add(whole[:len(whole)/2])
	f.Add([]byte{0xff, 0xd8, 0xff, 0xff, 0xff, 0xda, 0, 2, 0xff, 0xd9})
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := Frame(data, time.Time{})
		if err != nil {
			return
		}
		if !bytes.HasPrefix(frame.JPEG, startOfImage) || !bytes.HasSuffix(frame.JPEG, endOfImage) {
			t.Error("the frame is no whole file")
		}
		if c, err := jpeg.DecodeConfig(bytes.NewReader(frame.JPEG)); err != nil || c.Width != frame.Width || c.Height != frame.Height {
			t.Errorf("the frame is said to be %dx%d: %v, %v", frame.Width, frame.Height, c, err)
		}
	})
}
