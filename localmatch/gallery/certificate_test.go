package gallery

import (
	"crypto"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/pkitest"
)

// certificate is an entry with the certificate of an invented authority.
func certificate(t testing.TB, id, country string) *Entry {
	t.Helper()
	key, err := pkitest.NewKey(pkitest.Algorithm{Curve: "P-256", Hash: crypto.SHA256})
	if err != nil {
		t.Fatal(err)
	}
	a, err := pkitest.NewAuthority(pkitest.Authority{Country: country, Name: "CSCA " + country, Key: key, NotBefore: testDay.AddDate(-1, 0, 0), NotAfter: testDay.AddDate(10, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return &Entry{ID: id, Certificate: &pki.Entry{Kind: pki.KindAuthority, DER: a.Certificate.Raw, Source: "test"}}
}

// heldSources returns the sources of the certificates that a list holds, sorted.
func heldSources(t testing.TB, g *Gallery, list string) (Info, []string) {
	t.Helper()
	info, all, err := g.Certificates(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range all {
		got = append(got, e.Source)
	}
	slices.Sort(got)
	return info, got
}

func TestCertificatesAreThoseOfTheNewestVersion(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	a, b, c := certificate(t, "csca:a", "AA"), certificate(t, "csca:b", "BB"), certificate(t, "csca:c", "CC")
	a.Certificate.Source, b.Certificate.Source, c.Certificate.Source = "a", "b", "c"
	apply(t, g, update("csca", 0, 1, 2, puts(a, b)...))
	_, got := heldSources(t, g, "csca")
	wantIDs(t, "the first version", got, "a", "b")

	apply(t, g, update("csca", 1, 2, 2, Change{Drop: "csca:a"}, Change{Put: c}))
	again := *b
	changed := *b.Certificate
	changed.Source = "b again"
	again.Certificate = &changed
	apply(t, g, update("csca", 2, 3, 2, Change{Put: &again}))
	want := func(g *Gallery) {
		t.Helper()
		info, got := heldSources(t, g, "csca")
		wantIDs(t, "the third version", got, "b again", "c")
		if info.Version != 3 || info.Entries != 2 {
			t.Errorf("version %d with %d entries", info.Version, info.Entries)
		}
		if h, err := g.Check(t.Context(), "csca"); err != nil || h.Damaged != 0 || h.Entries != 2 {
			t.Errorf("check: %+v, %v", h, err)
		}
	}
	want(g)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	want(openGallery(t, dir))
}

func TestAListOfCertificatesAnswersNoQuestion(t *testing.T) {
	g := openGallery(t, t.TempDir())
	apply(t, g, update("csca", 0, 1, 1, puts(certificate(t, "csca:a", "AA"))...))
	wantIDs(t, "by name", found(t, g, "csca", withName(1970, "CSCA", "AA")))
	wantIDs(t, "by number", found(t, g, "csca", withNumber("1")))
	if g.HoldsFingers("csca") {
		t.Error("it holds fingers")
	}
}

func TestCertificatesAreNotReadOfAListThatHasNone(t *testing.T) {
	g := openGallery(t, t.TempDir())
	apply(t, g, update("sis", 0, 1, 1, puts(person("p", "ROE, JANE", "1970", "X1"))...))
	apply(t, g, update("mixed", 0, 1, 2, puts(certificate(t, "csca:a", "AA"), person("p", "ROE, JANE", "1970", "X1"))...))
	apply(t, g, update("gone", 0, 1, 1, puts(certificate(t, "csca:a", "AA"))...))
	if err := g.Erase(t.Context(), "gone"); err != nil {
		t.Fatal(err)
	}
	for list, want := range map[string]error{"sis": ErrNoCertificates, "mixed": ErrNoCertificates, "gone": ErrErased, "never": ErrAbsent} {
		if _, all, err := g.Certificates(t.Context(), list); !errors.Is(err, want) || len(all) > 0 {
			t.Errorf("%s: %d, %v, want %v", list, len(all), err, want)
		}
	}
}

func TestADamagedCertificateDamagesTheList(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	apply(t, g, update("sis", 0, 1, 2, puts(certificate(t, "csca:a", "AA"), certificate(t, "csca:b", "BB"))...))
	damageRecord(t, g, "sis", 1)
	if _, all, err := g.Certificates(t.Context(), "sis"); !errors.Is(err, ErrDamaged) || len(all) > 0 {
		t.Errorf("%d, %v, want %v", len(all), err, ErrDamaged)
	}
	if info, err := g.List(t.Context(), "sis"); err != nil || !info.Damaged {
		t.Errorf("the list is not damaged: %v", err)
	}
}

func TestACertificateThatIsNoneOrSomebodyIsRefused(t *testing.T) {
	good := certificate(t, "csca:a", "AA")
	for what, c := range map[string]struct {
		change func(*Entry)
		field  string // of the error; empty if it is good
	}{
		"as it is":         {func(*Entry) {}, ""},
		"with a category":  {func(e *Entry) { e.Category = "authority" }, ""},
		"without an id":    {func(e *Entry) { e.ID = "" }, "id"},
		"with a name":      {func(e *Entry) { e.Names = []string{"ROE"} }, "certificate"},
		"with a number":    {func(e *Entry) { e.Documents = []DocumentNumber{{Number: "1"}} }, "certificate"},
		"discreet":         {func(e *Entry) { e.Discreet = true }, "certificate"},
		"with an action":   {func(e *Entry) { e.Action = "arrest" }, "certificate"},
		"of no kind":       {func(e *Entry) { e.Certificate.Kind = "person" }, "certificate"},
		"of another kind":  {func(e *Entry) { e.Certificate.Kind = pki.KindCRL }, "certificate"},
		"cut off":          {func(e *Entry) { e.Certificate.DER = e.Certificate.DER[:40] }, "certificate"},
		"empty":            {func(e *Entry) { e.Certificate.DER = nil }, "certificate"},
		"with a tail":      {func(e *Entry) { e.Certificate.DER = append(slices.Clone(e.Certificate.DER), 0) }, "certificate"},
		"too long":         {func(e *Entry) { e.Certificate.DER = make([]byte, MaxCertificate+1) }, "certificate.der"},
		"of a long source": {func(e *Entry) { e.Certificate.Source = strings.Repeat("x", MaxText+1) }, "certificate.source"},
	} {
		e, held := *good, *good.Certificate
		e.Certificate = &held
		c.change(&e)
		line, err := json.Marshal(&e)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range ReadEntries(strings.NewReader(string(line))) {
			var field *FieldError
			if errors.As(err, &field) != (c.field != "") || field != nil && field.Field != c.field && c.field != "certificate.der" {
				t.Errorf("%s: %v, want an error of %q", what, err, c.field)
			}
		}
	}
}

func TestTheLongestCertificateFitsALine(t *testing.T) {
	e := Entry{ID: strings.Repeat("x", MaxID), Category: strings.Repeat("x", MaxText), Certificate: &pki.Entry{
		Kind: pki.KindDeviations, DER: make([]byte, MaxCertificate), Source: strings.Repeat("\"", MaxText),
	}}
	if b, err := json.Marshal(Change{Put: &e}); err != nil || len(b) > MaxLine {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}
