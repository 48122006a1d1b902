package seed

import (
	"bytes"
	"fmt"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/cmd/centrald/border"
	"boothd/cmd/centrald/identity"
	"boothd/cmd/centrald/register"
	"boothd/cmd/centrald/store"
	"boothd/cmd/centrald/visa"
	"boothd/localmatch/gallery"
	"boothd/sync/system"
)

var today = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// open opens all stores as central does.
// shelf keeps the prints of the cast for all tests.
var shelf printShelf

func open(t testing.TB, db *store.DB) Stores {
	t.Helper()
	secret, now := []byte("a secret of the tests"), func() time.Time { return today }
	s := Stores{DB: db, Registers: map[string]*register.Register{}, Now: now, prints: &shelf}
	var errs [5]error
	for _, name := range append(everySystem(), system.SLTD, system.TDAWN, system.CIR) {
		r, err := register.Open(t.Context(), db, register.Options{System: name, Secret: secret, Now: now, Needs: needsGrant})
		must(t, err)
		s.Registers[name] = r
	}
	s.Links, errs[0] = identity.OpenLinks(t.Context(), db, identity.LinkOptions{Now: now})
	s.CIR, errs[1] = identity.OpenCIR(t.Context(), db, s.Registers[system.CIR], identity.Options{Links: s.Links, Now: now})
	people := s.Registers[system.EES]
	s.EES, errs[2] = border.Open(t.Context(), db, border.Options{People: people, Enrol: people.Put, Secret: secret, Now: now})
	s.VIS, errs[3] = visa.OpenVIS(t.Context(), db, visa.VISOptions{People: s.Registers[system.VIS], Secret: secret, Now: now})
	s.ETIAS, errs[4] = visa.OpenETIAS(t.Context(), db, visa.ETIASOptions{Required: []string{needsAuthorisation}, Secret: secret, Now: now})
	must(t, errs[:]...)
	return s
}

func needsGrant(e *gallery.Entry) string {
	if e.Category == conviction.category {
		return "judicial"
	}
	return ""
}

// takesLong skips a test whose prints take minutes under the race detector; make test runs it
// once more without.
func takesLong(t *testing.T) {
	t.Helper()
	if underRace {
		t.Skip("is run without the race detector")
	}
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// adapters are the systems as the search asks them.
func (s *Stores) adapters() map[string]system.Adapter {
	all := map[string]system.Adapter{system.EES: s.EES, system.VIS: s.VIS, system.ETIAS: s.ETIAS, system.CIR: s.CIR}
	for name, r := range s.Registers {
		if all[name] == nil {
			all[name] = r
		}
	}
	return all
}

// evidence is what the traveller presents: the document, and the finger if it is laid.
func evidence(t testing.TB, n int, laid bool) *capture.Query {
	t.Helper()
	z, err := mrz.Parse(synthetic.New(n).MRZ, today)
	must(t, err)
	q := &capture.Query{Zone: &z}
	if !laid {
		q.Evidence.Document = &capture.Document{Zone: z}
		return q
	}
	picture := synthetic.New(n).Finger(int(rightIndex))
	var b bytes.Buffer
	must(t, png.Encode(&b, picture))
	q.Evidence.Finger = &capture.Finger{Position: rightIndex, PNG: b.Bytes(), Width: picture.Rect.Dx(), Height: picture.Rect.Dy(), DPI: synthetic.FingerDPI}
	return q
}

// asked is what the systems say of the traveller: all findings, and the facts that tell
// how somebody stands.
func asked(t testing.TB, s *Stores, q *capture.Query, systems ...string) []string {
	t.Helper()
	var said []string
	adapters := s.adapters()
	for _, name := range systems {
		question := system.About(q, name)
		question.Keep(system.Allowed(name))
		r, err := adapters[name].Ask(t.Context(), question)
		must(t, err)
		said = append(said, saidOf(name, &r)...)
	}
	return said
}

func saidOf(name string, r *system.Reply) []string {
	var said, facts []string
	for _, f := range r.Facts {
		switch f.Code {
		case capture.FactVisa, capture.FactPresence, capture.FactDaysLeft, capture.FactDaysOver, capture.FactAuthorised, capture.FactFlag, capture.FactFallback, capture.FactFile:
			if f.Value != "none" || f.Code == capture.FactAuthorised {
				facts = append(facts, fmt.Sprintf("%s=%s", f.Code, f.Value))
			}
		case capture.FactTerritory, capture.FactEntries:
			if f.Value != "Schengen" && f.Value != "multiple" {
				facts = append(facts, fmt.Sprintf("%s=%s", f.Code, f.Value))
			}
		}
	}
	if facts != nil {
		said = append(said, name+": "+strings.Join(facts, " "))
	}
	if r.State == capture.StateUnavailable {
		said = append(said, name+" unavailable: "+r.Reason)
	}
	for _, f := range r.Findings {
		words := []string{name, string(f.State), strings.ReplaceAll(string(f.By), "_", " ")}
		for _, w := range []struct {
			is   bool
			word string
		}{{f.Needs != "", "needs " + f.Needs}, {f.Category != "", f.Category}, {f.Discreet, "discreet"}, {f.Minor, "minor"}} {
			if w.is {
				words = append(words, w.word)
			}
		}
		said = append(said, strings.Join(words, ", "))
	}
	return said
}

var (
	byPaper = []string{system.SIS, system.SLTD, system.TDAWN, National, system.EES, system.VIS, system.ETIAS, system.Europol, system.ECRISTCN}
	byPrint = []string{system.SIS, National, system.EES, system.VIS, system.Eurodac}
)

// linksOf are the links of the traveller's entries.
func linksOf(t testing.TB, s *Stores, n int) []string {
	t.Helper()
	var said []string
	seen := map[string]bool{}
	for _, name := range everySystem() {
		links, err := s.Links.Of(t.Context(), name, fmt.Sprintf("T-%07d", n), everySystem())
		must(t, err)
		for _, k := range links {
			if !seen[k.ID] {
				seen[k.ID] = true
				words := fmt.Sprintf("%s link %s", k.Colour, strings.Join(k.Systems, " "))
				if k.Discreet {
					words += ", discreet"
				}
				if k.Work != "" {
					words += ", work"
				}
				said = append(said, words)
			}
		}
	}
	slices.Sort(said)
	return said
}
