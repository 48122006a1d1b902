package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"boothd/localmatch/finger/trial"
)

type benchFinger struct {
	DPI      int      `default:"500" name:"dpi" help:"Resolution of all pictures, 300 to 1000."`
	Scores   string   `type:"path" help:"A file for lines 'a b score' of all genuine pairs, then of all cross-finger pairs, set by set."`
	Workers  int      `short:"j" help:"Cores for the scores; all if left out. Times are measured on one."`
	Gallery  []int    `default:"10000,100000" help:"Numbers of templates to search among."`
	Probes   int      `default:"3" help:"Templates of each finger to look up in a gallery; 0 for all."`
	Curves   bool     `help:"Add the detection error trade-off, and what rejecting bad pictures changes."`
	Accuracy bool     `help:"Leave out all times, which is quicker."`
	Dirs     []string `arg:"" name:"dir" type:"existingdir" help:"Folders of <finger>_<impression>.png."`
}

// mostTemplates keeps a gallery within some 7 GB: a template takes 5 to 7 kB.
const mostTemplates = 1_000_000

// Validate is called by the parser.
func (b *benchFinger) Validate() error {
	for _, n := range b.Gallery {
		if n < 1 || n > mostTemplates {
			return fmt.Errorf("galleries have 1 to %d templates", mostTemplates)
		}
	}
	if b.Workers < 0 || b.Probes < 0 {
		return errors.New("neither cores nor probes can be fewer than none")
	}
	return checkDPI(b.DPI)
}

// Run reads all sets before it measures the first.
func (b *benchFinger) Run(c *call) error {
	var sets []*trial.Set
	names := map[string]bool{}
	for _, dir := range b.Dirs {
		s, err := trial.ReadSet(dir)
		if err != nil {
			return err
		}
		if names[s.Name] {
			return fmt.Errorf("two sets are called %s", s.Name)
		}
		names[s.Name] = true
		sets = append(sets, s)
	}
	out := output{Out: b.Scores}
	if b.Scores == "" {
		return b.measure(c, sets, io.Discard)
	}
	return out.write(c, func(w io.Writer) error {
		buffered := bufio.NewWriter(w)
		return errors.Join(b.measure(c, sets, buffered), buffered.Flush())
	})
}

func (b *benchFinger) measure(c *call, sets []*trial.Set, scores io.Writer) error {
	o := trial.Options{
		DPI: b.DPI, Workers: b.Workers, Curves: b.Curves, Times: !b.Accuracy,
		Galleries: b.Gallery, Probes: b.Probes,
	}
	if b.Accuracy {
		o.Galleries = nil
	}
	var results []*trial.Result
	for _, s := range sets {
		r, err := trial.Run(c.ctx, s, o)
		if err != nil {
			return err
		}
		if err := c.json(r); err != nil {
			return err
		}
		prefix := ""
		if len(sets) > 1 {
			prefix = s.Name + "/"
		}
		for _, p := range r.Scores {
			if _, err := fmt.Fprintf(scores, "%s%s %s%s %v\n", prefix, p.A, prefix, p.B, p.Value); err != nil {
				return err
			}
		}
		results = append(results, r)
	}
	return c.json(trial.Mean(results))
}
