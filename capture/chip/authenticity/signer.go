package authenticity

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"math/big"

	"boothd/capture/chip/authenticity/cvc"
)

// Signer signs with a terminal's private key, which may lie in a hardware security module.
type Signer interface {
	// Sign signs a digest the way that crypto.Signer does: RSA by PKCS #1 v1.5, or by PSS if
	// the options are *rsa.PSSOptions; ECDSA in DER. It obeys ctx within a second.
	Sign(ctx context.Context, digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

// FromCrypto returns a crypto.Signer as the Signer for a certificate, and an error if it
// holds another key than the certificate's. Such signers know no context: it is looked at
// before they are asked.
func FromCrypto(s crypto.Signer, c *cvc.Certificate) (Signer, error) {
	if !holds(s.Public(), c.Key) {
		return nil, fmt.Errorf("key of %v: another one than the certificate's", c)
	}
	return cryptoSigner{s}, nil
}

type cryptoSigner struct{ crypto.Signer }

func (s cryptoSigner) Sign(ctx context.Context, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.Signer.Sign(rand.Reader, digest, opts)
}

func holds(public crypto.PublicKey, key cvc.PublicKey) bool {
	switch public := public.(type) {
	case *rsa.PublicKey:
		return key.Modulus != nil && public.N.Cmp(key.Modulus) == 0 && key.Exponent.Cmp(big.NewInt(int64(public.E))) == 0
	case *ecdsa.PublicKey:
		size := (len(key.Point) - 1) / 2
		if len(key.Point) == 0 || (public.Curve.Params().BitSize+7)/8 != size {
			return false
		}
		point := make([]byte, 1+2*size)
		point[0] = 4
		//lint:ignore SA1019 the coordinates of a curve that crypto/ecdsa does not have are had in no other way
		x, y := public.X, public.Y
		x.FillBytes(point[1 : 1+size])
		y.FillBytes(point[1+size:])
		return string(point) == string(key.Point)
	}
	return false
}

// sign signs a message in the form that the certificate's scheme has on a chip.
func sign(ctx context.Context, s Signer, key cvc.PublicKey, message []byte) ([]byte, error) {
	hash := key.Scheme.Hash
	h := hash.New()
	h.Write(message)
	var opts crypto.SignerOpts = hash
	if key.Scheme.Method == cvc.PSS {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	}
	sig, err := s.Sign(ctx, h.Sum(nil), opts)
	if err != nil || key.Scheme.Method != cvc.ECDSA {
		return sig, err
	}
	size := (len(key.Point) - 1) / 2
	var both struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(sig, &both); err != nil || len(rest) > 0 || both.R.Sign() <= 0 || both.S.Sign() <= 0 ||
		both.R.BitLen() > 8*size || both.S.BitLen() > 8*size {
		return nil, fmt.Errorf("signer's answer of %d bytes is no ECDSA signature of this key", len(sig))
	}
	out := make([]byte, 2*size)
	both.R.FillBytes(out[:size])
	both.S.FillBytes(out[size:])
	return out, nil
}
