package signin

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"golang.org/x/crypto/argon2"
)

// The lengths of a passphrase, in bytes.
const (
	minPassphrase = 12
	maxPassphrase = 256
)

// hash is Argon2id (RFC 9106) over a passphrase.
type hash struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
	salt   []byte
	sum    []byte
}

// What new hashes cost: 19 MiB and two passes, the least that OWASP's password storage cheat
// sheet recommends.
const (
	hashMemory = 19 << 10
	hashPasses = 2
	hashLanes  = 1
	saltLength = 16
	sumLength  = 32
)

// HashPassphrase makes what a file of officers holds of a passphrase of 12 to 256 bytes:
// Argon2id in the PHC string format.
func HashPassphrase(passphrase string) (string, error) {
	if len(passphrase) < minPassphrase || len(passphrase) > maxPassphrase {
		return "", fmt.Errorf("passphrase must have %d to %d bytes", minPassphrase, maxPassphrase)
	}
	h := hash{memory: hashMemory, passes: hashPasses, lanes: hashLanes, salt: make([]byte, saltLength)}
	rand.Read(h.salt)
	h.sum = h.of(passphrase, sumLength)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.lanes,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.sum)), nil
}

func (h *hash) of(passphrase string, length uint32) []byte {
	return argon2.IDKey([]byte(passphrase), h.salt, h.passes, h.memory, h.lanes, length)
}

// fits reports whether it is the passphrase's. How long it takes does not tell how nearly.
func (h *hash) fits(passphrase string) bool {
	return subtle.ConstantTimeCompare(h.of(passphrase, uint32(len(h.sum))), h.sum) == 1
}

// nobodys returns a hash that costs what others cost and that no passphrase fits.
func nobodys() *hash {
	h := &hash{memory: hashMemory, passes: hashPasses, lanes: hashLanes, salt: make([]byte, saltLength), sum: make([]byte, sumLength)}
	rand.Read(h.sum)
	return h
}

var hashPattern = regexp.MustCompile(`^\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,2}),p=([0-9]{1,2})\$([A-Za-z0-9+/]{11,88})\$([A-Za-z0-9+/]{22,88})$`)

// parseHash reads the PHC string format. What would cost more than a server should spend on
// one sign-in is refused.
func parseHash(text string) (*hash, error) {
	m := hashPattern.FindStringSubmatch(text)
	if m == nil {
		return nil, errors.New("no Argon2id hash")
	}
	memory, _ := strconv.ParseUint(m[1], 10, 32) // digits by the pattern
	passes, _ := strconv.ParseUint(m[2], 10, 32)
	lanes, _ := strconv.ParseUint(m[3], 10, 8)
	if lanes < 1 || lanes > 8 || passes < 1 || passes > 16 || memory < 8*lanes || memory > 256<<10 {
		return nil, errors.New("Argon2id with impossible costs")
	}
	salt, err := base64.RawStdEncoding.Strict().DecodeString(m[4])
	if err != nil {
		return nil, errors.New("salt is no base64")
	}
	sum, err := base64.RawStdEncoding.Strict().DecodeString(m[5])
	if err != nil {
		return nil, errors.New("hash is no base64")
	}
	return &hash{memory: uint32(memory), passes: uint32(passes), lanes: uint8(lanes), salt: salt, sum: sum}, nil
}
