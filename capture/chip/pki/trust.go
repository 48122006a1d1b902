package pki

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sync"

	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/signature"
)

// Kind is what an [Entry] holds.
type Kind string

// The kinds of entries.
const (
	// KindAuthority is a country signing authority's own certificate, trusted as it is.
	KindAuthority Kind = "csca"
	// KindLink is a certificate in which an authority signs its next key. It is as good as
	// what it was signed with.
	KindLink Kind = "link"
	// KindSigner is a document signer's certificate, for documents that leave it out.
	KindSigner Kind = "signer"
	// KindCRL is a certificate revocation list.
	KindCRL Kind = "crl"
	// KindDefects is the content of a defect list of BSI TR-03129.
	KindDefects Kind = "defects"
	// KindDeviations is the content of a deviation list of ICAO 9303-3.
	KindDeviations Kind = "deviations"
)

// Entry is one piece of trust material.
type Entry struct {
	Kind Kind   `json:"kind"`
	DER  []byte `json:"der"`
	// Source is where it came from, for people, such as "master list DE 2026-11-02".
	Source string `json:"source,omitempty"`
}

// Trust is what a document is verified against. It does not change and may be used by many
// goroutines. How old it is its owner knows, and says by [Trust.Doubted].
type Trust struct {
	doubt       Reason // one of those of trust; empty if there is none
	entries     []Entry
	authorities []*authority // those trusted as they are first, then links
	signers     []*cert.Certificate
	lists       []*list
	defects     []Defect
	deviations  []Deviation
}

type authority struct {
	*cert.Certificate
	trusted bool // as it is; a link is not
}

// list is a revocation list, whose signature is checked when it is first needed.
type list struct {
	*cert.CRL
	once   sync.Once
	signer *authority // nil if nobody trusted signed it
}

// New builds a Trust of entries that their giver vouches for: an entry of [KindAuthority] is
// trusted. Of entries that are there twice one is kept. The errors name the entries that
// cannot be read or are not of their kind, by their place; the rest counts.
func New(entries []Entry) (*Trust, []error) {
	t := &Trust{}
	var faults []error
	kept := map[string]int{}
	for i, e := range entries {
		id := string(e.Kind) + string(e.DER)
		if at, twice := kept[id]; twice {
			t.entries[at].Source = min(t.entries[at].Source, e.Source)
			continue
		}
		if err := t.add(e); err != nil {
			faults = append(faults, fmt.Errorf("entry %d: %w", i+1, err))
			continue
		}
		kept[id] = len(t.entries)
		t.entries = append(t.entries, e)
	}
	// Of certificates of one key the trusted one counts that is valid the longest.
	slices.SortStableFunc(t.authorities, func(a, b *authority) int {
		return cmp.Or(-cmp.Compare(rank(a), rank(b)), -a.NotAfter.Compare(b.NotAfter))
	})
	slices.SortFunc(t.entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), bytes.Compare(a.DER, b.DER))
	})
	return t, faults
}

func rank(a *authority) int {
	if a.trusted {
		return 1
	}
	return 0
}

func (t *Trust) add(e Entry) error {
	switch e.Kind {
	case KindAuthority, KindLink, KindSigner:
		c, err := cert.Parse(e.DER)
		if err != nil {
			return err
		}
		return t.addCertificate(e.Kind, c)
	case KindCRL:
		l, err := cert.ParseCRL(e.DER)
		if err != nil {
			return err
		}
		t.lists = append(t.lists, &list{CRL: l})
		return nil
	case KindDefects:
		defects, err := parseDefects(e.DER)
		t.defects = append(t.defects, defects...)
		return err
	case KindDeviations:
		deviations, err := parseDeviations(e.DER)
		t.deviations = append(t.deviations, deviations...)
		return err
	}
	return fmt.Errorf("kind %q is unknown", e.Kind)
}

func (t *Trust) addCertificate(kind Kind, c *cert.Certificate) error {
	if c.Key == nil {
		return fmt.Errorf("%s %s: %w", kind, c.Subject, c.KeyFault)
	}
	if kind == KindSigner {
		t.signers = append(t.signers, c)
		return nil
	}
	if !mayIssue(c) {
		return fmt.Errorf("%s %s: not the certificate of an authority", kind, c.Subject)
	}
	t.authorities = append(t.authorities, &authority{Certificate: c, trusted: kind == KindAuthority})
	return nil
}

// mayIssue tells whether a certificate is an authority's. Those before RFC 3280's profile
// have no basic constraints and no key usage.
func mayIssue(c *cert.Certificate) bool {
	return (c.CA || !c.HasConstraints) && (c.CertSign || !c.HasKeyUsage)
}

// Doubted returns the same material with why it cannot be relied upon: [ReasonTrustStale],
// [ReasonTrustExpired] or [ReasonTrustMissing]; empty takes that back. What rests on the material
// and cannot be told for sure is then open, for that reason; only what stands whatever else
// there may be, such as a revocation, counts as before. Doubted of nil is without material.
func (t *Trust) Doubted(why Reason) *Trust {
	var doubted Trust
	if t != nil {
		doubted = *t
	}
	doubted.doubt = why
	return &doubted
}

// Entries returns the material, sorted by kind and contents. The caller does not change it.
func (t *Trust) Entries() []Entry { return t.entries }

// Classify tells of what kind a certificate is: an authority's own, a link, or a signer's. A
// certificate that is not self-signed is never an authority's own.
func Classify(c *cert.Certificate) Kind {
	switch {
	case mayIssue(c) && c.SelfSigned():
		return KindAuthority
	case mayIssue(c) && c.HasConstraints:
		return KindLink
	}
	return KindSigner
}

// issuers returns the authorities that may have issued something: first those with the key
// that it says, then those with the issuer's name, since neither is always right.
func (t *Trust) issuers(issuer cert.Name, keyID []byte) []*authority {
	var byKey, byName []*authority
	for _, a := range t.authorities {
		switch {
		case len(keyID) > 0 && bytes.Equal(a.KeyID(), keyID):
			byKey = append(byKey, a)
		case a.Subject.Equal(issuer):
			byName = append(byName, a)
		}
	}
	return append(byKey, byName...)
}

// knowsCountry tells whether there is an authority of the country.
func (t *Trust) knowsCountry(country string) bool {
	return slices.ContainsFunc(t.authorities, func(a *authority) bool {
		return a.trusted && a.Subject.Country == country
	})
}

// signedBy returns the authority that signed a revocation list and is itself trusted.
func (t *Trust) signedBy(l *list) *authority {
	l.once.Do(func() {
		for _, a := range t.issuers(l.Issuer, l.AuthorityKeyID) {
			if a.HasKeyUsage && !a.CRLSign || l.Verify(a.Key) != nil {
				continue
			}
			if _, err := t.path(a, newBudget()); err == nil {
				l.signer = a
				return
			}
		}
	})
	return l.signer
}

// weaknesses lists what is weak in how something was signed, once each.
func weaknesses(texts ...string) []string {
	var all []string
	for _, w := range texts {
		if w != "" && !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return all
}

func keyWeakness(k *signature.Key) string {
	if k == nil {
		return ""
	}
	return k.Weakness()
}
