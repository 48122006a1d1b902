package localmatch_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/bdir"
	"boothd/capture/synthetic"
	"boothd/localmatch"
	"boothd/localmatch/finger"
	"boothd/localmatch/finger/index"
	"boothd/localmatch/finger/index/indextest"
	"boothd/localmatch/gallery"
)

const rightIndex, leftIndex = 2, 7

func encoded(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hands grows each traveller's right index finger once.
type hands struct {
	t         testing.TB
	grown     map[int]*synthetic.Finger
	pictures  map[int][]byte
	templates map[int]*finger.Template
}

func newHands(t testing.TB) hands {
	return hands{t, map[int]*synthetic.Finger{}, map[int][]byte{}, map[int]*finger.Template{}}
}

func (h hands) finger(n int) *synthetic.Finger {
	if h.grown[n] == nil {
		h.grown[n] = synthetic.New(n).Grow(rightIndex)
	}
	return h.grown[n]
}

// laid is the evidence of traveller n's finger.
func (h hands) laid(n int, change func(*capture.Finger)) capture.Query {
	h.t.Helper()
	if h.pictures[n] == nil {
		h.pictures[n] = encoded(h.t, h.finger(n).Press(synthetic.Press{Area: 1}))
	}
	f := &capture.Finger{Position: rightIndex, PNG: h.pictures[n], DPI: synthetic.FingerDPI}
	if change != nil {
		change(f)
	}
	return capture.Query{
		Officer:  capture.Officer{Profile: capture.Profile{Systems: map[capture.Modality][]string{capture.ModalityFinger: {"SIS", "national"}}}},
		Evidence: capture.Evidence{ID: "finger-1", Finger: f},
	}
}

// template is traveller n's finger as it was laid another time.
func (h hands) template(n int) *finger.Template {
	h.t.Helper()
	if h.templates[n] == nil {
		picture := h.finger(n).Press(synthetic.Press{X: -14, Y: 9, Turn: 8, Area: 0.95, Pressure: 0.1, Seed: 3})
		t, err := finger.Extract(picture, synthetic.FingerDPI)
		if err != nil {
			h.t.Fatal(err)
		}
		h.templates[n] = t
	}
	return h.templates[n]
}

// listed is an entry that holds nothing but traveller n's finger.
func (h hands) listed(n int, change func(*gallery.Entry)) *gallery.Entry {
	h.t.Helper()
	data, err := h.template(n).AppendBinary(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	e := &gallery.Entry{
		ID: "print", Category: "unknown wanted person", Action: "refer",
		Fingers: []gallery.FingerTemplate{{Position: rightIndex, Format: gallery.FormatBoothd, Data: data}},
	}
	if change != nil {
		change(e)
	}
	return e
}

// record turns the entry's template into a record.
func (h hands) record(n int, edition bdir.Edition, format string, position capture.FingerPosition) func(*gallery.Entry) {
	return func(e *gallery.Entry) {
		data, err := h.template(n).Record(edition, position, bdir.NotGiven).Bytes()
		if err != nil {
			h.t.Fatal(err)
		}
		e.Fingers[0].Format, e.Fingers[0].Data = format, data
	}
}

func TestFingerOnAListIsFound(t *testing.T) {
	h := newHands(t)
	at := func(p capture.FingerPosition) func(*gallery.Entry) {
		return func(e *gallery.Entry) { e.Fingers[0].Position = p }
	}
	for what, c := range map[string]struct {
		entry   func(*gallery.Entry)
		laid    func(*capture.Finger)
		found   bool
		finding string
	}{
		"the same finger":                      {nil, nil, true, "right index finger"},
		"the list does not know which finger":  {at(0), nil, true, "finger not stated"},
		"the booth does not know which finger": {nil, func(f *capture.Finger) { f.Position = 0 }, true, "right index finger"},
		"listed as another finger":             {at(leftIndex), nil, false, ""},
		"laid as another finger":               {nil, func(f *capture.Finger) { f.Position = leftIndex }, false, ""},
		"an ISO record of 2005":                {h.record(51, bdir.ISO2005, gallery.FormatISO2005, rightIndex), nil, true, "right index finger"},
		"an ISO record of 2011":                {h.record(51, bdir.ISO2011, gallery.FormatISO2011, rightIndex), nil, true, "right index finger"},
		"an INCITS record that says the finger": {func(e *gallery.Entry) {
			h.record(51, bdir.INCITS2004, gallery.FormatINCITS2004, rightIndex)(e)
			e.Fingers[0].Position = 0
		}, nil, true, "right index finger"},
		"one of two prints": {func(e *gallery.Entry) {
			e.Fingers = append(slices.Clone(h.listed(52, nil).Fingers), e.Fingers...)
		}, nil, true, "right index finger"},
	} {
		t.Run(what, func(t *testing.T) {
			s := newShelf(t)
			s.put("sis", "SIS", h.listed(51, c.entry), h.listed(53, func(e *gallery.Entry) { e.ID = "other" }))
			a := s.look(h.laid(51, c.laid))["sis"]
			if a.Modality != capture.ModalityFinger || a.Version != 1 || !a.AsOf.Equal(day) || a.Evidence != "finger-1" {
				t.Errorf("answer %+v", a)
			}
			if !c.found {
				if a.State != capture.StateNoHit || len(a.Findings) > 0 {
					t.Errorf("%s, findings %+v", a.State, a.Findings)
				}
				return
			}
			if a.State != capture.StateHit || len(a.Findings) != 1 || a.Findings[0].Entry != "print" {
				t.Fatalf("%s, findings %+v", a.State, a.Findings)
			}
			wantPrint(t, a.Findings[0], c.finding)
		})
	}
}

// wantPrint wants a finding that explains itself.
func wantPrint(t *testing.T, f capture.Finding, found string) {
	t.Helper()
	sum := 0.0
	for _, p := range f.Explanation {
		sum += p.Weight
	}
	if f.By != capture.ByFinger || f.Score <= 0 || f.Score > 1 || sum != f.Score || f.Explanation[0].Found != found ||
		!strings.HasPrefix(f.Explanation[0].Note, "by chance in less than one of 1") {
		t.Errorf("finding %+v", f)
	}
	p := f.Print
	if p == nil || p.Entry != f.Entry || len(p.Pairs) < 8 {
		t.Fatalf("print %+v", p)
	}
	for _, m := range p.Pairs {
		if m.Asked.X >= p.Asked.Width || m.Asked.Y >= p.Asked.Height || m.Found.X >= p.Found.Width || m.Found.Y >= p.Found.Height {
			t.Errorf("pair %+v outside %+v, %+v", m, p.Asked, p.Found)
		}
	}
}

func TestFingerThatIsOnNoListIsNotFound(t *testing.T) {
	h := newHands(t)
	s := newShelf(t)
	s.put("sis", "SIS", h.listed(51, nil))
	if a := s.look(h.laid(52, nil))["sis"]; a.State != capture.StateNoHit || a.Findings != nil || a.Reason != "" {
		t.Errorf("answer %+v", a)
	}
}

func TestFingersThatCannotBeComparedAreNeverNoHit(t *testing.T) {
	h := newHands(t)
	blank := image.NewGray(image.Rect(0, 0, 300, 300))
	for i := range blank.Pix {
		blank.Pix[i] = 220
	}
	for what, c := range map[string]struct {
		prepare func(*shelf)
		laid    func(*capture.Finger)
		state   capture.State
		reason  string
	}{
		"an empty glass":           {nil, func(f *capture.Finger) { f.PNG = encoded(t, blank) }, capture.StateUnavailable, "shows too little"},
		"no picture":               {nil, func(f *capture.Finger) { f.PNG = []byte("none") }, capture.StateUnavailable, "cannot be read"},
		"a picture in colours":     {nil, func(f *capture.Finger) { f.PNG = encoded(t, image.NewRGBA(image.Rect(0, 0, 9, 9))) }, capture.StateUnavailable, "cannot be read"},
		"a giant picture":          {nil, func(f *capture.Finger) { f.PNG = encoded(t, image.NewGray(image.Rect(0, 0, 1, 5000))) }, capture.StateUnavailable, "cannot be read"},
		"an unknown resolution":    {nil, func(f *capture.Finger) { f.DPI = 0 }, capture.StateUnavailable, "cannot be read"},
		"an old list":              {func(s *shelf) { s.now = day.Add(25 * time.Hour) }, nil, capture.StateStale, "the list is of"},
		"a list past its lease":    {func(s *shelf) { s.now = day.Add(48 * time.Hour) }, nil, capture.StateUnavailable, "lease ended"},
		"a list never received":    {func(s *shelf) { s.lists[0].Name = "new" }, nil, capture.StateUnavailable, "never received"},
		"an erased list":           {func(s *shelf) { s.gallery.Erase(context.Background(), "sis") }, nil, capture.StateUnavailable, "erased"},
		"a list of another system": {func(s *shelf) { s.lists[0].System = "national" }, nil, capture.StateUnavailable, "another system"},
	} {
		t.Run(what, func(t *testing.T) {
			s := newShelf(t)
			s.put("sis", "SIS", h.listed(51, nil))
			if c.prepare != nil {
				c.prepare(s)
			}
			a := s.look(h.laid(52, c.laid))[s.lists[0].Name]
			if a.State != c.state || !strings.Contains(a.Reason, c.reason) {
				t.Errorf("state %s, reason %q; want %s, %q", a.State, a.Reason, c.state, c.reason)
			}
		})
	}
}

func TestListedFingerInADamagedRowIsNotNoHit(t *testing.T) {
	h := newHands(t)
	s := newShelf(t)
	s.put("sis", "SIS", h.listed(51, nil))
	s.damage()
	if a := s.look(h.laid(51, nil))["sis"]; a.State != capture.StateUnavailable || !strings.Contains(a.Reason, "damaged") {
		t.Errorf("answer %+v", a)
	}
	if a := s.look(h.laid(52, nil))["sis"]; a.State != capture.StateNoHit {
		t.Errorf("of a stranger: %+v", a)
	}
}

func TestOnlyListsWithFingersAreAskedForFingers(t *testing.T) {
	h := newHands(t)
	s := newShelf(t)
	s.put("sis", "SIS", h.listed(51, nil))
	s.put("national", "national", anna(nil))
	s.put("sltd", "SLTD", h.listed(51, nil))
	q := h.laid(51, nil)
	if got := s.matcher().Systems(q); !slices.Equal(got, []string{"SIS"}) {
		t.Errorf("Systems = %v", got)
	}
	if got := s.look(q); len(got) != 1 || got["sis"].State != capture.StateHit {
		t.Errorf("answers %+v", got)
	}
	missing := h.laid(51, func(f *capture.Finger) { f.PNG, f.Missing = nil, capture.MissingTemporary })
	if got := s.matcher().Systems(missing); len(got) != 0 {
		t.Errorf("without a picture: Systems = %v", got)
	}
}

// Which entry of the list is the traveller's must not show in what an officer without
// clearance is sent if that entry is discreet.
func TestADiscreetFingerLeavesNoTraceForTheUncleared(t *testing.T) {
	h := newHands(t)
	for what, c := range map[string]struct {
		now  time.Time
		rest capture.State
	}{
		"a current list": {day.Add(time.Hour), capture.StateNoHit},
		"an old list":    {day.Add(25 * time.Hour), capture.StateStale},
	} {
		t.Run(what, func(t *testing.T) {
			look := func(others ...*gallery.Entry) capture.Answer {
				s := newShelf(t)
				s.now = c.now
				s.put("sis", "SIS", others...)
				return s.look(h.laid(51, nil))["sis"]
			}
			discreet := h.listed(51, func(e *gallery.Entry) { e.ID, e.Discreet = "discreet", true })
			stranger := h.listed(52, func(e *gallery.Entry) { e.ID, e.Discreet = "discreet", true })
			open := h.listed(51, func(e *gallery.Entry) { e.ID = "open" })
			with, without := look(discreet), look(stranger)
			if got, want := encode(t, with.Shown(false)), encode(t, without.Shown(false)); got != want || without.State != c.rest {
				t.Errorf("shown %s\nwithout the discreet entry %s", got, want)
			}
			wantRest(t, with, c.rest)
			with, without = look(discreet, open), look(stranger, open)
			if got, want := encode(t, with.Shown(false)), encode(t, without.Shown(false)); got != want {
				t.Errorf("beside an open one: shown %s\nwithout %s", got, want)
			}
			if n := len(with.Shown(true).Findings); n != 2 {
				t.Errorf("a cleared officer is shown %d findings", n)
			}
		})
	}
}

func TestMinutiaeStayOutOfEveryEncodingOfAnAnswer(t *testing.T) {
	h := newHands(t)
	s := newShelf(t)
	s.put("sis", "SIS", h.listed(51, nil))
	a := s.look(h.laid(51, nil))["sis"]
	if a.Findings[0].Print == nil || strings.Contains(encode(t, a), `"pairs"`) || strings.Contains(encode(t, a), `"x"`) {
		t.Errorf("answer %s", encode(t, a))
	}
}

// watched is a gallery that notes what it is searched by.
type watched struct {
	localmatch.Finder
	templates *[]*finger.Template
	found     gallery.FoundFingers
}

func (g watched) HoldsFingers(string) bool { return true }

func (g watched) FindFingers(_ context.Context, _ string, q gallery.FingerQuestion) (gallery.FoundFingers, error) {
	*g.templates = append(*g.templates, q.Probes[0].Template)
	return g.found, nil
}

func TestPictureIsReadOnceForAllLists(t *testing.T) {
	h := newHands(t)
	var templates []*finger.Template
	m := localmatch.New(watched{templates: &templates}, localmatch.Options{Lists: []localmatch.List{{"a", "SIS"}, {"b", "SIS"}, {"c", "national"}}})
	if err := m.Look(t.Context(), h.laid(51, nil), func(capture.Answer) {}); err != nil {
		t.Fatal(err)
	}
	if len(templates) != 3 || templates[0] != templates[1] || templates[0] != templates[2] {
		t.Errorf("templates %p", templates)
	}
}

func TestMarginDecidesBetweenHitAndPossible(t *testing.T) {
	h := newHands(t)
	entry := h.listed(51, nil)
	for what, c := range map[string]struct {
		persons int
		score   float64
		state   capture.State
		note    string
	}{
		"one searched, one chance in ten thousand":          {1, 40, capture.StateHit, "10,000 "},
		"one searched, less than that":                      {1, 39.9, capture.StatePossible, "1,000 "},
		"ten thousand searched, one chance in ten thousand": {10_000, 80, capture.StateHit, "10,000 "},
		"ten thousand searched, one chance in a thousand":   {10_000, 70, capture.StatePossible, "1,000 "},
		"ten thousand searched, beyond what is told apart":  {10_000, 150, capture.StateHit, "1,000,000 "},
	} {
		t.Run(what, func(t *testing.T) {
			var templates []*finger.Template
			g := watched{templates: &templates, found: gallery.FoundFingers{
				Info:   gallery.Info{System: "SIS", Fingers: c.persons, Issued: day, Expires: day.Add(time.Hour)},
				People: []gallery.Person{{Entry: entry, Candidate: index.Candidate{Score: c.score}}},
			}}
			m := localmatch.New(g, localmatch.Options{Lists: []localmatch.List{{"sis", "SIS"}}, Now: func() time.Time { return day }})
			var a capture.Answer
			if err := m.Look(t.Context(), h.laid(51, nil), func(got capture.Answer) { a = got }); err != nil {
				t.Fatal(err)
			}
			if a.State != c.state || !strings.Contains(a.Findings[0].Explanation[0].Note, " "+c.note) {
				t.Errorf("%s, findings %+v", a.State, a.Findings)
			}
		})
	}
}

func TestFingersThatAreNotReadyAreUnavailable(t *testing.T) {
	h := newHands(t)
	var templates []*finger.Template
	g := watched{templates: &templates, found: gallery.FoundFingers{
		Info: gallery.Info{System: "SIS", Fingers: 1, Issued: day, Expires: day.Add(time.Hour)}, NotReady: true,
	}}
	m := localmatch.New(g, localmatch.Options{Lists: []localmatch.List{{"sis", "SIS"}}, Now: func() time.Time { return day }})
	err := m.Look(t.Context(), h.laid(51, nil), func(a capture.Answer) {
		if a.State != capture.StateUnavailable || !strings.Contains(a.Reason, "made ready") {
			t.Errorf("answer %+v", a)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkFinger10k measures the finger lane of a check: from the picture to the answer of a list
// in which 10,000 persons have a finger each, laid like the traveller's but strange to it.
func BenchmarkFinger10k(b *testing.B) {
	const persons = 10_000
	h := newHands(b)
	var sources [][]*finger.Template
	for n := 100; n < 130; n++ {
		sources = append(sources, []*finger.Template{h.template(n)})
	}
	var entries []*gallery.Entry
	for t := range indextest.Fill(1, sources, persons) {
		data, err := t.AppendBinary(nil)
		if err != nil {
			b.Fatal(err)
		}
		entries = append(entries, &gallery.Entry{
			ID:      strconv.Itoa(len(entries)),
			Fingers: []gallery.FingerTemplate{{Position: rightIndex, Format: gallery.FormatBoothd, Data: data}},
		})
	}
	var before, after runtime.MemStats
	s := newShelf(b)
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	s.put("sis", "SIS", append(entries, h.listed(51, nil))...)
	took := time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	m, q := s.matcher(), h.laid(51, nil)
	for b.Loop() {
		err := m.Look(b.Context(), q, func(a capture.Answer) {
			if a.State != capture.StateHit {
				b.Fatalf("answer %+v", a)
			}
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(took.Microseconds())/persons, "apply-µs/print")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/persons, "heap-bytes/print")
	b.ReportMetric(float64(len(entries[0].Fingers[0].Data)), "template-bytes")
}
