//go:build race

package slap

// underRace reports whether the race detector is at work.
const underRace = true
