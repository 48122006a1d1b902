package trust_test

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/pkitest"
	"boothd/localmatch/gallery"
	"boothd/localmatch/trust"
)

var day = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// authority makes the certificate of an invented authority.
func authority(t testing.TB, country, name string) *pkitest.Authority {
	t.Helper()
	key, err := pkitest.NewKey(pkitest.Algorithm{Curve: "P-256", Hash: crypto.SHA256})
	if err != nil {
		t.Fatal(err)
	}
	a, err := pkitest.NewAuthority(pkitest.Authority{Country: country, Name: name, Key: key, NotBefore: day.AddDate(-1, 0, 0), NotAfter: day.AddDate(10, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func authorities(t testing.TB, countries ...string) []pki.Entry {
	t.Helper()
	var all []pki.Entry
	for _, c := range countries {
		all = append(all, pki.Entry{Kind: pki.KindAuthority, DER: authority(t, c, "CSCA "+c).Certificate.Raw, Source: "test"})
	}
	return all
}

// booth is a gallery and a keeper at a time.
type booth struct {
	gallery *gallery.Gallery
	keeper  *trust.Keeper
	now     time.Time
}

func newBooth(t testing.TB) *booth {
	t.Helper()
	dir := t.TempDir()
	b := &booth{now: day}
	var err error
	b.gallery, err = gallery.Open(t.Context(), filepath.Join(dir, "gallery.db"), filepath.Join(dir, "keys"), gallery.Options{Now: func() time.Time { return b.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.gallery.Close() })
	b.keeper = trust.New(b.gallery, "csca", trust.Options{Now: func() time.Time { return b.now }})
	return b
}

// receive brings a version, the whole list, issued now.
func (b *booth) receive(t testing.TB, version uint64, entries ...gallery.Entry) {
	t.Helper()
	err := b.gallery.Apply(t.Context(), gallery.Update{
		List: "csca", System: "PKD", Version: version, Head: gallery.Hash{byte(version)}, Issued: b.now, Expires: b.now.Add(48 * time.Hour), SoftAge: 24 * time.Hour,
		Entries: len(entries), Lines: gallery.LinesOf(func(yield func(gallery.Change, error) bool) {
			for i := range entries {
				if !yield(gallery.Change{Put: &entries[i]}, nil) {
					return
				}
			}
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func entriesOf(all []pki.Entry) []gallery.Entry {
	var entries []gallery.Entry
	for _, e := range all {
		entries = append(entries, trust.Entry(e))
	}
	return entries
}

// want checks what there is and how much.
func (b *booth) want(t *testing.T, state trust.State, version uint64, authorities, states int) {
	t.Helper()
	material, got := b.keeper.Trust()
	s := b.keeper.Status()
	if got != state || s.State != state || s.Version != version || s.Authorities != authorities || s.States != states {
		t.Errorf("%s, %+v, want %s, version %d, %d authorities of %d states", got, s, state, version, authorities, states)
	}
	usable := state == trust.Current || state == trust.Stale
	if (material != nil) != usable {
		t.Fatalf("there is material: %t, want %t", material != nil, usable)
	}
	if (s.Why != "") != (state == trust.Missing) {
		t.Errorf("why %q", s.Why)
	}
	if usable && len(material.Entries()) != authorities {
		t.Errorf("%d entries, want %d", len(material.Entries()), authorities)
	}
}

func TestTheNewestVersionCounts(t *testing.T) {
	b := newBooth(t)
	b.want(t, trust.Missing, 0, 0, 0)
	b.keeper.Refresh(t.Context())
	b.want(t, trust.Missing, 0, 0, 0)

	all := authorities(t, "DE", "FR", "DE")
	b.receive(t, 1, entriesOf(all[:1])...)
	b.keeper.Refresh(t.Context())
	b.want(t, trust.Current, 1, 1, 1)
	first, _ := b.keeper.Trust()

	b.keeper.Refresh(t.Context())
	if again, _ := b.keeper.Trust(); again != first {
		t.Error("the same version was made ready twice")
	}
	b.receive(t, 2, entriesOf(all)...)
	b.want(t, trust.Current, 1, 1, 1)
	b.keeper.Refresh(t.Context())
	b.want(t, trust.Current, 2, 3, 2)
}

func TestTheMaterialAgesAsItsListDoes(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		want  trust.State
	}{
		"a clock that is a little behind": {-4 * time.Minute, trust.Current},
		"a clock that was set back":       {-time.Hour, trust.Stale},
		"up to its soft age":              {24 * time.Hour, trust.Current},
		"past its soft age":               {24*time.Hour + 1, trust.Stale},
		"up to its lease":                 {48*time.Hour - 1, trust.Stale},
		"past its lease":                  {48 * time.Hour, trust.Expired},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBooth(t)
			b.receive(t, 1, entriesOf(authorities(t, "DE"))...)
			b.keeper.Refresh(t.Context())
			b.now = day.Add(c.after)
			b.want(t, c.want, 1, 1, 1)
		})
	}
}

func TestALeaseThatEndedComesAgainWithANewVersion(t *testing.T) {
	b := newBooth(t)
	all := entriesOf(authorities(t, "DE"))
	b.receive(t, 1, all...)
	b.keeper.Refresh(t.Context())
	b.now = day.Add(72 * time.Hour)
	b.want(t, trust.Expired, 1, 1, 1)
	b.receive(t, 2, all...)
	b.keeper.Refresh(t.Context())
	b.want(t, trust.Current, 2, 1, 1)
}

func TestNothingIsLeftOfAListThatIsErased(t *testing.T) {
	b := newBooth(t)
	b.receive(t, 1, entriesOf(authorities(t, "DE"))...)
	b.keeper.Refresh(t.Context())
	if err := b.gallery.Erase(t.Context(), "csca"); err != nil {
		t.Fatal(err)
	}
	b.keeper.Refresh(t.Context())
	b.want(t, trust.Missing, 0, 0, 0)
}

func TestAListOfPeopleIsNoTrustMaterial(t *testing.T) {
	b := newBooth(t)
	b.receive(t, 1, gallery.Entry{ID: "p", Names: []string{"ROE, JANE"}})
	b.keeper.Refresh(t.Context())
	b.want(t, trust.Missing, 0, 0, 0)
	if s := b.keeper.Status(); s.Why != gallery.ErrNoCertificates.Error() {
		t.Errorf("why %q", s.Why)
	}
}

// failing is a gallery of which nothing can be read just now.
type failing struct{ *gallery.Gallery }

func (failing) List(context.Context, string) (gallery.Info, error) {
	return gallery.Info{}, errors.New("disk full")
}

func TestWhatCannotBeReadJustNowStaysUnderItsLease(t *testing.T) {
	b := newBooth(t)
	b.receive(t, 1, entriesOf(authorities(t, "DE"))...)
	var lists struct{ trust.Lists }
	lists.Lists = b.gallery
	b.keeper = trust.New(&lists, "csca", trust.Options{Now: func() time.Time { return b.now }})
	b.keeper.Refresh(t.Context())
	lists.Lists = failing{b.gallery}
	b.keeper.Refresh(t.Context())
	b.want(t, trust.Current, 1, 1, 1)
	b.now = day.Add(48 * time.Hour)
	b.want(t, trust.Expired, 1, 1, 1)
}

func TestRunKeepsUpUntilItsContextEnds(t *testing.T) {
	b := newBooth(t)
	b.receive(t, 1, entriesOf(authorities(t, "DE"))...)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.keeper.Run(ctx) }()
	deadline := time.After(10 * time.Second)
	for ready := false; !ready; {
		_, state := b.keeper.Trust()
		ready = state == trust.Current
		select {
		case <-deadline:
			t.Fatal("not ready")
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestReasonsAreThoseOfStates(t *testing.T) {
	for state, want := range map[trust.State]string{
		trust.Current: "", trust.Stale: "trust_stale", trust.Expired: "trust_expired", trust.Missing: "trust_missing",
	} {
		if got := state.Reason(); got != want {
			t.Errorf("%s: %q, want %q", state, got, want)
		}
	}
}

func TestMaterialBecomesEntriesAndMaterialAgain(t *testing.T) {
	a := authority(t, "DE", "CSCA")
	next := authority(t, "DE", "CSCA")
	link, err := a.Link(next)
	if err != nil {
		t.Fatal(err)
	}
	crl, err := a.CRL(day, day.AddDate(0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	all := []pki.Entry{
		{Kind: pki.KindLink, DER: link, Source: "list B"}, {Kind: pki.KindCRL, DER: crl}, {Kind: pki.KindAuthority, DER: a.Certificate.Raw, Source: "list A"},
		{Kind: pki.KindLink, DER: link, Source: "list A"},
	}
	convert := func(all []pki.Entry) string {
		t.Helper()
		var in, out bytes.Buffer
		if err := pki.WriteLines(&in, all); err != nil {
			t.Fatal(err)
		}
		if n, err := trust.Convert(&in, &out); err != nil || n != 3 {
			t.Fatalf("%d entries, %v", n, err)
		}
		return out.String()
	}
	text := convert(all)
	if other := convert([]pki.Entry{all[3], all[2], all[1], all[0]}); other != text {
		t.Error("the same material in another order becomes other lines")
	}
	b := newBooth(t)
	var entries []gallery.Entry
	for e, err := range gallery.ReadEntries(strings.NewReader(text)) {
		if err != nil {
			t.Fatal(err)
		}
		if want := trust.Entry(*e.Certificate).ID; e.ID != want || !strings.HasPrefix(want, string(e.Certificate.Kind)+":") {
			t.Errorf("id %q, want %q", e.ID, want)
		}
		entries = append(entries, *e)
	}
	b.receive(t, 1, entries...)
	b.keeper.Refresh(t.Context())
	got, _ := b.keeper.Trust()
	want, _ := pki.New(all)
	var gotLines, wantLines bytes.Buffer
	if err := errors.Join(pki.WriteLines(&gotLines, got.Entries()), pki.WriteLines(&wantLines, want.Entries())); err != nil {
		t.Fatal(err)
	}
	if gotLines.String() != wantLines.String() {
		t.Errorf("the booth has\n%s\nwant\n%s", &gotLines, &wantLines)
	}
}

func TestMaterialThatNoBoothCouldUseIsNotConverted(t *testing.T) {
	good := authorities(t, "DE")[0]
	for name, bad := range map[string]pki.Entry{
		"a certificate that is cut": {Kind: pki.KindAuthority, DER: good.DER[:60]},
		"a kind that is not known":  {Kind: "person", DER: good.DER},
		"a source without an end":   {Kind: pki.KindAuthority, DER: good.DER, Source: strings.Repeat("x", 300)},
	} {
		var in, out bytes.Buffer
		if err := pki.WriteLines(&in, []pki.Entry{bad}); err != nil {
			t.Fatal(err)
		}
		if n, err := trust.Convert(&in, &out); err == nil || n > 0 {
			t.Errorf("%s: %d entries, %v", name, n, err)
		}
	}
	if _, err := trust.Convert(strings.NewReader("{\"kind\":\"csca\",\"more\":1}\n"), &bytes.Buffer{}); err == nil {
		t.Error("a line with a key that is not known was converted")
	}
}
