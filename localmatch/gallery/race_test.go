//go:build race

package gallery

// underRace tells that the race detector watches, which makes all of it slow.
const underRace = true
