package authenticity

import (
	"context"
	"crypto/subtle"
	"encoding/asn1"
	"fmt"

	"boothd/capture/chip/access"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/tlv"
	"boothd/devices"
)

// nonceSize is the length of the chip's nonce in version 2.
const nonceSize = 8

// ChipAuthentication2 does version 2 of Chip Authentication (BSI TR-03110-3 §A.4 and §B.2)
// within the session that PACE led to, with the key pair that Terminal Authentication was
// bound to. The chip proves its key at once, so that what is returned is proven. The error
// matches ErrProof if the chip's token is wrong, else as in [ChipAuthentication].
func ChipAuthentication2(ctx context.Context, card devices.Card, s *secure.Session, p Pair, own *Ephemeral) (*Renewed, error) {
	r, err := chipAuthentication2(ctx, access.Secured(card, s), p, own)
	if err != nil {
		return nil, fmt.Errorf("%v version 2: %w", p, err)
	}
	return r, nil
}

func chipAuthentication2(ctx context.Context, send access.Sender, p Pair, own *Ephemeral) (*Renewed, error) {
	shared, err := own.agree(p.Key)
	if err != nil {
		return nil, err
	}
	defer shared()
	answer, err := general(ctx, send, p, own)
	if err != nil {
		return nil, err
	}
	nonce, token, err := readProof(answer)
	if err != nil {
		return nil, err
	}
	secret := append(own.group.Shared(shared()), nonce...)
	want, err := tokenOf(p, own, p.Way.Cipher.DeriveKey(secret, secure.ForAuthentication))
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(token, want) != 1 {
		return nil, fmt.Errorf("the chip's token: %w", ErrProof)
	}
	r, err := renew(p, own, secret)
	if err == nil {
		r.proven = true
	}
	return r, err
}

// readProof reads the chip's nonce and its token from the template that it answered.
func readProof(answer []byte) (nonce, token []byte, err error) {
	if nonce, err = tlv.Find(answer, 0x81); err != nil {
		return nil, nil, fmt.Errorf("the chip's nonce: %w: %w", ErrMalformed, err)
	}
	if len(nonce) != nonceSize {
		return nil, nil, fmt.Errorf("the chip's nonce: %w: %d bytes, want %d", ErrMalformed, len(nonce), nonceSize)
	}
	if token, err = tlv.Find(answer, 0x82); err != nil {
		return nil, nil, fmt.Errorf("the chip's token: %w: %w", ErrMalformed, err)
	}
	return nonce, token, nil
}

// tokenOf authenticates the terminal's public key (TR-03110-3 §A.2.4).
func tokenOf(p Pair, own *Ephemeral, key []byte) ([]byte, error) {
	oid, err := asn1.Marshal(p.Way.OID)
	if err != nil {
		return nil, fmt.Errorf("object identifier: %w: %w", ErrMalformed, err)
	}
	tag := tlv.Tag(0x84)
	if p.Way.Elliptic {
		tag = 0x86
	}
	return p.Way.Cipher.MAC(key, tlv.Append(nil, 0x7F49, oid, tlv.Append(nil, tag, own.Public())))
}
