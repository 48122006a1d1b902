package main

import (
	"crypto"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/capture/chip"
	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/pkitest"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/cmd/boothd/config"
	"boothd/cmd/boothd/console"
	"boothd/localmatch"
	"boothd/localmatch/gallery"
	"boothd/localmatch/trust"
)

// authorityEntry is a list's entry of an invented authority.
func authorityEntry(t *testing.T) *gallery.Entry {
	t.Helper()
	key, err := pkitest.NewKey(pkitest.Algorithm{Curve: "P-256", Hash: crypto.SHA256})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	a, err := pkitest.NewAuthority(pkitest.Authority{Country: "UT", Name: "CSCA Utopia", Key: key, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(9, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	e := trust.Entry(pki.Entry{Kind: pki.KindAuthority, DER: a.Certificate.Raw})
	return &e
}

func TestTheTrustListIsShownAndNobodyIsLookedUpInIt(t *testing.T) {
	dir := t.TempDir()
	g, err := gallery.Open(t.Context(), filepath.Join(dir, "gallery.db"), filepath.Join(dir, "keys"), gallery.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	b := &booth{gallery: g, config: &config.Config{
		Lists:     []config.List{{Name: "sis", System: "SIS"}, {Name: "csca", System: "PKD"}},
		Documents: config.Documents{Trust: "csca"},
	}}
	b.openTrust()
	b.trust.Refresh(t.Context())
	if st := b.trustStatus(); st.State != console.ListMissing || st.Why == "" || trustWarning(st) == "" {
		t.Errorf("before the list: %+v", st)
	}
	receive := func(version uint64, issued time.Time) {
		t.Helper()
		err := g.Apply(t.Context(), gallery.Update{
			List: "csca", System: "PKD", Version: version, Head: gallery.Hash{byte(version)}, Issued: issued, Expires: issued.Add(48 * time.Hour), SoftAge: 24 * time.Hour, Entries: 1,
			Lines: gallery.LinesOf(func(yield func(gallery.Change, error) bool) { yield(gallery.Change{Put: authorityEntry(t)}, nil) }),
		})
		if err != nil {
			t.Fatal(err)
		}
		b.trust.Refresh(t.Context())
	}
	for i, c := range []struct {
		age   time.Duration
		state console.ListState
		warns string
	}{
		{72 * time.Hour, console.ListExpired, "too old to be used"}, {30 * time.Hour, console.ListStale, "is old"}, {time.Hour, console.ListCurrent, ""},
	} {
		receive(uint64(i+1), time.Now().Add(-c.age))
		st := b.trustStatus()
		if st.State != c.state || st.Version != uint64(i+1) || st.Authorities != 1 || st.States != 1 || st.Why != "" {
			t.Errorf("%s: %+v", c.state, st)
		}
		if w := trustWarning(st); (w != "") != (c.warns != "") || !strings.Contains(w, c.warns) {
			t.Errorf("%s: warning %q", c.state, w)
		}
	}
	if lists := b.peopleLists(); len(lists) != 1 || lists[0] != (localmatch.List{Name: "sis", System: "SIS"}) {
		t.Errorf("people are looked up in %v", lists)
	}
	if len(b.namedLists()) != 2 {
		t.Errorf("the booth fetches %v", b.namedLists())
	}
}

func TestABoothWithoutATrustListSaysNothingOfIt(t *testing.T) {
	b := &booth{config: &config.Config{}}
	b.openTrust()
	if st := b.trustStatus(); st != nil || trustWarning(st) != "" {
		t.Errorf("%+v", st)
	}
}

func TestTheInspectorHasTheTerminalAndTheAgeOfTheTrustList(t *testing.T) {
	issuer, err := chipemu.NewIssuer(chipemu.State{})
	if err != nil {
		t.Fatal(err)
	}
	dir, folder := t.TempDir(), t.TempDir()
	if err := issuer.Store(filepath.Join(dir, "issuer")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"dv.cvc", "terminal.cvc", "terminal.key"} {
		b, err := os.ReadFile(filepath.Join(dir, "issuer", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	g, err := gallery.Open(t.Context(), filepath.Join(dir, "gallery.db"), filepath.Join(dir, "keys"), gallery.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	b := &booth{log: slog.New(slog.DiscardHandler), gallery: g, config: &config.Config{Documents: config.Documents{Trust: "csca", Terminal: folder}}}
	if err := b.openTerminal(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.openTrust()

	traveller := synthetic.New(7)
	d, err := chipemu.DocumentOf(traveller)
	if err == nil {
		err = d.Guard(traveller, issuer)
	}
	if err != nil {
		t.Fatal(err)
	}
	issued, err := chipemu.Issue(d, issuer)
	if err != nil {
		t.Fatal(err)
	}
	card, err := chipemu.New(issued)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { card.Close() })
	zone, err := mrz.Parse(d.MRZ, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	found := b.inspector().Inspect(t.Context(), card, chip.Password{Zone: &zone})
	if c := found.Check(chip.CheckTerminal); c.State != inspection.Successful || !slices.Contains(found.Groups, 3) {
		t.Errorf("fingers: %+v, groups %v", c, found.Groups)
	}
	if c := found.Check("pa_chain"); c.State != inspection.Undetermined || c.Reason != "trust_missing" {
		t.Errorf("who signed: %+v", c)
	}
}
