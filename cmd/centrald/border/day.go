package border

import (
	"fmt"
	"time"
)

// Day is a calendar day, counted from 1 January of the year 1, which is day 0 and stands
// for "no day".
type Day int32

const (
	secondsPerDay = 24 * 60 * 60
	epoch         = 719162 // 1 January 1970
)

// DayOf returns the calendar day that the clocks of t's location show.
func DayOf(t time.Time) Day {
	year, month, day := t.Date()
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()/secondsPerDay + epoch)
}

// ParseDay reads "2006-01-02", of the years 1900 to 2200. Its error does not quote the text.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || len(s) != len(time.DateOnly) || t.Year() < minYear || t.Year() > maxYear {
		return 0, fmt.Errorf("not a day as 2006-01-02 from %d to %d", minYear, maxYear)
	}
	return DayOf(t), nil
}

const (
	minYear = 1900
	maxYear = 2200
)

// String writes the day as "2006-01-02", no day as "".
func (d Day) String() string {
	if d == 0 {
		return ""
	}
	return time.Unix((int64(d)-epoch)*secondsPerDay, 0).UTC().Format(time.DateOnly)
}
