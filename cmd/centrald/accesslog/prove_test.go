package accesslog

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"boothd/capture/audit/chain"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
)

func mustExec(t testing.TB, db *store.DB, stmt string, args ...any) {
	t.Helper()
	if _, err := db.Exec(stmt, args...); err != nil {
		t.Fatalf("%s: %v", stmt, err)
	}
}

// edit changes an officer's number in a body.
func edit(t testing.TB, db *store.DB, seq int) []byte {
	t.Helper()
	var body []byte
	if err := db.QueryRow("SELECT body FROM accesslog WHERE seq = $1", seq).Scan(&body); err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(body, []byte("officer-"), []byte("0fficer-"), 1)
	if bytes.Equal(body, changed) {
		t.Fatal("nothing to change")
	}
	mustExec(t, db, "UPDATE accesslog SET body = $1 WHERE seq = $2", changed, seq)
	return changed
}

// rewrite computes the hashes anew from an entry on, as a forger who can write the database
// does, who knows the construction from the package's documentation.
func rewrite(t testing.TB, db *store.DB, from, to int) {
	t.Helper()
	prev := make([]byte, sha256.Size)
	if from > 1 {
		if err := db.QueryRow("SELECT hash FROM accesslog WHERE seq = $1", from-1).Scan(&prev); err != nil {
			t.Fatal(err)
		}
	}
	for seq := from; seq <= to; seq++ {
		var at int64
		var body []byte
		if err := db.QueryRow("SELECT at, body FROM accesslog WHERE seq = $1", seq).Scan(&at, &body); err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256(body)
		b := append([]byte("boothd access log v1\n"), prev...)
		b = binary.BigEndian.AppendUint64(b, uint64(seq))
		b = binary.BigEndian.AppendUint64(b, uint64(at))
		sum := sha256.Sum256(append(b, digest[:]...))
		prev = sum[:]
		mustExec(t, db, "UPDATE accesslog SET body_hash = $1, hash = $2 WHERE seq = $3", digest[:], prev, seq)
	}
	mustExec(t, db, "UPDATE accesslog_head SET seq = $1, hash = $2", to, prev)
}

const renumber = "UPDATE accesslog SET seq = -seq WHERE seq < 0"

func TestTamperingIsFound(t *testing.T) {
	const n = 12
	cases := []struct {
		name     string
		do       func(t *testing.T, db *store.DB)
		seq      uint64
		what     chain.What
		anchored bool // found only with an anchor
	}{
		{"an entry is changed", func(t *testing.T, db *store.DB) { edit(t, db, 7) }, 7, chain.Changed, false},
		{"an entry is changed with its hash", func(t *testing.T, db *store.DB) {
			digest := sha256.Sum256(edit(t, db, 7))
			mustExec(t, db, "UPDATE accesslog SET body_hash = $1 WHERE seq = 7", digest[:])
		}, 7, chain.Changed, false},
		{"a time is changed", func(t *testing.T, db *store.DB) { mustExec(t, db, "UPDATE accesslog SET at = at + 1 WHERE seq = 5") }, 5, chain.Changed, false},
		{"an entry is removed", func(t *testing.T, db *store.DB) { mustExec(t, db, "DELETE FROM accesslog WHERE seq = 4") }, 4, chain.Missing, false},
		{"an entry is removed and the rest renumbered", func(t *testing.T, db *store.DB) {
			mustExec(t, db, "DELETE FROM accesslog WHERE seq = 4")
			mustExec(t, db, "UPDATE accesslog SET seq = -(seq - 1) WHERE seq > 4")
			mustExec(t, db, renumber)
		}, 4, chain.Missing, false},
		{"an entry is inserted", func(t *testing.T, db *store.DB) {
			mustExec(t, db, "UPDATE accesslog SET seq = -(seq + 1) WHERE seq >= 6")
			mustExec(t, db, renumber)
			mustExec(t, db, "INSERT INTO accesslog (seq, at, body_hash, hash, body) SELECT 6, at, body_hash, hash, body FROM accesslog WHERE seq = 5")
		}, 5, chain.Inserted, false},
		{"neighbours are swapped", func(t *testing.T, db *store.DB) {
			mustExec(t, db, "UPDATE accesslog SET seq = CASE WHEN seq = 6 THEN -7 ELSE -6 END WHERE seq IN (6, 7)")
			mustExec(t, db, renumber)
		}, 6, chain.Reordered, false},
		{"the tail is cut off", func(t *testing.T, db *store.DB) { mustExec(t, db, "DELETE FROM accesslog WHERE seq > 9") }, 10, chain.CutOff, false},
		{"the tail is cut off and the head set back", func(t *testing.T, db *store.DB) {
			mustExec(t, db, "DELETE FROM accesslog WHERE seq > 9")
			mustExec(t, db, "UPDATE accesslog_head SET seq = 9, hash = (SELECT hash FROM accesslog WHERE seq = 9)")
		}, 10, chain.CutOff, true},
		{"everything is removed", func(t *testing.T, db *store.DB) {
			mustExec(t, db, "DELETE FROM accesslog")
			mustExec(t, db, "UPDATE accesslog_head SET seq = 0")
		}, 1, chain.CutOff, true},
		{"the chain is written anew", func(t *testing.T, db *store.DB) { edit(t, db, 7); rewrite(t, db, 7, n) }, n, chain.Rewritten, true},
		{"a body is erased and no entry tells of it", func(t *testing.T, db *store.DB) {
			mustExec(t, db, "UPDATE accesslog SET body = NULL WHERE seq = 3")
		}, 3, chain.Erased, false},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		l := openLog(t, db, &clock{at: day0})
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				mustExec(t, db, "DELETE FROM accesslog")
				mustExec(t, db, "UPDATE accesslog_head SET seq = 0, hash = $1", []byte{})
				links := hourly(t, l, n)
				if r := verify(t, l, chain.Anchor(links[n-1])); !r.Whole() {
					t.Fatalf("before: %v", r.Break)
				}
				c.do(t, db)
				if r := verify(t, l); r.Whole() != c.anchored {
					t.Errorf("without an anchor: %v", r.Break)
				}
				r := verify(t, l, chain.Anchor(links[n-1]))
				if r.Break == nil || r.Break.Seq != c.seq || r.Break.What != c.what {
					t.Errorf("break = %+v, want %s at %d", r.Break, c.what, c.seq)
				}
			})
		}
	})
}

func TestWhatFollowsAnAnchorIsProvenAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		l := openLog(t, db, &clock{at: day0})
		links := hourly(t, l, 10)
		edit(t, db, 2)
		if r, err := l.VerifyFrom(t.Context(), chain.Anchor(links[4])); err != nil || !r.Whole() || r.Entries != 5 || r.Last != 10 {
			t.Errorf("%+v, %v", r, err)
		}
		edit(t, db, 8)
		if r, err := l.VerifyFrom(t.Context(), chain.Anchor(links[4])); err != nil || r.Whole() || r.Break.Seq != 8 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

func TestAnErasedLogStaysProvable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c := &clock{at: day0.Add(100 * time.Hour)}
		l := openLog(t, db, c)
		links := hourly(t, l, 10)
		if n, err := l.Erase(t.Context(), day0.Add(6*time.Hour)); err != nil || n != 6 {
			t.Fatalf("erased %d, %v", n, err)
		}
		if n, err := l.Erase(t.Context(), day0.Add(6*time.Hour)); err != nil || n != 0 {
			t.Errorf("erased %d once more, %v", n, err)
		}
		r := verify(t, l, chain.Anchor(links[2]), chain.Anchor(links[9]))
		if !r.Whole() || r.Erased != 6 || r.Entries != 11 || r.Anchored != 10 {
			t.Errorf("%+v, %v", r, r.Break)
		}
		left, err := l.Recent(t.Context(), 100)
		if err != nil || len(left) != 5 || left[0].Kind != KindErasure || left[4].Officer != "officer-6" {
			t.Errorf("left: %+v, %v", left, err)
		}
		if n, err := l.Erase(t.Context(), c.now().Add(time.Hour)); err != nil || n != 4 {
			t.Errorf("erased %d older than a time to come, %v; want the four of them and no erasure of now", n, err)
		}
	})
}

func TestATimeOfTheLogIsExportedWithItsProof(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		c := &clock{at: day0.Add(100 * time.Hour)}
		l := openLog(t, db, c)
		links := hourly(t, l, 20)
		export := func(from, to int) string {
			t.Helper()
			var b bytes.Buffer
			err := l.Export(t.Context(), &b, day0.Add(time.Duration(from)*time.Hour), day0.Add(time.Duration(to)*time.Hour), "supervisor")
			if err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
		text := export(5, 10)
		r, err := VerifyExport(strings.NewReader(text), chain.Anchor(links[9]))
		if err != nil || !r.Whole() || r.First != 6 || r.Last != 10 || r.Entries != 5 || r.Anchored != 10 {
			t.Errorf("%+v, %v", r, err)
		}
		if !strings.Contains(text, `"officer":"officer-5"`) || strings.Contains(text, `"officer":"officer-10"`) {
			t.Error("the export holds other hours")
		}
		forged := strings.Replace(text, "officer-7", "officer-1", 1)
		if r, err := VerifyExport(strings.NewReader(forged)); err != nil || r.Whole() || r.Break.Seq != 8 {
			t.Errorf("forged: %+v, %v", r, err)
		}
		if r, err := VerifyExport(strings.NewReader(export(40, 50))); err != nil || !r.Whole() || r.Entries != 0 {
			t.Errorf("of hours without entries: %+v, %v", r, err)
		}
		if _, err := VerifyExport(strings.NewReader(strings.Replace(text, "access log", "journal", 1))); !errors.Is(err, chain.ErrNotExport) {
			t.Errorf("a booth's journal passes for it: %v", err)
		}
		got, err := l.Recent(t.Context(), 1)
		if err != nil || got[0].Kind != KindExport || got[0].Detail["recipient"] != "supervisor" {
			t.Errorf("the export is not logged: %+v, %v", got, err)
		}
	})
}
