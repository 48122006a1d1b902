package names

import (
	"fmt"
	"strconv"
	"strings"
)

// Birth is a date of birth of which parts may be unknown, which is 0.
type Birth struct {
	Year, Month, Day int
}

// ParseBirth reads "2006-01-02", "2006-01" and "2006". An unknown part may be written as
// zeros or X.
func ParseBirth(s string) (Birth, error) {
	parts := strings.Split(s, "-")
	if len(parts) > 3 || len(parts[0]) != 4 {
		return Birth{}, fmt.Errorf("birth date: want 2006-01-02, 2006-01 or 2006")
	}
	var b Birth
	for i, into := range []*int{&b.Year, &b.Month, &b.Day}[:len(parts)] {
		if strings.Trim(parts[i], "Xx") == "" && parts[i] != "" {
			continue
		}
		n, err := strconv.ParseUint(parts[i], 10, 16)
		if err != nil || n > uint64([]int{9999, 12, 31}[i]) || i > 0 && len(parts[i]) > 2 {
			return Birth{}, fmt.Errorf("birth date: part %d is no number of a date", i+1)
		}
		*into = int(n)
	}
	return b, nil
}

// String writes what is known: "2006-01-02", "2006-01", "2006" or "".
func (b Birth) String() string {
	switch {
	case b.Year == 0 && b.Month == 0 && b.Day == 0:
		return ""
	case b.Month == 0 && b.Day == 0:
		return fmt.Sprintf("%04d", b.Year)
	case b.Day == 0:
		return fmt.Sprintf("%04d-%02d", b.Year, b.Month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", b.Year, b.Month, b.Day)
}

// What two birth dates say, in nats. Two people of about one age share a day of birth once
// in some ten thousand pairs, but lists copy dates from one another's suspicions: an equal
// date is worth less than that, and a wrong one does not rule a person out.
const (
	birthSame     = 6
	birthMonth    = 4   // year and month, no day on one side
	birthYear     = 2.2 // no more is known on one side
	birthSwapped  = 4   // day and month
	birthDigit    = 2.5 // one digit differs
	birthYearOff  = 2   // a year more or less, day and month agree
	birthNearYear = 0.8 // only years are known, and they are next to each other
	birthFewYears = -1.5
	birthDiffers  = -4
	birthFar      = -6 // more than ten years apart
	birthNoYear   = 2  // day and month agree, no year on one side
	birthCentury  = -2 // on top, if a hundred years lie between dates that agree
)

// compareBirth says how two dates are related and what that is worth. A zone writes two digits
// of a year, from which 1924 may have been read as 2024.
func compareBirth(a, b Birth) (Relation, float32) {
	if a.Year != 0 && b.Year != 0 && abs(a.Year-b.Year) == 100 {
		a.Year = b.Year
		if r, v := compareInCentury(a, b); r == Same || r == Partly {
			return Century, v + birthCentury
		}
		return Different, birthFar
	}
	return compareInCentury(a, b)
}

func compareInCentury(a, b Birth) (Relation, float32) {
	sameMonth, sameDay := a.Month == b.Month, a.Day == b.Day
	noMonth, noDay := a.Month == 0 || b.Month == 0, a.Day == 0 || b.Day == 0
	apart := abs(a.Year - b.Year)
	switch {
	case a.Year == 0 || b.Year == 0:
		switch {
		case noMonth || noDay:
			return Unknown, 0
		case sameMonth && sameDay:
			return Partly, birthNoYear
		}
		return Different, birthDiffers
	case apart == 0 && sameMonth && sameDay && !noDay && !noMonth:
		return Same, birthSame
	case apart == 0 && noMonth, apart == 0 && (a.placeholder() || b.placeholder()):
		return Partly, birthYear
	case apart == 0 && sameMonth && noDay:
		return Partly, birthMonth
	case apart == 0 && a.Month == b.Day && a.Day == b.Month && !noDay:
		return Swapped, birthSwapped
	case !noMonth && !noDay && digitsOff(a, b) == 1:
		return Typo, birthDigit
	case apart == 1 && sameMonth && sameDay && !noDay:
		return NearYear, birthYearOff
	case apart == 1 && (noMonth || a.placeholder() || b.placeholder()):
		return NearYear, birthNearYear
	case apart <= 3:
		return Different, birthFewYears
	case apart > 10:
		return Different, birthFar
	}
	return Different, birthDiffers
}

// placeholder reports the first of January, which lists write for a year.
func (b Birth) placeholder() bool { return b.Month == 1 && b.Day == 1 }

// digitsOff counts the digits in which two full dates differ.
func digitsOff(a, b Birth) int {
	n := 0
	for _, p := range [3][2]int{{a.Year, b.Year}, {a.Month, b.Month}, {a.Day, b.Day}} {
		for x, y := p[0], p[1]; x > 0 || y > 0; x, y = x/10, y/10 {
			if x%10 != y%10 {
				n++
			}
		}
	}
	return n
}

// bestBirth returns the pair of dates that agrees best; known is false if a side has none.
func bestBirth(a, b []Birth) (x, y Birth, relation Relation, value float32) {
	relation = Unknown
	for i := range a[:min(len(a), maxBirths)] {
		for j := range b[:min(len(b), maxBirths)] {
			r, v := compareBirth(a[i], b[j])
			if r != Unknown && (relation == Unknown || v > value) {
				x, y, relation, value = a[i], b[j], r, v
			}
		}
	}
	return x, y, relation, value
}
