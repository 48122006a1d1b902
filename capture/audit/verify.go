package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"strconv"

	"boothd/internal/sqlite"
)

// Anchor is a link of the chain for which somebody else vouches, such as central by its
// signed acknowledgement. The caller has verified the signature.
type Anchor struct {
	Seq  uint64 // the entry's number; 0 if only its hash is known
	Hash string // hexadecimal
}

// Report is what Verify found.
type Report struct {
	First   uint64 `json:"first"`   // the first entry looked at, 0 if there is none
	Last    uint64 `json:"last"`    // the last entry proven
	Hash    string `json:"hash"`    // the last proven entry's, hexadecimal
	Entries uint64 `json:"entries"` // how many were proven, the erased ones too
	Erased  uint64 `json:"erased"`  // how many of these were erased on schedule
	// Anchored is the last entry that an anchor vouches for, 0 if none does. What comes
	// after it is proven only against whoever cannot write the chain anew.
	Anchored uint64 `json:"anchored"`
	Break    *Break `json:"break,omitempty"` // the first; nil if the journal is whole
}

// Whole reports whether nothing was found.
func (r *Report) Whole() bool { return r.Break == nil }

// Break is a place where the chain does not hold.
type Break struct {
	Seq  uint64 `json:"seq"` // the entry
	What What   `json:"what"`
	Text string `json:"text"` // in words
}

func (b *Break) Error() string { return b.Text }

// What says how a chain is broken.
type What string

// The breaks.
const (
	Changed    What = "changed"    // the entry is not what was written
	Missing    What = "missing"    // the entry was removed
	Inserted   What = "inserted"   // the entry was put in later
	Reordered  What = "reordered"  // the entry stands in another's place
	CutOff     What = "cut_off"    // the entry and all that followed are gone
	Rewritten  What = "rewritten"  // the chain is not the one that was vouched for
	Erased     What = "erased"     // the entry's body is gone and no erasure tells why
	Unreadable What = "unreadable" // the file is damaged there
)

// Verify walks the whole journal and tells the first break, if there is one. The error is
// about reading, never about the chain.
func Verify(ctx context.Context, q Querier, anchors ...Anchor) (*Report, error) {
	top, err := head(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("verify journal: %w", err)
	}
	w := walker{prev: make([]byte, sha256.Size), top: top.seq, anchors: anchors}
	report, err := w.walk(readRows(ctx, q, 1, math.MaxInt64))
	if err != nil {
		return nil, fmt.Errorf("verify journal: %w", err)
	}
	return report, nil
}

func breakAt(seq uint64, what What, format string, args ...any) *Break {
	return &Break{Seq: seq, What: what, Text: fmt.Sprintf(format, args...)}
}

// unreadable is an error of one row that is the row's own fault.
type unreadable struct{ seq uint64 }

func (u *unreadable) Error() string { return fmt.Sprintf("entry %d cannot be read", u.seq) }

// walker goes along the chain.
type walker struct {
	prev    []byte // the hash before the first row
	from    uint64 // the first row's number less one
	top     uint64 // the journal's last number; 0 if the rows end before it
	anchors []Anchor

	found  []bool // the anchors
	erased uint64 // the last erased entry that no erasure has told of yet
	report Report
}

// walk checks the rows. Each is looked at together with the one that follows, since that
// tells what happened to it.
func (w *walker) walk(rows iter.Seq2[row, error]) (*Report, error) {
	w.found = make([]bool, len(w.anchors))
	w.report.Last = w.from
	next, stop := iter.Pull2(rows)
	defer stop()
	cur, err, ok := next()
	for ok && err == nil && w.report.Break == nil {
		following, ferr, more := next()
		if more && ferr == nil {
			w.step(&cur, &following)
		} else {
			w.step(&cur, nil)
		}
		cur, err, ok = following, ferr, more
	}
	w.report.Hash = hex.EncodeToString(w.prev)
	var bad *unreadable
	switch {
	case w.report.Break != nil:
	case errors.As(err, &bad):
		w.report.Break = breakAt(bad.seq, Unreadable, "entry %d cannot be read", bad.seq)
	case err != nil:
		return nil, err
	default:
		w.report.Break = w.end()
	}
	return &w.report, nil
}

func (w *walker) step(cur, next *row) {
	if w.report.Break = w.broken(cur, next); w.report.Break != nil {
		return
	}
	if w.report.First == 0 {
		w.report.First = cur.seq
	}
	w.prev, w.report.Last = cur.hash, cur.seq
	w.report.Entries++
	if cur.body == nil {
		w.report.Erased++
		w.erased = cur.seq
	} else if w.erased != 0 && erasedThrough(cur.body) >= w.erased {
		w.erased = 0
	}
	hash := hex.EncodeToString(cur.hash)
	for i, a := range w.anchors {
		switch {
		case a.Hash == hash:
			w.found[i] = true
			w.report.Anchored = cur.seq
		case a.Seq == cur.seq:
			w.report.Break = breakAt(cur.seq, Rewritten, "entry %d is not the one that was acknowledged: the journal was written anew at or before it", cur.seq)
		}
	}
}

// broken says what is wrong with cur, or with what stands right before it.
func (w *walker) broken(cur, next *row) *Break {
	want := w.report.Last + 1
	switch {
	case cur.seq > want && next != nil && next.seq == want:
		return breakAt(want, Reordered, "entry %d stands before entry %d", cur.seq, want)
	case cur.seq > want && cur.seq-want > 1:
		return breakAt(want, Missing, "entries %d to %d are missing", want, cur.seq-1)
	case cur.seq > want:
		return breakAt(want, Missing, "entry %d is missing", want)
	case cur.seq < want:
		return breakAt(cur.seq, Inserted, "entry %d comes once more after entry %d", cur.seq, want-1)
	}
	if digest := sha256.Sum256(cur.body); cur.body != nil && !bytes.Equal(digest[:], cur.bodyHash) {
		return breakAt(cur.seq, Changed, "entry %d was changed", cur.seq)
	}
	if own := cur.own(); own != cur.seq {
		return misplaced(cur.seq, own, next)
	}
	if bytes.Equal(cur.hash, cur.link(w.prev)) {
		return nil
	}
	if w.report.Entries > 0 && cur.leftBy(w.prev, next) {
		return breakAt(cur.seq-1, Changed, "entry %d was exchanged for another: entry %d does not follow from it", cur.seq-1, cur.seq)
	}
	return breakAt(cur.seq, Changed, "entry %d was changed: it does not follow from entry %d", cur.seq, cur.seq-1)
}

// misplaced says why the entry that was written as number own is found as number seq.
func misplaced(seq, own uint64, next *row) *Break {
	switch {
	case own+1 == seq:
		return breakAt(seq-1, Inserted, "an entry was inserted as number %d", seq-1)
	case own == seq+1 && (next == nil || next.own() == seq+2):
		return breakAt(seq, Missing, "entry %d was removed and the following ones renumbered", seq)
	}
	return breakAt(seq, Reordered, "entry %d was written as entry %d", seq, own)
}

// own is the number that the body gives, or the row's if the body is erased.
func (r *row) own() uint64 {
	if r.body == nil {
		return r.seq
	}
	return r.inside().Seq // a body without a number is misplaced anywhere
}

// leftBy reports whether the row is as it was written, behind another entry than the one
// with the hash prev: its body names another, and what follows it hangs on its hash.
func (r *row) leftBy(prev []byte, next *row) bool {
	if r.body != nil && r.inside().Prev == hex.EncodeToString(prev) {
		return false
	}
	return next == nil || bytes.Equal(next.hash, next.link(r.hash))
}

// place is what a body says of its own.
type place struct {
	Seq  uint64 `json:"seq"`
	Prev string `json:"prev"`
}

func (r *row) inside() place {
	var p place
	json.Unmarshal(r.body, &p) // nothing can be said of a body that is not JSON
	return p
}

// erasedThrough is the last entry that the body, if it is an erasure's, says was erased.
func erasedThrough(body []byte) uint64 {
	var e Entry
	if json.Unmarshal(body, &e) != nil || e.Kind != KindErasure {
		return 0
	}
	n, _ := strconv.ParseUint(e.Detail[detailThrough], 10, 64)
	return n
}

// end looks at what shows only when the last row has been seen.
func (w *walker) end() *Break {
	last := w.report.Last
	if last < w.top {
		return breakAt(last+1, CutOff, "entry %d and what followed are missing: the journal went on to entry %d", last+1, w.top)
	}
	if w.erased != 0 && w.top != 0 {
		return breakAt(w.erased, Erased, "entry %d was erased and no entry tells of it", w.erased)
	}
	for i, a := range w.anchors {
		switch {
		case w.found[i]:
		case a.Seq > last:
			return breakAt(last+1, CutOff, "entry %d and what followed are missing: entry %d was acknowledged", last+1, a.Seq)
		default:
			return breakAt(last, Rewritten, "an acknowledged entry is not in the journal: it was written anew or cut off")
		}
	}
	return nil
}

// rowsAtOnce limits what is read at once: a long journal is not one long transaction that
// keeps the daemon's write-ahead log from being emptied, nor does it fill the memory.
const rowsAtOnce = 100

// readRows reads the entries from one number through another.
func readRows(ctx context.Context, q Querier, from, through uint64) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		after := int64(from) - 1
		for {
			rows, err := portion(ctx, q, after, through)
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
				after = int64(r.seq)
			}
			if sqlite.IsCorrupt(err) {
				err = &unreadable{uint64(after + 1)}
			}
			if err != nil {
				yield(row{}, err)
				return
			}
			if len(rows) < rowsAtOnce {
				return
			}
		}
	}
}

// portion reads the next entries after a number. Those read before an error are valid.
func portion(ctx context.Context, q Querier, after int64, through uint64) ([]row, error) {
	rows, err := q.QueryContext(ctx, `SELECT seq, at, body_hash, hash, body FROM journal
		WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`, after, int64(min(through, math.MaxInt64)), rowsAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var got []row
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return got, err
		}
		got = append(got, r)
	}
	return got, rows.Err()
}

// scanRow reads a row that may be damaged: SQLite does not check on reading that a column
// holds what it should.
func scanRow(rows *sql.Rows) (row, error) {
	var seq, at, bodyHash, hash, body any
	if err := rows.Scan(&seq, &at, &bodyHash, &hash, &body); err != nil {
		return row{}, err
	}
	n, _ := seq.(int64)
	r := row{seq: uint64(n)}
	var ok [4]bool
	r.at, ok[0] = at.(int64)
	r.bodyHash, ok[1] = bodyHash.([]byte)
	r.hash, ok[2] = hash.([]byte)
	r.body, ok[3] = body.([]byte)
	if !ok[0] || !ok[1] || !ok[2] || (!ok[3] && body != nil) {
		return row{}, &unreadable{r.seq}
	}
	return r, nil
}
