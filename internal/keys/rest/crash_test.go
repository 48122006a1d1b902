package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

var errKilled = errors.New("killed")

// dying is the file system as a process leaves it that is killed at its n-th operation. A write
// that is cut off leaves its first half.
type dying struct {
	osDisk
	left int
}

func (d *dying) step() error {
	d.left--
	if d.left < 0 {
		return errKilled
	}
	return nil
}

func (d *dying) create(path string) (file, error) {
	if err := d.step(); err != nil {
		return nil, err
	}
	f, err := d.osDisk.create(path)
	return &dyingFile{f, d}, err
}

func (d *dying) open(path string) (file, error) {
	if err := d.step(); err != nil {
		return nil, err
	}
	f, err := d.osDisk.open(path)
	return &dyingFile{f, d}, err
}

func (d *dying) rename(from, to string) error {
	if err := d.step(); err != nil {
		return err
	}
	return d.osDisk.rename(from, to)
}

func (d *dying) remove(path string) error {
	if err := d.step(); err != nil {
		return err
	}
	return d.osDisk.remove(path)
}

func (d *dying) syncDir(dir string) error {
	if err := d.step(); err != nil {
		return err
	}
	return d.osDisk.syncDir(dir)
}

type dyingFile struct {
	file
	d *dying
}

func (f *dyingFile) Write(b []byte) (int, error) {
	if err := f.d.step(); err != nil {
		n, _ := f.file.Write(b[:len(b)/2])
		return n, err
	}
	return f.file.Write(b)
}

func (f *dyingFile) Sync() error {
	if err := f.d.step(); err != nil {
		return err
	}
	return f.file.Sync()
}

// survive runs deed with ever more operations before it is killed, in a folder prepared anew
// each time, until it runs to its end. After each, check looks at what is left.
func survive(t *testing.T, prepare func(dir string) Options, deed func(Options, disk) error, check func(*testing.T, Options)) {
	t.Helper()
	for n := 0; ; n++ {
		o := prepare(t.TempDir())
		err := deed(o, &dying{left: n})
		if err != nil && !errors.Is(err, errKilled) {
			t.Fatalf("killed at operation %d: %v", n, err)
		}
		t.Run(fmt.Sprintf("killed at operation %d", n), func(t *testing.T) { check(t, o) })
		if err == nil {
			if n < 5 {
				t.Fatalf("only %d operations", n)
			}
			return
		}
	}
}

func TestAStartThatWrapsPlainFilesIsCutOffAnywhere(t *testing.T) {
	cred := credential(t)
	secrets := map[string][]byte{}
	survive(t, func(dir string) Options {
		for _, name := range []string{"alerts.key", "gallery.key", "sis.1.key"} {
			secrets[name] = secretOf(t, nil, filepath.Join(dir, name))
		}
		return Options{Dir: dir, CredentialFile: cred}
	}, func(o Options, d disk) error {
		k, err := open(context.Background(), o, d)
		if err != nil {
			return err
		}
		return k.WrapAll(context.Background(), o.Dir)
	}, func(t *testing.T, o Options) {
		k := mustOpen(t, o)
		if err := k.WrapAll(t.Context(), o.Dir); err != nil {
			t.Fatal(err)
		}
		for name, want := range secrets {
			if got, err := k.Read(filepath.Join(o.Dir, name), 32); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: the same secret: %t, error %v", name, bytes.Equal(got, want), err)
			}
		}
		if r := Examine(t.Context(), o); r.Wrapped != len(secrets) || len(r.Plain)+len(r.Damaged) > 0 || r.Err != nil {
			t.Errorf("report %+v", r)
		}
	})
}

func TestMakingAndErasingIsCutOffAnywhere(t *testing.T) {
	cred := credential(t)
	survive(t, func(dir string) Options {
		o := Options{Dir: dir, CredentialFile: cred}
		mustOpen(t, o)
		return o
	}, func(o Options, d disk) error {
		k, err := open(context.Background(), o, d)
		if err != nil {
			return err
		}
		path := filepath.Join(o.Dir, "sis.1.key")
		if _, err := k.Secret(path, 32); err != nil {
			return err
		}
		return k.Erase(path)
	}, func(t *testing.T, o Options) {
		k, path := mustOpen(t, o), filepath.Join(o.Dir, "sis.1.key")
		first, err := k.Secret(path, 32)
		if err != nil {
			t.Fatal(err)
		}
		if again := secretOf(t, k, path); !bytes.Equal(first, again) {
			t.Error("the secret is another one")
		}
		if err := k.Erase(path); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Read(path, 32); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("read what is erased: %v", err)
		}
	})
}

// A link to a file shows what its blocks hold once its name is gone.
func TestWhatAFileHeldIsOverwritten(t *testing.T) {
	for name, deed := range map[string]func(k *Keeper, path string) error{
		"when it is wrapped": func(k *Keeper, path string) error { _, err := k.Secret(path, 32); return err },
		"when it is erased":  func(k *Keeper, path string) error { return k.Erase(path) },
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Dir: t.TempDir(), CredentialFile: credential(t)}
			path, old := filepath.Join(o.Dir, "sis.1.key"), filepath.Join(o.Dir, "old")
			secretOf(t, nil, path)
			if err := os.Link(path, old); err != nil {
				t.Skipf("no links here: %v", err)
			}
			if err := deed(mustOpen(t, o), path); err != nil {
				t.Fatal(err)
			}
			if b, err := os.ReadFile(old); err != nil || !bytes.Equal(b, make([]byte, 32)) {
				t.Errorf("it holds %x, error %v", b, err)
			}
		})
	}
}
