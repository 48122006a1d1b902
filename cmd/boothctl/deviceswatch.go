package main

import (
	"context"
	"fmt"
	"time"

	"boothd/cmd/boothd/console"
	"boothd/devices"
)

type devicesWatch struct {
	JSON bool          `help:"Print JSON, one device a line."`
	For  time.Duration `placeholder:"TIME" help:"End after so long; until it is interrupted if left out."`
}

// watchPause is between two questions to the daemon.
const watchPause = 500 * time.Millisecond

// Run prints what is there, and then what changes.
func (d *devicesWatch) Run(c *call) error {
	ctx := c.ctx
	if d.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.For)
		defer cancel()
	}
	runs, err := c.daemonRuns()
	if err != nil {
		return err
	}
	watch := d.watchDaemon
	if !runs {
		if !d.JSON {
			c.say("boothd does not run; this is what answers to boothctl.")
		}
		watch = d.watchDirect
	}
	err = watch(ctx, c)
	if ctx.Err() != nil {
		return nil // that is how it ends
	}
	return err
}

func (d *devicesWatch) watchDaemon(ctx context.Context, c *call) error {
	api, err := c.api("")
	if err != nil {
		return err
	}
	seen := map[string]devices.Status{}
	tick := time.NewTicker(watchPause)
	defer tick.Stop()
	for {
		var status console.BoothStatus
		if err := api.do(ctx, "GET", "/api/v1/status", nil, &status); err != nil {
			return err
		}
		if err := d.tell(c, seen, status.Devices); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *devicesWatch) watchDirect(ctx context.Context, c *call) error {
	booth, err := c.booth()
	if err != nil {
		return err
	}
	manager, err := managerOf(booth)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = manager.Run(running) // it returns nil
	}()
	defer func() {
		stop()
		<-ended
	}()
	seen := map[string]devices.Status{}
	for {
		changed := manager.Changed()
		if err := d.tell(c, seen, manager.Status()); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tell prints what is different from what was seen last.
func (d *devicesWatch) tell(c *call, seen map[string]devices.Status, now []devices.Status) error {
	there := map[string]bool{}
	for _, s := range now {
		there[s.Address] = true
		if before, ok := seen[s.Address]; ok && before.State == s.State && before.Reason == s.Reason && before.Info == s.Info {
			continue
		}
		seen[s.Address] = s
		if err := d.line(c, s, sentence(s)); err != nil {
			return err
		}
	}
	for address, s := range seen {
		if there[address] {
			continue
		}
		delete(seen, address)
		s.State, s.Reason = unplugged, "it was unplugged"
		if err := d.line(c, s, "unplugged"); err != nil {
			return err
		}
	}
	return nil
}

// unplugged is the state of what was there.
const unplugged devices.State = "unplugged"

func (d *devicesWatch) line(c *call, s devices.Status, what string) error {
	if d.JSON {
		return c.json(s)
	}
	c.say("%s  %s %s at %s: %s", time.Now().Format(time.TimeOnly), orDash(string(s.Kind)), orDash(s.Driver), s.Address, what)
	return nil
}

// sentence says in plain words how a device is.
func sentence(s devices.Status) string {
	switch s.State {
	case devices.Opening:
		return "plugged in, being made ready"
	case devices.Ready:
		return "ready: " + s.Info.Model + firmware(s.Info)
	case devices.Busy:
		return "in use"
	}
	return fmt.Sprintf("%s: %s", s.State, s.Reason)
}

func firmware(i devices.Info) string {
	if i.Firmware == "" {
		return ""
	}
	return ", firmware " + i.Firmware
}
