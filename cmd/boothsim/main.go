// Command boothsim plays everything that surrounds boothd: a U.are.U fingerprint scanner
// on USB/IP, a document reader on a serial line, a reader of contactless chips behind a pcscd
// of its own, a network camera, an MQTT broker and a search portal, with invented travellers.
// It is for demonstration, training and end-to-end tests, and runs on a machine without any
// hardware.
//
// "boothsim run" makes a folder with all keys and boothd's configuration if there is none,
// starts everything and tells what to try. "boothsim ctl" directs it, with the words that
// also the buttons of its page stand for. Every command ends with status 0 if it was done,
// 1 if it could not be done and 2 if it made no sense.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"boothd/cmd/boothsim/control"
	"boothd/cmd/boothsim/demo"
)

// version is set by the build.
var version = "unversioned"

type commands struct {
	Init    initCommand    `cmd:"" help:"Make a folder with everything that the emulated booth needs."`
	Run     runCommand     `cmd:"" help:"Run the emulated booth until interrupted."`
	Ctl     ctlCommand     `cmd:"" help:"Direct a running emulated booth: see boothsim ctl --help."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// The statuses that commands end with.
const (
	statusDone = iota
	statusNotDone
	statusUsage
)

// execute runs one command line and returns its status.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c commands
	ended := -1
	parser, err := kong.New(&c,
		kong.Name("boothsim"),
		kong.Description("A whole emulated booth, with broker and portal."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(status int) { ended = status }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(&streams{out: stdout, err: stderr}))
	if err != nil {
		fmt.Fprintln(stderr, err)
		return statusNotDone
	}
	parsed, err := parser.Parse(args)
	switch {
	case ended >= 0: // help was asked for
		return ended
	case err != nil:
		fmt.Fprintln(stderr, "boothsim:", err)
		return statusUsage
	}
	err = parsed.Run()
	var usage *control.UsageError
	switch {
	case errors.As(err, &usage) && usage.Help:
		fmt.Fprintln(stdout, usage.Text)
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, "boothsim:", usage.Text)
		return statusUsage
	case err != nil:
		fmt.Fprintln(stderr, "boothsim:", err)
		return statusNotDone
	}
	return statusDone
}

// streams are where commands write.
type streams struct{ out, err io.Writer }

type initCommand struct {
	Dir string `arg:"" type:"path" help:"The folder; it must be empty or not exist."`
	listenFlags
}

// Run makes the folder and writes boothd's configuration for the addresses of a later run.
func (c *initCommand) Run(s *streams) error {
	folder, err := demo.Make(c.Dir)
	if err != nil {
		return err
	}
	if err := folder.WriteConfig(c.planned(folder)); err != nil {
		return err
	}
	fmt.Fprintln(s.out, folder.Dir())
	return nil
}

type ctlCommand struct {
	Addr  string   `help:"The simulator's control." placeholder:"URL" env:"BOOTHSIM_ADDR"`
	Dir   string   `type:"path" help:"The simulator's folder, which knows the address." env:"BOOTHSIM_DIR"`
	JSON  bool     `help:"Print JSON."`
	Words []string `arg:"" passthrough:"" optional:"" help:"What to do, such as: present 3"`
}

// commandTime is how long a command may take.
const commandTime = time.Minute

// Run sends the words and prints what was said.
func (c *ctlCommand) Run(ctx context.Context, s *streams) error {
	words := c.Words
	if len(words) == 0 {
		words = []string{"--help"}
	}
	read, _, err := control.Parse(words)
	if err != nil {
		return err
	}
	addr, err := c.address()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	reply, err := (&control.Client{URL: addr}).Do(ctx, words...)
	if err != nil {
		return err
	}
	if c.JSON || read.JSON {
		if reply.Data != nil {
			_, err := fmt.Fprintf(s.out, "%s\n", reply.Data)
			return err
		}
		return json.NewEncoder(s.out).Encode(reply)
	}
	_, err = fmt.Fprintln(s.out, reply.Said)
	return err
}

func (c *ctlCommand) address() (string, error) {
	switch {
	case c.Addr != "":
		return c.Addr, nil
	case c.Dir == "":
		return "http://" + defaultControl, nil
	}
	a, err := demo.ReadAddresses(c.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("no simulator runs in %s", filepath.Clean(c.Dir))
	}
	return a.Control, err
}

type versionCommand struct{}

func (versionCommand) Run(s *streams) error {
	_, err := fmt.Fprintln(s.out, "boothsim", version)
	return err
}
