package signin

import (
	"sync"
	"time"
)

// How many passphrases are looked at: five at once, then one each half minute, for each name
// that is tried. Who tries an officer's name without end can keep the officer from signing
// in meanwhile, which is the lesser harm.
const (
	maxAttempts   = 5
	attemptPeriod = 30 * time.Second
	maxTried      = 100_000 // names; the longest forgotten make room
	maxHashing    = 2       // passphrases at a time, 19 MiB each
)

// attempts counts wrong passphrases by name, whether or not there is such an officer.
type attempts struct {
	mu    sync.Mutex
	until map[string]time.Time // when the last of them will be forgotten
}

// take counts an attempt, or returns how long the next one has to wait.
func (a *attempts) take(name string, now time.Time) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	until := a.until[name]
	if until.Before(now) {
		until = now
	}
	// A clock that was set back must not lock anybody out for longer.
	if wait = until.Sub(now) - (maxAttempts-1)*attemptPeriod; wait > 0 && wait <= attemptPeriod {
		return wait
	} else if wait > 0 {
		until = now
	}
	if a.until == nil {
		a.until = map[string]time.Time{}
	}
	if len(a.until) >= maxTried {
		makeRoom(a.until, func(t time.Time) time.Time { return t }, now)
	}
	a.until[name] = until.Add(attemptPeriod)
	return 0
}

// forget is called when the passphrase was right.
func (a *attempts) forget(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.until, name)
}
