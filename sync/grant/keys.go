package grant

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"boothd/internal/keys"
	"boothd/internal/settings"
	"boothd/internal/signed"
)

// Keys are the public keys of each sort of authority. A grant counts only if a key of the
// authority that it names signed it.
type Keys map[Authority][]ed25519.PublicKey

// ErrKey is matched if a grant was signed with a key of another sort of authority. It matches
// signed.ErrNotValid too.
var ErrKey = fmt.Errorf("the key that signed the grant is not of the authority that it names: %w", signed.ErrNotValid)

// authorities are all sorts, in the order in which they are listed.
var authorities = []Authority{Judicial, HighRank, Prosecutor}

// AnyAuthority trusts the keys whatever authority a grant names: for whoever was told whose
// key it is, as a person at a command line is, and not by a configuration.
func AnyAuthority(trusted ...ed25519.PublicKey) Keys {
	k := Keys{}
	for _, a := range authorities {
		k[a] = trusted
	}
	return k
}

// All are the keys of all authorities, which may sign the list of revoked grants.
func (k Keys) All() []ed25519.PublicKey {
	var all []ed25519.PublicKey
	for _, a := range authorities {
		all = append(all, k[a]...)
	}
	return all
}

// KeyFiles are the files with the public keys of each sort of authority, as a configuration
// file names them.
type KeyFiles struct {
	Judicial   []string `toml:"judicial"`
	HighRank   []string `toml:"high_rank"`
	Prosecutor []string `toml:"prosecutor"`
}

// of are the files of an authority.
func (f *KeyFiles) of(a Authority) []string {
	switch a {
	case Judicial:
		return f.Judicial
	case HighRank:
		return f.HighRank
	case Prosecutor:
		return f.Prosecutor
	}
	return nil
}

// Empty reports whether no key is named, so that no grant counts.
func (f *KeyFiles) Empty() bool { return len(f.Judicial)+len(f.HighRank)+len(f.Prosecutor) == 0 }

// Paths are the places of the paths, for settings.File.
func (f *KeyFiles) Paths() []*string {
	var paths []*string
	for _, a := range authorities {
		for i := range f.of(a) {
			paths = append(paths, &f.of(a)[i])
		}
	}
	return paths
}

// Faults notes what is wrong with the files, under the key of the configuration that names
// them.
func (f *KeyFiles) Faults(to *settings.Faults, key string) {
	for _, a := range authorities {
		to.Verifying(key+"."+string(a), f.of(a))
	}
}

// Read reads the keys.
func (f *KeyFiles) Read() (Keys, error) {
	k := Keys{}
	var errs []error
	for _, a := range authorities {
		var err error
		k[a], err = keys.ReadVerifyingAll(f.of(a))
		errs = append(errs, err)
	}
	return k, errors.Join(errs...)
}
