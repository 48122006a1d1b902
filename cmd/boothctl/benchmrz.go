package main

import (
	"errors"
	"iter"
	"time"

	"boothd/capture/mrz/ocr/drawn"
	"boothd/capture/mrz/ocr/trial"
)

type benchMRZ struct {
	Dir   string `arg:"" optional:"" type:"existingdir" help:"A folder of pictures and truth.json, which says what they show."`
	Drawn int    `help:"Draw so many photographs under each of some conditions, without a zone too, and read them instead. It needs the package fonts-ocr-b."`
	Seed  uint64 `default:"1" help:"Which photographs are drawn."`
}

// Run prints a line for every picture of a folder as it is read, or for every condition of
// drawn ones, and one for all.
func (b *benchMRZ) Run(c *call) error {
	switch {
	case b.Dir != "" && b.Drawn == 0:
		return b.sum(c, trial.Folder(c.ctx, b.Dir, time.Now()), false)
	case b.Dir == "" && b.Drawn > 0:
		return b.sum(c, trial.Drawn(c.ctx, drawn.FontFolder, b.Drawn, b.Seed, time.Now()), true)
	}
	return errors.New("give either a folder or --drawn with a number of photographs")
}

// sum prints every result, or the sums of those that follow each other under one name, and
// the sum of all.
func (b *benchMRZ) sum(c *call, results iter.Seq2[trial.Result, error], grouped bool) error {
	var all, group []trial.Result
	for r, err := range results {
		if err != nil {
			return err
		}
		if !grouped {
			if err := c.json(r); err != nil {
				return err
			}
		}
		all, group = append(all, r), append(group, r)
		if grouped && len(group) == b.Drawn {
			if err := c.json(trial.Sum(r.File, group)); err != nil {
				return err
			}
			group = nil
		}
	}
	return c.json(trial.Sum("all", all))
}
