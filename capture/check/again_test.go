package check

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/policy"
)

// central answers at once, and about the repository and what needs a grant as the real one.
type central struct {
	mu    sync.Mutex
	asked []capture.Query
	extra capture.Answer // of SIS
	after time.Duration
}

func (c *central) Name() string { return "portal" }

func (c *central) Systems(q capture.Query) []string {
	var systems []string
	for _, s := range q.Officer.Profile.Systems[q.Evidence.Modality()] {
		if (s == policy.Identity) == (q.Identify != nil) && q.Wants(s) {
			systems = append(systems, s)
		}
	}
	return systems
}

func (c *central) Look(_ context.Context, q capture.Query, answer func(capture.Answer)) error {
	c.mu.Lock()
	c.asked = append(c.asked, q)
	c.mu.Unlock()
	time.Sleep(c.after)
	for _, s := range c.Systems(q) {
		a := capture.Answer{System: s, State: capture.StateNoHit}
		switch {
		case s == "Europol" && q.Grant == "":
			a.State, a.Reason = capture.StateUnavailable, policy.NeedsGrant+"judicial"
		case s == "SIS" && c.extra.State != "":
			a = c.extra
			a.System = s
		case s == policy.Identity:
			a.Facts = []capture.Fact{{Code: capture.FactIdentity, Value: "SYNTHETIC"}}
		}
		answer(a)
	}
	return nil
}

func (c *central) queries() []capture.Query {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked)
}

// second opens a check of the second line at a desk that asks central.
func second(t *testing.T, c *central, change ...func(*Config)) *bench {
	t.Helper()
	systems := []string{"SIS", "Europol", policy.Identity}
	o := officer
	o.Token = "token"
	o.Profile.Systems = map[capture.Modality][]string{capture.ModalityDocument: systems, capture.ModalityFinger: systems}
	b := newBench(t, func(conf *Config) {
		conf.Sources = []Asking{{Source: c, Central: true, Identifies: true, Timeout: 5 * time.Second, Linger: time.Minute}}
		conf.Auto = false
		for _, f := range change {
			f(conf)
		}
	})
	b.open(o)
	return b
}

var doubt = capture.Identification{Ground: capture.GroundDoubtOnHolder}

func TestIdentificationIsAskedByTheFingerOrElseTheDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &central{}
		b := second(t, c)
		if err := b.Identify(t.Context(), b.id, "officer-7", doubt); !errors.Is(err, ErrNoEvidence) {
			t.Errorf("with nothing captured: %v, want ErrNoEvidence", err)
		}
		b.traveller.present(document(1980))
		if err := b.Identify(t.Context(), b.id, "officer-7", doubt); err != nil {
			t.Fatal(err)
		}
		b.traveller.present(finger())
		if err := b.Identify(t.Context(), b.id, "officer-7", doubt); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		var identified []string
		for _, q := range c.queries() {
			if q.Identify != nil {
				identified = append(identified, q.Evidence.ID+" "+string(q.Identify.Ground))
			}
			if q.Officer.Token != "token" {
				t.Errorf("question about %s bears the token %q", q.Evidence.ID, q.Officer.Token)
			}
		}
		if want := []string{"document-1 doubt_on_holder", "finger-1 doubt_on_holder"}; !slices.Equal(identified, want) {
			t.Errorf("identified by %v, want %v", identified, want)
		}
		b.traveller.present(face())
		if err := b.Conclude(t.Context(), b.id); err != nil {
			t.Fatal(err)
		}
		b.outcome(capture.OutcomeClear)
		grounds := map[capture.Ground]int{}
		for _, a := range b.recorder.first().Asked {
			grounds[a.Ground]++
			if a.Ground != "" && !slices.Equal(a.Systems, []string{policy.Identity}) {
				t.Errorf("on a ground %v were asked", a.Systems)
			}
		}
		if grounds[capture.GroundDoubtOnHolder] != 2 || grounds[""] != 2 {
			t.Errorf("grounds in the record: %v", grounds)
		}
	})
}

func TestIdentificationIsRefused(t *testing.T) {
	const child, adult = 1994, 1980 // the clock of the tests starts in 2000
	tests := []struct {
		name  string
		birth mrz.Date
		ident capture.Identification
		want  error
	}{
		{"on a ground of the law it is asked", mrz.Date{Year: adult, Month: 1, Day: 1}, doubt, nil},
		{"on no ground", mrz.Date{Year: adult, Month: 1, Day: 1}, capture.Identification{}, ErrBadInput},
		{"on a ground that the law does not know", mrz.Date{Year: adult, Month: 1, Day: 1}, capture.Identification{Ground: "curiosity"}, ErrBadInput},
		{"a child", mrz.Date{Year: child, Month: 1, Day: 1}, doubt, ErrChild},
		{"a child whose best interests are blank", mrz.Date{Year: child, Month: 1, Day: 1}, capture.Identification{Ground: capture.GroundNoDocument, BestInterests: "  "}, ErrChild},
		{"a child in its best interests is identified", mrz.Date{Year: child, Month: 1, Day: 1}, capture.Identification{Ground: capture.GroundNoDocument, BestInterests: "lost its parents"}, nil},
		{"perhaps a child, the month being unknown", mrz.Date{Year: 1988}, doubt, ErrChild},
		{"perhaps a child, the day being unknown", mrz.Date{Year: 1988, Month: 1}, doubt, ErrChild},
		{"twelve today", mrz.Date{Year: 1988, Month: 1, Day: 1}, doubt, nil},
		{"no child whatever the month", mrz.Date{Year: 1987}, doubt, nil},
		{"nothing known of the age", mrz.Date{}, doubt, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &central{}
				b := second(t, c)
				ev := document(1980)
				ev.Document.Zone.BirthDate = tt.birth
				b.traveller.present(ev)
				if err := b.Identify(t.Context(), b.id, "officer-7", tt.ident); !errors.Is(err, tt.want) {
					t.Errorf("Identify: %v, want %v", err, tt.want)
				}
				synctest.Wait()
				asked := slices.ContainsFunc(c.queries(), func(q capture.Query) bool { return q.Identify != nil })
				if asked != (tt.want == nil) {
					t.Errorf("asked %t", asked)
				}
			})
		})
	}
}

func TestNobodyIsIdentifiedWithoutAProfileForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, local())
		b.traveller.present(document(1980))
		if err := b.Identify(t.Context(), b.id, "officer-7", doubt); !errors.Is(err, ErrNotPermitted) {
			t.Errorf("Identify: %v, want ErrNotPermitted", err)
		}
		if err := b.Identify(t.Context(), "other", "officer-7", doubt); !errors.Is(err, ErrNoCheck) {
			t.Errorf("of another check: %v, want ErrNoCheck", err)
		}
	})
}

func TestIdentificationAfterTheOutcomeIsToldByTheLaterRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := second(t, &central{})
		b.traveller.present(document(1980), finger(), face())
		if err := b.Conclude(t.Context(), b.id); err != nil {
			t.Fatal(err)
		}
		b.outcome(capture.OutcomeClear)
		if err := b.Identify(t.Context(), b.id, "officer-7", doubt); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := b.states()["portal CIR"]; got != capture.StateNoHit {
			t.Errorf("the answer's line says %q", got)
		}
		if err := b.Dispose(t.Context(), b.id, capture.Disposition{Decision: capture.OutcomeClear, Officer: "officer-7"}); err != nil {
			t.Fatal(err)
		}
		records := map[capture.RecordKind]capture.Record{}
		for _, r := range b.recorder.records {
			records[r.Kind] = r
		}
		if asked := records[capture.RecordDisposition].Asked; len(asked) != 1 || asked[0].Ground != doubt.Ground {
			t.Errorf("the disposition tells of the questions %+v", asked)
		}
		if a := records[capture.RecordLateAnswer].Answers; len(a) != 1 || a[0].System != policy.Identity {
			t.Errorf("late answers %+v", a)
		}
	})
}

func TestWhatWasWithheldIsAskedAgainWithAGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &central{}
		b := second(t, c)
		b.traveller.present(document(1980))
		line := func() Line {
			v := b.View(false).Check
			return v.Lines[slices.IndexFunc(v.Lines, func(l Line) bool { return l.System == "Europol" })]
		}
		if l := line(); l.Needs != "judicial" || len(b.View(false).Check.Unknown) != 1 {
			t.Errorf("before: needs %q, unknown %+v", l.Needs, b.View(false).Check.Unknown)
		}
		if err := b.UseGrant(t.Context(), b.id, " a.b.c\n"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		v := b.View(false).Check
		if l := line(); l.State != capture.StateNoHit || l.Needs != "" || !v.Grant || len(v.Unknown) != 0 || len(v.Lines) != 2 {
			t.Errorf("after: %s, needs %q, unknown %+v, %d lines", l.State, l.Needs, v.Unknown, len(v.Lines))
		}
		b.traveller.present(finger())
		asked := c.queries()
		if again := c.Systems(asked[1]); !slices.Equal(again, []string{"Europol"}) {
			t.Errorf("asked again: %v, want the system that withheld something and nobody else", again)
		}
		if len(asked) != 3 || asked[0].Grant != "" || asked[1].Grant != "a.b.c" || asked[2].Grant != "a.b.c" || asked[2].Evidence.ID != "finger-1" {
			t.Errorf("%d questions, the last about %s", len(asked), asked[len(asked)-1].Evidence.ID)
		}
		b.traveller.present(face())
		if err := b.Conclude(t.Context(), b.id); err != nil {
			t.Fatal(err)
		}
		b.outcome(capture.OutcomeClear)
		if rec := b.recorder.first(); rec.Offline || !slices.Equal(rec.Asked[1].Systems, []string{"Europol"}) {
			t.Errorf("offline %t, asked again %v", rec.Offline, rec.Asked[1].Systems)
		}
	})
}

func TestAGrantIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &central{}
		b := second(t, c, func(conf *Config) { conf.Grants = forged{} })
		b.traveller.present(document(1980))
		for text, want := range map[string]error{"": ErrBadInput, "a b": ErrBadInput, string(make([]byte, MaxGrant+1)): ErrBadInput, "a.b.c": ErrGrant} {
			if err := b.UseGrant(t.Context(), b.id, text); !errors.Is(err, want) {
				t.Errorf("grant of %d bytes: %v, want %v", len(text), err, want)
			}
		}
		if err := b.UseGrant(t.Context(), "other", "a.b.c"); !errors.Is(err, ErrNoCheck) {
			t.Errorf("of another check: %v", err)
		}
		if n := len(c.queries()); n != 1 {
			t.Errorf("%d questions, want 1", n)
		}
	})
}

type forged struct{}

func (forged) VerifyGrant(context.Context, string, *mrz.Zone) error { return errors.New("forged") }

// A discreet finding that needs a grant, and a discreet link, change nothing that an officer
// without clearance sees, not even when a grant is used.
func TestDiscreetFindingThatNeedsAGrantIsNotNoticed(t *testing.T) {
	secret := hit("SIS", true)
	secret.Findings[0].Needs = "judicial"
	secret.Links = []capture.Link{{ID: "l", Colour: capture.LinkRed, Systems: []string{"SIS"}, Discreet: true}}
	var views [2][]byte
	for i, extra := range []capture.Answer{secret, noHit("SIS")} {
		synctest.Test(t, func(t *testing.T) {
			b := second(t, &central{extra: extra, after: time.Second})
			look := func() {
				v := b.View(false)
				v.Check.ID = ""
				j, err := json.Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				views[i] = append(append(views[i], j...), '\n')
			}
			b.traveller.present(document(1980))
			look()
			time.Sleep(2 * time.Second)
			synctest.Wait()
			look()
			if err := b.UseGrant(t.Context(), b.id, "a.b.c"); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			look()
			time.Sleep(2 * time.Second)
			b.traveller.present(finger(), face())
			if err := b.Conclude(t.Context(), b.id); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			b.outcome(capture.OutcomeClear)
			look()
		})
	}
	if string(views[0]) != string(views[1]) {
		t.Errorf("the views differ:\n%s\n%s", views[0], views[1])
	}
}

func TestALineSaysWhatToDoAndWhatLinksMean(t *testing.T) {
	finding := func(state capture.State, score float64, action string, discreet bool) capture.Finding {
		return capture.Finding{Entry: action, State: state, Score: score, Action: action, Discreet: discreet}
	}
	a := capture.Answer{System: "SIS", State: capture.StateHit, Findings: []capture.Finding{
		finding(capture.StatePossible, 1, "verify", false), finding(capture.StateHit, .7, "seize", false), finding(capture.StateHit, .9, "note", true),
	}, Links: []capture.Link{{ID: "l", Colour: capture.LinkWhite}}}
	for cleared, want := range map[bool]string{false: "seize", true: "note"} {
		line := viewAnswer(a.Shown(cleared))
		if line.Action != want || len(line.Links) != 1 || line.Links[0].Meaning != capture.LinkWhite.Meaning() {
			t.Errorf("cleared %t: action %q, links %+v", cleared, line.Action, line.Links)
		}
	}
	j, err := json.Marshal(viewAnswer(a))
	var read struct {
		Links []struct{ ID, Meaning string }
	}
	if err != nil || json.Unmarshal(j, &read) != nil || len(read.Links) != 1 || read.Links[0].Meaning == "" || read.Links[0].ID != "l" {
		t.Errorf("on the wire %s, %v", j, err)
	}
}
