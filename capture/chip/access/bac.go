package access

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"io"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/secure"
	"boothd/devices"
)

const (
	nonceSize = 8
	keySize   = 16
	authSize  = 2*nonceSize + keySize
)

// BAC opens the chip by Basic Access Control (ICAO 9303-11 §4.3) in two commands. The
// application must have been selected ([SelectApplication]). The random source may be nil,
// which is the system's. The error matches ErrRefused, ErrProtocol or is the transport's.
func BAC(ctx context.Context, card devices.Card, p Password, random io.Reader) (*secure.Session, error) {
	s, err := bac(ctx, card, p, random)
	if err != nil {
		return nil, fmt.Errorf("BAC: %w", err)
	}
	return s, nil
}

func bac(ctx context.Context, card devices.Card, p Password, random io.Reader) (*secure.Session, error) {
	if len(p.seed) == 0 {
		return nil, fmt.Errorf("%w: %v is no password of BAC", ErrNotSupported, p)
	}
	r, err := apdu.Send(ctx, card, apdu.Command{INS: 0x84, Ne: nonceSize})
	if err != nil {
		return nil, err
	}
	if err := r.Status.Err(); err != nil {
		return nil, fmt.Errorf("get challenge: %w", err)
	}
	if len(r.Data) != nonceSize {
		return nil, fmt.Errorf("%w: challenge of %d bytes, want %d", ErrProtocol, len(r.Data), nonceSize)
	}
	chip := r.Data
	own := make([]byte, nonceSize+keySize) // RND.IFD, K.IFD
	if random == nil {
		random = rand.Reader
	}
	if _, err := io.ReadFull(random, own); err != nil {
		return nil, fmt.Errorf("draw random numbers: %w", err)
	}
	const c = secure.TripleDES
	b, err := newBox(c.DeriveKey(p.seed, secure.ForEncryption), c.DeriveKey(p.seed, secure.ForAuthentication))
	if err != nil {
		return nil, err
	}
	sealed, err := b.seal(own[:nonceSize], chip, own[nonceSize:])
	if err != nil {
		return nil, err
	}
	r, err = apdu.Send(ctx, card, apdu.Command{INS: 0x82, Data: sealed, Ne: len(sealed)})
	if err != nil {
		return nil, err
	}
	if err := r.Status.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	plain, err := b.open(r.Data)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(plain[:nonceSize], chip)&
		subtle.ConstantTimeCompare(plain[nonceSize:2*nonceSize], own[:nonceSize]) != 1 {
		return nil, fmt.Errorf("%w: answer to other challenges", ErrProtocol)
	}
	seed := make([]byte, keySize)
	subtle.XORBytes(seed, own[nonceSize:], plain[2*nonceSize:])
	counter := append(chip[4:8:8], own[4:8]...)
	return secure.New(c, c.DeriveKey(seed, secure.ForEncryption), c.DeriveKey(seed, secure.ForAuthentication), counter)
}

// box encrypts and authenticates the 32 bytes of BAC's mutual authentication.
type box struct {
	block cipher.Block
	mac   []byte
}

func newBox(encryption, authentication []byte) (box, error) {
	block, err := secure.TripleDES.Block(encryption)
	return box{block, authentication}, err
}

func (b box) seal(parts ...[]byte) ([]byte, error) {
	var out []byte
	for _, part := range parts {
		out = append(out, part...)
	}
	cipher.NewCBCEncrypter(b.block, make([]byte, b.block.BlockSize())).CryptBlocks(out, out)
	mac, err := secure.TripleDES.MAC(b.mac, out)
	return append(out, mac...), err
}

func (b box) open(sealed []byte) ([]byte, error) {
	if len(sealed) != authSize+secure.MACSize {
		return nil, fmt.Errorf("%w: answer of %d bytes, want %d", ErrProtocol, len(sealed), authSize+secure.MACSize)
	}
	mac, err := secure.TripleDES.MAC(b.mac, sealed[:authSize])
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(mac, sealed[authSize:]) != 1 {
		return nil, fmt.Errorf("%w: wrong authentication code", ErrProtocol)
	}
	out := make([]byte, authSize)
	cipher.NewCBCDecrypter(b.block, make([]byte, b.block.BlockSize())).CryptBlocks(out, sealed[:authSize])
	return out, nil
}
