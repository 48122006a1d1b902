package chip_test

import (
	"context"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boothd/capture/chip"
	"boothd/capture/chip/apdu"
	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/lds"
	"boothd/capture/chip/pki"
	"boothd/capture/chip/security"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
)

var day = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func now() time.Time { return day }

var utopia = sync.OnceValues(func() (*chipemu.Issuer, error) { return chipemu.NewIssuer(chipemu.State{}) })

func issuer(t testing.TB) *chipemu.Issuer {
	t.Helper()
	is, err := utopia()
	if err != nil {
		t.Fatal(err)
	}
	return is
}

// passport is the document of an invented traveller, with changes.
func passport(t testing.TB, change func(*chipemu.Document)) chipemu.Document {
	t.Helper()
	d, err := chipemu.DocumentOf(synthetic.New(7))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&d)
	}
	return d
}

func lay(t testing.TB, d chipemu.Document, faults ...chipemu.Fault) *chipemu.Chip {
	t.Helper()
	issued, err := chipemu.Issue(d, issuer(t), faults...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := chipemu.New(issued)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func inspector(t testing.TB) *chip.Inspector {
	t.Helper()
	trust, faults := pki.New(issuer(t).Trust())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return &chip.Inspector{Trust: func() *pki.Trust { return trust }, Now: now}
}

func zoneOf(t testing.TB, d chipemu.Document) *mrz.Zone {
	t.Helper()
	z, err := mrz.Parse(d.MRZ, day)
	if err != nil {
		t.Fatal(err)
	}
	return &z
}

func report(i *chip.Inspection) string {
	var b strings.Builder
	for _, c := range i.Checks {
		fmt.Fprintf(&b, "\n%-26s %2d %-14s %-20s %s", c.Name, c.Group, c.State, c.Reason, c.Text)
	}
	return b.String()
}

// bad returns the checks that failed.
func bad(i *chip.Inspection) []string {
	var names []string
	for _, c := range i.Checks {
		if c.State == inspection.Failed {
			names = append(names, fmt.Sprintf("%s %s", c.Name, c.Reason))
		}
	}
	return names
}

func TestAGoodPassportPassesWhateverOpensIt(t *testing.T) {
	for _, tt := range []struct {
		name     string
		change   func(*chipemu.Document)
		opened   string
		proof    string // the check by which the chip is proven
		commands int
	}{
		{"as states issue them today", nil, "PACE ECDH-GM AES-128 with parameters 13", chip.CheckChip, 16},
		{"BAC and active authentication", func(d *chipemu.Document) {
			d.Access = chipemu.Access{BAC: true}
			d.Chip, d.Active = nil, &chipemu.Active{Bits: 2048}
		}, "BAC", chip.CheckActive, 15},
		{"the mapping that proves the chip", func(d *chipemu.Document) {
			d.Access.PACE = []chipemu.PACE{{Protocol: "ECDH-CAM-AES-256", Parameters: 12}}
			d.Chip = nil
		}, "PACE ECDH-CAM AES-256 with parameters 12", chip.CheckMapping, 14},
		{"DH and 3DES", func(d *chipemu.Document) {
			d.Access.PACE = []chipemu.PACE{{Protocol: "DH-GM-3DES", Parameters: 2}}
			d.Chip = []chipemu.Agree{{Protocol: "DH-3DES", Parameters: 2}}
		}, "PACE DH-GM 3DES with parameters 2", chip.CheckChip, 16},
		{"short answers only", func(d *chipemu.Document) { d.Quirks.Extended = 0 }, "PACE ECDH-GM AES-128 with parameters 13", chip.CheckChip, 200},
		{"a chip with every peculiarity", func(d *chipemu.Document) {
			d.Quirks = chipemu.Quirks{NoShortID: true, NoLe: true, WarnsAtEnd: true, LostAfterError: true, NoCommon: true, MostRead: 200}
		}, "PACE ECDH-GM AES-128 with parameters 13", chip.CheckChip, 300},
		{"chips that know SELECT with control information only", func(d *chipemu.Document) {
			d.Quirks.ControlOnly, d.Quirks.NoShortID = true, true
		}, "PACE ECDH-GM AES-128 with parameters 13", chip.CheckChip, 40},
		{"BAC on such a chip", func(d *chipemu.Document) {
			d.Access, d.Quirks.ControlOnly = chipemu.Access{BAC: true}, true
		}, "BAC", chip.CheckChip, 20},
		{"extended length that is announced and not there", func(d *chipemu.Document) { d.Quirks.MostAsked = 0xDF }, "PACE ECDH-GM AES-128 with parameters 13", chip.CheckChip, 200},
		{"the same, and errors end the session", func(d *chipemu.Document) {
			d.Quirks.MostAsked, d.Quirks.LostAfterError = 0xDF, true
		}, "PACE ECDH-GM AES-128 with parameters 13", chip.CheckChip, 200},
		{"3DES with answers of AES's length at most", func(d *chipemu.Document) {
			d.Access, d.Quirks = chipemu.Access{BAC: true}, chipemu.Quirks{MostAsked: 0xDF}
			d.Chip, d.Active = nil, &chipemu.Active{Bits: 1024}
		}, "BAC", "pa_hash", 200},
		{"answers of half that length", func(d *chipemu.Document) { d.Quirks.MostAsked = 0x80 }, "PACE ECDH-GM AES-128 with parameters 13", chip.CheckChip, 300},
		{"no optional data groups", func(d *chipemu.Document) { d.Person, d.Issue, d.Optional = nil, nil, nil }, "PACE ECDH-GM AES-128 with parameters 13", chip.CheckChip, 16},
		{"a portrait by ISO/IEC 39794", func(d *chipemu.Document) { d.Portrait.Modern = true }, "PACE ECDH-GM AES-128 with parameters 13", chip.CheckChip, 16},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := passport(t, tt.change)
			got := inspector(t).Inspect(t.Context(), lay(t, d), chip.Password{Zone: zoneOf(t, d)})
			if b := bad(got); len(b) > 0 || got.Opened != tt.opened {
				t.Errorf("opened by %q, failed %q%s", got.Opened, b, report(got))
			}
			for _, name := range []string{chip.CheckAccess, tt.proof, "pa_signature", "pa_chain", "pa_validity", "pa_revocation", "pa_hash", chip.CheckZone, chip.CheckPortrait} {
				if c := got.Check(name); c.State != inspection.Successful {
					t.Errorf("%s: %s %s: %s", name, c.State, c.Reason, c.Text)
				}
			}
			if got.Portrait == nil || got.Zone == nil || got.Zone.DocumentNumber != zoneOf(t, d).DocumentNumber {
				t.Error("portrait or zone missing")
			}
			if got.Commands > tt.commands {
				t.Errorf("%d commands, want at most %d", got.Commands, tt.commands)
			}
		})
	}
}

func TestTheCardAccessNumberOpensToo(t *testing.T) {
	d := passport(t, nil)
	got := inspector(t).Inspect(t.Context(), lay(t, d), chip.Password{CAN: d.CAN})
	if b := bad(got); len(b) > 0 || got.Check(chip.CheckAccess).State != inspection.Successful {
		t.Errorf("failed %q%s", b, report(got))
	}
	if c := got.Check(chip.CheckZone); c.State != inspection.NotDone || c.Reason != "zone_missing" {
		t.Errorf("zone: %+v", c)
	}
}

// Every attack and every mishap is recognised by the check whose matter it is.
func TestEveryFaultIsNamed(t *testing.T) {
	active := func(d *chipemu.Document) { d.Chip, d.Active = nil, &chipemu.Active{Bits: 1024} }
	for _, tt := range []struct {
		fault  string
		change func(*chipemu.Document)
		check  string
		state  inspection.State
		reason string
	}{
		{"cloned", nil, chip.CheckChip, inspection.Failed, "no_key"},
		{"cloned", active, chip.CheckActive, inspection.Failed, "no_key"},
		{"altered=DG1", nil, "pa_hash", inspection.Failed, "hash_differs"},
		{"altered=DG2", nil, "pa_hash", inspection.Failed, "hash_differs"},
		{"altered=DG14", nil, "pa_hash", inspection.Failed, "hash_differs"},
		{"altered=EF.SOD", nil, "pa_signature", inspection.Failed, "signature_wrong"},
		{"unknown-signer", nil, "pa_chain", inspection.Failed, "signer_unknown"},
		{"forged-signer", nil, "pa_chain", inspection.Failed, "chain_signature"},
		{"expired-signer", nil, "pa_validity", inspection.Failed, "expired"},
		{"revoked-signer", nil, "pa_revocation", inspection.Failed, "revoked"},
		{"wrong-country", nil, "pa_country", inspection.Failed, "country_differs"},
		{"stripped", nil, chip.CheckDowngrade, inspection.Failed, "downgrade"},
		{"other-zone", nil, chip.CheckZone, inspection.Failed, "differs"},
		{"unlisted", nil, chip.CheckCommon, inspection.Failed, "differs"},
		{"bomb", nil, chip.CheckPortrait, inspection.Failed, "size"},
		{"torn-off=11", nil, chip.CheckChannel, inspection.Undetermined, "chip_gone"},
		{"wrong-mac=3", nil, chip.CheckChannel, inspection.Failed, "altered"},
		{"replayed=4", nil, chip.CheckChannel, inspection.Failed, "altered"},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			fault, err := chipemu.ParseFault(tt.fault)
			if err != nil {
				t.Fatal(err)
			}
			d := passport(t, tt.change)
			got := inspector(t).Inspect(t.Context(), lay(t, d, fault), chip.Password{Zone: zoneOf(t, d)})
			if c := got.Check(tt.check); c.State != tt.state || c.Reason != tt.reason {
				t.Errorf("%s is %s, %s%s", tt.check, c.State, c.Reason, report(got))
			}
		})
	}
}

// No fault of the table ends an inspection without a word, nor goes on for ever.
func TestEveryFaultOfTheTableEndsWithItsChecks(t *testing.T) {
	if underRace {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	for _, kind := range chipemu.Faults() {
		t.Run(kind.Name, func(t *testing.T) {
			text := kind.Name
			if kind.Default != "" {
				text += "=" + kind.Default
			}
			fault, err := chipemu.ParseFault(text)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			d := passport(t, nil)
			got := inspector(t).Inspect(ctx, lay(t, d, fault), chip.Password{Zone: zoneOf(t, d)})
			if ctx.Err() != nil || got.Commands > 9000 {
				t.Errorf("%d commands, %v", got.Commands, ctx.Err())
			}
			if len(got.Checks) == 0 || !slices.ContainsFunc(got.Checks, func(c inspection.Check) bool { return c.State != inspection.Successful }) {
				t.Errorf("nothing is said of it%s", report(got))
			}
			for _, c := range got.Checks {
				if !c.State.Valid() || c.Name == "" || c.Text == "" || c.State != inspection.Successful && c.Reason == "" {
					t.Errorf("a check without words: %+v", c)
				}
			}
		})
	}
}

func TestFingersAreReadWithCertificatesOnly(t *testing.T) {
	d := passport(t, nil)
	if err := d.Guard(synthetic.New(7), issuer(t)); err != nil {
		t.Fatal(err)
	}
	in := inspector(t)
	got := in.Inspect(t.Context(), lay(t, d), chip.Password{Zone: zoneOf(t, d)})
	if c := got.Check(chip.CheckTerminal); c.State != inspection.NotDone || got.Files[lds.DG3] != nil {
		t.Errorf("without certificates: %+v", c)
	}
	terminal, err := issuer(t).Terminal(now)
	if err != nil {
		t.Fatal(err)
	}
	in.Terminal = terminal
	got = in.Inspect(t.Context(), lay(t, d), chip.Password{Zone: zoneOf(t, d)})
	if c := got.Check(chip.CheckTerminal); c.State != inspection.Successful || got.Files[lds.DG3] == nil || len(bad(got)) > 0 {
		t.Errorf("with certificates: %+v%s", c, report(got))
	}
}

func TestAPortraitOf500KBIsRead(t *testing.T) {
	for _, extended := range []int{0, 65535} {
		d := passport(t, func(d *chipemu.Document) { d.Portrait.Size, d.Quirks.Extended = 500_000, extended })
		got := inspector(t).Inspect(t.Context(), lay(t, d), chip.Password{Zone: zoneOf(t, d)})
		if n := len(got.Files[lds.DG2]); n < 500_000 || len(bad(got)) > 0 {
			t.Errorf("%d bytes%s", n, report(got))
		}
	}
}

// shortReader is a reader that cannot pass on commands of extended length.
type shortReader struct{ *chipemu.Chip }

func (r shortReader) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if c, err := apdu.Parse(command); err == nil && c.Extended() {
		return nil, fmt.Errorf("transmit: %w", errors.ErrUnsupported)
	}
	return r.Chip.Transmit(ctx, command)
}

func TestAReaderOfShortCommandsIsEnough(t *testing.T) {
	d := passport(t, nil)
	got := inspector(t).Inspect(t.Context(), shortReader{lay(t, d)}, chip.Password{Zone: zoneOf(t, d)})
	if b := bad(got); len(b) > 0 || got.Check(chip.CheckPortrait).State != inspection.Successful {
		t.Errorf("failed %q%s", b, report(got))
	}
}

// ownParameters is an EF.CardAccess that numbers its domain parameters itself and spells them out:
// those of brainpoolP256r1 with another order or the right one.
func ownParameters(t *testing.T, order *big.Int) []byte {
	t.Helper()
	const own = 40
	g, err := security.Standard(13)
	if err != nil {
		t.Fatal(err)
	}
	a, b := g.Curve().Coefficients()
	type field struct {
		Type  asn1.ObjectIdentifier
		Prime *big.Int
	}
	type curve struct{ A, B []byte }
	type parameters struct {
		Version  int
		Field    field
		Curve    curve
		Base     []byte
		Order    *big.Int
		Cofactor int
	}
	type algorithm struct {
		OID        asn1.ObjectIdentifier
		Parameters parameters
	}
	infos, err := asn1.MarshalWithParams([]any{
		struct {
			OID     asn1.ObjectIdentifier
			Version int
			ID      int
		}{asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 4, 2, 2}, 2, own},
		struct {
			OID       asn1.ObjectIdentifier
			Algorithm algorithm
			ID        int
		}{asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 4, 2}, algorithm{
			asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1},
			parameters{1, field{asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1}, g.Curve().Field()}, curve{a.Bytes(), b.Bytes()}, g.Encode(g.Generator()), order, 1},
		}, own},
	}, "set")
	if err != nil {
		t.Fatal(err)
	}
	return infos
}

func TestDomainParametersOfTheChipsOwnAreTakenIfTheyAreTheStandards(t *testing.T) {
	g, err := security.Standard(13)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		order  *big.Int
		state  inspection.State
		reason string
	}{
		{"a standardised curve, spelled out", g.Order(), inspection.Successful, ""},
		{"another order", new(big.Int).Sub(g.Order(), big.NewInt(2)), inspection.NotSupported, "parameters"},
	} {
		d := passport(t, nil)
		issued, err := chipemu.Issue(d, issuer(t))
		if err != nil {
			t.Fatal(err)
		}
		issued.Files[lds.CardAccess] = ownParameters(t, tt.order)
		c, err := chipemu.New(issued)
		if err != nil {
			t.Fatal(err)
		}
		got := inspector(t).Inspect(t.Context(), c, chip.Password{Zone: zoneOf(t, d)})
		if access := got.Check(chip.CheckAccess); access.State != tt.state || access.Reason != tt.reason {
			t.Errorf("%s: %+v", tt.name, access)
		}
	}
}

func TestAnOptionalFileThatWasSignedAndIsNotThereEndsNothing(t *testing.T) {
	for _, quirks := range []chipemu.Quirks{{Extended: 4096}, {LostAfterError: true}} {
		d := passport(t, func(d *chipemu.Document) { d.Optional, d.Quirks = []byte("optional"), quirks })
		issued, err := chipemu.Issue(d, issuer(t))
		if err != nil {
			t.Fatal(err)
		}
		delete(issued.Files, lds.DG13)
		c, err := chipemu.New(issued)
		if err != nil {
			t.Fatal(err)
		}
		in := inspector(t)
		in.Groups = []int{13, 12}
		got := in.Inspect(t.Context(), c, chip.Password{Zone: zoneOf(t, d)})
		if b := bad(got); len(b) > 0 || got.Files[lds.DG12] == nil || got.Portrait == nil {
			t.Errorf("failed %q%s", b, report(got))
		}
		if c := got.Check("pa_hash"); c.State != inspection.NotDone || c.Group != 13 {
			t.Errorf("hash of the missing file: %+v", c)
		}
	}
}

func TestNothingIsSaidWithoutTrust(t *testing.T) {
	d := passport(t, nil)
	in := &chip.Inspector{Now: now}
	got := in.Inspect(t.Context(), lay(t, d), chip.Password{Zone: zoneOf(t, d)})
	if c := got.Check("pa_chain"); c.State == inspection.Successful {
		t.Errorf("chain: %+v", c)
	}
	if c := got.Check("pa_hash"); c.State != inspection.Successful {
		t.Errorf("hashes: %+v", c)
	}
}

func TestAnEmptyHandOpensNothing(t *testing.T) {
	d := passport(t, nil)
	got := inspector(t).Inspect(t.Context(), lay(t, d), chip.Password{})
	if c := got.Check(chip.CheckAccess); c.State != inspection.NotDone || c.Reason != "zone_missing" {
		t.Errorf("%+v", c)
	}
	other := zoneOf(t, d)
	other.DocumentNumber = "X0000000"
	got = inspector(t).Inspect(t.Context(), lay(t, d), chip.Password{Zone: other})
	if c := got.Check(chip.CheckAccess); c.State != inspection.Failed || c.Reason != "password" {
		t.Errorf("%+v%s", c, report(got))
	}
}

func BenchmarkInspect(b *testing.B) {
	d := passport(b, nil)
	c, in, z := lay(b, d), inspector(b), zoneOf(b, d)
	commands := 0
	for b.Loop() {
		if err := c.Reset(b.Context()); err != nil {
			b.Fatal(err)
		}
		commands = in.Inspect(b.Context(), c, chip.Password{Zone: z}).Commands
	}
	b.ReportMetric(float64(commands), "APDUs")
}
