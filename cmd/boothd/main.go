// Command boothd is the appliance software of a border crossing booth.
//
// It reads the traveller's document, face and fingers, looks the traveller up in the local
// lists and the central search portal, recommends an outcome to the officer, and keeps
// every check until central has acknowledged it. README.md tells how it fits together.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"boothd/cmd/boothd/config"
)

// version is set by the build.
var version = "unversioned"

type commands struct {
	Run         runCommand     `cmd:"" default:"withargs" help:"Run the booth until it is told to stop."`
	CheckConfig checkCommand   `cmd:"" help:"Check the configuration file and name every fault in it."`
	Service     serviceCommand `cmd:"" help:"Install, start, stop or uninstall boothd as a service of this machine."`
	Version     versionCommand `cmd:"" help:"Print the version."`
}

func main() {
	var c commands
	k := kong.Parse(&c, kong.Name("boothd"), kong.Description("The software of a border crossing booth."), kong.UsageOnError())
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type runCommand struct {
	Config string `default:"/etc/boothd/boothd.toml" type:"path" help:"The configuration file." env:"BOOTHD_CONFIG"`
}

func (r *runCommand) Run() error {
	c, err := config.Read(r.Config)
	if err != nil {
		return err
	}
	log := c.Log.Logger(os.Stderr)
	if underServiceManager() {
		return runService(r.Config, c, log)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, c, log)
}

type checkCommand struct {
	Config string `arg:"" default:"/etc/boothd/boothd.toml" type:"path" help:"The configuration file." env:"BOOTHD_CONFIG"`
}

func (r *checkCommand) Run() error {
	if _, err := config.Read(r.Config); err != nil {
		return err
	}
	fmt.Println(r.Config + ": no faults")
	return nil
}

type versionCommand struct{}

func (versionCommand) Run() error {
	fmt.Println("boothd", version)
	return nil
}
