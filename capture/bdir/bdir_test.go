package bdir_test

import (
	"bytes"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/bdir"
)

func TestCaptureTimesSurvive(t *testing.T) {
	at := time.Date(2026, 2, 28, 23, 59, 58, 987_654_321, time.FixedZone("", 3600))
	c := bdir.CaptureAt(at)
	if got, ok := c.Time(); !ok || !got.Equal(at.Truncate(time.Millisecond)) {
		t.Errorf("%v is %+v and again %v, %v", at, c, got, ok)
	}
	if c := bdir.CaptureAt(time.Time{}); c != (bdir.CaptureTime{}) {
		t.Errorf("no time is %+v", c)
	}
	for _, c := range []struct {
		name string
		time bdir.CaptureTime
		want string // empty: none
	}{
		{"nothing given", bdir.CaptureTime{}, ""},
		{"only the year", bdir.CaptureTime{2024, 0xff, 0xff, 0xff, 0xff, 0xff, 0xffff}, ""},
		{"only the day", bdir.CaptureTime{2024, 2, 29, 0xff, 0xff, 0xff, 0xffff}, "2024-02-29T00:00:00Z"},
		{"a day that does not exist", bdir.CaptureTime{2023, 2, 29, 1, 2, 3, 4}, ""},
		{"an impossible hour", bdir.CaptureTime{2024, 2, 29, 24, 0, 0, 0}, ""},
	} {
		got, ok := c.time.Time()
		if ok != (c.want != "") || ok && got.Format(time.RFC3339Nano) != c.want {
			t.Errorf("%s: %v, %v", c.name, got, ok)
		}
	}
}

func TestPositionsAreThoseOfCapture(t *testing.T) {
	for finger := range capture.FingerPosition(11) {
		if got, ok := bdir.PositionOf(finger).Finger(); !ok || got != finger {
			t.Errorf("%v is %v, %v", finger, got, ok)
		}
	}
	for p, want := range map[bdir.Position]capture.FingerPosition{11: 1, 12: 6} {
		if got, ok := p.Finger(); !ok || got != want {
			t.Errorf("plain thumb %d is %v, %v", p, got, ok)
		}
	}
	for _, p := range []bdir.Position{13, 21, 40, 255} {
		if got, ok := p.Finger(); ok {
			t.Errorf("position %d is %v", p, got)
		}
	}
	if p := bdir.PositionOf(-1); p != 0 {
		t.Errorf("finger -1 is %d", p)
	}
}

func TestAreasOfExtendedDataAreSplitAndJoined(t *testing.T) {
	areas := []bdir.Area{{Type: bdir.AreaRidgeCounts, Data: []byte{0, 1, 2, 3}}, {Type: 0x0103, Data: []byte{}}}
	joined, err := bdir.JoinAreas(areas)
	if err != nil || !bytes.Equal(joined, []byte{0, 1, 0, 8, 0, 1, 2, 3, 1, 3, 0, 4}) {
		t.Fatalf("joined %x, error %v", joined, err)
	}
	if got, err := bdir.Areas(joined); err != nil || !reflect.DeepEqual(got, areas) {
		t.Errorf("split %+v, error %v", got, err)
	}
	for _, damaged := range [][]byte{{0}, {0, 1, 0, 3}, {0, 1, 0, 9, 0, 1, 2, 3}, {0, 1, 0, 4, 9}} {
		if got, err := bdir.Areas(damaged); err == nil {
			t.Errorf("%x is split into %+v", damaged, got)
		}
	}
	if _, err := bdir.JoinAreas([]bdir.Area{{Data: make([]byte, 0xffff-3)}}); err == nil {
		t.Error("an area of 65536 bytes is joined")
	}
}

func TestCardMinutiaeAreReadAndWritten(t *testing.T) {
	v := &bdir.View{Width: 500, Height: 500, ResolutionX: 197, ResolutionY: 197, Minutiae: []bdir.Minutia{
		{X: 197, Y: 394, Angle: 90, Kind: bdir.Ending, Quality: 10}, {X: 1, Y: 0, Angle: 358, Kind: bdir.Bifurcation},
	}}
	for _, c := range []struct {
		format bdir.CardFormat
		want   string
	}{
		{bdir.CompactCard, "64c850 010080"},
		{bdir.NormalCard, "43e807d040 80050000ff"},
	} {
		want := unhex(t, c.want)
		written, err := v.Card(c.format)
		if err != nil || !bytes.Equal(written, want) {
			t.Errorf("format %d: wrote %x, error %v, want %x", c.format, written, err, want)
		}
		read, err := bdir.ReadCard(c.format, want)
		if err != nil || read.Minutiae[0].Angle != 90 || read.Minutiae[1].Kind != bdir.Bifurcation || read.Minutiae[0].X != read.ResolutionX {
			t.Errorf("format %d: read %+v, error %v", c.format, read, err)
		}
	}
	v.Minutiae[0].X = 499 // 25.3 mm
	if _, err := v.Card(bdir.CompactCard); err != nil {
		t.Error(err)
	}
	v.ResolutionX = 190 // 26.3 mm
	if _, err := v.Card(bdir.CompactCard); err == nil {
		t.Error("a minutia out of the compact format's reach is written")
	}
	for _, damaged := range [][]byte{nil, {1, 2}, {1, 2, 0xc0}, make([]byte, 256*3)} {
		if _, err := bdir.ReadCard(bdir.CompactCard, damaged); err == nil {
			t.Errorf("%d bytes are read", len(damaged))
		}
	}
	if _, err := v.Card(0); err == nil {
		t.Error("an unknown format is written")
	}
}

func TestRecordsDoNotReachALog(t *testing.T) {
	r := plain(bdir.ISO2005)
	p := &bdir.ImageRecord{Pictures: make([]bdir.Picture, 1)}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "a", r, "b", r.Views[0], "c", p, "d", p.Pictures[0],
		"e", r.Views[0].Minutiae[0], "f", bdir.Area{Data: []byte("secret")})
	if s := log.String(); strings.Contains(s, "Minutiae") || strings.Contains(s, "Width") || strings.Contains(s, "Angle") || strings.Contains(s, "Data") {
		t.Errorf("logged %s", log.String())
	}
}
