package trial

import (
	"runtime"
	"runtime/debug"
)

// memory is what this program has, in bytes.
type memory struct{ heap, resident int64 }

// measure gives back what can be given back, measures what is left, and begins to watch for
// the most.
func measure() memory {
	runtime.GC() // what pools keep is free for the second only
	debug.FreeOSMemory()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	m := memory{int64(s.HeapAlloc), residentMemory()}
	resetPeak()
	return m
}

// more is what there is now on top of what there was; peak is the most since then.
func (m memory) more(peak int64) *Memory {
	now := measure()
	return &Memory{Peak: max(0, peak-m.resident), Resident: now.resident - m.resident, Heap: now.heap - m.heap}
}
