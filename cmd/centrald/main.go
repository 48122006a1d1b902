// Command centrald is a reference search portal: what booths reach as central.
//
// A national authority can run it, and booths can be tested against it. It asks every
// information system that an officer's profile allows at the same time, takes the booths'
// records, and tells booths what is found late. docs/central.md tells how it is set up.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"boothd/cmd/centrald/config"
)

// version is set by the build.
var version = "unversioned"

type commands struct {
	Run         runCommand       `cmd:"" default:"withargs" help:"Run the portal until it is told to stop."`
	CheckConfig checkCommand     `cmd:"" help:"Check the configuration file and name every fault in it."`
	Seed        seedCommand      `cmd:"" help:"Fill the database with synthetic people."`
	Bench       benchCommand     `cmd:"" help:"Measure how fast questions are answered."`
	AccessLog   accessLogCommand `cmd:"" help:"What can be done with an exported access log."`
	Officer     officerCommand   `cmd:"" help:"Make the line of an officer for the file of officers; asks for the passphrase."`
	Version     versionCommand   `cmd:"" help:"Print the version."`
}

func main() {
	var c commands
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k := kong.Parse(&c, kong.Name("centrald"), kong.Description("A reference search portal for booths."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

// configFlag names the configuration file.
type configFlag struct {
	Config string `default:"/etc/centrald/centrald.toml" type:"path" help:"The configuration file." env:"CENTRALD_CONFIG"`
}

type checkCommand struct{ configFlag }

func (c *checkCommand) Run() error {
	if _, err := config.Read(c.Config); err != nil {
		return err
	}
	fmt.Println(c.Config + ": no faults")
	return nil
}

type versionCommand struct{}

func (versionCommand) Run() error {
	fmt.Println("centrald", version)
	return nil
}
