package numbers

// Secret is what the numbers of an index are hashed with: 32 random bytes, or bytes derived
// from a list's key for this purpose alone.
type Secret [32]byte

// keys are the two halves of a secret.
type keys struct {
	number sipKey // of folded numbers
	other  sipKey // of readings, issuers and the proof
}

func newKeys(s *Secret) keys { return keys{newSipKey(s[:16]), newSipKey(s[16:])} }

// unknownIssuer is the tag of an issuer that is not known. It changes no mark.
const unknownIssuer = 0

// tag is what an issuer changes the marks of its numbers by. Two issuers have one tag with odds
// of 1 to 8 million; then their numbers are taken for one another's.
func (k keys) tag(issuer string) uint32 {
	if issuer == "" {
		return unknownIssuer
	}
	var space [8]byte
	message := append(space[:0], "i:"...)
	message = append(message, Issuer(issuer)...)
	return 1 + uint32(k.other.sum(message)%markMask)
}

// code tells the readings of a folded number apart: 0 is the one with digits wherever digits
// look like letters, which most are.
func (k keys) code(normal, form []byte) uint32 {
	if string(normal) == string(form) {
		return 0
	}
	return 1 + uint32(k.other.sum(normal)%codeMask)
}

// proof tells the secret from others. No number and no issuer is hashed to it: the message has
// lower case letters, and no colon at its second place.
func (k keys) proof() uint64 { return k.other.sum([]byte("proof of the secret")) }
