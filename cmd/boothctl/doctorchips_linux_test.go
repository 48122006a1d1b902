//go:build cgo && linux

package main

import (
	"crypto"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"boothd/capture/chip/authenticity/cvc"
	"boothd/capture/chip/authenticity/cvc/cvctest"
	"boothd/devices"
	"boothd/devices/pcsc/vpcd/vpcdtest"
)

func TestTheDoctorSaysWhyThereIsNoChipReader(t *testing.T) {
	const required = "[check]\nrequire = [\"document\", \"chip\"]\n"
	daemon := vpcdtest.Start(t)
	look := func(name, config string, all []devices.Status, want ...string) {
		t.Helper()
		c, out := boothFolder(t, config)
		booth, err := c.booth()
		if err != nil {
			t.Fatal(err)
		}
		d := &doctor{call: c, booth: booth}
		d.devices(all)
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: the doctor says %q, without %q", name, out, w)
			}
		}
		if strings.Contains(out.String(), "chip") != (len(want) > 0) {
			t.Errorf("%s: the doctor says %q", name, out)
		}
	}
	reader := devices.Status{Kind: devices.KindDocumentReader, State: devices.Ready}
	chips := devices.Status{Kind: devices.KindChipReader, State: devices.Ready, Info: devices.Info{Model: "ACR1252"}}
	look("one that is there", required, []devices.Status{reader, chips}, "ok    device", "chip-reader ACR1252")
	look("readers that boothd has not", required, []devices.Status{reader}, "BAD   chip reader    pcscd has 2, which boothd has not taken; check.require needs one")
	look("readers of other names", required+"[documents]\nreaders = [\"ACR\"]\n", nil, "BAD   chip reader    pcscd has 2, of other names than documents.readers has")
	look("none is wanted", "[documents]\nreaders = []\n", nil)
	look("none is wanted, and one is needed", required+"[documents]\nreaders = []\n", nil, "BAD   chip reader    none is to be used; check.require needs one", "documents.readers")
	daemon.Stop()
	look("no service, and chips are needed", required, nil, "BAD   chip reader    pcscd, by which chip readers are reached, does not run; check.require needs one", "systemctl enable --now pcscd.socket")
	look("no service, and none is needed", "", nil, "note  chip reader    pcscd, by which")
}

func TestTheDoctorSaysHowLongTheTerminalsCertificatesLast(t *testing.T) {
	dir := t.TempDir()
	today := time.Now().UTC().Truncate(24 * time.Hour)
	algorithm := cvctest.Algorithm{Scheme: cvc.Scheme{Method: cvc.ECDSA, Hash: crypto.SHA256}, Curve: "P-256"}
	verifier, err := cvctest.NewCVCA(cvctest.Order{Holder: "UTDV00001", Algorithm: algorithm})
	if err != nil {
		t.Fatal(err)
	}
	for holder, days := range map[cvc.Reference]int{"UTPAST00001": -1, "UTSOON00001": 3, "UTLATE00001": 40} {
		h, err := verifier.Issue(cvctest.Order{Holder: holder, Role: cvc.Terminal, Algorithm: algorithm, From: today.AddDate(0, -1, 0), Until: today.AddDate(0, 0, days)})
		if err != nil {
			t.Fatal(err)
		}
		key, err := x509.MarshalPKCS8PrivateKey(h.Key.Signer())
		if err != nil {
			t.Fatal(err)
		}
		for name, b := range map[string][]byte{string(holder) + ".cvc": h.Certificate.Raw, string(holder) + ".key": key} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	c, out := boothFolder(t, "[documents]\nterminal = \""+dir+"\"\n")
	booth, err := c.booth()
	if err != nil {
		t.Fatal(err)
	}
	d := &doctor{call: c, booth: booth}
	d.terminal()
	for _, want := range []string{"note  terminal       terminal certificate UTPAST00001 by UTDV00001 has expired", "note  terminal       terminal certificate UTSOON00001", "ok    terminal       terminal certificate UTLATE00001"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the doctor says %q, without %q", out, want)
		}
	}
	out.Reset()
	if err := os.Chmod(filepath.Join(dir, "UTLATE00001.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	d.terminal()
	if d.bad != 1 || !strings.Contains(out.String(), "is open to others") {
		t.Errorf("of a key that others may read: %q", out)
	}
}
