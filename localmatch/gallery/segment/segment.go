// Package segment keeps records at rest: a file of records that is written once, in order, and
// never changed, each record sealed on its own; and beside it a file of whatever was derived
// from them, sealed as a stream.
//
// # Records
//
// A record is sealed with AES-256-GCM under a key that is this segment's alone (HKDF-SHA-256
// of the secret that the caller keeps elsewhere), bound to its number. A segment's secret is
// used for one segment only, so that no number is ever sealed twice under one key. Who
// removes the secret has erased the segment.
//
//	"boothd segment 1\n"  then for each record: length of the box (4 bytes, big-endian), box
//
// # Streams
//
// A stream is sealed under a key of its own (the salt stands at its beginning) in blocks of
// 1 MiB, each bound to its number and to whether it is the last, so that a stream that was
// cut, mixed or changed does not open. What it holds can be
// derived again; its file is replaced as a whole.
package segment

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

const magic = "boothd segment 1\n"

// SecretSize is how long a segment's secret is, in bytes.
const SecretSize = 32

// Limits of a segment.
const (
	MaxRecords = 1<<32 - 1
	MaxRecord  = 4 << 20 // bytes of a record
)

// ErrDamaged is matched when what is on disk is not what was written.
var ErrDamaged = errors.New("damaged")

// deriveAEAD derives the key of one file. salt is nil for records, which a secret seals once.
func deriveAEAD(secret, salt []byte, purpose string) (cipher.AEAD, error) {
	if len(secret) != SecretSize {
		return nil, fmt.Errorf("segment secret of %d bytes, want %d", len(secret), SecretSize)
	}
	key, err := hkdf.Key(sha256.New, secret, salt, "boothd segment "+purpose+" v1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// nonce is the number of a record or block, which is used once under a key.
func nonce(n uint64) [12]byte {
	var b [12]byte
	binary.BigEndian.PutUint64(b[4:], n)
	return b
}
