package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/store/storetest"
	"boothd/sync/grant"
	"boothd/sync/system"
)

var (
	inspector = Who{Officer: "inspector", Profile: "police"}
	colleague = Who{Officer: "colleague", Profile: "police"}
)

var errGrant = errors.New("grant used already")

// grants takes each text that begins with "grant" once.
type grants struct {
	before func() // each use, if set
	mu     sync.Mutex
	used   map[string]grant.Want
	over   map[string]bool // ids of those that count no more
}

func (g *grants) Use(_ context.Context, text string, want grant.Want) (string, error) {
	if g.before != nil {
		g.before()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, used := g.used[text]; used || !strings.HasPrefix(text, "grant") {
		return "", errGrant
	}
	g.used[text] = want
	return "id of " + text, nil
}

func (g *grants) GiveBack(_ context.Context, text string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.used, text)
	return nil
}

func (g *grants) StillCounts(id string) error {
	if g.over[id] {
		return grant.ErrRevoked
	}
	return nil
}

// full is a system that can be asked in full.
type full struct {
	mu    sync.Mutex
	reply system.Reply
	err   error
	asked []system.Question
}

func (s *full) Ask(ctx context.Context, q system.Question) (system.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, q)
	return s.reply, errors.Join(s.err, ctx.Err())
}

// bench is everything that cases need.
type bench struct {
	now    *clock
	cir    *CIR
	people *people
	grants *grants
	vis    *full
	mu     sync.Mutex
	steps  []Step
	logErr error
	may    map[string][]system.Field // by system
}

func newBench(t *testing.T, db *store.DB) *bench {
	b := &bench{now: newClock(), people: newPeople(), grants: &grants{used: map[string]grant.Want{}},
		vis: &full{reply: system.Reply{State: capture.StateHit, Findings: []capture.Finding{{Entry: "vis-1", State: capture.StateHit}}}}, may: map[string][]system.Field{}}
	for _, name := range flaggable {
		b.may[name] = system.Allowed(name)
	}
	b.cir = openCIR(t, db, b.people, Options{Now: b.now.now})
	must(t, b.cir.Put(t.Context(), anna()))
	return b
}

func (b *bench) open(t *testing.T, db *store.DB) *Cases {
	t.Helper()
	c, err := OpenCases(t.Context(), db, CaseOptions{
		Holder: b.cir, Grants: b.grants, Now: b.now.now, Systems: map[string]system.Adapter{system.VIS: b.vis},
		May: func(_, name string) ([]system.Field, bool) {
			fields, ok := b.may[name]
			return fields, ok
		},
		Log: func(_ context.Context, s Step) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.steps = append(b.steps, s)
			return b.logErr
		},
	})
	must(t, err)
	return c
}

func opening(changes ...func(*Opening)) Opening {
	o := Opening{
		Who: inspector, Aim: AimInvestigation, Offence: OffenceSerious, File: "12 Js 345/26", Subject: "subject-of-anna",
		Question: system.Question{DocumentNumber: "L898902C3", DocumentType: "P", Issuer: "UTO", VisaSticker: "V1", Face: &capture.Face{}},
	}
	for _, change := range changes {
		change(&o)
	}
	return o
}

func openedCase(t *testing.T, c *Cases) string {
	t.Helper()
	id, _, err := c.Open(t.Context(), opening())
	must(t, err)
	return id
}

func TestACaseNeedsItsReasons(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Opening)
		ok     bool
	}{
		{"an investigation of a serious offence is opened", func(*Opening) {}, true},
		{"so is the prevention of a terrorist one", func(o *Opening) { o.Aim, o.Offence = AimPrevention, OffenceTerrorist }, true},
		{"and its detection", func(o *Opening) { o.Aim = AimDetection }, true},
		{"no aim", func(o *Opening) { o.Aim = "" }, false},
		{"an aim that the law does not know", func(o *Opening) { o.Aim = "statistics" }, false},
		{"no offence", func(o *Opening) { o.Offence = "" }, false},
		{"a minor offence", func(o *Opening) { o.Offence = "minor" }, false},
		{"no case file", func(o *Opening) { o.File = "  " }, false},
		{"a case file with a line break", func(o *Opening) { o.File = "a\nb" }, false},
		{"no officer", func(o *Opening) { o.Officer = "" }, false},
		{"no profile", func(o *Opening) { o.Profile = "" }, false},
		{"no subject", func(o *Opening) { o.Subject = "" }, false},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		b := newBench(t, db)
		c := b.open(t, db)
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				b.people.asked = 0
				id, flag, err := c.Open(t.Context(), opening(test.change))
				if !test.ok && (!errors.Is(err, ErrIncomplete) || b.people.asked > 0 || id != "" || flag.State != "") {
					t.Errorf("%q %v %v, looked up %d times", id, flag, err, b.people.asked)
				}
				if test.ok && (err != nil || id == "" || flag.State != capture.StatePossible) {
					t.Errorf("%q %v %v", id, flag, err)
				}
			})
		}
	})
}

func TestAFlagTellsTheSystemsAndNothingElse(t *testing.T) {
	hold := func(members ...Member) func(*File) { return func(f *File) { f.Holdings = members } }
	ees, vis := Member{System: system.EES, Entry: "1"}, Member{System: system.VIS, Entry: "1"}
	const (
		both = `{"state":"possible","facts":[{"code":"holds","value":"EES"},{"code":"holds","value":"VIS"}],"as_of":"2026-11-22T09:00:00Z"}`
		none = `{"state":"no_hit","as_of":"2026-11-22T09:00:00Z"}`
	)
	namesake := anna(func(f *File) {
		f.ID, f.Holdings = "namesake", []Member{{System: system.VIS, Entry: "9"}, {System: system.EES, Entry: "9"}}
	})
	tests := []struct {
		name  string
		files []File
		rest  capture.Rest
		want  string
	}{
		{"one entry in each of two systems", []File{anna(hold(ees, vis))}, capture.Rest{}, both},
		{"named the other way round", []File{anna(hold(vis, ees))}, capture.Rest{}, both},
		{"many entries in each", []File{anna(hold(vis, ees, Member{System: system.EES, Entry: "2"}, Member{System: system.EES, Entry: "3"}, Member{System: system.VIS, Entry: "2"}))}, capture.Rest{}, both},
		{"an entry of a system that no flag names besides", []File{anna(hold(vis, ees, Member{System: system.ECRISTCN, Entry: "1"}))}, capture.Rest{}, both},
		{"a discreet entry", []File{anna(hold(vis, Member{System: system.EES, Entry: "1", Discreet: true}))}, capture.Rest{}, both},
		{"two files", []File{anna(hold(vis)), namesake}, capture.Rest{}, both},
		{"a lookup that could not say all", []File{anna(hold(vis, ees))}, capture.Rest{State: capture.StateUnavailable, Reason: "too many"}, both},
		{"all four, in their order", []File{anna(hold(Member{System: system.Eurodac, Entry: "1"}, Member{System: system.ETIAS, Entry: "1"}, vis, ees))}, capture.Rest{},
			`{"state":"possible","facts":[{"code":"holds","value":"EES"},{"code":"holds","value":"VIS"},{"code":"holds","value":"ETIAS"},{"code":"holds","value":"Eurodac"}],"as_of":"2026-11-22T09:00:00Z"}`},
		{"nobody found", nil, capture.Rest{}, none},
		{"somebody in a system that no flag names", []File{anna(hold(Member{System: system.ECRISTCN, Entry: "1"}))}, capture.Rest{}, none},
		{"a lookup that cannot say", nil, capture.Rest{State: capture.StateUnavailable, Reason: "too many"},
			`{"state":"unavailable","reason":"the identity repository cannot say","as_of":"2026-11-22T09:00:00Z"}`},
		{"a lookup that cannot say, and a system that no flag names", []File{anna(hold(Member{System: system.ECRISTCN, Entry: "1"}))}, capture.Rest{State: capture.StateUnavailable, Reason: "x"},
			`{"state":"unavailable","reason":"the identity repository cannot say","as_of":"2026-11-22T09:00:00Z"}`},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		b := newBench(t, db)
		c := b.open(t, db)
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				for _, id := range []string{"file-anna", "namesake"} {
					_, err := b.cir.Remove(t.Context(), id)
					must(t, err)
				}
				must(t, b.cir.Put(t.Context(), test.files...))
				b.people.rest = test.rest
				id, flag, err := c.Open(t.Context(), opening())
				must(t, err)
				again, err := c.Read(t.Context(), inspector, id)
				must(t, err)
				for _, f := range []system.Reply{flag, again} {
					if text, err := json.Marshal(f); err != nil || string(text) != test.want {
						t.Errorf("%s, want %s", text, test.want)
					}
				}
			})
		}
	})
}

func TestSomebodyElsesCaseIsNotThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		b := newBench(t, db)
		c := b.open(t, db)
		id := openedCase(t, c)
		deeds := []struct {
			name string
			do   func(who Who, id string) error
		}{
			{"reading its flag", func(w Who, id string) error { _, err := c.Read(t.Context(), w, id); return err }},
			{"asking a system", func(w Who, id string) error {
				_, err := c.Access(t.Context(), w, id, system.VIS, "grant")
				return err
			}},
			{"declining", func(w Who, id string) error { return c.Decline(t.Context(), w, id, system.VIS, "no need") }},
			{"closing it", func(w Who, id string) error { return c.Close(t.Context(), w, id) }},
		}
		for _, deed := range deeds {
			t.Run(deed.name, func(t *testing.T) {
				b.steps = nil
				unknown := deed.do(colleague, "none")
				if !errors.Is(unknown, ErrNotYours) {
					t.Fatalf("an unknown case: %v", unknown)
				}
				for _, other := range []Who{colleague, {inspector.Officer, "border"}, {}} {
					if err := deed.do(other, id); !reflect.DeepEqual(err, unknown) || err.Error() != unknown.Error() {
						t.Errorf("somebody else's case: %v, an unknown one: %v", err, unknown)
					}
				}
				if len(b.steps) != 4 {
					t.Fatalf("%d steps logged", len(b.steps))
				}
				for _, s := range b.steps {
					if s.Refused != ErrNotYours.Error() {
						t.Errorf("logged %+v", s)
					}
				}
			})
		}
		if len(b.grants.used) > 0 || len(b.vis.asked) > 0 {
			t.Error("a grant was used, or a system asked")
		}
	})
}

func TestACaseIsClosedWhenEverySystemIsSettled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		ctx := t.Context()
		b := newBench(t, db)
		c := b.open(t, db)
		id := openedCase(t, c)
		if err := c.Close(ctx, inspector, id); !errors.Is(err, ErrPending) {
			t.Errorf("closed with two open flags: %v", err)
		}
		_, err := c.Access(ctx, inspector, id, system.VIS, "grant")
		must(t, err)
		if err := c.Close(ctx, inspector, id); !errors.Is(err, ErrPending) {
			t.Errorf("closed with one open flag: %v", err)
		}
		if err := c.Decline(ctx, inspector, id, system.EES, " "); !errors.Is(err, ErrWhy) {
			t.Errorf("declined without a reason: %v", err)
		}
		if err := c.Decline(ctx, inspector, id, system.VIS, "no need"); !errors.Is(err, ErrDone) {
			t.Errorf("declined what was asked: %v", err)
		}
		if err := c.Decline(ctx, inspector, id, system.Eurodac, "no need"); !errors.Is(err, ErrNotFlagged) {
			t.Errorf("declined what is not flagged: %v", err)
		}
		b.now.pass(100 * time.Hour) // the flag has expired
		if _, err := c.Read(ctx, inspector, id); !errors.Is(err, ErrExpired) {
			t.Errorf("read after it expired: %v", err)
		}
		must(t, c.Decline(ctx, inspector, id, "", "the case rests on other evidence"))
		if last := b.steps[len(b.steps)-1]; last.Deed != DeedDecline || last.System != system.EES || last.Reason != "the case rests on other evidence" {
			t.Errorf("logged %+v", last)
		}
		must(t, c.Close(ctx, inspector, id))
		if err := c.Close(ctx, inspector, id); !errors.Is(err, ErrClosed) {
			t.Errorf("closed again: %v", err)
		}
		var question []byte
		var subject, reason string
		must(t, db.QueryRow("SELECT question, subject FROM identity_case WHERE id = $1", id).Scan(&question, &subject))
		must(t, db.QueryRow("SELECT reason FROM identity_flag WHERE case_id = $1 AND system = 'EES'", id).Scan(&reason))
		if question != nil || subject != "" || reason != "the case rests on other evidence" {
			t.Errorf("kept question %q, subject %q, reason %q", question, subject, reason)
		}
	})
}

func TestWithoutALogThereIsNoAnswer(t *testing.T) {
	errLog := errors.New("log full")
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		ctx := t.Context()
		b := newBench(t, db)
		c := b.open(t, db)
		id := openedCase(t, c)
		b.logErr = errLog
		b.people.asked = 0
		if _, flag, err := c.Open(ctx, opening()); !errors.Is(err, errLog) || flag.State != "" || b.people.asked > 0 {
			t.Errorf("open: %v, %v", flag, err)
		}
		if flag, err := c.Read(ctx, inspector, id); !errors.Is(err, errLog) || flag.State != "" {
			t.Errorf("read: %v, %v", flag, err)
		}
		if r, err := c.Access(ctx, inspector, id, system.VIS, "grant"); !errors.Is(err, errLog) || r.State != "" || len(b.vis.asked) > 0 {
			t.Errorf("access: %v, %v", r, err)
		}
		if err := c.Decline(ctx, inspector, id, system.EES, "no need"); !errors.Is(err, errLog) {
			t.Errorf("decline: %v", err)
		}
		for _, who := range []string{id, "none"} {
			if _, err := c.Read(ctx, colleague, who); !errors.Is(err, errLog) || errors.Is(err, ErrNotYours) {
				t.Errorf("somebody else: %v", err)
			}
		}
		b.logErr = nil
		_, err := c.Access(ctx, inspector, id, system.VIS, "") // its grant was used
		must(t, err)
		must(t, c.Decline(ctx, inspector, id, system.EES, "no need"))
		b.logErr = errLog
		if err := c.Close(ctx, inspector, id); !errors.Is(err, errLog) {
			t.Errorf("close: %v", err)
		}
		b.logErr = nil
		must(t, c.Close(ctx, inspector, id))
	})
}

func TestTheLogHoldsNothingOfThePerson(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir()+"/central.db")
	must(t, err)
	defer db.Close()
	b := newBench(t, db)
	c := b.open(t, db)
	id := openedCase(t, c)
	_, err = c.Access(t.Context(), inspector, id, system.VIS, "grant")
	must(t, err)
	text := fmt.Sprintf("%+v", b.steps)
	for _, secret := range []string{"L898902C3", "MUSTER", "subject-of-anna", "file-anna", "vis-1"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s in %s", secret, text)
		}
	}
	var deeds []Deed
	for _, s := range b.steps {
		deeds = append(deeds, s.Deed)
	}
	if !slices.Equal(deeds, []Deed{DeedOpen, DeedAccess}) {
		t.Errorf("logged %q", deeds)
	}
}

func TestQuestionsOfExpiredCasesAreErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		b := newBench(t, db)
		c := b.open(t, db)
		openedCase(t, c)
		b.now.pass(time.Hour)
		id := openedCase(t, c)
		b.now.pass(71 * time.Hour)
		for _, want := range []int{1, 0} {
			if n, err := c.EraseQuestions(t.Context()); err != nil || n != want {
				t.Errorf("erased %d, %v, want %d", n, err, want)
			}
		}
		if _, err := c.Access(t.Context(), inspector, id, system.VIS, "grant"); err != nil {
			t.Errorf("the case that has not expired: %v", err)
		}
	})
}

func TestNothingIsKeptOfAPersonOfWhomNoSystemHoldsData(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		b := newBench(t, db)
		c := b.open(t, db)
		id, flag, err := c.Open(t.Context(), opening(func(o *Opening) { o.Question.DocumentNumber = "P0000000" }))
		if err != nil || flag.State != capture.StateNoHit {
			t.Fatalf("%v, %v", flag, err)
		}
		subject := func() (s string) {
			must(t, db.QueryRow("SELECT subject FROM identity_case WHERE id = $1", id).Scan(&s))
			return s
		}
		if s := subject(); s != "" {
			t.Errorf("kept subject %q", s)
		}
		_, err = db.Exec("UPDATE identity_case SET subject = 'as earlier versions did'")
		must(t, err)
		b.now.pass(73 * time.Hour)
		if n, err := c.EraseQuestions(t.Context()); err != nil || n != 1 || subject() != "" {
			t.Errorf("erased %d, %v", n, err)
		}
	})
}

func TestAFlagNamesOnlySystemsThatTheProfileMayUse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		b := newBench(t, db)
		c := b.open(t, db)
		delete(b.may, system.VIS)
		id, narrow, err := c.Open(t.Context(), opening())
		must(t, err)
		must(t, b.cir.Put(t.Context(), anna(func(f *File) { f.Holdings = f.Holdings[1:] }))) // nothing in the VIS
		_, lacking, err := c.Open(t.Context(), opening())
		must(t, err)
		if !reflect.DeepEqual(narrow, lacking) || len(narrow.Facts) != 1 || narrow.Facts[0].Value != system.EES {
			t.Errorf("flag %+v, where the VIS holds nothing %+v", narrow, lacking)
		}
		if _, err := c.Access(t.Context(), inspector, id, system.VIS, "grant"); !errors.Is(err, ErrNotFlagged) {
			t.Errorf("asked all the same: %v", err)
		}
		must(t, c.Decline(t.Context(), inspector, id, "", "no need"))
		must(t, c.Close(t.Context(), inspector, id)) // nothing hidden keeps it open
	})
}

func TestCasesAreErasedAYearAfterTheirEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ func() *store.DB) {
		b := newBench(t, db)
		c := b.open(t, db)
		closed, left := openedCase(t, c), openedCase(t, c)
		must(t, c.Decline(t.Context(), inspector, closed, "", "no need"))
		must(t, c.Close(t.Context(), inspector, closed))
		kept := func() (cases, flags int) {
			must(t, db.QueryRow("SELECT (SELECT count(*) FROM identity_case), (SELECT count(*) FROM identity_flag)").Scan(&cases, &flags))
			return cases, flags
		}
		for _, step := range []struct {
			name         string
			before       time.Time
			erased       int
			cases, flags int
		}{
			{"at the moment of closing", day, 0, 2, 4},
			{"after it", day.Add(1), 1, 1, 2},
			{"before the other expires", day.Add(72 * time.Hour), 0, 1, 2},
			{"after it has expired", day.Add(72*time.Hour + 1), 1, 0, 0},
		} {
			if n, err := c.Erase(t.Context(), step.before); err != nil || n != step.erased {
				t.Errorf("%s: erased %d, %v", step.name, n, err)
			}
			if cases, flags := kept(); cases != step.cases || flags != step.flags {
				t.Errorf("%s: %d cases and %d flags are left", step.name, cases, flags)
			}
		}
		if _, err := c.Read(t.Context(), inspector, left); !errors.Is(err, ErrNotYours) {
			t.Errorf("an erased case: %v", err)
		}
	})
}
