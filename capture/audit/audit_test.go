package audit

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"os"
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

func TestAnEntryWithoutAKindIsRefused(t *testing.T) {
	db := openJournal(t)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if l, err := Append(t.Context(), tx, Entry{At: day0}); err == nil {
		t.Errorf("appended as %+v", l)
	}
}

// The file was exported by the first version of the journal, of six entries the first two
// erased.
func TestAJournalOfTheFirstVersionIsStillProven(t *testing.T) {
	f, err := os.Open("testdata/journal-v1.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	anchor := Anchor{Seq: 7, Hash: "d88945cdc65ebd0faf8fa6ea1d1e4540aaf7e991f06a3c4e1fa26163f20b0d57"}
	if r, err := VerifyExport(f, anchor); err != nil || !r.Whole() || r.Entries != 7 || r.Erased != 2 || r.Anchored != 7 {
		t.Errorf("report = %+v, %v", r, err)
	}
}

func TestAJournalIsErasedAndProvenAndExported(t *testing.T) {
	db := openJournal(t)
	e := Entry{Kind: KindOpened, At: day0, Booth: "b1", Officer: "o1", Detail: map[string]string{"epoch": "e"}}
	later := e
	later.At = day0.Add(time.Hour)
	appendEntries(t, db, e, later)
	through, due, err := Expired(t.Context(), db, later.At, later.At)
	if err != nil || through != 1 || !due {
		t.Fatalf("expired through %d, %t, %v", through, due, err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if n, err := Erase(t.Context(), tx, through, later.At, 10, Entry{At: later.At, Booth: "b1"}); err != nil || n != 1 {
		t.Fatalf("erased %d, %v", n, err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	head, err := Head(t.Context(), db)
	if err != nil || head.Seq != 3 {
		t.Fatalf("head = %+v, %v", head, err)
	}
	var b bytes.Buffer
	if err := Export(t.Context(), db, &b, 0, 0); err != nil {
		t.Fatal(err)
	}
	inFile, err := VerifyExport(&b, Anchor{Hash: head.Hash})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Report{verify(t, db, Anchor{Seq: 3, Hash: head.Hash}), inFile} {
		if !r.Whole() || r.Entries != 3 || r.Erased != 1 || r.Anchored != 3 {
			t.Errorf("report = %+v, %v", r, r.Break)
		}
	}
}

func verify(t testing.TB, db *sql.DB, anchors ...Anchor) *Report {
	t.Helper()
	r, err := Verify(context.Background(), db, anchors...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
