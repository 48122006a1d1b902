package portal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"boothd/capture"
)

// lines is a portal that replies with the same text to every look.
func lines(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentLines)
		io.WriteString(w, text)
	}
}

func TestSystemsAreThoseOfTheProfileThatThePortalServes(t *testing.T) {
	c := newPlace(t, http.NotFoundHandler()).client(t)
	if got := c.Systems(documentQuery()); !slices.Equal(got, []string{"SIS", "SLTD"}) {
		t.Errorf("systems for a document = %v", got)
	}
	if got := c.Systems(fingerQuery()); !slices.Equal(got, []string{"VIS"}) {
		t.Errorf("systems for a finger = %v", got)
	}
	again := documentQuery()
	again.Only = []string{"SLTD", "VIS"}
	if got := c.Systems(again); !slices.Equal(got, []string{"SLTD"}) {
		t.Errorf("systems for a document of which only SLTD and VIS are asked = %v", got)
	}
	missing := fingerQuery()
	missing.Evidence.Finger = &capture.Finger{Position: 2, Missing: capture.MissingPermanent}
	if got := c.Systems(missing); len(got) != 0 {
		t.Errorf("systems for a missing finger = %v", got)
	}
	chip := documentQuery()
	chip.Evidence = capture.Evidence{ID: "chip-1", Chip: &capture.Chip{}}
	chip.Officer.Profile.Systems[capture.ModalityChip] = []string{"SIS"}
	if got := c.Systems(chip); len(got) != 0 {
		t.Errorf("systems for a document's chip = %v", got)
	}
}

func TestTheIdentityRepositoryIsAskedOnAGroundOnly(t *testing.T) {
	p := newPlace(t, http.NotFoundHandler())
	p.opt.Systems = append(p.opt.Systems, "CIR")
	c, q := p.client(t), documentQuery()
	q.Officer.Profile.Systems[capture.ModalityDocument] = []string{"SIS", "CIR"}
	if got := c.Systems(q); !slices.Equal(got, []string{"SIS"}) {
		t.Errorf("without a ground = %v", got)
	}
	q.Identify = &capture.Identification{Ground: capture.GroundNoDocument}
	if got := c.Systems(q); !slices.Equal(got, []string{"CIR"}) {
		t.Errorf("with a ground = %v", got)
	}
	q.Officer.Profile.Systems[capture.ModalityDocument] = []string{"SIS"}
	if got := c.Systems(q); len(got) > 0 {
		t.Errorf("with a ground and no right to ask = %v", got)
	}
}

func TestTokenGroundAndGrantGoToCentral(t *testing.T) {
	var asked *LookRequest
	p := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, _ = ReadLook(w, r)
		NewReplyWriter(w).End()
	}))
	q := documentQuery()
	q.Officer.Token, q.Grant = "signed-in", "a.b.c"
	ask(t.Context(), p.client(t), q)
	if asked == nil || asked.Token != "signed-in" || asked.Query.Grant != "a.b.c" || asked.Query.Identify != nil {
		t.Errorf("asked %+v", asked)
	}
	q.Identify = &capture.Identification{Ground: capture.GroundNoDocument}
	q.Officer.Profile.Systems[capture.ModalityDocument] = []string{"CIR"}
	p.opt.Systems = []string{"CIR"}
	ask(t.Context(), p.client(t), q)
	if asked == nil || asked.Query.Identify == nil || asked.Query.Identify.Ground != capture.GroundNoDocument {
		t.Errorf("asked %+v", asked)
	}
}

func TestLookAsksNobodyIfTheProfileAllowsNone(t *testing.T) {
	p := newPlace(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("portal was asked") }))
	q := documentQuery()
	q.Officer.Profile.Systems = nil
	if got, err := ask(t.Context(), p.client(t), q); err != nil || len(got) != 0 {
		t.Errorf("Look = %v, %v", got, err)
	}
}

func TestLookHandsOnEachAnswerBeforeTheNextIsThere(t *testing.T) {
	seen := make(chan struct{})
	p := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := ReadLook(w, r); err != nil {
			t.Error(err)
		}
		rw := NewReplyWriter(w)
		rw.Answer(capture.Answer{System: "SIS", State: capture.StateNoHit})
		<-seen // the second answer waits until the booth has the first
		rw.Answer(capture.Answer{System: "SLTD", State: capture.StateHit, Findings: []capture.Finding{{Entry: "e", By: capture.ByDocumentNumber, State: capture.StateHit, Score: 1}}})
		rw.End()
	}))
	var got []capture.Answer
	err := p.client(t).Look(t.Context(), documentQuery(), func(a capture.Answer) {
		if got = append(got, a); len(got) == 1 {
			close(seen)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]capture.State{"SIS": "no_hit", "SLTD": "hit"}; !maps.Equal(states(got), want) {
		t.Errorf("states = %v, want %v", states(got), want)
	}
	for _, a := range got {
		if a.Evidence != "document-1" || a.Modality != capture.ModalityDocument || a.Source != "portal" || a.At.IsZero() {
			t.Errorf("answer of %s speaks of %q, %q from %q at %v", a.System, a.Evidence, a.Modality, a.Source, a.At)
		}
	}
}

func TestOnlyWhatTheModalityNeedsLeavesTheBooth(t *testing.T) {
	var body []byte
	var asked *LookRequest
	p := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		asked, _ = ReadLook(w, r)
		NewReplyWriter(w).End()
	}))
	c := p.client(t)
	ask(t.Context(), c, documentQuery())
	for _, private := range []string{"ZE184226B", "P<UTO", "serial:/dev/x", `"S"`, "leared", "VIS", `"national"`} {
		if strings.Contains(string(body), private) {
			t.Errorf("%q left the booth: %s", private, body)
		}
	}
	if z := asked.Query.Evidence.Document.Zone; z.DocumentNumber != "L898902C3" || z.Surname != "ERIKSSON" || z.BirthDate.ISO() != "1974-08-12" {
		t.Errorf("zone asked about = %+v", z)
	}
	ask(t.Context(), c, fingerQuery())
	if asked.Query.Zone == nil || asked.Query.Zone.Optional != "" || asked.Query.Evidence.Finger.Position != 2 {
		t.Errorf("finger asked about = %s", body)
	}
	if asked.Query.Evidence.Document != nil || asked.Query.Evidence.Face != nil {
		t.Errorf("a finger question carries other evidence: %s", body)
	}
}

const (
	sisNoHit  = `{"answer":{"system":"SIS","state":"no_hit"}}` + "\n"
	sltdNoHit = `{"answer":{"system":"SLTD","state":"no_hit"}}` + "\n"
	end       = `{"end":true}` + "\n"
)

func TestLookRefusesWhatIsNotAnAnswer(t *testing.T) {
	for _, test := range []struct {
		name, reply string
		want        error
		sis         capture.State
	}{
		{"garbage before a good answer", "\x00\xff{\n" + sisNoHit + sltdNoHit + end, ErrRefused, "no_hit"},
		{"a system that was not asked", `{"answer":{"system":"VIS","state":"hit"}}` + "\n" + sisNoHit + sltdNoHit + end, ErrRefused, "no_hit"},
		{"a second answer of a system", sisNoHit + `{"answer":{"system":"SIS","state":"hit"}}` + "\n" + sltdNoHit + end, ErrRefused, "no_hit"},
		{"an unknown state", `{"answer":{"system":"SIS","state":"fine"}}` + "\n" + sltdNoHit + end, ErrRefused, "unavailable"},
		{"no hit with a finding", `{"answer":{"system":"SIS","state":"no_hit","findings":[{"entry":"x","by":"name","score":1}]}}` + "\n" + sltdNoHit + end, ErrRefused, "unavailable"},
		{"a score beyond one", `{"answer":{"system":"SIS","state":"hit","findings":[{"score":1.5}]}}` + "\n" + sltdNoHit + end, ErrRefused, "unavailable"},
		{"answer and end in one line", `{"answer":{"system":"SIS","state":"no_hit"},"end":true}` + "\n" + sltdNoHit + end, ErrRefused, "unavailable"},
		{"a link of no colour", `{"answer":{"system":"SIS","state":"no_hit","links":[{"id":"l","colour":"blue","systems":["SIS"]}]}}` + "\n" + sltdNoHit + end, ErrRefused, "unavailable"},
		{"an empty object", "{}\n" + sisNoHit + sltdNoHit + end, ErrRefused, "no_hit"},
		{"a huge line", sisNoHit + strings.Repeat("x", MaxReplyLine+1) + "\n" + end, ErrTooLarge, "no_hit"},
		{"too many lines", strings.Repeat("{}\n", MaxReplyLines+1) + sisNoHit + end, ErrTooLarge, "unavailable"},
		{"no last line", sisNoHit + sltdNoHit, ErrCutOff, "no_hit"},
		{"a last line without its end", sisNoHit + `{"end":tr`, ErrCutOff, "no_hit"},
		{"nothing", "", ErrCutOff, "unavailable"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlace(t, lines(test.reply))
			got, err := ask(t.Context(), p.client(t), documentQuery())
			if !errors.Is(err, test.want) {
				t.Errorf("error = %v, want %v", err, test.want)
			}
			if got := states(got); got["SIS"] != test.sis || len(got) != 2 {
				t.Errorf("states = %v, want SIS %s", got, test.sis)
			}
			for _, a := range got {
				if a.State == capture.StateUnavailable && a.Reason == "" {
					t.Errorf("%s is unavailable without a reason", a.System)
				}
			}
		})
	}
}

func TestErrorsOfLookQuoteNothingOfTheReply(t *testing.T) {
	p := newPlace(t, lines(`{"answer":{"system":"SIS","state":"DOE"}}`+"\n"+`{"answer":{"system":"JOHN DOE","state":"hit"}}`+"\n"+`{"answer":"DOE"}`+"\n"+end))
	_, err := ask(t.Context(), p.client(t), documentQuery())
	if err == nil || strings.Contains(err.Error(), "DOE") {
		t.Errorf("error = %v", err)
	}
}

func TestSystemsThatThePortalForgetsAreUnavailable(t *testing.T) {
	p := newPlace(t, lines(sisNoHit+end))
	got, err := ask(t.Context(), p.client(t), documentQuery())
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]capture.State{"SIS": "no_hit", "SLTD": "unavailable"}; !maps.Equal(states(got), want) {
		t.Errorf("states = %v, want %v", states(got), want)
	}
}

func TestAnswersAreKeptWithinTheLimits(t *testing.T) {
	finding := `{"entry":"e\u0007","by":"name","score":1,"name":"` + strings.Repeat("é", MaxText) + `","explanation":[` +
		strings.TrimSuffix(strings.Repeat(`{"what":"a\u202eb"},`, MaxParts+3), ",") + `]}`
	findings := strings.TrimSuffix(strings.Repeat(finding+",", MaxFindings+5), ",")
	p := newPlace(t, lines(`{"answer":{"system":"SIS","state":"hit","source":"local","evidence":"face-9","late":true,"silence":true,"as_of":"2999-01-01T00:00:00Z","findings":[`+
		findings+`]}}`+"\n"+sltdNoHit+end))
	got, err := ask(t.Context(), p.client(t), documentQuery())
	if err != nil || len(got) != 2 {
		t.Fatalf("Look = %d answers, %v", len(got), err)
	}
	a := got[0]
	if a.Source != "portal" || a.Evidence != "document-1" || a.Late || a.Silence || a.AsOf.After(a.At) {
		t.Errorf("the portal's word about source, evidence or time was believed: %+v", a)
	}
	if len(a.Findings) != MaxFindings || !strings.Contains(a.Reason, "5 more findings") {
		t.Errorf("%d findings, reason %q", len(a.Findings), a.Reason)
	}
	f := a.Findings[0]
	if f.Entry != "e" || len(f.Name) != MaxText || len(f.Explanation) != MaxParts || f.Explanation[0].What != "ab" {
		t.Errorf("finding not limited: entry %q, name of %d bytes, %d parts, %q", f.Entry, len(f.Name), len(f.Explanation), f.Explanation[0].What)
	}
}

func TestLookEndsWithItsContext(t *testing.T) {
	release := make(chan struct{})
	p := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		rw := NewReplyWriter(w)
		rw.Answer(capture.Answer{System: "SIS", State: capture.StateNoHit})
		<-release
	}))
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithCancel(t.Context())
	var got []capture.Answer
	err := p.client(t).Look(ctx, documentQuery(), func(a capture.Answer) {
		got = append(got, a)
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	if len(got) != 1 {
		t.Errorf("%d answers, want only the one that arrived", len(got))
	}
}

func TestLookTellsThatTheLineWasLostInMidStream(t *testing.T) {
	p := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		NewReplyWriter(w).Answer(capture.Answer{System: "SIS", State: capture.StateNoHit})
		<-r.Context().Done()
	}))
	var got []capture.Answer
	err := p.client(t).Look(t.Context(), documentQuery(), func(a capture.Answer) {
		if got = append(got, a); len(got) == 1 {
			p.line.set(true)
		}
	})
	if !errors.Is(err, ErrCutOff) {
		t.Errorf("error = %v", err)
	}
	if want := map[string]capture.State{"SIS": "no_hit", "SLTD": "unavailable"}; !maps.Equal(states(got), want) {
		t.Errorf("states = %v, want %v", states(got), want)
	}
}

func TestLookTakesNoOtherReply(t *testing.T) {
	elsewhere := newPlace(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("redirect was followed") }))
	for _, test := range []struct {
		name   string
		portal http.HandlerFunc
		want   string
	}{
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.server.URL+PathLook, http.StatusTemporaryRedirect)
		}, "portal replied 307"},
		{"a fault", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) }, "portal replied 503"},
		{"a page", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>hello") }, "text/html"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ask(t.Context(), newPlace(t, test.portal).client(t), documentQuery())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want %q", err, test.want)
			}
			if got := states(got); got["SIS"] != capture.StateUnavailable || got["SLTD"] != capture.StateUnavailable {
				t.Errorf("states = %v", got)
			}
		})
	}
}

func TestBodiesBeyondTheLimitAreNotSent(t *testing.T) {
	c := newPlace(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("portal was asked") })).client(t)
	if _, err := c.post(t.Context(), PathLook, strings.Repeat("x", 99), 100); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error = %v", err)
	}
}

// BenchmarkLook is one question to two systems over a connection that is there.
func BenchmarkLook(b *testing.B) {
	p := newPlace(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, err := ReadLook(w, r)
		if err != nil {
			b.Error(err)
			return
		}
		rw := NewReplyWriter(w)
		for _, s := range req.Systems {
			rw.Answer(capture.Answer{System: s, State: capture.StateNoHit})
		}
		rw.End()
	}))
	c, q := p.client(b), documentQuery()
	for b.Loop() {
		if _, err := ask(b.Context(), c, q); err != nil {
			b.Fatal(err)
		}
	}
}
