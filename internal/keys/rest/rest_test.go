package rest

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const good = "correct horse battery staple"

// passphrase writes a passphrase on another medium.
func passphrase(t testing.TB, text string) string { return keep(t, text+"\n") }

// credential is one that the service manager handed over.
func credential(t testing.TB) string { return keep(t, rand.Text()+rand.Text()) }

func keep(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustOpen(t *testing.T, o Options) *Keeper {
	t.Helper()
	k, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func secretOf(t *testing.T, k *Keeper, path string) []byte {
	t.Helper()
	secret, err := k.Secret(path, 32)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func wantReason(t *testing.T, o Options, want error) {
	t.Helper()
	_, err := Open(t.Context(), o)
	refused, ok := errors.AsType[*RootError](err)
	if !ok || !errors.Is(err, want) || refused.Reason != want {
		t.Fatalf("open: %v, want the reason %q", err, want)
	}
	if !strings.Contains(err.Error(), "lists come again from central") {
		t.Errorf("%v: does not say how to go on", err)
	}
	if r := Examine(t.Context(), o); !errors.Is(r.Err, want) {
		t.Errorf("examine: %v, want the reason %q", r.Err, want)
	}
}

// contents is everything in a folder.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s %q\n", e.Name(), b)
	}
	return all.String()
}

func TestSecretsOutliveARestart(t *testing.T) {
	for name, set := range map[string]func(*Options){
		"in plain files":                  func(o *Options) {},
		"in plain files, as is asked for": func(o *Options) { o.Source, o.PassphraseFile = SourceNone, passphrase(t, good) },
		"under a credential":              func(o *Options) { o.CredentialFile = credential(t) },
		"under a passphrase":              func(o *Options) { o.PassphraseFile = passphrase(t, good) },
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Dir: filepath.Join(t.TempDir(), "keys")}
			set(&o)
			if err := os.MkdirAll(o.Dir, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(o.Dir, "sis.1.key")
			if _, err := mustOpen(t, o).Read(path, 32); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("read before it is made: %v", err)
			}
			made := secretOf(t, mustOpen(t, o), path)
			k := mustOpen(t, o)
			again, err := k.Read(path, 32)
			if err != nil || !bytes.Equal(made, again) {
				t.Fatalf("the same secret: %t, error %v", bytes.Equal(made, again), err)
			}
			if st, err := os.Stat(path); err != nil || st.Mode() != 0o600 {
				t.Errorf("mode %v, error %v", st.Mode(), err)
			}
			if err := k.Erase(path); err != nil {
				t.Fatal(err)
			}
			if err := k.Erase(path); err != nil {
				t.Errorf("erase what is erased: %v", err)
			}
			if anew := secretOf(t, k, path); bytes.Equal(made, anew) {
				t.Error("an erased secret came back")
			}
		})
	}
}

func TestTheFirstSourceThatThereIsIsTakenAndRemembered(t *testing.T) {
	o := Options{Dir: t.TempDir(), TPM: "/dev/null", CredentialFile: credential(t), PassphraseFile: passphrase(t, good)}
	if k := mustOpen(t, o); k.Source() != SourceCredential { // a TPM that cannot be used is passed over once
		t.Fatalf("source %s", k.Source())
	}
	o.CredentialFile = filepath.Join(o.Dir, "missing")
	wantReason(t, o, ErrSilent)
}

func TestASourceThatIsAskedForMustAnswer(t *testing.T) {
	for name, o := range map[string]Options{
		"no TPM":                    {Source: SourceTPM},
		"no credential":             {Source: SourceCredential},
		"a short credential":        {Source: SourceCredential, CredentialFile: keep(t, "0123456789")},
		"no passphrase":             {Source: SourcePassphrase},
		"a short passphrase":        {Source: SourcePassphrase, PassphraseFile: passphrase(t, "boothd")},
		"a passphrase far too long": {Source: SourcePassphrase, PassphraseFile: keep(t, strings.Repeat("a", maxFile+1))},
	} {
		t.Run(name, func(t *testing.T) {
			o.Dir = t.TempDir()
			wantReason(t, o, ErrSilent)
		})
	}
}

func TestAnotherSecretDoesNotOpenTheRoot(t *testing.T) {
	for name, test := range map[string]struct {
		first, then func(*Options)
		reason      error
	}{
		"another passphrase": {
			func(o *Options) { o.PassphraseFile = passphrase(t, good) },
			func(o *Options) { o.PassphraseFile = passphrase(t, good+"!") }, ErrOther},
		"another credential": {
			func(o *Options) { o.CredentialFile = credential(t) },
			func(o *Options) { o.CredentialFile = credential(t) }, ErrOther},
		"the credential is missing": {
			func(o *Options) { o.CredentialFile = credential(t) },
			func(o *Options) { o.CredentialFile = "/nonexistent" }, ErrSilent},
		"the medium is missing": {
			func(o *Options) { o.PassphraseFile = passphrase(t, good) },
			func(o *Options) { o.PassphraseFile = "/nonexistent" }, ErrSilent},
		"the passphrase as credential": {
			func(o *Options) { o.PassphraseFile = passphrase(t, good+good) },
			func(o *Options) { o.CredentialFile, o.PassphraseFile = o.PassphraseFile, "" }, ErrSilent},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Dir: t.TempDir()}
			test.first(&o)
			secretOf(t, mustOpen(t, o), filepath.Join(o.Dir, "sis.1.key"))
			test.then(&o)
			wantReason(t, o, test.reason)
		})
	}
}

func TestADamagedRootFileIsRefused(t *testing.T) {
	o := Options{Dir: t.TempDir(), CredentialFile: credential(t)}
	secretOf(t, mustOpen(t, o), filepath.Join(o.Dir, "sis.1.key"))
	path := filepath.Join(o.Dir, RootFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) - 1 { // without its last line end it is whole
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		wantReason(t, o, ErrDamaged)
	}
	for name, text := range map[string]string{
		"of another format":   strings.Replace(string(whole), `"format":1`, `"format":2`, 1),
		"of no source":        strings.Replace(string(whole), `"credential"`, `"none"`, 1),
		"with something else": strings.Replace(string(whole), `{`, `{"else":1,`, 1),
		"followed by another": string(whole) + string(whole),
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			wantReason(t, o, ErrDamaged)
		})
	}
}

func TestADamagedSecretIsRefused(t *testing.T) {
	o := Options{Dir: t.TempDir(), CredentialFile: credential(t)}
	k := mustOpen(t, o)
	path := filepath.Join(o.Dir, "sis.1.key")
	secretOf(t, k, path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(t *testing.T, k *Keeper, b []byte, path string, want error) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Secret(path, 32); !errors.Is(err, want) {
			t.Fatalf("%d bytes: %v, want %v", len(b), err, want)
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, b) {
			t.Fatalf("%d bytes: the file was changed", len(b))
		}
	}
	for n := range whole {
		refused(t, k, whole[:n], path, ErrDamaged)
		flipped := bytes.Clone(whole)
		flipped[n] ^= 0x10
		refused(t, k, flipped, path, ErrDamaged)
	}
	refused(t, k, append(bytes.Clone(whole), 0), path, ErrDamaged)
	refused(t, k, make([]byte, maxFile), path, ErrDamaged)
	t.Run("under the name of another", func(t *testing.T) {
		refused(t, k, whole, filepath.Join(o.Dir, "sis.2.key"), ErrDamaged)
	})
	t.Run("under another root", func(t *testing.T) {
		other := mustOpen(t, Options{Dir: t.TempDir(), CredentialFile: o.CredentialFile})
		refused(t, other, whole, path, ErrDamaged)
	})
	t.Run("where plain files are kept", func(t *testing.T) {
		refused(t, nil, whole, path, ErrOff)
	})
	t.Run("of another length", func(t *testing.T) {
		refused(t, k, k.Wrap("sis.1.key", make([]byte, 31)), path, ErrDamaged)
	})
}

func TestPlainFilesAreWrappedWhenThereIsASource(t *testing.T) {
	o := Options{Dir: t.TempDir()}
	read, unread := filepath.Join(o.Dir, "sis.1.key"), filepath.Join(o.Dir, "gone.1.key")
	first := secretOf(t, mustOpen(t, o), read)
	second := secretOf(t, nil, unread)
	if r := Examine(t.Context(), o); r.Source != SourceNone || len(r.Plain) != 2 || r.Wrapped != 0 || r.Err != nil {
		t.Errorf("report before: %+v", r)
	}
	o.CredentialFile = credential(t)
	k := mustOpen(t, o)
	if again := secretOf(t, k, read); !bytes.Equal(first, again) {
		t.Error("a secret that is read is another one")
	}
	if r := Examine(t.Context(), o); !slices.Equal(r.Plain, []string{"gone.1.key"}) || r.Wrapped != 1 {
		t.Errorf("report between: %+v", r)
	}
	for range 2 {
		if err := k.WrapAll(t.Context(), o.Dir); err != nil {
			t.Fatal(err)
		}
	}
	if again := secretOf(t, k, unread); !bytes.Equal(second, again) {
		t.Error("a secret that is not read is another one")
	}
	if r := Examine(t.Context(), o); r.Source != SourceCredential || len(r.Plain) != 0 || r.Wrapped != 2 || len(r.Damaged) != 0 || r.Err != nil {
		t.Errorf("report after: %+v", r)
	}
	if err := os.Rename(read, unread); err != nil {
		t.Fatal(err)
	}
	if r := Examine(t.Context(), o); !slices.Equal(r.Damaged, []string{"gone.1.key"}) {
		t.Errorf("report of a secret in the place of another: %+v", r)
	}
}

// What one version wrote the next must read, or every booth loses its keys at an upgrade.
func TestFilesOfVersion1AreRead(t *testing.T) {
	for name, test := range map[string]struct {
		o         Options
		root, key string
	}{
		"under a credential": {
			Options{CredentialFile: keep(t, "0123456789abcdef0123456789abcdef")},
			`{"format":1,"source":"credential","salt":"UbZuXdMeqGduuoShr3JUFA==","box":"iM546MKS+wuQsqDTsr0gaVFEp2ll9DePuGBQ9fwLCflXGpJ2s1hGllVKpNMJLBH86U7A/jTqHEMOjPNH"}`,
			"Ym9vdGhkIHdyYXBwZWQgMXA9X0jSHgsFDv1dRz64M1hGGgf8pNMW+ABaSBVaq2lDQCy3ZiQM7ScGtXIJmq1767iAtonqSZnHubOpyg==",
		},
		"under a passphrase": {
			Options{PassphraseFile: passphrase(t, good)},
			`{"format":1,"source":"passphrase","salt":"gRKSyMhwrlbCQTo+/d2ZcA==","box":"oqDPRJuG5nb1fOezqsgdu0fWD/azfNqTs2SN5hg4+tNp2Wyi2PfBjqv6rkkqMqBpRXvpD/CoEI7Orv3a"}`,
			"Ym9vdGhkIHdyYXBwZWQgMYVT4CrTSEWn7p0gKGPUWak9IootEp68OX46PJRtFkARl0KJ2um0bXUl2afCndU05h4jsbuMmQrkcFb7XQ==",
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.o.Dir = t.TempDir()
			key, err := base64.StdEncoding.DecodeString(test.key)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(test.o.Dir, "sis.1.key")
			for path, b := range map[string][]byte{filepath.Join(test.o.Dir, RootFile): []byte(test.root), path: key} {
				if err := os.WriteFile(path, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := secretOf(t, mustOpen(t, test.o), path); string(got) != "this secret is thirty-two bytes " {
				t.Errorf("secret %q", got)
			}
		})
	}
}

func TestAFolderThatCannotBeReadIsNoDamage(t *testing.T) {
	o := Options{Dir: t.TempDir(), CredentialFile: credential(t)}
	if err := os.Mkdir(filepath.Join(o.Dir, RootFile), 0o700); err != nil { // reading a folder fails, for root too
		t.Fatal(err)
	}
	_, err := Open(t.Context(), o)
	if _, refused := errors.AsType[*RootError](err); refused || err == nil {
		t.Errorf("open: %v", err)
	}
}

func TestNothingSecretIsPrinted(t *testing.T) {
	var log bytes.Buffer
	o := Options{Dir: t.TempDir(), CredentialFile: credential(t), Log: slog.New(slog.NewTextHandler(&log, nil))}
	path := filepath.Join(o.Dir, "sis.1.key")
	secret := secretOf(t, nil, path)
	k := mustOpen(t, o)
	secretOf(t, k, path)
	root, err := must(readRootFile(o.Dir)).open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	printed := log.String() + fmt.Sprintf("%v %+v %#v %s %d %x", k, k, k, k, k, k)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("k", "k", k)
	slog.New(slog.NewTextHandler(&log, nil)).Info("k", "k", k)
	printed += log.String()
	credential, _ := os.ReadFile(o.CredentialFile)
	for name, b := range map[string][]byte{"secret": secret, "root": root, "credential": credential} {
		for _, form := range []string{string(b), fmt.Sprintf("%x", b), fmt.Sprintf("%v", b)} {
			if strings.Contains(printed, form) {
				t.Errorf("%s in %q", name, printed)
			}
		}
	}
	if !strings.Contains(printed, "plain key file wrapped") {
		t.Errorf("the log tells nothing: %q", printed)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
