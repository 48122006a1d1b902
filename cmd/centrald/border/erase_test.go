package border

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/cmd/centrald/border/person/persontest"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/localmatch/gallery"
)

// lawful is what Regulation (EU) 2017/2226 Art 34 says, on a day.
func lawful(t testing.TB, today string) Until {
	now := at(t, today)
	return Until{Closed: now.AddDate(-3, 0, 0), Overstay: now.AddDate(-5, 0, 0)}
}

func TestRecordsAreErasedWhenTheirTimeHasCome(t *testing.T) {
	for _, test := range []struct {
		name    string
		records string // in their order, separated by commas
		today   string
		left    string // "gone" if the file is
	}{
		{"on the last day", "entry 2020-03-01, exit 2020-03-10", "2023-03-10", "entry 2020-03-01, exit 2020-03-10"},
		{"the last stay, which the file outlives by no record", "entry 2020-03-01, exit 2020-03-10", "2023-03-11", "entry 2020-03-01, exit 2020-03-10"},
		{"the file, a day later", "entry 2020-03-01, exit 2020-03-10", "2023-03-12", "gone"},
		{"a stay beside a later one", "entry 2020-03-01, exit 2020-03-10, entry 2021-01-01, exit 2021-01-05", "2023-03-11", "entry 2021-01-01, exit 2021-01-05"},
		{"a refusal", "refusal 2020-03-10 H", "2023-03-12", "gone"},
		{"a refusal beside a later stay", "refusal 2020-03-10 H, entry 2022-01-01", "2023-03-11", "entry 2022-01-01"},
		{"an entry without an exit, after three years", "entry 2020-03-01", "2024-01-01", "entry 2020-03-01"},
		{"on the last of the five years after its last lawful day", "entry 2020-03-01", "2025-05-29", "entry 2020-03-01"},
		{"and after them", "entry 2020-03-01", "2025-05-31", "gone"},
		{"a stay that was extended", "entry 2020-03-01 until=2020-12-31", "2025-05-31", "entry 2020-03-01 until=2020-12-31"},
		{"an exit that was not recorded", "entry 2020-03-01, entry 2021-06-01, exit 2021-06-10", "2024-06-12", "entry 2020-03-01"},
		{"an entry that was not recorded", "exit 2020-03-01, entry 2022-06-01", "2023-03-02", "entry 2022-06-01"},
		{"an entry that was recorded twice", "entry 2020-03-01, entry 2020-03-01 offline, exit 2020-03-10, entry 2022-06-01", "2023-03-11", "entry 2022-06-01"},
		{"a traveller who is here", "entry 2026-06-01", "2026-06-15", "entry 2026-06-01"},
	} {
		t.Run(test.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
				p := &persontest.People{}
				e := open(t, db, p)
				record(t, db, e, crossings(t, strings.Split(test.records, ", ")...)...)
				enrolled(t, e)
				file, err := e.fileByDocument(t.Context(), "P1234567", "UTO")
				if err != nil || file == "" {
					t.Fatalf("file %q, %v", file, err)
				}
				n, err := e.Erase(t.Context(), lawful(t, test.today))
				if want := 1; err != nil || (n == want) != (test.left != test.records) {
					t.Errorf("%d files changed, %v", n, err)
				}
				left, err := e.Records(t.Context(), file)
				if err != nil {
					t.Fatal(err)
				}
				var words []string
				for _, c := range left {
					words = append(words, c.ID)
				}
				entry, err := p.Get(t.Context(), file)
				if err != nil || (entry == nil) != (test.left == "gone") {
					t.Errorf("identity part %v, %v", entry, err)
				}
				if test.left != "gone" {
					if got := strings.Join(words, ", "); got != test.left {
						t.Errorf("left %q, want %q", got, test.left)
					}
					return
				}
				for _, table := range []string{"ees_file", "ees_document", "ees_crossing", "ees_pending"} {
					var rows int
					if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&rows); err != nil || rows != 0 {
						t.Errorf("%d rows of %s are left, %v", rows, table, err)
					}
				}
			})
		})
	}
}

func TestErasingGoesOnWhereItWasCutOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := &persontest.People{}
		e := open(t, db, p)
		record(t, db, e, crossings(t, "entry 2020-03-01", "exit 2020-03-10")...)
		enrolled(t, e)
		file, err := e.fileByDocument(t.Context(), "P1234567", "UTO")
		if err != nil {
			t.Fatal(err)
		}
		cut := errors.New("cut off")
		p.Err = cut
		if _, err := e.Erase(t.Context(), lawful(t, "2023-04-01")); !errors.Is(err, cut) {
			t.Fatalf("%v", err)
		}
		p.Err = nil
		record(t, db, e, crossings(t, "entry 2023-03-31")...) // the same person, meanwhile
		enrolled(t, e)
		if _, err := e.Erase(t.Context(), lawful(t, "2023-04-01")); err != nil {
			t.Fatal(err)
		}
		if entry, err := p.Get(t.Context(), file); err != nil || entry != nil {
			t.Errorf("the old file's identity part: %v, %v", entry, err)
		}
		fresh, err := e.fileByDocument(t.Context(), "P1234567", "UTO")
		if err != nil || fresh == "" || fresh == file {
			t.Fatalf("file %q, %v", fresh, err)
		}
		if entry, err := p.Get(t.Context(), fresh); err != nil || entry == nil {
			t.Errorf("the new file's identity part: %v, %v", entry, err)
		}
	})
}

func TestManyFilesAreErasedAndThoseWithoutRecords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := &persontest.People{}
		now := at(t, "2020-03-01")
		e, err := Open(t.Context(), db, Options{People: p, Enrol: p.Put, Remove: p.Remove, Secret: secret, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		var files []File
		var ids []string
		for i := range eraseAtOnce + 20 {
			id := time.Duration(i).String()
			f := File{Entry: gallery.Entry{ID: id, Documents: []gallery.DocumentNumber{{Number: "X" + id, Issuer: "UTO"}}}}
			switch {
			case i%3 == 1: // no records
			case i%10 == 0: // kept
				ids = append(ids, id)
				f.Records = crossings(t, "entry 2022-06-01", "exit 2022-06-02")
			default:
				f.Records = crossings(t, "entry 2020-02-01", "exit 2020-02-02")
			}
			for j := range f.Records {
				f.Records[j].ID += id
			}
			files = append(files, f)
		}
		if err := e.Put(t.Context(), files...); err != nil {
			t.Fatal(err)
		}
		if n, err := e.Erase(t.Context(), lawful(t, "2023-03-05")); err != nil || n != len(files)-len(ids) {
			t.Errorf("%d files changed, %v; want %d", n, err, len(files)-len(ids))
		}
		var left []string
		for i := range files {
			if entry, err := p.Get(t.Context(), files[i].Entry.ID); err != nil {
				t.Fatal(err)
			} else if entry != nil {
				left = append(left, entry.ID)
			}
		}
		if !slices.Equal(left, ids) {
			t.Errorf("left %v, want %v", left, ids)
		}
	})
}
