//go:build race

package capture_test

// underRace reports whether the race detector is at work.
const underRace = true
