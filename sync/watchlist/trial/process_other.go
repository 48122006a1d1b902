//go:build !linux

package trial

import "time"

// What is known of Linux only is not known elsewhere.

func cpuTime() time.Duration { return 0 }
func residentMemory() int64  { return 0 }
func peakMemory() int64      { return 0 }
func resetPeak()             {}
