package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"time"

	"boothd/capture/audit"
	"boothd/internal/keys"
	"boothd/sync/outbox"
)

type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Prove the journal whole, offline: the booth's own, or an exported one."`
	Export auditExport `cmd:"" help:"Write the journal as JSON Lines to standard output, for the supervisory authority."`
}

type auditVerify struct {
	File string `arg:"" optional:"" type:"existingfile" help:"An exported journal; the booth's own if left out."`
	JSON bool   `help:"Print JSON."`
}

func (v *auditVerify) Run(c *call) error {
	if v.File != "" {
		return v.export(c)
	}
	report, err := c.prove()
	if err != nil {
		return err
	}
	return c.verdict(report, v.JSON)
}

// export proves an exported journal.
func (v *auditVerify) export(c *call) error {
	f, err := os.Open(v.File)
	if err != nil {
		return err
	}
	defer f.Close()
	report, err := audit.VerifyExport(f)
	if err != nil {
		return err
	}
	if v.JSON {
		err = c.json(map[string]any{"journal": report})
	} else if sayChain(c, report) {
		c.say("central's acknowledgements are no part of an export: whether central vouches for it is proven at the booth")
	}
	if err == nil && !report.Whole() {
		err = errUnwell
	}
	return err
}

// prove verifies the booth's own outbox and journal.
func (c *call) prove() (*outbox.Report, error) {
	booth, r, err := c.openOutbox()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	central, err := keys.ReadVerifyingAll(booth.Portal.Signing)
	if err != nil {
		return nil, err
	}
	return r.Verify(c.ctx, central)
}

// verdict tells what was proven and fails if anything is wrong.
func (c *call) verdict(r *outbox.Report, asJSON bool) error {
	if asJSON {
		if err := c.json(r); err != nil {
			return err
		}
	} else {
		c.say("%d records wait, %d are in quarantine", r.Items, r.Quarantined)
		for _, f := range r.Faults {
			c.say("fault: %s", f)
		}
		sayJournal(c, r.Journal)
	}
	if !r.Whole() {
		return errUnwell
	}
	return nil
}

func sayJournal(c *call, r *audit.Report) {
	switch {
	case !sayChain(c, r):
	case r.Anchored > 0:
		c.say("central's acknowledgement vouches for everything up to entry %d", r.Anchored)
	default:
		c.say("no acknowledgement by central is kept: nobody else vouches for the journal")
	}
}

// sayChain tells whether the entries hang together, and reports it.
func sayChain(c *call, r *audit.Report) bool {
	if r.Break != nil {
		c.say("the journal is broken: %s", r.Break.Text)
		return false
	}
	c.say("the journal is whole: %d entries, %d of them erased on schedule", r.Entries, r.Erased)
	return true
}

type auditExport struct {
	Recipient string `required:"" help:"For whom it is exported; that is journalled."`
	From      uint64 `default:"1" help:"First entry."`
	To        uint64 `help:"Last entry; if left out, the newest before the entry that tells of this export."`
}

// Run journals first that it exports, then exports.
func (e *auditExport) Run(c *call) error {
	if e.Recipient == "" {
		return errors.New("a recipient is needed")
	}
	booth, r, err := c.openOutbox()
	if err != nil {
		return err
	}
	defer r.Close()
	newest, err := r.Head(c.ctx)
	if err != nil {
		return err
	}
	to := e.To
	if to == 0 {
		to = newest.Seq
	}
	if e.From < 1 || e.From > to || to > newest.Seq {
		return fmt.Errorf("entries %d to %d are not in the journal: it has 1 to %d", e.From, to, newest.Seq)
	}
	entry := audit.Entry{Kind: audit.KindExport, At: time.Now(), Booth: booth.Booth.ID, Officer: whoami(), Detail: map[string]string{
		"from": strconv.FormatUint(e.From, 10), "to": strconv.FormatUint(to, 10), "recipient": e.Recipient,
	}}
	if err := outbox.Journal(c.ctx, booth.OutboxPath(), entry); err != nil {
		return err
	}
	return r.ExportJournal(c.ctx, c.out, e.From, to)
}

// whoami is the user of this machine who runs boothctl.
func whoami() string {
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	return u.Username
}
