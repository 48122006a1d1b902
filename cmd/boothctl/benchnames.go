package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"boothd/localmatch/gallery"
	"boothd/localmatch/names/trial"
)

type benchNames struct {
	List    string `type:"existingfile" help:"JSON Lines of entries, such as 'list generate' prints; invented people if left out."`
	N       int    `short:"n" help:"With --list, how often to ask in each class, 1000 if left out. Without, the number of invented people."`
	Queries int    `default:"1000" help:"How often to ask in each class."`
	Seed    uint64 `default:"1" help:"Of the invented people, and of what is asked."`
	Pairs   string `type:"existingfile" help:"CSV with the columns name1, name2, is_match, and perhaps schema, kind, dob1, dob2; one JSON line for each kind and one for all."`
	NoBirth bool   `help:"Compare the pairs' names only, without dob1 and dob2."`
	JSON    bool   `help:"Print JSON lines instead of the table."`
}

// Validate is called by the parser.
func (b *benchNames) Validate() error {
	switch {
	case b.N < 0 || b.N > trial.MaxPeople:
		return errTooManyPeople
	case b.Queries < 1:
		return errors.New("nothing is measured with fewer than one query")
	}
	return nil
}

// Run measures the list unless only pairs are given.
func (b *benchNames) Run(c *call) error {
	if b.Pairs != "" {
		if err := b.rate(c); err != nil {
			return err
		}
		if b.List == "" && b.N == 0 {
			return nil
		}
	}
	list, err := b.list(c.ctx)
	if err != nil {
		return err
	}
	return b.measure(c, list)
}

func (b *benchNames) rate(c *call) error {
	f, err := os.Open(b.Pairs)
	if err != nil {
		return err
	}
	defer f.Close()
	pairs, err := trial.ReadPairs(c.ctx, bufio.NewReader(f), b.NoBirth)
	if err != nil {
		return fmt.Errorf("read pairs %s: %w", b.Pairs, err)
	}
	ratings, err := trial.Rate(c.ctx, pairs)
	if err != nil {
		return err
	}
	for _, r := range ratings {
		if err := c.json(r); err != nil {
			return err
		}
	}
	return nil
}

// inventedPeople is how many there are if nothing else is said.
const inventedPeople = 100_000

func (b *benchNames) list(ctx context.Context) (*trial.List, error) {
	if b.List == "" {
		if b.N == 0 {
			b.N = inventedPeople
		}
		return trial.Invent(ctx, b.Seed, b.N)
	}
	if b.N > 0 {
		b.Queries = b.N
	}
	f, err := os.Open(b.List)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := trial.ReadList(ctx, gallery.ReadEntries(f))
	if err != nil {
		return nil, fmt.Errorf("read list %s: %w", b.List, err)
	}
	return list, nil
}

func (b *benchNames) measure(c *call, list *trial.List) error {
	// No list of the same seed goes so far.
	o := trial.Options{Queries: b.Queries, Seed: b.Seed, First: trial.MaxPeople}
	if b.JSON {
		return trial.Measure(c.ctx, list, o, func(built trial.Build) error { return c.json(built) },
			func(r trial.Result) error { return c.json(r) })
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	built := func(t trial.Build) error {
		c.say("%d entries, %d records, %d different words; built in %.1f s of one core, %.0f entries/s; index %.0f MB, %.1f bytes/entry; this program at most %.0f MB",
			t.Entries, t.Records, t.Words, t.Seconds, t.PerSecond, float64(t.IndexBytes)/1e6, float64(t.IndexBytes)/float64(t.Entries), float64(t.PeakBytes)/1e6)
		fmt.Fprintln(w, "CLASS\tBIRTH DATE\tQUERIES\tP50 ms\tP99 ms\tSEARCH P50\tSEARCH P99\tRECALL@64\tCROWDED\tTOP-1\tPOSSIBLE\tCUT SHORT\t")
		return nil
	}
	err := trial.Measure(c.ctx, list, o, built, func(r trial.Result) error {
		with := "without"
		if r.Birth {
			with = "with"
		}
		recall, crowded, top := fmt.Sprintf("%.4f", r.Recall), fmt.Sprintf("%.4f", r.Crowded), fmt.Sprintf("%.4f", r.Top)
		if r.Class == trial.NoMatch {
			recall, crowded, top = "-", "-", "-"
		}
		_, err := fmt.Fprintf(w, "%s\t%s\t%d\t%.3f\t%.3f\t%.3f\t%.3f\t%s\t%s\t%s\t%.4f\t%.4f\t\n",
			r.Class, with, r.Queries, r.P50, r.P99, r.SearchP50, r.SearchP99, recall, crowded, top, r.Possible, r.CutShort)
		return err
	})
	return errors.Join(err, w.Flush())
}
