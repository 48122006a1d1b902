package pki_test

import (
	"testing"

	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/pkitest"
)

func TestWhatRestsOnDoubtfulMaterialIsOpen(t *testing.T) {
	w, other := newWorld(t, usual), newWorld(t, usual)
	forged := w.document()
	forged.SOD = other.sod
	foreign := w.document()
	french := (&world{}).newAuthority(t, "FR", "CSCA-FRANCE", usual)
	foreign.SOD = w.newSOD(t, w.newSigner(t, french, pkitest.Signer{Name: "DS"}, usual), pkitest.Envelope{})
	altered := w.document()
	altered.Digest = digestOf(map[int][]byte{1: []byte("another"), 2: w.files[2]})
	revoking, err := w.authority.CRL(now, years(1), pkitest.Revoked{Certificate: w.signer.Certificate, At: years(-1), Reason: 1})
	if err != nil {
		t.Fatal(err)
	}
	known, faults := pki.New(w.entries())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	revoked, faults := pki.New([]pki.Entry{{Kind: pki.KindAuthority, DER: w.authority.Certificate.Raw}, {Kind: pki.KindCRL, DER: revoking}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	type want = map[pki.Check]string
	for _, tt := range []struct {
		name  string
		trust *pki.Trust
		d     pki.Document
		want  want
	}{
		{"a good document, by an old list", known.Doubted(pki.ReasonTrustStale), w.document(), want{
			pki.CheckSignature: "successful ", pki.CheckChain: "successful ", pki.CheckRevocation: "undetermined trust_stale", pki.CheckDefects: "undetermined trust_stale"}},
		{"a signer that no known authority made, by an old list", known.Doubted(pki.ReasonTrustStale), forged, want{
			pki.CheckSignature: "successful ", pki.CheckChain: "undetermined trust_stale", pki.CheckRevocation: "not_done trust_stale"}},
		{"a state of which an old list knows nothing", known.Doubted(pki.ReasonTrustStale), foreign, want{
			pki.CheckChain: "undetermined authority_unknown"}},
		{"a signer that is revoked stays so, however old the list", revoked.Doubted(pki.ReasonTrustStale), w.document(), want{
			pki.CheckChain: "successful ", pki.CheckRevocation: "failed revoked"}},
		{"an altered group stays so", known.Doubted(pki.ReasonTrustStale), altered, want{pki.CheckHash: "failed hash_differs"}},
		{"a list past its time", (*pki.Trust)(nil).Doubted(pki.ReasonTrustExpired), w.document(), want{
			pki.CheckSignature: "successful ", pki.CheckChain: "undetermined trust_expired", pki.CheckRevocation: "not_done trust_expired", pki.CheckDefects: "not_done trust_expired"}},
		{"a forged signer, and no list", (*pki.Trust)(nil).Doubted(pki.ReasonTrustMissing), forged, want{
			pki.CheckChain: "undetermined trust_missing", pki.CheckRevocation: "not_done trust_missing", pki.CheckDefects: "not_done trust_missing"}},
		{"the doubt is taken back", known.Doubted(pki.ReasonTrustStale).Doubted(""), forged, want{
			pki.CheckChain: "failed chain_signature", pki.CheckRevocation: "not_done no_chain", pki.CheckDefects: "successful "}},
		{"and was never the material's own", known, w.document(), want{pki.CheckRevocation: "successful "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := resultOf(tt.trust, tt.d)
			for check, want := range tt.want {
				f := r.Fact(check)
				if got := string(f.State) + " " + string(f.Reason); got != want || f.Text == "" {
					t.Errorf("%s: %q, %q, want %q", check, got, f.Text, want)
				}
			}
		})
	}
}
