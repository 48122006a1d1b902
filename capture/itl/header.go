package itl

import (
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Version is the edition of the standard as the header gives it (1.002 VER).
type Version int

// The editions.
const (
	V1993 Version = 200
	V1997 Version = 201
	V2000 Version = 300
	V2007 Version = 400
	V2011 Version = 500
	V2013 Version = 501 // 1-2011, update of 2013
	V2015 Version = 502 // 1-2011, update of 2015
)

func (v Version) known() bool {
	return slices.Contains([]Version{V1993, V1997, V2000, V2007, V2011, V2013, V2015}, v)
}

// Density is a resolution in hundredths of a pixel per millimetre: 1969 is 500 dpi. Zero
// stands for "00.00", which is written where no record depends on it.
type Density int

// DPI is the resolution in whole pixels per inch.
func (d Density) DPI() int { return int(math.Round(float64(d) * 25.4 / 100)) }

// densityOf is the density of a resolution in pixels per inch.
func densityOf(dpi int) Density { return Density(math.Round(float64(dpi) * 100 / 25.4)) }

// Header is the Type-1 record (section 8.1). Its texts are printable ASCII. LEN and CNT
// are computed.
type Header struct {
	Version     Version
	Kind        string    // TOT, the type of transaction, 1 to 16 characters; the receiver's document says which
	Date        time.Time // DAT, the sender's local day, at midnight UTC
	Priority    int       // PRY, 1 (urgent) to 9; 0 if absent
	Destination string    // DAI, the receiving agency
	Origin      string    // ORI, the sending agency
	Control     string    // TCN, the transaction's own number
	Reference   string    // TCR, the number of the transaction that this one answers; may be empty
	Scanned     Density   // NSR, the native scanning resolution; zero without Type-4 records
	Transmitted Density   // NTR, the resolution of Type-4 records; zero without any
	Domain      Domain    // DOM; the zero Domain is absent
	Time        time.Time // GMT, UTC to the second; the zero time is absent
	Charsets    []Charset // DCS; none is ASCII
	Other       []Field   // 1.016 and above, in ascending order

	// ShortIDC writes IDC below ten with one digit. The standard allows one and two; NBIS
	// and the Prüm decision write two, jnbis and nistitl one. Read sets it by the first
	// such IDC in CNT.
	ShortIDC bool
}

// LogValue keeps agencies and numbers out of logs.
func (h Header) LogValue() slog.Value { return slog.StringValue("type-1 record") }

// Domain names the implementation of the standard that user-defined fields follow (1.013).
type Domain struct {
	Name    string
	Version string // may be empty
}

// Charset is an entry of the directory of character sets (1.015): 0 ASCII, 3 UTF-8, from
// 128 on user-defined.
type Charset struct {
	Index   int // 0 to 999
	Name    string
	Version string // may be empty
}

// named is a record that CNT names.
type named struct{ kind, idc int }

const (
	dateLayout = "20060102"
	timeLayout = "20060102150405Z"
)

// read takes the header off the file and returns what CNT says will follow.
func (h *Header) read(d *decoder) ([]named, error) {
	_, body, err := d.tagged(1)
	if err != nil {
		return nil, err
	}
	list, _, err := d.fields(1, body, false)
	if err != nil {
		return nil, err
	}
	f := newForm(list)
	content := h.readContent(f)
	h.Version = Version(f.number(2))
	h.Kind = f.text(4)
	h.Date = f.date(5, dateLayout)
	if f.has(6) {
		if h.Priority = f.number(6); h.Priority == 0 {
			f.fail(6, "is not 1 to 9")
		}
	}
	h.Destination, h.Origin, h.Control = f.text(7), f.text(8), f.text(9)
	if f.has(10) {
		if h.Reference = f.text(10); h.Reference == "" {
			f.fail(10, "is empty")
		}
	}
	h.Scanned, h.Transmitted = f.density(11), f.density(12)
	h.Domain = f.domain()
	if f.has(14) {
		if h.Time = f.date(14, timeLayout); h.Time.IsZero() {
			f.fail(14, "is not a date")
		}
	}
	h.Charsets = f.charsets()
	h.Other = f.rest()
	if f.err != nil {
		return nil, f.err
	}
	return content, h.check()
}

// readContent reads CNT: the header itself with the number of records, then each record's
// type and IDC.
func (h *Header) readContent(f *form) []named {
	if !f.has(3) {
		f.fail(3, "is missing")
		return nil
	}
	rows := f.table(3)
	head := f.numbers(3, rows[0], 0, 2)
	if head[0] != 1 || head[1] != len(rows)-1 {
		f.fail(3, "does not count its records")
		return nil
	}
	if head[1] < 1 || head[1] > MaxRecords {
		f.fail(3, "names no record or too many")
		return nil
	}
	content := make([]named, 0, len(rows)-1)
	settled := false
	for _, row := range rows[1:] {
		n := f.numbers(3, row, 0, 2)
		if n[0] < 2 || n[0] > 99 || n[1] > 99 {
			f.fail(3, "names a type or an IDC that cannot be")
		}
		if len(row) == 2 && n[1] < 10 && !settled {
			settled, h.ShortIDC = true, len(row[1]) == 1
		}
		content = append(content, named{n[0], n[1]})
	}
	return content
}

func (f *form) density(n int) Density {
	whole, part, _ := strings.Cut(f.text(n), ".")
	v, ok := number(whole + part)
	if !ok || len(part) != 2 || len(whole) < 2 || len(whole) > 3 {
		f.fail(n, "is not pixels per millimetre with two decimals")
	}
	return Density(v)
}

func (f *form) domain() Domain {
	if !f.has(13) {
		return Domain{}
	}
	rows := f.table(13)
	if len(rows) != 1 || len(rows[0]) > 2 || rows[0][0] == "" {
		f.fail(13, "is not a name and a version")
		return Domain{}
	}
	row := append(rows[0], "")
	return Domain{Name: row[0], Version: row[1]}
}

func (f *form) charsets() []Charset {
	var sets []Charset
	for _, row := range f.table(15) {
		if len(row) < 2 || len(row) > 3 {
			f.fail(15, "has the wrong number of items")
			return nil
		}
		index, ok := number(row[0])
		if !ok {
			f.fail(15, "is not a whole number")
		}
		row = append(row, "")
		sets = append(sets, Charset{Index: index, Name: row[1], Version: row[2]})
	}
	return sets
}

func (h *Header) check() error {
	switch {
	case !h.Version.known():
		return fault(2, "is not a version that is known")
	case !printable(h.Kind) || len(h.Kind) > 16:
		return fault(4, "is not 1 to 16 printable characters")
	case h.Date.IsZero() || !isDay(h.Date):
		return fault(5, "is not a day at midnight UTC")
	case h.Priority < 0 || h.Priority > 9:
		return fault(6, "is not 1 to 9")
	case h.Scanned < 0 || h.Scanned > 99999:
		return fault(11, "is not a density")
	case h.Transmitted < 0 || h.Transmitted > 99999:
		return fault(12, "is not a density")
	case h.Domain.Name == "" && h.Domain.Version != "":
		return fault(13, "has a version but no name")
	case !h.Time.IsZero() && (h.Time.Location() != time.UTC || h.Time.Nanosecond() != 0 || !fourDigits(h.Time)):
		return fault(14, "is not UTC in whole seconds")
	}
	for _, t := range []struct {
		field    int
		text     string
		optional bool
	}{
		{7, h.Destination, false}, {8, h.Origin, false}, {9, h.Control, false}, {10, h.Reference, true},
		{13, h.Domain.Name, true}, {13, h.Domain.Version, true},
	} {
		if !printable(t.text) && !(t.optional && t.text == "") {
			return fault(t.field, "is not printable ASCII")
		}
	}
	for _, c := range h.Charsets {
		if c.Index < 0 || c.Index > 999 || !printable(c.Name) || c.Version != "" && !printable(c.Version) {
			return fault(15, "is not a number and a name")
		}
	}
	return checkOther(h.Other, func(n int) bool { return n > 15 }, printable)
}

func (h *Header) write(e *encoder, records []Record) {
	content := [][]string{decimals(1, len(records))}
	for _, r := range records {
		content = append(content, []string{strconv.Itoa(r.Type()), e.idc(r.Designation())})
	}
	var d draft
	d.text(2, fmt.Sprintf("%04d", h.Version))
	d.table(3, content)
	d.text(4, h.Kind)
	d.text(5, h.Date.Format(dateLayout))
	if h.Priority != 0 {
		d.number(6, h.Priority)
	}
	d.text(7, h.Destination)
	d.text(8, h.Origin)
	d.text(9, h.Control)
	if h.Reference != "" {
		d.text(10, h.Reference)
	}
	d.text(11, fmt.Sprintf("%02d.%02d", h.Scanned/100, h.Scanned%100))
	d.text(12, fmt.Sprintf("%02d.%02d", h.Transmitted/100, h.Transmitted%100))
	if h.Domain.Name != "" {
		d.text(13, h.Domain.Name+us+h.Domain.Version)
	}
	if !h.Time.IsZero() {
		d.text(14, h.Time.Format(timeLayout))
	}
	d.table(15, table(h.Charsets, func(c Charset) []string {
		index := strconv.Itoa(c.Index)
		if h.Version < V2011 { // three digits until 2007, one to three since
			index = fmt.Sprintf("%03d", c.Index)
		}
		return []string{index, c.Name, c.Version}
	}))
	d.other(h.Other)
	e.tagged(1, d, nil)
}

// isDay tells whether t is what a date field can say.
func isDay(t time.Time) bool {
	return t.Location() == time.UTC && fourDigits(t) && t.Equal(t.Truncate(24*time.Hour))
}

func fourDigits(t time.Time) bool { return t.Year() >= 0 && t.Year() <= 9999 }

// printable tells whether the text is at least one printable ASCII character.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}
