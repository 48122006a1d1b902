package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"boothd/cmd/boothd/config"
	"boothd/cmd/boothd/statelock"
	"boothd/internal/keys"
	"boothd/internal/keys/rest"
	"boothd/localmatch/gallery"
	"boothd/sync/outbox"
)

// boothFolder makes a booth's files; more is added to its configuration. It returns what a
// command is run with and where it prints.
func boothFolder(t *testing.T, more string) (*call, *bytes.Buffer) {
	t.Helper()
	t.Setenv("CREDENTIALS_DIRECTORY", t.TempDir())
	dir := t.TempDir()
	for _, folder := range []string{"state/keys", "keys"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := keys.GenerateSealing(filepath.Join(dir, "keys/seal")); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.GenerateSigning(filepath.Join(dir, "keys/sign")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"token": boothToken, "passphrase": "correct horse battery staple", "booth.toml": fmt.Sprintf(boothConfig, "127.0.0.1:1") + more,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	return &call{ctx: t.Context(), config: filepath.Join(dir, "booth.toml"), out: &out}, &out
}

// give puts a list of one entry onto the booth, and a piece of its next version.
func give(t *testing.T, booth *config.Config, list string) {
	t.Helper()
	g, err := gallery.Open(t.Context(), booth.GalleryPath(), booth.KeysDir(), gallery.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	entry := &gallery.Entry{ID: "1", Names: []string{"DOE, JOHN"}, Documents: []gallery.DocumentNumber{{Number: "AB123456"}}}
	changes := iter.Seq2[gallery.Change, error](func(yield func(gallery.Change, error) bool) { yield(gallery.Change{Put: entry}, nil) })
	now := time.Now()
	err = g.Apply(t.Context(), gallery.Update{List: list, System: "SIS", Version: 7, Issued: now, Expires: now.Add(time.Hour), Entries: 1, Lines: gallery.LinesOf(changes)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Secret(filepath.Join(booth.KeysDir(), "spool-sis-persons.key"), 32); err != nil {
		t.Fatal(err)
	}
	piece := filepath.Join(booth.SpoolDir(), list, "piece")
	if err := os.MkdirAll(filepath.Dir(piece), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(piece, []byte("sealed"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func journalText(t *testing.T, booth *config.Config) string {
	t.Helper()
	r, err := outbox.OpenReader(t.Context(), booth.OutboxPath())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	head, err := r.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := r.ExportJournal(t.Context(), &text, 1, head.Seq); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestAListIsErased(t *testing.T) {
	c, out := boothFolder(t, "")
	booth, err := c.booth()
	if err != nil {
		t.Fatal(err)
	}
	if err := (&listErase{List: "sis-persons"}).Run(c); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("on a booth without lists: %v", err)
	}
	central, err := keys.ReadSealing(booth.Portal.Sealing)
	if err != nil {
		t.Fatal(err)
	}
	store, err := outbox.Open(t.Context(), booth.OutboxPath(), outbox.Options{Booth: booth.Booth.ID, Central: central})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	give(t, booth, "sis-persons")
	give(t, booth, "sltd")

	lock, err := statelock.Take(booth.LockPath())
	if err != nil {
		t.Fatal(err)
	}
	if err := (&listErase{List: "sis-persons"}).Run(c); err == nil || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("beside a daemon: %v", err)
	}
	lock.Close()
	for _, list := range []string{"national", "../keys"} {
		if err := (&listErase{List: list}).Run(c); err == nil {
			t.Errorf("%s, which the booth does not have, is erased", list)
		}
	}
	if out.Len() > 0 || strings.Contains(journalText(t, booth), "list_erased") {
		t.Errorf("nothing is erased, but it says %q", out)
	}

	if err := (&listErase{List: "sis-persons"}).Run(c); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sis-persons version 7 is erased", "1 entries", "is in the journal", "boothd.toml names the list"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it says %q, without %q", out, want)
		}
	}
	if text := journalText(t, booth); !strings.Contains(text, `"kind":"list_erased"`) || !strings.Contains(text, `"list":"sis-persons","version":"7"`) {
		t.Errorf("journal %s", text)
	}
	for _, gone := range []string{filepath.Join(booth.KeysDir(), "spool-sis-persons.key"), filepath.Join(booth.SpoolDir(), "sis-persons")} {
		if _, err := os.Stat(gone); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", gone, err)
		}
	}
	infos, err := gallery.Inspect(t.Context(), booth.GalleryPath(), booth.KeysDir(), nil)
	if err != nil || len(infos) != 2 {
		t.Fatalf("lists %+v, error %v", infos, err)
	}
	for _, i := range infos {
		if i.Erased != (i.Name == "sis-persons") {
			t.Errorf("%s: erased %t", i.Name, i.Erased)
		}
	}
}

func TestTheDoctorTellsOfTheKeys(t *testing.T) {
	open := func(t *testing.T, booth *config.Config) *rest.Keeper {
		t.Helper()
		k, err := rest.Open(context.Background(), booth.KeysAtRest(nil))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	secret := func(t *testing.T, k *rest.Keeper, booth *config.Config, name string) {
		t.Helper()
		if _, err := k.Secret(filepath.Join(booth.KeysDir(), name), 32); err != nil {
			t.Fatal(err)
		}
	}
	const sealed = "[keys_at_rest]\ntpm = \"nowhere\"\nsource = \"passphrase\"\npassphrase_file = \"passphrase\"\n"
	for name, tt := range map[string]struct {
		config string
		happen func(*testing.T, *config.Config)
		want   []string
	}{
		"plain files": {"[keys_at_rest]\ntpm = \"nowhere\"\n", func(t *testing.T, b *config.Config) { secret(t, nil, b, "sis.1.key") },
			[]string{"note  keys at rest", "whoever takes the disk can read the lists", "switch the TPM on"}},
		"a passphrase that answers": {sealed, func(t *testing.T, b *config.Config) { secret(t, open(t, b), b, "sis.1.key") },
			[]string{"ok    keys at rest", "sealed by the passphrase file, which answers; 1 key file(s) are wrapped"}},
		"a key that is still plain": {sealed, func(t *testing.T, b *config.Config) { secret(t, nil, b, "sis.1.key"); open(t, b) },
			[]string{"note  keys at rest", "1 key file(s) are still plain", "restart boothd"}},
		"a better source": {sealed, func(t *testing.T, b *config.Config) {
			open(t, b)
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "boothd-root"), []byte(rand.Text()+rand.Text()), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("CREDENTIALS_DIRECTORY", dir)
		}, []string{"note  keys at rest", "a better one: the systemd credential", `keys_at_rest.source = "credential"`}},
		"another passphrase": {sealed, func(t *testing.T, b *config.Config) {
			open(t, b)
			if err := os.WriteFile(b.AtRest.Passphrase, []byte(rand.Text()), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"BAD   keys at rest", "sealed by the passphrase file: what answers is not what sealed it", "bring back the passphrase", "lists come again from central"}},
		"a damaged key": {sealed, func(t *testing.T, b *config.Config) {
			secret(t, open(t, b), b, "sis.1.key")
			if err := os.Rename(filepath.Join(b.KeysDir(), "sis.1.key"), filepath.Join(b.KeysDir(), "sis.2.key")); err != nil {
				t.Fatal(err)
			}
		}, []string{"BAD   keys at rest", "1 key file(s) do not open: sis.2.key"}},
		"a lost root": {sealed, func(t *testing.T, b *config.Config) {
			secret(t, open(t, b), b, "sis.1.key")
			os.Remove(filepath.Join(b.KeysDir(), rest.RootFile))
		}, []string{"BAD   keys at rest", "the root file is missing", "to begin anew, move "}},
		"a TPM that is gone": {"[keys_at_rest]\nsource = \"tpm\"\ntpm = \"nowhere\"\n", func(*testing.T, *config.Config) {},
			[]string{"BAD   keys at rest", "what seals it does not answer", "switched on in the firmware's set-up"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, out := boothFolder(t, tt.config)
			booth, err := c.booth()
			if err != nil {
				t.Fatal(err)
			}
			tt.happen(t, booth)
			(&doctor{call: c, booth: booth}).keysAtRest()
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("the doctor says %q, without %q", out, want)
				}
			}
		})
	}
}
