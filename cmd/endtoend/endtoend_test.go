// Package endtoend drives the built programs as their users do: boothd at its local
// interface, boothctl and boothsim at the command line, centrald at its network interface,
// with emulated devices and a real broker in between.
package endtoend

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"boothd/internal/testtool"
)

// programs is the folder of the built programs.
var programs string

func TestMain(m *testing.M) {
	os.Exit(build(m))
}

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "boothd-endtoend-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", dir, "boothd/cmd/boothd", "boothd/cmd/boothctl", "boothd/cmd/boothsim", "boothd/cmd/centrald")
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	programs = dir
	return m.Run()
}

func TestScripts(t *testing.T) {
	if os.Getenv("BOOTHD_REQUIRE_TOOLS") == "1" {
		testtool.Need(t, "mosquitto", "pcscd") // without them scripts would be skipped unseen
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Condition: func(condition string) (bool, error) {
			if condition != "chips" {
				return false, fmt.Errorf("no condition %q", condition)
			}
			return chips() == nil, nil
		},
		Setup: func(env *testscript.Env) error {
			booth, err := freeAddress()
			if err != nil {
				return err
			}
			central, err := freeAddress()
			if err != nil {
				return err
			}
			env.Setenv("PATH", programs+string(filepath.ListSeparator)+os.Getenv("PATH")+":/usr/sbin")
			env.Setenv("PROGRAMS", programs)
			env.Setenv("BOOTH", booth)
			env.Setenv("CENTRAL", central)
			env.Setenv("CENTRALD_CONFIG", filepath.Join(env.WorkDir, "central", "centrald.toml"))
			env.Setenv("SIM", filepath.Join(env.WorkDir, "demo"))
			env.Setenv("BOOTHSIM_DIR", filepath.Join(env.WorkDir, "demo"))
			env.Setenv("BOOTHD_CONFIG", filepath.Join(env.WorkDir, "demo", "boothd.toml"))
			env.Values[fleetKey{}] = &fleet{log: env.T().Log}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"start":      startCommand,
			"inspect":    inspectCommand,
			"halt":       haltCommand, // testscript's own "stop" and "kill" would come first
			"crash":      crashCommand,
			"received":   receivedCommand,
			"copies":     copiesCommand,
			"retain":     retainCommand,
			"readme":     readmeCommand,
			"sim":        simCommand,
			"until":      untilCommand,
			"setenvjson": setenvJSONCommand,
		},
	})
}

// freeAddress returns a loopback address whose port is free now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
