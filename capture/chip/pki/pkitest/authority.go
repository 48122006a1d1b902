// Package pkitest is a PKI of travel documents for tests, training and emulated chips: country
// signing authorities, their links, revocation lists and signers, security objects, master
// lists and defect lists, with every algorithm that is in use. It writes DER by the profiles
// of ICAO 9303-12.
//
// Nothing of it may be trusted by a booth that checks real travellers: the keys are made
// without protection and used without blinding.
package pkitest

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"boothd/capture/chip/pki/cert"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Authority is a country signing authority with one key.
type Authority struct {
	Country, Name string // "UT", "CSCA Utopia"
	// State is the three-letter code for the alternative name; "" leaves it out.
	State               string
	NotBefore, NotAfter time.Time
	Key                 *Key
	Certificate         *cert.Certificate // self-signed
}

// NewAuthority makes an authority and its certificate.
func NewAuthority(a Authority) (*Authority, error) {
	der, err := a.issue(template{
		subject: a.name(), key: a.Key, ca: true, state: a.State,
		notBefore: a.NotBefore, notAfter: a.NotAfter,
	})
	if err != nil {
		return nil, fmt.Errorf("make authority: %w", err)
	}
	a.Certificate, err = cert.Parse(der)
	return &a, err
}

func (a *Authority) name() []byte { return name(a.Country, a.Name) }

// Link certifies the key of the authority's successor.
func (a *Authority) Link(next *Authority) ([]byte, error) {
	return a.issue(template{
		subject: next.name(), key: next.Key, ca: true, state: next.State,
		notBefore: next.NotBefore, notAfter: a.NotAfter,
	})
}

// Signer is a document signer, or one of lists, with its certificate.
type Signer struct {
	// Country is the authority's if it is "".
	Country, Name       string
	NotBefore, NotAfter time.Time
	// SignsFrom and SignsUntil are the private key usage period; both zero leave it out.
	SignsFrom, SignsUntil time.Time
	DocumentTypes         []string // nil leaves the extension out
	// Purpose is an extended key usage; nil is none, as document signers have.
	Purpose asn1.ObjectIdentifier
	// NoKeyIDs leaves subject and authority key identifier out.
	NoKeyIDs    bool
	Key         *Key
	Certificate *cert.Certificate
}

// Purposes of signers of lists.
var (
	MasterListSigner    = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 3}
	DeviationListSigner = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 8}
)

// Issue makes a signer's certificate.
func (a *Authority) Issue(s Signer) (*Signer, error) {
	if s.Country == "" {
		s.Country = a.Country
	}
	der, err := a.issue(template{
		subject: name(s.Country, s.Name), key: s.Key, notBefore: s.NotBefore, notAfter: s.NotAfter,
		signsFrom: s.SignsFrom, signsUntil: s.SignsUntil, documentTypes: s.DocumentTypes,
		purpose: s.Purpose, noKeyIDs: s.NoKeyIDs,
	})
	if err != nil {
		return nil, fmt.Errorf("issue signer: %w", err)
	}
	s.Certificate, err = cert.Parse(der)
	return &s, err
}

type template struct {
	subject               []byte
	key                   *Key
	ca                    bool
	state                 string
	notBefore, notAfter   time.Time
	signsFrom, signsUntil time.Time
	documentTypes         []string
	purpose               asn1.ObjectIdentifier
	noKeyIDs              bool
}

// issue makes a certificate with a serial number of its own.
func (a *Authority) issue(t template) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	tbs := build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(tagged(0), func(b *cryptobyte.Builder) { b.AddASN1Int64(2) })
			b.AddASN1BigInt(serial.Add(serial, big.NewInt(1)))
			a.Key.addAlgorithm(b)
			b.AddBytes(a.name())
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addTime(b, t.notBefore)
				addTime(b, t.notAfter)
			})
			b.AddBytes(t.subject)
			b.AddBytes(t.key.PublicKey())
			b.AddASN1(tagged(3), func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { a.addExtensions(b, &t) })
			})
		})
	})
	return a.sign(tbs)
}

// sign makes a SIGNED{} of what is to be signed.
func (a *Authority) sign(tbs []byte) ([]byte, error) {
	sig, err := a.Key.Sign(tbs)
	if err != nil {
		return nil, err
	}
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(tbs)
			a.Key.addAlgorithm(b)
			b.AddASN1BitString(sig)
		})
	}), nil
}

func keyID(k *Key) []byte {
	sum := sha1.Sum(k.publicBits())
	return sum[:]
}

func addAuthorityKeyID(b *cryptobyte.Builder, k *Key) {
	addExtension(b, asn1.ObjectIdentifier{2, 5, 29, 35}, false, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(keyID(k)) })
		})
	})
}

// addExtensions writes the extensions of ICAO 9303-12 table 5.
func (a *Authority) addExtensions(b *cryptobyte.Builder, t *template) {
	if !t.noKeyIDs {
		addAuthorityKeyID(b, a.Key)
		addExtension(b, asn1.ObjectIdentifier{2, 5, 29, 14}, false, func(b *cryptobyte.Builder) {
			b.AddASN1OctetString(keyID(t.key))
		})
	}
	usage := []byte{3, 2, 7, 0x80} // BIT STRING: digitalSignature
	if t.ca {
		usage = []byte{3, 2, 1, 0x06} // keyCertSign, cRLSign
		addExtension(b, asn1.ObjectIdentifier{2, 5, 29, 19}, true, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Boolean(true)
				b.AddASN1Int64(0)
			})
		})
	}
	addExtension(b, asn1.ObjectIdentifier{2, 5, 29, 15}, true, func(b *cryptobyte.Builder) { b.AddBytes(usage) })
	if t.state != "" {
		addAlternativeName(b, t.state)
	}
	if !t.signsFrom.IsZero() || !t.signsUntil.IsZero() {
		addExtension(b, asn1.ObjectIdentifier{2, 5, 29, 16}, false, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for tag, at := range []time.Time{t.signsFrom, t.signsUntil} {
					if !at.IsZero() {
						b.AddASN1(cbasn1.Tag(tag).ContextSpecific(), func(b *cryptobyte.Builder) {
							b.AddBytes([]byte(at.UTC().Format("20060102150405Z")))
						})
					}
				}
			})
		})
	}
	if t.purpose != nil {
		addExtension(b, asn1.ObjectIdentifier{2, 5, 29, 37}, true, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(t.purpose) })
		})
	}
	if t.documentTypes != nil {
		addDocumentTypes(b, t.documentTypes)
	}
}

func addAlternativeName(b *cryptobyte.Builder, state string) {
	addExtension(b, asn1.ObjectIdentifier{2, 5, 29, 17}, false, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(tagged(4), func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					addNamePart(b, asn1.ObjectIdentifier{2, 5, 4, 7}, cbasn1.PrintableString, state)
				})
			})
		})
	})
}

func addDocumentTypes(b *cryptobyte.Builder, types []string) {
	addExtension(b, asn1.ObjectIdentifier{2, 23, 136, 1, 1, 6, 2}, false, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(0)
			var all [][]byte
			for _, code := range types {
				all = append(all, build(func(b *cryptobyte.Builder) { addPrintable(b, code) }))
			}
			addSet(b, cbasn1.SET, all...)
		})
	})
}

// Revoked is an entry of a revocation list.
type Revoked struct {
	Certificate *cert.Certificate
	At          time.Time
	Reason      int // CRLReason; 0 leaves it out
}

// CRL makes a revocation list that holds from thisUpdate to nextUpdate.
func (a *Authority) CRL(thisUpdate, nextUpdate time.Time, revoked ...Revoked) ([]byte, error) {
	return a.sign(build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(1)
			a.Key.addAlgorithm(b)
			b.AddBytes(a.name())
			addTime(b, thisUpdate)
			addTime(b, nextUpdate)
			if len(revoked) > 0 {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					for _, r := range revoked {
						addRevoked(b, r)
					}
				})
			}
			b.AddASN1(tagged(0), func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					addAuthorityKeyID(b, a.Key)
					addExtension(b, asn1.ObjectIdentifier{2, 5, 29, 20}, false, func(b *cryptobyte.Builder) {
						b.AddASN1Int64(thisUpdate.Unix())
					})
				})
			})
		})
	}))
}

func addRevoked(b *cryptobyte.Builder, r Revoked) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(r.Certificate.Serial))
		addTime(b, r.At)
		if r.Reason != 0 {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addExtension(b, asn1.ObjectIdentifier{2, 5, 29, 21}, false, func(b *cryptobyte.Builder) {
					b.AddASN1Enum(int64(r.Reason))
				})
			})
		}
	})
}
