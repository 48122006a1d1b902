package main

import (
	"fmt"
	"text/tabwriter"

	"boothd/cmd/boothd/console"
)

type devicesCommand struct {
	JSON bool `help:"Print JSON."`
}

// Run lists what the daemon says of its devices.
func (d *devicesCommand) Run(c *call) error {
	api, err := c.api("")
	if err != nil {
		return err
	}
	var status console.BoothStatus
	if err := api.do(c.ctx, "GET", "/api/v1/status", nil, &status); err != nil {
		return err
	}
	if d.JSON {
		return c.json(status.Devices)
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KIND\tDRIVER\tADDRESS\tSTATE\tMODEL")
	for _, s := range status.Devices {
		model := s.Info.Model
		if s.Reason != "" {
			model = s.Reason
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.Kind, s.Driver, s.Address, s.State, model)
	}
	return w.Flush()
}
