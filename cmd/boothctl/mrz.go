package main

import (
	"errors"
	"time"

	"boothd/capture/mrz"
)

type mrzCommand struct {
	Parse mrzParse `cmd:"" help:"Read zones from standard input, an empty line between them, and print one JSON object each."`
	Image mrzImage `cmd:"" help:"Find and read the zones of pictures."`
}

type mrzParse struct{}

// Run prints a report of every record, also of those that are no zone, and fails only if
// standard input does.
func (mrzParse) Run(c *call) error {
	now := time.Now()
	for lines, err := range mrz.Records(c.in) {
		report := mrz.Report{Repairs: []mrz.Repair{}}
		switch {
		case err == nil:
			report = mrz.NewReport(lines, now)
		case errors.Is(err, mrz.ErrRecord):
			report.Error = err.Error()
		default:
			return err
		}
		if err := c.json(report); err != nil {
			return err
		}
	}
	return nil
}
