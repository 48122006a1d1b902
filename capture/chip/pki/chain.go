package pki

import (
	"errors"
	"slices"

	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/signature"
)

// Why there is no chain.
var (
	errNoIssuer    = errors.New("no known authority is the issuer")
	errWrongIssuer = errors.New("the authority that is named as issuer did not sign")
)

const (
	maxPath = 6 // certificates: a signer, an authority and as many links as keys live at once
	// maxVerifications bounds the work for one certificate, whatever names and key
	// identifiers it has.
	maxVerifications = 32
)

type budget struct{ left int }

func newBudget() *budget { return &budget{maxVerifications} }

func (b *budget) spend() bool {
	b.left--
	return b.left >= 0
}

// chain returns the certificates from c, which is not an authority's, to one that is trusted.
// Of issuers with the same name the one is taken whose key made the signature.
func (t *Trust) chain(c *cert.Certificate) ([]*cert.Certificate, error) {
	return t.climb(c, nil, newBudget())
}

// path returns the certificates from an authority's to one that is trusted: itself, or what
// its link hangs on.
func (t *Trust) path(a *authority, b *budget) ([]*cert.Certificate, error) {
	if a.trusted {
		return []*cert.Certificate{a.Certificate}, nil
	}
	return t.climb(a.Certificate, nil, b)
}

// climb looks for an issuer of c whose own path ends in trust; below are the certificates
// under c.
func (t *Trust) climb(c *cert.Certificate, below []*cert.Certificate, b *budget) ([]*cert.Certificate, error) {
	below = append(slices.Clip(below), c)
	if len(below) == maxPath {
		return nil, errNoIssuer
	}
	fault := errNoIssuer
	for _, a := range t.issuers(c.Issuer, c.AuthorityKeyID) {
		if slices.Contains(below, a.Certificate) || !b.spend() {
			continue
		}
		err := c.Verify(a.Key)
		switch {
		case errors.Is(err, signature.ErrUnsupported):
			fault = err
			continue
		case err != nil:
			if errors.Is(fault, errNoIssuer) {
				fault = errWrongIssuer
			}
			continue
		}
		if a.trusted {
			return append(below, a.Certificate), nil
		}
		// Nothing is known against the issuer, only nothing for it.
		if above, err := t.climb(a.Certificate, below, b); err == nil {
			return above, nil
		}
	}
	return nil, fault
}
