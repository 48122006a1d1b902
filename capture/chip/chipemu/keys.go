package chipemu

import (
	"crypto"
	"crypto/sha3"
	"encoding/binary"
	"io"
	"math/big"

	"boothd/capture/chip/security"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// AgreedKey is a chip's static key for Chip Authentication or the mapping of PACE.
type AgreedKey struct {
	Parameters int    `json:"parameters"`
	KeyID      *int   `json:"key_id,omitempty"`
	Secret     []byte `json:"secret"`
}

// ActiveKey is a chip's private key for Active Authentication.
type ActiveKey struct {
	// Modulus and Exponent are those of RSA; the public exponent is 65537.
	Modulus  []byte `json:"modulus,omitempty"`
	Exponent []byte `json:"exponent,omitempty"`
	// Secret is the key on the document's curve.
	Secret []byte `json:"secret,omitempty"`
}

// check finds keys that no chip has, which a file may.
func (k AgreedKey) check() error {
	g, err := keyGroup(k)
	if err == nil && !inRange(k.Secret, g.Order()) {
		err = wrong("key of domain parameters %d out of range", k.Parameters)
	}
	return err
}

func inRange(secret []byte, order *big.Int) bool {
	n := bigOf(secret)
	return n.Sign() > 0 && n.Cmp(order) < 0
}

// check finds keys that are not what the document says.
func (k *ActiveKey) check(a *Active) error {
	if k == nil && a == nil {
		return nil
	}
	if k == nil || a == nil {
		return wrong("active authentication without its key, or a key without it")
	}
	if _, err := hashNamed(a.Hash); err != nil {
		return err
	}
	if a.Curve == 0 {
		if n := bigOf(k.Modulus); n.BitLen() != a.Bits || len(k.Modulus) != a.Bits/8 || a.Bits < minModulus || a.Bits > maxModulus || k.Secret != nil {
			return wrong("key of active authentication is no RSA key of %d bits", a.Bits)
		}
		return nil
	}
	g, err := group(a.Curve, true)
	if err == nil && !inRange(k.Secret, g.Order()) {
		err = wrong("key of active authentication out of range")
	}
	return err
}

// Sizes of RSA moduli in bits.
const (
	minModulus = 1024
	maxModulus = 4096
)

// stream is a source of bytes that depends on the seed and the labels alone.
func stream(seed []byte, labels ...string) io.Reader {
	h := sha3.NewSHAKE256()
	write := func(b []byte) {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b))))
		h.Write(b)
	}
	write(seed)
	for _, label := range labels {
		write([]byte(label))
	}
	return h
}

// secret draws a private key of the group.
func secret(g *security.Group, from io.Reader) []byte {
	wide := make([]byte, len(g.Order().Bytes())+16)
	io.ReadFull(from, wide)
	one := big.NewInt(1)
	n := new(big.Int).SetBytes(wide)
	n.Mod(n, new(big.Int).Sub(g.Order(), one))
	return n.Add(n, one).Bytes()
}

const publicExponent = 65537

// newActive draws a key for Active Authentication.
func (a Active) newActive(from io.Reader) (ActiveKey, error) {
	if a.Curve != 0 && a.Bits == 0 {
		g, err := group(a.Curve, true)
		if err != nil {
			return ActiveKey{}, err
		}
		return ActiveKey{Secret: secret(g, from)}, nil
	}
	if a.Curve != 0 || a.Bits < minModulus || a.Bits > maxModulus || a.Bits%16 != 0 {
		return ActiveKey{}, wrong("active authentication with RSA of %d bits, want %d to %d, or one curve", a.Bits, minModulus, maxModulus)
	}
	one, e := big.NewInt(1), big.NewInt(publicExponent)
	for {
		p, q := prime(a.Bits/2, from), prime(a.Bits/2, from)
		order := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		if d := new(big.Int).ModInverse(e, order); d != nil && p.Cmp(q) != 0 {
			return ActiveKey{Modulus: new(big.Int).Mul(p, q).Bytes(), Exponent: d.Bytes()}, nil
		}
	}
}

// prime draws a prime whose two highest bits are set, so that the product of two has twice
// as many bits. The standard library's may not be made of a given source.
func prime(bits int, from io.Reader) *big.Int {
	b := make([]byte, bits/8)
	for {
		io.ReadFull(from, b)
		b[0] |= 0xC0
		b[len(b)-1] |= 1
		if p := new(big.Int).SetBytes(b); p.ProbablyPrime(20) {
			return p
		}
	}
}

// hashes are the hash functions by name, in the order of the arcs of their algorithms.
var hashes = [...]struct {
	name    string
	hash    crypto.Hash
	trailer []byte // of ISO/IEC 9796-2 scheme 1 (ISO/IEC 10118-3 identifiers)
}{
	{"SHA-1", crypto.SHA1, []byte{0xBC}},
	{"SHA-224", crypto.SHA224, []byte{0x38, 0xCC}},
	{"SHA-256", crypto.SHA256, []byte{0x34, 0xCC}},
	{"SHA-384", crypto.SHA384, []byte{0x36, 0xCC}},
	{"SHA-512", crypto.SHA512, []byte{0x35, 0xCC}},
}

// hashNamed returns the place of a hash function in the table.
func hashNamed(name string) (int, error) {
	if name == "" {
		name = "SHA-256"
	}
	for i, h := range hashes {
		if h.name == name {
			return i, nil
		}
	}
	return 0, wrong("hash function %q is unknown", name)
}

// public is the SubjectPublicKeyInfo for DG15.
func (k ActiveKey) public(a Active) ([]byte, error) {
	if k.Secret != nil {
		g, err := group(a.Curve, true)
		if err != nil {
			return nil, err
		}
		return ecKey(g, g.Multiply(g.Generator(), new(big.Int).SetBytes(k.Secret))), nil
	}
	return der(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidRSAEncryption)
				b.AddASN1NULL()
			})
			b.AddASN1BitString(der(func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1BigInt(new(big.Int).SetBytes(k.Modulus))
					b.AddASN1Int64(publicExponent)
				})
			}))
		})
	}), nil
}

// ecKey is a SubjectPublicKeyInfo with the curve written out (ICAO 9303-11 §6.1.2).
func ecKey(g *security.Group, public security.Element) []byte { return publicKey(g, 0, true, public) }
