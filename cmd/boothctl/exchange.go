package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"boothd/capture"
	"boothd/internal/keys"
	"boothd/internal/signed"
	"boothd/sync/exchange"
	"boothd/sync/grant"
)

type exchangeCommand struct {
	Seal    exchangeSeal    `cmd:"" help:"Seal files for a named recipient, to be handed over on a stick, and journal it."`
	Open    exchangeOpen    `cmd:"" help:"Open a bundle that was sealed for us and write the receipt."`
	Receipt exchangeReceipt `cmd:"" help:"Verify the receipt that came back, and journal it."`
}

type exchangeSeal struct {
	Files     []string `arg:"" type:"existingfile" help:"What is handed over."`
	Out       string   `short:"o" required:"" type:"path" help:"The bundle to write. It must not exist."`
	To        string   `required:"" type:"existingfile" help:"The recipient's public sealing key."`
	Recipient string   `required:"" help:"The recipient's name."`
	Kind      string   `required:"" help:"The kind of recipient: own, law-enforcement, eu-agency or ngo."`
	Protocol  string   `help:"The protocol under which an organisation receives it."`
	Purpose   string   `required:"" help:"What it is handed over for."`
	Key       string   `required:"" type:"existingfile" help:"Our secret signing key."`
	Officer   string   `help:"The officer who hands over; the first one configured if left out."`

	Minor         bool     `help:"It holds data of a minor."`
	Permission    string   `type:"existingfile" help:"The public prosecutor's signed grant, which a minor's data needs for everybody but our own authority."`
	Subject       string   `help:"Whom the grant is about, as \"grant subject\" prints it."`
	PermissionKey []string `type:"existingfile" help:"Public keys of the prosecutor."`
	Revoked       string   `type:"existingfile" help:"The signed list of revoked grants, at most 48 h old."`
}

// Run seals into a temporary file at first: what is not journalled must not leave, so
// nothing is on the stick until the daemon has journalled it. A permission that may be used
// once is used up before, also if the journal then refuses.
func (s *exchangeSeal) Run(c *call) error {
	if err := exchange.Recipient(s.Kind).Admit(); err != nil {
		return err
	}
	if _, err := os.Lstat(s.Out); err == nil {
		return fmt.Errorf("%s is there already", s.Out)
	}
	api, err := c.api(s.Officer)
	if err != nil {
		return err
	}
	if err := api.do(c.ctx, "GET", "/api/v1/status", nil, nil); err != nil {
		return fmt.Errorf("nothing was sealed, since it could not be journalled: %w", err)
	}
	permission, err := s.permit()
	if err != nil {
		return err
	}
	sealed, err := os.CreateTemp("", "boothctl-exchange-")
	if err != nil {
		return err
	}
	defer os.Remove(sealed.Name())
	defer sealed.Close()
	told, err := s.seal(c, sealed, permission.reference())
	if err != nil {
		return err
	}
	if err := permission.use(c); err != nil {
		return err
	}
	if err := api.do(c.ctx, "POST", "/api/v1/exchange", told, nil); err != nil {
		return fmt.Errorf("nothing was handed over, since it could not be journalled: %w", err)
	}
	if err := copyNew(s.Out, sealed); err != nil {
		return fmt.Errorf("journalled as handed over, but not written: %w", err)
	}
	c.say("%d files, %d bytes, sealed for %s (%s)", told.Files, told.Bytes, s.Recipient, s.Kind)
	c.say("bundle %s", told.Bundle)
	return nil
}

func (s *exchangeSeal) seal(c *call, dst io.Writer, reference string) (capture.Exchange, error) {
	booth, err := c.booth()
	if err != nil {
		return capture.Exchange{}, err
	}
	to, err := keys.ReadSealing(s.To)
	if err != nil {
		return capture.Exchange{}, err
	}
	key, err := keys.ReadSigning(s.Key)
	if err != nil {
		return capture.Exchange{}, err
	}
	b := exchange.Bundle{
		From: booth.Booth.ID, To: s.Recipient, Kind: exchange.Recipient(s.Kind), Purpose: s.Purpose,
		Protocol: s.Protocol, Minor: s.Minor, Permission: reference, At: time.Now(),
	}
	for _, path := range s.Files {
		b.Files = append(b.Files, exchange.FileAt(path))
	}
	return exchange.Seal(c.ctx, dst, b, to, key)
}

// permission is a prosecutor's grant that covers the release.
type permission struct {
	grant    *grant.Grant
	verifier grant.Verifier
	text     string
	want     grant.Want
}

// permit verifies the permission that the release needs; nil if it needs none.
func (s *exchangeSeal) permit() (*permission, error) {
	if !s.Minor || exchange.Recipient(s.Kind) == exchange.Own {
		return nil, nil
	}
	if s.Permission == "" || s.Subject == "" || len(s.PermissionKey) == 0 || s.Revoked == "" {
		return nil, fmt.Errorf("%w: give --permission, --permission-key, --subject and --revoked", exchange.ErrPermission)
	}
	trusted, err := keys.ReadVerifyingAll(s.PermissionKey)
	if err != nil {
		return nil, err
	}
	text, err := signed.ReadFile(s.Permission)
	if err != nil {
		return nil, err
	}
	revoked := grant.NewRevoked(trusted...)
	if err := revoked.ReadFile(s.Revoked); err != nil {
		return nil, err
	}
	p := &permission{
		verifier: grant.Verifier{Keys: grant.AnyAuthority(trusted...), Revocations: revoked}, text: text,
		want: grant.Want{Authority: grant.Prosecutor, Deed: grant.DeedRelease, Subject: s.Subject},
	}
	if p.grant, err = p.verifier.Look(text); err != nil {
		return nil, err
	}
	return p, p.grant.Covers(p.want, time.Now())
}

func (p *permission) reference() string {
	if p == nil {
		return ""
	}
	return p.grant.Reference
}

// use marks the grant in the booth's memory.
func (p *permission) use(c *call) error {
	if p == nil {
		return nil
	}
	booth, err := c.booth()
	if err != nil {
		return err
	}
	uses, err := grant.OpenUses(c.ctx, filepath.Join(booth.Booth.State, grant.UsesFile))
	if err != nil {
		return err
	}
	defer uses.Close()
	p.verifier.Uses = uses
	_, err = p.verifier.Use(c.ctx, p.text, p.want)
	return err
}

// copyNew writes a file that must not exist yet, durably, and removes it if it cannot.
func copyNew(path string, from io.ReadSeeker) error {
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		os.Remove(path)
	}
	return err
}

type exchangeOpen struct {
	Bundle  string   `arg:"" type:"existingfile"`
	Into    string   `required:"" type:"path" help:"The folder to write the files into. It must not exist."`
	Key     string   `required:"" type:"existingfile" help:"Our secret sealing key."`
	From    []string `required:"" type:"existingfile" help:"Public signing keys of senders whom we trust."`
	Sign    string   `required:"" type:"existingfile" help:"Our secret signing key, for the receipt."`
	By      string   `required:"" help:"Who receives it, for the receipt."`
	Receipt string   `required:"" type:"path" help:"The receipt to write. It must not exist."`
}

func (o *exchangeOpen) Run(c *call) error {
	key, err := keys.ReadOpening(o.Key)
	if err != nil {
		return err
	}
	senders, err := keys.ReadVerifyingAll(o.From)
	if err != nil {
		return err
	}
	sign, err := keys.ReadSigning(o.Sign)
	if err != nil {
		return err
	}
	f, err := os.Open(o.Bundle)
	if err != nil {
		return err
	}
	defer f.Close()
	opened, err := exchange.OpenInto(c.ctx, f, key, senders, o.Into)
	if err != nil {
		return err
	}
	receipt, err := opened.Receipt(o.By, time.Now(), sign)
	if err == nil {
		err = keys.WriteNew(o.Receipt, []byte(receipt+"\n"), 0o644)
	}
	if err != nil {
		return fmt.Errorf("the files are in %s, but there is no receipt: %w", o.Into, err)
	}
	e := opened.Exchange
	c.say("%d files, %d bytes, handed over by %s on %s for %s", e.Files, e.Bytes, opened.From, opened.At.Format(time.RFC3339), opened.Purpose)
	if e.Minor {
		c.say("It holds data of a minor: hand nothing on without the public prosecutor's permission.")
	}
	c.say("Carry the receipt back: %s", o.Receipt)
	return nil
}

type exchangeReceipt struct {
	File    string   `arg:"" type:"existingfile" help:"The receipt."`
	Key     []string `required:"" type:"existingfile" help:"Public signing keys of the recipient."`
	Bundle  string   `type:"existingfile" help:"Our copy of the bundle, if we kept one: the receipt must be for it."`
	Officer string   `help:"The officer who takes the receipt; the first one configured if left out."`
}

func (r *exchangeReceipt) Run(c *call) error {
	trusted, err := keys.ReadVerifyingAll(r.Key)
	if err != nil {
		return err
	}
	text, err := signed.ReadFile(r.File)
	if err != nil {
		return err
	}
	receipt, err := exchange.VerifyReceipt(text, trusted)
	if err != nil {
		return err
	}
	if r.Bundle != "" {
		digest, err := digestOf(r.Bundle)
		if err != nil {
			return err
		}
		if digest != receipt.Exchange.Bundle {
			return errors.New("the receipt is for another bundle")
		}
	}
	api, err := c.api(r.Officer)
	if err != nil {
		return err
	}
	if err := api.do(c.ctx, "POST", "/api/v1/exchange", receipt.Exchange, nil); err != nil {
		return fmt.Errorf("the receipt is genuine, but was not journalled: %w", err)
	}
	c.say("received by %s on %s: bundle %s", receipt.By, receipt.Exchange.Received.Format(time.RFC3339), receipt.Exchange.Bundle)
	return nil
}

func digestOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}
