//go:build unix

package rest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"boothd/internal/testtool"
)

// emulator starts a TPM of its own and returns its socket.
func emulator(t testing.TB) string {
	t.Helper()
	program := testtool.Path(t, "swtpm")
	dir, err := os.MkdirTemp("", "tpm") // the path of a socket is 107 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(program, "socket", "--tpm2", "--tpmstate", "dir="+dir, "--server", "type=unixio,path="+socket,
		"--ctrl", "type=unixio,path="+filepath.Join(dir, "c"), "--flags", "not-need-init,startup-clear")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		os.RemoveAll(dir)
	})
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if dev, err := openTPM(socket); err == nil {
			_, err := tpm2.PCRRead{PCRSelectionIn: selection([]int{7})}.Execute(dev)
			dev.Close()
			if err == nil {
				return socket
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("swtpm does not answer")
		}
	}
}

func onTPM(t *testing.T, socket string, do func(transport.TPM)) {
	t.Helper()
	dev, err := openTPM(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	do(dev)
}

func extend(t *testing.T, socket string, pcr int) {
	t.Helper()
	onTPM(t, socket, func(dev transport.TPM) {
		digest := sha256.Sum256([]byte("another boot loader"))
		_, err := tpm2.PCRExtend{
			PCRHandle: tpm2.AuthHandle{Handle: tpm2.TPMHandle(pcr), Auth: tpm2.PasswordAuth(nil)},
			Digests:   tpm2.TPMLDigestValues{Digests: []tpm2.TPMTHA{{HashAlg: tpm2.TPMAlgSHA256, Digest: digest[:]}}},
		}.Execute(dev)
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestARootSealedToATPMIsHadAgainAfterARestart(t *testing.T) {
	for name, pcrs := range map[string][]int{"bound to Secure Boot": {7}, "bound to several": {9, 0, 7, 23, 7}, "bound to nothing": nil} {
		t.Run(name, func(t *testing.T) {
			o := Options{Dir: t.TempDir(), TPM: emulator(t), PCRs: pcrs}
			path := filepath.Join(o.Dir, "sis.1.key")
			made := secretOf(t, mustOpen(t, o), path)
			k := mustOpen(t, o)
			if k.Source() != SourceTPM {
				t.Fatalf("source %s", k.Source())
			}
			if again := secretOf(t, k, path); !bytes.Equal(made, again) {
				t.Error("the secret is another one")
			}
		})
	}
}

func TestNothingIsLeftInATPM(t *testing.T) {
	o := Options{Dir: t.TempDir(), TPM: emulator(t), PCRs: []int{7}}
	for range 10 { // a TPM has room for three objects and three sessions
		mustOpen(t, o)
	}
	extend(t, o.TPM, 7)
	for range 10 {
		wantReason(t, o, ErrChanged)
	}
	onTPM(t, o.TPM, func(dev transport.TPM) {
		for _, first := range []uint32{uint32(tpm2.TPMHTTransient) << 24, uint32(tpm2.TPMHTLoadedSession) << 24} {
			got, err := tpm2.GetCapability{Capability: tpm2.TPMCapHandles, Property: first, PropertyCount: 10}.Execute(dev)
			if err != nil {
				t.Fatal(err)
			}
			handles, err := got.CapabilityData.Data.Handles()
			if err != nil || len(handles.Handle) > 0 {
				t.Errorf("handles left %x, error %v", handles.Handle, err)
			}
		}
	})
}

func TestATPMRefuses(t *testing.T) {
	change := func(edit func(*rootFile)) func(*testing.T, *Options) {
		return func(t *testing.T, o *Options) {
			s, err := readRootFile(o.Dir)
			if err != nil {
				t.Fatal(err)
			}
			edit(s)
			if err := writeRootFile(osDisk{}, o.Dir, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		happens func(*testing.T, *Options)
		reason  error
	}{
		"the machine was started otherwise":    {func(t *testing.T, o *Options) { extend(t, o.TPM, 7) }, ErrChanged},
		"the disk is in another machine":       {func(t *testing.T, o *Options) { o.TPM = emulator(t) }, ErrOther},
		"there is no TPM any more":             {func(t *testing.T, o *Options) { o.TPM = filepath.Join(o.Dir, "none") }, ErrSilent},
		"the TPM is no TPM":                    {func(t *testing.T, o *Options) { o.TPM = "/dev/null" }, ErrSilent},
		"no TPM, though there is a passphrase": {func(t *testing.T, o *Options) { o.TPM, o.PassphraseFile = "", passphrase(t, good) }, ErrSilent},
		"no TPM, and another source configured": {func(t *testing.T, o *Options) {
			o.TPM, o.Source, o.PassphraseFile = "", SourcePassphrase, passphrase(t, good)
		}, ErrSilent},
		"a flipped bit of the sealed part":      {change(func(s *rootFile) { s.Private[len(s.Private)/2] ^= 1 }), ErrDamaged},
		"a flipped bit of the policy":           {change(func(s *rootFile) { s.Public[len(s.Public)-3] ^= 1 }), ErrDamaged},
		"a sealed part that is cut":             {change(func(s *rootFile) { s.Private = s.Private[:10] }), ErrDamaged},
		"a public part that is cut":             {change(func(s *rootFile) { s.Public = s.Public[:1] }), ErrDamaged},
		"other registers written into the file": {change(func(s *rootFile) { s.PCRs = []int{8} }), ErrChanged},
		"no registers written into the file":    {change(func(s *rootFile) { s.PCRs = nil }), ErrDamaged},
		"the root file is gone":                 {func(t *testing.T, o *Options) { os.Remove(filepath.Join(o.Dir, RootFile)) }, ErrLost},
		"plain files are asked for":             {func(t *testing.T, o *Options) { o.Source = SourceNone }, ErrOff},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Dir: t.TempDir(), TPM: emulator(t), PCRs: []int{7}}
			secretOf(t, mustOpen(t, o), filepath.Join(o.Dir, "sis.1.key"))
			test.happens(t, &o)
			before := contents(t, o.Dir)
			wantReason(t, o, test.reason)
			if after := contents(t, o.Dir); after != before {
				t.Error("a refusal changed the folder")
			}
		})
	}
}

func TestTheBindingIsChangedWhileItHolds(t *testing.T) {
	o := Options{Dir: t.TempDir(), TPM: emulator(t), PCRs: []int{7}}
	path := filepath.Join(o.Dir, "sis.1.key")
	made := secretOf(t, mustOpen(t, o), path)

	o.PCRs = nil // before the firmware's update
	mustOpen(t, o)
	extend(t, o.TPM, 7)
	mustOpen(t, o)
	o.PCRs = []int{7} // after it
	mustOpen(t, o)
	if again := secretOf(t, mustOpen(t, o), path); !bytes.Equal(made, again) {
		t.Error("the secret is another one")
	}
	extend(t, o.TPM, 7)
	wantReason(t, o, ErrChanged)
}

func TestABetterSourceIsTakenWhenItIsConfigured(t *testing.T) {
	o := Options{Dir: t.TempDir(), PassphraseFile: passphrase(t, good)}
	path := filepath.Join(o.Dir, "sis.1.key")
	made := secretOf(t, mustOpen(t, o), path)

	o.TPM, o.PCRs = emulator(t), []int{7}
	if k := mustOpen(t, o); k.Source() != SourcePassphrase {
		t.Errorf("auto left the passphrase for %s", k.Source())
	}
	if r := Examine(t.Context(), o); r.Source != SourcePassphrase || len(r.Passed) != 1 || r.Passed[0] != SourceTPM {
		t.Errorf("report %+v", r)
	}
	o.Source = SourceTPM
	mustOpen(t, o)
	o.Source, o.PassphraseFile = SourceAuto, ""
	k := mustOpen(t, o)
	if again := secretOf(t, k, path); k.Source() != SourceTPM || !bytes.Equal(made, again) {
		t.Errorf("source %s, the secret is the same: %t", k.Source(), bytes.Equal(made, again))
	}
}

func TestLookingWritesNothing(t *testing.T) {
	o := Options{Dir: t.TempDir(), TPM: emulator(t)}
	mustOpen(t, o)
	before := contents(t, o.Dir)
	o.ReadOnly, o.PCRs = true, []int{7}
	k := mustOpen(t, o)
	path := filepath.Join(o.Dir, "sis.1.key")
	if _, err := k.Secret(path, 32); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("secret: %v", err)
	}
	if err := k.Erase(path); err == nil {
		t.Error("erased")
	}
	if contents(t, o.Dir) != before {
		t.Error("the folder was changed")
	}
}

func TestACancelledStartSealsToNothingElse(t *testing.T) {
	o := Options{Dir: t.TempDir(), TPM: emulator(t), PassphraseFile: passphrase(t, good)}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v", err)
	}
	if got := contents(t, o.Dir); got != "" {
		t.Errorf("in the folder: %s", got)
	}
}

func TestSealingAnewIsCutOffAnywhere(t *testing.T) {
	tpm := emulator(t)
	var secret []byte
	survive(t, func(dir string) Options {
		o := Options{Dir: dir, TPM: tpm}
		secret = secretOf(t, mustOpen(t, o), filepath.Join(dir, "sis.1.key"))
		o.PCRs = []int{7}
		return o
	}, func(o Options, d disk) error {
		_, err := open(context.Background(), o, d)
		return err
	}, func(t *testing.T, o Options) {
		k := mustOpen(t, o)
		if got, err := k.Read(filepath.Join(o.Dir, "sis.1.key"), 32); err != nil || !bytes.Equal(got, secret) {
			t.Errorf("the same secret: %t, error %v", bytes.Equal(got, secret), err)
		}
		if s := must(readRootFile(o.Dir)); len(s.PCRs) != 1 {
			t.Errorf("bound to %v", s.PCRs)
		}
	})
}
