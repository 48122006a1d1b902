//go:build race

package gallery

// underRace tells that the race detector watches.
const underRace = true
