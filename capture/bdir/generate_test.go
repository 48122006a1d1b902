package bdir_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"boothd/capture/bdir"
)

var editions = []bdir.Edition{bdir.ISO2005, bdir.ISO2011, bdir.INCITS2004}

// score invents a quality of a view.
func score(r *rand.Rand) uint8 {
	return []uint8{uint8(r.IntN(101)), bdir.NotGiven, bdir.Failed}[r.IntN(3)]
}

// origin invents what an edition has room for.
func origin(r *rand.Rand, e bdir.Edition) bdir.Origin {
	if e != bdir.ISO2011 {
		return bdir.Origin{
			Device:  bdir.Device{Type: uint16(r.IntN(0x1000)), Compliance: uint8(r.IntN(16))},
			Quality: []bdir.Quality{{Score: score(r)}},
		}
	}
	o := bdir.Origin{Device: bdir.Device{Technology: uint8(r.IntN(21)), Vendor: uint16(r.Uint32()), Type: uint16(r.Uint32())}}
	for range r.IntN(4) {
		o.Quality = append(o.Quality, bdir.Quality{Score: score(r), Vendor: uint16(r.Uint32()), Algorithm: uint16(r.Uint32())})
	}
	for range r.IntN(3) {
		o.Certificates = append(o.Certificates, bdir.Certificate{Authority: uint16(r.Uint32()), Scheme: uint8(r.Uint32())})
	}
	if r.IntN(2) == 0 {
		o.Captured = bdir.CaptureTime{
			Year: uint16(1 + r.IntN(9999)), Month: uint8(1 + r.IntN(12)), Day: uint8(1 + r.IntN(31)),
			Hour: uint8(r.IntN(24)), Minute: uint8(r.IntN(60)), Second: 0xff, Millisecond: 0xffff,
		}
	}
	return o
}

func someBytes(r *rand.Rand, most int) []byte {
	var b []byte
	for range r.IntN(most) {
		b = append(b, byte(r.Uint32()))
	}
	return b
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// minutiaeRecord invents a record of up to four views of up to so many minutiae.
func minutiaeRecord(r *rand.Rand, e bdir.Edition, most int) *bdir.MinutiaeRecord {
	record := &bdir.MinutiaeRecord{Edition: e}
	if e == bdir.INCITS2004 {
		record.Owner, record.Product = uint16(1+r.IntN(0xffff)), uint16(r.Uint32())
	}
	for i := range 1 + r.IntN(4) {
		v := bdir.View{
			Origin: origin(r, e), Position: bdir.Position(r.IntN(11)), Number: uint8(r.IntN(16)),
			Impression: pick(r, bdir.LivePlain, bdir.NonliveRolled, bdir.LiveSwipe, bdir.LiveContactless),
			Width:      1 + r.IntN(16383), Height: 1 + r.IntN(16383), ResolutionX: 98 + r.IntN(900), ResolutionY: 98 + r.IntN(900),
			Extended: someBytes(r, 40),
		}
		if e == bdir.ISO2011 {
			v.Endings = bdir.Endings(r.IntN(2))
			v.Number = uint8(r.Uint32())
			v.Position = pick[bdir.Position](r, 0, 10, 13, 15, 40, 50)
		} else if i > 0 {
			first := record.Views[0]
			v.Device, v.Width, v.Height = first.Device, first.Width, first.Height
			v.ResolutionX, v.ResolutionY = first.ResolutionX, first.ResolutionY
		}
		v.Minutiae = minutiae(r, e, v.Width, v.Height, most)
		record.Views = append(record.Views, v)
	}
	return record
}

func minutiae(r *rand.Rand, e bdir.Edition, width, height, most int) []bdir.Minutia {
	var all []bdir.Minutia
	unjudged := r.IntN(3) == 0
	for range pick(r, 1, 1+r.IntN(most), most) {
		m := bdir.Minutia{
			X: r.IntN(width), Y: r.IntN(height), Kind: bdir.Kind(r.IntN(3)), Quality: uint8(1 + r.IntN(100)),
			Angle: float64(r.IntN(256)) * 360 / 256,
		}
		if e == bdir.INCITS2004 {
			m.Angle = float64(r.IntN(180)) * 2
		}
		switch {
		case unjudged || r.IntN(10) == 0:
			m.Quality = bdir.NotGiven
		case e == bdir.ISO2011 && r.IntN(10) == 0:
			m.Quality = pick(r, 0, bdir.Failed)
		}
		all = append(all, m)
	}
	return all
}

func imageRecord(r *rand.Rand, e bdir.Edition) *bdir.ImageRecord {
	record := &bdir.ImageRecord{Edition: e}
	if e == bdir.INCITS2004 {
		record.Owner, record.Product = uint16(1+r.IntN(0xffff)), uint16(r.Uint32())
	}
	for i := range 1 + r.IntN(4) {
		p := bdir.Picture{
			Origin: origin(r, e), Position: pick[bdir.Position](r, 0, 1, 10, 13, 20, 36), Number: uint8(r.Uint32()),
			Impression: pick(r, bdir.LivePlain, bdir.LatentImpression, bdir.LiveContactless), Level: uint16(r.Uint32()),
			Units: pick(r, bdir.PerInch, bdir.PerCentimetre), ScanX: uint16(r.Uint32()), ScanY: uint16(r.Uint32()),
			ResX: uint16(1 + r.IntN(0xffff)), ResY: uint16(1 + r.IntN(0xffff)), Depth: uint8(1 + r.IntN(16)),
			Compression: pick(r, bdir.Uncompressed, bdir.BitPacked, bdir.WSQ, bdir.JPEG, bdir.JPEG2000, bdir.PNG),
			Width:       1 + r.IntN(20), Height: 1 + r.IntN(20),
		}
		if e == bdir.ISO2011 {
			p.Level, p.Extended = 0, someBytes(r, 20)
		} else if i > 0 {
			first := record.Pictures[0]
			p.Device, p.Level, p.Units, p.Depth, p.Compression = first.Device, first.Level, first.Units, first.Depth, first.Compression
			p.ScanX, p.ScanY, p.ResX, p.ResY = first.ScanX, first.ScanY, first.ResX, first.ResY
		}
		switch p.Compression {
		case bdir.Uncompressed:
			p.Data = bytes.Repeat([]byte{byte(i)}, p.Width*p.Height*int((p.Depth+7)/8))
		case bdir.BitPacked:
			p.Data = bytes.Repeat([]byte{byte(i)}, (p.Width*p.Height*int(p.Depth)+7)/8)
		default:
			p.Data = append(someBytes(r, 50), 1)
		}
		record.Pictures = append(record.Pictures, p)
	}
	return record
}

func TestWhatIsWrittenReadsTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		for _, e := range editions {
			minutiae := minutiaeRecord(r, e, 255)
			b, err := minutiae.Bytes()
			if err != nil {
				t.Fatalf("%v: %v", e, err)
			}
			got, err := bdir.ReadMinutiae(b)
			if err != nil || !reflect.DeepEqual(got, minutiae) {
				t.Fatalf("%v: error %v, read\n%+v\nwant\n%+v", e, err, got, minutiae)
			}
			pictures := imageRecord(r, e)
			if b, err = pictures.Bytes(); err != nil {
				t.Fatalf("%v: %v", e, err)
			}
			again, err := bdir.ReadImages(b)
			if err != nil || !reflect.DeepEqual(again, pictures) {
				t.Fatalf("%v: error %v, read\n%+v\nwant\n%+v", e, err, again, pictures)
			}
		}
	}
}
