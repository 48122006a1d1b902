package itl

import (
	"log/slog"
	"strings"
)

// Text is a Type-2 record (section 8.2): descriptive text about the person or the request,
// in fields that the receiver's document defines.
type Text struct {
	IDC    int     // 0 to 99; by custom 0
	Fields []Field // 2.003 and above, in the order of the file
}

var _ Record = (*Text)(nil)

// Field is a tagged field of which the standard does not say, or this package does not
// need, what it means.
type Field struct {
	Number int
	// Subfields hold information items; there is at least one subfield, and in each at least
	// one item. Items are bytes without separators and may be empty.
	Subfields [][]string
}

// NewField returns a field with one subfield.
func NewField(number int, items ...string) Field {
	return Field{Number: number, Subfields: [][]string{items}}
}

// LogValue keeps the field's content out of logs.
func (f Field) LogValue() slog.Value { return slog.IntValue(f.Number) }

// Type is 2.
func (t *Text) Type() int { return 2 }

// Designation is the record's IDC.
func (t *Text) Designation() int { return t.IDC }

// LogValue keeps the person out of logs.
func (Text) LogValue() slog.Value { return slog.StringValue("type-2 record") }

func readText(d *decoder) (*Text, error) {
	_, body, err := d.tagged(2)
	if err != nil {
		return nil, err
	}
	list, _, err := d.fields(2, body, false)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || list[0].number != idcField {
		return nil, fault(idcField, "is not the second field")
	}
	idc, ok := number(list[0].value)
	if !ok {
		return nil, fault(idcField, "is not a whole number")
	}
	t := &Text{IDC: idc}
	for _, f := range list[1:] {
		t.Fields = append(t.Fields, Field{Number: f.number, Subfields: split(f.value)})
	}
	return t, nil
}

func (t *Text) check(Version) error {
	if t.IDC < 0 || t.IDC > 99 {
		return fault(idcField, "is not 0 to 99")
	}
	seen := make(map[int]bool, len(t.Fields))
	for _, f := range t.Fields {
		if f.Number <= idcField || f.Number > 999_999_999 {
			return fault(f.Number, "has a number that is not free")
		}
		if seen[f.Number] {
			return fault(f.Number, "is there twice")
		}
		seen[f.Number] = true
		if err := f.check(clean); err != nil {
			return err
		}
	}
	return nil
}

func (t *Text) write(e *encoder) {
	d := draft{{idcField, e.idc(t.IDC)}}
	for _, f := range t.Fields {
		d.text(f.Number, join(f.Subfields))
	}
	e.tagged(2, d, nil)
}

// check sees to it that the field has subfields and items, all of them good or empty.
func (f *Field) check(good func(string) bool) error {
	if len(f.Subfields) == 0 {
		return fault(f.Number, "has no subfield")
	}
	for _, row := range f.Subfields {
		if len(row) == 0 {
			return fault(f.Number, "has a subfield without items")
		}
		for _, item := range row {
			if item != "" && !good(item) {
				return fault(f.Number, "has a character that must not be there")
			}
		}
	}
	return nil
}

// checkOther checks fields beside those that a struct has by name: their numbers are free
// and ascend.
func checkOther(fields []Field, free func(int) bool, good func(string) bool) error {
	last := 0
	for _, f := range fields {
		if !free(f.Number) || f.Number > 999_999_999 {
			return fault(f.Number, "has a number that is not free")
		}
		if f.Number <= last {
			return fault(f.Number, "is not in ascending order")
		}
		last = f.Number
		if err := f.check(good); err != nil {
			return err
		}
	}
	return nil
}

// clean tells whether a text can stand in a field.
func clean(s string) bool { return !strings.ContainsAny(s, separators) }
