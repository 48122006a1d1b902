package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"sync"

	"boothd/localmatch/names/trial"
)

type listGenerate struct {
	N    int    `short:"n" default:"1000" help:"How many people."`
	Seed uint64 `default:"1" help:"Another seed, other people. The same seed, the same people."`
}

// Validate is called by the parser.
func (g *listGenerate) Validate() error {
	if g.N < 1 || g.N > trial.MaxPeople {
		return errTooManyPeople
	}
	return nil
}

var errTooManyPeople = errors.New("there are 1 to 20 million people")

// linesAtOnce is how many people a core writes before it takes turns with another.
const linesAtOnce = 4096

// Run lets each core invent some people, and prints them in order.
func (g *listGenerate) Run(c *call) error {
	buffers := make([]bytes.Buffer, runtime.GOMAXPROCS(0))
	failures := make([]error, len(buffers))
	for from := 0; from < g.N; from += linesAtOnce * len(buffers) {
		var wg sync.WaitGroup
		for k := range buffers {
			wg.Go(func() {
				first := from + k*linesAtOnce
				failures[k] = g.write(c.ctx, &buffers[k], first, min(first+linesAtOnce, g.N))
			})
		}
		wg.Wait()
		if err := errors.Join(failures...); err != nil {
			return err
		}
		for k := range buffers {
			if _, err := buffers[k].WriteTo(c.out); err != nil {
				return err
			}
		}
	}
	return nil
}

// write writes people first to end-1, a line each.
func (g *listGenerate) write(ctx context.Context, out *bytes.Buffer, first, end int) error {
	people := trial.NewInventor(g.Seed)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for i := first; i < end && ctx.Err() == nil; i++ {
		if err := lines.Encode(people.Entry(i)); err != nil {
			return err
		}
	}
	return ctx.Err()
}
