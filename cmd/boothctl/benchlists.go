package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"text/tabwriter"

	"boothd/sync/watchlist/trial"
)

type benchLists struct {
	N         int    `short:"n" default:"1000000" help:"Entries of the list: invented people."`
	Changes   int    `help:"Changes of a delta, at most an eighth of the entries; 50,000 if left out, or that eighth."`
	Questions int    `default:"500" help:"How many different questions are asked, again and again."`
	Seed      uint64 `default:"1" help:"Of the invented people."`
	NoBroker  bool   `help:"Do without mosquitto, also if it is installed."`
	JSON      bool   `help:"Print JSON lines instead of the tables."`
	Dir       string `type:"existingdir" help:"A folder on the disk to measure, with room for some 1,000 bytes an entry; what is written is kept. A temporary one if left out."`
	Profile   string `type:"path" help:"A file for a CPU profile of how the whole list is received."`
}

// Run prints each figure as it is known.
func (b *benchLists) Run(c *call) (err error) {
	o := trial.Options{Entries: b.N, Changes: b.Changes, Questions: b.Questions, Seed: b.Seed, Dir: b.Dir}
	if o.Changes == 0 {
		o.Changes = min(50_000, o.Entries/8)
	}
	if !b.NoBroker {
		o.Mosquitto = findMosquitto()
	}
	if b.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "boothctl-lists-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
	}
	if err := o.Validate(); err != nil {
		return err
	}
	if b.Profile != "" {
		f, err := os.Create(b.Profile)
		if err != nil {
			return err
		}
		defer f.Close()
		o.Profile = f
	}
	if b.JSON {
		if err := c.json(o.Here()); err != nil {
			return err
		}
		return trial.Run(c.ctx, o, trial.Report{
			Step:  func(s trial.Step) error { return c.json(s) },
			Delay: func(d trial.Delay) error { return c.json(d) },
		})
	}
	return b.table(c, o)
}

// table prints what was timed as it comes, and the delays behind it.
func (b *benchLists) table(c *call, o trial.Options) error {
	here := o.Here()
	c.say("%d entries, %d changes, %d cores, load %s", here.Entries, here.Changes, here.Cores, here.Load)
	c.say("%-32s %9s %9s %9s %9s %9s %9s %9s %9s", "", "ENTRIES", "SECONDS", "CPU s", "ENTRIES/s", "PEAK MB", "RSS MB", "HEAP MB", "B/ENTRY")
	delays := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(delays, "ASKED WHILE\tQUESTIONS\tP50 ms\tP99 ms\tMAX ms\tEXTRA P99\tEXTRA MAX\t")
	err := trial.Run(c.ctx, o, trial.Report{
		Step: func(s trial.Step) error { return printStep(c, s) },
		Delay: func(d trial.Delay) error {
			_, err := fmt.Fprintf(delays, "%s\t%d\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t\n", d.During, d.Questions, d.P50, d.P99, d.Max, d.ExtraP99, d.Extra)
			return err
		},
	})
	c.say("")
	return errors.Join(err, delays.Flush())
}

func printStep(c *call, s trial.Step) error {
	cell := func(known bool, format string, v float64) string {
		if !known {
			return "-"
		}
		return fmt.Sprintf(format, v)
	}
	m := s.Memory
	if m == nil {
		m = &trial.Memory{}
	}
	const mb = 1e6
	_, err := fmt.Fprintf(c.out, "%-32s %9s %9.3f %9s %9.0f %9s %9s %9s %9s\n", s.Step, strconv.Itoa(s.Entries), s.Seconds,
		cell(s.CPU > 0, "%.3f", s.CPU), s.PerSecond,
		cell(m.Peak > 0, "%.0f", float64(m.Peak)/mb), cell(m.Resident > 0, "%.0f", float64(m.Resident)/mb),
		cell(m.Heap > 0, "%.0f", float64(m.Heap)/mb), cell(m.Heap > 0, "%.0f", float64(m.Heap)/float64(s.Entries)))
	if err != nil || s.Applied == 0 && s.Longest == 0 {
		return err
	}
	switch {
	case s.Longest > 0 && s.Via != "":
		c.say("  median of several, longest %.3f s, via %s", s.Longest, s.Via)
	case s.Longest > 0:
		c.say("  median of several, longest %.3f s", s.Longest)
	default:
		c.say("  fetched and proved after %.3f s, then unpacked and applied in %.3f s (%.0f entries/s), via %s", s.Fetched, s.Applied, float64(s.Entries)/s.Applied, s.Via)
	}
	return nil
}

// findMosquitto returns the broker's program, which Debian keeps where not everybody's PATH
// leads; "" if it is not installed.
func findMosquitto() string {
	for _, name := range []string{"mosquitto", "/usr/sbin/mosquitto"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
