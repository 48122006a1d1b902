//go:build linux && (amd64 || arm64)

package v4l2

import (
	"bytes"
	"context"
	"image/jpeg"
	"slices"
	"testing"
	"time"
	"unsafe"
)

// The lengths and numbers are those that a C compiler gives for linux/videodev2.h.
func TestRequestsAreThoseOfTheKernel(t *testing.T) {
	tests := []struct {
		name      string
		got, want uint
	}{
		{"VIDIOC_QUERYCAP", requestQueryCap, 0x80685600},
		{"VIDIOC_ENUM_FMT", requestEnumFmt, 0xc0405602},
		{"VIDIOC_S_FMT", requestSetFmt, 0xc0d05605},
		{"VIDIOC_REQBUFS", requestBuffers, 0xc0145608},
		{"VIDIOC_QUERYBUF", requestQueryBuf, 0xc0585609},
		{"VIDIOC_QBUF", requestQueue, 0xc058560f},
		{"VIDIOC_DQBUF", requestDequeue, 0xc0585611},
		{"VIDIOC_STREAMON", requestStreamOn, 0x40045612},
		{"VIDIOC_STREAMOFF", requestStreamOff, 0x40045613},
		{"VIDIOC_S_PARM", requestSetParm, 0xc0cc5616},
		{"VIDIOC_ENUMINPUT", requestEnumInput, 0xc050561a},
		{"VIDIOC_S_CTRL", requestSetControl, 0xc008561c},
		{"VIDIOC_QUERYCTRL", requestQueryCtrl, 0xc0445624},
		{"VIDIOC_S_INPUT", requestSetInput, 0xc0045627},
		{"VIDIOC_ENUM_FRAMESIZES", requestEnumSizes, 0xc02c564a},
		{"VIDIOC_ENUM_FRAMEINTERVALS", requestEnumIvals, 0xc034564b},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s is %#x, want %#x", tt.name, tt.got, tt.want)
		}
	}
	var b v4l2Buffer
	var f v4l2Format
	offsets := []uintptr{unsafe.Offsetof(b.seconds), unsafe.Offsetof(b.sequence), unsafe.Offsetof(b.offset), unsafe.Offsetof(b.length), unsafe.Offsetof(f.width)}
	if want := []uintptr{24, 56, 64, 72, 8}; !slices.Equal(offsets, want) {
		t.Errorf("fields are at %v, want %v", offsets, want)
	}
}

func TestMetadataNodesTakeNoPictures(t *testing.T) {
	tests := []struct {
		name         string
		capabilities uint32
		device       uint32
		want         bool
	}{
		{"a camera's node", 0x84a00001, 0x04200001, true},
		{"its metadata node", 0x84a00001, 0x04a00000, false},
		{"a driver from before there were nodes with capabilities of their own", 0x04000001, 0, true},
		{"a camera that only reads", 0x85000001, 0x01000001, false},
		{"an output", 0x84000002, 0x04000002, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := v4l2Capability{capabilities: tt.capabilities, deviceCaps: tt.device}
			if got := c.takesPictures(); got != tt.want {
				t.Errorf("takes pictures: %t", got)
			}
		})
	}
}

func TestSizesOfADeviceThatTakesAny(t *testing.T) {
	got := stepped([6]uint32{48, 1920, 16, 32, 1200, 16})
	if len(got) == 0 || !slices.Contains(got, [2]int{640, 480}) || got[len(got)-1] != [2]int{1920, 1200} || slices.Contains(got, [2]int{2592, 1944}) {
		t.Errorf("sizes %v", got)
	}
}

func TestTimesOfAnotherClockAreNotBelieved(t *testing.T) {
	for name, b := range map[string]v4l2Buffer{
		"of the wall clock":  {flags: 0, seconds: 1},
		"long ago":           {flags: bufferMonotonic, seconds: 0},
		"in the future":      {flags: bufferMonotonic, seconds: 1 << 40},
		"beyond all numbers": {flags: bufferMonotonic, seconds: -1 << 62},
	} {
		before := time.Now()
		if at := takenAt(&b); at.Before(before) || at.After(time.Now()) {
			t.Errorf("a picture with a time %s was taken at %v", name, at)
		}
	}
}

func TestABusWithoutVideoDevicesIsEmpty(t *testing.T) {
	b, err := NewBus(Config{Path: Any}, Config{Path: "/dev/v4l/by-id/none"})
	if err != nil {
		t.Fatal(err)
	}
	b.Sys, b.Dev = t.TempDir(), t.TempDir()
	ports, err := b.Scan(context.Background())
	if err != nil || len(ports) != 0 {
		t.Errorf("ports %v, %v", ports, err)
	}
	if _, err := NewBus(Config{Path: Any}, Config{Path: Any}); err == nil {
		t.Error("the same camera twice was taken")
	}
}

// FuzzPicture hands over whatever a camera may send, as each of the encodings.
func FuzzPicture(f *testing.F) {
	f.Add([]byte{0xff, 0xd8, 0xff, 0xd9}, uint8(0), uint16(16), uint16(16), uint16(0))
	f.Add(make([]byte, 32*16), uint8(2), uint16(16), uint16(16), uint16(32))
	f.Add(make([]byte, 17*3), uint8(3), uint16(17), uint16(3), uint16(0))
	f.Add(make([]byte, 100), uint8(2), uint16(17), uint16(1), uint16(65535))
	f.Fuzz(func(t *testing.T, data []byte, encoding uint8, width, height, stride uint16) {
		m := Mode{
			Encoding: []Encoding{MJPEG, JPEG, YUYV, Grey}[encoding%4],
			Width:    leastSide + int(width)%512, Height: leastSide + int(height)%512, Stride: int(stride),
		}
		got, err := frame(m, Picture{Data: data})
		if err != nil {
			return
		}
		if c, err := jpeg.DecodeConfig(bytes.NewReader(got.JPEG)); err != nil || c.Width != got.Width || c.Height != got.Height {
			t.Errorf("the frame is said to be %dx%d: %v, %v", got.Width, got.Height, c, err)
		}
	})
}

// BenchmarkEncode makes JPEG of raw pictures.
func BenchmarkEncode(b *testing.B) {
	for name, m := range map[string]Mode{
		"640x480":   {Encoding: YUYV, Width: 640, Height: 480},
		"1920x1080": {Encoding: YUYV, Width: 1920, Height: 1080},
	} {
		data := make([]byte, 2*m.Width*m.Height)
		for i := range data {
			data[i] = byte(64 + i%97)
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := frame(m, Picture{Data: data}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
