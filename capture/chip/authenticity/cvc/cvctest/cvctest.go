// Package cvctest makes card-verifiable certificates for tests, for the emulated chip and for
// training: a CVCA with its link certificates, document verifiers and terminals. Its keys lie
// in memory; nothing in it is for real documents.
package cvctest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"boothd/capture/chip/authenticity/cvc"
	"boothd/capture/chip/pki/signature"
	"boothd/capture/chip/tlv"
)

// Algorithm is a kind of key and how it signs.
type Algorithm struct {
	cvc.Scheme
	Curve string // of an ECDSA key, as in signature.Curves
	Bits  int    // of an RSA modulus
}

// String names the algorithm: "brainpoolP256r1, ECDSA with SHA-256".
func (a Algorithm) String() string {
	if a.Method == cvc.ECDSA {
		return fmt.Sprintf("%s, %v", a.Curve, a.Scheme)
	}
	return fmt.Sprintf("%d bits, %v", a.Bits, a.Scheme)
}

// Key is a private key.
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
	if a.Method != cvc.ECDSA {
		k.rsa, err = rsa.GenerateKey(rand.Reader, a.Bits)
		return k, err
	}
	for _, c := range signature.Curves() {
		if c.Name == a.Curve {
			k.curve = c
		}
	}
	if k.curve == nil {
		return nil, fmt.Errorf("curve %q is unknown", a.Curve)
	}
	k.ec, err = ecdsa.GenerateKey(k.curve.New(), rand.Reader)
	return k, err
}

// Signer returns the key the way that HSMs offer theirs.
func (k *Key) Signer() crypto.Signer {
	if k.ec != nil {
		return k.ec
	}
	return k.rsa
}

// Public returns the public key, with its curve or without.
func (k *Key) Public(withCurve bool) cvc.PublicKey {
	p := cvc.PublicKey{Scheme: k.Scheme}
	if k.ec == nil {
		p.Modulus, p.Exponent = k.rsa.N, big.NewInt(int64(k.rsa.E))
		return p
	}
	size := (k.ec.Curve.Params().BitSize + 7) / 8
	p.Point = make([]byte, 1+2*size)
	p.Point[0] = 4
	x, y := k.ec.X, k.ec.Y
	x.FillBytes(p.Point[1 : 1+size])
	y.FillBytes(p.Point[1+size:])
	if withCurve {
		p.Curve = k.curve
	}
	return p
}

// Sign signs a message in the form of certificates.
func (k *Key) Sign(message []byte) ([]byte, error) {
	h := k.Hash.New()
	h.Write(message)
	sum := h.Sum(nil)
	switch k.Method {
	case cvc.PKCS1:
		return rsa.SignPKCS1v15(nil, k.rsa, k.Hash, sum)
	case cvc.PSS:
		return rsa.SignPSS(rand.Reader, k.rsa, k.Hash, sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	}
	der, err := ecdsa.SignASN1(rand.Reader, k.ec, sum)
	if err != nil {
		return nil, err
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

// Holder is the owner of a certificate and of its key: a CVCA, a DV or a terminal.
type Holder struct {
	Certificate *cvc.Certificate
	Key         *Key
}

// Rights to read that inspection systems may have.
const (
	Fingerprints byte = 1 << iota // DG3
	Irises                        // DG4
)

// Order is what a certificate is made of. Zero times are 2025-01-01 and 2035-01-01.
type Order struct {
	Holder      cvc.Reference // such as "UTCVCA00001"
	Role        cvc.Role
	Rights      byte // of an inspection system
	From, Until time.Time
	Algorithm   Algorithm
	// Key is the holder's if it has one already; nil makes one.
	Key *Key
	// Extensions is the content of object 65; nil is none.
	Extensions []byte
	// Whole writes the curve into a certificate other than a CVCA's.
	Whole bool
	// Type is the kind of terminal; 0 is an inspection system.
	Type cvc.TerminalType
}

// NewCVCA makes a CVCA with a self-signed certificate.
func NewCVCA(o Order) (*Holder, error) {
	o.Role = cvc.CVCA
	return (*Holder)(nil).Issue(o)
}

// Issue makes a certificate, signed by this holder whether its role lets it or not; by the
// new holder itself if this one is nil.
func (h *Holder) Issue(o Order) (*Holder, error) {
	key := o.Key
	if key == nil {
		var err error
		if key, err = NewKey(o.Algorithm); err != nil {
			return nil, fmt.Errorf("issue to %v: %w", o.Holder, err)
		}
	}
	authority, signer := o.Holder, key
	if h != nil {
		authority, signer = h.Certificate.Holder, h.Key
	}
	body := body(o, authority, key)
	sig, err := signer.Sign(body)
	if err != nil {
		return nil, fmt.Errorf("issue to %v: %w", o.Holder, err)
	}
	c, err := cvc.Parse(tlv.Append(nil, 0x7F21, body, tlv.Append(nil, 0x5F37, sig)))
	if err != nil {
		return nil, fmt.Errorf("issue to %v: %w", o.Holder, err)
	}
	return &Holder{c, key}, nil
}

// body is the certificate's body (TR-03110-3 table 23).
func body(o Order, authority cvc.Reference, key *Key) []byte {
	b := tlv.Append(nil, 0x5F29, []byte{0})
	b = tlv.Append(b, 0x42, []byte(authority))
	b = key.Public(o.Role == cvc.CVCA || o.Whole).Append(b)
	b = tlv.Append(b, 0x5F20, []byte(o.Holder))
	b = tlv.Append(b, 0x7F4C, authorization(o).Template())
	b = tlv.Append(b, 0x5F25, date(o.From, 2025))
	b = tlv.Append(b, 0x5F24, date(o.Until, 2035))
	if o.Extensions != nil {
		b = tlv.Append(b, 0x65, o.Extensions)
	}
	return tlv.Append(nil, 0x7F4E, b)
}

func authorization(o Order) cvc.Authorization {
	switch o.Type {
	case 0:
		o.Type = cvc.InspectionSystem
	case cvc.AuthenticationTerminal:
		return cvc.Authorization{Type: o.Type, Bits: []byte{byte(o.Role) << 6, 0, 0, 0, o.Rights}}
	}
	return cvc.Authorization{Type: o.Type, Bits: []byte{byte(o.Role)<<6 | o.Rights}}
}

func date(t time.Time, year int) []byte {
	if t.IsZero() {
		t = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	out := []byte(t.UTC().Format("060102"))
	for i := range out {
		out[i] -= '0'
	}
	return out
}
