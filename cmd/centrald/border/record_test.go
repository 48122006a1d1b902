package border

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"image/png"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/cmd/centrald/border/person"
	"boothd/cmd/centrald/border/person/persontest"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/localmatch/gallery"
)

func TestARecordCountsOnceHoweverOftenItComes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, reopen func() *store.DB) {
		e, other := open(t, db, &persontest.People{}), open(t, reopen(), &persontest.People{})
		all := crossings(t, "entry 2026-05-01", "exit 2026-05-05", "entry 2026-05-10", "exit 2026-05-20 offline", "refusal 2026-05-30 H")
		var wg sync.WaitGroup
		for _, instance := range []*EES{e, other} { // that get all records three times, in any order
			for range 3 {
				shuffled := slices.Clone(all)
				rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
				wg.Go(func() {
					for _, c := range shuffled {
						err := instance.db.Tx(t.Context(), func(tx *sql.Tx) error { return instance.Record(t.Context(), tx, c) })
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
		file, err := e.fileByDocument(t.Context(), "P1234567", "UTO")
		if err != nil || file == "" {
			t.Fatalf("file %q, %v", file, err)
		}
		got, err := e.Records(t.Context(), file)
		if err != nil || len(got) != len(all) {
			t.Fatalf("%d records, %v, want %d", len(got), err, len(all))
		}
		for i, c := range got {
			want := all[i]
			if c.ID != want.ID || c.Kind != want.Kind || !c.At.Equal(want.At) || c.Booth != want.Booth || c.Place != want.Place ||
				c.Fallback != want.Fallback || c.Reason != want.Reason || !c.Uploaded.Equal(noon) {
				t.Errorf("record %d: %+v", i, c)
			}
		}
		var files int
		if err := db.QueryRow("SELECT count(*) FROM ees_file").Scan(&files); err != nil || files != 1 {
			t.Errorf("%d files, %v", files, err)
		}
	})
}

func TestARecordIsUndoneWithItsTransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		e := open(t, db, &persontest.People{})
		stop := errors.New("stop")
		err := db.Tx(t.Context(), func(tx *sql.Tx) error {
			return errors.Join(e.Record(t.Context(), tx, crossings(t, "entry 2026-05-01")[0]), stop)
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		if file, err := e.fileByDocument(t.Context(), "P1234567", "UTO"); err != nil || file != "" {
			t.Errorf("file %q, %v", file, err)
		}
		if n, err := e.Enrol(t.Context()); n != 0 || err != nil {
			t.Errorf("%d files waited, %v", n, err)
		}
	})
}

func TestNobodyCrossesAfterItWasReported(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		e := open(t, db, &persontest.People{})
		ahead := crossings(t, "entry 2027-06-01", "entry 2026-06-01")
		ahead[0].Uploaded = time.Date(2026, 6, 3, 9, 0, 0, 0, time.UTC)
		record(t, db, e, ahead...)
		file, err := e.fileByDocument(t.Context(), "P1234567", "UTO")
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Records(t.Context(), file)
		if err != nil || len(got) != 2 || !got[0].At.Equal(ahead[1].At) || !got[1].At.Equal(ahead[0].Uploaded) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestAFileIsOfItsEarliestCrossing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		p := &persontest.People{}
		e := open(t, db, p)
		all := crossings(t, "entry 2026-06-01", "entry 2026-05-01")
		all[0].ID, all[1].ID = "1", "2" // the later one was delivered first
		all[0].Name = "MORVANESCU, D"
		record(t, db, e, all[0])
		all[1].Fingers = []*capture.Finger{picture(t, 1)}
		record(t, db, e, all[1])
		enrolled(t, e)
		file, err := e.fileByDocument(t.Context(), "P1234567", "UTO")
		if err != nil {
			t.Fatal(err)
		}
		entry, err := p.Get(t.Context(), file)
		if err != nil || entry == nil || !slices.Equal(entry.Names, []string{all[1].Name}) {
			t.Errorf("entry of %+v, %v", entry, err)
		}
	})
}

func TestTwoBoothsMayGiveTheSameID(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		e := open(t, db, &persontest.People{})
		all := crossings(t, "entry 2026-06-01", "exit 2026-06-02")
		all[1].ID, all[1].Booth = all[0].ID, "gate-2"
		record(t, db, e, all...)
		if r, err := e.Ask(t.Context(), byDocument); err != nil || r.Facts[1].Value != "outside" {
			t.Errorf("%q, %v", said(r), err)
		}
	})
}

func TestWhatIsNoCrossingIsNotRecorded(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir()+"/ees.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	e := open(t, db, &persontest.People{})
	long := strings.Repeat("X", 300)
	for name, change := range map[string]func(*Crossing){
		"without an id":                func(c *Crossing) { c.ID = "" },
		"with an id too long":          func(c *Crossing) { c.ID = long },
		"of a place too long":          func(c *Crossing) { c.Place = long },
		"of no kind":                   func(c *Crossing) { c.Kind = "stay" },
		"of a place that is no text":   func(c *Crossing) { c.Place = "Nar\x00va" },
		"without a time":               func(c *Crossing) { c.At = time.Time{} },
		"of the year 3000":             func(c *Crossing) { c.At = time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"without a document":           func(c *Crossing) { c.Document.Number = "<<<" },
		"of a document without issuer": func(c *Crossing) { c.Document.Issuer = "" },
		"of a number too long":         func(c *Crossing) { c.Document.Number = long },
		"refused for no known reason":  func(c *Crossing) { c.Reason = "Z" },
	} {
		t.Run(name, func(t *testing.T) {
			c := crossings(t, "entry 2026-06-01")[0]
			change(&c)
			err := db.Tx(t.Context(), func(tx *sql.Tx) error { return e.Record(t.Context(), tx, c) })
			if !errors.Is(err, ErrInvalid) {
				t.Errorf("error = %v", err)
			}
			if err != nil && (strings.Contains(err.Error(), "P1234567") || strings.Contains(err.Error(), "DARIVA")) {
				t.Errorf("the error tells who: %v", err)
			}
		})
	}
	if err := e.Put(t.Context(), File{}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a file without an id: %v", err)
	}
}

// picture is a finger of a synthetic traveller as a booth takes it.
func picture(t testing.TB, traveller int) *capture.Finger {
	t.Helper()
	img := synthetic.New(traveller).Finger(2)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return &capture.Finger{Position: 2, PNG: b.Bytes(), Width: img.Rect.Dx(), Height: img.Rect.Dy(), DPI: synthetic.FingerDPI}
}

func TestEnrolmentGivesAFileItsIdentityPart(t *testing.T) {
	hers := []*capture.Finger{picture(t, 1)}
	unread := []*capture.Finger{pressed("no picture")}
	middle := *hers[0]
	middle.Position = 3
	for _, tt := range []struct {
		name    string
		change  func(first, later *Crossing)
		fingers int
		names   []string
		born    []string
		puts    int
	}{
		{"by the record that creates it", func(first, _ *Crossing) { first.Fingers = hers }, 1, []string{"MORVANESCU, DARIVA"}, []string{"1990-04-05"}, 1},
		{"and a finger by a later entry", func(_, later *Crossing) { later.Fingers = hers }, 1, []string{"MORVANESCU, DARIVA"}, []string{"1990-04-05"}, 1},
		{"where a finger of the first entry stays", func(first, later *Crossing) { first.Fingers, later.Fingers = hers, unread },
			1, []string{"MORVANESCU, DARIVA"}, []string{"1990-04-05"}, 1},
		{"with all fingers that can be read", func(first, _ *Crossing) { first.Fingers = []*capture.Finger{hers[0], unread[0], &middle} },
			2, []string{"MORVANESCU, DARIVA"}, []string{"1990-04-05"}, 1},
		{"without a finger that cannot be read", func(first, _ *Crossing) { first.Fingers = unread },
			0, []string{"MORVANESCU, DARIVA"}, []string{"1990-04-05"}, 1},
		{"without what no entry may hold", func(first, later *Crossing) { first.BirthDate, first.Name, first.Sex = "yesterday", "A\x00B", "X" }, 0, nil, nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, err := store.Open(t.Context(), t.TempDir()+"/ees.db")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			p := &persontest.People{}
			e := open(t, db, p)
			all := crossings(t, "entry 2026-05-01", "entry 2026-06-01")
			all[0].ID, all[1].ID = "1", "2"
			tt.change(&all[0], &all[1])
			record(t, db, e, all...)
			if n, err := e.Enrol(t.Context()); n != 1 || err != nil {
				t.Fatalf("%d files enrolled, %v", n, err)
			}
			file, err := e.fileByDocument(t.Context(), "P1234567", "UTO")
			if err != nil {
				t.Fatal(err)
			}
			entry, err := p.Get(t.Context(), file)
			if err != nil || entry == nil {
				t.Fatalf("entry %v, %v", entry, err)
			}
			if len(entry.Fingers) != tt.fingers || !slices.Equal(entry.Names, tt.names) || !slices.Equal(entry.BirthDates, tt.born) {
				t.Errorf("%d fingers, names %q, born %q", len(entry.Fingers), entry.Names, entry.BirthDates)
			}
			if p.Puts() != tt.puts {
				t.Errorf("%d puts", p.Puts())
			}
			if err := entry.Validate(); err != nil {
				t.Error(err)
			}
			var waiting int
			if err := db.QueryRow("SELECT count(*) FROM ees_pending").Scan(&waiting); err != nil || waiting != 0 {
				t.Errorf("%d records are still waiting, %v", waiting, err)
			}
		})
	}
}

func TestEnrolmentIsTriedAgainAndSharedByInstances(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, reopen func() *store.DB) {
		p := &persontest.People{Err: errors.New("out of order")}
		e, other := open(t, db, p), open(t, reopen(), p)
		const files = 20
		for i := range files {
			c := crossings(t, "entry 2026-06-01")[0]
			c.Document.Number = "P" + strings.Repeat("7", i)
			c.ID = c.Document.Number
			record(t, db, e, c)
		}
		if n, err := e.Enrol(t.Context()); n != 0 || !errors.Is(err, p.Err) {
			t.Fatalf("%d files enrolled, %v", n, err)
		}
		p.Err = nil
		later := func() time.Time { return noon.Add(enrolWithin + time.Second) }
		e.now, other.now = later, later
		var wg sync.WaitGroup
		var mu sync.Mutex
		total := 0
		for _, instance := range []*EES{e, other, e, other} {
			wg.Go(func() {
				n, err := instance.Enrol(t.Context())
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				total += n
			})
		}
		wg.Wait()
		if total != files || p.Puts() != files {
			t.Errorf("%d files enrolled with %d puts, want %d", total, p.Puts(), files)
		}
	})
}

func TestAFileOfAnInstanceThatDiedIsEnrolledByAnother(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		e := open(t, db, &persontest.People{})
		record(t, db, e, crossings(t, "entry 2026-06-01")...)
		if file, _, err := e.claim(t.Context()); file == "" || err != nil {
			t.Fatalf("claimed %q, %v", file, err)
		}
		if n, err := e.Enrol(t.Context()); n != 0 || err != nil {
			t.Errorf("%d files enrolled while another instance has them, %v", n, err)
		}
		e.now = func() time.Time { return noon.Add(enrolWithin + time.Second) }
		if n, err := e.Enrol(t.Context()); n != 1 || err != nil {
			t.Errorf("%d files enrolled after it is taken for dead, %v", n, err)
		}
	})
}

func TestRunEnrolsUntilItsContextEnds(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir()+"/ees.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	e := open(t, db, &persontest.People{})
	put := make(chan string, 2)
	e.enrol = func(_ context.Context, entries ...gallery.Entry) error {
		put <- entries[0].ID
		return nil
	}
	all := crossings(t, "entry 2026-06-01", "entry 2026-06-02")
	all[1].Document.Number = "P7654321"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	record(t, db, e, all[0])
	wg.Go(func() { e.Run(ctx) })
	for i := range all { // one that waited, and one that comes while it runs
		if i > 0 {
			record(t, db, e, all[i])
		}
		select {
		case file := <-put:
			if want, err := e.fileByDocument(ctx, all[i].Document.Number, "UTO"); err != nil || file != want {
				t.Errorf("file %q was enrolled, want %q, %v", file, want, err)
			}
		case <-ctx.Done():
			t.Fatal("not enrolled")
		}
	}
}

func TestDaysAreThoseOfTheCrossingPoint(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir()+"/ees.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	e := open(t, db, &persontest.People{})
	e.location = time.FixedZone("EEST", 3*60*60)
	e.now = func() time.Time { return time.Date(2026, 6, 15, 22, 0, 0, 0, time.UTC) } // the 16th there
	all := crossings(t, "entry 2026-06-01")
	all[0].At = time.Date(2026, 5, 31, 22, 0, 0, 0, time.UTC) // the 1st there
	record(t, db, e, all...)
	r, err := e.Ask(t.Context(), byDocument)
	want := []string{"no_hit", "file=not_verified", "presence=inside", "entered=2026-06-01", "days_left=74", "leave_by=2026-08-29"}
	if got := said(r); err != nil || !slices.Equal(got, want) {
		t.Errorf("got  %q, %v\nwant %q", got, err, want)
	}
}

func TestADamagedRecordKeepsNoOtherFileFromBeingEnrolled(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir()+"/ees.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	e := open(t, db, &persontest.People{})
	if _, err := db.Exec("INSERT INTO ees_pending (booth, id, file, data) VALUES ('b', 'r', ' first', 'P1234567')"); err != nil {
		t.Fatal(err)
	}
	record(t, db, e, crossings(t, "entry 2026-06-01")...)
	n, err := e.Enrol(t.Context())
	if n != 1 || err == nil || strings.Contains(err.Error(), "P1234567") {
		t.Errorf("%d files enrolled, %v", n, err)
	}
}

func TestAFingerThatIsRefusedDoesNotKeepTheFileFromBeingFound(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir()+"/ees.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p := &persontest.People{}
	e := open(t, db, p)
	put := e.enrol
	e.enrol = func(ctx context.Context, entries ...gallery.Entry) error {
		if len(entries[0].Fingers) > 0 {
			return errors.New("too few minutiae")
		}
		return put(ctx, entries...)
	}
	c := crossings(t, "entry 2026-06-01")[0]
	c.Fingers = []*capture.Finger{picture(t, 1)}
	record(t, db, e, c)
	enrolled(t, e)
	if p.Puts() != 1 {
		t.Errorf("%d puts", p.Puts())
	}
}

func TestCrossingsAreMadeOfWhatBoothsReport(t *testing.T) {
	zone := func(lines []string) *capture.Document {
		z, err := mrz.Parse(lines, noon)
		if err != nil {
			t.Fatal(err)
		}
		return &capture.Document{Zone: z}
	}
	adult, child := synthetic.New(1), synthetic.New(4)
	hers := picture(t, 1)
	outcome := func() *capture.Record {
		return &capture.Record{
			ID: "r1", Kind: capture.RecordOutcome, Check: "c1", Booth: "gate-1", At: noon, Offline: true,
			Evidence: []capture.Evidence{
				{Document: zone(adult.MRZ)}, {Finger: hers}, {Finger: &capture.Finger{Missing: capture.MissingTemporary}},
			},
		}
	}
	disposition := func(direction capture.Direction, decision capture.Outcome) *capture.Record {
		return &capture.Record{
			ID: "r2", Kind: capture.RecordDisposition, Check: "c1", Booth: "gate-1", Place: "Narva", Direction: direction, At: noon,
			Disposition: &capture.Disposition{Decision: decision, Why: "H: alert", At: noon.Add(time.Minute)},
		}
	}
	for _, tt := range []struct {
		name      string
		direction capture.Direction
		decision  capture.Outcome
		change    func(outcome, disposition *capture.Record)
		kind      Kind // none if nothing was crossed
		finger    bool
		reason    Reason
	}{
		{"who is cleared on entry has entered", capture.DirectionEntry, capture.OutcomeClear, nil, KindEntry, true, ""},
		{"who is cleared on exit has left", capture.DirectionExit, capture.OutcomeClear, nil, KindExit, true, ""},
		{"who is stopped on entry is refused", capture.DirectionEntry, capture.OutcomeStop, nil, KindRefusal, true, "H"},
		{"who is stopped on exit has not left", capture.DirectionExit, capture.OutcomeStop, nil, "", false, ""},
		{"who is referred has not crossed", capture.DirectionEntry, capture.OutcomeRefer, nil, "", false, ""},
		{"a booth without direction knows no crossing", "", capture.OutcomeClear, nil, "", false, ""},
		{"the direction may stand in the outcome's record", "", capture.OutcomeClear,
			func(o, _ *capture.Record) { o.Direction = capture.DirectionExit }, KindExit, true, ""},
		{"without a document there is no file", capture.DirectionEntry, capture.OutcomeClear,
			func(o, _ *capture.Record) { o.Evidence = o.Evidence[1:] }, "", false, ""},
		{"citizens of exempt states have no file", capture.DirectionEntry, capture.OutcomeClear,
			func(o, _ *capture.Record) { o.Evidence[0].Document.Zone.Nationality = "D" }, "", false, ""},
		{"no finger of a child is kept", capture.DirectionEntry, capture.OutcomeClear,
			func(o, _ *capture.Record) { o.Evidence[0].Document = zone(child.MRZ) }, KindEntry, false, ""},
		{"nor of somebody who may be a child by a birth date known in part", capture.DirectionEntry, capture.OutcomeClear,
			func(o, _ *capture.Record) {
				o.Evidence[0].Document.Zone.BirthDate = mrz.Date{Year: noon.Year() - person.FingersFrom}
			}, KindEntry, false, ""},
		{"a passport goes before a visa that was read later", capture.DirectionEntry, capture.OutcomeClear,
			func(o, _ *capture.Record) {
				o.Evidence = append(o.Evidence, capture.Evidence{Document: zone(synthetic.New(7).MRZ)})
			}, KindEntry, true, ""},
		{"records of two checks make no crossing", capture.DirectionEntry, capture.OutcomeClear,
			func(_, d *capture.Record) { d.Check = "c2" }, "", false, ""},
		{"a record without a disposition makes no crossing", capture.DirectionEntry, capture.OutcomeClear,
			func(_, d *capture.Record) { d.Disposition = nil }, "", false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, err := store.Open(t.Context(), t.TempDir()+"/ees.db")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			e := open(t, db, &persontest.People{})
			o, d := outcome(), disposition(tt.direction, tt.decision)
			if tt.change != nil {
				tt.change(o, d)
			}
			c, ok := e.CrossingOf(o, d)
			if ok != (tt.kind != "") {
				t.Fatalf("crossing: %t", ok)
			}
			if !ok {
				return
			}
			if c.Kind != tt.kind || (len(c.Fingers) > 0) != tt.finger || c.Reason != tt.reason {
				t.Errorf("kind %s, finger %t, reason %q", c.Kind, len(c.Fingers) > 0, c.Reason)
			}
			if want := o.Evidence[0].Document.Zone.DocumentNumber; c.Document.Number != want {
				t.Error("the crossing is of another document")
			}
			if c.ID != "r2" || c.Booth != "gate-1" || c.Place != "Narva" || !c.At.Equal(noon.Add(time.Minute)) || !c.Fallback {
				t.Errorf("crossing %+v", c)
			}
		})
	}
}

func TestReasonsForRefusal(t *testing.T) {
	for why, want := range map[string]Reason{
		"": "", "H": "H", " F: used up": "F", "C) no visa": "C", "A man without papers": "", "H - alert": "", "Z": "", "é": "", "h": "",
	} {
		if got := ReasonOf(why); got != want {
			t.Errorf("%q gives %q, want %q", why, got, want)
		}
	}
}

func FuzzReasonOf(f *testing.F) {
	for _, s := range []string{"", "H", "F: used up", "A man", "é:", "\x00)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if r := ReasonOf(s); r != "" && (r.Meaning() == "" || !strings.HasPrefix(strings.TrimSpace(s), string(r))) {
			t.Errorf("%q gives %q", s, r)
		}
	})
}

func TestNothingOfTheTravellerReachesALog(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, nil))
	c := crossings(t, "entry 2026-06-01")[0]
	log.Info("crossing", "crossing", c)
	if strings.Contains(b.String(), "P1234567") || strings.Contains(b.String(), "DARIVA") {
		t.Errorf("logged: %s", b.String())
	}
}

func TestOfEachFingerTheLastPictureIsEnrolled(t *testing.T) {
	taken := func(position capture.FingerPosition, picture string) capture.Evidence {
		return capture.Evidence{Finger: &capture.Finger{Position: position, PNG: []byte(picture)}}
	}
	missing := capture.Evidence{Finger: &capture.Finger{Position: 4, Missing: capture.MissingTemporary}}
	var got []string
	for _, f := range lastFingers([]capture.Evidence{taken(3, "middle"), taken(2, "smeared"), missing, taken(2, "index"), {Face: &capture.Face{}}}) {
		got = append(got, string(f.PNG))
	}
	if want := []string{"index", "middle"}; !slices.Equal(got, want) {
		t.Errorf("enrolled %q, want %q", got, want)
	}
}
