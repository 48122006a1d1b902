package pki

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/cms"
	"boothd/capture/chip/pki/signature"
)

// Document is what is verified: the security object, and what is known of the document that
// it was read from.
type Document struct {
	// SOD is EF.SOD as read.
	SOD []byte
	// Digest returns the hash of a data group's file as read, or false if it was not read.
	// It is asked once for every group from 1 to 16 if the security object can be read.
	Digest func(group int, h crypto.Hash) (sum []byte, read bool)
	// State, Type and Number are issuing state, document code and number of the
	// machine-readable zone, with or without fillers; "" if unknown.
	State, Type, Number string
	// Issued is the date of issue (DG12); zero if unknown.
	Issued time.Time
}

// LogValue keeps the document out of logs.
func (Document) LogValue() slog.Value { return slog.StringValue("document") }

// Result is what was found.
type Result struct {
	// Facts has every check once and CheckHash once for every data group that was signed or
	// read, in the order of the checks.
	Facts []Fact
	// SOD is nil if it could not be read.
	SOD *SOD
	// Signer is the certificate that the security object names as its signer's; nil if it is
	// nowhere. That it is in a result says nothing.
	Signer *cert.Certificate
	// Chain leads from Signer to a trusted certificate; nil without one.
	Chain []*cert.Certificate
}

// Fact returns the worst fact of a check: one that failed before one that is undetermined, not
// done, successful; the zero Fact if the result has none.
func (r *Result) Fact(c Check) Fact {
	var worst Fact
	for _, f := range r.Facts {
		if f.Check == c && (worst.Check == "" || severity[f.State] > severity[worst.State]) {
			worst = f
		}
	}
	return worst
}

var severity = map[State]int{Successful: 0, NotDone: 1, Undetermined: 2, Failed: 3}

// Verify is passive authentication (ICAO 9303-11 §5.1): it checks the security object, the
// chain above it and the data groups under it. It does not fail; what could not be checked
// is a fact too.
func (t *Trust) Verify(d Document, now time.Time) Result { return t.Open(d.SOD).Verify(d, now) }

// Opened is a security object whose signatures were verified.
type Opened struct {
	trust  *Trust
	result Result // without what rests on the document
	signer *cms.Signer
}

// Open does what takes time in passive authentication and needs nothing but EF.SOD, so that it can
// be done while the data groups are read: the signature and those of the certificates above it.
func (t *Trust) Open(file []byte) *Opened {
	sod, err := ParseSOD(file)
	if err != nil {
		return &Opened{result: unreadable(err)}
	}
	o := &Opened{trust: t, result: Result{SOD: sod}}
	o.result.add(succeeded(CheckSecurityObject, "The security object can be read%s.", version(sod)))
	o.signer = t.verifySignature(&o.result)
	return o
}

// Verify does the rest of passive authentication; d.SOD is not used.
func (o *Opened) Verify(d Document, now time.Time) Result {
	r := o.result
	r.Facts = slices.Clone(r.Facts)
	if r.SOD == nil {
		return r
	}
	o.trust.verifyChain(&r, &d, o.signer, now)
	r.addHashes(&d)
	return r
}

func version(s *SOD) string {
	if s.LDS == "" {
		return ""
	}
	return fmt.Sprintf(" (LDS %q)", s.LDS)
}

// oidCardSecurity is the content type of EF.CardSecurity (BSI TR-03110-3 §A.1.2.5).
var oidCardSecurity = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 3, 2, 1}

// VerifyCardSecurity checks EF.CardSecurity, with which PACE's chip authentication mapping and
// chip authentication of version 2 prove whose key the chip has, as Verify checks EF.SOD;
// d.SOD and d.Digest are not used. The content is SecurityInfos in DER, to be believed as far
// as the facts say; it is nil if the file cannot be read.
func (t *Trust) VerifyCardSecurity(file []byte, d Document, now time.Time) (content []byte, r Result) {
	if len(file) > MaxSOD {
		return nil, unreadable(fmt.Errorf("%d bytes, more than %d", len(file), MaxSOD))
	}
	sd, err := cms.Parse(file)
	if err == nil && !sd.ContentType.Equal(oidCardSecurity) {
		err = fmt.Errorf("content of type %v", sd.ContentType)
	}
	if err != nil {
		return nil, unreadable(err)
	}
	r.SOD = &SOD{signed: sd, Hash: sd.Signers[0].Digest}
	r.add(succeeded(CheckSecurityObject, "The security object can be read."))
	t.verifyChain(&r, &d, t.verifySignature(&r), now)
	r.SOD = nil
	return sd.Content, r
}

// unreadable is the result without a security object.
func unreadable(err error) Result {
	var r Result
	first := failed(CheckSecurityObject, ReasonMalformed, "The security object cannot be read: %v.", err)
	if errors.Is(err, signature.ErrUnsupported) {
		first = undetermined(CheckSecurityObject, ReasonUnsupported, "The security object is of a kind that is not understood: %v.", err)
	}
	r.add(first)
	for _, c := range Checks()[1:] {
		r.add(notDone(c, ReasonNoSecurityObject, "There is no security object to check."))
	}
	return r
}

func (r *Result) add(f ...Fact) { r.Facts = append(r.Facts, f...) }

// verifySignature adds the fact of the signature and returns the signer. Of several signers
// that one counts whose signature is right and whose chain is the best, else the first.
func (t *Trust) verifySignature(r *Result) *cms.Signer {
	sd := r.SOD.signed
	own := enclosed(sd)
	chosen := -1
	var fact Fact
	for i := range sd.Signers {
		signer := &sd.Signers[i]
		c := signerOf(signer, own, t.signers)
		f := signatureFact(sd, signer, c)
		var chain []*cert.Certificate
		if f.State == Successful {
			chain, _ = t.chain(c)
		}
		if chosen < 0 || f.State == Successful && (fact.State != Successful || chain != nil && r.Chain == nil) {
			chosen, fact, r.Signer, r.Chain = i, f, c, chain
		}
	}
	r.add(fact)
	return &sd.Signers[chosen]
}

func signatureFact(sd *cms.SignedData, signer *cms.Signer, c *cert.Certificate) Fact {
	if c == nil {
		return undetermined(CheckSignature, ReasonNoSigner, "The signer's certificate neither came with the signature nor is it known.")
	}
	err := c.KeyFault
	if err == nil {
		err = sd.Verify(signer, c.Key)
	}
	switch {
	case err == nil:
		return succeeded(CheckSignature, "The signature is right (%s, %s).", signer.Algorithm, c.Key)
	case errors.Is(err, signature.ErrUnsupported):
		return undetermined(CheckSignature, ReasonUnsupported, "The signature is of a kind that is not understood: %v.", err)
	case errors.Is(err, cms.ErrNoAttributes):
		return failed(CheckSignature, ReasonNoAttributes, "The signature does not say what it is for: %v.", err)
	case errors.Is(err, cms.ErrAttributes):
		return failed(CheckSignature, ReasonAttributes, "The signature is not made by the rules: %v.", err)
	case errors.Is(err, cms.ErrOtherContent):
		return failed(CheckSignature, ReasonOtherContent, "The signature is for another content: %v.", err)
	}
	return failed(CheckSignature, ReasonSignatureWrong, "The signature is wrong: the signer did not sign this.")
}

// verifyChain adds the facts about the signer and what is above it.
func (t *Trust) verifyChain(r *Result, d *Document, signer *cms.Signer, now time.Time) {
	c := r.Signer
	if c == nil {
		for _, check := range []Check{
			CheckSigner, CheckChain, CheckValidity, CheckSigningTime, CheckRevocation,
			CheckStrength, CheckCountry, CheckDocumentType, CheckDefects,
		} {
			r.add(notDone(check, ReasonNoSigner, "There is no certificate of the document signer to check."))
		}
		return
	}
	var chainFault error
	if r.Chain == nil {
		r.Chain, chainFault = t.chain(c)
	}
	revoked, known := t.listed(c, d)
	r.add(purposeFact(c), t.chainFact(r, chainFault), validityFact(r, now), signingTimeFact(c, signer, d))
	switch {
	case revoked != nil:
		r.add(revokedByList(c, revoked))
	case r.Chain == nil && t.doubt != "":
		r.add(notDone(CheckRevocation, t.doubt, "Without a trusted authority there is no revocation list to ask."))
	case r.Chain == nil:
		r.add(notDone(CheckRevocation, ReasonNoChain, "Without a trusted authority there is no revocation list to ask."))
	default:
		r.add(t.revocation(r.Chain, now))
	}
	r.add(strengthFact(r, signer), countryFact(r, d), documentTypeFact(c, d), t.defectFact(known))
}

// isICAO tells whether a purpose is one of ICAO's: lists, visas, seals.
func isICAO(purpose asn1.ObjectIdentifier) bool {
	return len(purpose) > 3 && purpose[:3].Equal(asn1.ObjectIdentifier{2, 23, 136})
}

// purposeFact tells whether a certificate is for signing documents: not an authority's own,
// and not one for anything else that an authority issues certificates for, which all have an
// extended key usage (ICAO 9303-12 table 6).
func purposeFact(c *cert.Certificate) Fact {
	switch {
	case c.HasConstraints && c.CA || c.HasKeyUsage && !c.DigitalSignature:
		return failed(CheckSigner, ReasonPurpose, "The signer's certificate is not for signing documents.")
	case slices.ContainsFunc(c.ExtKeyUsage, isICAO):
		return failed(CheckSigner, ReasonPurpose, "The signer's certificate is for signing something else than documents (%v).", c.ExtKeyUsage)
	case len(c.ExtKeyUsage) > 0:
		return undetermined(CheckSigner, ReasonOdd, "The signer's certificate is for purposes that document signers do not have (%v).", c.ExtKeyUsage)
	case len(c.Oddities) > 0:
		return undetermined(CheckSigner, ReasonOdd, "The signer's certificate is unusual: %s.", strings.Join(c.Oddities, "; "))
	}
	return succeeded(CheckSigner, "The signer's certificate is for signing documents.")
}

// doubtedChain says why nobody can tell who issued a signer's certificate.
var doubtedChain = map[Reason]string{
	ReasonTrustStale:   "None of the known authorities issued the signer's certificate: it is forged, or its authority is newer than what is known here, which is old.",
	ReasonTrustExpired: "Who issued the signer's certificate cannot be verified: what is known of authorities is too old to be used.",
	ReasonTrustMissing: "Who issued the signer's certificate cannot be verified: nothing is known of authorities here.",
}

func (t *Trust) chainFact(r *Result, fault error) Fact {
	c := r.Signer
	switch {
	case r.Chain != nil:
		how := "issued the signer's certificate"
		if len(r.Chain) > 2 {
			how = "stands behind the signer's certificate through a link certificate"
		}
		return succeeded(CheckChain, "%s %s.", r.Chain[len(r.Chain)-1].Subject, how)
	case errors.Is(fault, signature.ErrUnsupported):
		return undetermined(CheckChain, ReasonUnsupported, "The signer's certificate is signed in a way that is not understood: %v.", fault)
	case t.doubt != "" && (t.doubt != ReasonTrustStale || errors.Is(fault, errWrongIssuer) || t.knowsCountry(c.Issuer.Country)):
		return undetermined(CheckChain, t.doubt, "%s", doubtedChain[t.doubt])
	case errors.Is(fault, errWrongIssuer):
		return failed(CheckChain, ReasonChainWrong, "%s is named as issuer of the signer's certificate and did not sign it with any known key.", c.Issuer)
	case t.knowsCountry(c.Issuer.Country):
		return failed(CheckChain, ReasonSignerUnknown, "None of the known authorities of %s issued the signer's certificate: it is forged, or its authority is newer than what is known here.", c.Issuer.Country)
	}
	return undetermined(CheckChain, ReasonAuthorityUnknown, "No signing authority of country %q is known.", c.Issuer.Country)
}

func validityFact(r *Result, now time.Time) Fact {
	all := r.Chain
	if all == nil {
		all = []*cert.Certificate{r.Signer}
	}
	for _, c := range all {
		switch {
		case now.After(c.NotAfter):
			return failed(CheckValidity, ReasonExpired, "The certificate of %s expired on %s.", c.Subject, day(c.NotAfter))
		case now.Before(c.NotBefore):
			return failed(CheckValidity, ReasonNotYetValid, "The certificate of %s is valid from %s.", c.Subject, day(c.NotBefore))
		}
	}
	if r.Chain == nil {
		return undetermined(CheckValidity, ReasonNoChain, "The signer's certificate says that it is valid; nobody trusted says so.")
	}
	return succeeded(CheckValidity, "The certificates are valid today.")
}

// issueSlack is how far the date of issue may lie from the time of signing: documents are
// dated when they are applied for or handed out.
const issueSlack = 31 * 24 * time.Hour

// signingTimeFact checks the time of signing, which the signer says or else the document's
// date of issue tells, against the private key usage period (ICAO 9303-12 §7.1.1.4).
func signingTimeFact(c *cert.Certificate, signer *cms.Signer, d *Document) Fact {
	from, until := c.NotBefore, c.NotAfter
	if c.SignsFrom.After(from) {
		from = c.SignsFrom
	}
	if !c.SignsUntil.IsZero() && c.SignsUntil.Before(until) {
		until = c.SignsUntil
	}
	at, slack, what := signer.SigningTime, time.Duration(0), "signed"
	if at.IsZero() || !d.Issued.IsZero() && !within(d.Issued, from, until, issueSlack) {
		at, slack, what = d.Issued, issueSlack, "issued"
	}
	switch {
	case at.IsZero():
		return notDone(CheckSigningTime, ReasonNoTime, "Neither a time of signing nor a date of issue is known.")
	case !within(at, from, until, slack):
		return failed(CheckSigningTime, ReasonOutsidePeriod, "The document was %s on %s; its signer signed from %s to %s.",
			what, day(at), day(from), day(until))
	}
	return succeeded(CheckSigningTime, "The signer was allowed to sign when the document was %s.", what)
}

func within(t, from, until time.Time, slack time.Duration) bool {
	return !t.Before(from.Add(-slack)) && !t.After(until.Add(slack))
}

func strengthFact(r *Result, signer *cms.Signer) Fact {
	weak := []string{signer.Algorithm.Weakness(), keyWeakness(r.Signer.Key)}
	for _, h := range []crypto.Hash{r.SOD.Hash, signer.Digest} {
		if signature.WeakHash(h) {
			weak = append(weak, h.String())
		}
	}
	if r.Chain != nil {
		// How the trusted certificate itself is signed is of no account.
		for i, c := range r.Chain[:len(r.Chain)-1] {
			weak = append(weak, c.Algorithm().Weakness(), keyWeakness(r.Chain[i+1].Key))
		}
	}
	if weak = weaknesses(weak...); len(weak) > 0 {
		return undetermined(CheckStrength, ReasonWeak, "Somebody with means could have forged this: %s.", strings.Join(weak, ", "))
	}
	return succeeded(CheckStrength, "No algorithm or key is weak.")
}

// countryFact compares signer, authority and document. Without a chain nobody vouches for the
// authority's country, but one that names another state than the document's is none of that
// state's: else whoever forges would name a state of which nothing is known.
func countryFact(r *Result, d *Document) Fact {
	if r.Chain == nil {
		named := r.Signer.Issuer.Country
		if same, known := sameCountry(named, "", d.State); known && !same {
			return failed(CheckCountry, ReasonCountryDiffers, "The document says it is of %q, and its signer names an authority of %q.", zoneCode(d.State), named)
		}
		return notDone(CheckCountry, ReasonNoChain, "Without a trusted authority there is no country to compare.")
	}
	top := r.Chain[len(r.Chain)-1]
	country := top.Subject.Country
	if own := r.Signer.Subject.Country; own != country {
		return failed(CheckCountry, ReasonCountryDiffers, "The document signer is of %q, its authority of %q.", own, country)
	}
	if zoneCode(d.State) == "" {
		return notDone(CheckCountry, ReasonNoMRZ, "The document's issuing state is not known.")
	}
	same, known := sameCountry(country, top.State, d.State)
	switch {
	case same:
		return succeeded(CheckCountry, "Document and authority are of %s.", country)
	case !known:
		return undetermined(CheckCountry, ReasonCountryUnknown, "Whether %q signs for %q is not known.", country, zoneCode(d.State))
	}
	return failed(CheckCountry, ReasonCountryDiffers, "The document says it is of %q, its authority is of %q.", zoneCode(d.State), country)
}

func documentTypeFact(c *cert.Certificate, d *Document) Fact {
	code := zoneCode(d.Type)
	switch {
	case c.DocumentTypes == nil:
		return notDone(CheckDocumentType, ReasonNoList, "The signer does not say for which documents it signs.")
	case code == "":
		return notDone(CheckDocumentType, ReasonNoMRZ, "The document's code is not known.")
	}
	for _, listed := range c.DocumentTypes {
		// One letter stands for every code that begins with it.
		if listed != "" && (listed == code || len(listed) == 1 && strings.HasPrefix(code, listed)) {
			return succeeded(CheckDocumentType, "The signer signs documents of code %q.", code)
		}
	}
	return failed(CheckDocumentType, ReasonTypeNotListed, "The signer signs documents of codes %q, and this one is of %q.", c.DocumentTypes, code)
}

// addHashes adds a fact for every data group that was signed or read.
func (r *Result) addHashes(d *Document) {
	for group := 1; group <= maxGroup; group++ {
		want, signed := r.SOD.Groups[group]
		var sum []byte
		read := false
		if d.Digest != nil {
			sum, read = d.Digest(group, r.SOD.Hash)
		}
		var f Fact
		switch {
		case !signed && !read:
			continue
		case !signed:
			f = failed(CheckHash, ReasonNotInSecurity, "Data group %d is not signed.", group)
		case !read:
			f = notDone(CheckHash, ReasonNotRead, "Data group %d was not read.", group)
		case !bytes.Equal(sum, want):
			f = failed(CheckHash, ReasonHashDiffers, "Data group %d is not the one that was signed.", group)
		default:
			f = succeeded(CheckHash, "Data group %d is as it was signed.", group)
		}
		f.Group = group
		r.add(f)
	}
}
