package trial

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is what this program has used of all cores so far.
func cpuTime() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t) != nil {
		return 0 // it exists in every kernel
	}
	return time.Duration(t.Nano())
}

// residentMemory is what this program has in memory now, in bytes.
func residentMemory() int64 { return status("VmRSS:") }

// peakMemory is the most that it had since resetPeak, in bytes.
func peakMemory() int64 { return status("VmHWM:") }

// resetPeak forgets the most so far. Where that is not allowed the peak is of the program's
// whole life.
func resetPeak() { os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// status reads a line such as "VmRSS:  123 kB"; 0 if there is none.
func status(key string) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), key)
	var kB int64
	fmt.Sscan(rest, &kB)
	return kB << 10
}
