//go:build race

package ocr_test

// underRace reports whether the race detector is at work.
const underRace = true
