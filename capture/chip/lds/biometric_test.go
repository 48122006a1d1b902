package lds_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"boothd/capture/chip/lds"
	"boothd/capture/chip/tlv"
)

var (
	jpegBytes = append([]byte("\xFF\xD8\xFF\xE0 portrait "), bytes.Repeat([]byte{0xAB}, 200)...)
	jp2Bytes  = []byte("\x00\x00\x00\x0CjP  \r\n\x87\n portrait")
	j2kBytes  = []byte("\xFF\x4F\xFF\x51 portrait")
	wsqBytes  = []byte("\xFF\xA0\xFF\xA8 finger")
)

func faces() *lds.Faces {
	return &lds.Faces{Faces: []lds.Face{
		{
			Picture: lds.Picture{Format: lds.FormatJPEG, Data: jpegBytes}, Width: 413, Height: 531, Kind: 1, ColourSpace: 1, Source: 2,
			Device: 7, Quality: 99, Gender: 2, EyeColour: 3, HairColour: 4, Features: 0x010203, Expression: 1,
			Pose: [3]byte{1, 2, 3}, PoseError: [3]byte{4, 5, 6}, Points: [][8]byte{{1, 0x31, 0, 10, 0, 20}, {1, 0x32, 0, 30, 0, 20}},
		},
		{Picture: lds.Picture{Format: lds.FormatJP2, Data: jp2Bytes}},
		{Picture: lds.Picture{Format: lds.FormatJ2K, Data: j2kBytes}, Kind: 2},
		{Picture: lds.Picture{Format: lds.FormatJP2, Data: jp2Bytes}, Width: 40000, Height: 100, Modern: true},
		{Picture: lds.Picture{Format: lds.FormatJPEG, Data: []byte("no such")}, Modern: true},
	}}
}

func fingers() *lds.Fingers {
	return &lds.Fingers{Fingers: []lds.Finger{
		{Picture: lds.Picture{Format: lds.FormatWSQ, Data: wsqBytes}, Position: 2, View: 1, Views: 1, Quality: 80, Width: 300, Height: 400, DPIX: 500, DPIY: 500, Depth: 8, Device: 3, Level: 31},
		{Picture: lds.Picture{Format: lds.FormatRaw, Data: make([]byte, 12)}, Position: 7, View: 1, Views: 1, Width: 3, Height: 4, DPIX: 500, DPIY: 500, Depth: 8},
		{Picture: lds.Picture{Format: lds.FormatWSQ, Data: wsqBytes}, Position: 6, Impression: 24, Quality: 254, Modern: true},
		{Picture: lds.Picture{Format: lds.FormatPGM, Data: []byte("P5 1 1 255 .")}, Position: 10, Quality: 254, Modern: true},
	}}
}

func irises() *lds.Irises {
	return &lds.Irises{Irises: []lds.Iris{
		{Picture: lds.Picture{Format: lds.FormatJP2, Data: jp2Bytes}, Eye: 1, Depth: 8, Quality: 90, Device: 3},
		{Picture: lds.Picture{Format: lds.FormatRaw, Data: make([]byte, 36)}, Eye: 2, Width: 3, Height: 4, Depth: 8, Colour: true},
		{Picture: lds.Picture{Format: lds.FormatJP2, Data: jp2Bytes}, Eye: 2, Depth: 8, Quality: 254, Modern: true},
		{Picture: lds.Picture{Format: lds.FormatPPM, Data: []byte("P6 1 1 255 ...")}, Eye: 1, Depth: 8, Colour: true, Quality: 254, Modern: true},
	}}
}

func TestBiometricsAreReadBack(t *testing.T) {
	portraits := []lds.Picture{{Format: lds.FormatJPEG, Data: jpegBytes}, {Format: lds.FormatJ2K, Data: j2kBytes}}
	filler := &lds.Fingers{Filler: []byte("random bytes")}
	check := func(name string, want any, marshal func() ([]byte, error), parse func([]byte) (any, error)) {
		b, err := marshal()
		if err != nil {
			t.Errorf("%s: write: %v", name, err)
			return
		}
		if got, err := parse(b); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	check("faces", faces(), faces().Marshal, func(b []byte) (any, error) { return lds.ParseFaces(b) })
	check("fingers", fingers(), fingers().Marshal, func(b []byte) (any, error) { return lds.ParseFingers(b) })
	check("no fingers", filler, filler.Marshal, func(b []byte) (any, error) { return lds.ParseFingers(b) })
	check("irises", irises(), irises().Marshal, func(b []byte) (any, error) { return lds.ParseIrises(b) })
	for _, file := range []lds.File{lds.DG5, lds.DG7} {
		check(file.String(), portraits, func() ([]byte, error) { return lds.MarshalDisplayed(file, portraits) },
			func(b []byte) (any, error) { return lds.ParseDisplayed(file, b) })
	}
}

func TestAPortraitOf500KilobytesIsRead(t *testing.T) {
	data := append([]byte("\xFF\xD8\xFF\xE0"), make([]byte, 500<<10)...)
	b, err := (&lds.Faces{Faces: []lds.Face{{Picture: lds.Picture{Format: lds.FormatJPEG, Data: data}}}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := lds.ParseFaces(b); err != nil || !bytes.Equal(got.Faces[0].Picture.Data, data) {
		t.Errorf("got %v", err)
	}
}

// record returns the record of the first face, by which tests build files.
func record(t testing.TB) []byte {
	t.Helper()
	f := faces()
	f.Faces = f.Faces[:1]
	b, err := f.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	r, err := tlv.Find(b, 0x75, 0x7F61, 0x7F60, 0x5F2E)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(r)
}

func dg2(count byte, templates ...[]byte) []byte {
	content := []byte{2, 1, count}
	for _, template := range templates {
		content = tlv.Append(content, 0x7F60, template)
	}
	return tlv.Append(nil, 0x75, tlv.Append(nil, 0x7F61, content))
}

func TestFacesWithWrongLengthsAreReadAndNamed(t *testing.T) {
	changed := func(at int, n uint32) []byte {
		r := record(t)
		binary.BigEndian.PutUint32(r[at:], n)
		return tlv.Append(nil, 0x5F2E, r)
	}
	const record4, face4 = 8, 14 // where the record's and the face's lengths are
	good := tlv.Append(nil, 0x5F2E, record(t))
	tests := []struct {
		name string
		in   []byte
		want int // faces
		says string
	}{
		{"nothing is wrong", dg2(1, good), 1, ""},
		{"the record's length", dg2(1, changed(record4, 5)), 1, "face record announces 5 bytes"},
		{"the record's length, far too large", dg2(1, changed(record4, 0xFFFFFFFF)), 1, "announces 4294967295 bytes"},
		{"the face's length, too small", dg2(1, changed(face4, 3)), 1, "a picture's record announces 3 bytes"},
		{"the face's length, too large", dg2(1, changed(face4, 1<<30)), 1, "a picture's record announces"},
		{"the number of templates", dg2(3, good, good), 2, "3 templates announced, 2 are there"},
		{"a record of 2005 in the object for objects", dg2(1, tlv.Append(nil, 0x7F2E, record(t))), 1, ""},
		{"the same, one level deeper", dg2(1, tlv.Append(nil, 0x7F2E, good)), 1, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := lds.ParseFaces(test.in)
			if err != nil || len(got.Faces) != test.want {
				t.Fatalf("got %v", err)
			}
			for _, face := range got.Faces {
				if !bytes.Equal(face.Picture.Data, jpegBytes) {
					t.Errorf("another picture of %d bytes", len(face.Picture.Data))
				}
			}
			said := strings.Join(got.Deviations, "; ")
			if test.says == "" && said != "" || !strings.Contains(said, test.says) {
				t.Errorf("says %q, want %q", said, test.says)
			}
		})
	}
}

func TestSeveralFacesInOneRecord(t *testing.T) {
	one := record(t)
	both := append(bytes.Clone(one), one[14:]...)
	binary.BigEndian.PutUint32(both[8:], uint32(len(both)))
	binary.BigEndian.PutUint16(both[12:], 2)
	got, err := lds.ParseFaces(dg2(1, tlv.Append(nil, 0x5F2E, both)))
	if err != nil || len(got.Faces) != 2 || len(got.Deviations) != 0 || !reflect.DeepEqual(got.Faces[0], got.Faces[1]) {
		t.Errorf("got %+v, %v", got, err)
	}
	binary.BigEndian.PutUint16(both[12:], 3)
	if _, err := lds.ParseFaces(dg2(1, tlv.Append(nil, 0x5F2E, both))); !errors.Is(err, lds.ErrMalformed) {
		t.Errorf("a face more than there is: %v", err)
	}
	binary.BigEndian.PutUint16(both[12:], 0xFFFF)
	if _, err := lds.ParseFaces(dg2(1, tlv.Append(nil, 0x5F2E, both))); !errors.Is(err, lds.ErrMalformed) {
		t.Errorf("65535 faces: %v", err)
	}
}

func TestFeaturePointsMoreThanThereAreBytes(t *testing.T) {
	r := record(t)
	binary.BigEndian.PutUint16(r[18:], 0xFFFF)
	if _, err := lds.ParseFaces(dg2(1, tlv.Append(nil, 0x5F2E, r))); !errors.Is(err, lds.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

// modern returns a face of ISO/IEC 39794-5 with a picture of 300 × 400 pixels.
func modern(data []byte) []byte {
	information := tlv.Append(nil, 0xA0, tlv.Append(nil, 0x80, []byte{2}))
	information = tlv.Append(information, 0xA7, []byte{0x80, 2, 0x01, 0x2C, 0x81, 2, 0x01, 0x90})
	flat := tlv.Append(tlv.Append(nil, 0x80, data), 0xA1, information)
	image := tlv.Append(nil, 0xA1, tlv.Append(nil, 0xA0, tlv.Append(nil, 0xA0, flat)))
	representation := tlv.Append(nil, 0x30, []byte{0x80, 1, 0}, image)
	version := tlv.Append(nil, 0xA0, []byte{0x80, 1, 3, 0x81, 2, 0x07, 0xE3})
	block := tlv.Append(nil, 0x65, version, tlv.Append(nil, 0xA1, representation))
	return tlv.Append(nil, 0x7F2E, tlv.Append(nil, 0xA1, block))
}

func TestFacesOfTheNewStandard(t *testing.T) {
	got, err := lds.ParseFaces(dg2(1, modern(jp2Bytes)))
	want := []lds.Face{{Picture: lds.Picture{Format: lds.FormatJP2, Data: jp2Bytes}, Width: 300, Height: 400, Modern: true}}
	if err != nil || !reflect.DeepEqual(got.Faces, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := lds.ParseFaces(dg2(1, tlv.Append(nil, 0x7F2E, []byte{0xA1, 2, 0x64, 0}))); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("fingers in DG2: %v", err)
	}
}

func TestPatternsOfTheNewStandardThatAreNotUnderstood(t *testing.T) {
	nested := func(file, block byte, representation ...[]byte) []byte {
		list := tlv.Append(nil, 0xA1)
		if representation != nil {
			list = tlv.Append(nil, 0xA1, tlv.Append(nil, 0x30, representation...))
		}
		record := tlv.Append(nil, 0x7F2E, tlv.Append(nil, 0xA1, tlv.Append(nil, tlv.Tag(block), list)))
		return tlv.Append(nil, tlv.Tag(file), tlv.Append(nil, 0x7F61, []byte{2, 1, 1}, tlv.Append(nil, 0x7F60, record)))
	}
	picture := tlv.Append(nil, 0x83, wsqBytes)
	for name, tt := range map[string]struct {
		file []byte
		want error
	}{
		"a face among fingers":      {nested(0x63, 0x65, picture), errors.ErrUnsupported},
		"a finger without picture":  {nested(0x63, 0x64, []byte{0xA0, 3, 0x80, 1, 2}), tlv.ErrMissing},
		"a record without a finger": {nested(0x63, 0x64), lds.ErrMalformed},
	} {
		if _, err := lds.ParseFingers(tt.file); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if _, err := lds.ParseIrises(nested(0x76, 0x66, []byte{0x80, 1, 1})); !errors.Is(err, tlv.ErrMissing) {
		t.Errorf("an iris without picture: %v", err)
	}
	if _, err := lds.ParseIrises(nested(0x76, 0x64, picture)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a finger among irises: %v", err)
	}
	// An extension of a later edition says which older code stands for it.
	extended := []byte{0xA0, 5, 0xA1, 3, 0x80, 1, 4}
	got, err := lds.ParseFingers(nested(0x63, 0x64, extended, picture))
	if err != nil || got.Fingers[0].Position != 4 || got.Fingers[0].Picture.Format != lds.FormatWSQ {
		t.Errorf("a position of a later edition: %+v, %v", got, err)
	}
	// Where the range is left out the picture has the tag before.
	early, err := lds.ParseIrises(nested(0x76, 0x66, []byte{0x80, 1, 1}, tlv.Append(nil, 0x88, jp2Bytes)))
	if err != nil || early.Irises[0].Eye != 1 || early.Irises[0].Picture.Format != lds.FormatJP2 {
		t.Errorf("an iris without range: %+v, %v", early, err)
	}
}

// Tables 50 and 52 of ICAO 9303-10: where there is no finger something of the document's own
// stands beside the group, and the header says which finger a template has.
func TestFingersLieWhereTheStandardHasThem(t *testing.T) {
	empty, err := (&lds.Fingers{Filler: []byte{0xAA, 0xBB}}).Marshal()
	if want := unhex(t, "63 0A 7F61 03 020100 53 02 AABB"); err != nil || !bytes.Equal(empty, want) {
		t.Errorf("no fingers are written as %X, %v", empty, err)
	}
	for position, subtype := range map[byte]byte{0: 0, 1: 0x05, 2: 0x09, 7: 0x0A, 10: 0x16} {
		b, err := (&lds.Fingers{Fingers: []lds.Finger{{Position: position, Picture: lds.Picture{Format: lds.FormatWSQ}}}}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		got, err := tlv.Find(b, 0x63, 0x7F61, 0x7F60, 0xA1, 0x82)
		if err != nil || !bytes.Equal(got, []byte{subtype}) {
			t.Errorf("finger %d has %X, %v, want %02X", position, got, err, subtype)
		}
	}
}

func TestThePicturesBytesAreBelievedBeforeTheirRecord(t *testing.T) {
	r := record(t)
	r[len(r)-len(jpegBytes)-11] = 1 // says JPEG 2000
	got, err := lds.ParseFaces(dg2(1, tlv.Append(nil, 0x5F2E, r)))
	if err != nil || got.Faces[0].Picture.Format != lds.FormatJPEG {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestLogsHaveNoneOfIt(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	log.Info("m", "a", faces().Faces[0], "b", fingers().Fingers[0], "c", irises().Irises[0], "d", lds.Picture{Data: []byte("portrait")},
		"e", &lds.Person{Name: "portrait"}, "f", &lds.Issue{Authority: "portrait"}, "g", lds.Contact{Name: "portrait"})
	if strings.Contains(out.String(), "171 171") || strings.Contains(out.String(), "portrait") || strings.Contains(out.String(), fmt.Sprint([]byte("portrait"))) {
		t.Errorf("logged: %s", out.String())
	}
}
