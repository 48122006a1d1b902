package devicestest

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"
)

// goroutines returns the stacks of all goroutines by their number.
func goroutines() map[string]string {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	stacks := make(map[string]string)
	for stack := range bytes.SplitSeq(buf, []byte("\n\n")) {
		number, _, _ := strings.Cut(strings.TrimPrefix(string(stack), "goroutine "), " ")
		stacks[number] = string(stack)
	}
	return stacks
}

// wantNoneSince waits until no goroutine runs that was not there before. The emulator's
// own need a moment to see that the device was closed.
func wantNoneSince(t *testing.T, before map[string]string) {
	t.Helper()
	deadline := time.NewTimer(5*time.Second + Slack)
	defer deadline.Stop()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		left := since(before)
		if len(left) == 0 {
			return
		}
		select {
		case <-poll.C:
		case <-deadline.C:
			t.Fatalf("%d goroutines run on:\n%s", len(left), strings.Join(left, "\n\n"))
		}
	}
}

func since(before map[string]string) []string {
	var left []string
	for number, stack := range goroutines() {
		if _, ok := before[number]; !ok {
			left = append(left, stack)
		}
	}
	return left
}
