package main

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"slices"
	"text/tabwriter"
	"time"

	"boothd/cmd/boothd/console"
	"boothd/devices"
)

type devicesCommand struct {
	List   devicesList   `cmd:"" default:"withargs" help:"What is plugged in, and what can be done with it."`
	Watch  devicesWatch  `cmd:"" help:"Tell of every change as it comes."`
	Record devicesRecord `cmd:"" help:"Record what a driver and its device say to each other. Fingers are personal data."`
	Replay devicesReplay `cmd:"" help:"Play a tape to its driver and tell what it captures."`
	Demo   devicesDemo   `cmd:"" help:"Be a fingerprint scanner that draws fingers, on a line to be configured for the driver demo."`
}

// deviceView is what is known of the devices, and from whom.
type deviceView struct {
	direct bool // boothd does not run: boothctl has looked itself
	all    []devices.Status
}

type devicesList struct {
	JSON bool `help:"Print JSON."`
}

// Run lists the devices as boothd has them, or as they answer to boothctl if it does not run, and
// what is plugged in and has no driver.
func (l *devicesList) Run(c *call) error {
	view, err := c.devices()
	if err != nil {
		return err
	}
	strangers := strangersIn(newHost("/"), view.all)
	if l.JSON {
		return c.json(append(slices.Clone(view.all), strangers...))
	}
	if view.direct {
		c.say("boothd does not run; this is what answers to boothctl.")
	}
	return sayDevices(c.out, append(slices.Clone(view.all), strangers...))
}

// devices asks the daemon, and looks itself if there is none.
func (c *call) devices() (*deviceView, error) {
	runs, err := c.daemonRuns()
	if err != nil {
		return nil, err
	}
	if !runs {
		all, err := c.look()
		return &deviceView{direct: true, all: all}, err
	}
	api, err := c.api("")
	if err != nil {
		return nil, err
	}
	var status console.BoothStatus
	err = api.do(c.ctx, "GET", "/api/v1/status", nil, &status)
	return &deviceView{all: status.Devices}, err
}

// daemonRuns reports whether somebody listens where boothd does.
func (c *call) daemonRuns() (bool, error) {
	booth, err := c.booth()
	if err != nil {
		return false, err
	}
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(c.ctx, "tcp", booth.API.Listen)
	if err != nil {
		return false, c.ctx.Err()
	}
	conn.Close()
	return true, nil
}

// sayDevices prints a table, the reason of what cannot be used below it.
func sayDevices(out io.Writer, all []devices.Status) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(out, "Nothing is plugged in, and the configuration names no line and no camera with something on it.")
		return err
	}
	slices.SortStableFunc(all, func(a, b devices.Status) int { return cmp.Compare(a.Address, b.Address) })
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KIND\tDRIVER\tADDRESS\tSTATE\tMODEL\tFIRMWARE")
	for _, s := range all {
		model := s.Info.Model
		if s.Reason != "" {
			model = s.Reason
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", orDash(string(s.Kind)), orDash(s.Driver), s.Address, s.State, orDash(model), orDash(s.Info.Firmware))
	}
	return w.Flush()
}
