package bdir_test

import (
	"image"
	"strings"
	"testing"

	"boothd/capture/bdir"
)

func TestGreyPicturesPassThroughARecord(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 30, 20))
	for i := range img.Pix {
		img.Pix[i] = byte(i)
	}
	part := img.SubImage(image.Rect(5, 6, 25, 16)).(*image.Gray)
	for _, e := range editions {
		record := &bdir.ImageRecord{Edition: e, Pictures: []bdir.Picture{bdir.NewPicture(e, part, 500)}}
		if e == bdir.INCITS2004 {
			record.Owner = bdir.UnknownVendor
		}
		b, err := record.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		read, err := bdir.ReadImages(b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := read.Pictures[0].Gray()
		if err != nil || got.Rect.Size() != part.Rect.Size() || got.GrayAt(0, 0) != part.GrayAt(5, 6) || got.GrayAt(19, 9) != part.GrayAt(24, 15) {
			t.Errorf("%v: error %v", e, err)
		}
		if x, y := read.Pictures[0].DPI(); x != 500 || y != 500 {
			t.Errorf("%v: %v by %v dpi", e, x, y)
		}
	}
	for dpi, level := range map[int]uint16{100: 0, 125: 10, 300: 20, 500: 30, 1000: 40} {
		if p := bdir.NewPicture(bdir.ISO2005, part, dpi); p.Level != level {
			t.Errorf("%d dpi is level %d, want %d", dpi, p.Level, level)
		}
	}
	perCM := bdir.Picture{Units: bdir.PerCentimetre, ResX: 200, ResY: 100}
	if x, y := perCM.DPI(); x != 508 || y != 254 {
		t.Errorf("200 by 100 per cm are %v by %v dpi", x, y)
	}
	if _, err := (&bdir.Picture{Compression: bdir.WSQ, Depth: 8, Width: 1, Height: 1, Data: []byte{1}}).Gray(); err == nil {
		t.Error("a WSQ picture is taken for grey pixels")
	}
	if _, err := (&bdir.Picture{Depth: 8, Width: 2, Height: 1, Data: []byte{1}}).Gray(); err == nil {
		t.Error("a picture of half its pixels is taken for whole")
	}
}

func TestImpressionsMeanTheSameInEveryEdition(t *testing.T) {
	for _, c := range []struct {
		impression bdir.Impression
		old        byte // its code in the older editions
	}{{bdir.LivePlain, 0}, {bdir.LatentImpression, 7}, {bdir.LiveSwipe, 8}, {bdir.LiveContactless, 9}, {bdir.UnknownImpression, 29}} {
		for _, e := range []bdir.Edition{bdir.ISO2005, bdir.ISO2011} {
			p := bdir.NewPicture(e, image.NewGray(image.Rect(0, 0, 1, 1)), 500)
			p.Impression = c.impression
			b, err := (&bdir.ImageRecord{Edition: e, Pictures: []bdir.Picture{p}}).Bytes()
			if err != nil {
				t.Fatal(err)
			}
			code, want := b[32+8], c.old
			if e == bdir.ISO2011 {
				code, want = b[16+19+13], byte(c.impression)
			}
			got, err := bdir.ReadImages(b)
			if err != nil || code != want || got.Pictures[0].Impression != c.impression {
				t.Errorf("%v: impression %d is written as %d, want %d; error %v", e, c.impression, code, want, err)
			}
		}
	}
}

func TestWritingPicturesRefusesWhatCannotBe(t *testing.T) {
	for _, c := range []struct {
		name, says string
		edition    bdir.Edition
		change     func(r *bdir.ImageRecord, p *bdir.Picture)
	}{
		{"no picture", "no picture", bdir.ISO2011, func(r *bdir.ImageRecord, _ *bdir.Picture) { r.Pictures = nil }},
		{"an unknown edition", "edition 4", bdir.ISO2011, func(r *bdir.ImageRecord, _ *bdir.Picture) { r.Edition = 4 }},
		{"ISO with an owner", "product", bdir.ISO2011, func(r *bdir.ImageRecord, _ *bdir.Picture) { r.Owner = 1 }},
		{"INCITS without one", "owner", bdir.INCITS2004, func(r *bdir.ImageRecord, _ *bdir.Picture) {}},
		{"256 pictures", "256 pictures", bdir.ISO2005, func(r *bdir.ImageRecord, p *bdir.Picture) { r.Pictures = make([]bdir.Picture, 256) }},
		{"two compressions under one header", "picture 1: device", bdir.ISO2005, func(r *bdir.ImageRecord, p *bdir.Picture) {
			r.Pictures = append(r.Pictures, *p)
			r.Pictures[1].Compression = bdir.WSQ
		}},
		{"an unknown compression", "compression 7", bdir.ISO2011, func(_ *bdir.ImageRecord, p *bdir.Picture) { p.Compression = 7 }},
		{"lossless JPEG 2000 in ISO 2005", "lossless", bdir.ISO2005, func(_ *bdir.ImageRecord, p *bdir.Picture) { p.Compression = bdir.JPEG2000Lossless }},
		{"an unknown position", "position 37", bdir.ISO2011, func(_ *bdir.ImageRecord, p *bdir.Picture) { p.Position = 37 }},
		{"a lifted latent print in ISO 2005", "impression type 7", bdir.ISO2005, func(_ *bdir.ImageRecord, p *bdir.Picture) { p.Impression = bdir.LatentLift }},
		{"an acquisition level in ISO 2011", "level", bdir.ISO2011, func(_ *bdir.ImageRecord, p *bdir.Picture) { p.Level = 30 }},
		{"extended data in ISO 2005", "extended", bdir.ISO2005, func(_ *bdir.ImageRecord, p *bdir.Picture) { p.Extended = []byte{1} }},
		{"unknown units", "units", bdir.ISO2011, func(_ *bdir.ImageRecord, p *bdir.Picture) { p.Units = 3 }},
		{"no resolution", "resolution", bdir.ISO2011, func(_ *bdir.ImageRecord, p *bdir.Picture) { p.ResX = 0 }},
		{"17 bits per pixel", "17 bits", bdir.ISO2011, func(_ *bdir.ImageRecord, p *bdir.Picture) { p.Depth = 17 }},
		{"no width", "0 by", bdir.ISO2011, func(_ *bdir.ImageRecord, p *bdir.Picture) { p.Width = 0 }},
		{"65536 pixels of width", "65536 by", bdir.ISO2011, func(_ *bdir.ImageRecord, p *bdir.Picture) { p.Width = 65536 }},
		{"no data", "no data", bdir.ISO2011, func(_ *bdir.ImageRecord, p *bdir.Picture) { p.Data = nil }},
		{"a byte too few", "11 bytes", bdir.ISO2011, func(_ *bdir.ImageRecord, p *bdir.Picture) { p.Data = p.Data[1:] }},
		{"packed bits too few", "bit-packed", bdir.ISO2011, func(_ *bdir.ImageRecord, p *bdir.Picture) { p.Compression, p.Depth = bdir.BitPacked, 9 }},
		{"a view's quality over 100", "quality 200", bdir.ISO2005, func(_ *bdir.ImageRecord, p *bdir.Picture) { p.Quality[0].Score = 200 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &bdir.ImageRecord{Edition: c.edition, Pictures: []bdir.Picture{
				bdir.NewPicture(c.edition, image.NewGray(image.Rect(0, 0, 4, 3)), 500),
			}}
			if _, err := r.Bytes(); err != nil && c.edition != bdir.INCITS2004 {
				t.Fatal(err)
			}
			c.change(r, &r.Pictures[0])
			if b, err := r.Bytes(); err == nil || b != nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v does not say %q", err, c.says)
			}
		})
	}
	huge := bdir.NewPicture(bdir.ISO2011, image.NewGray(image.Rect(0, 0, 1, 1)), 70000)
	if huge.ResX != 0 {
		t.Errorf("70000 dpi became %d", huge.ResX)
	}
}

func TestReadingPicturesRefusesDamage(t *testing.T) {
	for _, c := range []struct {
		name, says string
		vector, at int
		to         byte
	}{
		{"a record longer than its bytes", "ends early", 1, 13, 0x44},
		{"blocks that end before the record", "picture 1: the record ends early", 1, 13, 0x42},
		{"a block shorter than its header", "less than the header", 1, 35, 13},
		{"a length less than the header", "less than the header", 1, 13, 31},
		{"an unknown compression code", "compression code 6", 1, 29, 6},
		{"unknown units", "units", 1, 19, 0},
		{"a certification flag of 2", "flag is 2", 2, 14, 2},
		{"a picture more than there are", "picture 1", 2, 13, 2},
		{"no picture where there is one", "longer than its pictures", 2, 13, 0},
		{"a representation that is too short", "less than the least", 2, 18, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := imageVectors[c.vector].bytes(t)
			b[c.at] = c.to
			if c.says == "less than the least" {
				b[c.at+1] = 40
			}
			if _, err := bdir.ReadImages(b); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v does not say %q", err, c.says)
			}
		})
	}
}
