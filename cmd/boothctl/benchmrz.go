package main

import (
	"time"

	"boothd/capture/mrz/ocr/trial"
)

type benchMRZ struct {
	Dir string `arg:"" type:"existingdir" help:"A folder of pictures and truth.json, which says what they show."`
}

// Run prints a line for every picture as it is read, and one for all.
func (b *benchMRZ) Run(c *call) error {
	var results []trial.Result
	for r, err := range trial.Folder(c.ctx, b.Dir, time.Now()) {
		if err != nil {
			return err
		}
		if err := c.json(r); err != nil {
			return err
		}
		results = append(results, r)
	}
	return c.json(trial.Sum("all", results))
}
