package authenticity

import (
	"crypto"
	_ "crypto/sha1" // what chips before 2018 or so sign with
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/subtle"
	"fmt"
	"math/big"
)

// trailers are the hash functions by the identifier that stands before the byte CC of a
// trailer (ISO/IEC 10118-3). The trailer BC has none and means SHA-1.
var trailers = map[byte]crypto.Hash{
	0x33: crypto.SHA1,
	0x34: crypto.SHA256,
	0x35: crypto.SHA512,
	0x36: crypto.SHA384,
	0x38: crypto.SHA224,
}

// header begins a message that is recovered in part: 01, more data, padding 0, border A.
const header = 0x6A

// verifyRecovery verifies an RSA signature of ISO/IEC 9796-2, digital signature scheme 1,
// whose message is what the signature holds (the chip's random part) and the challenge
// behind it. Every bit of the opened block is either the chip's random part, which the hash
// covers, or fixed: with small exponents anything left over would let signatures be made
// without the key.
func verifyRecovery(n, e *big.Int, challenge, sig []byte) (crypto.Hash, error) {
	size := n.BitLen() / 8
	s := new(big.Int).SetBytes(sig)
	if len(sig) != size || s.Cmp(n) >= 0 {
		return 0, fmt.Errorf("%w: signature of %d bytes, want %d below the modulus", ErrProof, len(sig), size)
	}
	block, ok := open(n, e, s)
	if !ok || block[0] != header {
		return 0, fmt.Errorf("%w: no message in the signature", ErrProof)
	}
	hash, inner := crypto.SHA1, block[1:size-1]
	if block[size-1] == 0xCC {
		identifier := inner[len(inner)-1]
		inner = inner[:len(inner)-1]
		if hash, ok = trailers[identifier]; !ok {
			return 0, fmt.Errorf("signature with hash function %02X: %w", identifier, ErrNotSupported)
		}
	} else if block[size-1] != 0xBC {
		return 0, fmt.Errorf("%w: no trailer in the signature", ErrProof)
	}
	// A modulus of 1024 bits has room for the longest hash.
	random, digest := inner[:len(inner)-hash.Size()], inner[len(inner)-hash.Size():]
	h := hash.New()
	h.Write(random)
	h.Write(challenge)
	if subtle.ConstantTimeCompare(h.Sum(nil), digest) != 1 {
		return 0, fmt.Errorf("%w: signature over another challenge", ErrProof)
	}
	return hash, nil
}

// open returns the block that was signed: the power of the signature, or of its negative,
// since signers may take the smaller one of both; every trailer ends in C.
func open(n, e, s *big.Int) ([]byte, bool) {
	f := new(big.Int).Exp(s, e, n)
	if !endsInC(f) {
		f.Sub(n, f)
	}
	return f.FillBytes(make([]byte, n.BitLen()/8)), endsInC(f)
}

func endsInC(f *big.Int) bool { return f.Bit(0)|f.Bit(1)<<1|f.Bit(2)<<2|f.Bit(3)<<3 == 0xC }
