package chipemu

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"boothd/capture/chip/authenticity"
	"boothd/capture/chip/authenticity/cvc"
	"boothd/capture/chip/authenticity/cvc/cvctest"
)

// inspector is the issuer's PKI of terminals: what one of them needs to read fingers and
// irises. Those that issue certificates need no key any more.
type inspector struct {
	Root     []byte `json:"root"`     // the CVCA's certificate
	Verifier []byte `json:"verifier"` // the document verifier's
	Terminal []byte `json:"terminal"`
	Key      []byte `json:"key"` // the terminal's, PKCS #8
}

// newInspector makes certificates that hold as long as the authority's.
func newInspector(country string, from time.Time) (inspector, error) {
	const all = cvctest.Fingerprints | cvctest.Irises
	order := cvctest.Order{
		Rights: all, From: from, Until: from.AddDate(20, 0, 0),
		Algorithm: cvctest.Algorithm{Scheme: cvc.Scheme{Method: cvc.ECDSA, Hash: crypto.SHA256}, Curve: "P-256"},
	}
	named := func(holder string, role cvc.Role) cvctest.Order {
		o := order
		o.Holder, o.Role = cvc.Reference(country+holder), role
		return o
	}
	root, err := cvctest.NewCVCA(named("CVCA00001", cvc.CVCA))
	if err != nil {
		return inspector{}, err
	}
	verifier, err := root.Issue(named("DV00001", cvc.DomesticDV))
	if err != nil {
		return inspector{}, err
	}
	terminal, err := verifier.Issue(named("TERM00001", cvc.Terminal))
	if err != nil {
		return inspector{}, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(terminal.Key.Signer())
	return inspector{root.Certificate.Raw, verifier.Certificate.Raw, terminal.Certificate.Raw, key}, err
}

// files are the inspector's in an issuer's folder, for terminals.
func (i inspector) files() map[string][]byte {
	return map[string][]byte{"cvca.cvc": i.Root, "dv.cvc": i.Verifier, "terminal.cvc": i.Terminal, "terminal.key": i.Key}
}

// Root returns the certificate of the issuer's CVCA, which documents of the issuer trust in
// Terminal Authentication (Terminal.Roots).
func (is *Issuer) Root() []byte { return is.inspector.Root }

// Terminal returns an inspection system that documents with that root let read fingers and
// irises. now is its clock.
func (is *Issuer) Terminal(now func() time.Time) (*authenticity.Terminal, error) {
	t, err := is.inspector.terminal(now)
	if err != nil {
		return nil, fmt.Errorf("test terminal: %w", err)
	}
	return t, nil
}

func (i inspector) terminal(now func() time.Time) (*authenticity.Terminal, error) {
	verifier, err := cvc.Parse(i.Verifier)
	if err != nil {
		return nil, err
	}
	certificate, err := cvc.Parse(i.Terminal)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(i.Key)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("not an EC key")
	}
	signer, err := authenticity.FromCrypto(key, certificate)
	if err != nil {
		return nil, err
	}
	return &authenticity.Terminal{
		Identities: []authenticity.Identity{{Certificate: certificate, Signer: signer}},
		Known:      []*cvc.Certificate{verifier}, Now: now,
	}, nil
}
