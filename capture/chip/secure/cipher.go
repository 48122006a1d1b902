package secure

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Cipher is the block cipher of a session, with the key length, hash and message
// authentication code that ICAO 9303-11 §9.7 and §9.8 pair with it.
type Cipher uint8

// The ciphers of ICAO 9303-11.
const (
	TripleDES Cipher = iota + 1 // two keys, CBC; retail MAC; SHA-1
	AES128                      // CBC; CMAC; SHA-1
	AES192                      // CBC; CMAC; SHA-256
	AES256                      // CBC; CMAC; SHA-256
)

// MACSize is the length of every message authentication code, in bytes.
const MACSize = 8

// String returns "3DES", "AES-128", "AES-192" or "AES-256".
func (c Cipher) String() string {
	switch c {
	case TripleDES:
		return "3DES"
	case AES128, AES192, AES256:
		return fmt.Sprintf("AES-%d", 8*c.KeySize())
	}
	return fmt.Sprintf("cipher %d", uint8(c))
}

// KeySize returns the length of a key in bytes: 16, 24 or 32; 0 for no cipher.
func (c Cipher) KeySize() int {
	switch c {
	case TripleDES, AES128:
		return 16
	case AES192:
		return 24
	case AES256:
		return 32
	}
	return 0
}

// BlockSize returns the length of a block in bytes, which is the length of the send
// sequence counter too: 8 or 16.
func (c Cipher) BlockSize() int {
	if c == TripleDES {
		return des.BlockSize
	}
	return aes.BlockSize
}

// ShortData is the greatest number of data bytes that a protected response of the short
// form holds, so that Ne of a command to a chip without extended length is at most this.
func (c Cipher) ShortData() int {
	const objects = 4 + 4 + 2 + MACSize // heads of DO'87', whole DO'99', whole DO'8E'
	const room = 256 - objects
	return room/c.BlockSize()*c.BlockSize() - 1
}

// Block returns the block cipher under the key. The error says that the key has the wrong
// length.
func (c Cipher) Block(key []byte) (cipher.Block, error) {
	if c.KeySize() == 0 || len(key) != c.KeySize() {
		return nil, fmt.Errorf("%v key of %d bytes, want %d", c, len(key), c.KeySize())
	}
	if c == TripleDES {
		return des.NewTripleDESCipher(append(key[:16:16], key[:8]...))
	}
	return aes.NewCipher(key)
}

// Use says what a derived key is for: the counter of the key derivation function.
type Use uint32

// What keys are derived for (ICAO 9303-11 §9.7.1).
const (
	ForEncryption     Use = 1
	ForAuthentication Use = 2
	ForPassword       Use = 3 // PACE: the key under which the nonce travels
)

// DeriveKey is the key derivation function of ICAO 9303-11 §9.7.1. Keys of 3DES have odd
// parity.
func (c Cipher) DeriveKey(secret []byte, use Use) []byte {
	in := binary.BigEndian.AppendUint32(append(make([]byte, 0, len(secret)+4), secret...), uint32(use))
	if c == AES192 || c == AES256 {
		sum := sha256.Sum256(in)
		return sum[:c.KeySize()]
	}
	sum := sha1.Sum(in)
	key := sum[:c.KeySize()]
	if c == TripleDES {
		for i, b := range key {
			key[i] = b&^1 | byte(bits.OnesCount8(b>>1)+1)&1
		}
	}
	return key
}

// MAC returns the first eight bytes of the message authentication code: the retail MAC
// (ISO/IEC 9797-1 algorithm 3, padding method 2) for 3DES, CMAC (RFC 4493, NIST SP 800-38B)
// for AES. The error says that the key has the wrong length.
func (c Cipher) MAC(key, message []byte) ([]byte, error) {
	m, err := c.newMAC(key)
	if err != nil {
		return nil, err
	}
	if c == TripleDES {
		message = Pad(append([]byte(nil), message...), des.BlockSize)
	}
	return m(message), nil
}

// macFunc authenticates a message; for 3DES the message is whole blocks.
type macFunc func(message []byte) []byte

func (c Cipher) newMAC(key []byte) (macFunc, error) {
	block, err := c.Block(key)
	if err != nil {
		return nil, err
	}
	if c != TripleDES {
		sub1, sub2 := subkeys(block)
		return func(message []byte) []byte { return cmac(block, sub1, sub2, message)[:MACSize] }, nil
	}
	single, err := des.NewCipher(key[:8])
	if err != nil {
		return nil, err
	}
	last := block // the end of algorithm 3, D then E, is a triple encryption of the last block
	return func(message []byte) []byte { return retail(single, last, message) }, nil
}

// retail chains all blocks but the last with the single cipher, and the last with the
// triple one: ISO/IEC 9797-1 algorithm 3.
func retail(single, triple cipher.Block, blocks []byte) []byte {
	sum := make([]byte, des.BlockSize)
	for n := len(blocks) / des.BlockSize; n > 0; n-- {
		xor(sum, blocks[:des.BlockSize])
		blocks = blocks[des.BlockSize:]
		if n == 1 {
			triple.Encrypt(sum, sum)
		} else {
			single.Encrypt(sum, sum)
		}
	}
	return sum
}

// cmac is RFC 4493 §2.4 for any block of 16 bytes.
func cmac(block cipher.Block, sub1, sub2 [aes.BlockSize]byte, message []byte) []byte {
	sum := make([]byte, aes.BlockSize)
	for len(message) > aes.BlockSize {
		xor(sum, message[:aes.BlockSize])
		block.Encrypt(sum, sum)
		message = message[aes.BlockSize:]
	}
	xor(sum, message)
	if len(message) == aes.BlockSize {
		xor(sum, sub1[:])
	} else {
		sum[len(message)] ^= 0x80
		xor(sum, sub2[:])
	}
	block.Encrypt(sum, sum)
	return sum
}

// subkeys are K1 and K2 of RFC 4493 §2.3.
func subkeys(block cipher.Block) (sub1, sub2 [aes.BlockSize]byte) {
	var zero [aes.BlockSize]byte
	block.Encrypt(sub1[:], zero[:])
	sub1 = double(sub1)
	return sub1, double(sub1)
}

// double multiplies by x in the field of 2^128 elements.
func double(in [aes.BlockSize]byte) (out [aes.BlockSize]byte) {
	carry := byte(0)
	for i := aes.BlockSize - 1; i >= 0; i-- {
		out[i] = in[i]<<1 | carry
		carry = in[i] >> 7
	}
	out[aes.BlockSize-1] ^= carry * 0x87
	return out
}

// xor adds b to the beginning of a.
func xor(a, b []byte) {
	for i := range b {
		a[i] ^= b[i]
	}
}

// Pad appends 80 and as many zeros as make whole blocks (ISO/IEC 9797-1 method 2).
func Pad(b []byte, size int) []byte {
	b = append(b, 0x80)
	for len(b)%size != 0 {
		b = append(b, 0)
	}
	return b
}

// Unpad returns b without the padding of [Pad], which begins in its last block, and whether
// there was one.
func Unpad(b []byte, size int) ([]byte, bool) {
	for i := len(b) - 1; i >= max(0, len(b)-size); i-- {
		switch b[i] {
		case 0:
		case 0x80:
			return b[:i], true
		default:
			return nil, false
		}
	}
	return nil, false
}
