package pkitest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"boothd/capture/chip/pki/signature"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Algorithm is a kind of key and how it signs.
type Algorithm struct {
	// Curve names the curve of an ECDSA key, as in [signature.Curves]; "" is RSA.
	Curve string
	// Explicit writes the curve's parameters out instead of its name.
	Explicit bool
	// Plain writes ECDSA signatures as r and s side by side (BSI TR-03111).
	Plain bool
	// Bits is the length of an RSA modulus.
	Bits int
	// PSS signs with RSA-PSS, with a salt of Salt bytes and the hash function Mask in the
	// mask (0 is Hash).
	PSS  bool
	Salt int
	Mask crypto.Hash

	Hash crypto.Hash
}

// String names the algorithm, such as "RSA 2048 PSS SHA-256 salt 32".
func (a Algorithm) String() string {
	switch {
	case a.Curve != "" && a.Explicit:
		return fmt.Sprintf("%s written out, %v", a.Curve, a.Hash)
	case a.Curve != "" && a.Plain:
		return fmt.Sprintf("%s plain, %v", a.Curve, a.Hash)
	case a.Curve != "":
		return fmt.Sprintf("%s, %v", a.Curve, a.Hash)
	case a.PSS:
		return fmt.Sprintf("RSA %d PSS, %v, mask %v, salt %d", a.Bits, a.Hash, a.mask(), a.Salt)
	}
	return fmt.Sprintf("RSA %d, %v", a.Bits, a.Hash)
}

func (a Algorithm) mask() crypto.Hash {
	if a.Mask == 0 {
		return a.Hash
	}
	return a.Mask
}

// Key is a private key with the algorithm that it signs with.
type Key struct {
	Algorithm
	rsa   *rsa.PrivateKey
	ec    *ecdsa.PrivateKey
	curve *signature.Curve
}

// NewKey makes a key. For RSA this takes a second or so.
func NewKey(a Algorithm) (*Key, error) {
	k := &Key{Algorithm: a}
	var err error
	if a.Curve == "" {
		k.rsa, err = rsa.GenerateKey(rand.Reader, a.Bits)
	} else if k.curve, err = curveNamed(a.Curve); err == nil {
		k.ec, err = ecdsa.GenerateKey(k.curve.New(), rand.Reader)
	}
	if err != nil {
		return nil, fmt.Errorf("make key for %v: %w", a, err)
	}
	return k, nil
}

// With returns the same key signing with another hash function or in another way; the kind of
// key stays.
func (k *Key) With(a Algorithm) *Key {
	other := *k
	a.Curve, a.Bits = k.Curve, k.Bits
	other.Algorithm = a
	return &other
}

func curveNamed(name string) (*signature.Curve, error) {
	for _, c := range signature.Curves() {
		if c.Name == name {
			return c, nil
		}
	}
	return nil, fmt.Errorf("curve %q is unknown", name)
}

// Sign signs a message.
func (k *Key) Sign(message []byte) ([]byte, error) {
	h := k.Hash.New()
	h.Write(message)
	sum := h.Sum(nil)
	switch {
	case k.ec != nil:
		return k.signECDSA(sum)
	case k.PSS:
		return k.signPSS(sum)
	}
	return rsa.SignPKCS1v15(nil, k.rsa, k.Hash, sum)
}

func (k *Key) signECDSA(sum []byte) ([]byte, error) {
	der, err := ecdsa.SignASN1(rand.Reader, k.ec, sum)
	if err != nil || !k.Plain {
		return der, err
	}
	var both struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &both); err != nil {
		return nil, err
	}
	size := (k.ec.Curve.Params().N.BitLen() + 7) / 8
	out := make([]byte, 2*size)
	both.R.FillBytes(out[:size])
	both.S.FillBytes(out[size:])
	return out, nil
}

// signPSS is RSASSA-PSS-SIGN (RFC 8017 §8.1.1, §9.1.1). crypto/rsa knows no other mask
// function than the message's and no empty salt.
func (k *Key) signPSS(sum []byte) ([]byte, error) {
	emBits := k.rsa.N.BitLen() - 1
	em := make([]byte, (emBits+7)/8)
	if len(em) < len(sum)+k.Salt+2 {
		return nil, errors.New("salt does not fit into the modulus")
	}
	salt := make([]byte, k.Salt)
	rand.Read(salt)
	h := hash(k.Hash, make([]byte, 8), sum, salt)
	db := em[:len(em)-len(h)-1]
	db[len(db)-k.Salt-1] = 1
	copy(db[len(db)-k.Salt:], salt)
	for i, b := range mgf1(k.mask(), h, len(db)) {
		db[i] ^= b
	}
	db[0] &= 0xff >> (8*len(em) - emBits)
	copy(em[len(db):], h)
	em[len(em)-1] = 0xbc
	// For tests only: no blinding.
	s := new(big.Int).Exp(new(big.Int).SetBytes(em), k.rsa.D, k.rsa.N)
	return s.FillBytes(make([]byte, k.rsa.Size())), nil
}

func hash(h crypto.Hash, parts ...[]byte) []byte {
	f := h.New()
	for _, p := range parts {
		f.Write(p)
	}
	return f.Sum(nil)
}

func mgf1(h crypto.Hash, seed []byte, n int) []byte {
	var out []byte
	for i := byte(0); len(out) < n; i++ {
		out = append(out, hash(h, seed, []byte{0, 0, 0, i})...)
	}
	return out[:n]
}

// point is the public key's uncompressed point.
func (k *Key) point() []byte {
	size := (k.ec.Curve.Params().BitSize + 7) / 8
	out := make([]byte, 1+2*size)
	out[0] = 4
	x, y := k.ec.X, k.ec.Y
	x.FillBytes(out[1 : 1+size])
	y.FillBytes(out[1+size:])
	return out
}

// PublicKey is the SubjectPublicKeyInfo in DER.
func (k *Key) PublicKey() []byte {
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			k.addKeyIdentifier(b)
			b.AddASN1BitString(k.publicBits())
		})
	})
}

func (k *Key) publicBits() []byte {
	if k.ec != nil {
		return k.point()
	}
	return x509.MarshalPKCS1PublicKey(&k.rsa.PublicKey)
}

func (k *Key) addKeyIdentifier(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if k.ec == nil {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1})
			b.AddASN1NULL()
			return
		}
		b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1})
		if !k.Explicit {
			b.AddASN1ObjectIdentifier(k.curve.OID)
			return
		}
		b.AddBytes(ExplicitCurve(k.curve, nil))
	})
}

// ExplicitCurve is a curve's parameters written out (SEC 1 §C.2), with its own base point if
// base is nil.
func ExplicitCurve(c *signature.Curve, base []byte) []byte {
	p := c.New().Params()
	size := (p.BitSize + 7) / 8
	a, bb := c.Coefficients()
	if base == nil {
		base = append([]byte{4}, p.Gx.FillBytes(make([]byte, size))...)
		base = append(base, p.Gy.FillBytes(make([]byte, size))...)
	}
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(1)
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1})
				b.AddASN1BigInt(p.P)
			})
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1OctetString(a.FillBytes(make([]byte, size)))
				b.AddASN1OctetString(bb.FillBytes(make([]byte, size)))
			})
			b.AddASN1OctetString(base)
			b.AddASN1BigInt(p.N)
			b.AddASN1Int64(1)
		})
	})
}

// PrivateKey is the key as PKCS #8 in DER, which openssl reads as well. The algorithm's way
// of signing is not in it.
func (k *Key) PrivateKey() ([]byte, error) {
	if k.ec == nil {
		return x509.MarshalPKCS8PrivateKey(k.rsa)
	}
	size := (k.ec.Curve.Params().N.BitLen() + 7) / 8
	//lint:ignore SA1019 crypto/ecdsa encodes no keys on curves that it does not have
	d := k.ec.D.FillBytes(make([]byte, size))
	inner := build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(1)
			b.AddASN1OctetString(d)
			b.AddASN1(tagged(1), func(b *cryptobyte.Builder) { b.AddASN1BitString(k.point()) })
		})
	})
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(0)
			k.addKeyIdentifier(b)
			b.AddASN1OctetString(inner)
		})
	}), nil
}

// LoadKey reads a key that [Key.PrivateKey] wrote, to sign with a.
func LoadKey(pkcs8 []byte, a Algorithm) (*Key, error) {
	k := &Key{Algorithm: a}
	if a.Curve == "" {
		parsed, err := x509.ParsePKCS8PrivateKey(pkcs8)
		if err != nil {
			return nil, fmt.Errorf("load key: %w", err)
		}
		var ok bool
		if k.rsa, ok = parsed.(*rsa.PrivateKey); !ok {
			return nil, errors.New("load key: not an RSA key")
		}
		k.Bits = k.rsa.N.BitLen()
		return k, nil
	}
	s := cryptobyte.String(pkcs8)
	var seq, identifier, octets, inner, d cryptobyte.String
	var version int
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1Integer(&version) || !seq.ReadASN1(&identifier, cbasn1.SEQUENCE) ||
		!seq.ReadASN1(&octets, cbasn1.OCTET_STRING) || !octets.ReadASN1(&inner, cbasn1.SEQUENCE) ||
		!inner.ReadASN1Integer(&version) || !inner.ReadASN1(&d, cbasn1.OCTET_STRING) {
		return nil, errors.New("load key: not an EC key")
	}
	var err error
	if k.curve, err = curveNamed(a.Curve); err != nil {
		return nil, fmt.Errorf("load key: %w", err)
	}
	c := k.curve.New()
	secret := new(big.Int).SetBytes(d)
	if secret.Sign() == 0 || secret.Cmp(c.Params().N) >= 0 {
		return nil, errors.New("load key: secret out of range")
	}
	//lint:ignore SA1019 crypto/ecdsa reads no keys on curves that it does not have
	k.ec = &ecdsa.PrivateKey{D: secret, PublicKey: ecdsa.PublicKey{Curve: c}}
	//lint:ignore SA1019 likewise
	k.ec.X, k.ec.Y = c.ScalarBaseMult(secret.Bytes())
	return k, nil
}

// addAlgorithm writes the AlgorithmIdentifier of the key's signatures.
func (k *Key) addAlgorithm(b *cryptobyte.Builder) {
	n := map[crypto.Hash]int{crypto.SHA1: 0, crypto.SHA224: 1, crypto.SHA256: 2, crypto.SHA384: 3, crypto.SHA512: 4}[k.Hash]
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		switch {
		case k.ec != nil && k.Plain:
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1, n + 1})
		case k.ec != nil && k.Hash == crypto.SHA1:
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1})
		case k.ec != nil:
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, n})
		case k.PSS:
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10})
			k.addPSS(b)
		default:
			last := [...]int{5, 14, 11, 12, 13}[n]
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, last})
			b.AddASN1NULL()
		}
	})
}

// addPSS writes RSASSA-PSS-params, without what is the default, as DER wants it.
func (k *Key) addPSS(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if k.Hash != crypto.SHA1 {
			b.AddASN1(tagged(0), func(b *cryptobyte.Builder) { addHash(b, k.Hash) })
		}
		if k.mask() != crypto.SHA1 {
			b.AddASN1(tagged(1), func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8})
					addHash(b, k.mask())
				})
			})
		}
		if k.Salt != 20 {
			b.AddASN1(tagged(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(k.Salt)) })
		}
	})
}

// addHash writes the AlgorithmIdentifier of a hash function, without parameters (RFC 5754).
func addHash(b *cryptobyte.Builder, h crypto.Hash) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(signature.HashOID(h))
	})
}
