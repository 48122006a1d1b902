package chipemu_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"boothd/capture/chip/access"
	"boothd/capture/chip/apdu"
	"boothd/capture/chip/authenticity"
	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/lds"
	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/cms"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
	"boothd/devices"
)

// signedContent returns what a SignedData holds.
func signedContent(t *testing.T, b []byte) []byte {
	t.Helper()
	sd, err := cms.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return sd.Content
}

// whole is a document with every unguarded part.
func whole(t testing.TB) chipemu.Document {
	return document(t, 1, func(d *chipemu.Document) {
		d.Active = &chipemu.Active{Bits: 1024}
		d.Optional = []byte("issuer's own")
	})
}

func differing(a, b chipemu.Files) []string {
	var names []string
	for f := lds.File(1); f.Valid(); f++ {
		_, inA := a[f]
		_, inB := b[f]
		if inA != inB || !bytes.Equal(a[f], b[f]) {
			names = append(names, f.String())
		}
	}
	return names
}

func TestTheSameDocumentAndIssuerGiveTheSameChip(t *testing.T) {
	dir := t.TempDir()
	issuer := newIssuer(t, true)
	d := whole(t)
	first := issue(t, d, issuer)
	if err := issuer.Store(filepath.Join(dir, "state")); err != nil {
		t.Fatal(err)
	}
	if err := issuer.Store(filepath.Join(dir, "state")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("stored twice: %v", err)
	}
	reopened, err := chipemu.OpenIssuer(filepath.Join(dir, "state"))
	if err != nil {
		t.Fatal(err)
	}
	second := issue(t, d, reopened)
	if names := differing(first.Files, second.Files); names != nil {
		t.Errorf("other files: %v", names)
	}
	a, err := json.Marshal(first)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(second)
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("other chips: %v", err)
	}
	read, err := chipemu.ReadIssued(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	r := newTerminal(t, lay(t, read))
	if err := r.pace(password(t, d.MRZ), access.Choose, access.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := r.readAll(); err != nil {
		t.Fatal(err)
	}
	if err := r.agree(); err != nil {
		t.Error(err)
	}
	if _, err := r.active(); err != nil {
		t.Error(err)
	}
	if _, err := chipemu.OpenIssuer(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no issuer there: %v", err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "state", "masterlist.cms")); err != nil || !bytes.Equal(b, issuer.MasterList()) {
		t.Errorf("master list: %v", err)
	}
}

func TestTheMasterListIsOneThatABoothTakes(t *testing.T) {
	issuer := newIssuer(t, false)
	list, err := pki.ParseList(issuer.MasterList(), "test")
	if err != nil {
		t.Fatal(err)
	}
	trust, faults := pki.New(issuer.Trust())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if facts := list.Verify(trust, today); !pki.Vouched(facts) {
		t.Errorf("%v", facts)
	}
}

func TestADocumentIsReadFromItsJSON(t *testing.T) {
	d := whole(t)
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	back, err := chipemu.ReadDocument(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	issuer := newIssuer(t, true)
	if names := differing(issue(t, d, issuer).Files, issue(t, back, issuer).Files); names != nil {
		t.Errorf("other files: %v", names)
	}
	for name, bad := range map[string]string{
		"an unknown key": `{"mrs":["A"]}`, "two documents": `{}{}`, "no document": `[]`,
	} {
		if _, err := chipemu.ReadDocument(strings.NewReader(bad)); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

func TestImpossibleDocumentsAreRefused(t *testing.T) {
	issuer := newIssuer(t, false)
	for name, change := range map[string]func(*chipemu.Document){
		"no zone":                       func(d *chipemu.Document) { d.MRZ = nil },
		"a zone of unequal lines":       func(d *chipemu.Document) { d.MRZ = []string{d.MRZ[0], "P<"} },
		"a number of five digits":       func(d *chipemu.Document) { d.CAN = "12345" },
		"no date":                       func(d *chipemu.Document) { d.Issued = "" },
		"an unknown PACE":               func(d *chipemu.Document) { d.Access.PACE[0].Protocol = "ECDH-XM-AES-128" },
		"mapping of the chip with 3DES": func(d *chipemu.Document) { d.Access.PACE[0].Protocol = "ECDH-CAM-3DES" },
		"a curve for DH":                func(d *chipemu.Document) { d.Access.PACE[0].Protocol = "DH-GM-AES-128" },
		"unassigned parameters":         func(d *chipemu.Document) { d.Access.PACE[0].Parameters = 5 },
		"integrated mapping on P-224": func(d *chipemu.Document) {
			d.Access.PACE[0] = chipemu.PACE{Protocol: "ECDH-IM-AES-128", Parameters: 10}
		},
		"chip authentication version 3": func(d *chipemu.Document) { d.Chip[0].Version = 3 },
		"an RSA key of 512 bits":        func(d *chipemu.Document) { d.Active = &chipemu.Active{Bits: 512} },
		"an unknown hash":               func(d *chipemu.Document) { d.Hash = "MD5" },
		"a portrait that is none":       func(d *chipemu.Document) { d.Portrait = chipemu.Portrait{Data: []byte("text"), Size: 1000} },
		"fingers for everybody":         func(d *chipemu.Document) { d.Fingers = &lds.Fingers{Filler: []byte{1}} },
		"an impossible extended length": func(d *chipemu.Document) { d.Quirks.Extended = 100 },
	} {
		d := document(t, 1, nil)
		d.Access.PACE, d.Chip = slices.Clone(d.Access.PACE), slices.Clone(d.Chip)
		change(&d)
		if _, err := chipemu.Issue(d, issuer); !errors.Is(err, chipemu.ErrDocument) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What each attack changes in the files of a whole document; every other file stays byte for
// byte, where the signer stays.
func TestEachAttackChangesItsFilesAndNoOthers(t *testing.T) {
	issuer := newIssuer(t, true)
	d := whole(t)
	clean := issue(t, d, issuer)
	tests := map[string][]string{
		"cloned": nil, "unknown-signer": {"EF.SOD"}, "forged-signer": {"EF.SOD"}, "expired-signer": {"EF.SOD"}, "revoked-signer": {"EF.SOD"},
		"wrong-country": {"EF.SOD"}, "stripped": {"EF.CardAccess"}, "other-zone": {"DG1", "EF.SOD"}, "unlisted": {"EF.COM"},
		"missing": {"DG12"}, "missing=DG14": {"DG14"}, "huge-portrait": {"DG2", "EF.SOD"}, "bomb": {"DG2", "EF.SOD"}, "wrong-length": {"DG2"},
	}
	for f := range clean.Files {
		tests["altered="+f.String()] = []string{f.String()}
	}
	for _, k := range chipemu.Faults() {
		if _, covered := tests[k.Name]; !covered && k.Name != "altered" {
			tests[k.Name] = nil // of the wire
		}
	}
	for _, text := range slices.Sorted(maps.Keys(tests)) {
		attacked := issue(t, d, issuer, text)
		if names := differing(clean.Files, attacked.Files); !slices.Equal(names, tests[text]) {
			t.Errorf("%s: changes %v, want %v", text, names, tests[text])
		}
		keys, _ := json.Marshal([]any{clean.Keys, clean.Active})
		others, _ := json.Marshal([]any{attacked.Keys, attacked.Active})
		if bytes.Equal(keys, others) == (text == "cloned") {
			t.Errorf("%s: other keys: %v", text, text != "cloned")
		}
		if file, altered := strings.CutPrefix(text, "altered="); altered {
			for f, b := range clean.Files {
				if f.String() == file && differingBytes(b, attacked.Files[f]) != 1 {
					t.Errorf("%s: %d bytes differ", text, differingBytes(b, attacked.Files[f]))
				}
			}
		}
	}
}

func differingBytes(a, b []byte) int {
	n := len(b) - len(a)
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

func TestEachAttackIsFoundByWhatShouldFindIt(t *testing.T) {
	if underRace {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	// Whether two codes are of one state can be told of real states only.
	issuer, err := chipemu.NewIssuer(chipemu.State{Country: "DE", Code: "D"})
	if err != nil {
		t.Fatal(err)
	}
	d := whole(t)
	d.MRZ = []string{"P<D<<" + d.MRZ[0][5:], d.MRZ[1]}
	for text, want := range map[string]struct {
		check  pki.Check
		reason pki.Reason
	}{
		"altered=DG1":    {pki.CheckHash, pki.ReasonHashDiffers},
		"altered=DG2":    {pki.CheckHash, pki.ReasonHashDiffers},
		"altered=DG15":   {pki.CheckHash, pki.ReasonHashDiffers},
		"altered=EF.SOD": {pki.CheckSignature, pki.ReasonSignatureWrong},
		"unknown-signer": {pki.CheckChain, pki.ReasonSignerUnknown},
		"forged-signer":  {pki.CheckChain, pki.ReasonChainWrong},
		"expired-signer": {pki.CheckValidity, pki.ReasonExpired},
		"revoked-signer": {pki.CheckRevocation, pki.ReasonRevoked},
		"wrong-country":  {pki.CheckCountry, pki.ReasonCountryDiffers},
	} {
		t.Run(text, func(t *testing.T) {
			r := newTerminal(t, lay(t, issue(t, d, issuer, text)))
			if err := r.bac(password(t, d.MRZ)); err != nil {
				t.Fatal(err)
			}
			if err := r.readAll(); err != nil {
				t.Fatal(err)
			}
			result := r.verify(issuer)
			for _, f := range result.Facts {
				switch {
				case f.Check == want.check && f.State != pki.Successful && f.Reason != want.reason:
					t.Errorf("%v: %v %v", f.Check, f.State, f.Reason)
				case f.Check != want.check && f.State == pki.Failed && want.check != pki.CheckChain:
					t.Errorf("%v too: %v", f.Check, f.Reason)
				}
			}
			if f := result.Fact(want.check); f.Reason != want.reason {
				t.Errorf("%v: %v %v", f.Check, f.State, f.Reason)
			}
		})
	}
}

func TestAClonedChipCannotProveItsKeys(t *testing.T) {
	issuer := newIssuer(t, false)
	d := whole(t)
	d.Access.PACE = []chipemu.PACE{{Protocol: "ECDH-CAM-AES-128", Parameters: 13}}
	r := newTerminal(t, lay(t, issue(t, d, issuer, "cloned")))
	if err := r.pace(password(t, d.MRZ), access.Choose, access.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := r.readAll(); err != nil {
		t.Fatal(err)
	}
	if f := r.verify(issuer); f.Fact(pki.CheckHash).State != pki.Successful || f.Fact(pki.CheckSignature).State != pki.Successful {
		t.Error("its files are not those of the document")
	}
	if _, err := r.active(); !errors.Is(err, authenticity.ErrProof) {
		t.Errorf("active authentication: %v", err)
	}
	if err := r.agree(); !errors.Is(err, authenticity.ErrProof) {
		t.Errorf("chip authentication: %v", err)
	}
	in, err := security.Parse(signedContent(t, r.files[lds.CardSecurity]))
	if err != nil {
		t.Fatal(err)
	}
	if err := authenticity.Mapping(r.opened, in); !errors.Is(err, authenticity.ErrProof) {
		t.Errorf("mapping: %v", err)
	}
}

// read the whole chip by BAC, with Chip Authentication.
func inspect(t testing.TB, card devices.Card, d chipemu.Document) error {
	r := newTerminal(t, card)
	if err := r.bac(password(t, d.MRZ)); err != nil {
		return err
	}
	if err := r.readAll(); err != nil {
		return err
	}
	return r.agree()
}

func TestMishapsOfTheWireAreWhatTheySay(t *testing.T) {
	issuer := newIssuer(t, false)
	d := document(t, 1, nil)
	for text, want := range map[string]error{
		"torn-off=1":       devices.ErrGone,
		"torn-off=20":      devices.ErrGone,
		"refuses":          apdu.AuthenticationFailed,
		"refuses=10":       secure.ErrEnded,
		"garbage=5":        secure.ErrForged,
		"wrong-mac=1":      secure.ErrForged,
		"replayed=4":       secure.ErrForged,
		"ends-early":       nil,
		"no-le":            nil,
		"slow=0s":          nil,
		"lost-after-error": nil,
	} {
		if err := inspect(t, lay(t, issue(t, d, issuer, text)), d); !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
	if err := inspect(t, lay(t, issue(t, d, issuer, "endless")), d); err == nil || !strings.Contains(err.Error(), "268435461 bytes") {
		t.Errorf("endless: %v", err)
	}
	if err := inspect(t, lay(t, issue(t, d, issuer, "wrong-length")), d); !errors.Is(err, apdu.OffsetOutside) {
		t.Errorf("wrong-length: %v", err)
	}
}

func TestAnEndlessFileHasBytesEverywhere(t *testing.T) {
	d := document(t, 1, func(d *chipemu.Document) { d.Access, d.Chip = chipemu.Access{}, nil })
	c := lay(t, issue(t, d, newIssuer(t, false), "endless=DG2"))
	r := newTerminal(t, c)
	if err := access.SelectApplication(t.Context(), r.send); err != nil {
		t.Fatal(err)
	}
	for _, offset := range []string{"\x00", "\x7F\xFF", "\x0F\x00\x00\x00"} {
		data := append([]byte{0x54, byte(len(offset))}, offset...)
		a, err := r.send(t.Context(), apdu.Command{INS: 0xB1, P2: 2, Data: data, Ne: 256})
		if err != nil || a.Status != apdu.OK || len(a.Data) != 256 {
			t.Errorf("at %X: %d bytes, %v, %v", offset, len(a.Data), a.Status, err)
		}
	}
}

func TestATornOffChipStaysAway(t *testing.T) {
	c := lay(t, issue(t, document(t, 1, nil), newIssuer(t, false), "torn-off=1"))
	for i, want := range []error{nil, devices.ErrGone, devices.ErrGone} {
		if _, err := c.Transmit(t.Context(), []byte{0, 0xA4, 0, 0x0C}); !errors.Is(err, want) {
			t.Errorf("command %d: %v", i+1, err)
		}
	}
	if err := c.Reset(t.Context()); !errors.Is(err, devices.ErrGone) {
		t.Errorf("reset: %v", err)
	}
	c = lay(t, issue(t, document(t, 1, nil), newIssuer(t, false)))
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Transmit(t.Context(), []byte{0, 0xA4, 0, 0x0C}); !errors.Is(err, devices.ErrGone) {
		t.Errorf("closed: %v", err)
	}
}

func TestASlowChipObeysTheContext(t *testing.T) {
	issued := issue(t, document(t, 1, nil), newIssuer(t, false), "slow=2s")
	synctest.Test(t, func(t *testing.T) {
		c := lay(t, issued)
		began := time.Now()
		if _, err := c.Transmit(t.Context(), []byte{0, 0xA4, 0, 0x0C}); err != nil || time.Since(began) != 2*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Transmit(ctx, []byte{0, 0xA4, 0, 0x0C}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestFaultsAreWrittenAsTheyAreRead(t *testing.T) {
	for _, k := range chipemu.Faults() {
		f, err := chipemu.ParseFault(k.Name)
		if err != nil {
			t.Errorf("%s: %v", k.Name, err)
			continue
		}
		if back, err := chipemu.ParseFault(f.String()); err != nil || back != f {
			t.Errorf("%v: %v, %v", f, back, err)
		}
		if k.What == "" || (k.Value == "") != (k.Default == "") {
			t.Errorf("%s: incomplete", k.Name)
		}
	}
	for _, bad := range []string{"", "unheard-of", "cloned=1", "altered=DG17", "torn-off=0", "torn-off=x", "slow=-1s", "slow" + "=fast"} {
		if f, err := chipemu.ParseFault(bad); err == nil {
			t.Errorf("%q is %v", bad, f)
		}
	}
}

func FuzzReadIssued(f *testing.F) {
	d := whole(f)
	d.Portrait.Data = nil
	d.Access.PACE = []chipemu.PACE{{Protocol: "ECDH-CAM-AES-128", Parameters: 13}}
	for _, faults := range [][]string{nil, {"cloned", "endless=DG1"}} {
		text, err := json.Marshal(issue(f, d, newIssuer(f, false), faults...))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"document":{"mrz":["P<UTO"],"issued":"2024-01-01","portrait":{},"access":{},"quirks":{}},"files":{"DG1":"YQA="},"active":{}}`))
	pw := password(f, d.MRZ)
	f.Fuzz(func(t *testing.T, text []byte) {
		issued, err := chipemu.ReadIssued(bytes.NewReader(text))
		if err != nil {
			return
		}
		issued.Faults = slices.DeleteFunc(issued.Faults, func(f chipemu.Fault) bool { return f.Delay > 0 })
		c, err := chipemu.New(issued)
		if err != nil {
			return
		}
		r := newTerminal(t, c)
		if err := r.pace(pw, access.Choose, access.Options{}); err != nil {
			return
		}
		if err := r.readAll(); err != nil || r.files[lds.DG14] == nil || r.files[lds.DG15] == nil {
			return
		}
		// What they find is the terminal's to judge.
		_, _ = r.active()
		_ = r.agree()
	})
}
