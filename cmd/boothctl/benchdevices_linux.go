package main

import (
	"errors"
	"os"
	"slices"
	"time"

	"boothd/devices/campaign"
)

type benchDevices struct {
	For     time.Duration `default:"30s" help:"How long ten devices are pulled and spoilt at random."`
	Seed    uint64        `default:"1" help:"Of the deeds."`
	Every   time.Duration `default:"500ms" help:"The mean time between two deeds."`
	Sweep   bool          `help:"Also let every fault happen at every transfer of a capture, for every driver; takes half an hour."`
	At      int           `default:"3" help:"In a sweep, at how many transfers each; 0: at every one."`
	Drivers []string      `help:"Only these drivers are swept and measured."`
}

// Run measures the wires, and what devices endure. All of them are emulated, on real sockets and
// pseudo-terminals, with the manager's own interval.
func (b *benchDevices) Run(c *call) (err error) {
	dir, err := os.MkdirTemp("", "boothctl-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, driver := range campaign.RealDrivers() {
		if len(b.Drivers) > 0 && !slices.Contains(b.Drivers, driver) {
			continue
		}
		if err := b.measure(c, driver, dir); err != nil {
			return err
		}
	}
	return b.storm(c, dir)
}

// measure prints a driver's use of its wire, and its sweep if that is wanted.
func (b *benchDevices) measure(c *call, driver, dir string) error {
	rig, err := campaign.Real(driver, 100, dir)
	if err != nil {
		return err
	}
	wire, err := campaign.Wire(c.ctx, rig, 3)
	if err == nil {
		err = c.json(map[string]any{
			"wire": driver, "transfers": wire.Transfers, "bytes": wire.Bytes, "picture_bytes": wire.Picture,
			"picture_ms": milliseconds(wire.Busy), "limit_ms": milliseconds(wire.Limit), "ratio": wire.Ratio,
		})
	}
	if err == nil && b.Sweep {
		err = b.sweep(c, rig)
	}
	return errors.Join(err, rig.Close())
}

func (b *benchDevices) sweep(c *call, rig *campaign.Rig) error {
	failures := []string{}
	r, err := campaign.Sweep(c.ctx, rig, campaign.SweepOptions{
		Positions: b.At, Asleep: 5 * time.Second,
		Failed: func(f campaign.Fault, k int, err error) { failures = append(failures, string(f)+": "+err.Error()) },
	})
	if err != nil {
		return err
	}
	return c.json(map[string]any{
		"sweep": rig.Driver.Name, "transfers": r.Transfers, "cases": r.Cases, "missed": r.Missed, "survived": r.Survived,
		"retries": r.Retries, "altered": r.Altered, "failed": failures,
		"longest_ms": milliseconds(r.Longest), "longest_at": r.LongestAt,
	})
}

// storm prints what ten devices endured, and what the process held before and after.
func (b *benchDevices) storm(c *call, dir string) error {
	before := campaign.Held()
	var rigs []*campaign.Rig
	for i, driver := range []string{"cute", "uareu", "secugen", "zfm", "idbox", "rte", "barcode", "mjpeg", "demo", "uareu"} {
		rig, err := campaign.Real(driver, i, dir)
		if err != nil {
			return err
		}
		defer rig.Close()
		rigs = append(rigs, rig)
	}
	r, err := campaign.Storm(c.ctx, rigs, campaign.StormOptions{Seed: b.Seed, Duration: b.For, Every: b.Every, Pace: time.Second})
	if err != nil {
		return err
	}
	for _, rig := range rigs {
		err = errors.Join(err, rig.Close())
	}
	after := campaign.Held()
	return errors.Join(err, c.json(map[string]any{
		"storm_s": b.For.Seconds(), "devices": r.Devices, "events": r.Pulls + r.Spoilt, "pulls": r.Pulls, "spoilt": r.Spoilt,
		"captures": r.Captures, "retries": r.Retries, "errors": r.Errors, "altered": r.Altered, "wrong": r.Wrong,
		"recoveries": r.Recoveries, "longest_ms": milliseconds(r.Longest), "longest_of": r.LongestOf,
		"undisturbed": r.Undisturbed, "disturbed": r.Disturbed, "dead": r.Dead, "before": before, "after": after,
	}))
}
