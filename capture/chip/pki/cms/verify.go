package cms

import (
	"bytes"
	"crypto/subtle"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/signature"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Why a signer does not stand for the content.
var (
	ErrNoAttributes = errors.New("signed attributes are missing")
	ErrAttributes   = errors.New("signed attributes are against the rules")
	ErrOtherContent = errors.New("signed attributes are those of another content")
)

// Verify checks that the key made this signer's signature over the object's content. Errors
// match [ErrNoAttributes], [ErrAttributes], [ErrOtherContent], [signature.ErrWrong] or
// [signature.ErrUnsupported].
func (sd *SignedData) Verify(signer *Signer, key *signature.Key) error {
	if signer.fault != nil {
		return signer.fault
	}
	if !signer.contentType.Equal(sd.ContentType) {
		return fmt.Errorf("content type %v for %v: %w", signer.contentType, sd.ContentType, ErrOtherContent)
	}
	h := signer.Digest.New()
	h.Write(sd.Content)
	if subtle.ConstantTimeCompare(h.Sum(nil), signer.messageDigest) != 1 {
		return fmt.Errorf("message digest: %w", ErrOtherContent)
	}
	err := key.Verify(signer.Algorithm, attributeSet(signer.attributes), signer.signature)
	if !errors.Is(err, signature.ErrWrong) {
		return err
	}
	sorted, ok := sortSet(signer.attributes)
	if !ok || bytes.Equal(sorted, signer.attributes) {
		return err
	}
	return key.Verify(signer.Algorithm, attributeSet(sorted), signer.signature)
}

// attributeSet is what is signed: the attributes as a SET OF, not under the tag that they are
// sent with (RFC 5652 §5.4).
func attributeSet(contents []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(contents) })
	return b.BytesOrPanic()
}

// sortSet puts the elements of a SET OF in DER's order (X.690 §11.6).
func sortSet(contents cryptobyte.String) ([]byte, bool) {
	var elements [][]byte
	for !contents.Empty() {
		var e cryptobyte.String
		var tag cbasn1.Tag
		if !contents.ReadAnyASN1Element(&e, &tag) {
			return nil, false
		}
		elements = append(elements, e)
	}
	slices.SortFunc(elements, bytes.Compare)
	return bytes.Join(elements, nil), true
}

func (signer *Signer) parseAttributes(set cryptobyte.String) error {
	for n := 0; !set.Empty(); n++ {
		var attribute, values cryptobyte.String
		var oid asn1.ObjectIdentifier
		if n == maxAttributes || !set.ReadASN1(&attribute, cbasn1.SEQUENCE) ||
			!attribute.ReadASN1ObjectIdentifier(&oid) || !attribute.ReadASN1(&values, cbasn1.SET) || !attribute.Empty() {
			return fmt.Errorf("encoding: %w", ErrAttributes)
		}
		if !signer.parseAttribute(oid, values) {
			return fmt.Errorf("attribute %v: %w", oid, ErrAttributes)
		}
	}
	if signer.contentType == nil || signer.messageDigest == nil {
		return fmt.Errorf("content type or message digest is missing: %w", ErrAttributes)
	}
	return nil
}

func (signer *Signer) parseAttribute(oid asn1.ObjectIdentifier, values cryptobyte.String) bool {
	switch {
	case oid.Equal(oidContentType):
		return signer.contentType == nil && values.ReadASN1ObjectIdentifier(&signer.contentType) && values.Empty()
	case oid.Equal(oidMessageDigest):
		var digest cryptobyte.String
		if signer.messageDigest != nil || !values.ReadASN1(&digest, cbasn1.OCTET_STRING) || !values.Empty() {
			return false
		}
		signer.messageDigest = append([]byte{}, digest...)
		return true
	case oid.Equal(oidSigningTime):
		return signer.SigningTime.IsZero() && cert.ReadTime(&values, &signer.SigningTime) && values.Empty()
	}
	return true
}
