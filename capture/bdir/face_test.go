package bdir

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"
)

// The expected bytes were put together by hand from the tables of ISO/IEC 19794-5:2011 as MOSIP's
// bio-utils reads and writes them.
func TestAFaceIsWrittenByteForByte(t *testing.T) {
	f := FacePicture{
		Origin: Origin{
			Captured: CaptureAt(time.Date(2026, 11, 22, 9, 8, 7, 6_000_000, time.UTC)),
			Device:   Device{Technology: 2, Vendor: 0x0103, Type: 0x0405},
			Quality:  []Quality{{Score: 77, Vendor: UnknownVendor, Algorithm: 9}},
		},
		Compression: FaceJPEG2000Lossless, Colour: FaceRGB, Width: 640, Height: 480, Data: []byte("picture"),
	}
	want := strings.Join([]string{
		"46414300", "30333000", "00000050", "0001", "00", "0000", // header
		"0000003f", "07ea0b16090807" + "0006", "02", "0103", "0405", // representation, time, device
		"01", "4d01030009", // quality
		"0000", "00", "00", "00", "00", "000000", "0000", "000000", "000000", // facial information
		"00", "02", "0280", "01e0", "00", "0000", "00", "01", // image information
		"00000007", hex.EncodeToString([]byte("picture")),
	}, "")
	got, err := f.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if hex.EncodeToString(got) != want {
		t.Errorf("wrote %x\nwant  %s", got, want)
	}
}

func TestFacesWithoutRoomAreRefused(t *testing.T) {
	for name, change := range map[string]func(*FacePicture){
		"no data":               func(f *FacePicture) { f.Data = nil },
		"too much data":         func(f *FacePicture) { f.Data = make([]byte, maxFaceData+1) },
		"no width":              func(f *FacePicture) { f.Width = 0 },
		"a height of 65536":     func(f *FacePicture) { f.Height = 0x10000 },
		"an unknown encoding":   func(f *FacePicture) { f.Compression = 4 },
		"an unknown colour":     func(f *FacePicture) { f.Colour = 4 },
		"a certificate":         func(f *FacePicture) { f.Certificates = []Certificate{{}} },
		"a quality of 101":      func(f *FacePicture) { f.Quality = []Quality{{Score: 101}} },
		"a compliance":          func(f *FacePicture) { f.Device.Compliance = 8 },
		"256 judgements":        func(f *FacePicture) { f.Quality = make([]Quality, 256) },
		"an impossible daytime": func(f *FacePicture) { f.Captured = CaptureTime{Year: 2026, Month: 13} },
	} {
		f := FacePicture{Width: 1, Height: 1, Data: []byte{1}}
		change(&f)
		if b, err := f.Bytes(); err == nil {
			t.Errorf("%s: wrote %d bytes", name, len(b))
		}
	}
	f := FacePicture{Width: 1, Height: 1, Data: []byte{1}}
	if b, err := f.Bytes(); err != nil || !bytes.HasSuffix(b, []byte{0, 0, 0, 1, 1}) {
		t.Errorf("the least: %x, %v", b, err)
	}
}
