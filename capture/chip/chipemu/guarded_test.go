package chipemu_test

import (
	"boothd/capture/synthetic"
	"bytes"
	"crypto"
	"errors"
	"image/png"
	"testing"
	"time"

	"boothd/capture/chip/access"
	"boothd/capture/chip/apdu"
	"boothd/capture/chip/authenticity"
	"boothd/capture/chip/authenticity/cvc"
	"boothd/capture/chip/authenticity/cvc/cvctest"
	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/lds"
	"boothd/capture/chip/security"
)

func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

// inspectors is a state's PKI of terminals.
type inspectors struct {
	root, next, verifier, terminal *cvctest.Holder // next is certified by root
}

func newInspectors(t testing.TB, a cvctest.Algorithm, rights byte) inspectors {
	t.Helper()
	must := func(h *cvctest.Holder, err error) *cvctest.Holder {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	const all = cvctest.Fingerprints | cvctest.Irises
	var p inspectors
	p.root = must(cvctest.NewCVCA(cvctest.Order{Holder: "UTCVCA00001", Rights: all, Algorithm: a}))
	p.next = must(p.root.Issue(cvctest.Order{Holder: "UTCVCA00002", Role: cvc.CVCA, Rights: all, Algorithm: a, From: day("2026-01-01")}))
	p.verifier = must(p.next.Issue(cvctest.Order{Holder: "UTDV00001", Role: cvc.DomesticDV, Rights: all, Algorithm: a, From: day("2026-02-01")}))
	p.terminal = must(p.verifier.Issue(cvctest.Order{Holder: "UTTERM00001", Rights: rights, Algorithm: a, From: day("2026-03-01")}))
	return p
}

func (p inspectors) as(t testing.TB) *authenticity.Terminal {
	t.Helper()
	signer, err := authenticity.FromCrypto(p.terminal.Key.Signer(), p.terminal.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	return &authenticity.Terminal{
		Identities: []authenticity.Identity{{Certificate: p.terminal.Certificate, Signer: signer}},
		Known:      []*cvc.Certificate{p.next.Certificate, p.verifier.Certificate},
		Now:        func() time.Time { return today },
	}
}

var guardedCurve = cvctest.Algorithm{Scheme: cvc.Scheme{Method: cvc.ECDSA, Hash: crypto.SHA256}, Curve: "brainpoolP256r1"}

// guarded is a document with fingers and irises.
func guarded(t testing.TB, root *cvctest.Holder) chipemu.Document {
	return document(t, 1, func(d *chipemu.Document) {
		d.Portrait.Data = nil
		d.Terminal = &chipemu.Terminal{Roots: [][]byte{root.Certificate.Raw}}
		d.Fingers = &lds.Fingers{Fingers: []lds.Finger{{
			Picture: lds.Picture{Format: lds.FormatWSQ, Data: append([]byte{0xFF, 0xA0, 0xFF}, make([]byte, 900)...)}, Position: 2, Width: 300, Height: 400,
		}}}
		d.Irises = &lds.Irises{Filler: []byte("none of them")}
	})
}

func TestTerminalAuthenticationOpensWhatTheCertificatesAllow(t *testing.T) {
	issuer := newIssuer(t, false)
	for name, test := range map[string]struct {
		algorithm cvctest.Algorithm
		rights    byte
		pace      bool
	}{
		"fingers, after BAC":             {guardedCurve, cvctest.Fingerprints, false},
		"irises, after PACE":             {guardedCurve, cvctest.Irises, true},
		"both, RSA":                      {cvctest.Algorithm{Scheme: cvc.Scheme{Method: cvc.PKCS1, Hash: crypto.SHA256}, Bits: 1024}, 3, true},
		"nothing, by P-384":              {cvctest.Algorithm{Scheme: cvc.Scheme{Method: cvc.ECDSA, Hash: crypto.SHA384}, Curve: "P-384"}, 0, true},
		"fingers, PSS with SHA-1, brief": {cvctest.Algorithm{Scheme: cvc.Scheme{Method: cvc.PSS, Hash: crypto.SHA1}, Bits: 1024}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newInspectors(t, test.algorithm, test.rights)
			d := guarded(t, p.root)
			issued := issue(t, d, issuer)
			chip := lay(t, issued)
			r := newTerminal(t, chip)
			open := r.bac
			if test.pace {
				open = func(pw access.Password) error { return r.pace(pw, access.Choose, access.Options{}) }
			}
			if err := open(password(t, d.MRZ)); err != nil {
				t.Fatal(err)
			}
			if err := r.readAll(); err != nil {
				t.Fatal(err)
			}
			if r.files[lds.DG3] != nil || r.files[lds.DG4] != nil {
				t.Fatal("guarded groups read without leave")
			}
			if err := r.agree(); err != nil {
				t.Fatal(err)
			}
			if _, err := r.read(lds.DG3); !errors.Is(err, apdu.SecurityNotSatisfied) {
				t.Errorf("before: %v", err)
			}
			a, err := r.authenticate(p.as(t), d.MRZ[1][:9], d.MRZ[1][9])
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Path) != 3 || !chip.Today().Equal(day("2026-02-01")) {
				t.Errorf("path of %d, date of the chip %v", len(a.Path), chip.Today())
			}
			for f, allowed := range map[lds.File]bool{lds.DG3: test.rights&1 != 0, lds.DG4: test.rights&2 != 0} {
				file, err := r.read(f)
				if allowed && !bytes.Equal(file, issued.Files[f]) || !allowed && !errors.Is(err, apdu.SecurityNotSatisfied) {
					t.Errorf("%v: %d bytes, %v", f, len(file), err)
				}
			}
			// The chip follows its authority: next time it names the new key.
			if err := chip.Reset(t.Context()); err != nil {
				t.Fatal(err)
			}
			again := newTerminal(t, chip)
			if err := again.pace(password(t, d.MRZ), access.Choose, access.Options{Authorities: true}); err != nil {
				t.Fatal(err)
			}
			if got := again.opened.Authorities; len(got) != 2 || got[0] != "UTCVCA00002" || got[1] != "UTCVCA00001" {
				t.Errorf("authorities %v", got)
			}
			if _, err := again.read(lds.DG3); !errors.Is(err, apdu.SecurityNotSatisfied) {
				t.Errorf("rights outlast the field: %v", err)
			}
		})
	}
}

func TestTerminalAuthenticationIsRefused(t *testing.T) {
	issuer := newIssuer(t, false)
	p := newInspectors(t, guardedCurve, 3)
	other := newInspectors(t, guardedCurve, 3)
	d := guarded(t, p.root)
	for name, test := range map[string]struct {
		change func(*authenticity.Terminal, *chipemu.Document)
		digit  byte
		want   apdu.Status
	}{
		"with another key than the certificate's": {func(a *authenticity.Terminal, _ *chipemu.Document) {
			a.Identities[0].Signer = other.as(t).Identities[0].Signer
		}, 0, apdu.AuthenticationFailed},
		"by another state's certificates of the same names": {func(a *authenticity.Terminal, _ *chipemu.Document) {
			*a = *other.as(t)
		}, 0, apdu.AuthenticationFailed},
		"for another chip": {func(*authenticity.Terminal, *chipemu.Document) {}, 1, apdu.AuthenticationFailed},
		"with a certificate that is over by the chip's date": {func(a *authenticity.Terminal, d *chipemu.Document) {
			d.Terminal.Today = "2036-01-01"
		}, 0, apdu.AuthenticationFailed},
	} {
		t.Run(name, func(t *testing.T) {
			d := d
			copied := *d.Terminal
			d.Terminal = &copied
			as := p.as(t)
			test.change(as, &d)
			r := newTerminal(t, lay(t, issue(t, d, issuer)))
			if err := r.bac(password(t, d.MRZ)); err != nil {
				t.Fatal(err)
			}
			if err := r.readAll(); err != nil {
				t.Fatal(err)
			}
			if err := r.agree(); err != nil {
				t.Fatal(err)
			}
			_, err := r.authenticate(as, d.MRZ[1][:9], d.MRZ[1][9]^test.digit)
			if !errors.Is(err, authenticity.ErrRefused) || !errors.Is(err, test.want) {
				t.Errorf("got %v", err)
			}
			if _, err := r.read(lds.DG3); !errors.Is(err, apdu.SecurityNotSatisfied) {
				t.Errorf("DG3: %v", err)
			}
		})
	}
}

func TestVersion2OfTerminalAndChipAuthentication(t *testing.T) {
	issuer := newIssuer(t, false)
	p := newInspectors(t, guardedCurve, 3)
	d := guarded(t, p.root)
	d.Terminal.Version = 2
	id := 7
	d.Chip = []chipemu.Agree{{Protocol: "ECDH-AES-256", Parameters: 13, Version: 2, KeyID: &id}}
	for _, fault := range []string{"", "cloned"} {
		var faults []string
		if fault != "" {
			faults = append(faults, fault)
		}
		issued := issue(t, d, issuer, faults...)
		r := newTerminal(t, lay(t, issued))
		if err := r.pace(password(t, d.MRZ), access.Choose, access.Options{Authorities: true}); err != nil {
			t.Fatal(err)
		}
		if err := access.SelectApplication(t.Context(), r.send); err != nil {
			t.Fatal(err)
		}
		in := cardSecurity(t, r)
		pairs, err := authenticity.Pairs(in, 2)
		if err != nil {
			t.Fatal(err)
		}
		own, err := authenticity.NewEphemeral(pairs[0].Key, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := authenticity.ChipAuthentication2(t.Context(), r.card, r.opened.Session, pairs[0], own); !errors.Is(err, apdu.SecurityNotSatisfied) {
			t.Errorf("before terminal authentication: %v", err)
		}
		var authorities []cvc.Reference
		for _, a := range r.opened.Authorities {
			authorities = append(authorities, cvc.Reference(a))
		}
		b := authenticity.Binding{Version: 2, Chip: authenticity.ChipByPACE(r.opened), Key: own.Compressed(), Auxiliary: []byte{0x73, 0}}
		if _, err := p.as(t).Authenticate(t.Context(), r.send, authorities, b); err != nil {
			t.Fatal(err)
		}
		renewed, err := authenticity.ChipAuthentication2(t.Context(), r.card, r.opened.Session, pairs[0], own)
		if fault != "" {
			if !errors.Is(err, authenticity.ErrProof) {
				t.Errorf("cloned: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		r.send = renewed.Sender(r.card)
		if err := access.SelectApplication(t.Context(), r.send); err != nil {
			t.Fatal(err)
		}
		if file, err := r.read(lds.DG3); err != nil || !bytes.Equal(file, issued.Files[lds.DG3]) {
			t.Errorf("DG3: %v", err)
		}
	}
}

// cardSecurity reads EF.CardSecurity from the master file, and goes back to the application.
func cardSecurity(t *testing.T, r *terminal) security.Infos {
	t.Helper()
	if _, err := r.send(t.Context(), apdu.Command{INS: 0xA4, P2: 0x0C, Data: []byte{0x3F, 0}}); err != nil {
		t.Fatal(err)
	}
	file, err := r.read(lds.CardSecurity)
	if err != nil {
		t.Fatal(err)
	}
	in, err := security.Parse(signedContent(t, file))
	if err != nil {
		t.Fatal(err)
	}
	if err := access.SelectApplication(t.Context(), r.send); err != nil {
		t.Fatal(err)
	}
	return in
}

func TestTheIssuersTerminalReadsTheFingersOfItsDocuments(t *testing.T) {
	issuer := newIssuer(t, false)
	dir := t.TempDir()
	if err := issuer.Store(dir); err != nil {
		t.Fatal(err)
	}
	issuer, err := chipemu.OpenIssuer(dir)
	if err != nil {
		t.Fatal(err)
	}
	d := document(t, 1, nil)
	if err := d.Guard(synthetic.New(1), issuer); err != nil {
		t.Fatal(err)
	}
	r := newTerminal(t, lay(t, issue(t, d, issuer)))
	if err := r.bac(password(t, d.MRZ)); err != nil {
		t.Fatal(err)
	}
	if err := r.readAll(); err != nil {
		t.Fatal(err)
	}
	if err := r.agree(); err != nil {
		t.Fatal(err)
	}
	as, err := issuer.Terminal(func() time.Time { return today })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.authenticate(as, d.MRZ[1][:9], d.MRZ[1][9]); err != nil {
		t.Fatal(err)
	}
	file, err := r.read(lds.DG3)
	if err != nil {
		t.Fatal(err)
	}
	fingers, err := lds.ParseFingers(file)
	if err != nil || len(fingers.Fingers) != 2 || fingers.Fingers[1].Position != 7 || len(fingers.Deviations) > 0 {
		t.Fatalf("%d fingers, %v", len(fingers.Fingers), err)
	}
	if _, err := png.Decode(bytes.NewReader(fingers.Fingers[0].Picture.Data)); err != nil {
		t.Error(err)
	}
}
