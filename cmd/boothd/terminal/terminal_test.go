package terminal_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/capture/chip"
	"boothd/capture/chip/authenticity"
	"boothd/capture/chip/authenticity/cvc"
	"boothd/capture/chip/authenticity/cvc/cvctest"
	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/pki"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/cmd/boothd/terminal"
	"boothd/internal/keys/rest"
)

var day = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func now() time.Time { return day }

// p256 is what the terminals of these tests sign with.
var p256 = cvctest.Algorithm{Scheme: cvc.Scheme{Method: cvc.ECDSA, Hash: crypto.SHA256}, Curve: "P-256"}

const everything = cvctest.Fingerprints | cvctest.Irises

// state is a state's PKI of terminals, down to one of a booth with those rights.
type state struct{ root, verifier, terminal *cvctest.Holder }

func newState(t *testing.T, rights byte) state {
	t.Helper()
	must := func(h *cvctest.Holder, err error) *cvctest.Holder {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	order := func(holder cvc.Reference, role cvc.Role, rights byte) cvctest.Order {
		return cvctest.Order{Holder: holder, Role: role, Rights: rights, Algorithm: p256, From: day.AddDate(0, -1, 0), Until: day.AddDate(0, 2, 0)}
	}
	var s state
	s.root = must(cvctest.NewCVCA(order("UTCVCA00001", cvc.CVCA, everything)))
	s.verifier = must(s.root.Issue(order("UTDV00001", cvc.DomesticDV, everything)))
	s.terminal = must(s.verifier.Issue(order("UTTERM00001", cvc.Terminal, rights)))
	return s
}

func keyOf(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	b, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// files are what the state gives to a booth.
func (s state) files(t *testing.T) map[string][]byte {
	return map[string][]byte{
		"cvca.cvc": s.root.Certificate.Raw, "dv.cvc": s.verifier.Certificate.Raw, "booth.cvc": s.terminal.Certificate.Raw,
		"some.key": keyOf(t, s.terminal.Key.Signer()), "README": []byte("not looked at"),
	}
}

func folder(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// passport is a document with fingers, and who issues it.
type passport struct {
	chipemu.Document
	issuer *chipemu.Issuer
}

var guarded = sync.OnceValues(func() (p passport, err error) {
	if p.issuer, err = chipemu.NewIssuer(chipemu.State{}); err != nil {
		return p, err
	}
	traveller := synthetic.New(7)
	if p.Document, err = chipemu.DocumentOf(traveller); err != nil {
		return p, err
	}
	return p, p.Guard(traveller, p.issuer)
})

// inspect has a chip with fingers, which trusts the state, inspected by such a terminal.
func (s state) inspect(t *testing.T, as *authenticity.Terminal) *chip.Inspection {
	t.Helper()
	d, err := guarded()
	if err != nil {
		t.Fatal(err)
	}
	d.Terminal = &chipemu.Terminal{Roots: [][]byte{s.root.Certificate.Raw}}
	issued, err := chipemu.Issue(d.Document, d.issuer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := chipemu.New(issued)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	zone, err := mrz.Parse(d.MRZ, day)
	if err != nil {
		t.Fatal(err)
	}
	trust, _ := pki.New(d.issuer.Trust())
	in := &chip.Inspector{Trust: func() *pki.Trust { return trust }, Terminal: as, Now: now}
	return in.Inspect(t.Context(), c, chip.Password{Zone: &zone})
}

func TestAGuardedChipIsReadAsTheCertificatesAllow(t *testing.T) {
	for _, tt := range []struct {
		name    string
		rights  byte
		state   inspection.State
		reason  string
		fingers bool
	}{
		{"fingers", everything, inspection.Successful, "", true},
		{"irises only, and the chip has none", cvctest.Irises, inspection.NotDone, "no_permission", false},
		{"nothing", 0, inspection.NotDone, "no_permission", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newState(t, tt.rights)
			as, err := terminal.Open(t.Context(), folder(t, s.files(t)), nil, now)
			if err != nil {
				t.Fatal(err)
			}
			got := s.inspect(t, as)
			c := got.Check(chip.CheckTerminal)
			if c.State != tt.state || c.Reason != tt.reason || slices.Contains(got.Groups, 3) != tt.fingers {
				t.Errorf("%+v, groups %v", c, got.Groups)
			}
			for _, c := range got.Checks {
				if c.State == inspection.Failed {
					t.Errorf("%s: %s", c.Name, c.Text)
				}
				if c.Name == "pa_hash" && c.Group == 3 && !tt.fingers {
					t.Errorf("of a group that was not to be read: %+v", c)
				}
			}
		})
	}
	t.Run("of another state", func(t *testing.T) {
		as, err := terminal.Open(t.Context(), folder(t, newState(t, everything).files(t)), nil, now)
		if err != nil {
			t.Fatal(err)
		}
		// The names are the same, so that the chip is shown the certificates, and refuses them.
		got := newState(t, everything).inspect(t, as)
		if c := got.Check(chip.CheckTerminal); c.State != inspection.Failed || c.Reason != "refused" || slices.Contains(got.Groups, 3) {
			t.Errorf("%+v, groups %v", c, got.Groups)
		}
	})
}

func TestKeysAreWrappedWhereTheyLie(t *testing.T) {
	s := newState(t, everything)
	files := s.files(t)
	files["next.key"] = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyOf(t, newKey(t))})
	dir := folder(t, files)
	passphrase := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(passphrase, []byte("correct horse battery staple\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	keeper, err := rest.Open(t.Context(), rest.Options{Dir: t.TempDir(), Source: rest.SourcePassphrase, PassphraseFile: passphrase})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		as, err := terminal.Open(t.Context(), dir, keeper, now)
		if err != nil {
			t.Fatal(err)
		}
		if c := s.inspect(t, as).Check(chip.CheckTerminal); c.State != inspection.Successful {
			t.Errorf("%+v", c)
		}
		for _, name := range []string{"some.key", "next.key"} {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || bytes.Contains(b, files[name][:16]) || !bytes.HasPrefix(b, []byte("boothd wrapped")) {
				t.Errorf("%s is not wrapped: %v", name, err)
			}
		}
	}
	if _, err := terminal.Open(t.Context(), dir, nil, now); err == nil {
		t.Error("wrapped keys opened without their keeper")
	}
	if f, err := terminal.Look(dir); err != nil || len(f.Own) != 1 || len(f.Above) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAFolderThatNoChipWouldAcceptIsRefused(t *testing.T) {
	whole := newState(t, everything).files(t)
	for _, tt := range []struct {
		name   string
		change func(files map[string][]byte)
		mode   os.FileMode
		want   string
	}{
		{"without a certificate of the booth", func(f map[string][]byte) { delete(f, "booth.cvc") }, 0o600, "no certificate of a terminal"},
		{"without a key", func(f map[string][]byte) { delete(f, "some.key") }, 0o600, "no key"},
		{"with a key of somebody else", func(f map[string][]byte) { f["some.key"] = keyOf(t, newKey(t)) }, 0o600, "no key fits the terminal certificate UTTERM00001"},
		{"with a key that is none", func(f map[string][]byte) { f["some.key"] = []byte("secret") }, 0o600, "no private key in PKCS #8"},
		{"with a certificate that is cut", func(f map[string][]byte) { f["dv.cvc"] = f["dv.cvc"][:90] }, 0o600, "dv.cvc: "},
		{"with a key that others may read", func(map[string][]byte) {}, 0o640, "some.key is open to others (mode 0640): chmod 600"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string][]byte{}
			for name, b := range whole {
				files[name] = b
			}
			tt.change(files)
			dir := folder(t, files)
			if _, there := files["some.key"]; there {
				if err := os.Chmod(filepath.Join(dir, "some.key"), tt.mode); err != nil {
					t.Fatal(err)
				}
			}
			_, err := terminal.Open(t.Context(), dir, nil, now)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	if _, err := terminal.Look(filepath.Join(t.TempDir(), "nowhere")); err == nil {
		t.Error("a folder that is not there was read")
	}
}
