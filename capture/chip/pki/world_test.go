package pki_test

import (
	"crypto"
	"testing"
	"time"

	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/pkitest"
)

var now = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

func years(n int) time.Time { return now.AddDate(n, 0, 0) }

// world is a country with an authority, a document signer and a document.
type world struct {
	keys      pkitest.Keys
	authority *pkitest.Authority
	signer    *pkitest.Signer
	crl       []byte
	files     map[int][]byte
	sod       []byte
}

var usual = pkitest.Algorithm{Curve: "P-256", Hash: crypto.SHA256}

func newWorld(t testing.TB, a pkitest.Algorithm) *world {
	t.Helper()
	w := &world{files: map[int][]byte{1: []byte("zone"), 2: []byte("portrait"), 14: []byte("security")}}
	w.authority = w.newAuthority(t, "DE", "CSCA", a)
	w.signer = w.newSigner(t, w.authority, pkitest.Signer{Name: "Document signer 1"}, a)
	w.crl = w.newCRL(t, w.authority, now)
	w.sod = w.newSOD(t, w.signer, pkitest.Envelope{})
	return w
}

func (w *world) key(t testing.TB, a pkitest.Algorithm) *pkitest.Key {
	t.Helper()
	k, err := w.keys.Get(a)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (w *world) newAuthority(t testing.TB, country, name string, a pkitest.Algorithm) *pkitest.Authority {
	t.Helper()
	authority, err := pkitest.NewAuthority(pkitest.Authority{
		Country: country, Name: name, Key: w.key(t, a), NotBefore: years(-4), NotAfter: years(11),
	})
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

// newSigner issues a certificate, with what s does not say filled in. Its key is one of its
// own if the algorithm is that of the authority on a curve.
func (w *world) newSigner(t testing.TB, by *pkitest.Authority, s pkitest.Signer, a pkitest.Algorithm) *pkitest.Signer {
	t.Helper()
	var err error
	if s.Key == nil && a.Curve != "" {
		s.Key, err = pkitest.NewKey(a)
		if err != nil {
			t.Fatal(err)
		}
	} else if s.Key == nil {
		s.Key = w.key(t, a)
	}
	if s.NotBefore.IsZero() {
		s.NotBefore, s.NotAfter = years(-1), years(10)
	}
	signer, err := by.Issue(s)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func (w *world) newCRL(t testing.TB, by *pkitest.Authority, at time.Time, revoked ...pkitest.Revoked) []byte {
	t.Helper()
	crl, err := by.CRL(at, at.AddDate(0, 3, 0), revoked...)
	if err != nil {
		t.Fatal(err)
	}
	return crl
}

func (w *world) newSOD(t testing.TB, by *pkitest.Signer, e pkitest.Envelope) []byte {
	t.Helper()
	if e.SigningTime.IsZero() {
		e.SigningTime = now.AddDate(0, -6, 0)
	}
	sod, err := by.SOD(w.files, crypto.SHA256, "0108", e)
	if err != nil {
		t.Fatal(err)
	}
	return sod
}

// entries is what the world's booth knows.
func (w *world) entries() []pki.Entry {
	return []pki.Entry{
		{Kind: pki.KindAuthority, DER: w.authority.Certificate.Raw},
		{Kind: pki.KindCRL, DER: w.crl},
	}
}

func trust(t testing.TB, entries ...pki.Entry) *pki.Trust {
	t.Helper()
	tr, faults := pki.New(entries)
	for _, err := range faults {
		t.Error(err)
	}
	return tr
}

// document is the world's document, read in full.
func (w *world) document() pki.Document {
	return pki.Document{SOD: w.sod, Digest: digestOf(w.files), State: "D<<", Type: "P<"}
}

func digestOf(files map[int][]byte) func(int, crypto.Hash) ([]byte, bool) {
	return func(group int, h crypto.Hash) ([]byte, bool) {
		file, read := files[group]
		f := h.New()
		f.Write(file)
		return f.Sum(nil), read
	}
}

// expect compares the result of checks with "state" or "state reason"; every other check is
// successful, or not done for want of what the document lacks.
func expect(t testing.TB, r pki.Result, want map[pki.Check]string) {
	t.Helper()
	usual := map[pki.Check]string{pki.CheckDocumentType: "not_done no_type_list"}
	seen := map[pki.Check]bool{}
	for _, f := range r.Facts {
		if seen[f.Check] {
			continue
		}
		seen[f.Check] = true
		f = r.Fact(f.Check)
		got := string(f.State)
		if f.Reason != "" {
			got += " " + string(f.Reason)
		}
		expected, set := want[f.Check]
		if !set {
			expected = usual[f.Check]
		}
		if expected == "" {
			expected = "successful"
		}
		if got != expected {
			t.Errorf("%s: %s (%s), not %s", f.Check, got, f.Text, expected)
		}
	}
	if len(seen) != 12 {
		t.Errorf("%d checks, not 12", len(seen))
	}
}
