package itl

import (
	"fmt"
	"log/slog"
)

// Limits on what is read and written.
const (
	MaxSize    = 64 << 20 // bytes of a transaction
	MaxRecords = 999      // beside the header (1.003 CRC)
	MaxItems   = 100_000  // information items in all fields of Types 1, 2 and 14
)

// Transaction is one exchange about one person.
type Transaction struct {
	Header  Header
	Records []Record // in the order of the file, at least one
}

// LogValue keeps the person out of logs.
func (t Transaction) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("ITL transaction of %d records", len(t.Records)))
}

// Record is a *Text (Type-2), *FixedPrint (Type-4), *Print (Type-14) or *Opaque record.
type Record interface {
	Type() int // 2 to 99
	// Designation is the record's IDC, 0 to 99. Records of different types about the same
	// image share it.
	Designation() int

	check(Version) error
	write(*encoder)
}

// Error says what is wrong with a transaction. It never shows content.
type Error struct {
	Record int // the record's place in the file, the header being 1; 0 for the whole file
	Type   int // its type
	Field  int // the field's number in the standard; 0 for the whole record
	Reason string
}

func (e *Error) Error() string {
	switch {
	case e.Record == 0:
		return "transaction " + e.Reason
	case e.Field == 0:
		return fmt.Sprintf("record %d (type %d) %s", e.Record, e.Type, e.Reason)
	}
	return fmt.Sprintf("record %d: field %d.%03d %s", e.Record, e.Type, e.Field, e.Reason)
}

// fault is an Error whose record is filled in by whoever knows it.
func fault(field int, reason string) error { return &Error{Field: field, Reason: reason} }

func located(err error, record, kind int) error {
	if e, ok := err.(*Error); ok {
		e.Record, e.Type = record, kind
	}
	return err
}

// Read reads a transaction. Pictures and opaque records are parts of data, which must not
// change as long as they are used. The error is an *Error.
func Read(data []byte) (*Transaction, error) {
	if len(data) > MaxSize {
		return nil, &Error{Reason: "is longer than the limit"}
	}
	d := &decoder{rest: data, items: MaxItems}
	t := new(Transaction)
	content, err := t.Header.read(d)
	if err != nil {
		return nil, located(err, 1, 1)
	}
	t.Records = make([]Record, len(content))
	for i, c := range content {
		r, err := d.record(c.kind)
		if err == nil {
			err = r.check(t.Header.Version)
		}
		if err == nil && r.Designation() != c.idc {
			err = fault(idcField, "differs from field 1.003")
		}
		if err != nil {
			return nil, located(err, i+2, c.kind)
		}
		t.Records[i] = r
	}
	if len(d.rest) > 0 {
		return nil, &Error{Reason: "goes on after the last record that field 1.003 names"}
	}
	if err := t.checkDensity(); err != nil {
		return nil, err
	}
	return t, nil
}

// MarshalBinary returns the transaction as a file.
func (t *Transaction) MarshalBinary() ([]byte, error) { return t.AppendBinary(nil) }

// AppendBinary appends the transaction as a file. LEN and CNT are computed. The error is an
// *Error: what Read would refuse is not written.
func (t *Transaction) AppendBinary(b []byte) ([]byte, error) {
	if err := t.check(); err != nil {
		return b, err
	}
	e := &encoder{out: b, shortIDC: t.Header.ShortIDC}
	t.Header.write(e, t.Records)
	for _, r := range t.Records {
		r.write(e)
	}
	if len(e.out)-len(b) > MaxSize || e.items > MaxItems {
		return b, &Error{Reason: "is longer than the limit"}
	}
	return e.out, nil
}

func (t *Transaction) check() error {
	if err := t.Header.check(); err != nil {
		return located(err, 1, 1)
	}
	if len(t.Records) < 1 || len(t.Records) > MaxRecords {
		return &Error{Record: 1, Type: 1, Field: 3, Reason: "would name no record or too many"}
	}
	for i, r := range t.Records {
		if err := r.check(t.Header.Version); err != nil {
			return located(err, i+2, r.Type())
		}
	}
	return t.checkDensity()
}

// checkDensity sees to it that Type-4 pictures have a resolution, which only the header
// tells (1.011, 1.012).
func (t *Transaction) checkDensity() error {
	for _, r := range t.Records {
		if r.Type() != 4 {
			continue
		}
		if t.Header.Scanned == 0 {
			return &Error{Record: 1, Type: 1, Field: 11, Reason: "is zero although there are Type-4 records"}
		}
		if t.Header.Transmitted == 0 {
			return &Error{Record: 1, Type: 1, Field: 12, Reason: "is zero although there are Type-4 records"}
		}
	}
	return nil
}
