//go:build !race

package wsq_test

// underRace reports whether the race detector is at work.
const underRace = false
