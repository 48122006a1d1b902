package cms

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxDepth bounds how deep elements lie in each other; SignedData needs about ten levels
// besides its certificates.
const maxDepth = 32

var errBER = errors.New("encoding is neither DER nor BER")

const piecedOctets = byte(cbasn1.OCTET_STRING) | 0x20

// definite rewrites elements of indefinite length (X.690 §8.1.3.6) with their lengths and
// joins octet strings that were sent in pieces (§8.7.3). All else keeps its bytes, so that
// what was signed in certificates and attributes is what was signed. What has a length and
// cannot be walked through is left to the parser.
func definite(b []byte) ([]byte, error) {
	e, rest, err := rewrite(b, 0)
	if err != nil {
		return nil, err
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("%d bytes follow the object", len(rest))
	}
	return e.raw, nil
}

// element is an element rewritten; changed tells whether its bytes are others than before.
type element struct {
	tag      byte
	raw      []byte
	contents []byte
	changed  bool
}

func rewrite(b []byte, depth int) (e element, rest []byte, err error) {
	if depth > maxDepth {
		return element{}, nil, fmt.Errorf("elements lie more than %d deep", maxDepth)
	}
	size, length, err := header(b)
	if err != nil {
		return element{}, nil, err
	}
	tag := b[0]
	if length < 0 {
		parts, rest, err := rewriteAll(b[size:], depth, true)
		if err != nil {
			return element{}, nil, err
		}
		e, err := build(tag, parts)
		return e, rest, err
	}
	verbatim := element{tag: tag, raw: b[:size+length], contents: b[size : size+length]}
	rest = b[size+length:]
	if tag&0x20 == 0 {
		return verbatim, rest, nil
	}
	parts, _, err := rewriteAll(verbatim.contents, depth, false)
	if err != nil || tag != piecedOctets && !anyChanged(parts) {
		return verbatim, rest, nil
	}
	e, err = build(tag, parts)
	return e, rest, err
}

// rewriteAll rewrites elements up to the end of b, or up to the mark that ends an indefinite
// length.
func rewriteAll(b []byte, depth int, marked bool) (parts []element, rest []byte, err error) {
	for len(b) > 0 {
		if marked && bytes.HasPrefix(b, []byte{0, 0}) {
			return parts, b[2:], nil
		}
		var e element
		if e, b, err = rewrite(b, depth+1); err != nil {
			return nil, nil, err
		}
		parts = append(parts, e)
	}
	if marked {
		return nil, nil, errors.New("end of an element of indefinite length is missing")
	}
	return parts, nil, nil
}

func anyChanged(parts []element) bool {
	for _, p := range parts {
		if p.changed {
			return true
		}
	}
	return false
}

func build(tag byte, parts []element) (element, error) {
	var contents []byte
	for _, p := range parts {
		if tag != piecedOctets {
			contents = append(contents, p.raw...)
			continue
		}
		if p.tag != byte(cbasn1.OCTET_STRING) {
			return element{}, errors.New("octet string has a piece that is none")
		}
		contents = append(contents, p.contents...)
	}
	if tag == piecedOctets {
		tag = byte(cbasn1.OCTET_STRING)
	}
	var out cryptobyte.Builder
	out.AddASN1(cbasn1.Tag(tag), func(b *cryptobyte.Builder) { b.AddBytes(contents) })
	raw, err := out.Bytes()
	if err != nil {
		return element{}, fmt.Errorf("rewrite element: %w", err)
	}
	return element{tag: tag, raw: raw, contents: contents, changed: true}, nil
}

// header reads an element's tag and length; the length is -1 if it is indefinite, else its
// contents are all in b.
func header(b []byte) (size, length int, err error) {
	if len(b) < 2 || b[0]&0x1f == 0x1f {
		return 0, 0, errBER
	}
	first := b[1]
	switch {
	case first == 0x80 && b[0]&0x20 != 0:
		return 2, -1, nil
	case first < 0x80:
		size, length = 2, int(first)
	case first > 0x80 && first <= 0x84 && len(b) >= 2+int(first&0x7f):
		size = 2 + int(first&0x7f)
		for _, d := range b[2:size] {
			length = length<<8 | int(d)
		}
	default:
		return 0, 0, errBER
	}
	if length > len(b)-size {
		return 0, 0, errBER
	}
	return size, length, nil
}

// Unwrap returns the contents of an element with the tag and a definite length, in BER: the
// wrapper that files of a chip have. Nothing may follow it.
func Unwrap(tag byte, b []byte) ([]byte, error) {
	size, length, err := header(b)
	if err != nil {
		return nil, err
	}
	if b[0] != tag || length != len(b)-size {
		return nil, fmt.Errorf("not one element with tag %02x", tag)
	}
	return b[size:], nil
}
