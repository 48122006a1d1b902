//go:build !race

package gallery

const underRace = false
