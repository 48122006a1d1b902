package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/lds"
	"boothd/capture/chip/pki"
	"boothd/capture/synthetic"
	"boothd/internal/keys"
)

type passportIssue struct {
	Out       string          `required:"" type:"path" help:"The folder to make: chip.json, document.json, trust.jsonl and the chip's files."`
	Issuer    string          `type:"path" help:"The folder of the test state, made if it is not there; issuer in the chip's folder if left out."`
	Traveller int             `default:"1" help:"The number of the invented traveller."`
	MRZ       string          `name:"mrz" xor:"who" help:"The lines of the zone, in place of the traveller's own; - for standard input."`
	Document  string          `type:"existingfile" xor:"who" help:"A document.json in place of a traveller, to choose protocols, sizes and peculiarities."`
	Active    string          `enum:",rsa,ecdsa" default:"" help:"Add active authentication: rsa or ecdsa."`
	Guarded   bool            `help:"Add the traveller's two index fingers, which the test state's own terminal may read."`
	DG2       int             `name:"dg2" placeholder:"BYTES" help:"The least size of the portrait, up to 1,000,000."`
	Fault     []chipemu.Fault `sep:"none" help:"What is wrong with the chip, such as cloned or altered=DG1; passport faults lists them all."`
}

// Run makes the folder; one that holds a chip is left as it is.
func (p *passportIssue) Run(c *call) error {
	if _, err := os.Stat(filepath.Join(p.Out, chipFile)); err == nil {
		return fmt.Errorf("%s: a chip is there already", p.Out)
	}
	issuer, err := p.issuer()
	if err != nil {
		return err
	}
	d, err := p.document(c, issuer)
	if err != nil {
		return err
	}
	issued, err := chipemu.Issue(d, issuer, p.Fault...)
	if err != nil {
		return err
	}
	if err := p.write(d, issued, issuer); err != nil {
		return err
	}
	c.say("%s: %d files, issued by the test state %s", p.Out, len(issued.Files), issuer.Code)
	for _, f := range issued.Faults {
		c.say("fault: %s", f)
	}
	return nil
}

func (p *passportIssue) issuer() (*chipemu.Issuer, error) {
	folder := p.Issuer
	if folder == "" {
		folder = filepath.Join(p.Out, issuerFolder)
	}
	issuer, err := chipemu.OpenIssuer(folder)
	if !errors.Is(err, fs.ErrNotExist) {
		return issuer, err
	}
	if issuer, err = chipemu.NewIssuer(chipemu.State{}); err != nil {
		return nil, err
	}
	return issuer, issuer.Store(folder)
}

func (p *passportIssue) document(c *call, issuer *chipemu.Issuer) (chipemu.Document, error) {
	traveller := synthetic.New(p.Traveller)
	d, err := p.described(traveller)
	if err != nil {
		return d, err
	}
	if p.MRZ != "" {
		if d.MRZ, err = zoneLines(c, p.MRZ); err != nil {
			return d, err
		}
		d.Person = nil // has the traveller's name
	}
	switch p.Active {
	case "rsa":
		d.Active = &chipemu.Active{Bits: 2048}
	case "ecdsa":
		const brainpoolP256r1 = 13
		d.Active = &chipemu.Active{Curve: brainpoolP256r1}
	}
	if p.DG2 > 0 {
		d.Portrait.Size = p.DG2
	}
	if p.Guarded {
		err = d.Guard(traveller, issuer)
	}
	return d, err
}

func (p *passportIssue) described(t synthetic.Traveller) (chipemu.Document, error) {
	if p.Document == "" {
		return chipemu.DocumentOf(t)
	}
	f, err := os.Open(p.Document)
	if err != nil {
		return chipemu.Document{}, err
	}
	defer f.Close()
	d, err := chipemu.ReadDocument(f)
	if err != nil {
		return d, fmt.Errorf("%s: %w", p.Document, err)
	}
	return d, nil
}

// write writes the chip last: a folder without it is not one of a chip.
func (p *passportIssue) write(d chipemu.Document, issued *chipemu.Issued, issuer *chipemu.Issuer) error {
	files := filepath.Join(p.Out, filesFolder)
	if err := os.MkdirAll(files, 0o700); err != nil {
		return err
	}
	for f, b := range issued.Files {
		if err := os.WriteFile(filepath.Join(files, fileName(f)), b, 0o600); err != nil {
			return err
		}
	}
	var trust strings.Builder
	if err := pki.WriteLines(&trust, issuer.Trust()); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(p.Out, trustFile), []byte(trust.String()), 0o600); err != nil {
		return err
	}
	text, err := json.MarshalIndent(d, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(p.Out, documentFile), append(text, '\n'), 0o600); err != nil {
		return err
	}
	if text, err = json.MarshalIndent(issued, "", "\t"); err != nil {
		return err
	}
	return keys.WriteNew(filepath.Join(p.Out, chipFile), append(text, '\n'), 0o600)
}

// fileName is that of a file of the chip among those of the folder: EF.SOD becomes EF.SOD.bin,
// EF.ATR/INFO becomes EF.ATR-INFO.bin.
func fileName(f lds.File) string { return strings.ReplaceAll(f.String(), "/", "-") + ".bin" }
