package chipemu

import (
	"bytes"
	"encoding/asn1"
	"math/big"
	"slices"

	"boothd/capture/chip/security"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// der returns what f writes; what this package writes always fits.
func der(f func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	f(&b)
	return b.BytesOrPanic()
}

// info is a SecurityInfo (ICAO 9303-11 §9.2): identifier, required part, and what is optional.
func info(oid asn1.ObjectIdentifier, required func(*cryptobyte.Builder), optional func(*cryptobyte.Builder)) []byte {
	return der(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid)
			required(b)
			if optional != nil {
				optional(b)
			}
		})
	})
}

func number(n int) func(*cryptobyte.Builder) {
	return func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(n)) }
}

func optionalNumber(n *int) func(*cryptobyte.Builder) {
	if n == nil {
		return nil
	}
	return number(*n)
}

// set is SecurityInfos: each entry once, in DER's order.
func set(entries [][]byte) []byte {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, bytes.Compare)
	entries = slices.CompactFunc(entries, bytes.Equal)
	return der(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(entries, nil)) })
	})
}

func paceInfo(s suite) []byte { return info(s.oid, number(2), number(s.parameters)) }

func agreementInfo(a agreement) []byte {
	return info(a.oid, number(a.Version), optionalNumber(a.KeyID))
}

func terminalInfo(version int) []byte { return info(oidTerminalAuth, number(version), nil) }

// activeInfo names the signature algorithm of Active Authentication, which RSA does not need.
func activeInfo(hash int) []byte {
	return info(oidActiveAuth, number(1), func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(child(oidPlainECDSA, hash+1))
	})
}

// keyInfo is ChipAuthenticationPublicKeyInfo.
func keyInfo(g *security.Group, parameters int, explicit bool, public security.Element, id *int) []byte {
	kind := 1
	if g.Elliptic() {
		kind = 2
	}
	return info(child(oidAgreedKey, kind), func(b *cryptobyte.Builder) {
		b.AddBytes(publicKey(g, parameters, explicit, public))
	}, optionalNumber(id))
}

// publicKey is a SubjectPublicKeyInfo with the curve written out, or the parameters named by
// their identifier.
func publicKey(g *security.Group, parameters int, explicit bool, public security.Element) []byte {
	key := g.Encode(public)
	if !g.Elliptic() {
		key = der(func(b *cryptobyte.Builder) { b.AddASN1BigInt(new(big.Int).SetBytes(key)) })
	}
	return der(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				if explicit && g.Elliptic() {
					b.AddASN1ObjectIdentifier(oidECPublicKey)
					addCurve(b, g)
				} else {
					b.AddASN1ObjectIdentifier(oidStandardised)
					b.AddASN1Int64(int64(parameters))
				}
			})
			b.AddASN1BitString(key)
		})
	})
}

// addCurve writes ECParameters (SEC 1 §C.2, BSI TR-03111 §5.1.2.1).
func addCurve(b *cryptobyte.Builder, g *security.Group) {
	curve, size := g.Curve(), g.Size()
	a, c := curve.Coefficients()
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidPrimeField)
			b.AddASN1BigInt(curve.Field())
		})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1OctetString(a.FillBytes(make([]byte, size)))
			b.AddASN1OctetString(c.FillBytes(make([]byte, size)))
		})
		b.AddASN1OctetString(g.Encode(g.Generator()))
		b.AddASN1BigInt(g.Order())
		b.AddASN1Int64(1)
	})
}
