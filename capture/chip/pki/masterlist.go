package pki

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/cms"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Purposes of the certificates that sign lists (ICAO 9303-12 table 6; BSI TR-03129 has none
// for defect lists).
var (
	purposeMasterList    = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 3}
	purposeDeviationList = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 8}
	oidMasterList        = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 2}
)

// SignedList is a list that somebody signed: a master list, a defect list or a deviation list.
type SignedList struct {
	// Entries are what is on it. Nothing of them is verified but what Verify says.
	Entries []Entry
	// Faults are certificates of a master list that cannot be read or used, by their place.
	Faults []error
	// Signer is the certificate of whom the list names as its signer; nil if it is not there.
	Signer *cert.Certificate
	// SigningTime is what the signer says; zero if nothing.
	SigningTime time.Time

	signed  *cms.SignedData
	signer  *cms.Signer
	purpose asn1.ObjectIdentifier // that the signer's certificate must have; nil is none
	own     []*cert.Certificate
}

const maxCountersigned = 20_000 // certificates of a master list

// ParseList reads a master list (CscaMasterList, ICAO 9303-12 §9), a defect list or a
// deviation list, in CMS. A source is noted in the entries.
func ParseList(b []byte, source string) (*SignedList, error) {
	sd, err := cms.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("read list: %w", err)
	}
	l := &SignedList{signed: sd, signer: &sd.Signers[0], own: enclosed(sd)}
	l.Signer = signerOf(l.signer, l.own, nil)
	l.SigningTime = l.signer.SigningTime
	switch {
	case sd.ContentType.Equal(oidMasterList):
		l.purpose = purposeMasterList
		err = l.parseMasterList(sd.Content, source)
	case sd.ContentType.Equal(oidDefects):
		l.Entries = []Entry{{KindDefects, sd.Content, source}}
		_, err = parseDefects(sd.Content)
	case sd.ContentType.Equal(oidDeviations):
		l.purpose = purposeDeviationList
		l.Entries = []Entry{{KindDeviations, sd.Content, source}}
		_, err = parseDeviations(sd.Content)
	default:
		return nil, fmt.Errorf("read list: content of type %v is none", sd.ContentType)
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// parseMasterList reads CscaMasterList ::= SEQUENCE { version INTEGER, certList SET OF
// Certificate }. A certificate that cannot be read does not spoil the others.
func (l *SignedList) parseMasterList(content cryptobyte.String, source string) error {
	var seq, set cryptobyte.String
	var version int
	if !content.ReadASN1(&seq, cbasn1.SEQUENCE) || !content.Empty() || !seq.ReadASN1Integer(&version) || version != 0 ||
		!seq.ReadASN1(&set, cbasn1.SET) || !seq.Empty() {
		return fmt.Errorf("read master list: %w", errList)
	}
	for n := 1; !set.Empty(); n++ {
		var der cryptobyte.String
		if n > maxCountersigned || !set.ReadASN1Element(&der, cbasn1.SEQUENCE) {
			return fmt.Errorf("read master list: certificate %d: %w", n, errList)
		}
		e, err := ImportCertificate(der, source)
		if err == nil && e.Kind == KindSigner {
			err = errors.New("not the certificate of an authority")
		}
		if err != nil {
			l.Faults = append(l.Faults, fmt.Errorf("certificate %d: %w", n, err))
			continue
		}
		l.Entries = append(l.Entries, e)
	}
	return nil
}

// ImportCertificate makes an entry of a certificate in DER, of the kind that it is. The error
// says why nothing could be verified with it.
func ImportCertificate(der []byte, source string) (Entry, error) {
	c, err := cert.Parse(der)
	if err != nil {
		return Entry{}, err
	}
	if c.Key == nil {
		return Entry{}, fmt.Errorf("%s: %w", c.Subject, c.KeyFault)
	}
	return Entry{Classify(c), der, source}, nil
}

// Verify checks that the list is signed by somebody whom one of the authorities in t issued a
// certificate for signing such lists. An operator begins with the authority of a state that
// it trusts to make lists, received on a way of its own, and gives no other: any authority
// in t may vouch for all that is on the list.
//
// The facts are those of signature, signer, chain, validity, revocation and strength.
func (l *SignedList) Verify(t *Trust, now time.Time) []Fact {
	if l.Signer == nil {
		return []Fact{undetermined(CheckSignature, ReasonNoSigner, "The certificate of the list's signer is not in the list.")}
	}
	r := Result{SOD: &SOD{Hash: l.signer.Digest}, Signer: l.Signer}
	chain, fault := t.chain(l.Signer)
	r.Chain = chain
	r.add(signatureFact(l.signed, l.signer, l.Signer), l.purposeFact(), t.chainFact(&r, fault), validityFact(&r, now))
	if chain != nil {
		r.add(t.revocation(chain, now))
	}
	r.add(strengthFact(&r, l.signer))
	return r.Facts
}

// purposeFact tells whether the certificate is for signing such lists. One without a purpose
// could be any document signer's.
func (l *SignedList) purposeFact() Fact {
	c := l.Signer
	if c.HasConstraints && c.CA || c.HasKeyUsage && !c.DigitalSignature ||
		l.purpose != nil && !c.HasExtKeyUsage(l.purpose) {
		return failed(CheckSigner, ReasonPurpose, "The signer's certificate is not for signing such lists.")
	}
	return succeeded(CheckSigner, "The signer's certificate is for signing such lists.")
}

// Vouched tells whether facts of [SignedList.Verify] let the list be taken: somebody allowed
// to signed it, and is not known to be revoked. Lists of the past stay good when their
// signer's certificate expires, and few states publish revocation lists in time; both are in
// the facts for the operator to see.
func Vouched(facts []Fact) bool {
	good := map[Check]bool{}
	for _, f := range facts {
		good[f.Check] = f.State == Successful || f.Check == CheckRevocation && f.State != Failed
	}
	return good[CheckSignature] && good[CheckSigner] && good[CheckChain] && good[CheckRevocation]
}
