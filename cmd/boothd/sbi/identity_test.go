package sbi

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"boothd/internal/keys/rest"
)

var day = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// clock is a time that the test moves.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func options(dir string, c *clock) IdentityOptions {
	return IdentityOptions{Dir: dir, Booth: "north-3", Now: c.Now, Log: slog.New(slog.DiscardHandler)}
}

// signer returns the certificates that an answer is signed with.
func signer(t *testing.T, i *Identity) []*x509.Certificate {
	t.Helper()
	text, err := i.sign(map[string]string{"a": "b"})
	if err != nil {
		t.Fatal(err)
	}
	object, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(i.chain[len(i.chain)-1])
	chains, err := object.Signatures[0].Header.Certificates(x509.VerifyOptions{
		Roots: roots, CurrentTime: i.o.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := object.Verify(chains[0][0].PublicKey); err != nil {
		t.Error(err)
	}
	return chains[0]
}

func mustOpen(t *testing.T, o IdentityOptions) *Identity {
	t.Helper()
	i, err := OpenIdentity(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestTheBoothsOwnKeyStaysForThirtyDaysAndItsRootLonger(t *testing.T) {
	dir, c := t.TempDir(), &clock{day}
	first := signer(t, mustOpen(t, options(dir, c)))
	c.now = day.Add(29 * 24 * time.Hour)
	i := mustOpen(t, options(dir, c))
	if same := signer(t, i); !same[0].Equal(first[0]) {
		t.Error("another key after 29 days")
	}
	c.now = day.Add(31 * 24 * time.Hour) // while it runs
	second := signer(t, i)
	if second[0].Equal(first[0]) || !second[1].Equal(first[1]) {
		t.Error("the key was not replaced, or the root was")
	}
	if again := signer(t, mustOpen(t, options(dir, c))); !again[0].Equal(second[0]) {
		t.Error("the new key was not kept")
	}
	c.now = day.Add(100 * 24 * time.Hour) // it was switched off
	if third := signer(t, mustOpen(t, options(dir, c))); third[0].Equal(second[0]) || !third[1].Equal(first[1]) {
		t.Error("an old key is used, or the root was replaced")
	}
}

func TestHalfAKeyIsMadeAnew(t *testing.T) {
	for _, lost := range []string{deviceFile, deviceKey} {
		dir, c := t.TempDir(), &clock{day}
		first := signer(t, mustOpen(t, options(dir, c)))
		if err := os.Remove(filepath.Join(dir, lost)); err != nil {
			t.Fatal(err)
		}
		if again := signer(t, mustOpen(t, options(dir, c))); again[0].Equal(first[0]) || !again[1].Equal(first[1]) {
			t.Errorf("without %s: not a new key under the same root", lost)
		}
	}
}

func TestKeysAreWrappedAtRest(t *testing.T) {
	dir, c := t.TempDir(), &clock{day}
	secret := filepath.Join(t.TempDir(), "credential")
	if err := os.WriteFile(secret, []byte(strings.Repeat("s", 64)), 0o600); err != nil {
		t.Fatal(err)
	}
	keeper, err := rest.Open(t.Context(), rest.Options{Dir: dir, CredentialFile: secret})
	if err != nil {
		t.Fatal(err)
	}
	o := options(dir, c)
	o.Keys = keeper
	first := signer(t, mustOpen(t, o))
	for _, name := range []string{deviceKey, rootKey} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x509.ParsePKCS8PrivateKey(b); err == nil {
			t.Errorf("%s is plain", name)
		}
	}
	if again := signer(t, mustOpen(t, o)); !again[0].Equal(first[0]) {
		t.Error("another key")
	}
	if _, err := OpenIdentity(options(dir, c)); !errors.Is(err, rest.ErrOff) {
		t.Errorf("without what unwraps them: %v", err)
	}
	if again := signer(t, mustOpen(t, o)); !again[0].Equal(first[0]) {
		t.Error("keys that could not be unwrapped were replaced")
	}
}

// imported writes a key and its certificate as a device provider hands them over.
func imported(t *testing.T, dir string, bits int, until time.Time) (cert, key string) {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: day.Add(-time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "sbi.pem"), filepath.Join(dir, "sbi-imported.key")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestAnImportedKeySignsUntilItExpiresAndIsNotReplaced(t *testing.T) {
	dir, c := t.TempDir(), &clock{day}
	o := options(dir, c)
	o.Cert, o.Key = imported(t, dir, 2048, day.Add(60*24*time.Hour))
	i := mustOpen(t, o)
	first := signer(t, i)
	c.now = day.Add(45 * 24 * time.Hour)
	if again := signer(t, i); !again[0].Equal(first[0]) {
		t.Error("it was replaced")
	}
	c.now = day.Add(61 * 24 * time.Hour)
	if _, err := i.sign("a"); !errors.Is(err, errExpired) {
		t.Errorf("signed after its end: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, deviceKey)); err == nil {
		t.Error("the booth made a key of its own")
	}
}

func TestKeysThatDoNotFitAreRefused(t *testing.T) {
	dir, c := t.TempDir(), &clock{day}
	o := options(dir, c)
	short := t.TempDir()
	shortCert, shortKey := imported(t, short, 1024, day.Add(time.Hour))
	cert, key := imported(t, dir, 2048, day.Add(time.Hour))
	for name, files := range map[string][2]string{
		"another's certificate":     {shortCert, key},
		"a short key":               {shortCert, shortKey},
		"no certificate":            {key, key},
		"no key":                    {cert, cert},
		"a key that is not there":   {cert, filepath.Join(dir, "none")},
		"certificate not there":     {filepath.Join(dir, "none"), key},
		"a folder for certificates": {dir, key},
	} {
		o.Cert, o.Key = files[0], files[1]
		if _, err := OpenIdentity(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestADeviceWhoseKeyHasExpiredIsNotReady(t *testing.T) {
	dir, c := t.TempDir(), &clock{day}
	o := options(dir, c)
	o.Cert, o.Key = imported(t, dir, 2048, day.Add(time.Hour))
	s := &Server{cfg: Config{Identity: mustOpen(t, o), Log: slog.New(slog.NewTextHandler(io.Discard, nil))}}
	d := &device{}
	d.State = "ready"
	if got := s.stateOf(d); got != "Ready" {
		t.Errorf("before: %s", got)
	}
	c.now = day.Add(2 * time.Hour)
	if got := s.stateOf(d); got != "Not Ready" {
		t.Errorf("after: %s", got)
	}
}
