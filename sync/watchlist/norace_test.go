//go:build !race

package watchlist

const underRace = false
