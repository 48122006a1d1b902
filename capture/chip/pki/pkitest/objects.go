package pkitest

import (
	"crypto"
	"encoding/asn1"
	"fmt"
	"maps"
	"slices"
	"time"

	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/signature"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Content types of signed objects.
var (
	TypeSOD          = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1}
	TypeMasterList   = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 2}
	TypeDeviations   = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 7}
	TypeDefects      = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 3, 1, 5}
	TypeCardSecurity = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 3, 2, 1}
)

// Envelope is how something is signed, and what is wrong with it. The zero Envelope is by the
// book: signed attributes, the signer's certificate enclosed and named by issuer and serial
// number, the digest that of the signer's algorithm.
type Envelope struct {
	// SigningTime is left out if it is zero.
	SigningTime time.Time
	// Enclose are further certificates; NoCertificate leaves the signer's own out.
	Enclose       []*cert.Certificate
	NoCertificate bool
	// ByKeyID names the signer by its key.
	ByKeyID bool
	// Digest is the digest of the content; 0 is the signer's hash function.
	Digest crypto.Hash

	// NoAttributes signs the content itself.
	NoAttributes bool
	// AttributeType is another content type in the attributes.
	AttributeType asn1.ObjectIdentifier
	// OtherContent is what the attributes' digest is made over, if it is not nil.
	OtherContent []byte
	// ClaimDigest names another digest algorithm beside the signature than was used.
	ClaimDigest crypto.Hash
	// Indefinite writes the outer elements with indefinite lengths and the content in
	// pieces, as old signers did.
	Indefinite bool
}

// Sign makes a ContentInfo with SignedData (RFC 5652).
func (s *Signer) Sign(contentType asn1.ObjectIdentifier, content []byte, e Envelope) ([]byte, error) {
	if e.Digest == 0 {
		e.Digest = s.Key.Hash
	}
	if e.ClaimDigest == 0 {
		e.ClaimDigest = e.Digest
	}
	attributes := e.attributes(contentType, content)
	message := content
	if !e.NoAttributes {
		message = build(func(b *cryptobyte.Builder) { addSet(b, cbasn1.SET, attributes...) })
	}
	sig, err := s.Key.Sign(message)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	parts := [][]byte{
		build(func(b *cryptobyte.Builder) { b.AddASN1Int64(3) }),
		build(func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { addHash(b, e.ClaimDigest) })
		}),
		e.encapsulate(contentType, content),
		s.certificates(e),
		build(func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { s.addSignerInfo(b, e, attributes, sig) })
		}),
	}
	signedData := e.wrap(0x30, parts...)
	oid := build(func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2})
	})
	return e.wrap(0x30, oid, e.wrap(0xa0, signedData)), nil
}

// wrap puts elements into one, with or without a length.
func (e Envelope) wrap(tag byte, parts ...[]byte) []byte {
	contents := slices.Concat(parts...)
	if e.Indefinite {
		return slices.Concat([]byte{tag, 0x80}, contents, []byte{0, 0})
	}
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.Tag(tag), func(b *cryptobyte.Builder) { b.AddBytes(contents) })
	})
}

func octets(b []byte) []byte {
	return build(func(out *cryptobyte.Builder) { out.AddASN1OctetString(b) })
}

func (e Envelope) encapsulate(contentType asn1.ObjectIdentifier, content []byte) []byte {
	oid := build(func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(contentType) })
	if !e.Indefinite {
		return e.wrap(0x30, oid, e.wrap(0xa0, octets(content)))
	}
	half := len(content) / 2
	return e.wrap(0x30, oid, e.wrap(0xa0, e.wrap(0x24, octets(content[:half]), octets(content[half:]))))
}

func (s *Signer) certificates(e Envelope) []byte {
	var all [][]byte
	if !e.NoCertificate {
		all = append(all, s.Certificate.Raw)
	}
	for _, c := range e.Enclose {
		all = append(all, c.Raw)
	}
	if len(all) == 0 {
		return nil
	}
	return build(func(b *cryptobyte.Builder) { addSet(b, tagged(0), all...) })
}

func (s *Signer) addSignerInfo(b *cryptobyte.Builder, e Envelope, attributes [][]byte, sig []byte) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if e.ByKeyID {
			b.AddASN1Int64(3)
			b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(s.Certificate.KeyID()) })
		} else {
			b.AddASN1Int64(1)
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { addIssuerAndSerial(b, s.Certificate) })
		}
		addHash(b, e.ClaimDigest)
		if !e.NoAttributes {
			addSet(b, tagged(0), attributes...)
		}
		s.Key.addAlgorithm(b)
		b.AddASN1OctetString(sig)
	})
}

func addIssuerAndSerial(b *cryptobyte.Builder, c *cert.Certificate) {
	b.AddBytes(c.Issuer.Raw)
	b.AddASN1(cbasn1.INTEGER, func(b *cryptobyte.Builder) {
		if len(c.Serial) == 0 || c.Serial[0] >= 0x80 {
			b.AddUint8(0)
		}
		b.AddBytes(c.Serial)
	})
}

func (e Envelope) attributes(contentType asn1.ObjectIdentifier, content []byte) [][]byte {
	if e.AttributeType != nil {
		contentType = e.AttributeType
	}
	if e.OtherContent != nil {
		content = e.OtherContent
	}
	all := [][]byte{
		attribute(3, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(contentType) }),
		attribute(4, func(b *cryptobyte.Builder) { b.AddASN1OctetString(hash(e.Digest, content)) }),
	}
	if !e.SigningTime.IsZero() {
		all = append(all, attribute(5, func(b *cryptobyte.Builder) { addTime(b, e.SigningTime) }))
	}
	return all
}

// attribute writes an attribute of PKCS #9 with one value.
func attribute(n int, value func(*cryptobyte.Builder)) []byte {
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, n})
			b.AddASN1(cbasn1.SET, value)
		})
	})
}

// HashList makes an LDSSecurityObject over the files of data groups, of version 1 if lds is a
// version such as "0108" and of version 0 if it is "".
func HashList(files map[int][]byte, h crypto.Hash, lds string) []byte {
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			version := int64(0)
			if lds != "" {
				version = 1
			}
			b.AddASN1Int64(version)
			addHash(b, h)
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, group := range slices.Sorted(maps.Keys(files)) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1Int64(int64(group))
						b.AddASN1OctetString(hash(h, files[group]))
					})
				}
			})
			if lds != "" {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					addPrintable(b, lds)
					addPrintable(b, "040000")
				})
			}
		})
	})
}

// SOD makes EF.SOD over the files of data groups: the hash list hashed with h and signed, in
// tag 77.
func (s *Signer) SOD(files map[int][]byte, h crypto.Hash, lds string, e Envelope) ([]byte, error) {
	signed, err := s.Sign(TypeSOD, HashList(files, h, lds), e)
	if err != nil {
		return nil, fmt.Errorf("make security object: %w", err)
	}
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.Tag(0x77), func(b *cryptobyte.Builder) { b.AddBytes(signed) })
	}), nil
}

// MasterList signs certificates as a master list.
func (s *Signer) MasterList(certificates [][]byte, e Envelope) ([]byte, error) {
	content := build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(0)
			addSet(b, cbasn1.SET, certificates...)
		})
	})
	return s.Sign(TypeMasterList, content, e)
}

// DefectList signs a list (BSI TR-03129) that knows a defect of the kind with the two last
// numbers of its object identifier for every signer's certificate.
func (s *Signer) DefectList(major, minor int, e Envelope, signers ...*cert.Certificate) ([]byte, error) {
	content := build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(0)
			b.AddASN1ObjectIdentifier(signature.HashOID(crypto.SHA256))
			var all [][]byte
			for _, c := range signers {
				all = append(all, defect(c, append(slices.Clone(TypeDefects), major, minor)))
			}
			addSet(b, cbasn1.SET, all...)
		})
	})
	return s.Sign(TypeDefects, content, e)
}

func defect(c *cert.Certificate, kind asn1.ObjectIdentifier) []byte {
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { addIssuerAndSerial(b, c) })
			b.AddASN1OctetString(hash(crypto.SHA256, c.Raw))
			b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(kind)
					if kind[len(kind)-2] == 1 && kind[len(kind)-1] == 1 {
						b.AddASN1Enum(4)
					}
				})
			})
		})
	})
}

// DeviationList signs a list (ICAO 9303-3) that knows the deviation of the kind with the two
// last numbers of its object identifier for documents of a signer that were issued between
// two days.
func (s *Signer) DeviationList(major, minor int, signer *cert.Certificate, first, last time.Time, e Envelope) ([]byte, error) {
	kind := append(slices.Clone(TypeDeviations), major, minor)
	documents := func(b *cryptobyte.Builder) {
		b.AddASN1(tagged(1), func(b *cryptobyte.Builder) { addIssuerAndSerial(b, signer) })
		b.AddASN1(tagged(4), func(b *cryptobyte.Builder) {
			b.AddASN1GeneralizedTime(first.UTC())
			b.AddASN1GeneralizedTime(last.UTC())
		})
	}
	content := build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(0)
			b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, documents)
					b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
						b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(kind) })
					})
				})
			})
		})
	})
	return s.Sign(TypeDeviations, content, e)
}
