package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"boothd/cmd/boothd/config"
	"boothd/cmd/boothd/sbi"
	"boothd/devices"
)

// kioskBooth is a booth as far as registration kiosks know it, and its log.
func kioskBooth(t *testing.T, c config.SBI) (*booth, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	b := &booth{config: &config.Config{SBI: c}, log: slog.New(slog.NewTextHandler(&log, nil)), devices: &devices.Manager{}}
	b.config.Booth.ID, b.config.Booth.State = "north-3", t.TempDir()
	t.Cleanup(func() {
		for _, shut := range b.closers {
			shut()
		}
	})
	if err := b.openKiosks(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b, &log
}

var enabled = config.SBI{Enabled: true, Purpose: sbi.Registration, Env: "Developer", Provider: "a", ProviderID: "b"}

func TestKiosksFindTheBoothOnlyIfItIsConfigured(t *testing.T) {
	if b, _ := kioskBooth(t, config.SBI{}); b.kiosks != nil || len(b.kioskNotices(time.Now())) > 0 {
		t.Error("the interface is open")
	}
	b, log := kioskBooth(t, enabled)
	at := regexp.MustCompile(`listen=(127\.0\.0\.1:4[56]\d\d) `).FindStringSubmatch(log.String())
	if at == nil {
		t.Fatalf("no port in the log: %s", log)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.kiosks.Run(ctx) }()
	r, err := http.Get("http://" + at[1] + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body, err := io.ReadAll(r.Body); err != nil || !strings.Contains(string(body), `"errorCode":"503"`) {
		t.Errorf("answer %s, %v; want that there is no device", body, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(b.config.KeysDir(), sbi.RootFile)); err != nil {
		t.Error(err)
	}
	if got := b.kioskNotices(time.Now()); len(got) > 0 {
		t.Errorf("the officer is told %q", got)
	}
}

func TestTheOfficerIsToldThatAnImportedKeyExpires(t *testing.T) {
	c := enabled
	until := time.Now().Add(20 * 24 * time.Hour)
	c.Cert, c.Key = importedKey(t, until)
	b, _ := kioskBooth(t, c)
	for left, want := range map[time.Duration]string{
		8 * 24 * time.Hour:  "",
		50 * time.Hour:      "The certificate of the registration kiosks' device key expires in 2 day(s).",
		-5 * 24 * time.Hour: "Registration kiosks cannot capture: the certificate of the device key has expired.",
	} {
		if got := strings.Join(b.kioskNotices(until.Add(-left)), " "); got != want {
			t.Errorf("%v before its end: %q, want %q", left, got, want)
		}
	}
}

// importedKey writes a device key as a provider hands it over.
func importedKey(t *testing.T, until time.Time) (cert, key string) {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: until.AddDate(-1, 0, 0), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "sbi.pem"), filepath.Join(dir, "sbi.key")
	for path, content := range map[string][]byte{cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), key: pkcs8} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
