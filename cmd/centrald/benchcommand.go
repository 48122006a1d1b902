package main

import (
	"context"
	"os"

	"boothd/cmd/centrald/trial"
)

type benchCommand struct {
	Database string `default:"" help:"postgres://… or the path of an SQLite file; a new SQLite file in a temporary folder if empty."`
	People   int    `default:"1000000" help:"Synthetic people in the database."`
	Queries  int    `default:"2000" help:"Questions to ask."`
	Askers   []int  `default:"1,8,64" help:"How many booths ask at the same time, one run each."`
}

// Run prints how fast questions are answered.
func (c *benchCommand) Run(ctx context.Context) error {
	return trial.Run(ctx, os.Stdout, trial.Options{Database: c.Database, People: c.People, Queries: c.Queries, Askers: c.Askers})
}
