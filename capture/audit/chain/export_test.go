package chain

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"errors"
	"strings"
	"testing"
)

func sum(b []byte) []byte {
	h := sha256.Sum256(b)
	return h[:]
}

func bodyOf(t *testing.T, db *sql.DB, seq int) []byte {
	t.Helper()
	var b []byte
	if err := db.QueryRow("SELECT body FROM journal WHERE seq = ?", seq).Scan(&b); err != nil {
		t.Fatal(err)
	}
	return b
}

// rechainOne gives one entry the hashes that fit its body and the entry before.
func rechainOne(t *testing.T, db *sql.DB, seq int) {
	t.Helper()
	r := row{seq: uint64(seq), body: bodyOf(t, db, seq)}
	r.bodyHash = sum(r.body)
	prev := make([]byte, 32)
	db.QueryRow("SELECT hash FROM journal WHERE seq = ?", seq-1).Scan(&prev)
	if err := db.QueryRow("SELECT at FROM journal WHERE seq = ?", seq).Scan(&r.at); err != nil {
		t.Fatal(err)
	}
	mustExec(t, db, "UPDATE journal SET body_hash = ?, hash = ? WHERE seq = ?", r.bodyHash, journal.link(&r, prev), seq)
}

// insertForged inserts an entry that chains rightly to the one before it.
func insertForged(t *testing.T, db *sql.DB, seq int) {
	t.Helper()
	prev := row{seq: uint64(seq - 1)}
	if err := db.QueryRow("SELECT hash FROM journal WHERE seq = ?", seq-1).Scan(&prev.hash); err != nil {
		t.Fatal(err)
	}
	r, err := journal.newRow(prev, Entry{At: day0, Content: note{Kind: "opened"}})
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, db, "INSERT INTO journal (seq, at, body_hash, hash, body) VALUES (?, ?, ?, ?, ?)", seq, r.at, r.bodyHash, r.hash, r.body)
}

// damageColumn puts text where a hash belongs, past the table's checks.
func damageColumn(t *testing.T, db *sql.DB, seq int) {
	t.Helper()
	mustExec(t, db, "UPDATE journal SET body_hash = x'00' WHERE seq = ?", seq)
	mustExec(t, db, "PRAGMA writable_schema = ON")
	mustExec(t, db, "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name = 'journal'")
	mustExec(t, db, "PRAGMA writable_schema = RESET")
	mustExec(t, db, "UPDATE journal SET body_hash = 'text' WHERE seq = ?", seq)
}

func exported(t testing.TB, db *sql.DB, anchors ...Anchor) *Report {
	t.Helper()
	var b bytes.Buffer
	err := journal.Export(t.Context(), db, &b, 0, 0)
	var bad *unreadable
	if errors.As(err, &bad) {
		return &Report{Last: bad.seq - 1, Break: breakAt(bad.seq, Unreadable, "%v", bad)}
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := journal.VerifyExport(&b, anchors...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPartsOfAJournalAreProvenFromTheirExport(t *testing.T) {
	db := openJournal(t)
	links := appendEntries(t, db, hourly(30)...)
	for _, c := range []struct{ from, to, first, last uint64 }{
		{0, 0, 1, 30}, {1, 1, 1, 1}, {10, 20, 10, 20}, {30, 30, 30, 30}, {25, 99, 25, 30},
	} {
		var b bytes.Buffer
		if err := journal.Export(t.Context(), db, &b, c.from, c.to); err != nil {
			t.Fatal(err)
		}
		r, err := journal.VerifyExport(bytes.NewReader(b.Bytes()), Anchor{Hash: links[c.last-1].Hash})
		if err != nil || !r.Whole() || r.First != c.first || r.Last != c.last || r.Hash != links[c.last-1].Hash {
			t.Errorf("%d to %d: %+v, %v", c.from, c.to, r, err)
		}
		spaced := strings.ReplaceAll(b.String(), `{"`, `{ "`)
		if r, err := journal.VerifyExport(strings.NewReader(spaced)); err != nil || !r.Whole() {
			t.Errorf("%d to %d, with spaces: %+v, %v", c.from, c.to, r, err)
		}
		lines := strings.SplitAfter(b.String(), "\n")
		cut := strings.Join(lines[:len(lines)-2], "")
		if r, err := journal.VerifyExport(strings.NewReader(cut)); err != nil || r.Break == nil || r.Break.What != CutOff {
			t.Errorf("%d to %d, last line cut off: %+v, %v", c.from, c.to, r, err)
		}
	}
}

func TestVerifyExportFindsLinesThatWereMovedOrDoubled(t *testing.T) {
	db := openJournal(t)
	appendEntries(t, db, hourly(10)...)
	var b bytes.Buffer
	if err := journal.Export(t.Context(), db, &b, 0, 0); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(b.String(), "\n")
	arrange := func(order ...int) string {
		var s strings.Builder
		for _, i := range order {
			s.WriteString(lines[i])
		}
		return s.String()
	}
	for name, c := range map[string]struct {
		text string
		seq  uint64
		what What
	}{
		"two lines swapped": {arrange(0, 1, 2, 4, 3, 5, 6, 7, 8, 9, 10), 3, Reordered},
		"a line doubled":    {arrange(0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10), 3, Inserted},
		"a line missing":    {arrange(0, 1, 2, 4, 5, 6, 7, 8, 9, 10), 3, Missing},
		"a value edited":    {strings.Replace(b.String(), `"version":"6"`, `"version":"5"`, 1), 7, Changed},
	} {
		r, err := journal.VerifyExport(strings.NewReader(c.text))
		if err != nil || r.Break == nil || r.Break.Seq != c.seq || r.Break.What != c.what {
			t.Errorf("%s: %+v, %v; want %s at %d", name, r, err, c.what, c.seq)
		}
	}
}

func TestVerifyExportRefusesOtherFiles(t *testing.T) {
	for name, text := range map[string]string{
		"empty":           "",
		"not JSON":        "hello",
		"another format":  `{"format":"boothd journal v9","from":1}`,
		"a long line":     `{"format":"boothd journal v1","from":1,"x":"` + strings.Repeat("x", maxLine) + `"}`,
		"a bad line":      `{"format":"boothd journal v1","from":1}` + "\nx\n",
		"a short hash":    `{"format":"boothd journal v1","from":1}` + "\n" + `{"seq":1,"prev":"00","body_hash":"00","hash":"00","erased":true}`,
		"nothing to hash": `{"format":"boothd journal v1","from":1}` + "\n" + `{"seq":1}`,
	} {
		if r, err := journal.VerifyExport(strings.NewReader(text)); !errors.Is(err, ErrNotExport) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// FuzzVerifyExport changes bytes of an export. No change of an entry may go unnoticed.
func FuzzVerifyExport(f *testing.F) {
	db := openJournal(f)
	links := appendEntries(f, db, hourly(6)...)
	var b bytes.Buffer
	if err := journal.Export(f.Context(), db, &b, 0, 0); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	b.Reset()
	if err := journal.Export(f.Context(), db, &b, 3, 4); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"format":"boothd journal v1","from":1}`))
	anchor := Anchor{Seq: 6, Hash: links[5].Hash}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := journal.VerifyExport(bytes.NewReader(data), anchor)
		if err != nil || !r.Whole() || r.First > 1 {
			return
		}
		if r.Anchored != 6 || r.Last < 6 {
			t.Errorf("whole without the anchored entry: %+v", r)
		}
	})
}
