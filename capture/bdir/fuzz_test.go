package bdir_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"boothd/capture/bdir"
)

// checkMinutiae holds readers to: what is read can be written, and then reads and writes
// the same.
func checkMinutiae(t *testing.T, data []byte) {
	read, err := bdir.ReadMinutiae(data)
	if err != nil {
		return
	}
	written, err := read.Bytes()
	if err != nil {
		t.Fatalf("was read but cannot be written: %v", err)
	}
	if len(written) > len(data) {
		t.Fatalf("%d bytes grew to %d", len(data), len(written))
	}
	again, err := bdir.ReadMinutiae(written)
	if err != nil || !sameMinutiae(again, read) {
		t.Fatalf("error %v, read again\n%+v\nwant\n%+v", err, again, read)
	}
	if twice, err := again.Bytes(); err != nil || !bytes.Equal(twice, written) {
		t.Fatalf("error %v, wrote other bytes the second time", err)
	}
	for i := range read.Views {
		checkAreas(t, read.Views[i].Extended)
	}
}

// sameMinutiae is reflect.DeepEqual, but quick on many minutiae.
func sameMinutiae(a, b *bdir.MinutiaeRecord) bool {
	same := func(v, w bdir.View) bool {
		return slices.Equal(v.Minutiae, w.Minutiae) && bytes.Equal(v.Extended, w.Extended)
	}
	if !slices.EqualFunc(a.Views, b.Views, same) {
		return false
	}
	a, b = withoutMinutiae(a), withoutMinutiae(b)
	return reflect.DeepEqual(a, b)
}

func withoutMinutiae(r *bdir.MinutiaeRecord) *bdir.MinutiaeRecord {
	less := *r
	less.Views = slices.Clone(r.Views)
	for i := range less.Views {
		less.Views[i].Minutiae, less.Views[i].Extended = nil, nil
	}
	return &less
}

func checkAreas(t *testing.T, extended []byte) {
	areas, err := bdir.Areas(extended)
	if err != nil || len(extended) > 0xffff {
		return
	}
	if joined, err := bdir.JoinAreas(areas); err != nil || !bytes.Equal(joined, extended) {
		t.Fatalf("error %v, areas of %x joined to %x", err, extended, joined)
	}
}

func checkImages(t *testing.T, data []byte) {
	read, err := bdir.ReadImages(data)
	if err != nil {
		return
	}
	for i := range read.Pictures {
		p := &read.Pictures[i]
		if img, err := p.Gray(); err == nil && (img.Rect.Dx() != p.Width || img.Rect.Dy() != p.Height) {
			t.Fatalf("picture of %v", img.Rect)
		}
	}
	written, err := read.Bytes()
	if err != nil {
		t.Fatalf("was read but cannot be written: %v", err)
	}
	if len(written) > len(data) {
		t.Fatalf("%d bytes grew to %d", len(data), len(written))
	}
	again, err := bdir.ReadImages(written)
	if err != nil || !reflect.DeepEqual(again, read) {
		t.Fatalf("error %v, read again another record", err)
	}
	if twice, err := again.Bytes(); err != nil || !bytes.Equal(twice, written) {
		t.Fatalf("error %v, wrote other bytes the second time", err)
	}
}

func FuzzReadMinutiae(f *testing.F) {
	for _, v := range minutiaeVectors {
		f.Add(unhex(f, v.bytes))
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 3 {
		for _, e := range editions {
			b, err := minutiaeRecord(r, e, 3).Bytes()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(checkMinutiae)
}

func FuzzReadImages(f *testing.F) {
	f.Add(imageVectors[1].bytes(f))
	r := rand.New(rand.NewPCG(5, 6))
	for range 3 {
		for _, e := range editions {
			b, err := imageRecord(r, e).Bytes()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(checkImages)
}

func FuzzReadCard(f *testing.F) {
	f.Add(uint8(bdir.CompactCard), []byte{1, 2, 0x43, 255, 255, 0xbf})
	f.Add(uint8(bdir.NormalCard), []byte{0x40, 1, 0, 2, 3})
	f.Fuzz(func(t *testing.T, format uint8, data []byte) {
		v, err := bdir.ReadCard(bdir.CardFormat(format), data)
		if err != nil {
			return
		}
		written, err := v.Card(bdir.CardFormat(format))
		if err != nil {
			t.Fatalf("was read but cannot be written: %v", err)
		}
		again, err := bdir.ReadCard(bdir.CardFormat(format), written)
		if err != nil || !reflect.DeepEqual(again, v) {
			t.Fatalf("error %v, read again another view", err)
		}
	})
}

func FuzzAreas(f *testing.F) {
	f.Add([]byte{0, 1, 0, 6, 1, 2, 1, 0, 0, 4})
	f.Fuzz(checkAreas)
}
