//go:build race

package finger_test

// underRace tells that the race detector watches, which makes pictures slow.
const underRace = true
