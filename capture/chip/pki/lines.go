package pki

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// maxLine bounds one line, in bytes: a revocation list in base64, and its source.
const maxLine = 24 << 20

// WriteLines writes entries as JSON, one a line. The lines of [Trust.Entries] are the same
// for the same material, whatever the order in which it came.
func WriteLines(w io.Writer, entries []Entry) error {
	b := bufio.NewWriter(w)
	for _, e := range entries {
		line, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("write trust material: %w", err)
		}
		b.Write(append(line, '\n'))
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write trust material: %w", err)
	}
	return nil
}

// ReadLines reads what [WriteLines] wrote. Keys that are unknown are an error: what is not
// understood could be a condition.
func ReadLines(r io.Reader) ([]Entry, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	var entries []Entry
	for n := 1; lines.Scan(); n++ {
		var e Entry
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&e); err != nil {
			return nil, fmt.Errorf("read trust material: line %d: %w", n, err)
		}
		if d.More() {
			return nil, fmt.Errorf("read trust material: line %d: more than one entry", n)
		}
		entries = append(entries, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read trust material: %w", err)
	}
	return entries, nil
}
