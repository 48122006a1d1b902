package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"boothd/cmd/boothd/config"
	"boothd/sync/outbox"
)

type outboxCommand struct {
	List   outboxList   `cmd:"" help:"List the records that central has not acknowledged, and those in quarantine."`
	Verify outboxVerify `cmd:"" help:"Prove every record that waits, its place in the journal, and the journal."`
	Export outboxExport `cmd:"" help:"Write the records that wait, sealed as they are, to standard output, to carry them to central."`
}

// openOutbox opens the booth's database beside the daemon.
func (c *call) openOutbox() (*config.Config, *outbox.Reader, error) {
	booth, err := c.booth()
	if err != nil {
		return nil, nil, err
	}
	r, err := outbox.OpenReader(c.ctx, booth.OutboxPath())
	return booth, r, err
}

type outboxList struct {
	JSON bool `help:"Print one JSON object a record."`
}

func (l *outboxList) Run(c *call) error {
	_, r, err := c.openOutbox()
	if err != nil {
		return err
	}
	defer r.Close()
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	if !l.JSON {
		fmt.Fprintln(w, "SEQUENCE\tRECORD\tQUEUED\tBYTES\tNOTE")
	}
	for item, err := range r.List(c.ctx) {
		if err != nil {
			return err
		}
		if l.JSON {
			if err := c.json(item); err != nil {
				return err
			}
			continue
		}
		note := item.Reason
		if item.Quarantined {
			note = "quarantine: " + note
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%s\n", item.Sequence, item.ID, item.At.Format(time.RFC3339), item.Bytes, note)
	}
	return w.Flush()
}

type outboxVerify struct {
	JSON bool `help:"Print JSON."`
}

func (v *outboxVerify) Run(c *call) error {
	report, err := c.prove()
	if err != nil {
		return err
	}
	return c.verdict(report, v.JSON)
}

type outboxExport struct{}

func (outboxExport) Run(c *call) error {
	_, r, err := c.openOutbox()
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = r.Export(c.ctx, c.out)
	return err
}
