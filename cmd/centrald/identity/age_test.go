package identity

import (
	"testing"
	"time"

	"boothd/localmatch/gallery"
)

func TestMayBeChild(t *testing.T) {
	noon := func(s string) time.Time {
		at, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return at.Add(12 * time.Hour)
	}
	tests := []struct {
		name, born, on string
		child          bool
	}{
		{"the day before the twelfth birthday is a child's", "2014-11-23", "2026-11-22", true},
		{"the twelfth birthday is not", "2014-11-22", "2026-11-22", false},
		{"born on a leap day, the day before", "2016-02-29", "2028-02-28", true},
		{"born on a leap day, the birthday", "2016-02-29", "2028-02-29", false},
		{"a birth date in the future is a child's", "2027-01-01", "2026-11-22", true},
		{"a month that may still be before the birthday", "2014-11", "2026-11-29", true},
		{"a month whose last day is the birthday", "2014-11", "2026-11-30", false},
		{"a year that may still be before the birthday", "2014", "2026-12-30", true},
		{"a year whose last day is the birthday", "2014", "2026-12-31", false},
		{"a year of a grown-up", "1990", "2026-11-22", false},
		{"a birth date that is not known tells nothing", "", "2026-11-22", false},
		{"a day that there is not may be a child's", "2001-02-30", "2026-11-22", true},
		{"a birth date that cannot be read may be a child's", "17.05.1990", "2026-11-22", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := mayBeChild(test.born, noon(test.on)); got != test.child {
				t.Errorf("may be a child: %v", got)
			}
		})
	}
}

func TestABirthdayBeginsWhereItBeginsLast(t *testing.T) {
	birthday := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	azores := time.FixedZone("Azores", -60*60)
	for _, test := range []struct {
		name  string
		now   time.Time
		child bool
	}{
		{"in the first minutes of the day in UTC", birthday.Add(30 * time.Minute), true},
		{"at the same time on the Azores", birthday.Add(30 * time.Minute).In(azores), true},
		{"when the day has begun everywhere", birthday.Add(12 * time.Hour), false},
	} {
		if got := mayBeChild("2014-11-22", test.now); got != test.child {
			t.Errorf("%s: may be a child: %v", test.name, got)
		}
	}
}

// Whatever is cut off a birth date, nobody who may be a child becomes none.
func FuzzMayBeChild(f *testing.F) {
	for _, s := range []string{"2014-11-22", "2014-11", "2014", "", "2016-02-29", "x", "9999-12-31", "2014-00-00", "2014-13"} {
		f.Add(s, int64(0))
	}
	f.Fuzz(func(t *testing.T, born string, seconds int64) {
		now := day.Add(time.Duration(seconds%(100*366*24*3600)) * time.Second)
		if !mayBeChild(born, now) {
			return
		}
		for _, cut := range []int{4, 7} {
			if len(born) == 10 && gallery.ValidBirthDate(born) && !mayBeChild(born[:cut], now) {
				t.Errorf("%q may be a child's at %v, %q not", born, now, born[:cut])
			}
		}
	})
}
