//go:build !race

package chip_test

// underRace reports whether the race detector is at work.
const underRace = false
