package chain

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"boothd/internal/sqlite"
)

// journal is the chain of the tests.
var journal = Table{Name: "journal", Label: "boothd journal v1", Overwrite: true}

var testSchema = sqlite.Schema{ApplicationID: 0x424f5458, Migrations: []string{`
CREATE TABLE journal (
	seq       INTEGER PRIMARY KEY,
	at        INTEGER NOT NULL,
	body_hash BLOB NOT NULL,
	hash      BLOB NOT NULL,
	body      BLOB
) STRICT;
CREATE TABLE journal_head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;`}}

var day0 = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// note is the content of the tests' entries.
type note struct {
	Kind   string            `json:"kind,omitempty"`
	Detail map[string]string `json:"detail,omitempty"`
}

func openJournal(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "journal.db"), testSchema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func appendEntries(t testing.TB, db *sql.DB, entries ...Entry) []Link {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	var links []Link
	for _, e := range entries {
		one, err := journal.Append(context.Background(), tx, e)
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, one...)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return links
}

// hourly returns n entries, an hour apart.
func hourly(n int) []Entry {
	entries := make([]Entry, n)
	for i := range entries {
		entries[i] = Entry{At: day0.Add(time.Duration(i) * time.Hour),
			Content: note{Kind: "list_applied", Detail: map[string]string{"list": "sltd", "version": fmt.Sprint(i)}}}
	}
	return entries
}

func verify(t testing.TB, db *sql.DB, anchors ...Anchor) *Report {
	t.Helper()
	r, err := journal.Verify(context.Background(), db, anchors...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestVerifyProvesAWholeJournal(t *testing.T) {
	for _, n := range []int{0, 1, 2, rowsAtOnce - 1, rowsAtOnce, rowsAtOnce + 1, 3 * rowsAtOnce} {
		db := openJournal(t)
		links := appendEntries(t, db, hourly(n)...)
		var anchors []Anchor
		if n > 0 {
			anchors = []Anchor{{Seq: links[n/2].Seq, Hash: links[n/2].Hash}, {Hash: links[0].Hash}}
		}
		r := verify(t, db, anchors...)
		if !r.Whole() || r.Entries != uint64(n) || r.Last != uint64(n) {
			t.Errorf("%d entries: %+v, %v", n, r, r.Break)
		}
		if n > 0 && (r.Hash != links[n-1].Hash || r.Anchored != uint64(n/2+1)) {
			t.Errorf("%d entries: hash or anchor differ: %+v", n, r)
		}
	}
}

// rechain computes the hashes anew from an entry on, as a forger who can write the file does.
func rechain(t *testing.T, db *sql.DB, from int) {
	t.Helper()
	var all []row
	for r, err := range journal.rows(t.Context(), db, 1, 1<<62) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	for i := from - 1; i < len(all); i++ {
		prev := make([]byte, 32)
		if i > 0 {
			prev = all[i-1].hash
		}
		fresh := sum(all[i].body)
		all[i].bodyHash = fresh
		all[i].hash = journal.link(&all[i], prev)
		mustExec(t, db, "UPDATE journal SET body_hash = ?, hash = ? WHERE seq = ?", fresh, all[i].hash, all[i].seq)
	}
	mustExec(t, db, "UPDATE journal_head SET seq = ?, hash = ?", all[len(all)-1].seq, all[len(all)-1].hash)
}

func mustExec(t testing.TB, db *sql.DB, stmt string, args ...any) {
	t.Helper()
	if _, err := db.Exec(stmt, args...); err != nil {
		t.Fatalf("%s: %v", stmt, err)
	}
}

const swap = `UPDATE journal SET seq = CASE seq WHEN %[1]d THEN -1 ELSE %[2]d * 1000 END WHERE seq IN (%[1]d, %[2]d);
	UPDATE journal SET seq = CASE seq WHEN -1 THEN %[2]d ELSE %[1]d END WHERE seq IN (-1, %[2]d * 1000)`

const edit = `UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), 'sltd', 'none') AS BLOB) WHERE seq = %d`

func TestVerifyNamesTheFirstBreak(t *testing.T) {
	const n = 20
	for name, c := range map[string]struct {
		do       func(t *testing.T, db *sql.DB)
		seq      uint64
		what     What
		anchored bool // found only with the anchor
	}{
		"a body is edited": {do: func(t *testing.T, db *sql.DB) { mustExec(t, db, fmt.Sprintf(edit, 7)) }, seq: 7, what: Changed},
		"two bodies are edited": {do: func(t *testing.T, db *sql.DB) {
			mustExec(t, db, fmt.Sprintf(edit, 12))
			mustExec(t, db, fmt.Sprintf(edit, 5))
		}, seq: 5, what: Changed},
		"the first body is edited": {do: func(t *testing.T, db *sql.DB) { mustExec(t, db, fmt.Sprintf(edit, 1)) }, seq: 1, what: Changed},
		"a body and its hash are edited": {do: func(t *testing.T, db *sql.DB) {
			mustExec(t, db, fmt.Sprintf(edit, 7))
			mustExec(t, db, "UPDATE journal SET body_hash = ? WHERE seq = 7", sum(bodyOf(t, db, 7)))
		}, seq: 7, what: Changed},
		"an entry is exchanged with all its hashes": {do: func(t *testing.T, db *sql.DB) {
			mustExec(t, db, fmt.Sprintf(edit, 7))
			rechainOne(t, db, 7)
		}, seq: 7, what: Changed},
		"the last entry is exchanged with all its hashes": {do: func(t *testing.T, db *sql.DB) {
			mustExec(t, db, fmt.Sprintf(edit, n))
			rechainOne(t, db, n)
		}, seq: n, what: Rewritten, anchored: true},
		"a time is changed": {do: func(t *testing.T, db *sql.DB) { mustExec(t, db, "UPDATE journal SET at = at + 1 WHERE seq = 9") }, seq: 9, what: Changed},
		"a hash is changed": {do: func(t *testing.T, db *sql.DB) {
			mustExec(t, db, "UPDATE journal SET hash = zeroblob(32) WHERE seq = 9")
		}, seq: 9, what: Changed},
		"a column is damaged": {do: func(t *testing.T, db *sql.DB) { damageColumn(t, db, 9) }, seq: 9, what: Unreadable},
		"an entry is removed": {do: func(t *testing.T, db *sql.DB) { mustExec(t, db, "DELETE FROM journal WHERE seq = 4") }, seq: 4, what: Missing},
		"three entries are removed": {do: func(t *testing.T, db *sql.DB) {
			mustExec(t, db, "DELETE FROM journal WHERE seq IN (4, 5, 6)")
		}, seq: 4, what: Missing},
		"the first entry is removed": {do: func(t *testing.T, db *sql.DB) { mustExec(t, db, "DELETE FROM journal WHERE seq = 1") }, seq: 1, what: Missing},
		"an entry is removed and the others renumbered": {do: func(t *testing.T, db *sql.DB) {
			mustExec(t, db, "DELETE FROM journal WHERE seq = 4")
			mustExec(t, db, "UPDATE journal SET seq = seq - 1 WHERE seq > 4")
		}, seq: 4, what: Missing},
		"an entry is inserted": {do: func(t *testing.T, db *sql.DB) {
			mustExec(t, db, "UPDATE journal SET seq = -seq - 1 WHERE seq >= 6")
			mustExec(t, db, "UPDATE journal SET seq = -seq WHERE seq < 0")
			insertForged(t, db, 6)
		}, seq: 6, what: Inserted},
		"neighbours are swapped":      {do: func(t *testing.T, db *sql.DB) { mustExec(t, db, fmt.Sprintf(swap, 6, 7)) }, seq: 6, what: Reordered},
		"distant entries are swapped": {do: func(t *testing.T, db *sql.DB) { mustExec(t, db, fmt.Sprintf(swap, 6, 15)) }, seq: 6, what: Reordered},
		"the tail is cut off": {do: func(t *testing.T, db *sql.DB) {
			mustExec(t, db, "DELETE FROM journal WHERE seq > 15")
		}, seq: 16, what: CutOff},
		"the tail is cut off and the head set back": {do: func(t *testing.T, db *sql.DB) {
			mustExec(t, db, "DELETE FROM journal WHERE seq > 15")
			mustExec(t, db, "UPDATE journal_head SET seq = 15, hash = (SELECT hash FROM journal WHERE seq = 15)")
		}, seq: 16, what: CutOff, anchored: true},
		"the journal is emptied": {do: func(t *testing.T, db *sql.DB) {
			mustExec(t, db, "DELETE FROM journal")
			mustExec(t, db, "UPDATE journal_head SET seq = 0, hash = zeroblob(32)")
		}, seq: 1, what: CutOff, anchored: true},
		"the chain is written anew": {do: func(t *testing.T, db *sql.DB) {
			mustExec(t, db, fmt.Sprintf(edit, 7))
			rechain(t, db, 7)
		}, seq: n, what: Rewritten, anchored: true},
		"a body is erased and no entry tells of it": {do: func(t *testing.T, db *sql.DB) {
			mustExec(t, db, "UPDATE journal SET body = NULL WHERE seq = 3")
		}, seq: 3, what: Erased},
	} {
		t.Run(name, func(t *testing.T) {
			db := openJournal(t)
			links := appendEntries(t, db, hourly(n)...)
			c.do(t, db)
			without := verify(t, db)
			if c.anchored && !without.Whole() {
				t.Errorf("found without an anchor: %v", without.Break)
			}
			for _, r := range []*Report{verify(t, db, Anchor{Seq: n, Hash: links[n-1].Hash}), exported(t, db, Anchor{Seq: n, Hash: links[n-1].Hash})} {
				if r.Break == nil || r.Break.Seq != c.seq || r.Break.What != c.what {
					t.Errorf("break = %+v, want %s at %d", r.Break, c.what, c.seq)
				}
				if r.Break != nil && (r.Break.Text == "" || r.Last > c.seq && c.what != Erased) {
					t.Errorf("report = %+v", r)
				}
			}
		})
	}
}

func TestAppendGoesOnBehindADamagedHead(t *testing.T) {
	for name, stmt := range map[string]string{
		"head too low":        "UPDATE journal_head SET seq = 3",
		"head absurdly high":  "UPDATE journal_head SET seq = 1 << 60",
		"head negative":       "UPDATE journal_head SET seq = -5",
		"hash too short":      "UPDATE journal_head SET hash = x'00'",
		"head is gone":        "DELETE FROM journal_head",
		"last row is gone":    "DELETE FROM journal WHERE seq = 10",
		"last row is another": "UPDATE journal SET hash = zeroblob(32) WHERE seq = 10",
	} {
		t.Run(name, func(t *testing.T) {
			db := openJournal(t)
			appendEntries(t, db, hourly(10)...)
			mustExec(t, db, stmt)
			links := appendEntries(t, db, hourly(2)...)
			if links[0].Seq != 11 || links[1].Seq != 12 {
				t.Errorf("links = %+v", links)
			}
			damaged := strings.HasPrefix(name, "last row")
			if r := verify(t, db); r.Whole() == damaged {
				t.Errorf("report = %+v, %v", r, r.Break)
			}
		})
	}
}

func TestAppendRefusesWhatIsNoEntry(t *testing.T) {
	db := openJournal(t)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for name, e := range map[string]Entry{
		"nothing":       {At: day0},
		"no object":     {At: day0, Content: "text"},
		"an empty one":  {At: day0, Content: note{}},
		"too long":      {At: day0, Content: note{Kind: strings.Repeat("x", MaxBody)}},
		"a bad content": {At: day0, Content: time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if l, err := journal.Append(t.Context(), tx, e); err == nil {
			t.Errorf("%s: appended as %+v", name, l)
		}
	}
}

func TestErasureLeavesTheChainProvable(t *testing.T) {
	db := openJournal(t)
	links := appendEntries(t, db, hourly(20)...)
	now := day0.Add(48 * time.Hour)
	erased := erase(t, db, day0.Add(10*time.Hour), now, 4)
	if erased != 10 {
		t.Errorf("erased %d, want 10", erased)
	}
	anchor := Anchor{Seq: 20, Hash: links[19].Hash}
	for _, r := range []*Report{verify(t, db, anchor), exported(t, db, anchor)} {
		if !r.Whole() || r.Erased != 10 || r.Last != 23 {
			t.Errorf("after the erasure: %+v, %v", r, r.Break)
		}
	}
	if n := erase(t, db, day0.Add(10*time.Hour), now, 4); n != 0 {
		t.Errorf("erased %d once more", n)
	}
	mustExec(t, db, "UPDATE journal SET body = NULL WHERE seq = 12")
	if r := verify(t, db); r.Whole() || r.Break.Seq != 12 || r.Break.What != Erased {
		t.Errorf("a body taken out behind the erasure: %+v", r.Break)
	}
}

func TestErasureLaterCoversErasureEarlier(t *testing.T) {
	db := openJournal(t)
	appendEntries(t, db, hourly(5)...)
	erase(t, db, day0.Add(3*time.Hour), day0.Add(10*time.Hour), 100)
	if n := erase(t, db, day0.Add(1000*time.Hour), day0.Add(2000*time.Hour), 100); n != 3 {
		t.Errorf("erased %d, want the two entries left and the erasure", n)
	}
	if r := verify(t, db); !r.Whole() || r.Erased != 6 {
		t.Errorf("report = %+v, %v", r, r.Break)
	}
}

func TestClocksThatErrDoNotEraseEarlyNorKeepForEver(t *testing.T) {
	now := day0.Add(100 * 24 * time.Hour)
	at := func(days ...int) []Entry {
		var entries []Entry
		for _, d := range days {
			entries = append(entries, Entry{At: day0.Add(time.Duration(d) * 24 * time.Hour), Content: note{Kind: "opened"}})
		}
		return entries
	}
	for name, c := range map[string]struct {
		days    []int
		through uint64
	}{
		"in order":                         {[]int{1, 2, 30, 60}, 2},
		"the clock fell back for a while":  {[]int{1, 2, 30, -20000, 31}, 2},
		"the clock ran ahead for a while":  {[]int{1, 20000, 2, 30}, 3},
		"nothing is old":                   {[]int{30, 31}, 0},
		"everything is old":                {[]int{1, 2, 3}, 3},
		"the first entry is in the future": {[]int{20000, 30}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			db := openJournal(t)
			appendEntries(t, db, at(c.days...)...)
			through, due, err := journal.Expired(t.Context(), db, day0.Add(10*24*time.Hour), now)
			if err != nil || through != c.through || due != (c.through > 0) {
				t.Errorf("expired through %d, due %t, %v; want %d", through, due, err, c.through)
			}
		})
	}
}

func erase(t *testing.T, db *sql.DB, before, now time.Time, limit int) int64 {
	t.Helper()
	var total int64
	for {
		through, due, err := journal.Expired(t.Context(), db, before, now)
		if err != nil {
			t.Fatal(err)
		}
		if !due {
			return total
		}
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		n, err := journal.Erase(t.Context(), tx, through, limit)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := journal.Append(t.Context(), tx, Entry{At: now, Content: note{KindErasure, ErasureDetail(through, before, n)}}); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		total += n
	}
}

func TestVerifyFromGoesOnBehindAnAnchor(t *testing.T) {
	db := openJournal(t)
	links := appendEntries(t, db, hourly(20)...)
	start := Anchor{Seq: 8, Hash: links[7].Hash}
	for _, c := range []struct {
		name    string
		stmt    string
		start   Anchor
		seq     uint64 // 0 if no break is found
		what    What
		entries uint64
	}{
		{"whole", "", start, 0, "", 12},
		{"nothing follows", "", Anchor{Seq: 20, Hash: links[19].Hash}, 0, "", 0},
		{"what stands before is not looked at", fmt.Sprintf(edit, 7), start, 0, "", 12},
		{"another entry stands there", "", Anchor{Seq: 8, Hash: links[8].Hash}, 8, Rewritten, 0},
		{"the anchor's entry is beyond the end", "", Anchor{Seq: 21, Hash: links[8].Hash}, 21, CutOff, 0},
		{"an entry behind was edited", fmt.Sprintf(edit, 12), start, 12, Changed, 3},
		{"the anchor's entry is gone", "DELETE FROM journal WHERE seq = 8", start, 8, Missing, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.stmt != "" {
				mustExec(t, db, c.stmt)
			}
			r, err := journal.VerifyFrom(t.Context(), db, c.start)
			if err != nil || r.Whole() != (c.seq == 0) || r.Entries != c.entries {
				t.Fatalf("%+v, %v, %v", r, r.Break, err)
			}
			if c.seq != 0 && (r.Break.Seq != c.seq || r.Break.What != c.what) {
				t.Errorf("break = %+v, want %s at %d", r.Break, c.what, c.seq)
			}
		})
	}
}

func TestManyEntriesAppendedAtOnceAreOneChain(t *testing.T) {
	db := openJournal(t)
	for _, n := range []int{1, 7, 8, 9, 63, 64, 65, 200} {
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		links, err := journal.Append(t.Context(), tx, hourly(n)...)
		if err != nil || len(links) != n || tx.Commit() != nil {
			t.Fatalf("%d: %d links, %v", n, len(links), err)
		}
		if r := verify(t, db); !r.Whole() || r.Hash != links[n-1].Hash || r.Last != links[n-1].Seq {
			t.Errorf("%d: %+v, %v", n, r, r.Break)
		}
	}
}
