package pki_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/pkitest"
)

// countersigned is a master list of the world's authority, with a French one on it.
func countersigned(t testing.TB, w *world, purpose bool, e pkitest.Envelope) (list []byte, french *pkitest.Authority) {
	t.Helper()
	abroad := &world{}
	french = abroad.newAuthority(t, "FR", "CSCA-FRANCE", usual)
	next := abroad.newAuthority(t, "FR", "CSCA-FRANCE", pkitest.Algorithm{Curve: "P-384", Hash: crypto.SHA384})
	link, err := french.Link(next)
	if err != nil {
		t.Fatal(err)
	}
	s := pkitest.Signer{Name: "Master list signer"}
	if purpose {
		s.Purpose = pkitest.MasterListSigner
	}
	signer := w.newSigner(t, w.authority, s, usual)
	broken := []byte{0x30, 0x03, 0x02, 0x01, 0x01}
	list, err = signer.MasterList([][]byte{french.Certificate.Raw, next.Certificate.Raw, link, broken}, e)
	if err != nil {
		t.Fatal(err)
	}
	return list, french
}

func TestAMasterListIsTakenFromWhomTheOperatorTrusts(t *testing.T) {
	w := newWorld(t, usual)
	stranger := newWorld(t, usual)
	good, _ := countersigned(t, w, true, pkitest.Envelope{SigningTime: now})
	ordinary, _ := countersigned(t, w, false, pkitest.Envelope{})
	forged, _ := countersigned(t, w, true, pkitest.Envelope{OtherContent: []byte("other")})
	tests := []struct {
		name    string
		list    []byte
		anchors []pki.Entry
		want    bool
	}{
		{"signed by a master list signer of a chosen authority", good, w.entries(), true},
		{"signed under an authority that was not chosen", good, stranger.entries(), false},
		{"signed under no authority", good, nil, false},
		{"signed by a document signer", ordinary, w.entries(), false},
		{"signed for another content", forged, w.entries(), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := pki.ParseList(tt.list, "list")
			if err != nil {
				t.Fatal(err)
			}
			facts := l.Verify(trust(t, tt.anchors...), now)
			if pki.Vouched(facts) != tt.want {
				t.Errorf("%+v", facts)
			}
			if len(l.Entries) != 3 || len(l.Faults) != 1 {
				t.Errorf("%d certificates, faults %v", len(l.Entries), l.Faults)
			}
		})
	}
}

func TestWhatIsOnAMasterListVerifiesDocuments(t *testing.T) {
	w := newWorld(t, usual)
	list, french := countersigned(t, w, true, pkitest.Envelope{})
	l, err := pki.ParseList(list, "list")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range l.Entries {
		kinds = append(kinds, string(e.Kind))
	}
	slices.Sort(kinds)
	if fmt.Sprint(kinds) != "[csca csca link]" {
		t.Errorf("kinds %v", kinds)
	}
	d := w.document()
	d.State = "FRA"
	d.SOD = w.newSOD(t, w.newSigner(t, french, pkitest.Signer{Name: "DS"}, usual), pkitest.Envelope{})
	expect(t, trust(t, l.Entries...).Verify(d, now), map[pki.Check]string{pki.CheckRevocation: "not_done list_missing"})
}

func TestDefectAndDeviationLists(t *testing.T) {
	w := newWorld(t, usual)
	ls := w.newSigner(t, w.authority, pkitest.Signer{Name: "List signer", Purpose: pkitest.DeviationListSigner}, usual)
	other := w.newSigner(t, w.authority, pkitest.Signer{Name: "DS 2"}, usual)
	defects := func(major, minor int, c *cert.Certificate) []byte {
		b, err := ls.DefectList(major, minor, pkitest.Envelope{}, c)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	deviations := func(from, to int) []byte {
		b, err := ls.DeviationList(2, 1, w.signer.Certificate, years(from), years(to), pkitest.Envelope{})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	known := map[pki.Check]string{pki.CheckDefects: "undetermined known_defect"}
	tests := []struct {
		name string
		list []byte
		want map[pki.Check]string
	}{
		{"a signer that the list revokes", defects(1, 1, w.signer.Certificate), map[pki.Check]string{
			pki.CheckRevocation: "failed revoked_by_list", pki.CheckDefects: "undetermined known_defect",
		}},
		{"a signer with malformed data groups", defects(2, 1, w.signer.Certificate), known},
		{"a defect of a kind that is not known", defects(9, 9, w.signer.Certificate), known},
		{"another signer", defects(1, 1, other.Certificate), nil},
		{"a deviation in the time of issue", deviations(-2, 1), known},
		{"a deviation of another time", deviations(-9, -8), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := pki.ParseList(tt.list, "list")
			if err != nil {
				t.Fatal(err)
			}
			if facts := l.Verify(trust(t, w.entries()...), now); !pki.Vouched(facts) {
				t.Errorf("%+v", facts)
			}
			d := w.document()
			d.Issued = now.AddDate(0, -6, 0)
			expect(t, trust(t, append(w.entries(), l.Entries...)...).Verify(d, now), tt.want)
		})
	}
}

func TestTrustTravelsAsLines(t *testing.T) {
	w := newWorld(t, usual)
	list, _ := countersigned(t, w, true, pkitest.Envelope{})
	l, err := pki.ParseList(list, "list of 2026-11-22")
	if err != nil {
		t.Fatal(err)
	}
	entries := append(w.entries(), l.Entries...)
	var first, second bytes.Buffer
	if err := pki.WriteLines(&first, trust(t, entries...).Entries()); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(entries)
	again := entries[0]
	again.Source = "list of 2026-12-01"
	if err := pki.WriteLines(&second, trust(t, append([]pki.Entry{again}, entries...)...).Entries()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) || bytes.Count(first.Bytes(), []byte("\n")) != 5 {
		t.Error("the lines depend on the order, or repeat themselves")
	}
	read, err := pki.ReadLines(&first)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, trust(t, read...).Verify(w.document(), now), nil)
	for _, bad := range []string{`{"kind":"csca","der":"AA==","until":"2027"}`, `{"kind":"csca"} {}`, `{"kind":`, "\n"} {
		if _, err := pki.ReadLines(strings.NewReader(bad)); err == nil {
			t.Errorf("taken: %q", bad)
		}
	}
}

func TestEntriesThatCannotBeUsedAreNamed(t *testing.T) {
	w := newWorld(t, usual)
	_, faults := pki.New([]pki.Entry{
		{Kind: pki.KindAuthority, DER: w.authority.Certificate.Raw},
		{Kind: pki.KindAuthority, DER: w.signer.Certificate.Raw},
		{Kind: pki.KindCRL, DER: []byte("no list")},
		{Kind: "root", DER: nil},
		{Kind: pki.KindDefects, DER: nil}, {Kind: pki.KindDeviations, DER: nil},
	})
	if len(faults) != 5 || !strings.HasPrefix(faults[0].Error(), "entry 2: ") {
		t.Errorf("%v", faults)
	}
}

// ldifOf writes entries as the public key directory does.
func ldifOf(values ...[2]string) string {
	var b strings.Builder
	b.WriteString("version: 1\n\n")
	for i, v := range values {
		name, der := v[0], v[1]
		line := name + ":: " + base64.StdEncoding.EncodeToString([]byte(der))
		fmt.Fprintf(&b, "dn: cn=%d,o=x,c=DE,dc=data,dc=download,dc=pkd,dc=icao,dc=int\nobjectClass: top\n", i)
		for len(line) > 76 {
			b.WriteString(line[:76] + "\n ")
			line = line[76:]
		}
		b.WriteString(line + "\n\n")
	}
	return b.String()
}

func TestADownloadOfTheDirectoryIsImported(t *testing.T) {
	w := newWorld(t, usual)
	stranger := newWorld(t, usual)
	list, french := countersigned(t, w, true, pkitest.Envelope{})
	foreign, _ := countersigned(t, stranger, true, pkitest.Envelope{})
	file := ldifOf(
		[2]string{"userCertificate;binary", string(w.signer.Certificate.Raw)},
		[2]string{"certificateRevocationList;binary", string(w.crl)},
		[2]string{"pkdMasterListContent", string(list)},
		[2]string{"pkdMasterListContent", string(foreign)},
		[2]string{"cACertificate;binary", string(stranger.authority.Certificate.Raw)},
		[2]string{"userCertificate;binary", "no certificate"},
	)
	var kept []pki.Entry
	im := pki.Import{
		Trust: trust(t, w.entries()...), Now: now, Source: "PKD 7", Signers: true,
		Keep: func(e pki.Entry) error { kept = append(kept, e); return nil },
	}
	report, faults, err := im.LDIF(t.Context(), strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	want := pki.ImportReport{
		Entries: 6, Unreadable: 1, Signers: 1, CRLs: 1, Lists: 1, SkippedLists: 1, Authorities: 2, Links: 1, UnreadableInLists: 1,
	}
	if report != want || len(faults) != 1 || len(kept) != 5 {
		t.Errorf("%+v, faults %v, kept %d", report, faults, len(kept))
	}
	for _, e := range kept {
		if bytes.Equal(e.DER, stranger.authority.Certificate.Raw) {
			t.Error("an authority was kept for which nobody vouches")
		}
		if e.Source != "PKD 7" {
			t.Errorf("source %q", e.Source)
		}
	}
	d := w.document()
	d.State = "FRA"
	d.SOD = w.newSOD(t, w.newSigner(t, french, pkitest.Signer{Name: "DS"}, usual), pkitest.Envelope{})
	expect(t, trust(t, kept...).Verify(d, now), map[pki.Check]string{pki.CheckRevocation: "not_done list_missing"})
}

func TestAnImportEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := pki.Import{Trust: trust(t), Now: now}.LDIF(ctx, strings.NewReader(ldifOf()))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
