package person

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"boothd/localmatch/numbers"
)

// Digests makes what rows are looked up by out of numbers, so that a table alone tells
// nobody's.
type Digests struct {
	secret []byte
	kind   string
}

// LeastSecret is the length of a secret in bytes.
const LeastSecret = 16

// NewDigests returns the digests of one kind of number: those of other kinds, or under
// another secret, are others.
func NewDigests(secret []byte, kind string) (Digests, error) {
	if len(secret) < LeastSecret {
		return Digests{}, fmt.Errorf("the secret has %d bytes, want at least %d", len(secret), LeastSecret)
	}
	if strings.Contains(kind, "\x00") {
		return Digests{}, errors.New("a kind of digest holds a zero byte")
	}
	return Digests{secret, kind}, nil
}

// OfNumber is the digest of a number, however it is separated.
func (d Digests) OfNumber(number string) []byte { return d.of(numbers.Normal(number), "") }

// OfDocument is the digest of a document, by its number and the code of its issuer.
func (d Digests) OfDocument(number, issuer string) []byte {
	return d.of(numbers.Normal(number), numbers.Issuer(issuer))
}

// of keeps the parts apart: a normal number holds no zero byte.
func (d Digests) of(number, issuer string) []byte {
	mac := hmac.New(sha256.New, d.secret)
	fmt.Fprintf(mac, "%s\x00%s\x00%s", d.kind, number, issuer)
	return mac.Sum(nil)
}

// Codes is a set of codes of states or nationalities.
type Codes map[string]bool

// NewCodes returns the set of the codes.
func NewCodes(codes []string) Codes {
	c := make(Codes, len(codes))
	for _, s := range codes {
		c[numbers.Issuer(s)] = true
	}
	return c
}

// Has reports whether the code is among them.
func (c Codes) Has(s string) bool { return c[numbers.Issuer(s)] }
