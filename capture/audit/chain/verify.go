package chain

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"strconv"
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
	Break    *Break `json:"break,omitempty"` // the first; nil if the chain is whole
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

// Verify walks the whole chain and tells the first break, if there is one. The error is
// about reading, never about the chain.
func (t Table) Verify(ctx context.Context, q Querier, anchors ...Anchor) (*Report, error) {
	top, err := t.head(ctx, q)
	if err != nil {
		return nil, err
	}
	w := walker{table: t, prev: make([]byte, sha256.Size), top: top.seq, anchors: anchors}
	return w.walk(t.rows(ctx, q, 1, math.MaxInt64))
}

// VerifyFrom is Verify for the entries that follow the start, an anchor with a number. The
// report does not count the start's own entry.
func (t Table) VerifyFrom(ctx context.Context, q Querier, start Anchor, anchors ...Anchor) (*Report, error) {
	top, err := t.head(ctx, q)
	if err != nil {
		return nil, err
	}
	report := &Report{Last: start.Seq}
	for r, err := range t.rows(ctx, q, start.Seq, start.Seq) {
		var bad *unreadable
		switch {
		case errors.As(err, &bad):
			report.Break = breakAt(bad.seq, Unreadable, "entry %d cannot be read", bad.seq)
			return report, nil
		case err != nil:
			return nil, err
		case hex.EncodeToString(r.hash) != start.Hash:
			report.Break = breakAt(r.seq, Rewritten, "entry %d is not the one that was vouched for: the chain was written anew at or before it", r.seq)
			return report, nil
		}
		w := walker{table: t, prev: r.hash, from: r.seq, top: top.seq, anchors: anchors}
		return w.walk(t.rows(ctx, q, r.seq+1, math.MaxInt64))
	}
	what := Missing
	if start.Seq > top.seq {
		what = CutOff
	}
	report.Break = breakAt(start.Seq, what, "entry %d, which was vouched for, is missing", start.Seq)
	return report, nil
}

func breakAt(seq uint64, what What, format string, args ...any) *Break {
	return &Break{Seq: seq, What: what, Text: fmt.Sprintf(format, args...)}
}

// walker goes along the chain.
type walker struct {
	table   Table
	prev    []byte // the hash before the first row
	from    uint64 // the first row's number less one
	top     uint64 // the chain's last number; 0 if the rows end before it
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
			w.report.Break = breakAt(cur.seq, Rewritten, "entry %d is not the one that was vouched for: the chain was written anew at or before it", cur.seq)
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
	if bytes.Equal(cur.hash, w.table.link(cur, w.prev)) {
		return nil
	}
	if w.report.Entries > 0 && w.leftBy(cur, next) {
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
// that stands before it: its body names another, and what follows it hangs on its hash.
func (w *walker) leftBy(r, next *row) bool {
	if r.body != nil && r.inside().Prev == hex.EncodeToString(w.prev) {
		return false
	}
	return next == nil || bytes.Equal(next.hash, w.table.link(next, r.hash))
}

func (r *row) inside() place {
	var p place
	json.Unmarshal(r.body, &p) // nothing can be said of a body that is not JSON
	return p
}

// erasedThrough is the last entry that the body, if it is an erasure's, says was erased.
func erasedThrough(body []byte) uint64 {
	var e struct {
		Kind   string            `json:"kind"`
		Detail map[string]string `json:"detail"`
	}
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
		return breakAt(last+1, CutOff, "entry %d and what followed are missing: the chain went on to entry %d", last+1, w.top)
	}
	if w.erased != 0 && w.top != 0 {
		return breakAt(w.erased, Erased, "entry %d was erased and no entry tells of it", w.erased)
	}
	for i, a := range w.anchors {
		switch {
		case w.found[i]:
		case a.Seq > last:
			return breakAt(last+1, CutOff, "entry %d and what followed are missing: entry %d was vouched for", last+1, a.Seq)
		default:
			return breakAt(last, Rewritten, "an entry that was vouched for is not in the chain: it was written anew or cut off")
		}
	}
	return nil
}
