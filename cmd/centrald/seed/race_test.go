//go:build race

package seed

const underRace = true
