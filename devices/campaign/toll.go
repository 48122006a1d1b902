package campaign

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
)

// Toll is what a process holds.
type Toll struct {
	Goroutines  int `json:"goroutines"`
	Descriptors int `json:"descriptors"` // 0 where /proc is not
	Heap        int `json:"heap_bytes"`  // in use after a collection
	RSS         int `json:"rss_bytes"`   // 0 where /proc is not
}

// Held counts what this process holds now, after it has given back what it need not hold.
func Held() Toll {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t := Toll{Goroutines: runtime.NumGoroutine(), Heap: int(m.HeapAlloc), RSS: rss()}
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		t.Descriptors = len(fds) - 1 // the folder itself was open
	}
	return t
}

// rss reads the process's resident memory (proc_pid_statm(5)).
func rss() int {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(b)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(string(fields[1]))
	return pages * os.Getpagesize()
}
