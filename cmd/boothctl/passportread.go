package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"boothd/capture/chip"
	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/pki"
	"boothd/capture/chip/portrait"
	"boothd/capture/inspection"
	"boothd/capture/mrz"
	"boothd/devices"
	"boothd/devices/pcsc"
)

type passportRead struct {
	MRZ      string        `name:"mrz" help:"The lines of the zone on the page, white space between them; - reads them from standard input."`
	CAN      string        `name:"can" help:"The card access number, six digits."`
	Reader   string        `xor:"where" help:"The PC/SC reader whose name holds this text; needed if there are several."`
	Chip     string        `xor:"where" type:"existingdir" help:"A folder that passport issue made: its chip is emulated in this process. It opens with its own zone if neither --mrz nor --can is given."`
	Trust    string        `type:"existingfile" help:"Trust material, as csca import writes it. Without it no signer is known."`
	Terminal string        `type:"existingdir" placeholder:"ISSUER" help:"The folder of a test state, as whose terminal guarded fingers are read."`
	Group    []int         `help:"Data groups to read besides 1 and 2."`
	JP2      string        `name:"jp2" default:"/usr/libexec/boothd/boothd-jp2" help:"The program that decodes JPEG 2000."`
	Wait     time.Duration `default:"30s" help:"How long to wait for a document on the reader."`
	Timeout  time.Duration `default:"60s" help:"How long the inspection may take."`
	Portrait string        `type:"path" placeholder:"FILE" help:"Write the portrait to this file, as JPEG."`
	Show     bool          `help:"Print what the chip says of its holder."`
	JSON     bool          `help:"Print one JSON object."`
}

// Validate is called by the parser.
func (p *passportRead) Validate() error { return checkGroups(p.Group) }

// Run fails if a check failed or remained open, or if the chip was not opened.
func (p *passportRead) Run(c *call) error {
	in, err := p.inspector(c)
	if err != nil {
		return err
	}
	password, err := p.password(c)
	if err != nil {
		return err
	}
	card, release, err := p.card(c, &password)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx, p.Timeout)
	defer cancel()
	found := in.Inspect(ctx, card, password)
	if password.Zone != nil {
		found.Checks = append(found.Checks, inspection.OfZone(password.Zone, time.Now())...)
	}
	if err := errors.Join(release(), p.print(c, found), p.keep(c, found)); err != nil {
		return err
	}
	if !well(found) {
		return errUnwell
	}
	return nil
}

func (p *passportRead) inspector(c *call) (*chip.Inspector, error) {
	trust, err := trustIn(c, p.Trust)
	if err != nil {
		return nil, err
	}
	in := &chip.Inspector{Trust: func() *pki.Trust { return trust }, Portrait: portrait.Maker{JP2: p.JP2}, Groups: p.Group, Now: time.Now}
	if p.Terminal == "" {
		return in, nil
	}
	issuer, err := chipemu.OpenIssuer(p.Terminal)
	if err != nil {
		return nil, err
	}
	in.Terminal, err = issuer.Terminal(time.Now)
	return in, err
}

func (p *passportRead) password(c *call) (chip.Password, error) {
	password := chip.Password{CAN: p.CAN}
	if p.CAN != "" && (len(p.CAN) != 6 || strings.Trim(p.CAN, "0123456789") != "") {
		return password, errors.New("a card access number has six digits")
	}
	if p.MRZ == "" {
		return password, nil
	}
	lines, err := zoneLines(c, p.MRZ)
	if err == nil {
		password.Zone, err = zoneOf(lines, time.Now())
	}
	return password, err
}

// card connects to the chip that is inspected. release ends that.
func (p *passportRead) card(c *call, password *chip.Password) (card devices.Card, release func() error, err error) {
	if p.Chip == "" {
		if password.Zone == nil && password.CAN == "" {
			return nil, nil, errors.New("nothing opens the chip: give --mrz or --can")
		}
		return waitForCard(c.ctx, p.Reader, p.Wait)
	}
	emulated, issued, err := openChip(p.Chip)
	if err != nil {
		return nil, nil, err
	}
	if password.Zone == nil && password.CAN == "" {
		if password.Zone, err = zoneOf(issued.Document.MRZ, time.Now()); err != nil {
			return nil, nil, err
		}
	}
	return emulated, emulated.Close, nil
}

// waitForCard opens the reader and waits for a document on it.
func waitForCard(ctx context.Context, name string, wait time.Duration) (devices.Card, func() error, error) {
	reader, err := openReader(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	card, err := reader.Connect(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no document on %s within %s", reader.Info().Model, wait)
	}
	if err != nil {
		return nil, nil, errors.Join(err, reader.Close())
	}
	return card, func() error {
		err := card.Close()
		if errors.Is(err, devices.ErrGone) {
			err = nil // the checks say so
		}
		return errors.Join(err, reader.Close())
	}, nil
}

func openReader(ctx context.Context, name string) (devices.ChipReader, error) {
	var only []string
	if name != "" {
		only = []string{name}
	}
	ports, err := pcsc.NewBus(only...).Scan(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(ports) == 0 && name != "":
		return nil, fmt.Errorf("no PC/SC reader has %q in its name", name)
	case len(ports) == 0:
		return nil, errors.New("no PC/SC reader: is it plugged in, and does pcscd run?")
	case len(ports) > 1:
		var names []string
		for _, port := range ports {
			names = append(names, port.Address())
		}
		return nil, fmt.Errorf("several readers, name one with --reader: %s", strings.Join(names, ", "))
	}
	device, err := pcsc.Driver().Open(ctx, ports[0])
	if err != nil {
		return nil, err
	}
	reader, ok := device.(devices.ChipReader)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%s reads no chips", ports[0].Address()), device.Close())
	}
	return reader, nil
}

// well tells whether the chip was opened and no check failed or remained open.
func well(i *chip.Inspection) bool {
	for _, c := range i.Checks {
		if c.State == inspection.Failed || c.State == inspection.Undetermined {
			return false
		}
	}
	return i.Opened != ""
}

func (p *passportRead) print(c *call, i *chip.Inspection) error {
	if p.JSON {
		shown := *i
		if !p.Show {
			shown.Zone = nil
		}
		return c.json(shown)
	}
	c.say("opened by %s; data groups %s; %d commands in %s", orDash(i.Opened), groupsOf(i), i.Commands, i.Took.Round(time.Millisecond))
	if err := sayChecks(c.out, i.Checks); err != nil {
		return err
	}
	if p.Show && i.Zone != nil {
		sayHolder(c, i.Zone)
	}
	return nil
}

func groupsOf(i *chip.Inspection) string {
	var all []string
	for _, n := range i.Groups {
		all = append(all, fmt.Sprint(n))
	}
	return orDash(strings.Join(all, ", "))
}

// sayChecks prints every check, its state beside the reason for it.
func sayChecks(out io.Writer, checks []inspection.Check) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CHECK\tSTATE\tREASON\t")
	for _, c := range checks {
		name := c.Name
		if c.Group > 0 {
			name += fmt.Sprintf(" DG%d", c.Group)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", name, strings.ReplaceAll(string(c.State), "_", " "), orDash(c.Reason), c.Text)
	}
	return w.Flush()
}

func sayHolder(c *call, z *mrz.Zone) {
	for _, line := range z.Lines {
		c.say("%s", line)
	}
	c.say("%s, %s; born %s; nationality %s; document %s of %s, valid until %s", z.Surname, z.GivenNames,
		orDash(z.BirthDate.ISO()), orDash(z.Nationality), z.DocumentNumber, z.Issuer, orDash(z.ExpiryDate.ISO()))
}

// keep writes the portrait if that was asked for.
func (p *passportRead) keep(c *call, i *chip.Inspection) error {
	if p.Portrait == "" {
		return nil
	}
	if i.Portrait == nil {
		return errors.New("no portrait was read: no picture is written")
	}
	out := output{Out: p.Portrait}
	return out.write(c, func(w io.Writer) error {
		_, err := w.Write(i.Portrait.JPEG)
		return err
	})
}
