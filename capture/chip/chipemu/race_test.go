//go:build race

package chipemu_test

// underRace reports whether the race detector is at work.
const underRace = true
