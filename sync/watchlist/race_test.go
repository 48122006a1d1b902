//go:build race

package watchlist

// underRace tells that the race detector watches.
const underRace = true
