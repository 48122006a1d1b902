package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"boothd/sync/watchlist"
)

type fleetCommand struct {
	Lists fleetLists `cmd:"" help:"Show how all booths stand with their lists."`
}

type fleetLists struct {
	brokerFlags
	rootFlags
	List string `help:"This list only."`
	JSON bool   `help:"Print JSON, a line for each booth and list."`
}

// Run prints a line for each booth and list. It is unwell if a proof is wrong.
func (f *fleetLists) Run(c *call) error {
	all, err := askFleet(c, &f.brokerFlags, &f.rootFlags, f.List)
	if err != nil {
		return err
	}
	wrong := false
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	if !f.JSON {
		fmt.Fprintln(w, "LIST\tBOOTH\tGROUP\tVERSION\tOF\tSTATE\tAGE\tPROOF\tSOURCE\tTOLD\tNOTE")
	}
	for _, l := range all {
		wrong = wrong || l.Proof == watchlist.ProofWrong
		if f.JSON {
			if err := c.json(l); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n", l.List, l.Booth, dash(l.Group), l.Version, l.Target, l.State,
			ageOf(l.Issued), l.Proof, dash(l.Source), l.At.Format(time.RFC3339), noteOf(l))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if wrong {
		return errUnwell
	}
	return nil
}

func askFleet(c *call, b *brokerFlags, r *rootFlags, list string) ([]watchlist.BoothList, error) {
	if b.Broker == "" {
		return nil, errors.New("no broker: --broker says which")
	}
	roots, err := r.roots()
	if err != nil {
		return nil, err
	}
	broker, err := b.broker()
	if err != nil {
		return nil, err
	}
	return watchlist.Fleet(c.ctx, watchlist.FleetOptions{Broker: broker, List: list, Roots: roots, Now: time.Now()})
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// ageOf is how old the data is now.
func ageOf(issued time.Time) string {
	if issued.IsZero() {
		return "-"
	}
	return time.Since(issued).Truncate(time.Minute).String()
}

// noteOf is what is worth a look at a booth, the gravest first.
func noteOf(l watchlist.BoothList) string {
	switch {
	case l.Problem != "":
		return l.Problem
	case l.Damaged:
		return "damaged"
	case l.Refusal != nil:
		return fmt.Sprintf("refused: %s of version %d", l.Refusal.Reason, l.Refusal.Version)
	case !l.Expires.IsZero() && time.Now().After(l.Expires):
		return "lease ended " + l.Expires.Format(time.RFC3339)
	}
	return ""
}
