package pki_test

import (
	"crypto"
	"testing"

	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/pkitest"
)

func FuzzParseSOD(f *testing.F) {
	w := newWorld(f, usual)
	tr := trust(f, w.entries()...)
	for _, e := range []pkitest.Envelope{
		{}, {Indefinite: true}, {ByKeyID: true}, {NoAttributes: true}, {NoCertificate: true},
	} {
		f.Add(w.newSOD(f, w.signer, e))
	}
	genuine := map[string]bool{}
	for group, file := range w.files {
		sum := crypto.SHA256.New()
		sum.Write(file)
		genuine[string(rune(group))+string(sum.Sum(nil))] = true
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		d := w.document()
		d.SOD = file
		r := tr.Verify(d, now)
		if r.Fact(pki.CheckSignature).State != pki.Successful || r.Fact(pki.CheckChain).State != pki.Successful {
			return
		}
		for group, hash := range r.SOD.Groups {
			if !genuine[string(rune(group))+string(hash)] {
				t.Errorf("a hash of group %d that nobody signed was verified", group)
			}
		}
	})
}

func FuzzParseList(f *testing.F) {
	w := newWorld(f, usual)
	list, _ := countersigned(f, w, true, pkitest.Envelope{})
	f.Add(list)
	signer := w.newSigner(f, w.authority, pkitest.Signer{Name: "L", Purpose: pkitest.DeviationListSigner}, usual)
	defects, err := signer.DefectList(1, 1, pkitest.Envelope{}, w.signer.Certificate)
	if err != nil {
		f.Fatal(err)
	}
	deviations, err := signer.DeviationList(2, 1, w.signer.Certificate, years(-1), now, pkitest.Envelope{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(defects)
	f.Add(deviations)
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := pki.ParseList(b, "")
		if err != nil {
			return
		}
		tr, faults := pki.New(l.Entries)
		if len(faults) > 0 {
			t.Errorf("what was imported cannot be used: %v", faults)
		}
		l.Verify(tr, now)
		tr.Verify(w.document(), now)
	})
}

func FuzzParseCRL(f *testing.F) {
	w := newWorld(f, usual)
	f.Add(w.crl)
	f.Add(w.newCRL(f, w.authority, now, pkitest.Revoked{Certificate: w.signer.Certificate, At: now, Reason: 1}))
	f.Fuzz(func(t *testing.T, der []byte) {
		l, err := cert.ParseCRL(der)
		if err != nil {
			return
		}
		if l.Len() > len(der)/5 {
			t.Errorf("%d entries in %d bytes", l.Len(), len(der))
		}
		if l.Verify(w.authority.Certificate.Key) == nil && l.ThisUpdate.Unix() != now.Unix() {
			t.Error("a list that nobody signed was verified")
		}
	})
}
