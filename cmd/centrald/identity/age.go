package identity

import (
	"time"

	"boothd/localmatch/gallery"
)

// childUntil is the age from which somebody may be identified without a further reason.
const childUntil = 12 // years

// lastZone is how much later than that of UTC a day begins where it begins last.
const lastZone = 12 * time.Hour

// mayBeChild reports whether somebody with the birth date may be under 12. The package's
// documentation says why the youngest age counts that the date allows. A birthday begins
// when it begins last on earth: nobody is taken for 12 too early, on the Azores neither.
func mayBeChild(birthDate string, now time.Time) bool {
	if birthDate == "" {
		return false // tells nothing
	}
	latest, ok := latestBirth(birthDate)
	return !ok || now.Add(-lastZone).Before(latest.AddDate(childUntil, 0, 0))
}

// latestBirth is the last day that the birth date allows. It is false for what is no birth
// date.
func latestBirth(s string) (time.Time, bool) {
	if !gallery.ValidBirthDate(s) {
		return time.Time{}, false
	}
	switch len(s) {
	case len("2006"):
		year, err := time.Parse("2006", s)
		return year.AddDate(1, 0, -1), err == nil
	case len("2006-01"):
		month, err := time.Parse("2006-01", s)
		return month.AddDate(0, 1, -1), err == nil
	}
	day, err := time.Parse(time.DateOnly, s)
	return day, err == nil
}
