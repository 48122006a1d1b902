package itl

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The information separators (annex B).
const (
	fs = 0x1c   // file separator, ends a record
	gs = 0x1d   // group separator, between fields
	rs = "\x1e" // record separator, between subfields
	us = "\x1f" // unit separator, between information items

	separators = "\x1c\x1d\x1e\x1f"
)

// Fields that every record has, and the one that holds a picture.
const (
	lenField  = 1
	idcField  = 2
	dataField = 999
)

// decoder takes records off the front of a file.
type decoder struct {
	rest  []byte
	items int // how many more may be read
}

// record reads the next record, which the header says is of the kind.
func (d *decoder) record(kind int) (Record, error) {
	switch kind {
	case 2:
		return readText(d)
	case 4:
		return readFixedPrint(d)
	case 14:
		return readPrint(d)
	}
	return readOpaque(d, kind)
}

// binary takes the next binary record, whole.
func (d *decoder) binary() ([]byte, error) {
	if len(d.rest) < 5 {
		return nil, fault(0, "is cut off")
	}
	return d.take(int64(binary.BigEndian.Uint32(d.rest)), 5)
}

// tagged takes the next record of tagged fields. Body is what stands between LEN's
// separator and the file separator at the end.
func (d *decoder) tagged(kind int) (whole, body []byte, err error) {
	t, after, ok := scanTag(d.rest)
	if !ok || t != (tag{kind, lenField}) {
		return nil, nil, fault(lenField, "is not at the record's beginning")
	}
	digits := 0
	for digits < len(after) && digits < 10 && isDigit(after[digits]) {
		digits++
	}
	length, ok := number(string(after[:digits]))
	if !ok || digits == len(after) || after[digits] != gs {
		return nil, nil, fault(lenField, "is not a length")
	}
	head := len(d.rest) - len(after) + digits + 1
	if whole, err = d.take(int64(length), head+1); err != nil {
		return nil, nil, err
	}
	end := len(whole) - 1
	if whole[end] != fs {
		return nil, nil, fault(lenField, "does not lead to a file separator")
	}
	return whole, whole[head:end], nil
}

func (d *decoder) take(length int64, least int) ([]byte, error) {
	if length < int64(least) || length > int64(len(d.rest)) {
		return nil, fault(lenField, "is not the record's length")
	}
	record := d.rest[:length:length]
	d.rest = d.rest[length:]
	return record, nil
}

// tag is the beginning of a tagged field: record type and field number.
type tag struct{ kind, field int }

// scanTag reads "14.013:" off the front.
func scanTag(b []byte) (t tag, after []byte, ok bool) {
	colon := bytes.IndexByte(b[:min(len(b), 13)], ':') // two digits, point, nine digits
	if colon < 0 {
		return tag{}, nil, false
	}
	kind, field, _ := strings.Cut(string(b[:colon]), ".")
	k, okKind := number(kind)
	f, okField := number(field)
	return tag{k, f}, b[colon+1:], okKind && okField
}

// field is a tagged field; subfields and items in its value are still separated.
type field struct {
	number int
	value  string
}

// fields splits a record's body. The data is that of field 999, nil if there is none or
// the record is not of a kind that has it. A separator after the last field, which some
// writers leave, is passed over.
func (d *decoder) fields(kind int, body []byte, picture bool) (list []field, data []byte, err error) {
	for len(body) > 0 {
		t, after, ok := scanTag(body)
		if !ok || t.kind != kind {
			return nil, nil, fault(0, "has something that is not one of its fields")
		}
		if picture && t.field == dataField {
			return list, after[:len(after):len(after)], nil
		}
		end := bytes.IndexByte(after, gs)
		if end < 0 {
			end = len(after)
		}
		value := string(after[:end])
		body = after[min(end+1, len(after)):]
		if d.items -= items(value); d.items < 0 {
			return nil, nil, fault(t.field, "exceeds the limit on items")
		}
		if strings.IndexByte(value, fs) >= 0 {
			return nil, nil, fault(t.field, "has a file separator")
		}
		list = append(list, field{t.field, value})
	}
	return list, nil, nil
}

func items(value string) int {
	return 1 + strings.Count(value, rs) + strings.Count(value, us)
}

// form holds the fields of a record until they are taken out by number. Its first fault
// stays; what is taken after it is of no value.
type form struct {
	values map[int]string
	err    error
}

func newForm(list []field) *form {
	f := &form{values: make(map[int]string, len(list))}
	for _, fd := range list {
		if _, twice := f.values[fd.number]; twice {
			f.fail(fd.number, "is there twice")
		}
		f.values[fd.number] = fd.value
	}
	return f
}

func (f *form) fail(n int, reason string) {
	if f.err == nil {
		f.err = fault(n, reason)
	}
}

func (f *form) has(n int) bool {
	_, ok := f.values[n]
	return ok
}

// optional takes a field; absent it is empty.
func (f *form) optional(n int) string {
	v := f.values[n]
	delete(f.values, n)
	return v
}

func (f *form) text(n int) string {
	if !f.has(n) {
		f.fail(n, "is missing")
	}
	return f.optional(n)
}

func (f *form) number(n int) int {
	i, ok := number(f.text(n))
	if !ok {
		f.fail(n, "is not a whole number")
	}
	return i
}

func (f *form) date(n int, layout string) time.Time {
	t, err := time.Parse(layout, f.text(n))
	if err != nil {
		f.fail(n, "is not a date")
	}
	return t
}

// table takes a field that may be absent, and splits it.
func (f *form) table(n int) [][]string {
	if !f.has(n) {
		return nil
	}
	return split(f.optional(n))
}

// numbers turns a subfield's items from the given one on into numbers.
func (f *form) numbers(n int, row []string, from, count int) []int {
	out := make([]int, count)
	if len(row) != from+count {
		f.fail(n, "has the wrong number of items")
		return out
	}
	for i := range out {
		v, ok := number(row[from+i])
		if !ok {
			f.fail(n, "is not a whole number")
		}
		out[i] = v
	}
	return out
}

// rest returns the fields that were not taken, in ascending order.
func (f *form) rest() []Field {
	if len(f.values) == 0 {
		return nil
	}
	other := make([]Field, 0, len(f.values))
	for _, n := range slices.Sorted(maps.Keys(f.values)) {
		other = append(other, Field{Number: n, Subfields: split(f.values[n])})
	}
	return other
}

func split(value string) [][]string {
	rows := strings.Split(value, rs)
	out := make([][]string, len(rows))
	for i, row := range rows {
		out[i] = strings.Split(row, us)
	}
	return out
}

// number reads one to nine digits.
func number(s string) (int, bool) {
	if len(s) < 1 || len(s) > 9 {
		return 0, false
	}
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
