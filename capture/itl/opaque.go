package itl

import (
	"bytes"
	"log/slog"
)

// Opaque is a record of a type that this package does not look into, such as minutiae
// (Type-9), a portrait (10) or a palm (15), as it stands in the file.
type Opaque struct {
	Kind int    // its type, 3 to 99
	Data []byte // the whole record from its length to its last byte
}

var _ Record = (*Opaque)(nil)

// Type is the record's type.
func (o *Opaque) Type() int { return o.Kind }

// Designation is the record's IDC, or -1 if Data is not such a record.
func (o *Opaque) Designation() int {
	idc, err := o.read()
	if err != nil {
		return -1
	}
	return idc
}

// LogValue keeps the person out of logs.
func (Opaque) LogValue() slog.Value { return slog.StringValue("record of another type") }

func readOpaque(d *decoder, kind int) (*Opaque, error) {
	if isBinary(kind) {
		data, err := d.binary()
		return &Opaque{kind, data}, err
	}
	data, _, err := d.tagged(kind)
	return &Opaque{kind, data}, err
}

// isBinary tells whether records of the type begin with a binary length (annex B).
func isBinary(kind int) bool { return kind >= 3 && kind <= 8 }

// read finds the IDC, which is the second field of every record.
func (o *Opaque) read() (idc int, err error) {
	d := &decoder{rest: o.Data}
	if isBinary(o.Kind) {
		if _, err = d.binary(); err != nil {
			return 0, err
		}
		idc = int(o.Data[atIDC])
	} else if idc, err = d.taggedIDC(o.Kind); err != nil {
		return 0, err
	}
	if idc > 99 {
		return 0, fault(idcField, "is not 0 to 99")
	}
	if len(d.rest) > 0 {
		return 0, fault(0, "goes on after its end")
	}
	return idc, nil
}

func (d *decoder) taggedIDC(kind int) (int, error) {
	_, body, err := d.tagged(kind)
	if err != nil {
		return 0, err
	}
	t, after, ok := scanTag(body)
	if !ok || t != (tag{kind, idcField}) {
		return 0, fault(idcField, "is not the second field")
	}
	value, _, _ := bytes.Cut(after[:min(len(after), 10)], []byte{gs})
	idc, ok := number(string(value))
	if !ok {
		return 0, fault(idcField, "is not a whole number")
	}
	return idc, nil
}

func (o *Opaque) check(Version) error {
	if o.Kind < 3 || o.Kind > 99 || o.Kind == 4 || o.Kind == 14 {
		return fault(0, "is not of a type that is kept opaque")
	}
	_, err := o.read()
	return err
}

func (o *Opaque) write(e *encoder) { e.out = append(e.out, o.Data...) }
