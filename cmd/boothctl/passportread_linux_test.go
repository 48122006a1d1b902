//go:build cgo && linux

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/pki"
	"boothd/capture/synthetic"
	"boothd/devices/pcsc/vpcd"
	"boothd/devices/pcsc/vpcd/vpcdtest"
)

// The chip lies on a virtual reader of Debian's pcscd; the other reader stays empty.
func TestAPassportIsReadThroughPCSC(t *testing.T) {
	daemon := vpcdtest.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	issuer, err := chipemu.NewIssuer(chipemu.State{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := chipemu.DocumentOf(synthetic.New(7))
	if err != nil {
		t.Fatal(err)
	}
	issued, err := chipemu.Issue(d, issuer)
	if err != nil {
		t.Fatal(err)
	}
	emulated, err := chipemu.New(issued)
	if err != nil {
		t.Fatal(err)
	}
	defer emulated.Close()
	laid, err := vpcd.Lay(ctx, daemon.Reader(0), emulated)
	if err != nil {
		t.Fatal(err)
	}
	defer laid.Lift()
	var lines, out bytes.Buffer
	if err := pki.WriteLines(&lines, issuer.Trust()); err != nil {
		t.Fatal(err)
	}
	trust := filepath.Join(t.TempDir(), trustFile)
	if err := os.WriteFile(trust, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	read := passportRead{
		MRZ: strings.Join(d.MRZ, " "), Reader: "00 00", Trust: trust, Wait: 30 * time.Second, Timeout: 30 * time.Second,
	}
	if err := read.Run(&call{ctx: ctx, out: &out}); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	for _, c := range []struct{ reader, want string }{
		{"", "several readers"}, {"00 01", "no document on"}, {"nowhere", "no PC/SC reader has"},
	} {
		read.Reader, read.Wait = c.reader, 50*time.Millisecond
		if err := read.Run(&call{ctx: ctx, out: &out}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("reader %q: %v, want %q", c.reader, err, c.want)
		}
	}
}
