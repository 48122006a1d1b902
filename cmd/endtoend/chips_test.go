package endtoend

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"boothd/devices/pcsc/vpcd"
)

// chips reports why there can be no chip reader on this machine. Root may always start one, so
// that without one the scripts fail and are not skipped.
var chips = sync.OnceValue(func() error {
	if os.Geteuid() == 0 {
		return nil
	}
	dir, err := os.MkdirTemp("", "boothd-chips-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	daemon, err := vpcd.Start(ctx, filepath.Join(dir, "pcscd"))
	if err != nil {
		return err
	}
	return daemon.Close()
})

// inspectCommand is "inspect N [WORD]": it starts a check, with the one before it decided, lets
// traveller N present the document with the chip that the word says, waits until the chip was
// inspected and concludes the check. The outcome with its reasons is standard output then.
func inspectCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: inspect traveller [chip]")
	}
	_, _ = run(ts, "boothctl", "check", "decide", "refer", "--why", "for this script", "--officer", "officer-1") // if there is one
	ts.Check(ts.Exec("boothctl", "check", "start"))
	present := []string{"ctl", "present", args[0]}
	if len(args) == 2 {
		present = append(present, "--chip", args[1])
	}
	ts.Check(ts.Exec("boothsim", present...))
	untilCommand(ts, false, []string{`"id":"chip-1"`, "boothctl", "check", "show"})
	ts.Check(ts.Exec("boothctl", "check", "conclude"))
	ts.Check(ts.Exec("boothsim", "ctl", "take")) // so that the reader is empty for the next one in time
	ts.Check(ts.Exec("boothctl", "check", "wait"))
}
