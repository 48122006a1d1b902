package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"text/tabwriter"

	"boothd/localmatch/finger"
	"boothd/localmatch/finger/index"
)

type fingerIdentify struct {
	fingerInput
	Limit     int     `default:"10" help:"Candidates at most."`
	Threshold float64 `default:"0" help:"Leave out candidates who score less. 40 is reached by one pair of different fingers in 10,000: a folder of so many has one such stranger."`
	JSON      bool    `help:"Print one JSON object a candidate."`
	Probe     string  `arg:"" help:"The picture or template to look up."`
	Dir       string  `arg:"" type:"existingdir" help:"The folder of pictures and templates, one finger each."`
}

// Validate is called by the parser.
func (f *fingerIdentify) Validate() error {
	if f.Limit < 1 {
		return errors.New("a list has one candidate at least")
	}
	if err := checkThreshold(f.Threshold); err != nil {
		return err
	}
	return f.fingerInput.Validate()
}

// Run tells at the end if a file of the folder could not be searched: nobody may take the
// list for complete then.
func (f *fingerIdentify) Run(c *call) error {
	probe, err := f.read(f.Probe)
	if err != nil {
		return err
	}
	names, x, faults, err := f.gallery(c.ctx)
	if err != nil {
		return err
	}
	candidates, err := x.Search(c.ctx, []index.Probe{{Template: probe.Template}}, index.Options{Limit: f.Limit, MinScore: f.Threshold})
	if err != nil {
		return fmt.Errorf("look up %s: %w", f.Probe, err)
	}
	if err := f.print(c, names, candidates); err != nil {
		return err
	}
	if len(faults) > 0 {
		return fmt.Errorf("%d of %d files could not be searched:\n%w", len(faults), len(names), errors.Join(faults...))
	}
	return nil
}

func (f *fingerIdentify) print(c *call, names []string, candidates []index.Candidate) error {
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	if !f.JSON {
		fmt.Fprintln(w, "RANK\tSCORE\tMINUTIAE\tFILE")
	}
	for i, candidate := range candidates {
		name, common := names[candidate.Key], len(candidate.Fingers[0].Comparison.Pairs)
		if !f.JSON {
			fmt.Fprintf(w, "%d\t%.1f\t%d\t%s\n", i+1, candidate.Score, common, name)
			continue
		}
		err := c.json(map[string]any{"rank": i + 1, "score": candidate.Score, "minutiae": common, "file": name})
		if err != nil {
			return err
		}
	}
	return w.Flush()
}

// gallery reads the folder's files, but hidden ones. Keys are places in names.
func (f *fingerIdentify) gallery(ctx context.Context) (names []string, x *index.Index, faults []error, err error) {
	entries, err := os.ReadDir(f.Dir)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, e := range entries {
		if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	templates := make([]*finger.Template, len(names))
	errs := make([]error, len(names))
	places := make(chan int)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := range places {
				p, err := f.read(filepath.Join(f.Dir, names[i]))
				templates[i], errs[i] = p.Template, err
			}
		})
	}
	for i := 0; i < len(names) && ctx.Err() == nil; i++ {
		places <- i
	}
	close(places)
	wait.Wait()
	x = index.New()
	for i, t := range templates {
		if errs[i] == nil && ctx.Err() == nil {
			if err := x.Add(uint64(i), 0, t); err != nil {
				errs[i] = fmt.Errorf("%s: %w", filepath.Join(f.Dir, names[i]), err)
			}
		}
		if errs[i] != nil {
			faults = append(faults, errs[i])
		}
	}
	return names, x, faults, ctx.Err()
}
