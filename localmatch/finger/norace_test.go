//go:build !race

package finger_test

const underRace = false
