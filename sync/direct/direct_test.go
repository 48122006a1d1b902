package direct

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/capture/mrz"
	"boothd/sync/system"
)

var (
	_ check.Source = (*Source)(nil)
	_ Adapter      = (*system.HTTP)(nil)
)

// fake is a system that answers as the test says and notes what it was asked.
type fake struct {
	mu    sync.Mutex
	after time.Duration
	reply system.Reply
	err   error
	asked []system.Question
}

func (f *fake) Ask(ctx context.Context, q system.Question) (system.Reply, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, q)
	select {
	case <-time.After(f.after):
		return f.reply, f.err
	case <-ctx.Done():
		return system.Reply{}, ctx.Err()
	}
}

func (f *fake) Health(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *fake) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func query() capture.Query {
	return capture.Query{
		Check: "check-1", Booth: "booth-1", At: time.Date(2026, 3, 4, 5, 6, 8, 0, time.UTC), Grant: "a.b.c",
		Officer: capture.Officer{ID: "officer-1", Token: "token", Profile: capture.Profile{
			Name: "first line", Category: "border guard", Purpose: "border check", LegalBasis: "Art 8",
			Systems: map[capture.Modality][]string{
				capture.ModalityDocument: {"SIS", "SLTD", "CIR", "Europol"}, capture.ModalityFinger: {"SIS", "VIS"},
			},
		}},
		Evidence: capture.Evidence{ID: "document-1", Document: &capture.Document{Zone: mrz.Zone{
			Format: mrz.TD3, DocumentCode: "P", Issuer: "UTO", DocumentNumber: "L898902C3", Surname: "ERIKSSON", GivenNames: "ANNA",
			Nationality: "UTO", Sex: "F", Optional: "ZE184226B",
			BirthDate: mrz.Date{Text: "740812", Year: 1974, Month: 8, Day: 12}, ExpiryDate: mrz.Date{Text: "320415", Year: 2032, Month: 4, Day: 15},
		}}},
	}
}

// source makes a source over fakes, by system, while central is down.
func source(t *testing.T, fakes map[string]*fake, change ...func(*Options)) *Source {
	t.Helper()
	opt := Options{Booth: "booth-1", Down: func() bool { return true }}
	for _, name := range []string{"SIS", "SLTD", "CIR", "VIS", "Europol"} {
		if fakes[name] != nil {
			opt.Systems = append(opt.Systems, System{Name: name, Adapter: fakes[name]})
		}
	}
	for _, f := range change {
		f(&opt)
	}
	s, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func noHit() *fake { return &fake{reply: system.Reply{State: capture.StateNoHit}} }

func TestSystemsAreAskedDirectlyOnlyWhileCentralIsDown(t *testing.T) {
	down := false
	s := source(t, map[string]*fake{"SIS": noHit(), "SLTD": noHit(), "CIR": noHit(), "VIS": noHit()}, func(o *Options) { o.Down = func() bool { return down } })
	if got := s.Systems(query()); len(got) > 0 {
		t.Errorf("while central answers = %v", got)
	}
	down = true
	identify := query()
	identify.Identify = &capture.Identification{Ground: capture.GroundNoDocument}
	missing := query()
	missing.Evidence = capture.Evidence{ID: "finger-1", Finger: &capture.Finger{Missing: capture.MissingPermanent}}
	finger := query()
	finger.Evidence = capture.Evidence{ID: "finger-1", Finger: &capture.Finger{PNG: []byte("png")}}
	for _, test := range []struct {
		name string
		q    capture.Query
		want []string
	}{
		{"those of the profile that are configured", query(), []string{"SIS", "SLTD"}},
		{"by finger", finger, []string{"SIS", "VIS"}},
		{"no finger was taken", missing, nil},
		{"on a ground the repository alone", identify, []string{"CIR"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := s.Systems(test.q); !slices.Equal(got, test.want) {
				t.Errorf("Systems = %v, want %v", got, test.want)
			}
		})
	}
}

func TestAnswersComeAsTheyAreThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, fast, broken, dead := noHit(), noHit(), &fake{err: errors.New("ERIKSSON")}, noHit()
		slow.after, dead.after = 2*time.Second, time.Hour
		q := query()
		q.Officer.Profile.Systems[capture.ModalityDocument] = []string{"SIS", "SLTD", "VIS", "Europol"}
		began := time.Now()
		var order []string
		err := source(t, map[string]*fake{"SIS": slow, "SLTD": fast, "VIS": broken, "Europol": dead}).Look(t.Context(), q, func(a capture.Answer) {
			order = append(order, a.System+" "+string(a.State)+" "+a.Reason+" "+time.Since(began).String())
			if a.Source != "direct" || a.Evidence != "document-1" || a.Modality != capture.ModalityDocument {
				t.Errorf("answer %+v", a)
			}
		})
		slices.Sort(order[:2]) // both at the same moment
		want := []string{"SLTD no_hit  0s", "VIS unavailable VIS reports a fault 0s", "SIS no_hit  2s", "Europol unavailable Europol did not answer in time 4s"}
		if !slices.Equal(order, want) {
			t.Errorf("answers %q, want %q", order, want)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}

func TestSystemsAreToldNoMoreThanTheLawLetsThem(t *testing.T) {
	sis, sltd := noHit(), noHit()
	if err := source(t, map[string]*fake{"SIS": sis, "SLTD": sltd}).Look(t.Context(), query(), func(capture.Answer) {}); err != nil {
		t.Fatal(err)
	}
	interpol := sltd.asked[0]
	id := interpol.ID
	interpol.ID = ""
	got, _ := json.Marshal(interpol)
	if want := `{"id":"","system":"SLTD","document_number":"L898902C3","document_type":"P","issuer":"UTO"}`; string(got) != want {
		t.Errorf("Interpol was told %s, want %s", got, want)
	}
	if q := sis.asked[0]; id == "" || id == q.ID || q.Officer != "officer-1" || q.Surname != "ERIKSSON" || q.BirthDate != "1974-08-12" || q.Grant != "" {
		t.Errorf("SIS was told %+v", q)
	}
}

func TestAVisaIsSearchedByItsSticker(t *testing.T) {
	vis := noHit()
	q := query()
	q.Officer.Profile.Systems[capture.ModalityDocument] = []string{"VIS"}
	q.Evidence.Document.Zone.Format = mrz.MRVA
	if err := source(t, map[string]*fake{"VIS": vis}).Look(t.Context(), q, func(capture.Answer) {}); err != nil {
		t.Fatal(err)
	}
	if got := vis.asked[0]; got.VisaSticker != "L898902C3" || got.DocumentNumber != "" {
		t.Errorf("sticker %q, document %q", got.VisaSticker, got.DocumentNumber)
	}
}

func TestWhatASystemSaysIsKeptWithinTheProfile(t *testing.T) {
	link := func(id string, systems ...string) capture.Link {
		return capture.Link{ID: id, Colour: capture.LinkRed, Systems: systems}
	}
	sis := &fake{reply: system.Reply{
		State: capture.StateHit, Reason: "2 found",
		Findings: []capture.Finding{{Entry: "e", By: capture.ByName, State: capture.StateHit, Score: 1, Discreet: true}},
		Facts:    []capture.Fact{{Code: capture.FactPresence, Value: "inside"}}, Links: []capture.Link{link("a", "SIS", "VIS"), link("b", "SIS", "Eurodac")},
		Rest: &capture.Rest{State: capture.StateStale, Reason: "old"},
	}}
	refused := &fake{reply: system.Reply{State: capture.StateNoHit, Findings: []capture.Finding{{Entry: "e"}}}}
	withheld := noHit()
	s := source(t, map[string]*fake{"SIS": sis, "SLTD": refused, "Europol": withheld}, func(o *Options) {
		o.Grant = func(profile, system string) string {
			if profile == "first line" && system == "Europol" {
				return "judicial"
			}
			return ""
		}
	})
	got := map[string]capture.Answer{}
	err := s.Look(t.Context(), query(), func(a capture.Answer) { got[a.System] = a })
	if !errors.Is(err, system.ErrRefused) {
		t.Errorf("error %v", err)
	}
	if a := got["SIS"]; len(a.Links) != 1 || a.Links[0].ID != "a" || len(a.Facts) != 1 || a.Reason != "" || a.Rest == nil {
		t.Errorf("SIS: %+v", a)
	}
	if a := got["SIS"].Shown(false); a.State != capture.StateStale || len(a.Findings) > 0 {
		t.Errorf("shown to the others: %+v", a)
	}
	if a := got["SLTD"]; a.State != capture.StateUnavailable {
		t.Errorf("a reply that contradicts itself reads as %s", a.State)
	}
	if a := got["Europol"]; a.Reason != "needs an authorisation: judicial" || len(withheld.asked) > 0 {
		t.Errorf("Europol: %+v, asked %d times", a, len(withheld.asked))
	}
}

func TestSystemsAreWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up, broken := noHit(), &fake{err: errors.New("down")}
		s := source(t, map[string]*fake{"SIS": up, "SLTD": broken})
		if h := s.Health(); h[0].Up || !h[0].Since.IsZero() {
			t.Errorf("before the first look %+v", h)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go s.Run(ctx)
		synctest.Wait()
		began := time.Now()
		if h := s.Health(); !h[0].Up || h[1].Up || h[1].Since.IsZero() {
			t.Errorf("after the first look %+v", h)
		}
		broken.fail(nil)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if h := s.Health(); !h[1].Up || h[1].Since.Equal(began) || !h[0].Since.Equal(began) {
			t.Errorf("after it came back %+v", h)
		}
	})
}

func TestARealSystemIsAskedOverHTTP(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(system.Handler(handled{&asked}, system.HandlerOptions{}))
	defer server.Close()
	adapter, err := system.NewHTTP(system.HTTPOptions{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer adapter.Close()
	s, err := New(Options{Booth: "booth-1", Down: func() bool { return true }, Systems: []System{{"SIS", adapter}}})
	if err != nil {
		t.Fatal(err)
	}
	var got []capture.Answer
	if err := s.Look(t.Context(), query(), func(a capture.Answer) { got = append(got, a) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].State != capture.StateNoHit || asked.Load() != 1 {
		t.Errorf("answers %+v, asked %d times", got, asked.Load())
	}
	server.Config.Handler = http.NotFoundHandler()
	s.look(t.Context())
	if h := s.Health(); h[0].Up {
		t.Errorf("health %+v", h)
	}
}

type handled struct{ asked *atomic.Int64 }

func (h handled) Ask(_ context.Context, q system.Question) (system.Reply, error) {
	h.asked.Add(1)
	return system.Reply{State: capture.StateNoHit}, nil
}

func TestASourceThatCannotWorkIsNotMade(t *testing.T) {
	twice := []System{{"SIS", noHit()}, {"SIS", noHit()}}
	_, err := New(Options{Booth: "booth-1", Down: func() bool { return true }, Systems: twice})
	if err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("error %v", err)
	}
	if _, err := New(Options{}); err == nil {
		t.Error("a source without anything was made")
	}
}
