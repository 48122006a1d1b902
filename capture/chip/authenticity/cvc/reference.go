package cvc

import (
	"bytes"
	"fmt"

	"boothd/capture/chip/tlv"
)

// maxReference is the most characters of a reference, maxReferences the most of EF.CVCA.
const (
	maxReference  = 16
	maxReferences = 2
)

// Reference names a public key: country code, mnemonic of the holder, five characters of
// sequence (TR-03110-3 §A.7.1); one character of ISO 8859-1 a byte.
type Reference string

// String returns the reference in UTF-8.
func (r Reference) String() string {
	runes := make([]rune, len(r))
	for i := range len(r) {
		runes[i] = rune(r[i])
	}
	return string(runes)
}

// Country returns the country code, such as "DE"; "" for a reference that is too short.
func (r Reference) Country() string {
	if len(r) < 2 {
		return ""
	}
	return r[:2].String()
}

func parseReference(b []byte) (Reference, error) {
	if len(b) == 0 || len(b) > maxReference {
		return "", fmt.Errorf("%w: reference of %d characters, want 1 to %d", ErrMalformed, len(b), maxReference)
	}
	for _, c := range b {
		if c < 0x20 || c >= 0x7F && c < 0xA0 {
			return "", fmt.Errorf("%w: reference with the byte %02X", ErrMalformed, c)
		}
	}
	return Reference(b), nil
}

// References reads EF.CVCA, which names the CVCA keys that a chip knows, the newest first:
// one or two of them, then zeros (BSI TR-03110, Terminal Authentication version 1). The error
// matches ErrMalformed.
func References(file []byte) ([]Reference, error) {
	var all []Reference
	for rest := file; len(bytes.Trim(rest, "\x00")) > 0; {
		o, next, err := tlv.Read(rest)
		switch {
		case err != nil:
			return nil, fmt.Errorf("EF.CVCA: %w: %w", ErrMalformed, err)
		case o.Tag != tagAuthority:
			return nil, fmt.Errorf("EF.CVCA: %w: object %v", ErrMalformed, o.Tag)
		case len(all) == maxReferences:
			return nil, fmt.Errorf("EF.CVCA: %w: more than %d references", ErrMalformed, maxReferences)
		}
		r, err := parseReference(o.Value)
		if err != nil {
			return nil, fmt.Errorf("EF.CVCA: %w", err)
		}
		all, rest = append(all, r), next
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("EF.CVCA: %w: no reference", ErrMalformed)
	}
	return all, nil
}
