package chipemu_test

import (
	"boothd/capture/chip/authenticity"
	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/security"
	"bytes"
	"errors"
	"fmt"
	"image/jpeg"
	"strings"
	"testing"

	"boothd/capture/chip/access"
	"boothd/capture/chip/lds"
	"boothd/capture/chip/pki"
)

func TestAModernPassportIsReadAsABoothReadsIt(t *testing.T) {
	issuer := newIssuer(t, false)
	d := document(t, 1, nil)
	issued := issue(t, d, issuer)
	for name, open := range map[string]func(*terminal) error{
		"BAC":      func(r *terminal) error { return r.bac(password(t, d.MRZ)) },
		"PACE MRZ": func(r *terminal) error { return r.pace(password(t, d.MRZ), access.Choose, access.Options{}) },
		"PACE CAN": func(r *terminal) error {
			p, err := access.CAN(d.CAN)
			if err != nil {
				return err
			}
			return r.pace(p, access.Choose, access.Options{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newTerminal(t, lay(t, issued))
			if err := open(r); err != nil {
				t.Fatal(err)
			}
			if err := r.readAll(); err != nil {
				t.Fatal(err)
			}
			if err := r.agree(); err != nil {
				t.Fatal(err)
			}
			for f, file := range r.files {
				if !bytes.Equal(file, issued.Files[f]) {
					t.Errorf("%v: not as issued", f)
				}
			}
			for _, f := range []lds.File{lds.DG1, lds.DG2, lds.DG11, lds.DG12, lds.DG14, lds.SOD} {
				if r.files[f] == nil {
					t.Errorf("%v was not read", f)
				}
			}
			result := r.verify(issuer)
			for _, f := range result.Facts {
				if f.State != pki.Successful && f.State != pki.NotDone {
					t.Errorf("%v: %v %v %v", f.Check, f.State, f.Reason, f)
				}
			}
		})
	}
}

// suites are all ways to do PACE in all groups, as ICAO 9303-11 §9.5.1 numbers them.
func suites() []chipemu.PACE {
	var all []chipemu.PACE
	for _, m := range []struct {
		name   string
		groups []int
	}{
		{"DH-GM", []int{0, 1, 2}},
		{"DH-IM", []int{0, 1, 2}},
		{"ECDH-GM", []int{8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}},
		{"ECDH-IM", []int{8, 9, 11, 12, 13, 14, 15, 16, 17, 18}},
		{"ECDH-CAM", []int{8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}},
	} {
		ciphers := []string{"3DES", "AES-128", "AES-192", "AES-256"}
		if m.name == "ECDH-CAM" {
			ciphers = ciphers[1:]
		}
		for i, g := range m.groups {
			for j, c := range ciphers {
				// Every cipher with the first two groups, and every group with one cipher.
				if i < 2 || i%len(ciphers) == j {
					all = append(all, chipemu.PACE{Protocol: m.name + "-" + c, Parameters: g})
				}
			}
		}
	}
	return all
}

func TestEveryWayToDoPACEOpensTheChip(t *testing.T) {
	if underRace {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	issuer := newIssuer(t, false)
	for _, s := range suites() {
		t.Run(fmt.Sprintf("%s with parameters %d", s.Protocol, s.Parameters), func(t *testing.T) {
			d := document(t, 2, func(d *chipemu.Document) {
				d.Access = chipemu.Access{PACE: []chipemu.PACE{s}}
				d.Portrait.Data = nil
			})
			r := newTerminal(t, lay(t, issue(t, d, issuer)))
			if err := r.pace(password(t, d.MRZ), access.Choose, access.Options{}); err != nil {
				t.Fatal(err)
			}
			if err := r.readAll(); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(s.Protocol, "CAM") {
				return
			}
			trust, _ := pki.New(issuer.Trust())
			content, result := trust.VerifyCardSecurity(r.files[lds.CardSecurity], r.document(), today)
			if f := result.Fact(pki.CheckSignature); f.State != pki.Successful {
				t.Errorf("EF.CardSecurity: %v %v", f.State, f.Reason)
			}
			in, err := security.Parse(content)
			if err != nil {
				t.Fatal(err)
			}
			if err := authenticity.Mapping(r.opened, in); err != nil {
				t.Error(err)
			}
			if accessed, err := security.Parse(r.files[lds.CardAccess]); err != nil || !r.dg14.Contains(accessed) || !in.Contains(accessed) {
				t.Errorf("EF.CardAccess is not within DG14 and EF.CardSecurity: %v", err)
			}
		})
	}
}

func TestSeveralWaysToDoPACEAreToldApart(t *testing.T) {
	issuer := newIssuer(t, false)
	d := document(t, 2, func(d *chipemu.Document) {
		d.Access.PACE = []chipemu.PACE{
			{Protocol: "ECDH-GM-AES-128", Parameters: 12}, {Protocol: "ECDH-GM-AES-128", Parameters: 13},
			{Protocol: "ECDH-IM-AES-256", Parameters: 16}, {Protocol: "DH-GM-3DES", Parameters: 0},
		}
	})
	issued := issue(t, d, issuer)
	for i := range d.Access.PACE {
		r := newTerminal(t, lay(t, issued))
		choose := func(in security.Infos) (security.PACE, error) { return in.PACE[i], nil }
		if err := r.pace(password(t, d.MRZ), choose, access.Options{}); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestEveryWayToDoChipAuthenticationProvesTheChip(t *testing.T) {
	issuer := newIssuer(t, false)
	id, large := 1, 195
	for _, a := range []chipemu.Agree{
		{Protocol: "DH-3DES", Parameters: 0},
		{Protocol: "DH-AES-128", Parameters: 1},
		{Protocol: "DH-AES-256", Parameters: 2, KeyID: &id},
		{Protocol: "ECDH-3DES", Parameters: 12},
		{Protocol: "ECDH-3DES", Parameters: 10, KeyID: &id},
		{Protocol: "ECDH-3DES", Parameters: 13, KeyOnly: true},
		{Protocol: "ECDH-AES-128", Parameters: 8},
		{Protocol: "ECDH-AES-192", Parameters: 14, KeyID: &large},
		{Protocol: "ECDH-AES-256", Parameters: 17},
		{Protocol: "ECDH-AES-256", Parameters: 18, Named: true},
	} {
		for _, at := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s with parameters %d, 3DES by AT %v", a.Protocol, a.Parameters, at), func(t *testing.T) {
				d := document(t, 3, func(d *chipemu.Document) {
					d.Chip = []chipemu.Agree{a}
					d.Quirks.AgreeByAT = at
					d.Portrait.Data = nil
				})
				r := newTerminal(t, lay(t, issue(t, d, issuer)))
				if err := r.bac(password(t, d.MRZ)); err != nil {
					t.Fatal(err)
				}
				if err := r.readAll(); err != nil {
					t.Fatal(err)
				}
				if err := r.agree(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestEveryWayToDoActiveAuthenticationProvesTheChip(t *testing.T) {
	if underRace {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	issuer := newIssuer(t, false)
	var ways []chipemu.Active
	for _, hash := range []string{"SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512"} {
		ways = append(ways, chipemu.Active{Bits: 1024, Hash: hash}, chipemu.Active{Curve: 13, Hash: hash})
	}
	ways = append(ways, chipemu.Active{Bits: 2048}, chipemu.Active{Bits: 1536, Smaller: true}, chipemu.Active{Curve: 13, DER: true})
	for _, curve := range []int{8, 9, 10, 11, 12, 14, 15, 16, 17, 18} {
		ways = append(ways, chipemu.Active{Curve: curve})
	}
	for _, a := range ways {
		t.Run(fmt.Sprintf("%+v", a), func(t *testing.T) {
			d := document(t, 5, func(d *chipemu.Document) {
				d.Active, d.Portrait.Data = &a, nil
			})
			for _, faults := range [][]string{nil, {"cloned"}} {
				r := newTerminal(t, lay(t, issue(t, d, issuer, faults...)))
				if err := r.pace(password(t, d.MRZ), access.Choose, access.Options{}); err != nil {
					t.Fatal(err)
				}
				if err := r.readAll(); err != nil {
					t.Fatal(err)
				}
				signed, err := r.active()
				switch {
				case faults != nil && !errors.Is(err, authenticity.ErrProof):
					t.Errorf("cloned: %v", err)
				case faults == nil && err != nil:
					t.Error(err)
				case faults == nil && a.Hash != "" && signed.Hash.String() != a.Hash:
					t.Errorf("signed with %v", signed.Hash)
				}
			}
		})
	}
}

// states is everything that invented states may issue with, apart from the zone's form.
func TestDocumentsOfEveryFormOpenWithTheirZones(t *testing.T) {
	issuer := newIssuer(t, false)
	for n, what := range map[int]string{1: "TD3", 3: "TD1", 13: "TD1 with a long number", 5: "TD2", 6: "birth year only", 16: "no birth date"} {
		t.Run(what, func(t *testing.T) {
			d := document(t, n, nil)
			issued := issue(t, d, issuer)
			r := newTerminal(t, lay(t, issued))
			if err := r.bac(password(t, d.MRZ)); err != nil {
				t.Error(err)
			}
			r = newTerminal(t, lay(t, issued))
			if err := r.pace(password(t, d.MRZ), access.Choose, access.Options{}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSecurityObjectsAreSignedAsTheDocumentSays(t *testing.T) {
	for _, hash := range []string{"SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512"} {
		for _, version := range []string{"0107", "0108"} {
			issuer := newIssuer(t, false)
			d := document(t, 1, func(d *chipemu.Document) { d.Hash, d.LDS, d.Portrait.Data = hash, version, nil })
			r := newTerminal(t, lay(t, issue(t, d, issuer)))
			if err := r.bac(password(t, d.MRZ)); err != nil {
				t.Fatal(err)
			}
			if err := r.readAll(); err != nil {
				t.Fatal(err)
			}
			result := r.verify(issuer)
			if f := result.Fact(pki.CheckHash); f.State != pki.Successful || result.SOD.Hash.String() != hash {
				t.Errorf("%s %s: %v %v", hash, version, f, result.SOD.Hash)
			}
		}
	}
}

func TestAChipWithoutAccessControlIsReadByAnybody(t *testing.T) {
	d := document(t, 1, func(d *chipemu.Document) { d.Access, d.Chip = chipemu.Access{}, nil })
	issued := issue(t, d, newIssuer(t, false))
	if issued.Files[lds.CardAccess] != nil || issued.Files[lds.DG14] != nil {
		t.Error("it has EF.CardAccess or DG14")
	}
	r := newTerminal(t, lay(t, issued))
	if err := access.SelectApplication(t.Context(), r.send); err != nil {
		t.Fatal(err)
	}
	if err := r.readAll(); err != nil || !bytes.Equal(r.files[lds.DG2], issued.Files[lds.DG2]) {
		t.Error(err)
	}
}

func TestAPortraitOfHalfAMegabyteReads(t *testing.T) {
	for name, picture := range map[string][]byte{
		"JPEG": nil,
		"JP2":  append([]byte("\x00\x00\x00\x0CjP  \r\n\x87\n"), make([]byte, 100)...),
		"J2K":  append([]byte("\xFF\x4F\xFF\x51"), make([]byte, 100)...),
	} {
		d := document(t, 1, func(d *chipemu.Document) {
			d.Portrait.Size = 500_000
			if picture != nil {
				d.Portrait.Data = picture
			}
		})
		issued := issue(t, d, newIssuer(t, false))
		faces, err := lds.ParseFaces(issued.Files[lds.DG2])
		if err != nil || len(faces.Faces[0].Picture.Data) < 500_000 || len(faces.Faces[0].Picture.Data) > 500_100 {
			t.Fatalf("%s: %v", name, err)
		}
		if name == "JPEG" {
			if _, err := jpeg.Decode(bytes.NewReader(faces.Faces[0].Picture.Data)); err != nil {
				t.Errorf("the padded portrait: %v", err)
			}
		}
		r := newTerminal(t, lay(t, issued))
		if err := r.bac(password(t, d.MRZ)); err != nil {
			t.Fatal(err)
		}
		if file, err := r.read(lds.DG2); err != nil || !bytes.Equal(file, issued.Files[lds.DG2]) {
			t.Errorf("%s: %d bytes, %v", name, len(file), err)
		}
	}
}
