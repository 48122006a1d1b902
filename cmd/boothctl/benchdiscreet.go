package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"text/tabwriter"
	"time"

	"boothd/cmd/boothctl/discreet"
)

type benchDiscreet struct {
	Checks  int           `default:"10000" help:"Checks to compare, half of them with a discreet alert; the controls come on top and are as many again."`
	WarmUp  int           `default:"100" help:"Blocks of four checks before the first that counts."`
	Entries int           `default:"20000" help:"Entries of the list."`
	Paths   []string      `default:"booth,central" enum:"booth,central" help:"Who is asked: a list at the booth, or central over the line."`
	Delay   time.Duration `default:"1ms" help:"Delay of the control that must be found."`
	Beat    time.Duration `default:"20ms" help:"On which answers are taken and outcomes shown; 20ms at booths, 0 to see what it hides."`
	Booths  int           `default:"4" help:"Booths that work side by side."`
	Rounds  int           `default:"4999" help:"How often labels are drawn anew."`
	Seed    uint64        `default:"1" help:"Of everything that is drawn by lot."`
	Dir     string        `type:"existingdir" help:"A folder to work in; on a tmpfs (/dev/shm is the default where there is one) the noise of the disk is left out."`
}

// Run fails if a discreet alert can be told by time, or if a delay that is there cannot.
func (b *benchDiscreet) Run(c *call) error {
	dir := b.Dir
	if st, err := os.Stat("/dev/shm"); dir == "" && err == nil && st.IsDir() {
		dir = "/dev/shm"
	}
	told := false
	for _, path := range b.Paths {
		r, err := discreet.Run(c.ctx, discreet.Options{
			Checks: b.Checks, WarmUp: b.WarmUp, Entries: b.Entries, Central: path == "central",
			Beat: b.Beat, Booths: b.Booths, Delay: b.Delay, Rounds: b.Rounds, Seed: b.Seed, Dir: dir,
		})
		if err != nil {
			return err
		}
		if err := printStudy(c.out, path, b.Delay, r); err != nil {
			return err
		}
		if !r.Tells(discreet.Delayed) {
			return errors.New("the control was not found: the study proves nothing")
		}
		told = told || r.Tells(discreet.Discreet)
	}
	if told {
		return errUnwell
	}
	return nil
}

// printStudy prints a row for each comparison, and what could have been found.
func printStudy(out io.Writer, path string, delay time.Duration, r *discreet.Result) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%s\tmeasure\tmedian\tp99\tΔ median\tp\tleast found\tΔ p99\tp\tleast found\tKS\tcritical\tp\tleast shift\t\t\n", path)
	us := func(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
	p := func(v float64) string { return strconv.FormatFloat(v, 'f', 4, 64) }
	for _, c := range r.Comparisons {
		told := "not told apart"
		switch {
		case c.Found:
			told = "TOLD APART"
		case c.Least() < discreet.Alpha:
			told = "by chance?"
		}
		name := c.Arm.String()
		if c.Arm == discreet.Delayed {
			name += " " + delay.String()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", name, c.Measure,
			us(c.PlainMedian), us(c.PlainP99),
			us(c.Median.Observed), p(c.Median.P), us(c.Median.Critical),
			us(c.P99.Observed), p(c.P99.P), us(c.P99.Critical),
			p(c.KS), p(c.KSCritical), p(c.KSP), us(c.KSShift), told)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, `Times in µs. Median and p99 are those of %d travellers whom nothing is held about; each row compares as many
with them. Critical values and the least that would have been found are those of a single test at %g; told apart
is what one of an arm's nine tests finds at %.5f, "by chance?" what it finds at %[2]g only. Events in a check: %.3[4]f,
with a discreet alert %.3[5]f. Took %[6]s.

`, r.Comparisons[0].Checks, discreet.Alpha, discreet.Single, r.Events[discreet.Plain], r.Events[discreet.Discreet], r.Took.Round(time.Second))
	return err
}
