package main

import (
	"errors"
	"math"
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
	report, err := v.verify(c)
	if err != nil {
		return err
	}
	if v.JSON {
		if err := c.json(report); err != nil {
			return err
		}
	} else {
		sayJournal(c, report)
	}
	if !report.Whole() {
		return errUnwell
	}
	return nil
}

func (v *auditVerify) verify(c *call) (*audit.Report, error) {
	if v.File != "" {
		f, err := os.Open(v.File)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return audit.VerifyExport(f)
	}
	booth, r, err := c.openOutbox()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	central, err := keys.ReadVerifyingAll(booth.Portal.Signing)
	if err != nil {
		return nil, err
	}
	report, err := r.Verify(c.ctx, central)
	if err != nil {
		return nil, err
	}
	for _, fault := range report.Faults {
		c.say("fault: %s", fault)
	}
	return report.Journal, nil
}

func sayJournal(c *call, r *audit.Report) {
	if r.Break != nil {
		c.say("the journal is broken: %s", r.Break.Text)
		return
	}
	c.say("the journal is whole: %d entries, %d of them erased on schedule", r.Entries, r.Erased)
	if r.Anchored > 0 {
		c.say("central's acknowledgement vouches for everything up to entry %d", r.Anchored)
	} else {
		c.say("central has not acknowledged anything yet: nobody else vouches for the journal")
	}
}

type auditExport struct {
	Recipient string `required:"" help:"For whom it is exported; that is journalled."`
	From      uint64 `default:"1" help:"First entry."`
	To        uint64 `help:"Last entry; the newest if left out."`
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
	to := e.To
	if to == 0 {
		to = math.MaxInt64
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
