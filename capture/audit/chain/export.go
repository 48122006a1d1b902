package chain

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// maxLine limits a line of an export: a body and what is around it.
const maxLine = MaxBody*2 + 4096

// ErrNotExport is matched when what VerifyExport reads is not an export.
var ErrNotExport = errors.New("not an export of a chain")

// exportHead is an export's first line.
type exportHead struct {
	Format string `json:"format"`
	From   uint64 `json:"from"`
	To     uint64 `json:"to"`
	Head   uint64 `json:"head"` // the chain's last entry when it was exported
}

// exportLine is an entry in an export.
type exportLine struct {
	Seq      uint64          `json:"seq"`
	At       int64           `json:"at"` // Unix time in milliseconds
	Prev     string          `json:"prev"`
	BodyHash string          `json:"body_hash"`
	Hash     string          `json:"hash"`
	Entry    json.RawMessage `json:"entry,omitempty"`   // the body
	Damaged  []byte          `json:"damaged,omitempty"` // a body that is not JSON any more
	Erased   bool            `json:"erased,omitempty"`
}

// Export writes the entries from one number through another, 0 meaning the last, as JSON
// Lines: a line that says what follows, then one for each entry with its hashes.
// VerifyExport proves such an export without the table. Damaged entries are exported as
// they are.
func (t Table) Export(ctx context.Context, q Querier, w io.Writer, from, to uint64) error {
	top, err := t.head(ctx, q)
	if err != nil {
		return err
	}
	from = max(from, 1)
	if to == 0 || to > top.seq {
		to = top.seq
	}
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(exportHead{t.Label, from, to, top.seq}); err != nil {
		return err
	}
	prev := make([]byte, sha256.Size)
	for r, err := range t.rows(ctx, q, max(from, 2)-1, to) {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if r.seq >= from {
			if err := enc.Encode(lineOf(&r, prev)); err != nil {
				return err
			}
		}
		prev = r.hash
	}
	return out.Flush()
}

func lineOf(r *row, prev []byte) exportLine {
	l := exportLine{
		Seq: r.seq, At: r.at, Prev: hex.EncodeToString(prev),
		BodyHash: hex.EncodeToString(r.bodyHash), Hash: hex.EncodeToString(r.hash),
	}
	switch {
	case r.body == nil:
		l.Erased = true
	case json.Valid(r.body):
		l.Entry = r.body
	default:
		l.Damaged = r.body
	}
	return l
}

// VerifyExport is Verify for what Export wrote. Anchors must lie in what was exported.
// Spaces between the parts of a line do not matter; everything else does.
func (t Table) VerifyExport(r io.Reader, anchors ...Anchor) (*Report, error) {
	in := bufio.NewReader(r)
	var head exportHead
	if err := readLine(in, &head); err != nil || head.Format != t.Label || head.From == 0 {
		return nil, ErrNotExport
	}
	next, stop := iter.Pull2(readLines(in))
	defer stop()
	first, err, ok := next()
	if err != nil {
		return nil, err
	}
	w := walker{table: t, prev: make([]byte, sha256.Size), from: head.From - 1, anchors: anchors}
	if ok && head.From > 1 {
		w.prev = first.prev
	}
	if head.To == head.Head {
		w.top = head.Head
	}
	report, err := w.walk(func(yield func(row, error) bool) {
		for ok && yield(first.row, err) && err == nil {
			first, err, ok = next()
		}
	})
	if err != nil {
		return nil, err
	}
	if report.Break == nil && report.Last < head.To {
		report.Break = breakAt(report.Last+1, CutOff, "entry %d and what followed are missing from the export", report.Last+1)
	}
	return report, nil
}

type exportedRow struct {
	row
	prev []byte
}

func readLines(in *bufio.Reader) iter.Seq2[exportedRow, error] {
	return func(yield func(exportedRow, error) bool) {
		for {
			var l exportLine
			err := readLine(in, &l)
			if err == io.EOF {
				return
			}
			var r exportedRow
			if err == nil {
				r, err = rowOf(&l)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

func rowOf(l *exportLine) (exportedRow, error) {
	var r exportedRow
	r.seq, r.at, r.body = l.Seq, l.At, l.Damaged
	if !l.Erased && l.Damaged == nil {
		var b bytes.Buffer
		if json.Compact(&b, l.Entry) != nil {
			return r, fmt.Errorf("entry %d: %w", l.Seq, ErrNotExport)
		}
		r.body = b.Bytes()
	}
	for _, f := range []struct {
		to  *[]byte
		hex string
	}{{&r.prev, l.Prev}, {&r.bodyHash, l.BodyHash}, {&r.hash, l.Hash}} {
		b, err := hex.DecodeString(f.hex)
		if err != nil || len(b) != sha256.Size {
			return r, fmt.Errorf("entry %d: %w", l.Seq, ErrNotExport)
		}
		*f.to = b
	}
	return r, nil
}

// readLine reads one line of JSON into v. Its error is io.EOF after the last.
func readLine(in *bufio.Reader, v any) error {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			return fmt.Errorf("line longer than %d bytes: %w", maxLine, ErrNotExport)
		}
		line = append(line, part...)
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err != nil && err != io.EOF:
			return err
		case err == io.EOF && len(bytes.TrimSpace(line)) == 0:
			return io.EOF
		}
		if json.Unmarshal(line, v) != nil {
			return fmt.Errorf("line is not JSON: %w", ErrNotExport)
		}
		return nil
	}
}
