package gallery

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"unicode/utf8"
)

// Change is one line of a list on the wire: an entry that is new or different, or the id
// of an entry that is no longer in the list. Exactly one of the two is set.
type Change struct {
	Put  *Entry `json:"put,omitempty"`
	Drop string `json:"drop,omitempty"`
}

// LogValue keeps the entry out of logs.
func (c Change) LogValue() slog.Value { return slog.StringValue("list change") }

// Validate checks that the change is one thing, and its entry.
func (c *Change) Validate() error {
	switch {
	case (c.Put == nil) == (c.Drop == ""):
		return &FieldError{"change", `neither "put" nor "drop", or both`}
	case c.Put != nil:
		return c.Put.Validate()
	}
	return text("drop", c.Drop, MaxID)
}

// fingers are those of the entry, if there is one.
func (c *Change) fingers() []FingerTemplate {
	if c.Put == nil {
		return nil
	}
	return c.Put.Fingers
}

// LineError says in which line of a file or update something is wrong. It never holds the
// content.
type LineError struct {
	Line int // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

// ReadEntries reads JSON Lines of entries as people and other programs write them: fields
// that are not known are refused, so that a misspelt one is noticed. See ReadLines.
func ReadEntries(r io.Reader) iter.Seq2[*Entry, error] {
	return ReadLines(r, true, (*Entry).Validate)
}

// ReadChanges reads JSON Lines of changes as they come over the wire: fields that are not
// known are passed over, so that a booth understands a newer central. See ReadLines.
func ReadChanges(r io.Reader) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for c, err := range ReadLines(r, false, (*Change).Validate) {
			if !yield(*c, err) {
				return
			}
		}
	}
}

// ReadLines reads JSON Lines of at most MaxLine bytes each and validates each value. It
// passes over empty lines and, unless strict, over fields that are not known. It ends with
// the first error, which is a *LineError unless r failed; there is a value with it, but an
// empty one.
func ReadLines[T any](r io.Reader, strict bool, validate func(*T) error) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for line, err := range lines(r) {
			v := new(T)
			if err == nil {
				err = line.decode(v, strict, func() error { return validate(v) })
			}
			if err != nil {
				yield(new(T), err)
				return
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}

type line struct {
	number int
	text   []byte
}

func lines(r io.Reader) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		s := bufio.NewScanner(r)
		s.Buffer(make([]byte, 0, 64<<10), MaxLine)
		n := 0
		for s.Scan() {
			n++
			text := bytes.TrimSpace(s.Bytes())
			if len(text) == 0 {
				continue
			}
			if !yield(line{n, text}, nil) {
				return
			}
		}
		switch err := s.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			yield(line{}, &LineError{n + 1, tooLong("line", MaxLine)})
		case err != nil:
			yield(line{}, err)
		}
	}
}

// decode reads the line into v and validates it. The standard library's messages quote
// what they stumbled over; these do not.
func (l line) decode(v any, strict bool, validate func() error) error {
	if !utf8.Valid(l.text) {
		return &LineError{l.number, &FieldError{"line", "not UTF-8"}}
	}
	d := json.NewDecoder(bytes.NewReader(l.text))
	if strict {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(v); err != nil {
		return &LineError{l.number, withoutContent(err)}
	}
	if d.InputOffset() != int64(len(l.text)) {
		return &LineError{l.number, &FieldError{"line", "more than one JSON value"}}
	}
	if err := validate(); err != nil {
		return &LineError{l.number, err}
	}
	return nil
}

func withoutContent(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return &FieldError{"line", fmt.Sprintf("not JSON at byte %d", syntax.Offset)}
	case errors.As(err, &kind) && kind.Field != "":
		return &FieldError{kind.Field, "of the wrong kind"}
	case errors.As(err, &kind):
		return &FieldError{"line", "not a JSON object"}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &FieldError{"line", "cut off"}
	}
	return &FieldError{"line", "a field that is not known or not readable"}
}
