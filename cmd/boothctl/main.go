// Command boothctl is the command line of a booth's operator and of central operations.
//
// At a booth it reads the same configuration file as boothd and talks to the running
// daemon, or looks at its files beside it. For central operations it builds, signs and
// publishes lists. It exits with 0 if all is well, 1 if not.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"boothd/cmd/boothd/config"
)

// version is set by the build.
var version = "unversioned"

type commands struct {
	Config string `default:"/etc/boothd/boothd.toml" type:"path" env:"BOOTHD_CONFIG" help:"The booth's configuration file."`

	Doctor   doctorCommand   `cmd:"" help:"Tell in plain words what is wrong with this booth and what to do."`
	Devices  devicesCommand  `cmd:"" help:"List the booth's devices."`
	Check    checkCommand    `cmd:"" help:"Run a check from the command line."`
	MRZ      mrzCommand      `cmd:"" name:"mrz" help:"Parse machine-readable zones."`
	List     listCommand     `cmd:"" help:"Import, build, sign, publish, inspect, verify and erase lists."`
	Fleet    fleetCommand    `cmd:"" help:"Look at all booths."`
	Keys     keysCommand     `cmd:"" help:"Make the keys of central."`
	Outbox   outboxCommand   `cmd:"" help:"Look at the queue towards central."`
	Audit    auditCommand    `cmd:"" help:"Verify and export the journal."`
	Profile  profileCommand  `cmd:"" help:"Sign and explain officers' profiles."`
	Grant    grantCommand    `cmd:"" help:"Sign, explain and revoke authorisations."`
	Exchange exchangeCommand `cmd:"" help:"Hand data over in person: sealed bundles and their receipts."`
	Finger   fingerCommand   `cmd:"" help:"Make, compare, look up and draw fingerprint templates."`
	Passport passportCommand `cmd:"" help:"Inspect the chips of travel documents, and issue emulated ones for tests."`
	CSCA     cscaCommand     `cmd:"" name:"csca" help:"Import, list and verify what travel documents' chips are trusted by."`
	Bench    benchCommand    `cmd:"" help:"Measure this machine."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// call is what every command is run with.
type call struct {
	ctx    context.Context
	config string // path of the configuration file
	in     io.Reader
	out    io.Writer
}

// errUnwell ends boothctl with 1 after everything was already said.
var errUnwell = errors.New("not well")

func main() {
	var c commands
	parser := kong.Must(&c, kong.Name("boothctl"), kong.Description("The command line of a border crossing booth."),
		kong.UsageOnError())
	k, err := parser.Parse(longFlags(os.Args[1:]))
	parser.FatalIfErrorf(err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = k.Run(&call{ctx: ctx, config: c.Config, in: os.Stdin, out: os.Stdout})
	stop()
	if err != nil {
		if !errors.Is(err, errUnwell) {
			fmt.Fprintln(os.Stderr, "boothctl:", err)
		}
		os.Exit(1)
	}
}

// singleDash are the flags that may have one dash behind a word, as in the tools of its
// trade.
var singleDash = map[string][]string{"finger": {"-dpi", "-scores"}, "names": {"-list", "-pairs"}, "generate": {"-seed"}, "read": {"-mrz", "-can"}, "issue": {"-mrz"}}

// longFlags writes such flags with two.
func longFlags(args []string) []string {
	args = slices.Clone(args)
	var short []string
	for i, a := range args {
		if a == "--" {
			break
		}
		if name, _, _ := strings.Cut(a, "="); slices.Contains(short, name) {
			args[i] = "-" + a
		}
		short = append(short, singleDash[a]...)
	}
	return args
}

// booth reads the booth's configuration.
func (c *call) booth() (*config.Config, error) { return config.Read(c.config) }

func (c *call) say(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }

// json prints v as one line.
func (c *call) json(v any) error { return json.NewEncoder(c.out).Encode(v) }

type versionCommand struct{}

func (versionCommand) Run(c *call) error {
	c.say("boothctl %s", version)
	return nil
}
