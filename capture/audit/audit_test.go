package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/devices"
	"boothd/internal/sqlite"
)

var testSchema = sqlite.Schema{ApplicationID: 0x424f5458, Migrations: []string{Schema}}

var day0 = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

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
		l, err := Append(context.Background(), tx, e)
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, l)
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
		entries[i] = Entry{Kind: KindListApplied, At: day0.Add(time.Duration(i) * time.Hour), Booth: "b1",
			Detail: map[string]string{"list": "sltd", "version": fmt.Sprint(i)}}
	}
	return entries
}

func verify(t testing.TB, db *sql.DB, anchors ...Anchor) *Report {
	t.Helper()
	r, err := Verify(context.Background(), db, anchors...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// marked fills every string, byte slice and map of v with the marker.
func marked(v reflect.Value, marker string) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		marked(v.Elem(), marker)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				marked(v.Field(i), marker)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(marker))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		marked(v.Index(0), marker)
	case reflect.String:
		v.SetString(marker)
	}
}

func TestEntryOfARecordHoldsNothingOfTheTraveller(t *testing.T) {
	const traveller = "TRAVELLER"
	r := &capture.Record{ID: "r1", Kind: capture.RecordOutcome, Check: "c1", Booth: "b1", At: day0,
		Officer: capture.Officer{ID: "o1", Profile: capture.Profile{Name: "first line", Purpose: "entry", LegalBasis: "2016/399 Art 8"}},
		Asked:   []capture.Asked{{Evidence: "document-1", Source: "local", Systems: []string{"SIS"}, At: day0}},
	}
	var doc capture.Document
	var face capture.Face
	var finger capture.Finger
	var finding capture.Finding
	for _, v := range []any{&doc, &face, &finger, &finding} {
		marked(reflect.ValueOf(v), traveller)
	}
	finger.Missing = capture.MissingTemporary
	r.Evidence = []capture.Evidence{
		{ID: "document-1", At: day0, Document: &doc, Device: devices.Info{Serial: traveller}},
		{ID: "face-1", At: day0, Face: &face},
		{ID: "finger-1", At: day0, Finger: &finger},
	}
	r.Answers = []capture.Answer{{Evidence: "document-1", Modality: capture.ModalityDocument, System: "SIS", Source: "local",
		List: "sis-persons", Version: 7, State: capture.StateHit, Reason: traveller, Findings: []capture.Finding{finding}}}
	r.Recommendation = &capture.Recommendation{Outcome: capture.OutcomeStop,
		Reasons: []capture.Reason{{Outcome: capture.OutcomeStop, Code: "hit", System: "SIS", Text: traveller}}}
	r.Disposition = &capture.Disposition{Decision: capture.OutcomeStop, Why: traveller, Officer: "o1", At: day0}

	plain, err := Plaintext(r)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(plain), traveller) {
		t.Fatal("the record itself holds no marker: the test shows nothing")
	}
	db := openJournal(t)
	appendEntries(t, db, OfRecord(r, Commit(plain)))
	var body string
	if err := db.QueryRow("SELECT body FROM journal").Scan(&body); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(body, traveller) {
		t.Errorf("the journal holds the traveller: %s", body)
	}
	for _, want := range []string{`"officer":"o1"`, `"purpose":"entry"`, `"legal_basis":"2016/399 Art 8"`, `"profile":"first line"`,
		`"systems":["SIS"]`, `"state":"hit"`, `"version":7`, `"outcome":"stop"`, `"decision":"stop"`, `"missing":"temporary"`, Commit(plain)} {
		if !strings.Contains(body, want) {
			t.Errorf("the journal does not tell %s", want)
		}
	}
}

func TestPlaintextIsTheRecordAndCommitsToNothingGuessable(t *testing.T) {
	r := &capture.Record{ID: "r1", Check: "c1", Evidence: []capture.Evidence{{ID: "document-1", Document: &capture.Document{Zone: mrz.Zone{}}}}}
	one, err := Plaintext(r)
	if err != nil {
		t.Fatal(err)
	}
	var back capture.Record
	if err := json.Unmarshal(one, &back); err != nil {
		t.Fatal(err)
	}
	if back.ID != r.ID || back.Check != r.Check || len(back.Evidence) != 1 {
		t.Errorf("the record came back as %+v", &back)
	}
	two, err := Plaintext(r)
	if err != nil {
		t.Fatal(err)
	}
	if Commit(one) == Commit(two) {
		t.Error("the same record has the same commitment twice: it could be guessed")
	}
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
	for r, err := range readRows(t.Context(), db, 1, 1<<62) {
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
		all[i].hash = all[i].link(prev)
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
		"no kind":  {At: day0},
		"too long": {Kind: KindBegun, Detail: map[string]string{"x": strings.Repeat("x", MaxBody)}},
		"no time":  {Kind: KindBegun, At: time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if l, err := Append(t.Context(), tx, e); err == nil {
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
			entries = append(entries, Entry{Kind: KindOpened, At: day0.Add(time.Duration(d) * 24 * time.Hour)})
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
			through, due, err := Expired(t.Context(), db, day0.Add(10*24*time.Hour), now)
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
		through, due, err := Expired(t.Context(), db, before, now)
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
		n, err := Erase(t.Context(), tx, through, before, limit, Entry{At: now, Booth: "b1"})
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		total += n
	}
}
