package main

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/pkitest"
	"boothd/capture/mrz/ocr"
	"boothd/capture/mrz/ocr/drawn"
)

// TestDocumentScripts has the trust material of invented states and, where Debian's font is
// installed, a photograph of an invented passport.
func TestDocumentScripts(t *testing.T) {
	_, err := os.Stat(drawn.FontFolder)
	testscript.Run(t, testscript.Params{
		Dir:       "testdata/documents",
		Condition: func(name string) (bool, error) { return name == "ocr-b" && err == nil, nil },
		Setup: func(env *testscript.Env) error {
			files, err := documents()
			if err != nil {
				return err
			}
			for name, data := range files {
				path := filepath.Join(env.WorkDir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					return err
				}
				if err := os.WriteFile(path, data, 0o600); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// documents are the files of a state as passport issue makes it, in the folder state; a
// photograph; and what the real world's authorities do besides, in the folder world.
var documents = sync.OnceValues(func() (map[string][]byte, error) {
	files := map[string][]byte{}
	issuer, err := chipemu.NewIssuer(chipemu.State{})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "state-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := issuer.Store(dir); err != nil {
		return nil, err
	}
	for _, name := range []string{"issuer.json", "csca.der", "crl.der", "masterlist.cms"} {
		if files["state/"+name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	files["world/directory.ldif"] = directory(map[string][]byte{
		"pkdMasterListContent": files["state/masterlist.cms"], "certificateRevocationList": files["state/crl.der"],
	})
	if err := addWorld(files); err != nil {
		return nil, err
	}
	return files, addPhotograph(files)
})

// directory writes values as the public key directory's download has them.
func directory(values map[string][]byte) []byte {
	b := bytes.NewBufferString("version: 1\n")
	for name, value := range values {
		fmt.Fprintf(b, "\ndn: cn=%s,o=ml,c=UT,dc=data,dc=download,dc=pkd,dc=icao,dc=int\n%s:: %s\n", name, name, base64.StdEncoding.EncodeToString(value))
	}
	return b.Bytes()
}

// addWorld adds an authority that expired, the link to its next key, a revocation list past
// its time, and all of them as trust material.
func addWorld(files map[string][]byte) error {
	from := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)
	old, err := newAuthority("CSCA Oldland", from, from.AddDate(3, 0, 0))
	if err != nil {
		return err
	}
	next, err := newAuthority("CSCA Oldland 2", from.AddDate(3, 0, 0), from.AddDate(100, 0, 0))
	if err != nil {
		return err
	}
	link, err := old.Link(next)
	if err != nil {
		return err
	}
	stale, err := old.CRL(from, from.AddDate(0, 3, 0))
	if err != nil {
		return err
	}
	files["world/old.der"], files["world/link.der"], files["world/stale.crl"] = old.Certificate.Raw, link, stale
	var hanging bytes.Buffer
	err = pki.WriteLines(&hanging, []pki.Entry{{Kind: pki.KindLink, DER: link}, {Kind: pki.KindCRL, DER: stale}})
	files["world/hanging.jsonl"] = hanging.Bytes()
	return err
}

func newAuthority(name string, from, until time.Time) (*pkitest.Authority, error) {
	key, err := pkitest.NewKey(pkitest.Algorithm{Curve: "brainpoolP256r1", Hash: crypto.SHA256})
	if err != nil {
		return nil, err
	}
	return pkitest.NewAuthority(pkitest.Authority{Country: "XO", State: "XOX", Name: name, Key: key, NotBefore: from, NotAfter: until})
}

// addPhotograph draws a passport, if the font is there, with the truth beside it.
func addPhotograph(files map[string][]byte) error {
	if _, err := os.Stat(drawn.FontFolder); err != nil {
		return nil
	}
	font, err := drawn.Load(drawn.FontFolder)
	if err != nil {
		return err
	}
	lines := []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}
	photo, err := font.Photograph(rand.New(rand.NewPCG(7, 7)), lines, drawn.Conditions{Pitch: 12, Contrast: 0.8, Noise: 2, Quality: 90})
	if err != nil {
		return err
	}
	truth, err := json.Marshal([]map[string]any{{"file": "passport.png", "lines": lines}})
	files["photographs/truth.json"] = truth
	if err != nil {
		return err
	}
	return addPNG(files, "photographs/passport.png", photo.Image)
}

func TestDoubtfulPositionsAreMarkedUnderTheirLine(t *testing.T) {
	doubtful := []ocr.Position{{Line: 1, Column: 3}, {Line: 2, Column: 1}, {Line: 2, Column: 4}}
	for line, want := range map[int]string{1: "  ^", 2: "^  ^", 3: ""} {
		if got := marksUnder(doubtful, line); got != want {
			t.Errorf("line %d: %q, want %q", line, got, want)
		}
	}
}

func TestZonesOfACommandLineAreSplitIntoLines(t *testing.T) {
	c := &call{in: bytes.NewBufferString("AB\nCD\n")}
	long := string(bytes.Repeat([]byte("X"), 88))
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"white space between them", " AB  CD ", []string{"AB", "CD"}},
		{"one after the other", long, []string{long[:44], long[44:]}},
		{"a length that no zone has is left to the parser", "ABC", []string{"ABC"}},
		{"standard input", "-", []string{"AB", "CD"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := zoneLines(c, tt.text)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// What is altered after it was signed is found, whatever it is.
func TestTrustMaterialThatIsNotWhatItSaysIsFound(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	a, err := newAuthority("CSCA Newland", now.AddDate(-1, 0, 0), now.AddDate(10, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	crl, err := a.CRL(now.AddDate(0, -1, 0), now.AddDate(0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	last := func(der []byte) []byte {
		der = bytes.Clone(der)
		der[len(der)-1] ^= 1
		return der
	}
	if _, err := cert.Parse(last(a.Certificate.Raw)); err != nil {
		t.Fatal(err)
	}
	authority := pki.Entry{Kind: pki.KindAuthority, DER: a.Certificate.Raw}
	for _, tt := range []struct {
		name    string
		entries []pki.Entry
		at      time.Time
		weights []weight
	}{
		{"an authority with its list", []pki.Entry{authority, {Kind: pki.KindCRL, DER: crl}}, now, nil},
		{"an authority without a list", []pki.Entry{authority}, now, []weight{noted}},
		{"a signature of its own that is wrong", []pki.Entry{{Kind: pki.KindAuthority, DER: last(a.Certificate.Raw)}, {Kind: pki.KindCRL, DER: crl}}, now, []weight{wrong}},
		{"a list with a wrong signature", []pki.Entry{authority, {Kind: pki.KindCRL, DER: last(crl)}}, now, []weight{wrong, noted}},
		{"a list past its time", []pki.Entry{authority, {Kind: pki.KindCRL, DER: crl}}, now.AddDate(0, 2, 0), []weight{past}},
		{"an authority past its time", []pki.Entry{authority}, now.AddDate(11, 0, 0), []weight{past, noted}},
		{"an authority of tomorrow", []pki.Entry{authority}, now.AddDate(-2, 0, 0), []weight{wrong, noted}},
		{"what cannot be read", []pki.Entry{{Kind: pki.KindCRL, DER: []byte("nothing")}}, now, []weight{wrong}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []weight
			for _, f := range verifyTrust(tt.entries, tt.at) {
				got = append(got, f.weight)
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.weights) {
				t.Errorf("findings %v, want %v: %+v", got, tt.weights, verifyTrust(tt.entries, tt.at))
			}
		})
	}
}
