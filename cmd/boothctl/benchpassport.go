package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"slices"
	"time"

	"boothd/capture/chip"
	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/lds"
	"boothd/capture/chip/pki"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/devices"
)

type benchPassport struct {
	N    int  `short:"n" default:"50" help:"How many inspections, after one that does not count."`
	DG2  int  `name:"dg2" default:"15000" placeholder:"BYTES" help:"The size of the portrait, up to 1,000,000; it takes at least some 5,000."`
	PCSC bool `name:"pcsc" default:"true" negatable:"" help:"Also through pcscd and its virtual reader, if they are installed."`
}

// Validate is called by the parser.
func (b *benchPassport) Validate() error {
	if b.N < 1 {
		return errors.New("nothing is measured with fewer than one inspection")
	}
	return nil
}

// passportTimes is what is printed of one way to the chip. Times are in milliseconds, medians but
// for the fastest, which tells most where others use the machine.
type passportTimes struct {
	Over        string  `json:"over"` // "process" or "pcsc"
	Skipped     string  `json:"skipped,omitempty"`
	Opened      string  `json:"opened,omitempty"`
	DG2         int     `json:"dg2_bytes,omitempty"`
	Inspections int     `json:"inspections,omitempty"`
	Commands    int     `json:"apdus,omitempty"`
	Read        float64 `json:"read_ms,omitempty"`     // all but the portrait: PACE, CA, PA, DG1, DG2
	Exchange    float64 `json:"of_apdus_ms,omitempty"` // of it, commands under way and in the chip
	Whole       float64 `json:"whole_ms,omitempty"`    // with the portrait made for the officer's page
	Fastest     float64 `json:"read_fastest_ms,omitempty"`
}

// Run inspects one chip again and again: in this process, and behind pcscd.
func (b *benchPassport) Run(c *call) error {
	bench, err := newPassportBench(b.DG2)
	if err != nil {
		return err
	}
	emulated, err := chipemu.New(bench.issued)
	if err != nil {
		return err
	}
	defer emulated.Close()
	inProcess := func(ctx context.Context) (devices.Card, error) { return again{emulated}, emulated.Reset(ctx) }
	t, err := bench.measure(c.ctx, b.N, inProcess)
	if err != nil {
		return err
	}
	t.Over = "process"
	if err := c.json(t); err != nil || !b.PCSC {
		return err
	}
	t, err = bench.overPCSC(c.ctx, b.N)
	if err != nil {
		return err
	}
	t.Over = "pcsc"
	return c.json(t)
}

// again is a card that closing does not take from the field.
type again struct{ devices.Card }

func (again) Close() error { return nil }

// passportBench is a chip and who inspects it.
type passportBench struct {
	issued    *chipemu.Issued
	inspector *chip.Inspector
	password  chip.Password
}

func newPassportBench(size int) (*passportBench, error) {
	issuer, err := chipemu.NewIssuer(chipemu.State{})
	if err != nil {
		return nil, err
	}
	traveller := synthetic.New(1)
	d, err := chipemu.DocumentOf(traveller)
	if err != nil {
		return nil, err
	}
	if d.Portrait, err = portraitOf(traveller, size); err != nil {
		return nil, err
	}
	b := &passportBench{}
	if b.issued, err = chipemu.Issue(d, issuer); err != nil {
		return nil, err
	}
	trust, faults := pki.New(issuer.Trust())
	zone, err := mrz.Parse(d.MRZ, time.Now())
	b.inspector = &chip.Inspector{Trust: func() *pki.Trust { return trust }, Now: time.Now}
	b.password.Zone = &zone
	return b, errors.Join(append(faults, err)...)
}

// portraitOf encodes the traveller's portrait as well as the size allows, and fills the rest.
func portraitOf(t synthetic.Traveller, size int) (chipemu.Portrait, error) {
	var b bytes.Buffer
	for quality := 90; quality > 0 && (b.Len() == 0 || b.Len() > size); quality -= 5 {
		b.Reset()
		if err := jpeg.Encode(&b, t.Portrait(), &jpeg.Options{Quality: quality}); err != nil {
			return chipemu.Portrait{}, err
		}
	}
	return chipemu.Portrait{Data: b.Bytes(), Size: size}, nil
}

// measure inspects n times and once before. Each inspection has a card of its own, whose
// connection is not counted.
func (b *passportBench) measure(ctx context.Context, n int, connect func(context.Context) (devices.Card, error)) (*passportTimes, error) {
	t := &passportTimes{Inspections: n, DG2: len(b.issued.Files[lds.DG2])}
	var reads, exchanges, wholes []time.Duration
	for range n + 1 {
		card, err := connect(ctx)
		if err != nil {
			return nil, err
		}
		timed := &timedCard{Card: card}
		found := b.inspector.Inspect(ctx, timed, b.password)
		if err := errors.Join(card.Close(), failing(found)); err != nil {
			return nil, err
		}
		t.Opened, t.Commands = found.Opened, found.Commands
		reads, exchanges, wholes = append(reads, found.Decided), append(exchanges, timed.took), append(wholes, found.Took)
	}
	reads, exchanges, wholes = reads[1:], exchanges[1:], wholes[1:]
	t.Fastest = milliseconds(slices.Min(reads))
	t.Read, t.Exchange, t.Whole = milliseconds(median(reads)), milliseconds(median(exchanges)), milliseconds(median(wholes))
	return t, nil
}

// failing returns an error if a check failed: what is measured must be whole.
func failing(i *chip.Inspection) error {
	for _, c := range i.Checks {
		if c.State == inspection.Failed || c.State == inspection.Undetermined {
			return fmt.Errorf("inspection: %s %s: %s", c.Name, c.State, c.Text)
		}
	}
	return nil
}

// timedCard adds up how long commands take.
type timedCard struct {
	devices.Card
	took time.Duration
}

func (c *timedCard) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	began := time.Now()
	defer func() { c.took += time.Since(began) }()
	return c.Card.Transmit(ctx, command)
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
