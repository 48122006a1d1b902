package gallery

import (
	"crypto/hmac"
	"crypto/sha256"
)

// Digest is the HMAC-SHA-256 of the key: equal for keys that are equal, and nothing that
// tells who is meant to whoever lacks the secret.
func (k Key) Digest(secret []byte) [sha256.Size]byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(k.bytes())
	return [sha256.Size]byte(mac.Sum(nil))
}
