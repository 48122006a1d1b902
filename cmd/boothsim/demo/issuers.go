package demo

import (
	"errors"
	"io/fs"

	"boothd/capture/chip/chipemu"
)

// The folders of the states that issue the demo's documents, and of the chips that they have
// issued.
const (
	issuerFolder  = "issuer"
	unknownFolder = "issuer-unknown"
	chipsFolder   = "chips"
)

// Unknown is the state of whose documents booths are told nothing; Code is as zones have it. Both
// codes are of those that ISO 3166 leaves to users.
func Unknown() chipemu.State { return chipemu.State{Country: "QZ", Code: "QZZ"} }

// Issuer is Utopia, which issues the demo's documents. It is made when it is first asked for.
func (f *Folder) Issuer() (*chipemu.Issuer, error) {
	return f.issuer(issuerFolder, chipemu.State{})
}

// UnknownIssuer is the state of Unknown, made likewise.
func (f *Folder) UnknownIssuer() (*chipemu.Issuer, error) {
	return f.issuer(unknownFolder, Unknown())
}

// ChipsFolder is where the chips are kept that were issued.
func (f *Folder) ChipsFolder() string { return f.Path(chipsFolder) }

func (f *Folder) issuer(name string, s chipemu.State) (*chipemu.Issuer, error) {
	issuer, err := chipemu.OpenIssuer(f.Path(name))
	if !errors.Is(err, fs.ErrNotExist) {
		return issuer, err
	}
	if issuer, err = chipemu.NewIssuer(s); err != nil {
		return nil, err
	}
	return issuer, issuer.Store(f.Path(name))
}
