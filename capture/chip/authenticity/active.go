package authenticity

import (
	"context"
	"crypto"
	"crypto/rand"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"

	"boothd/capture/chip/access"
	"boothd/capture/chip/apdu"
	"boothd/capture/chip/pki/signature"
	"boothd/capture/chip/security"
)

const (
	// challengeSize is the length of the terminal's challenge in Active Authentication, RND.IFD.
	challengeSize = 8

	// Sizes of RSA moduli in bits: smaller ones are broken, larger ones do not come.
	minModulus = 1024
	maxModulus = 8192
	// maxExponent bounds the time that a verification takes, in bits.
	maxExponent = 64
)

// ActiveKey is a chip's public key for Active Authentication, that of DG15.
type ActiveKey struct {
	modulus, exponent *big.Int       // of RSA
	ec                *signature.Key // or this
	// hashes are those that an ECDSA signature may be over, the one that DG14 names first.
	hashes []crypto.Hash
	size   int // of the curve's order, in bytes
}

var (
	oidRSA         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidECPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
)

type publicKeyInfo struct {
	Algorithm struct {
		OID        asn1.ObjectIdentifier
		Parameters asn1.RawValue `asn1:"optional"`
	}
	Key asn1.BitString
}

// ParseActiveKey reads the SubjectPublicKeyInfo that DG15 holds in its tag 6F. The hash
// function of ECDSA stands in DG14, which some chips do not have: then all are tried, as they
// are after the one that it names. The error matches ErrMalformed or ErrNotSupported.
func ParseActiveKey(info []byte, dg14 security.Infos) (*ActiveKey, error) {
	k, err := parseActiveKey(info, dg14)
	if err != nil {
		return nil, fmt.Errorf("key of active authentication: %w", err)
	}
	return k, nil
}

func parseActiveKey(info []byte, dg14 security.Infos) (*ActiveKey, error) {
	var parsed publicKeyInfo
	if rest, err := asn1.Unmarshal(info, &parsed); err != nil || len(rest) > 0 || parsed.Key.BitLength%8 != 0 {
		return nil, fmt.Errorf("%w: no public key", ErrMalformed)
	}
	switch {
	case parsed.Algorithm.OID.Equal(oidRSA):
		return parseActiveRSA(parsed.Key.Bytes)
	case !parsed.Algorithm.OID.Equal(oidECPublicKey):
		return nil, fmt.Errorf("%w: public key of kind %v", ErrNotSupported, parsed.Algorithm.OID)
	}
	key, err := signature.ParseKey(info)
	switch {
	case errors.Is(err, signature.ErrUnsupported):
		return nil, fmt.Errorf("%w: %w", ErrNotSupported, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	// A point is as long as two orders, on all curves that are known.
	return &ActiveKey{ec: key, hashes: activeHashes(dg14), size: (len(key.Bits()) - 1) / 2}, nil
}

func parseActiveRSA(b []byte) (*ActiveKey, error) {
	var key struct{ N, E *big.Int }
	if rest, err := asn1.Unmarshal(b, &key); err != nil || len(rest) > 0 || key.N.Sign() <= 0 || key.E.Sign() <= 0 {
		return nil, fmt.Errorf("%w: no RSA key", ErrMalformed)
	}
	bits := key.N.BitLen()
	// ISO/IEC 9796-2 knows other lengths; ICAO 9303-11 writes its messages in whole bytes.
	if bits < minModulus || bits > maxModulus || bits%8 != 0 || key.N.Bit(0) == 0 {
		return nil, fmt.Errorf("%w: RSA modulus of %d bits", ErrNotSupported, bits)
	}
	if key.E.Cmp(big.NewInt(3)) < 0 || key.E.BitLen() > maxExponent || key.E.Bit(0) == 0 {
		return nil, fmt.Errorf("%w: RSA exponent of %d bits", ErrNotSupported, key.E.BitLen())
	}
	return &ActiveKey{modulus: key.N, exponent: key.E}, nil
}

// activeHashes returns the hash functions in the order in which they are tried.
func activeHashes(dg14 security.Infos) []crypto.Hash {
	var hashes []crypto.Hash
	for _, info := range dg14.ActiveAuth {
		oid, err := asn1.Marshal(info.Signature)
		if err != nil {
			continue
		}
		if a, err := signature.ParseAlgorithm(oid); err == nil && a.Hash() != 0 && !slices.Contains(hashes, a.Hash()) {
			hashes = append(hashes, a.Hash())
		}
	}
	for _, h := range signature.Hashes() {
		if !slices.Contains(hashes, h) {
			hashes = append(hashes, h)
		}
	}
	return hashes
}

// String names the kind of key: "RSA 2048", "brainpoolP256r1".
func (k *ActiveKey) String() string {
	if k.ec != nil {
		return k.ec.String()
	}
	return fmt.Sprintf("RSA %d", k.modulus.BitLen())
}

// answerSize is the greatest length of a signature in bytes; one in DER has some more.
func (k *ActiveKey) answerSize() int {
	if k.ec != nil {
		return 2*k.size + 16
	}
	return k.modulus.BitLen() / 8
}

// Signed says how a chip signed the challenge.
type Signed struct {
	Key  string // kind of the key: "RSA 2048"
	Hash crypto.Hash
	// Weakness names what is weak in it, "SHA-1" or a short key; "" if nothing is.
	Weakness string
}

// ActiveAuthentication has the chip sign a challenge that is drawn from the random source,
// which may be nil for the system's, and checks the signature (ICAO 9303-11 §6.1). Signatures
// longer than short bytes are asked for in extended length: this is the ShortData of the
// session's cipher, 256 without a session. The error matches ErrProof if the signature is not
// that of the key, ErrRefused, ErrNotSupported, or is the session's or the transport's.
func ActiveAuthentication(ctx context.Context, send access.Sender, short int, k *ActiveKey, random io.Reader) (Signed, error) {
	s, err := activeAuthentication(ctx, send, short, k, random)
	if err != nil {
		return Signed{}, fmt.Errorf("active authentication: %w", err)
	}
	return s, nil
}

func activeAuthentication(ctx context.Context, send access.Sender, short int, k *ActiveKey, random io.Reader) (Signed, error) {
	if random == nil {
		random = rand.Reader
	}
	challenge := make([]byte, challengeSize)
	if _, err := io.ReadFull(random, challenge); err != nil {
		return Signed{}, fmt.Errorf("draw a challenge: %w", err)
	}
	c := apdu.Command{INS: 0x88, Data: challenge, Ne: 256}
	if k.answerSize() > short {
		c.Ne = apdu.MaxNe
	}
	answer, err := ask(ctx, send, "sign the challenge", c)
	if err != nil {
		return Signed{}, err
	}
	return k.verify(challenge, answer)
}

// verify checks the signature over a challenge.
func (k *ActiveKey) verify(challenge, sig []byte) (Signed, error) {
	s := Signed{Key: k.String()}
	var err error
	if k.ec == nil {
		s.Hash, err = verifyRecovery(k.modulus, k.exponent, challenge, sig)
		if k.modulus.BitLen() < 2048 {
			s.Weakness = k.String()
		}
	} else {
		s.Hash, err = k.verifyECDSA(challenge, sig)
		s.Weakness = k.ec.Weakness()
	}
	if err != nil {
		return Signed{}, err
	}
	if s.Weakness == "" && signature.WeakHash(s.Hash) {
		s.Weakness = s.Hash.String()
	}
	return s, nil
}

// ecdsaArcs are the last arcs of ecdsa-plain-SHA… (BSI TR-03111 §5.2.1.1).
var ecdsaArcs = map[crypto.Hash]int{crypto.SHA1: 1, crypto.SHA224: 2, crypto.SHA256: 3, crypto.SHA384: 4, crypto.SHA512: 5}

// verifyECDSA checks a plain signature, or one in DER, as some national cards make them.
func (k *ActiveKey) verifyECDSA(challenge, sig []byte) (crypto.Hash, error) {
	plain := sig
	if len(sig) != 2*k.size {
		var both struct{ R, S *big.Int }
		if rest, err := asn1.Unmarshal(sig, &both); err != nil || len(rest) > 0 ||
			both.R.Sign() <= 0 || both.S.Sign() <= 0 || both.R.BitLen() > 8*k.size || both.S.BitLen() > 8*k.size {
			return 0, fmt.Errorf("%w: signature of %d bytes, want %d", ErrProof, len(sig), 2*k.size)
		}
		plain = make([]byte, 2*k.size)
		both.R.FillBytes(plain[:k.size])
		both.S.FillBytes(plain[k.size:])
	}
	for _, h := range k.hashes {
		oid, err := asn1.Marshal(asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1, ecdsaArcs[h]})
		if err != nil {
			return 0, err
		}
		algorithm, err := signature.ParseAlgorithm(oid)
		if err != nil {
			return 0, err
		}
		if k.ec.Verify(algorithm, challenge, plain) == nil {
			return h, nil
		}
	}
	return 0, fmt.Errorf("%w: wrong signature", ErrProof)
}
