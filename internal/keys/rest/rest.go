// Package rest keeps a machine's own secret keys wrapped while they are at rest, so that a
// stolen disk does not give them away.
//
// A Keeper wraps each key file (AES-256-GCM) under one random root secret. The root itself is
// nowhere on the disk in the open: the root file, beside the key files, holds it sealed by a
// source that is not on the disk:
//
//   - a TPM 2.0, which gives it out to this machine only and, with PCRs, only while the machine
//     was started as it was when the root was sealed;
//   - a systemd credential, which the service manager hands to the daemon;
//   - a passphrase in a file, which belongs on another medium than the disk: beside the keys it
//     protects nothing.
//
// SourceAuto takes the first of these that there is. The root file remembers which one it was,
// and from then on only that one counts: if it does not answer, Open refuses and never takes a
// weaker one instead. Where there is none, keys are plain files, and they are wrapped as soon
// as there is one.
//
// Another source, or other PCRs, is taken by configuring it while the one before still
// answers: Open then seals the same root anew. Before firmware is updated, for example, the
// PCRs are configured away, and afterwards back.
//
// A root that is lost is lost with every key under it, on purpose. To begin anew the folder is
// moved aside; what must not be lost has to be sealed to somebody else's key instead.
//
// Every change of a file is a new file that is synced and renamed over the old one, whose
// content is then overwritten. Disks that write elsewhere (all flash does) may keep old blocks
// all the same: what was ever written in the open is gone for sure only once the key has been
// replaced, and what was wrapped only for those who cannot reach the source.
package rest

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
)

// Source is what seals the root secret.
type Source string

// The sources. SourceAuto is the first of the first three that there is, else SourceNone:
// plain files.
const (
	SourceTPM        Source = "tpm"
	SourceCredential Source = "credential"
	SourcePassphrase Source = "passphrase"
	SourceNone       Source = "none"
	SourceAuto       Source = "auto"
)

// PCRLimit is one more than the highest register of a PC's TPM.
const PCRLimit = 24

// Options say where the keys are and what seals their root.
type Options struct {
	Dir    string // folder of the key files and of the root file
	Source Source // SourceAuto if empty
	TPM    string // device, or Unix socket of an emulator; not used on Windows
	// PCRs are the registers (SHA-256 bank, 0 to 23) that must hold what they held when the
	// root was sealed to the TPM; none if empty.
	PCRs           []int
	CredentialFile string // where the service manager puts the credential
	PassphraseFile string // empty: there is none
	// ReadOnly is for whoever looks at the keys of a daemon that may be running: nothing is
	// written.
	ReadOnly bool
	Log      *slog.Logger // may be nil
}

// Keeper reads, makes and erases secrets. A nil or zero Keeper keeps them as plain files. It
// may be used by several goroutines as long as they do not work on the same file.
type Keeper struct {
	source   Source
	box      cipher.AEAD // nil for plain files
	disk     disk
	readOnly bool
	log      *slog.Logger
}

// Open reads the root secret, or makes one where there is none and a source can seal it. Its
// error is a *RootError if the files can be read and the root cannot be had. TPM commands
// cannot be cut short; ctx is looked at between them.
func Open(ctx context.Context, o Options) (*Keeper, error) { return open(ctx, o, osDisk{}) }

func open(ctx context.Context, o Options, d disk) (*Keeper, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Source == "" {
		o.Source = SourceAuto
	}
	o.PCRs = slices.Compact(slices.Sorted(slices.Values(o.PCRs)))
	s, err := readRootFile(o.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return begin(ctx, o, d)
	case err != nil:
		return nil, err
	case o.Source == SourceNone:
		return nil, &RootError{o.Dir, s.Source, ErrOff, errors.New("no source is configured")}
	}
	root, err := s.open(ctx, o)
	if err != nil {
		return nil, refusal(o.Dir, s.Source, err)
	}
	if !o.ReadOnly && o.differs(s) {
		if s, err = sealAnew(ctx, o, d, root); err != nil {
			return nil, err
		}
	}
	return newKeeper(o, d, s.Source, root)
}

// begin makes the root of keys that have none.
func begin(ctx context.Context, o Options, d disk) (*Keeper, error) {
	wrapped, err := anyWrapped(o.Dir)
	if err != nil {
		return nil, err
	}
	if wrapped {
		return nil, &RootError{o.Dir, "", ErrLost, errors.New("there are wrapped keys without it")}
	}
	plain := &Keeper{source: SourceNone, disk: d, readOnly: o.ReadOnly, log: o.Log}
	if o.ReadOnly || o.Source == SourceNone {
		return plain, nil
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	root := make([]byte, rootSize)
	rand.Read(root)
	s, err := o.sealFirst(ctx, root)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return plain, nil
	}
	if err := writeRootFile(d, o.Dir, s); err != nil {
		return nil, err
	}
	o.Log.Info("root of the keys sealed", "source", s.Source, "pcrs", s.PCRs)
	return newKeeper(o, d, s.Source, root)
}

// sealFirst seals a new root. In the case of SourceAuto a source that there is and that
// cannot be used is passed over, because nothing depends on it yet; nil if none is left.
func (o *Options) sealFirst(ctx context.Context, root []byte) (*rootFile, error) {
	if o.Source != SourceAuto {
		s, err := o.seal(ctx, o.Source, root)
		if err != nil {
			return nil, refusal(o.Dir, o.Source, err)
		}
		return s, nil
	}
	for _, source := range []Source{SourceTPM, SourceCredential, SourcePassphrase} {
		if !o.has(source) {
			continue
		}
		s, err := o.seal(ctx, source, root)
		if err == nil || ctx.Err() != nil {
			return s, err
		}
		o.Log.Warn("source of the keys' root cannot be used and is passed over", "source", source, "err", err)
	}
	return nil, nil
}

// differs reports whether the configuration wants the root sealed otherwise than it is.
func (o *Options) differs(s *rootFile) bool {
	if o.Source != SourceAuto && o.Source != s.Source {
		return true
	}
	return s.Source == SourceTPM && !slices.Equal(o.PCRs, s.PCRs)
}

func sealAnew(ctx context.Context, o Options, d disk, root []byte) (*rootFile, error) {
	source := o.Source
	if source == SourceAuto {
		source = SourceTPM // whose PCRs differ
	}
	s, err := o.seal(ctx, source, root)
	if err != nil {
		return nil, refusal(o.Dir, source, err)
	}
	if err := writeRootFile(d, o.Dir, s); err != nil {
		return nil, err
	}
	o.Log.Info("root of the keys sealed anew", "source", s.Source, "pcrs", s.PCRs)
	return s, nil
}

func newKeeper(o Options, d disk, source Source, root []byte) (*Keeper, error) {
	box, err := aead(root, "key files")
	if err != nil {
		return nil, err
	}
	return &Keeper{source: source, box: box, disk: d, readOnly: o.ReadOnly, log: o.Log}, nil
}

// Source tells what seals the root of this Keeper's keys: SourceNone if they are plain files.
func (k *Keeper) Source() Source {
	if k == nil || k.box == nil {
		return SourceNone
	}
	return k.source
}

// Format writes the Keeper without its secrets, whatever the verb.
func (k *Keeper) Format(w fmt.State, _ rune) {
	io.WriteString(w, "keeper of keys: "+string(k.Source()))
}

// anyWrapped reports whether a key file in the folder is wrapped.
func anyWrapped(dir string) (bool, error) {
	paths, err := keyFiles(dir)
	if err != nil {
		return false, err
	}
	for _, path := range paths {
		b, err := readLimited(path)
		if err != nil {
			return false, err
		}
		if isWrapped(b) {
			return true, nil
		}
	}
	return false, nil
}

// keyFiles are the paths of the key files in the folder, in order.
func keyFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		if e.Type().IsRegular() && filepath.Ext(e.Name()) == keyEnding {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, nil
}
