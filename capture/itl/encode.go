package itl

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// encoder writes records one behind the other.
type encoder struct {
	out      []byte
	items    int
	shortIDC bool
}

// idc is the number as the file writes it.
func (e *encoder) idc(n int) string {
	if e.shortIDC {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%02d", n)
}

// tagged writes a record of tagged fields. LEN is put in front; data, unless nil, becomes
// field 999.
func (e *encoder) tagged(kind int, fields []field, data []byte) {
	head := tagText(kind, lenField)
	rest := len(head) + 1 // the file separator
	for _, f := range fields {
		rest += 1 + len(tagText(kind, f.number)) + len(f.value)
		e.items += items(f.value)
	}
	if data != nil {
		rest += 1 + len(tagText(kind, dataField)) + len(data)
	}
	length := selfLength(rest)
	e.out = slices.Grow(e.out, length)
	e.out = append(e.out, head...)
	e.out = strconv.AppendInt(e.out, int64(length), 10)
	for _, f := range fields {
		e.out = append(e.out, gs)
		e.out = append(e.out, tagText(kind, f.number)...)
		e.out = append(e.out, f.value...)
	}
	if data != nil {
		e.out = append(e.out, gs)
		e.out = append(e.out, tagText(kind, dataField)...)
		e.out = append(e.out, data...)
	}
	e.out = append(e.out, fs)
}

func tagText(kind, number int) string { return fmt.Sprintf("%d.%03d:", kind, number) }

// selfLength returns the length of a record that is rest bytes long without the digits of
// its own length. Where two lengths agree with themselves (97 bytes and "99" or "100") it
// is the smaller.
func selfLength(rest int) int {
	for digits := 1; ; digits++ {
		if n := rest + digits; len(strconv.Itoa(n)) == digits {
			return n
		}
	}
}

// draft collects the fields of a record.
type draft []field

func (d *draft) text(n int, value string) { *d = append(*d, field{n, value}) }

func (d *draft) number(n, value int) { d.text(n, strconv.Itoa(value)) }

// table adds a field unless it has no subfields.
func (d *draft) table(n int, rows [][]string) {
	if len(rows) > 0 {
		d.text(n, join(rows))
	}
}

// other adds fields and puts all in ascending order.
func (d *draft) other(fields []Field) {
	for _, f := range fields {
		d.text(f.Number, join(f.Subfields))
	}
	slices.SortStableFunc(*d, func(a, b field) int { return cmp.Compare(a.number, b.number) })
}

func join(rows [][]string) string {
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = strings.Join(row, us)
	}
	return strings.Join(lines, rs)
}

// table makes subfields of a list.
func table[T any](list []T, row func(T) []string) [][]string {
	rows := make([][]string, len(list))
	for i, v := range list {
		rows[i] = row(v)
	}
	return rows
}

func decimals(numbers ...int) []string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = strconv.Itoa(n)
	}
	return out
}
