package bdir_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"boothd/capture/bdir"
)

// unhex reads bytes written in hexadecimal with blanks and lines between them.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Two invented minutiae at (3, 4) and (99, 119) of a picture of 100 by 120 pixels, laid out field
// by field after the public tables that the package's documentation names.
var minutiaeVectors = []struct {
	name   string
	bytes  string
	record bdir.MinutiaeRecord
}{
	{
		"ISO 2005",
		`464d5200 20323000 00000030 8123
		 0064 0078 00c5 00c5 01 00
		 02 08 50 02
		 4003 0004 40 5a
		 8063 0077 ff 00
		 0006 0001 0006 aabb`,
		bdir.MinutiaeRecord{Edition: bdir.ISO2005, Views: []bdir.View{{
			Origin:   bdir.Origin{Device: bdir.Device{Type: 0x123, Compliance: 8}, Quality: []bdir.Quality{{Score: 80}}},
			Position: 2, Impression: bdir.LiveSwipe, Width: 100, Height: 120, ResolutionX: 197, ResolutionY: 197,
			Minutiae: []bdir.Minutia{
				{X: 3, Y: 4, Angle: 90, Kind: bdir.Ending, Quality: 90},
				{X: 99, Y: 119, Angle: 358.59375, Kind: bdir.Bifurcation, Quality: bdir.NotGiven},
			},
			Extended: []byte{0, 1, 0, 6, 0xaa, 0xbb},
		}}},
	},
	{
		"INCITS 378-2004 with the short length field",
		`464d5200 20323000 002c 0033 0002 0456
		 0064 0078 00c5 00c5 01 00
		 07 19 64 02
		 4003 0004 2d 5a
		 0063 0077 b3 01
		 0000`,
		bdir.MinutiaeRecord{Edition: bdir.INCITS2004, Owner: 0x33, Product: 2, Views: []bdir.View{{
			Origin:   bdir.Origin{Device: bdir.Device{Type: 0x456}, Quality: []bdir.Quality{{Score: 100}}},
			Position: 7, Number: 1, Impression: bdir.LiveContactless, Width: 100, Height: 120, ResolutionX: 197, ResolutionY: 197,
			Minutiae: []bdir.Minutia{
				{X: 3, Y: 4, Angle: 90, Kind: bdir.Ending, Quality: 90},
				{X: 99, Y: 119, Angle: 358, Kind: bdir.OtherKind, Quality: 1},
			},
		}}},
	},
	{
		"ISO 2011 of the least length there is, 54 bytes",
		`464d5200 30333000 00000036 0001 00
		 00000027 ffff ff ff ff ff ff ffff 00 0000 0000 00
		 00 00 00c5 00c5 1d 0064 0078 50 01
		 4003 0004 40
		 0000`,
		bdir.MinutiaeRecord{Edition: bdir.ISO2011, Views: []bdir.View{{
			Impression: bdir.UnknownImpression, Width: 100, Height: 120, ResolutionX: 197, ResolutionY: 197,
			Minutiae: []bdir.Minutia{{X: 3, Y: 4, Angle: 90, Kind: bdir.Ending, Quality: bdir.NotGiven}},
		}}},
	},
	{
		"ISO 2011 with qualities, certificates and minutiae's qualities",
		`464d5200 30333000 0000004b 0001 01
		 0000003c 07e8 02 1d 0c 3b 00 03e7 0e 1234 5678
		 02 50 000f 0001 ff 0000 0000
		 01 0101 02
		 0a 03 0189 018a 09 0064 0078 61 02
		 4003 0004 40 00
		 8063 0077 80 fe
		 0000`,
		bdir.MinutiaeRecord{Edition: bdir.ISO2011, Views: []bdir.View{{
			Origin: bdir.Origin{
				Device:       bdir.Device{Technology: 14, Vendor: 0x1234, Type: 0x5678},
				Captured:     bdir.CaptureTime{Year: 2024, Month: 2, Day: 29, Hour: 12, Minute: 59, Millisecond: 999},
				Quality:      []bdir.Quality{{Score: 80, Vendor: 15, Algorithm: 1}, {Score: bdir.Failed}},
				Certificates: []bdir.Certificate{{Authority: 0x101, Scheme: 2}},
			},
			Position: 10, Number: 3, Impression: bdir.LiveVerticalRoll, Width: 100, Height: 120,
			ResolutionX: 393, ResolutionY: 394, Endings: bdir.AtRidgeEnd,
			Minutiae: []bdir.Minutia{
				{X: 3, Y: 4, Angle: 90, Kind: bdir.Ending, Quality: 0},
				{X: 99, Y: 119, Angle: 180, Kind: bdir.Bifurcation, Quality: bdir.NotGiven},
			},
		}}},
	},
}

func TestMinutiaeLaidOutByHandAreReadAndWrittenByteForByte(t *testing.T) {
	for _, v := range minutiaeVectors {
		t.Run(v.name, func(t *testing.T) {
			want := unhex(t, v.bytes)
			got, err := bdir.ReadMinutiae(want)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*got, v.record) {
				t.Errorf("read\n%+v\nwant\n%+v", *got, v.record)
			}
			written, err := v.record.Bytes()
			if err != nil || !bytes.Equal(written, want) {
				t.Errorf("wrote %x, error %v, want %x", written, err, want)
			}
		})
	}
}

func TestBytesAfterARecordAreIgnored(t *testing.T) {
	for _, v := range minutiaeVectors {
		got, err := bdir.ReadMinutiae(append(unhex(t, v.bytes), make([]byte, 1000)...))
		if err != nil || !reflect.DeepEqual(*got, v.record) {
			t.Errorf("%s: error %v", v.name, err)
		}
	}
}

func TestARecordCutShortAnywhereIsRefused(t *testing.T) {
	for _, v := range minutiaeVectors {
		whole := unhex(t, v.bytes)
		for n := range whole {
			if _, err := bdir.ReadMinutiae(whole[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes are read", v.name, n, len(whole))
			}
		}
	}
	for _, v := range imageVectors {
		whole := v.bytes(t)
		for n := range min(len(whole), 100) {
			if _, err := bdir.ReadImages(whole[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes are read", v.name, n, len(whole))
			}
		}
	}
}

func TestINCITSWithTheLongLengthFieldIsRead(t *testing.T) {
	short := unhex(t, minutiaeVectors[1].bytes)
	long := append(append(bytes.Clone(short[:8]), 0, 0, 0, 0, 0, byte(len(short)+4)), short[10:]...)
	got, err := bdir.ReadMinutiae(long)
	if err != nil || !reflect.DeepEqual(*got, minutiaeVectors[1].record) {
		t.Fatalf("read %+v, error %v", got, err)
	}
	// Over 65535 bytes the field must be the long one.
	r := minutiaeVectors[1].record
	r.Views = []bdir.View{r.Views[0], r.Views[0]}
	r.Views[0].Extended = bytes.Repeat([]byte{7}, 0xffff)
	written, err := r.Bytes()
	if err != nil || !bytes.Equal(written[8:10], []byte{0, 0}) {
		t.Fatalf("length field %x, error %v", written[8:14], err)
	}
	if again, err := bdir.ReadMinutiae(written); err != nil || !reflect.DeepEqual(*again, r) {
		t.Fatalf("error %v", err)
	}
}

var imageVectors = []struct {
	name   string
	bytes  func(t testing.TB) []byte
	record func() bdir.ImageRecord
}{
	{
		// The example of INCITS 381-2004 as FingerJetFX OSE quotes it in FingerImageRecord.h,
		// with an empty picture.
		"INCITS 381-2004, left index finger of 375 by 625 pixels",
		func(t testing.TB) []byte {
			return append(unhex(t, `46495200 30313000 0000000393b9 00330001 0000 001f
				01 01 01f4 01f4 01f4 01f4 08 00 0000
				00039395 07 01 01 fe 00 0177 0271 00`), make([]byte, 375*625)...)
		},
		func() bdir.ImageRecord {
			return bdir.ImageRecord{Edition: bdir.INCITS2004, Owner: 0x33, Product: 1, Pictures: []bdir.Picture{{
				Origin:   bdir.Origin{Quality: []bdir.Quality{{Score: bdir.NotGiven}}},
				Position: 7, Number: 1, Level: 31, Units: bdir.PerInch,
				ScanX: 500, ScanY: 500, ResX: 500, ResY: 500, Depth: 8, Width: 375, Height: 625, Data: make([]byte, 375*625),
			}}}
		},
	},
	{
		// The values of JMRTD's FingerImageInfo test: two views of a right thumb.
		"ISO 2005, two JPEG views of one finger",
		func(t testing.TB) []byte {
			return unhex(t, `46495200 30313000 000000000043 0123 001e
				02 01 01f4 01f4 01f4 01f4 08 03 0000
				00000011 01 02 00 5a 00 012c 012c 00 010203
				00000012 01 02 01 55 00 012c 012c 00 04050607`)
		},
		func() bdir.ImageRecord {
			first := bdir.Picture{
				Origin:   bdir.Origin{Device: bdir.Device{Type: 0x123}, Quality: []bdir.Quality{{Score: 90}}},
				Position: 1, Level: 30, Units: bdir.PerInch, ScanX: 500, ScanY: 500, ResX: 500, ResY: 500,
				Depth: 8, Compression: bdir.JPEG, Width: 300, Height: 300, Data: []byte{1, 2, 3},
			}
			second := first
			second.Number, second.Quality, second.Data = 1, []bdir.Quality{{Score: 85}}, []byte{4, 5, 6, 7}
			return bdir.ImageRecord{Edition: bdir.ISO2005, Pictures: []bdir.Picture{first, second}}
		},
	},
	{
		// The sizes are those that the Pillow plug-in documents: 16 + 41 bytes around the
		// pixels, 45 with one certificate.
		"ISO 2011 with a certificate, 200 by 300 pixels",
		func(t testing.TB) []byte {
			b := unhex(t, `46495200 30323000 0000ea9d 0001 01 01
				0000ea8d 07e8 02 1d 0c 3b 00 03e7 00 abcd 1234 00 01 78ab 01
				07 01 01 01f4 01f4 01f4 01f4 08 00 01 00c8 012c 0000ea60`)
			return append(b, bytes.Repeat([]byte{0x55}, 60000)...)
		},
		func() bdir.ImageRecord {
			return bdir.ImageRecord{Edition: bdir.ISO2011, Pictures: []bdir.Picture{{
				Origin: bdir.Origin{
					Device:       bdir.Device{Vendor: 0xabcd, Type: 0x1234},
					Captured:     bdir.CaptureTime{Year: 2024, Month: 2, Day: 29, Hour: 12, Minute: 59, Millisecond: 999},
					Certificates: []bdir.Certificate{{Authority: 0x78ab, Scheme: 1}},
				},
				Position: 7, Number: 1, Impression: bdir.LiveRolled, Units: bdir.PerInch,
				ScanX: 500, ScanY: 500, ResX: 500, ResY: 500, Depth: 8, Width: 200, Height: 300,
				Data: bytes.Repeat([]byte{0x55}, 60000),
			}}}
		},
	},
}

func TestPicturesLaidOutByHandAreReadAndWrittenByteForByte(t *testing.T) {
	for _, v := range imageVectors {
		t.Run(v.name, func(t *testing.T) {
			want, record := v.bytes(t), v.record()
			got, err := bdir.ReadImages(want)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*got, record) {
				t.Errorf("read another record")
			}
			written, err := record.Bytes()
			if err != nil || !bytes.Equal(written, want) {
				t.Errorf("wrote %d other bytes, error %v", len(written), err)
			}
			if got, err = bdir.ReadImages(append(want, 0, 1, 2)); err != nil || !reflect.DeepEqual(*got, record) {
				t.Errorf("with bytes behind it: %v", err)
			}
		})
	}
	if size := len(imageVectors[2].bytes(t)); size != 60061 {
		t.Errorf("the Pillow plug-in writes 60061 bytes, not %d", size)
	}
}

func TestOtherRecordsAreNotOfAKnownEdition(t *testing.T) {
	for _, s := range []string{"", "FMR", "FMR\x00", "FMR\x00035\x00", "FIR\x00040\x00", "FAC\x00010\x00", "FMR\x00 10\x00 and more"} {
		if _, err := bdir.ReadMinutiae([]byte(s)); !errors.Is(err, bdir.ErrFormat) {
			t.Errorf("minutiae %q: %v", s, err)
		}
		if _, err := bdir.ReadImages([]byte(s)); !errors.Is(err, bdir.ErrFormat) {
			t.Errorf("pictures %q: %v", s, err)
		}
	}
}

func TestINCITS2009IsNotTakenForISO2011(t *testing.T) {
	// One view with one minutia, after FingerprintIO's description of INCITS 378-2009.
	record := unhex(t, `464d5200 30333000 0000002e 0103 0000 00 0000 01 00
		02 00 00 50 0000 0000 0064 0078 00c5 00c5 01 4003 0004 2d 5a 0000`)
	if _, err := bdir.ReadMinutiae(record); err == nil || errors.Is(err, bdir.ErrFormat) {
		t.Fatalf("error %v", err)
	}
}
