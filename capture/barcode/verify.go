package barcode

import (
	"crypto"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"strings"

	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/signature"
)

// minSignature is the length of a signature on a curve of 192 bits, the least that was in use.
const minSignature = 48

// hashes are the hash functions that belong to signatures up to a length in bytes: that of the
// key's size, or the next larger (ICAO 9303-13 §2.4).
var hashes = []struct {
	upTo int
	hash crypto.Hash
	oid  int // the last number of ecdsa-plain with it (BSI TR-03111 §5.2.1.1)
}{
	{56, crypto.SHA224, 2},
	{64, crypto.SHA256, 3},
	{96, crypto.SHA384, 4},
	{132, crypto.SHA512, 5},
}

// Verify verifies the seal's signature with the signer's key. The error matches
// signature.ErrWrong if the key did not make it.
func (s *Seal) Verify(key *signature.Key) error {
	for _, h := range hashes {
		if len(s.signature) > h.upTo {
			continue
		}
		plain, err := asn1.Marshal(asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1, h.oid})
		if err != nil {
			return fmt.Errorf("verify seal: %w", err)
		}
		a, err := signature.ParseAlgorithm(plain)
		if err != nil {
			return fmt.Errorf("verify seal: %w", err)
		}
		if err := key.Verify(a, s.signed, s.signature); err != nil {
			return fmt.Errorf("verify seal: %w", err)
		}
		return nil
	}
	return fmt.Errorf("verify seal: signature of %d bytes: %w", len(s.signature), signature.ErrUnsupported)
}

// SignedBy reports whether a certificate is the one that the seal names: its serial number is the
// reference. The signer's country and name are in its subject (C and CN; ICAO 9303-13 §2.2),
// which the caller compares with Signer, since subjects are written in more than one way.
func (s *Seal) SignedBy(c *cert.Certificate) bool {
	return strings.EqualFold(strings.TrimLeft(s.Reference, "0 "), strings.TrimLeft(hex.EncodeToString(c.Serial), "0"))
}
