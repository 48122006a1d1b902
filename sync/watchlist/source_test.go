package watchlist

import "math/rand/v2"

// newSource gives bytes that do not compress, the same for the same seed.
func newSource(seed uint64) *rand.ChaCha8 {
	return rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 1})
}
