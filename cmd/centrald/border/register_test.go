package border

import (
	"bytes"
	"image/png"
	"slices"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/cmd/centrald/register"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/system"
)

// laid is the right index finger of a synthetic traveller, laid another time than picture.
func laid(t testing.TB, traveller int) *capture.Finger {
	t.Helper()
	img := synthetic.New(traveller).Press(2, synthetic.Press{X: -14, Y: 9, Turn: 8, Area: 0.95, Pressure: 0.1, Seed: 3})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return &capture.Finger{Position: 2, PNG: b.Bytes(), Width: img.Rect.Dx(), Height: img.Rect.Dy(), DPI: synthetic.FingerDPI}
}

// TestATravellerFromTheFirstEntryOn goes the whole way with a real register: a booth's
// records, their enrolment, and questions by everything that finds a file.
func TestATravellerFromTheFirstEntryOn(t *testing.T) {
	z, err := mrz.Parse(synthetic.New(1).MRZ, noon)
	if err != nil {
		t.Fatal(err)
	}
	outcome := &capture.Record{
		ID: "r1", Check: "c1", Booth: "gate-1", At: noon,
		Evidence: []capture.Evidence{{Document: &capture.Document{Zone: z}}, {Finger: picture(t, 1)}},
	}
	disposition := &capture.Record{
		ID: "r2", Check: "c1", Booth: "gate-1", Place: "Narva", Direction: capture.DirectionEntry, At: noon,
		Disposition: &capture.Disposition{Decision: capture.OutcomeClear, At: at(t, "2026-06-01")},
	}
	document := system.Question{
		System: system.EES, DocumentNumber: z.DocumentNumber, DocumentType: z.DocumentCode, Issuer: z.Issuer,
		Surname: z.Surname, GivenNames: z.GivenNames, BirthDate: z.BirthDate.ISO(), Sex: z.Sex, Nationality: z.Nationality,
	}
	with := func(change func(*system.Question)) system.Question {
		q := document
		change(&q)
		return q
	}
	facts := []string{"presence=inside", "entered=2026-06-01", "days_left=75", "leave_by=2026-08-29"}
	hers, anothers := laid(t, 1), laid(t, 12)
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		now := func() time.Time { return noon }
		people, err := register.Open(t.Context(), db, register.Options{System: system.EES, Secret: secret, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		e, err := Open(t.Context(), db, Options{People: people, Enrol: people.Put, Secret: secret, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		ask := func(name string, q system.Question, want ...string) {
			t.Helper()
			r, err := e.Ask(t.Context(), q)
			if got := said(r); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s:\ngot  %q %s, %v\nwant %q", name, got, r.Reason, err, want)
			}
		}
		ask("before the first entry", document, "no_hit", "file=none")
		c, ok := e.CrossingOf(outcome, disposition)
		if !ok {
			t.Fatal("no crossing")
		}
		record(t, db, e, c)
		ask("before the file is enrolled", document, slices.Concat([]string{"no_hit", "file=not_verified"}, facts)...)
		enrolled(t, e)
		ask("by the document", document, slices.Concat([]string{"no_hit", "file=not_verified"}, facts)...)
		ask("by document and finger", with(func(q *system.Question) { q.Finger = hers }),
			slices.Concat([]string{"no_hit", "file=verified"}, facts)...)
		ask("by the document and another's finger", with(func(q *system.Question) { q.Finger = anothers }),
			slices.Concat([]string{"possible", "file=not_verified"}, facts, []string{"possible document_number not verified"})...)
		ask("by the finger", system.Question{System: system.EES, Finger: hers},
			slices.Concat([]string{"no_hit", "file=verified"}, facts)...)
		ask("by another's finger", system.Question{System: system.EES, Finger: anothers}, "no_hit", "file=none")
		ask("by the finger with a new passport in another name", system.Question{
			System: system.EES, DocumentNumber: "NEW123456", Issuer: "UTO", Surname: "OTHERNAME", BirthDate: "1980-01-01", Finger: hers,
		}, slices.Concat([]string{"possible", "file=verified"}, facts, []string{"possible finger file under another document"})...)
		ask("by the name with a new passport", with(func(q *system.Question) { q.DocumentNumber = "NEW123456" }),
			"possible", "file=not_verified", "possible name perhaps this person's file")
		ask("with a finger that shows nothing", with(func(q *system.Question) { q.Finger = pressed("no picture") }),
			slices.Concat([]string{"unavailable", "file=not_verified"}, facts)...)
	})
}
