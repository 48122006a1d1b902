package itl

import (
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

// Print is a Type-14 record (section 8.14): a picture of one or more fingers in a
// resolution of its own, with what is known of it.
type Print struct {
	IDC        int // 0 to 99
	Impression Impression
	Source     string     // SRC, the agency that took or sent it
	Captured   time.Time  // FCD, the day, at midnight UTC
	Positions  []Position // FGP; one, until 2007 up to six

	// The picture. From 2011 on it may be missing together with scale and bits: then Absent
	// says why, or field 14.994 in Other where it is.
	Image Image // sides of at most 99,999 pixels
	Scale Scale
	Bits  int // BPX, bits a pixel, 8 to 99

	Part         *Part     // PPD, only and always with position 19
	Areas        []Area    // PPC, up to 12
	Absent       []Absent  // AMP
	Segments     []Segment // SEG, only with several fingers
	NFIQ         []NFIQ    // NQM
	Segmentation []Quality // SQM, how sure the segmentation is
	Quality      []Quality // FQM, one for each finger and measure
	Outlines     []Outline // ASEG
	Other        []Field   // further fields, in ascending order
}

var _ Record = (*Print)(nil)

// Part says which part of a finger a picture of position 19 shows.
type Part struct {
	Finger Position // 0 to 10, 16, 17
	Code   string   // EJI, TIP, FV1 to FV4, PRX, DST, MED
}

// Area is the box of a view or segment in an entire joint image, in pixels.
type Area struct {
	View, Segment            string // FV1 to FV4, TIP or NA; PRX, DST, MED or NA
	Left, Right, Top, Bottom int
}

// Absent is a finger that is not wholly there.
type Absent struct {
	Finger Position // 0 to 10, 16, 17
	Code   Absence
}

// Segment is the box of one finger, in pixels from the picture's upper left corner.
type Segment struct {
	Finger                   Position // 0 to 10, 16, 17
	Left, Right, Top, Bottom int      // 0 to the picture's width or height
}

// NFIQ is a finger's quality by NIST's first measure.
type NFIQ struct {
	Finger Position // 0 to 10, 16, 17
	Score  int      // 1 (best) to 5; 254 not computed, 255 computing failed
}

// Measure is a quality by a registered measure.
type Measure struct {
	Score   int    // 0 (worst) to 100; 254 not computed, 255 computing failed
	Vendor  uint16 // the algorithm's owner in the IBIA's register
	Product uint16 // the algorithm in its owner's numbering
}

// Quality is a finger's quality.
type Quality struct {
	Finger Position // 0 to 10, 16, 17
	Measure
}

// Outline is the polygon around one finger.
type Outline struct {
	Finger Position // 0 to 10, 16, 17
	Points []Point  // 3 to 99
}

// Point is a pixel, from the picture's upper left corner.
type Point struct{ X, Y int }

// Type is 14.
func (p *Print) Type() int { return 14 }

// Designation is the record's IDC.
func (p *Print) Designation() int { return p.IDC }

// LogValue keeps the person out of logs.
func (Print) LogValue() slog.Value { return slog.StringValue("type-14 record") }

func readPrint(d *decoder) (*Print, error) {
	_, body, err := d.tagged(14)
	if err != nil {
		return nil, err
	}
	list, data, err := d.fields(14, body, true)
	if err != nil {
		return nil, err
	}
	f := newForm(list)
	p := &Print{
		IDC:        f.number(idcField),
		Impression: Impression(f.number(3)),
		Source:     f.text(4),
		Captured:   f.date(5, dateLayout),
	}
	p.readPicture(f, data)
	if !f.has(13) {
		f.fail(13, "is missing")
	}
	for _, row := range f.table(13) {
		p.Positions = append(p.Positions, Position(f.numbers(13, row, 0, 1)[0]))
	}
	p.readLists(f)
	p.Other = f.rest()
	return p, f.err
}

// readPicture reads the picture and its description, which are there together or not at
// all; check knows the exception.
func (p *Print) readPicture(f *form, data []byte) {
	there := data != nil
	for n := 6; n <= 12; n++ {
		there = there || f.has(n)
	}
	if !there {
		return
	}
	p.Image = Image{Width: f.number(6), Height: f.number(7), Data: data}
	p.Scale = Scale{Unit: Unit(f.number(8)), Horizontal: f.number(9), Vertical: f.number(10)}
	p.Image.Compression = compressionOf(f.text(11))
	p.Bits = f.number(12)
	if p.Image.Width == 0 {
		f.fail(6, "is not a width")
	}
}

func (p *Print) readLists(f *form) {
	for i, row := range f.table(14) {
		if i > 0 || len(row) != 2 {
			f.fail(14, "has the wrong number of items")
			break
		}
		p.Part = &Part{Finger: Position(f.numbers(14, row[:1], 0, 1)[0]), Code: row[1]}
	}
	for _, row := range f.table(15) {
		if n := f.numbers(15, row, 2, 4); f.err == nil {
			p.Areas = append(p.Areas, Area{row[0], row[1], n[0], n[1], n[2], n[3]})
		}
	}
	for _, row := range f.table(18) {
		if len(row) != 2 {
			f.fail(18, "has the wrong number of items")
			break
		}
		p.Absent = append(p.Absent, Absent{Position(f.numbers(18, row[:1], 0, 1)[0]), Absence(row[1])})
	}
	for _, row := range f.table(21) {
		n := f.numbers(21, row, 0, 5)
		p.Segments = append(p.Segments, Segment{Position(n[0]), n[1], n[2], n[3], n[4]})
	}
	for _, row := range f.table(22) {
		n := f.numbers(22, row, 0, 2)
		p.NFIQ = append(p.NFIQ, NFIQ{Position(n[0]), n[1]})
	}
	p.Segmentation, p.Quality = f.qualities(23), f.qualities(24)
	for _, row := range f.table(25) {
		p.Outlines = append(p.Outlines, f.outline(row))
	}
}

// qualities reads SQM or FQM: finger, score, vendor in four hexadecimal digits, product.
func (f *form) qualities(n int) []Quality {
	var list []Quality
	for _, row := range f.table(n) {
		if len(row) != 4 {
			f.fail(n, "has the wrong number of items")
			return nil
		}
		v := f.numbers(n, []string{row[0], row[1], row[3]}, 0, 3)
		vendor, err := strconv.ParseUint(row[2], 16, 16)
		if err != nil || len(row[2]) != 4 || v[2] > 65535 {
			f.fail(n, "does not name an algorithm")
		}
		list = append(list, Quality{Position(v[0]), Measure{v[1], uint16(vendor), uint16(v[2])}})
	}
	return list
}

// outline reads a subfield of ASEG: finger, number of points, points.
func (f *form) outline(row []string) Outline {
	n := f.numbers(25, row, 0, len(row))
	if len(n) < 2 || len(n) != 2+2*n[1] {
		f.fail(25, "has the wrong number of items")
		return Outline{}
	}
	o := Outline{Finger: Position(n[0])}
	for i := 2; i < len(n); i += 2 {
		o.Points = append(o.Points, Point{n[i], n[i+1]})
	}
	return o
}

func (p *Print) write(e *encoder) {
	d := draft{{idcField, e.idc(p.IDC)}}
	d.number(3, int(p.Impression))
	d.text(4, p.Source)
	d.text(5, p.Captured.Format(dateLayout))
	if p.Image.Width != 0 {
		d.number(6, p.Image.Width)
		d.number(7, p.Image.Height)
		d.number(8, int(p.Scale.Unit))
		d.number(9, p.Scale.Horizontal)
		d.number(10, p.Scale.Vertical)
		d.text(11, p.Image.Compression.String())
		d.number(12, p.Bits)
	}
	d.table(13, table(p.Positions, func(f Position) []string { return decimals(int(f)) }))
	if p.Part != nil {
		d.text(14, strconv.Itoa(int(p.Part.Finger))+us+p.Part.Code)
	}
	d.table(15, table(p.Areas, func(a Area) []string {
		return append([]string{a.View, a.Segment}, decimals(a.Left, a.Right, a.Top, a.Bottom)...)
	}))
	d.table(18, table(p.Absent, func(a Absent) []string {
		return []string{strconv.Itoa(int(a.Finger)), string(a.Code)}
	}))
	d.table(21, table(p.Segments, func(s Segment) []string {
		return decimals(int(s.Finger), s.Left, s.Right, s.Top, s.Bottom)
	}))
	d.table(22, table(p.NFIQ, func(q NFIQ) []string { return decimals(int(q.Finger), q.Score) }))
	d.table(23, table(p.Segmentation, qualityRow))
	d.table(24, table(p.Quality, qualityRow))
	d.table(25, table(p.Outlines, func(o Outline) []string {
		row := decimals(int(o.Finger), len(o.Points))
		for _, at := range o.Points {
			row = append(row, decimals(at.X, at.Y)...)
		}
		return row
	}))
	d.other(p.Other)
	e.tagged(14, d, p.Image.Data)
}

func qualityRow(q Quality) []string {
	return []string{
		strconv.Itoa(int(q.Finger)), strconv.Itoa(q.Score),
		fmt.Sprintf("%04X", q.Vendor), strconv.Itoa(int(q.Product)),
	}
}
