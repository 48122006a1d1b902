package chipemu_test

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"testing"
	"time"

	"boothd/capture/chip/access"
	"boothd/capture/chip/apdu"
	"boothd/capture/chip/authenticity"
	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/lds"
	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/pkitest"
	"boothd/capture/chip/security"
	"boothd/capture/chip/tlv"
	"boothd/capture/mrz"
	"boothd/capture/synthetic"
	"boothd/devices"
)

// today is when chips are read.
var today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// issuers are those that were made, which takes long.
var issuers = map[bool]*chipemu.Issuer{}

// newIssuer returns an issuer whose signatures, with repeatable, are the same each time.
func newIssuer(t testing.TB, repeatable bool) *chipemu.Issuer {
	t.Helper()
	if issuers[repeatable] != nil {
		return issuers[repeatable]
	}
	s := chipemu.State{}
	if repeatable {
		s.Signer = pkitest.Algorithm{Bits: 1024, Hash: crypto.SHA256}
	}
	issuer, err := chipemu.NewIssuer(s)
	if err != nil {
		t.Fatal(err)
	}
	issuers[repeatable] = issuer
	return issuer
}

// drawn are documents whose portraits were drawn, which takes long, by their travellers.
var drawn = map[int]chipemu.Document{}

// document is that of traveller n, changed.
func document(t testing.TB, n int, change func(*chipemu.Document)) chipemu.Document {
	t.Helper()
	d, known := drawn[n]
	if !known {
		var err error
		if d, err = chipemu.DocumentOf(synthetic.New(n)); err != nil {
			t.Fatal(err)
		}
		drawn[n] = d
	}
	if change != nil {
		change(&d)
	}
	return d
}

func issue(t testing.TB, d chipemu.Document, issuer *chipemu.Issuer, faults ...string) *chipemu.Issued {
	t.Helper()
	var parsed []chipemu.Fault
	for _, text := range faults {
		f, err := chipemu.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
	}
	issued, err := chipemu.Issue(d, issuer, parsed...)
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

func lay(t testing.TB, issued *chipemu.Issued, options ...chipemu.Option) *chipemu.Chip {
	t.Helper()
	c, err := chipemu.New(issued, options...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// terminal reads a chip with the packages that a booth reads with.
type terminal struct {
	t      testing.TB
	card   devices.Card
	send   access.Sender
	short  int
	opened *access.Opened // PACE
	new    *authenticity.Renewed
	files  map[lds.File][]byte
	dg14   security.Infos
}

func newTerminal(t testing.TB, card devices.Card) *terminal {
	return &terminal{t: t, card: card, send: access.Plain(card), short: 256, files: map[lds.File][]byte{}}
}

// password of the zone.
func password(t testing.TB, lines []string) access.Password {
	t.Helper()
	z, err := mrz.Parse(lines, today)
	if err != nil {
		t.Fatal(err)
	}
	p, err := access.MRZ(z.DocumentNumber, z.BirthDate.Text, z.ExpiryDate.Text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// pace opens the chip with the best suite and selects the application.
func (r *terminal) pace(p access.Password, choose func(security.Infos) (security.PACE, error), o access.Options) error {
	file, err := access.CardAccess(r.t.Context(), r.card)
	if err != nil {
		return err
	}
	r.files[lds.CardAccess] = file
	in, err := security.Parse(file)
	if err != nil {
		return err
	}
	suite, err := choose(in)
	if err != nil {
		return err
	}
	if r.opened, err = access.PACE(r.t.Context(), r.card, p, in, suite, o); err != nil {
		return err
	}
	r.send, r.short = access.Secured(r.card, r.opened.Session), r.opened.Session.Cipher().ShortData()
	if in.PACE[0].Mapping == security.ChipAuthentication {
		if r.files[lds.CardSecurity], err = r.read(lds.CardSecurity); err != nil {
			return err
		}
	}
	return access.SelectApplication(r.t.Context(), r.send)
}

func (r *terminal) bac(p access.Password) error {
	if err := access.SelectApplication(r.t.Context(), r.send); err != nil {
		return err
	}
	s, err := access.BAC(r.t.Context(), r.card, p, nil)
	if err != nil {
		return err
	}
	r.opened = &access.Opened{Session: s}
	r.send, r.short = access.Secured(r.card, s), s.Cipher().ShortData()
	return nil
}

// read reads a file, in pieces of the short form.
func (r *terminal) read(f lds.File) ([]byte, error) {
	var file []byte
	for size := 4; len(file) < size; {
		c := apdu.Command{INS: 0xB0, P1: 0x80 | f.ShortID(), Ne: min(r.short, 200)}
		at := len(file)
		switch {
		case at > 0x7FFF:
			c = apdu.Command{INS: 0xB1, Data: tlv.Append(nil, 0x54, []byte{byte(at >> 16), byte(at >> 8), byte(at)}), Ne: 200}
		case at > 0:
			c.P1, c.P2, c.Ne = byte(at>>8), byte(at), min(c.Ne, size-at)
		}
		a, err := r.send(r.t.Context(), c)
		if err != nil {
			return nil, fmt.Errorf("read %v at %d: %w", f, at, err)
		}
		if a.Status != apdu.EndOfFile && a.Status != apdu.OK {
			return nil, fmt.Errorf("read %v at %d: %w", f, at, a.Status)
		}
		part := a.Data
		if c.INS == 0xB1 {
			if part, err = tlv.Only(part, 0x53); err != nil {
				return nil, err
			}
		}
		if len(part) == 0 {
			return nil, fmt.Errorf("read %v at %d: nothing", f, at)
		}
		file = append(file, part...)
		if at == 0 {
			if size, err = tlv.Size(file); err != nil {
				return nil, err
			}
			if size > 1<<20 {
				return nil, fmt.Errorf("read %v: %d bytes", f, size)
			}
		}
	}
	return file, nil
}

// readAll reads every data group that EF.COM lists, and EF.SOD.
func (r *terminal) readAll() error {
	var err error
	if r.files[lds.COM], err = r.read(lds.COM); err != nil {
		return err
	}
	common, err := lds.ParseCommon(r.files[lds.COM])
	if err != nil {
		return err
	}
	for _, f := range append([]lds.File{lds.SOD}, common.Files...) {
		file, err := r.read(f)
		if errors.Is(err, apdu.FileNotFound) || errors.Is(err, apdu.SecurityNotSatisfied) {
			continue
		}
		if err != nil {
			return err
		}
		r.files[f] = file
	}
	if r.files[lds.DG14] != nil {
		content, err := tlv.Only(r.files[lds.DG14], 0x6E)
		if err != nil {
			return err
		}
		if r.dg14, err = security.Parse(content); err != nil {
			return err
		}
	}
	return nil
}

// agree does Chip Authentication of version 1 and reads DG1 within the new session.
func (r *terminal) agree() error {
	pairs, err := authenticity.Pairs(r.dg14, 1)
	if err != nil {
		return err
	}
	if r.new, err = authenticity.ChipAuthentication(r.t.Context(), r.card, r.opened.Session, pairs[0], nil); err != nil {
		return err
	}
	r.send, r.short = r.new.Sender(r.card), pairs[0].Way.Cipher.ShortData()
	again, err := r.read(lds.DG1)
	if err != nil {
		return err
	}
	if !r.new.Proven() || !bytes.Equal(again, r.files[lds.DG1]) {
		return fmt.Errorf("%v: not proven", pairs[0])
	}
	return nil
}

func (r *terminal) active() (authenticity.Signed, error) {
	info, err := tlv.Only(r.files[lds.DG15], 0x6F)
	if err != nil {
		return authenticity.Signed{}, err
	}
	k, err := authenticity.ParseActiveKey(info, r.dg14)
	if err != nil {
		return authenticity.Signed{}, err
	}
	return authenticity.ActiveAuthentication(r.t.Context(), r.send, r.short, k, nil)
}

// verify does Passive Authentication.
func (r *terminal) verify(issuer *chipemu.Issuer) pki.Result {
	r.t.Helper()
	trust, faults := pki.New(issuer.Trust())
	if len(faults) > 0 {
		r.t.Fatal(faults)
	}
	return trust.Verify(r.document(), today)
}

func (r *terminal) document() pki.Document {
	lines, err := lds.ParseZone(r.files[lds.DG1])
	if err != nil {
		r.t.Fatal(err)
	}
	z, err := mrz.Parse(lines, today)
	if err != nil {
		r.t.Fatal(err)
	}
	return pki.Document{
		SOD: r.files[lds.SOD], State: z.Issuer, Type: z.DocumentCode, Number: z.DocumentNumber,
		Digest: func(group int, h crypto.Hash) ([]byte, bool) {
			file := r.files[lds.File(group)]
			d := h.New()
			d.Write(file)
			return d.Sum(nil), file != nil
		},
	}
}

// authenticate does Terminal Authentication of version 1.
func (r *terminal) authenticate(t *authenticity.Terminal, number string, digit byte) (*authenticity.Admission, error) {
	authorities, err := authenticity.Authorities(r.t.Context(), r.send, r.dg14)
	if err != nil {
		return nil, err
	}
	b := authenticity.Binding{Version: 1, Key: r.new.Ephemeral.Compressed(), Chip: authenticity.ChipByNumber(number, digit)}
	if r.opened.Group() != nil {
		b.Chip = authenticity.ChipByPACE(r.opened)
	}
	return t.Authenticate(r.t.Context(), r.send, authorities, b)
}
