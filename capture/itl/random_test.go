package itl

import (
	"math/rand/v2"
	"strings"
	"time"
)

// randomTransaction makes a valid transaction of every kind of record and field.
func randomTransaction(r *rand.Rand) *Transaction {
	versions := []Version{V1993, V1997, V2000, V2007, V2011, V2013, V2015}
	h := Header{
		Version: versions[r.IntN(len(versions))], Kind: word(r, 16), Date: randomDay(r), Priority: r.IntN(10),
		Destination: word(r, 20), Origin: word(r, 20), Control: word(r, 40),
		Scanned: Density(1 + r.IntN(99999)), Transmitted: Density(1 + r.IntN(9999)), ShortIDC: r.IntN(2) == 0,
	}
	if r.IntN(2) == 0 {
		h.Reference, h.Domain = word(r, 9), Domain{word(r, 9), word(r, 9)[1:]}
		h.Time = randomDay(r).Add(time.Duration(r.IntN(86400)) * time.Second)
		h.Charsets = []Charset{{r.IntN(1000), word(r, 9), ""}, {3, "UTF-8", word(r, 5)}}
		h.Other = []Field{NewField(16, word(r, 3), ""), NewField(17+r.IntN(1e6), "")}
	}
	t := &Transaction{Header: h}
	short := false
	for range 1 + r.IntN(6) {
		rec := randomRecord(r, h.Version)
		short = short || rec.Designation() < 10
		t.Records = append(t.Records, rec)
	}
	t.Header.ShortIDC = t.Header.ShortIDC && short
	return t
}

func randomRecord(r *rand.Rand, v Version) Record {
	idc := r.IntN(100)
	switch r.IntN(5) {
	case 0:
		t := &Text{IDC: idc}
		for _, n := range r.Perm(5) {
			t.Fields = append(t.Fields, Field{n*250 + 3, [][]string{{bytesOf(r, 30), ""}, {bytesOf(r, 3)}}})
		}
		return t
	case 1:
		p := &FixedPrint{IDC: idc, Impression: Impression(r.IntN(44)), Native: r.IntN(2) == 0, Image: randomImage(r)}
		for range 1 + r.IntN(6) {
			p.Positions = append(p.Positions, Position(r.IntN(16)))
		}
		return p
	case 2:
		return &Opaque{8, append([]byte{0, 0, 0, byte(5 + idc), byte(idc)}, make([]byte, idc)...)}
	case 3:
		e := &encoder{}
		e.tagged(17, []field{{idcField, e.idc(idc)}, {3, "0"}}, []byte(bytesOf(r, 50)+separators))
		return &Opaque{17, e.out}
	}
	return randomPrint(r, v, idc)
}

func randomPrint(r *rand.Rand, v Version, idc int) *Print {
	positions := []Position{0, 7, 12, RightFour, BothThumbs, LeftExtra, PartOfFinger, 33, 47}
	p := &Print{
		IDC: idc, Impression: Impression(r.IntN(44)), Source: word(r, 30), Captured: randomDay(r),
		Positions: []Position{positions[r.IntN(len(positions))]},
	}
	if p.Positions[0] == PartOfFinger {
		p.Part = &Part{Finger: 3, Code: "TIP"}
	}
	finger := Position(r.IntN(11))
	if v >= V2011 && r.IntN(4) == 0 {
		p.Absent = []Absent{{finger, Amputated}, {16, UnableToPrint}}
		return p
	}
	p.Image = randomImage(r)
	p.Scale, p.Bits = Scale{Unit(r.IntN(3)), 1 + r.IntN(99999), 1 + r.IntN(99999)}, 8
	w, h := p.Image.Width, p.Image.Height
	if p.Part != nil {
		p.Areas = []Area{{"FV1", "PRX", 0, w, 0, h}, {"TIP", "NA", w, w, h, h}}
	}
	if p.Positions[0].several() {
		p.Segments = []Segment{{finger, 0, w, 0, h}, {finger, w / 2, w, h / 3, h}}
		p.Segmentation = []Quality{{finger, Measure{254, uint16(r.Uint32()), 1}}}
		p.Outlines = []Outline{{finger, []Point{{0, 0}, {w, 0}, {w, h}, {0, h}}}}
	}
	if r.IntN(2) == 0 {
		p.NFIQ = []NFIQ{{finger, 1 + r.IntN(5)}, {finger, 255}}
		p.Quality = []Quality{{finger, Measure{r.IntN(101), uint16(r.Uint32()), uint16(r.Uint32())}}}
		p.Other = []Field{NewField(16, "500"), NewField(20, bytesOf(r, 126)), NewField(200+r.IntN(700), "", "x")}
	}
	return p
}

func randomImage(r *rand.Rand) Image {
	im := Image{Width: 1 + r.IntN(20), Height: 1 + r.IntN(20), Compression: Compression(r.IntN(7))}
	size := im.Width * im.Height
	if im.Compression != None {
		size = 1 + r.IntN(1000)
	}
	im.Data = make([]byte, size)
	for i := range im.Data {
		im.Data[i] = byte(r.Uint32())
	}
	return im
}

func randomDay(r *rand.Rand) time.Time { return date(1+r.IntN(9998), 1, 1+r.IntN(365)) }

// word is one to most printable characters.
func word(r *rand.Rand, most int) string {
	b := make([]byte, 1+r.IntN(most))
	for i := range b {
		b[i] = byte(' ' + r.IntN(95))
	}
	return string(b)
}

// bytesOf is up to most bytes without separators.
func bytesOf(r *rand.Rand, most int) string {
	b := make([]byte, r.IntN(most+1))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(separators, c) {
			return '?'
		}
		return c
	}, strings.ToValidUTF8(string(b), "\u00ff"))
}
