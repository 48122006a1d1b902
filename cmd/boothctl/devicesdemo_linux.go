package main

import (
	"errors"
	"time"

	"boothd/devices/demo/demoemu"
)

type devicesDemo struct {
	Link  string        `arg:"" type:"path" help:"Where the line is made, to be named in [[serial]] with the driver demo."`
	Every time.Duration `default:"5s" help:"How often another finger is laid."`
	For   time.Duration `placeholder:"TIME" help:"End after so long; until it is interrupted if left out."`
}

// Validate is called by the parser.
func (d *devicesDemo) Validate() error {
	if d.Every < 100*time.Millisecond {
		return errors.New("no traveller is that quick")
	}
	return nil
}

// Run draws a finger, lays it, lifts it, and goes on with the next one.
func (d *devicesDemo) Run(c *call) (err error) {
	scanner, err := demoemu.Plug(d.Link)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scanner.Close()) }()
	c.say("%s at %s; a finger is laid every %s. Configure:\n\n[[serial]]\npath = %q\nbaud = 115200\ndriver = \"demo\"", demoemu.Model, d.Link, d.Every, d.Link)
	var over <-chan time.Time
	if d.For > 0 {
		over = time.After(d.For)
	}
	turn := time.NewTicker(d.Every / 2)
	defer turn.Stop()
	for n := uint64(0); ; n++ {
		if n%2 == 0 {
			scanner.Lay(demoemu.Draw(n / 2))
		} else {
			scanner.Lift()
		}
		select {
		case <-turn.C:
		case <-over:
			return nil
		case <-c.ctx.Done():
			return nil
		}
	}
}
