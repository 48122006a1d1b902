// Package barcode reads what two-dimensional barcodes on travel papers say: the digital seals of
// visa stickers and other papers, and boarding passes.
//
// A digital seal (ICAO 9303-13, visible digital seals; BSI TR-03137-1 v2.5 for the profiles of
// Germany and worked examples) is binary: a header that names the issuing state and the signer, a
// message of tagged features, and an ECDSA signature over both, r and s side by side. The feature
// of a visa (9303-7) is its machine-readable zone without the optional data at the end of the
// second line, which [Seal.Zone] returns as lines like those of a reader. The seal of a visa and
// the zone printed beside it must be the same; who alters the print has altered one of them.
//
// A boarding pass (IATA Resolution 792, BCBP) is text: the name, and 37 characters for each
// flight. It carries nothing that a booth could verify, and is a hint where somebody came from,
// no evidence.
//
// Reading verifies nothing. [Seal.Verify] verifies a signature with a key, [Seal.SignedBy] tells
// whether a certificate is the one that the header names; whether that certificate is to be
// trusted is for package pki.
//
// All of it is personal data: the types log nothing of what they hold, and errors quote nothing.
package barcode

import (
	"bytes"
	"errors"
)

// ErrUnknown is returned for barcodes that are neither a seal nor a boarding pass.
var ErrUnknown = errors.New("read barcode: neither a digital seal nor a boarding pass")

// Read reads a barcode as a device sent it: exactly one of seal and pass is set unless there is
// an error, which is [ErrUnknown] or says what is wrong with the one that it seems to be. A
// symbology identifier of ISO/IEC 15424 before it ("]d1") is passed over.
func Read(content []byte) (seal *Seal, pass *Pass, err error) {
	if len(content) > 3 && content[0] == ']' {
		content = content[3:]
	}
	switch {
	case len(content) > 0 && content[0] == magic:
		seal, err = ParseSeal(content)
	case bytes.HasPrefix(content, []byte("M")) && len(content) >= passHead+legLen:
		pass, err = ParsePass(string(content))
	default:
		err = ErrUnknown
	}
	return seal, pass, err
}
