package pki_test

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"maps"
	"testing"
	"time"

	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/cms"
	"boothd/capture/chip/pki/pkitest"
)

func TestEveryAlgorithmIsVerifiedAndItsForgeryFound(t *testing.T) {
	var keys pkitest.Keys
	for _, a := range pkitest.Algorithms() {
		t.Run(a.String(), func(t *testing.T) {
			w := &world{keys: keys, files: map[int][]byte{1: []byte("zone")}}
			w.authority = w.newAuthority(t, "DE", "CSCA", a)
			w.signer = w.newSigner(t, w.authority, pkitest.Signer{Name: "DS", Key: w.key(t, a)}, a)
			w.crl = w.newCRL(t, w.authority, now)
			w.sod = w.newSOD(t, w.signer, pkitest.Envelope{})
			keys = w.keys
			tr := trust(t, w.entries()...)

			want := map[pki.Check]string{}
			c, err := cert.Parse(w.authority.Certificate.Raw)
			if err != nil {
				t.Fatal(err)
			}
			if a.Hash == crypto.SHA1 || c.Key.Weakness() != "" {
				want[pki.CheckStrength] = "undetermined weak"
			}
			expect(t, tr.Verify(w.document(), now), want)

			d := w.document()
			d.SOD = bytes.Clone(w.sod)
			d.SOD[len(d.SOD)-5] ^= 4 // within the signature
			if f := resultOf(tr, d).Fact(pki.CheckSignature); f.State != pki.Failed {
				t.Errorf("altered signature: %+v", f)
			}
			forged := bytes.Clone(w.signer.Certificate.Raw)
			forged[len(forged)-5] ^= 4
			d.SOD = bytes.Replace(w.sod, w.signer.Certificate.Raw, forged, 1)
			if f := resultOf(tr, d).Fact(pki.CheckChain); f.Reason != pki.ReasonChainWrong {
				t.Errorf("altered certificate: %+v", f)
			}
		})
	}
}

func resultOf(t *pki.Trust, d pki.Document) *pki.Result {
	r := t.Verify(d, now)
	return &r
}

func TestWhatIsWrongWithADocumentIsNamed(t *testing.T) {
	w := newWorld(t, usual)
	other := newWorld(t, usual)
	signed := func(s pkitest.Signer, e pkitest.Envelope) pki.Document {
		d := w.document()
		d.SOD = w.newSOD(t, w.newSigner(t, w.authority, s, usual), e)
		return d
	}
	enveloped := func(e pkitest.Envelope) pki.Document {
		d := w.document()
		d.SOD = w.newSOD(t, w.signer, e)
		return d
	}
	files := func(change func(map[int][]byte)) pki.Document {
		d := w.document()
		changed := maps.Clone(w.files)
		change(changed)
		d.Digest = digestOf(changed)
		return d
	}
	with := func(change func(*pki.Document)) pki.Document {
		d := w.document()
		change(&d)
		return d
	}
	revokedAt := pkitest.Revoked{Certificate: w.signer.Certificate, At: years(-1), Reason: 1}
	authority := pki.Entry{Kind: pki.KindAuthority, DER: w.authority.Certificate.Raw}
	crl := func(der []byte) []pki.Entry { return []pki.Entry{authority, {Kind: pki.KindCRL, DER: der}} }

	expiredAuthority := *w.authority
	expiredAuthority.NotAfter = years(-1)
	old, err := pkitest.NewAuthority(expiredAuthority)
	if err != nil {
		t.Fatal(err)
	}
	french := (&world{}).newAuthority(t, "FR", "CSCA-FRANCE", usual)
	frenchSigner := w.newSigner(t, french, pkitest.Signer{Name: "DS"}, usual)
	frenchSOD := w.newSOD(t, frenchSigner, pkitest.Envelope{})
	frenchEntries := []pki.Entry{
		{Kind: pki.KindAuthority, DER: french.Certificate.Raw}, {Kind: pki.KindCRL, DER: w.newCRL(t, french, now)},
	}
	posing := w.newSigner(t, w.authority, pkitest.Signer{Name: "DS", Country: "FR"}, usual)

	tests := []struct {
		name    string
		d       pki.Document
		entries []pki.Entry // nil: the world's
		want    map[pki.Check]string
	}{
		{name: "a good document", d: w.document()},
		{
			name: "a signer of an authority that somebody made under the same name",
			d:    with(func(d *pki.Document) { d.SOD = other.sod }),
			want: map[pki.Check]string{
				pki.CheckChain: "failed chain_signature", pki.CheckValidity: "undetermined no_chain",
				pki.CheckRevocation: "not_done no_chain", pki.CheckCountry: "not_done no_chain",
			},
		},
		{
			name: "a signer of an authority that is not known, of a country that is",
			d: with(func(d *pki.Document) {
				d.SOD = other.newSOD(t, other.newSigner(t, other.newAuthority(t, "DE", "CSCA 9", usual), pkitest.Signer{Name: "DS"}, usual), pkitest.Envelope{})
			}),
			want: map[pki.Check]string{
				pki.CheckChain: "failed signer_unknown", pki.CheckValidity: "undetermined no_chain",
				pki.CheckRevocation: "not_done no_chain", pki.CheckCountry: "not_done no_chain",
			},
		},
		{
			name: "a signer of a country of which nothing is known",
			d:    with(func(d *pki.Document) { d.SOD, d.State = frenchSOD, "FRA" }),
			want: map[pki.Check]string{
				pki.CheckChain: "undetermined authority_unknown", pki.CheckValidity: "undetermined no_chain",
				pki.CheckRevocation: "not_done no_chain", pki.CheckCountry: "not_done no_chain",
			},
		},
		{
			name: "a signer who names a country of which nothing is known, in another's document",
			d:    with(func(d *pki.Document) { d.SOD = frenchSOD }),
			want: map[pki.Check]string{
				pki.CheckChain: "undetermined authority_unknown", pki.CheckValidity: "undetermined no_chain",
				pki.CheckRevocation: "not_done no_chain", pki.CheckCountry: "failed country_differs",
			},
		},
		{
			name: "an authority's certificate that came with the document is not trusted",
			d: with(func(d *pki.Document) {
				d.SOD = other.newSOD(t, other.signer, pkitest.Envelope{Enclose: []*cert.Certificate{other.authority.Certificate}})
			}),
			want: map[pki.Check]string{
				pki.CheckChain: "failed chain_signature", pki.CheckValidity: "undetermined no_chain",
				pki.CheckRevocation: "not_done no_chain", pki.CheckCountry: "not_done no_chain",
			},
		},
		{
			name: "an expired signer",
			d:    signed(pkitest.Signer{Name: "DS", NotBefore: years(-3), NotAfter: years(-1)}, pkitest.Envelope{SigningTime: years(-2)}),
			want: map[pki.Check]string{pki.CheckValidity: "failed expired"},
		},
		{
			name: "a signer that is not valid yet",
			d:    signed(pkitest.Signer{Name: "DS", NotBefore: years(1), NotAfter: years(2)}, pkitest.Envelope{}),
			want: map[pki.Check]string{pki.CheckValidity: "failed not_yet_valid", pki.CheckSigningTime: "failed outside_key_period"},
		},
		{
			name: "an expired authority", d: w.document(),
			entries: []pki.Entry{{Kind: pki.KindAuthority, DER: old.Certificate.Raw}, {Kind: pki.KindCRL, DER: w.crl}},
			want:    map[pki.Check]string{pki.CheckValidity: "failed expired"},
		},
		{
			name: "a document signed after the key's period",
			d:    signed(pkitest.Signer{Name: "DS", SignsFrom: years(-1), SignsUntil: now.AddDate(0, -8, 0)}, pkitest.Envelope{}),
			want: map[pki.Check]string{pki.CheckSigningTime: "failed outside_key_period"},
		},
		{
			name: "a document issued long after it was signed",
			d:    with(func(d *pki.Document) { d.Issued = years(-3) }),
			want: map[pki.Check]string{pki.CheckSigningTime: "failed outside_key_period"},
		},
		{
			name: "a document issued some days before its signer's time",
			d:    with(func(d *pki.Document) { d.Issued = years(-1).AddDate(0, 0, -20) }),
		},
		{
			name: "a revoked signer", d: w.document(), entries: crl(w.newCRL(t, w.authority, now, revokedAt)),
			want: map[pki.Check]string{pki.CheckRevocation: "failed revoked"},
		},
		{
			name: "a newer list from which the signer was taken",
			d:    w.document(), entries: append(crl(w.crl), pki.Entry{Kind: pki.KindCRL, DER: w.newCRL(t, w.authority, years(-1), revokedAt)}),
		},
		{
			name: "no revocation list", d: w.document(), entries: []pki.Entry{authority},
			want: map[pki.Check]string{pki.CheckRevocation: "not_done list_missing"},
		},
		{
			name: "a stale revocation list", d: w.document(), entries: crl(w.newCRL(t, w.authority, years(-1))),
			want: map[pki.Check]string{pki.CheckRevocation: "undetermined list_stale"},
		},
		{
			name: "a stale revocation list with the signer on it", d: w.document(), entries: crl(w.newCRL(t, w.authority, years(-1), revokedAt)),
			want: map[pki.Check]string{pki.CheckRevocation: "failed revoked"},
		},
		{
			name: "a revocation list that the authority did not sign", d: w.document(), entries: crl(other.crl),
			want: map[pki.Check]string{pki.CheckRevocation: "not_done list_missing"},
		},
		{
			name: "a revocation list of the future", d: w.document(), entries: crl(w.newCRL(t, w.authority, years(1))),
			want: map[pki.Check]string{pki.CheckRevocation: "not_done list_missing"},
		},
		{
			name: "an altered data group", d: files(func(f map[int][]byte) { f[2] = []byte("another portrait") }),
			want: map[pki.Check]string{pki.CheckHash: "failed hash_differs"},
		},
		{
			name: "a data group that was not signed", d: files(func(f map[int][]byte) { f[11] = []byte("details") }),
			want: map[pki.Check]string{pki.CheckHash: "failed not_signed"},
		},
		{
			name: "a data group that was not read", d: files(func(f map[int][]byte) { delete(f, 14) }),
			want: map[pki.Check]string{pki.CheckHash: "not_done not_read"},
		},
		{
			name: "a document of another state", d: with(func(d *pki.Document) { d.State = "FRA" }),
			want: map[pki.Check]string{pki.CheckCountry: "failed country_differs"},
		},
		{
			name: "an authority of another state, with everything else right",
			d:    with(func(d *pki.Document) { d.SOD = frenchSOD }), entries: frenchEntries,
			want: map[pki.Check]string{pki.CheckCountry: "failed country_differs"},
		},
		{
			name: "a signer that poses as another state's",
			d:    with(func(d *pki.Document) { d.SOD = w.newSOD(t, posing, pkitest.Envelope{}); d.State = "FRA" }),
			want: map[pki.Check]string{pki.CheckCountry: "failed country_differs"},
		},
		{
			name: "a document whose state is not known", d: with(func(d *pki.Document) { d.State = "" }),
			want: map[pki.Check]string{pki.CheckCountry: "not_done zone_missing"},
		},
		{
			name: "a signer for this type of document",
			d:    signed(pkitest.Signer{Name: "DS", DocumentTypes: []string{"P"}}, pkitest.Envelope{}),
			want: map[pki.Check]string{pki.CheckDocumentType: "successful"},
		},
		{
			name: "a signer for other types of document",
			d:    signed(pkitest.Signer{Name: "DS", DocumentTypes: []string{"AR", "ID"}}, pkitest.Envelope{}),
			want: map[pki.Check]string{pki.CheckDocumentType: "failed type_not_listed"},
		},
		{
			name: "a signer of master lists",
			d:    signed(pkitest.Signer{Name: "ML", Purpose: pkitest.MasterListSigner}, pkitest.Envelope{}),
			want: map[pki.Check]string{pki.CheckSigner: "failed wrong_purpose"},
		},
		{
			name: "a signer with a purpose of somebody else's",
			d:    signed(pkitest.Signer{Name: "DS", Purpose: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}}, pkitest.Envelope{}),
			want: map[pki.Check]string{pki.CheckSigner: "undetermined certificate_odd"},
		},
		{
			name: "no signed attributes", d: enveloped(pkitest.Envelope{NoAttributes: true}),
			want: map[pki.Check]string{pki.CheckSignature: "failed attributes_missing", pki.CheckSigningTime: "not_done time_unknown"},
		},
		{
			name: "attributes of another content", d: enveloped(pkitest.Envelope{OtherContent: []byte("other")}),
			want: map[pki.Check]string{pki.CheckSignature: "failed content_differs"},
		},
		{
			name: "attributes for another type of content", d: enveloped(pkitest.Envelope{AttributeType: pkitest.TypeMasterList}),
			want: map[pki.Check]string{pki.CheckSignature: "failed content_differs"},
		},
		{
			name: "a digest algorithm that was downgraded beside the signature", d: enveloped(pkitest.Envelope{ClaimDigest: crypto.SHA1}),
			want: map[pki.Check]string{pki.CheckSignature: "failed content_differs", pki.CheckStrength: "undetermined weak"},
		},
		{
			name: "a digest that is weaker than the signature's", d: enveloped(pkitest.Envelope{Digest: crypto.SHA1}),
			want: map[pki.Check]string{pki.CheckStrength: "undetermined weak"},
		},
		{name: "an envelope without lengths", d: enveloped(pkitest.Envelope{Indefinite: true})},
		{name: "a signer named by its key", d: enveloped(pkitest.Envelope{ByKeyID: true})},
		{
			name: "a signer without certificate", d: enveloped(pkitest.Envelope{NoCertificate: true}),
			want: map[pki.Check]string{
				pki.CheckSignature: "undetermined signer_missing", pki.CheckSigner: "not_done signer_missing",
				pki.CheckChain: "not_done signer_missing", pki.CheckValidity: "not_done signer_missing",
				pki.CheckSigningTime: "not_done signer_missing", pki.CheckRevocation: "not_done signer_missing",
				pki.CheckStrength: "not_done signer_missing", pki.CheckCountry: "not_done signer_missing",
				pki.CheckDocumentType: "not_done signer_missing", pki.CheckDefects: "not_done signer_missing",
			},
		},
		{
			name: "a signer whose certificate the booth has", d: enveloped(pkitest.Envelope{NoCertificate: true}),
			entries: append(w.entries(), pki.Entry{Kind: pki.KindSigner, DER: w.signer.Certificate.Raw}),
		},
		{
			name: "a signer without key identifiers",
			d:    signed(pkitest.Signer{Name: "DS", NoKeyIDs: true}, pkitest.Envelope{}),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entries := tt.entries
			if entries == nil {
				entries = w.entries()
			}
			expect(t, trust(t, entries...).Verify(tt.d, now), tt.want)
		})
	}
}

func TestAnUnreadableSecurityObjectLeavesEveryCheckUndone(t *testing.T) {
	r := trust(t).Verify(pki.Document{SOD: []byte{0x77, 0}}, now)
	for i, f := range r.Facts {
		if i == 0 && (f.State != pki.Failed || f.Check != pki.CheckSecurityObject) || i > 0 && f.State != pki.NotDone {
			t.Errorf("%+v", f)
		}
	}
	if len(r.Facts) != 12 {
		t.Errorf("%d facts", len(r.Facts))
	}
}

// A signature over attributes is one over bytes that begin like a SET. Handed in as content
// without attributes they would be signed.
func TestSignedAttributesCannotBeHandedInAsContent(t *testing.T) {
	w := newWorld(t, usual)
	d := w.document()
	sod, err := w.signer.Sign(pkitest.TypeSOD, []byte{0x31, 0}, pkitest.Envelope{NoAttributes: true})
	if err != nil {
		t.Fatal(err)
	}
	d.SOD = sod
	if f := resultOf(trust(t, w.entries()...), d).Fact(pki.CheckSecurityObject); f.State != pki.Failed {
		t.Errorf("%+v", f)
	}
}

func TestEFCardSecurityIsVerifiedLikeTheSecurityObject(t *testing.T) {
	w := newWorld(t, usual)
	tr := trust(t, w.entries()...)
	file, err := w.signer.Sign(pkitest.TypeCardSecurity, []byte{0x31, 0}, pkitest.Envelope{SigningTime: now})
	if err != nil {
		t.Fatal(err)
	}
	content, r := tr.VerifyCardSecurity(file, w.document(), now)
	if !bytes.Equal(content, []byte{0x31, 0}) || r.Fact(pki.CheckSignature).State != pki.Successful ||
		r.Fact(pki.CheckChain).State != pki.Successful || r.Fact(pki.CheckRevocation).State != pki.Successful {
		t.Errorf("%+v", r.Facts)
	}
	file[len(file)-5] ^= 4
	if _, r := tr.VerifyCardSecurity(file, w.document(), now); r.Fact(pki.CheckSignature).State != pki.Failed {
		t.Errorf("altered: %+v", r.Facts)
	}
	sod, err := cms.Unwrap(0x77, w.sod)
	if err != nil {
		t.Fatal(err)
	}
	if content, r := tr.VerifyCardSecurity(sod, w.document(), now); content != nil || r.Fact(pki.CheckSecurityObject).State != pki.Failed {
		t.Errorf("a security object of another type: %+v", r.Facts)
	}
}

func TestBothVersionsOfTheHashListAreRead(t *testing.T) {
	w := newWorld(t, usual)
	for _, tt := range []struct {
		lds     string
		version int
	}{{"", 0}, {"0108", 1}} {
		file, err := w.signer.SOD(w.files, crypto.SHA512, tt.lds, pkitest.Envelope{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := pki.ParseSOD(file)
		if err != nil || s.Version != tt.version || s.LDS != tt.lds || s.Hash != crypto.SHA512 || len(s.Groups) != 3 {
			t.Errorf("version %d: %+v, %v", tt.version, s, err)
		}
	}
}

// Some documents were issued with a hash of the wrong length for a group that nobody reads; the
// others are as good as they are.
func TestAHashOfTheWrongLengthIsThatOfNoFile(t *testing.T) {
	w := newWorld(t, usual)
	var list struct {
		Version   int
		Algorithm asn1.RawValue
		Groups    []struct {
			Number int
			Hash   []byte
		}
	}
	if _, err := asn1.Unmarshal(pkitest.HashList(w.files, crypto.SHA256, ""), &list); err != nil {
		t.Fatal(err)
	}
	last := &list.Groups[len(list.Groups)-1] // 14
	last.Hash = last.Hash[:20]
	content, err := asn1.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := w.signer.Sign(pkitest.TypeSOD, content, pkitest.Envelope{SigningTime: now.AddDate(0, -6, 0)})
	if err != nil {
		t.Fatal(err)
	}
	d := w.document()
	d.SOD = signed
	r := trust(t, w.entries()...).Verify(d, now)
	if f := r.Fact(pki.CheckSignature); f.State != pki.Successful {
		t.Errorf("signature: %+v", f)
	}
	for _, f := range r.Facts {
		if want := map[bool]pki.State{true: pki.Failed, false: pki.Successful}[f.Group == 14]; f.Check == pki.CheckHash && f.State != want {
			t.Errorf("hash of data group %d: %+v", f.Group, f)
		}
	}
}

func TestRolloverOfAnAuthority(t *testing.T) {
	w := newWorld(t, usual)
	next := w.newAuthority(t, "DE", "CSCA", pkitest.Algorithm{Curve: "brainpoolP256r1", Hash: crypto.SHA384})
	renamed := w.newAuthority(t, "DE", "CSCA Germany", pkitest.Algorithm{Curve: "P-521", Hash: crypto.SHA512})
	first := *w.authority
	first.NotAfter = years(-1)
	old, err := pkitest.NewAuthority(first)
	if err != nil {
		t.Fatal(err)
	}
	link := func(from, to *pkitest.Authority) pki.Entry {
		der, err := from.Link(to)
		if err != nil {
			t.Fatal(err)
		}
		return pki.Entry{Kind: pki.KindLink, DER: der}
	}
	own := func(a *pkitest.Authority) pki.Entry {
		return pki.Entry{Kind: pki.KindAuthority, DER: a.Certificate.Raw}
	}
	crl := func(a *pkitest.Authority, revoked ...pkitest.Revoked) pki.Entry {
		return pki.Entry{Kind: pki.KindCRL, DER: w.newCRL(t, a, now.Add(time.Hour), revoked...)}
	}
	by := func(a *pkitest.Authority, s pkitest.Signer) pki.Document {
		s.Name = "DS 2"
		d := w.document()
		d.SOD = w.newSOD(t, w.newSigner(t, a, s, usual), pkitest.Envelope{})
		return d
	}
	withoutCRL := map[pki.Check]string{pki.CheckRevocation: "not_done list_missing"}
	tests := []struct {
		name    string
		d       pki.Document
		entries []pki.Entry
		length  int // of the chain
		want    map[pki.Check]string
	}{
		{"two keys under one name, the second signed", by(next, pkitest.Signer{}), []pki.Entry{own(w.authority), own(next), crl(next)}, 2, nil},
		{"two keys under one name, the second signed and no key is named", by(next, pkitest.Signer{NoKeyIDs: true}), []pki.Entry{own(w.authority), own(next), crl(next)}, 2, nil},
		{"two keys under one name, the first signed and no key is named", by(w.authority, pkitest.Signer{NoKeyIDs: true}), []pki.Entry{own(next), own(w.authority), crl(next)}, 2, nil},
		{"the new key known by its link only", by(next, pkitest.Signer{}), []pki.Entry{own(w.authority), link(w.authority, next)}, 3, withoutCRL},
		{"two links", by(renamed, pkitest.Signer{}), []pki.Entry{own(w.authority), link(w.authority, next), link(next, renamed)}, 4, withoutCRL},
		{"a link from a key that is not known", by(renamed, pkitest.Signer{}), []pki.Entry{own(w.authority), link(next, renamed)}, 0, map[pki.Check]string{
			pki.CheckChain: "failed signer_unknown", pki.CheckValidity: "undetermined no_chain",
			pki.CheckRevocation: "not_done no_chain", pki.CheckCountry: "not_done no_chain",
		}},
		{"the old name's signers on the new name's revocation list", w.document(),
			[]pki.Entry{own(w.authority), own(renamed), link(w.authority, renamed), crl(renamed, pkitest.Revoked{Certificate: w.signer.Certificate, At: now})}, 2,
			map[pki.Check]string{pki.CheckRevocation: "failed revoked"}},
		{"each key goes on with its own revocation list, and the old one's has the signer", w.document(),
			[]pki.Entry{own(w.authority), own(next), crl(next), {Kind: pki.KindCRL, DER: w.newCRL(t, w.authority, now, pkitest.Revoked{Certificate: w.signer.Certificate, At: now})}}, 2,
			map[pki.Check]string{pki.CheckRevocation: "failed revoked"}},
		{"the old key's revocation list is stale and the new one's is not", w.document(),
			[]pki.Entry{own(w.authority), own(next), crl(next), {Kind: pki.KindCRL, DER: w.newCRL(t, w.authority, years(-1))}}, 2, nil},
		{"the key's first certificate expired and a second is valid", w.document(),
			[]pki.Entry{own(old), own(w.authority), {Kind: pki.KindCRL, DER: w.crl}}, 2, nil},
		{"the revocation list of an authority of the country that is not the successor", w.document(),
			[]pki.Entry{own(w.authority), own(renamed), crl(renamed, pkitest.Revoked{Certificate: w.signer.Certificate, At: now})}, 2, withoutCRL},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := trust(t, tt.entries...)
			r := tr.Verify(tt.d, now)
			if len(r.Chain) != tt.length {
				t.Errorf("chain of %d, not %d", len(r.Chain), tt.length)
			}
			expect(t, r, tt.want)
		})
	}
}

func TestStatesAndTheirAuthorities(t *testing.T) {
	tests := []struct{ country, state, zone, want string }{
		{"DE", "", "D<<", "successful"}, {"FR", "", "FRA", "successful"}, {"GB", "", "GBD", "successful"},
		{"UN", "", "UNO", "successful"}, {"EU", "", "EUE", "successful"}, {"KS", "", "RKS", "successful"},
		{"HK", "", "CHN", "successful"}, {"TW", "", "TWN", "successful"}, {"UT", "UTO", "UTO", "successful"},
		{"DE", "", "AUT", "failed"}, {"CN", "", "TWN", "failed"}, {"UT", "", "UTO", "undetermined"}, {"XO", "", "XOM", "undetermined"},
	}
	var keys pkitest.Keys
	key, err := keys.Get(usual)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, usual)
	for _, tt := range tests {
		a, err := pkitest.NewAuthority(pkitest.Authority{Country: tt.country, State: tt.state, Name: "CSCA", Key: key, NotBefore: years(-1), NotAfter: years(1)})
		if err != nil {
			t.Fatal(err)
		}
		d := w.document()
		d.State = tt.zone
		d.SOD = w.newSOD(t, w.newSigner(t, a, pkitest.Signer{Name: "DS"}, usual), pkitest.Envelope{})
		r := trust(t, pki.Entry{Kind: pki.KindAuthority, DER: a.Certificate.Raw}).Verify(d, now)
		if f := r.Fact(pki.CheckCountry); string(f.State) != tt.want {
			t.Errorf("authority of %s, zone of %s: %+v", tt.country, tt.zone, f)
		}
	}
}
