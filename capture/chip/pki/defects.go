package pki

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/signature"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Defect is what a list knows of the documents of one signer.
type Defect struct {
	Type asn1.ObjectIdentifier
	Text string

	signer signerID
	status int // of a revocation
}

// signerID names a document signer in one or more ways; all that are set must fit.
type signerID struct {
	issuer *cert.Name
	serial []byte
	keyID  []byte
	hash   crypto.Hash
	digest []byte
}

func (id *signerID) matches(c *cert.Certificate) bool {
	if id.issuer == nil && id.keyID == nil && id.digest == nil {
		return false
	}
	if id.issuer != nil && !(id.issuer.Equal(c.Issuer) && bytes.Equal(id.serial, c.Serial)) {
		return false
	}
	if id.keyID != nil && !bytes.Equal(id.keyID, c.KeyID()) {
		return false
	}
	if id.digest == nil {
		return true
	}
	h := id.hash.New()
	h.Write(c.Raw)
	return bytes.Equal(h.Sum(nil), id.digest)
}

func (d *Defect) matches(c *cert.Certificate) bool { return d.signer.matches(c) }

var oidDefects = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 3, 1, 5}

// Revokes tells whether the defect is that the signer's certificate no longer counts.
func (d *Defect) Revokes() bool { return d.Type.String() == oidDefects.String()+".1.1" }

// Defects of BSI TR-03129 by their place under its object identifier.
var defectTexts = map[string]string{
	".1.1": "the signer's certificate is revoked",
	".1.2": "the signer's certificate is malformed and was replaced",
	".1.3": "keys of chip authentication are compromised",
	".1.4": "keys of active authentication are compromised",
	".2.1": "data groups are malformed",
	".2.2": "the security object is wrong",
	".2.3": "EF.COM and the security object differ",
	".3.1": "data groups of the eID application are malformed",
	".3.2": "the eID application may have been altered",
	".3.3": "the eID application lacks security information",
	".3.4": "data groups of the eID application are missing",
	".4.1": "EF.CardSecurity is malformed",
	".4.2": "EF.ChipSecurity is malformed",
	".4.3": "the chip must be powered down between applications",
	".4.4": "the signer's certificate is malformed",
	".4.5": "information for privileged terminals is missing",
}

var revocationStatus = map[int]string{
	1: "under investigation", 2: "made for tests", 3: "by its issuer", 4: "by the signer of the list",
}

const maxListed = 100_000

var errList = errors.New("list is malformed")

// parseDefects reads DefectList (BSI TR-03129):
//
//	DefectList  ::= SEQUENCE { version INTEGER, hashAlg OBJECT IDENTIFIER, defects SET OF Defect }
//	Defect      ::= SEQUENCE { SignerIdentifier, certificateHash OCTET STRING OPTIONAL, SET OF KnownDefect }
//	KnownDefect ::= SEQUENCE { defectType OBJECT IDENTIFIER, parameters ANY OPTIONAL }
func parseDefects(content cryptobyte.String) ([]Defect, error) {
	var seq, set, e cryptobyte.String
	var version int
	var oid asn1.ObjectIdentifier
	if !content.ReadASN1(&seq, cbasn1.SEQUENCE) || !content.Empty() || !seq.ReadASN1Integer(&version) || version != 0 ||
		!seq.ReadASN1ObjectIdentifier(&oid) || !seq.ReadASN1(&set, cbasn1.SET) || !seq.Empty() {
		return nil, fmt.Errorf("read defect list: %w", errList)
	}
	hash, err := hashNamed(oid)
	if err != nil {
		return nil, fmt.Errorf("read defect list: %w", err)
	}
	var all []Defect
	for !set.Empty() {
		if !set.ReadASN1(&e, cbasn1.SEQUENCE) {
			return nil, fmt.Errorf("read defect list: %w", errList)
		}
		some, err := parseDefect(e, hash)
		if err != nil {
			return nil, fmt.Errorf("read defect list: %w", err)
		}
		if all = append(all, some...); len(all) > maxListed {
			return nil, fmt.Errorf("read defect list: more than %d entries", maxListed)
		}
	}
	return all, nil
}

func hashNamed(oid asn1.ObjectIdentifier) (crypto.Hash, error) {
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(oid)
	identifier, err := b.Bytes()
	if err != nil {
		return 0, err
	}
	return signature.ParseHash(identifier)
}

func parseDefect(s cryptobyte.String, hash crypto.Hash) ([]Defect, error) {
	var id signerID
	var e, known cryptobyte.String
	var present bool
	if s.PeekASN1Tag(cbasn1.SEQUENCE) {
		if !s.ReadASN1(&e, cbasn1.SEQUENCE) || !id.parseIssuerAndSerial(e) {
			return nil, errList
		}
	} else {
		if !s.ReadASN1(&e, cbasn1.Tag(0).ContextSpecific()) {
			return nil, errList
		}
		id.keyID = e
	}
	if !s.ReadOptionalASN1(&e, &present, cbasn1.OCTET_STRING) {
		return nil, errList
	}
	if present {
		id.hash, id.digest = hash, e
	}
	if !s.ReadASN1(&known, cbasn1.SET) || !s.Empty() {
		return nil, errList
	}
	var all []Defect
	for !known.Empty() {
		d := Defect{signer: id}
		if !known.ReadASN1(&e, cbasn1.SEQUENCE) || !e.ReadASN1ObjectIdentifier(&d.Type) {
			return nil, errList
		}
		if d.Revokes() && e.PeekASN1Tag(cbasn1.ENUM) && !e.ReadASN1Enum(&d.status) {
			return nil, errList
		}
		d.describe()
		all = append(all, d)
	}
	return all, nil
}

func (d *Defect) describe() {
	place, ours := strings.CutPrefix(d.Type.String(), oidDefects.String())
	d.Text = defectTexts[place]
	if !ours || d.Text == "" {
		d.Text = "a defect of kind " + d.Type.String()
	}
	if status := revocationStatus[d.status]; d.Revokes() && status != "" {
		d.Text += " (" + status + ")"
	}
}

func (id *signerID) parseIssuerAndSerial(s cryptobyte.String) bool {
	var name, serial cryptobyte.String
	if !s.ReadASN1Element(&name, cbasn1.SEQUENCE) || !s.ReadASN1(&serial, cbasn1.INTEGER) || !s.Empty() {
		return false
	}
	issuer, err := cert.ParseName(name)
	id.issuer, id.serial = &issuer, cert.Serial(serial)
	return err == nil
}

// Deviation is what an issuer itself says of some of its documents.
type Deviation struct {
	Type asn1.ObjectIdentifier
	Text string

	signer      signerID
	anySigner   bool
	documents   string // document code; "" is any
	first, last time.Time
	numbers     []string
}

var oidDeviations = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 7}

// Deviations of ICAO 9303-3 by their place under its object identifier.
var deviationTexts = map[string]string{
	".1.1": "the signature is made in another way than the standard's",
	".1.2": "the signer's certificate is encoded wrongly",
	".1.3": "the authority's certificate is encoded wrongly",
	".1.4": "keys of active authentication are compromised",
	".2.1": "data groups are malformed",
	".2.2": "hashes of data groups are wrong",
	".2.3": "the signature of the security object is wrong",
	".2.4": "EF.COM and the security object differ",
	".3.1": "the machine-readable zone has wrong data",
	".3.2": "the machine-readable zone has wrong check digits",
	".4":   "the chip",
	".5":   "a matter of the issuing state",
}

// matches tells whether the deviation is about documents such as d. What is not known of the
// document fits.
func (v *Deviation) matches(c *cert.Certificate, d *Document) bool {
	if !v.anySigner && !v.signer.matches(c) {
		return false
	}
	if v.documents != "" && d.Type != "" && !strings.HasPrefix(zoneCode(d.Type), v.documents) {
		return false
	}
	if !d.Issued.IsZero() && !v.last.IsZero() && (d.Issued.Before(v.first) || d.Issued.After(v.last)) {
		return false
	}
	return v.numbers == nil || d.Number == "" || slices.Contains(v.numbers, zoneCode(d.Number))
}

// parseDeviations reads DeviationList (ICAO 9303-3 §7).
func parseDeviations(content cryptobyte.String) ([]Deviation, error) {
	var seq, set, e, documents, descriptions cryptobyte.String
	var version int
	malformed := fmt.Errorf("read deviation list: %w", errList)
	if !content.ReadASN1(&seq, cbasn1.SEQUENCE) || !content.Empty() || !seq.ReadASN1Integer(&version) || version != 0 ||
		!seq.SkipOptionalASN1(cbasn1.SEQUENCE) || !seq.ReadASN1(&set, cbasn1.SET) || !seq.Empty() {
		return nil, malformed
	}
	var all []Deviation
	for !set.Empty() {
		if !set.ReadASN1(&e, cbasn1.SEQUENCE) || !e.ReadASN1(&documents, cbasn1.SEQUENCE) ||
			!e.ReadASN1(&descriptions, cbasn1.SET) || !e.Empty() {
			return nil, malformed
		}
		about, err := parseDocuments(documents)
		if err != nil {
			return nil, fmt.Errorf("read deviation list: %w", err)
		}
		for !descriptions.Empty() {
			one := about
			if !one.parseDescription(&descriptions) || len(all) == maxListed {
				return nil, malformed
			}
			all = append(all, one)
		}
	}
	return all, nil
}

// parseDescription reads DeviationDescription. Its own text is not shown: it is the issuer's,
// of any length and language.
func (v *Deviation) parseDescription(set *cryptobyte.String) bool {
	var e cryptobyte.String
	if !set.ReadASN1(&e, cbasn1.SEQUENCE) || !e.SkipOptionalASN1(cbasn1.PrintableString) ||
		!e.ReadASN1ObjectIdentifier(&v.Type) {
		return false
	}
	place, ours := strings.CutPrefix(v.Type.String(), oidDeviations.String())
	v.Text = deviationTexts[place]
	if !ours || v.Text == "" {
		v.Text = "a deviation of kind " + v.Type.String()
	}
	return true
}

func parseDocuments(s cryptobyte.String) (Deviation, error) {
	v := Deviation{anySigner: true}
	for !s.Empty() {
		var e cryptobyte.String
		var tag cbasn1.Tag
		if !s.ReadAnyASN1(&e, &tag) || !v.parseDocumentField(uint8(tag)&0x1f, e) {
			return Deviation{}, errList
		}
	}
	return v, nil
}

func (v *Deviation) parseDocumentField(tag uint8, e cryptobyte.String) bool {
	switch tag {
	case 0:
		v.documents = zoneCode(string(e))
		return true
	case 1:
		v.anySigner = false
		return v.signer.parseIssuerAndSerial(e)
	case 2:
		v.anySigner = false
		v.signer.keyID = e
		return true
	case 3: // a Digest without its algorithm, which the length tells
		v.anySigner = false
		v.signer.digest = e
		for _, h := range signature.Hashes() {
			if h.Size() == len(e) {
				v.signer.hash = h
			}
		}
		return v.signer.hash != 0
	case 4:
		return cert.ReadTime(&e, &v.first) && cert.ReadTime(&e, &v.last) && e.Empty()
	case 5:
		v.numbers = []string{}
		for !e.Empty() {
			var number cryptobyte.String
			if len(v.numbers) == maxListed || !e.ReadASN1(&number, cbasn1.PrintableString) {
				return false
			}
			v.numbers = append(v.numbers, zoneCode(string(number)))
		}
		return true
	}
	return false
}
