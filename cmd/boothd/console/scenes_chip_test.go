package console_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"boothd/capture"
	"boothd/capture/check"
	"boothd/capture/chip"
	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/pki"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
	"boothd/capture/policy"
	"boothd/capture/synthetic"
	"boothd/cmd/boothd/console"
	"boothd/devices"
)

// The scenes of a booth that inspects chips. The chips are emulated and their inspections real.

const chipm = capture.ModalityChip

// utopia is the state that has issued the documents here.
var utopia = sync.OnceValues(func() (*chipemu.Issuer, error) { return chipemu.NewIssuer(chipemu.State{}) })

// issued is the chip of an invented traveller's document, with what is wrong with it.
func issued(t *testing.T, number int, faults ...string) *chipemu.Chip {
	t.Helper()
	issuer, err := utopia()
	if err != nil {
		t.Fatal(err)
	}
	d, err := chipemu.DocumentOf(synthetic.New(number))
	if err != nil {
		t.Fatal(err)
	}
	var wrong []chipemu.Fault
	for _, f := range faults {
		fault, err := chipemu.ParseFault(f)
		if err != nil {
			t.Fatal(err)
		}
		wrong = append(wrong, fault)
	}
	i, err := chipemu.Issue(d, issuer, wrong...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := chipemu.New(i, chipemu.WithFaults(wrong...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// inspector trusts the state.
func inspector(t *testing.T) *chip.Inspector {
	t.Helper()
	issuer, err := utopia()
	if err != nil {
		t.Fatal(err)
	}
	trust, faults := pki.New(issuer.Trust())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return &chip.Inspector{Trust: func() *pki.Trust { return trust }, Now: time.Now}
}

func zoneOf(t *testing.T, number int) *mrz.Zone {
	t.Helper()
	z, err := mrz.Read(synthetic.New(number).MRZ, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return &z
}

// travellerOfChips is whose document the scenes show.
const travellerOfChips = 1

// withChip is a decided check with the chip's evidence and what the strict policy says of it; nothing else speaks
// against the traveller.
func withChip(t *testing.T, c *capture.Chip) check.View {
	t.Helper()
	v := decided(capture.OutcomeClear)
	z := zoneOf(t, travellerOfChips)
	now := time.Now()
	v.Check.Zone = z
	v.Check.Evidence[0].Checks = inspection.OfZone(z, now)
	v.Check.Evidence = append(v.Check.Evidence, check.EvidenceView{
		ID: "chip-1", Modality: chipm, At: now, Device: "Emulated reader", Document: "document-1", Checks: c.Checks, Image: c.Portrait != nil,
	})
	said := policy.Decide(policy.Strict(), policy.Facts{Now: now, Evidence: []capture.Evidence{
		{ID: "document-1", At: now, Document: &capture.Document{Zone: *z}}, {ID: "chip-1", At: now, Chip: c},
	}})
	reasons := slices.DeleteFunc(said.Reasons, func(r capture.Reason) bool { return r.Modality != chipm })
	if len(reasons) > 0 {
		v.Check.Recommendation = &capture.Recommendation{Outcome: reasons[0].Outcome, Reasons: reasons}
	}
	return v
}

// inspected is a check of somebody whose chip was inspected.
func inspected(t *testing.T, faults ...string) check.View {
	t.Helper()
	found := inspector(t).Inspect(t.Context(), issued(t, travellerOfChips, faults...), chip.Password{Zone: zoneOf(t, travellerOfChips)})
	return withChip(t, capture.ChipOf("document-1", found))
}

// chipless is a check of a document without a chip, as an officer says.
func chipless(t *testing.T, why capture.MissingChip, expected string) check.View {
	t.Helper()
	return withChip(t, capture.ChipMissing("document-1", why, expected))
}

// awaitingChip is a check that waits for the chip.
func awaitingChip(t *testing.T) check.View {
	t.Helper()
	v := collecting()
	z := zoneOf(t, travellerOfChips)
	v.Check.Zone = z
	v.Check.Evidence[0].Checks = inspection.OfZone(z, time.Now())
	v.Check.Wanted = []capture.Modality{chipm, face, fing}
	v.Check.Guidance = append([]check.Guidance{{Modality: chipm, Text: "Leave the document on the chip reader."}}, v.Check.Guidance...)
	return v
}

// chipStatus is that of a booth that inspects chips, with its reader plugged or not.
func chipStatus(plugged bool) console.BoothStatus {
	st := calmStatus()
	st.Require = []capture.Modality{doc, chipm, face, fing}
	if plugged {
		st.Devices = append(st.Devices, devices.Status{Address: "pcsc:1", Driver: "pcsc", Kind: devices.KindChipReader, State: devices.Ready,
			Info: devices.Info{Model: "Emulated reader", Kind: devices.KindChipReader}, Since: time.Now()})
	}
	return st
}

// chipDesk is a chip reader in this process: a bus, the port on it and the device.
type chipDesk struct{ laid chan devices.Card }

func (r *chipDesk) Scan(context.Context) ([]devices.Port, error) { return []devices.Port{r}, nil }
func (r *chipDesk) Address() string                              { return "emulated:1" }
func (r *chipDesk) ID() devices.ID                               { return devices.ID{} }
func (r *chipDesk) Driver() string                               { return "emulated" }
func (r *chipDesk) Close() error                                 { return nil }

func (r *chipDesk) Info() devices.Info {
	return devices.Info{Driver: r.Driver(), Kind: devices.KindChipReader, Address: r.Address(), Model: "Emulated reader"}
}

func (r *chipDesk) Connect(ctx context.Context) (devices.Card, error) {
	select {
	case c := <-r.laid:
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// chipsToo collects chips as a booth does, and all else from the test.
type chipsToo struct {
	devicesOf
	session *capture.Session
}

func (c chipsToo) Collect(ctx context.Context, m capture.Modality, known []capture.Evidence, guide func(string)) (capture.Evidence, error) {
	if m == chipm {
		return c.session.Collect(ctx, m, known, guide)
	}
	return c.devicesOf.Collect(ctx, m, known, guide)
}

// newChipsToo has a reader, which the manager keeps until the test ends.
func newChipsToo(t *testing.T) (chipsToo, *chipDesk) {
	t.Helper()
	reader := &chipDesk{laid: make(chan devices.Card)}
	manager := &devices.Manager{Buses: []devices.Bus{reader}, Drivers: []devices.Driver{{
		Name: "emulated", Kind: devices.KindChipReader, Open: func(context.Context, devices.Port) (devices.Device, error) { return reader, nil },
	}}}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { manager.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	read := devicesOf{doc: make(chan capture.Evidence), face: make(chan capture.Evidence), fing: make(chan capture.Evidence)}
	return chipsToo{read, &capture.Session{Devices: manager, Chips: inspector(t), Now: time.Now}}, reader
}
