package person

import (
	"slices"
	"time"

	"boothd/localmatch/gallery"
)

// The ages in years from which fingerprints are taken (Regulation (EU) 2017/2226 Art 17)
// and from which a person is no minor.
const (
	FingersFrom = 12
	OfAge       = 18
)

// IsChild reports whether the person is surely too young for fingerprints at the time, by
// one of the birth dates.
func (f *Found) IsChild(now time.Time) bool {
	return f.Entry != nil && slices.ContainsFunc(f.Entry.BirthDates, func(d string) bool { return Under(FingersFrom, d, now) })
}

// IsMinor reports whether the person may be a minor at the time, by one of the birth dates.
func (f *Found) IsMinor(now time.Time) bool {
	return f.Entry != nil && slices.ContainsFunc(f.Entry.BirthDates, func(d string) bool { return MayBeUnder(OfAge, d, now) })
}

// Under reports whether somebody is surely younger than the years at the time, whatever the
// unknown parts of the birth date, "2006-01-02", "2006-01" or "2006", are. The day is that
// of the time's location. Nobody is young by a birth date that is not known.
func Under(years int, birthDate string, now time.Time) bool {
	oldest, _, ok := born(birthDate)
	return ok && before(now, oldest.AddDate(years, 0, 0))
}

// MayBeUnder reports whether somebody may be younger than the years, for some unknown part
// of the birth date.
func MayBeUnder(years int, birthDate string, now time.Time) bool {
	_, youngest, ok := born(birthDate)
	return ok && before(now, youngest.AddDate(years, 0, 0))
}

// before reports whether the day at the time's location is before the one in UTC.
func before(now, day time.Time) bool {
	return now.Format(time.DateOnly) < day.Format(time.DateOnly)
}

// born returns the first and the last day that a birth date may mean.
func born(s string) (oldest, youngest time.Time, ok bool) {
	if !gallery.ValidBirthDate(s) {
		return time.Time{}, time.Time{}, false
	}
	switch len(s) {
	case len("2006"):
		oldest, _ = time.Parse("2006", s)
		return oldest, oldest.AddDate(1, 0, -1), true
	case len("2006-01"):
		oldest, _ = time.Parse("2006-01", s)
		return oldest, oldest.AddDate(0, 1, -1), true
	}
	oldest, _ = time.Parse(time.DateOnly, s)
	return oldest, oldest, true
}
