package main

import (
	"os"

	"boothd/localmatch/trial"
	"boothd/sync/outbox"
)

type benchCommand struct {
	Check    benchCheck    `cmd:"" help:"From the lines of a zone to the first local answer."`
	Outbox   benchOutbox   `cmd:"" help:"Records made durable in a second, against plain write and fdatasync."`
	Finger   benchFinger   `cmd:"" help:"How well and how fast fingers are told apart, with sets of pictures whose fingers are known."`
	Names    benchNames    `cmd:"" help:"How well and how fast people are found by their names."`
	Lists    benchLists    `cmd:"" help:"How fast a list is published, received, changed and read again, and how long questions wait meanwhile."`
	MRZ      benchMRZ      `cmd:"" name:"mrz" help:"How well and how fast zones are read from pictures whose truth is known."`
	Passport benchPassport `cmd:"" help:"How fast a chip is inspected, and with how many commands."`
	Devices  benchDevices  `cmd:"" help:"How much of its wire each scanner uses, and what devices endure."`
	Discreet benchDiscreet `cmd:"" help:"Whether an officer without clearance could tell by time that there is a discreet alert."`
}

type benchCheck struct {
	Entries int `default:"100000" help:"Entries of the list."`
	Checks  int `default:"10000" help:"Travellers looked up, half of them in the list."`
}

func (b *benchCheck) Run(c *call) error {
	r, err := trial.Run(c.ctx, trial.Options{Entries: b.Entries, Checks: b.Checks})
	if err != nil {
		return err
	}
	return c.json(map[string]any{
		"entries": r.Entries, "checks": r.Checks, "apply_s": r.Apply.Seconds(), "gallery_bytes": r.Bytes, "states": r.States,
		"p50_us": r.P50.Microseconds(), "p99_us": r.P99.Microseconds(), "max_us": r.Max.Microseconds(),
	})
}

type benchOutbox struct {
	Dir     string `type:"existingdir" help:"A folder on the disk to measure; the temporary one if left out."`
	Writers []int  `default:"1,8,64" help:"Numbers of writers at once."`
	Records int    `default:"500" help:"Records in a round."`
}

func (b *benchOutbox) Run(c *call) error {
	dir := b.Dir
	if dir == "" {
		dir = os.TempDir()
	}
	for _, n := range b.Writers {
		r, err := outbox.Bench(c.ctx, dir, n, b.Records)
		if err != nil {
			return err
		}
		err = c.json(map[string]any{
			"writers": r.Writers, "records": r.Records, "sealed_bytes": r.Bytes,
			"records_per_s": r.Whole, "stored_per_s": r.Stored, "raw_per_s": r.Raw,
			"ratio": r.Whole / r.Raw, "ratio_stored": r.Stored / r.Raw,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
