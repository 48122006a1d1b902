// Package ldif reads the LDAP Data Interchange Format (RFC 2849), in which the ICAO public
// key directory is downloaded: one entry for every certificate, revocation list and master
// list, values in base64, folded into short lines, some 300 MB in all.
//
// A file is read as it streams: one entry is in memory at a time, and entries, lines and
// values are bounded. Only content records are understood, which is what the directory
// gives; change records and values by URL are errors.
package ldif

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of one entry.
const (
	MaxEntry      = 96 << 20 // bytes as written
	MaxAttributes = 1000
)

// Attribute is one value of an entry.
type Attribute struct {
	// Name is the attribute's description in small letters, without options: ";binary" is
	// dropped.
	Name  string
	Value []byte
}

// Entry is one content record.
type Entry struct {
	DN         string
	Attributes []Attribute
	// Line is where it begins, from 1.
	Line int
}

// Values returns the values of an attribute, named in small letters.
func (e *Entry) Values(name string) [][]byte {
	var all [][]byte
	for _, a := range e.Attributes {
		if a.Name == name {
			all = append(all, a.Value)
		}
	}
	return all
}

// Read calls each with every entry of a file, in order, until ctx ends or each fails. The
// entry is valid until each returns.
func Read(ctx context.Context, r io.Reader, each func(*Entry) error) error {
	d := &reader{in: bufio.NewReaderSize(r, 64<<10)}
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read LDIF: %w", err)
		}
		e, err := d.entry()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read LDIF: line %d: %w", d.line, err)
		}
		if e == nil {
			continue
		}
		if err := each(e); err != nil {
			return fmt.Errorf("LDIF entry at line %d: %w", e.Line, err)
		}
	}
}

type reader struct {
	in   *bufio.Reader
	line int
	from int    // where the logical line began
	size int    // of the entry, so far
	next []byte // a line that was read too far; nil if none
	done bool
}

var (
	errTooBig   = fmt.Errorf("entry has more than %d bytes", MaxEntry)
	errMany     = fmt.Errorf("entry has more than %d values", MaxAttributes)
	errNotEntry = errors.New("entry does not begin with its name")
)

// entry reads lines up to an empty one; nil is a stretch without an entry.
func (d *reader) entry() (*Entry, error) {
	d.size = 0
	var e *Entry
	for {
		line, err := d.logical()
		if err != nil || len(line) == 0 {
			if err == io.EOF && e != nil {
				return e, nil
			}
			return e, err
		}
		if line[0] == '#' {
			continue
		}
		name, value, err := split(line)
		if err != nil {
			return nil, err
		}
		switch {
		case e == nil && name == "version":
		case e == nil && name == "dn":
			e = &Entry{DN: string(value), Line: d.from}
		case e == nil:
			return nil, errNotEntry
		case name == "changetype" || name == "control":
			return nil, errors.New("change records are not understood")
		case len(e.Attributes) == MaxAttributes:
			return nil, errMany
		default:
			e.Attributes = append(e.Attributes, Attribute{name, value})
		}
	}
}

// logical reads a line and those that continue it, which begin with a space.
func (d *reader) logical() ([]byte, error) {
	line, err := d.physical()
	if err != nil {
		return nil, err
	}
	d.from = d.line
	line = bytes.Clone(line)
	for len(line) > 0 {
		next, err := d.physical()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(next) == 0 || next[0] != ' ' {
			d.next = append([]byte{}, next...)
			break
		}
		line = append(line, next[1:]...)
	}
	return line, nil
}

// physical reads one line without its end.
func (d *reader) physical() ([]byte, error) {
	if next := d.next; next != nil {
		d.next = nil
		return next, nil
	}
	if d.done {
		return nil, io.EOF
	}
	d.line++
	var line []byte
	for {
		part, err := d.in.ReadSlice('\n')
		if d.size += len(part); d.size > MaxEntry {
			return nil, errTooBig
		}
		if err == bufio.ErrBufferFull {
			line = append(line, part...)
			continue
		}
		if err == io.EOF {
			d.done = true
			if len(line)+len(part) == 0 {
				return nil, io.EOF
			}
			err = nil
		}
		if line != nil {
			part = append(line, part...)
		}
		return bytes.TrimRight(part, "\r\n"), err
	}
}

// split takes an attrval-spec apart and decodes its value.
func split(line []byte) (name string, value []byte, err error) {
	description, rest, found := bytes.Cut(line, []byte{':'})
	if !found || len(description) == 0 {
		return "", nil, errors.New("no attribute and value")
	}
	plain, _, _ := strings.Cut(string(description), ";")
	name = strings.ToLower(plain)
	switch {
	case bytes.HasPrefix(rest, []byte{':'}):
		encoded := bytes.Trim(rest[1:], " ")
		value = make([]byte, base64.StdEncoding.DecodedLen(len(encoded)))
		n, err := base64.StdEncoding.Decode(value, encoded)
		if err != nil {
			return "", nil, errors.New("value is not base64")
		}
		return name, value[:n], nil
	case bytes.HasPrefix(rest, []byte{'<'}):
		return "", nil, errors.New("value by URL is not understood")
	}
	return name, bytes.TrimLeft(rest, " "), nil
}
