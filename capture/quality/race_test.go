//go:build race

package quality

// underRace reports whether the race detector is at work.
const underRace = true
