package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/binary"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Verify checks a signature over message. It returns [ErrWrong] if the key did not make it,
// and an error matching [ErrUnsupported] if the algorithm names no hash function or is not
// one for this kind of key.
func (k *Key) Verify(a Algorithm, message, signature []byte) error {
	if a.hash == 0 {
		return unsupported(a.String() + " without hash function")
	}
	sum := digest(a.hash, message)
	switch {
	case k.rsa != nil && a.scheme == pkcs1 && k.pss == nil:
		if rsa.VerifyPKCS1v15(k.rsa, a.hash, sum, signature) != nil {
			return ErrWrong
		}
		return nil
	case k.rsa != nil && a.scheme == pss:
		if k.pss != nil && k.pss.hash != 0 && (k.pss.hash != a.hash || k.pss.mgf != a.mgf || a.salt < k.pss.salt) {
			return unsupported("key restricted to " + k.pss.String() + " for " + a.String())
		}
		return k.verifyPSS(a, sum, signature)
	case k.curve != nil && a.scheme == ecdsaDER:
		return k.verifyECDSA(sum, signature)
	case k.curve != nil && a.scheme == ecdsaPlain:
		return k.verifyPlain(sum, signature)
	}
	return unsupported(a.String() + " by a key of kind " + k.String())
}

func digest(h crypto.Hash, parts ...[]byte) []byte {
	f := h.New()
	for _, p := range parts {
		f.Write(p)
	}
	return f.Sum(nil)
}

func (k *Key) verifyECDSA(sum, signature []byte) error {
	if k.ec != nil && ecdsa.VerifyASN1(k.ec, sum, signature) || k.ec == nil && k.verifySlowCurve(sum, signature) {
		return nil
	}
	return ErrWrong
}

func (k *Key) verifyPlain(sum, signature []byte) error {
	size := (k.curve.New().Params().N.BitLen() + 7) / 8
	if len(signature) != 2*size {
		return ErrWrong
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(signature[:size]))
		b.AddASN1BigInt(new(big.Int).SetBytes(signature[size:]))
	})
	return k.verifyECDSA(sum, b.BytesOrPanic())
}

// verifyPSS is RSASSA-PSS-VERIFY (RFC 8017 §8.1.2, §9.1.2). crypto/rsa takes the mask's hash
// function to be the message's, and a salt of length 0 for one of unknown length.
func (k *Key) verifyPSS(a Algorithm, sum, signature []byte) error {
	s := new(big.Int).SetBytes(signature)
	if len(signature) != k.rsa.Size() || s.Cmp(k.rsa.N) >= 0 {
		return ErrWrong
	}
	emBits := k.rsa.N.BitLen() - 1
	em := make([]byte, (emBits+7)/8)
	m := s.Exp(s, big.NewInt(int64(k.rsa.E)), k.rsa.N)
	if m.BitLen() > emBits {
		return ErrWrong
	}
	m.FillBytes(em)

	hashLen := len(sum)
	if len(em) < hashLen+a.salt+2 || em[len(em)-1] != 0xbc {
		return ErrWrong
	}
	db, h := em[:len(em)-hashLen-1], em[len(em)-hashLen-1:len(em)-1]
	subtle.XORBytes(db, db, mask(a.mgf, h, len(db)))
	db[0] &= 0xff >> (8*len(em) - emBits)
	padding, salt := db[:len(db)-a.salt-1], db[len(db)-a.salt:]
	if len(bytes.TrimLeft(padding, "\x00")) != 0 || db[len(padding)] != 1 {
		return ErrWrong
	}
	if !bytes.Equal(h, digest(a.hash, make([]byte, 8), sum, salt)) {
		return ErrWrong
	}
	return nil
}

// mask is MGF1 (RFC 8017 §B.2.1).
func mask(h crypto.Hash, seed []byte, n int) []byte {
	out := make([]byte, 0, n+h.Size())
	for counter := uint32(0); len(out) < n; counter++ {
		out = append(out, digest(h, seed, binary.BigEndian.AppendUint32(nil, counter))...)
	}
	return out[:n]
}
