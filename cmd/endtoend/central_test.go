package endtoend

import (
	"context"
	"crypto/hpke"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"boothd/cmd/boothsim/demo"
	"boothd/cmd/centrald/config"
	"boothd/cmd/centrald/intake"
	"boothd/cmd/centrald/register"
	"boothd/cmd/centrald/store"
	"boothd/internal/keys"
	"boothd/sync/portal"
)

// startCentral starts centrald with the configuration that CENTRALD_CONFIG names, and waits
// until it tells the demo's booth, whose certificate it is shown, that it can answer.
func startCentral(ts *testscript.TestScript, f *fleet) {
	sim := ts.Getenv("SIM")
	conf, err := portal.MutualTLS(filepath.Join(sim, "ca.pem"), filepath.Join(sim, "booth.pem"), filepath.Join(sim, "booth.key"), slog.New(slog.DiscardHandler))
	ts.Check(err)
	client, err := portal.New(portal.Options{URL: "https://" + ts.Getenv("CENTRAL"), TLS: conf, Booth: demo.Booth})
	ts.Check(err)
	defer client.Close()
	p := f.start(ts, "centrald", "run", "--config", ts.Getenv("CENTRALD_CONFIG"))
	p.await(ts, "centrald", func() bool { return client.Health(context.Background()) == nil })
}

// crashCommand is "crash PROGRAM": it ends the program as a power cut does.
func crashCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || fleetOf(ts).running[args[0]] == nil {
		ts.Fatalf("usage: crash program, one that runs")
	}
	fleetOf(ts).running[args[0]].end(syscall.SIGKILL)
	delete(fleetOf(ts).running, args[0])
}

// receivedCommand is "received N": it waits until N records are in centrald's database, and
// fails if one of them came under two numbers, was refused, or if a number is missing.
func receivedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: received n")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	c, err := config.Read(ts.Getenv("CENTRALD_CONFIG"))
	ts.Check(err)
	opening, err := keys.ReadOpening(c.Keys.Opening[0])
	ts.Check(err)
	signing, err := keys.ReadSigning(c.Keys.Signing)
	ts.Check(err)
	db, err := store.Open(context.Background(), c.Database)
	ts.Check(err)
	defer db.Close()
	in, err := intake.Open(context.Background(), intake.Options{DB: db, Opening: []hpke.PrivateKey{opening}, Signing: signing})
	ts.Check(err)
	var got intake.Received
	for deadline := time.Now().Add(patience); got.Records < want && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		got, err = in.Received(context.Background())
		ts.Check(err)
	}
	if got.Records != want || got.Doubled != 0 || got.Refused != 0 || got.Missing != 0 {
		ts.Fatalf("central has %+v, want %d records, each once", got, want)
	}
}

// copiesCommand is "copies PATTERN": it waits until a line "BOOTH LIST VERSION" of centrald's
// inventory of technical copies matches.
func copiesCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: copies pattern")
	}
	pattern := regexp.MustCompile(`(?m)` + args[0])
	c, err := config.Read(ts.Getenv("CENTRALD_CONFIG"))
	ts.Check(err)
	db, err := store.Open(context.Background(), c.Database)
	ts.Check(err)
	defer db.Close()
	inventory, err := register.OpenCopies(context.Background(), db)
	ts.Check(err)
	var lines strings.Builder
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		all, err := inventory.List(context.Background())
		ts.Check(err)
		lines.Reset()
		for _, k := range all {
			fmt.Fprintln(&lines, k.Holder, k.List, k.Version)
		}
		if pattern.MatchString(lines.String()) {
			return
		}
	}
	ts.Fatalf("central's inventory never had %q, but:\n%s", args[0], lines.String())
}
