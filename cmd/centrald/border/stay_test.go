package border

import (
	"math/rand/v2"
	"testing"
	"time"
)

func day(t testing.TB, s string) Day {
	t.Helper()
	if s == "" {
		return 0
	}
	d, err := ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// stays reads pairs of first and last day; an empty last day is a stay that goes on.
func stays(t testing.TB, days ...string) Stays {
	t.Helper()
	var s Stays
	for i := 0; i < len(days); i += 2 {
		s = append(s, Stay{From: day(t, days[i]), To: day(t, days[i+1])})
	}
	return s
}

func TestTheAuthorisedStay(t *testing.T) {
	for _, tt := range []struct {
		name    string
		stays   []string
		on      string
		used    int
		left    int
		leaveBy string // of who is there on the day
		over    int
	}{
		{"who was never there has ninety days, the day of entry among them", nil, "2026-01-01", 0, 90, "2026-03-31", 0},
		{"ninety days from the first of January end on the thirtieth of March in a leap year", nil, "2028-01-01", 0, 90, "2028-03-30", 0},
		{"entry and exit on one day are one day", []string{"2026-05-04", "2026-05-04"}, "2026-05-04", 1, 89, "2026-08-01", 0},
		{"entry and exit day both count", []string{"2026-05-04", "2026-05-06"}, "2026-05-07", 3, 87, "2026-08-01", 0},
		{"an open stay counts until today", []string{"2026-05-04", ""}, "2026-05-13", 10, 80, "2026-08-01", 0},
		{"the ninetieth day is lawful", []string{"2026-01-01", ""}, "2026-03-31", 90, 0, "2026-03-31", 0},
		{"the ninety-first day is one too many", []string{"2026-01-01", ""}, "2026-04-01", 91, 0, "", 1},
		{"an overstay grows by a day each day", []string{"2026-01-01", ""}, "2026-04-10", 100, 0, "", 10},
		{"an overstay that ended grows no more", []string{"2026-01-01", "2026-04-03"}, "2026-06-01", 93, 0, "", 3},
		{"the leap day counts", []string{"2028-02-20", "2028-03-10"}, "2028-03-11", 20, 70, "2028-05-19", 0},
		{"the day before the period has fallen out of it", []string{"2026-01-01", "2026-01-01"}, "2026-06-30", 0, 90, "2026-09-27", 0},
		{"the first day of the period is in it", []string{"2026-01-01", "2026-01-01"}, "2026-06-29", 1, 89, "2026-09-26", 0},
		{"of a stay that straddles the beginning of the period only the days in it count",
			[]string{"2026-01-01", "2026-02-09"}, "2026-07-09", 30, 60, "2026-10-06", 0},
		{"who used ninety days at once waits for ninety days", []string{"2026-01-01", "2026-03-31"}, "2026-06-29", 90, 0, "", 0},
		{"and may then stay another ninety", []string{"2026-01-01", "2026-03-31"}, "2026-06-30", 89, 1, "2026-09-27", 0},
		{"several short stays add up", []string{
			"2026-01-10", "2026-01-19", "2026-02-10", "2026-02-19", "2026-03-10", "2026-03-29"}, "2026-04-01", 40, 50, "2026-05-20", 0},
		{"days that fall out meanwhile are given back", []string{
			"2026-01-01", "2026-01-30", "2026-04-01", "2026-04-30"}, "2026-06-15", 60, 30, "2026-08-13", 0},
		{"leaving and coming back on one day is one day", []string{"2026-05-01", "2026-05-10", "2026-05-10", ""}, "2026-05-12", 12, 78, "2026-07-29", 0},
		{"no days are left while the last are used", []string{"2026-01-01", "2026-03-30", "2026-04-10", ""}, "2026-04-10", 90, 0, "2026-04-10", 0},
		{"a second stay is an overstay by what the first one used", []string{"2026-01-01", "2026-03-30", "2026-04-10", ""}, "2026-04-12", 92, 0, "", 2},
		{"an entry without a day left is an overstay from its first day", []string{"2026-01-01", "2026-03-31", "2026-04-10", ""}, "2026-04-10", 91, 0, "", 1},
		{"a stay that begins later does not count yet", []string{"2026-05-04", "2026-05-06"}, "2026-05-01", 0, 90, "2026-07-29", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, on := stays(t, tt.stays...), day(t, tt.on)
			if got := s.DaysUsed(on); got != tt.used {
				t.Errorf("days used = %d, want %d", got, tt.used)
			}
			if got := s.DaysLeft(on); got != tt.left {
				t.Errorf("days left = %d, want %d", got, tt.left)
			}
			leaveBy, ok := s.LeaveBy(on)
			if want := day(t, tt.leaveBy); ok != (want != 0) || ok && leaveBy != want {
				t.Errorf("leave by %s, %t, want %q", leaveBy, ok, tt.leaveBy)
			}
			if got := s.Overstay(on); got != tt.over {
				t.Errorf("overstay = %d, want %d", got, tt.over)
			}
		})
	}
}

func TestAnAuthoritysDecisionGoesBeforeTheRule(t *testing.T) {
	for _, tt := range []struct {
		name  string
		until string
		on    string
		over  int
	}{
		{"a visa for ten days is overstayed on the eleventh", "2026-01-10", "2026-01-11", 1},
		{"and not on the tenth", "2026-01-10", "2026-01-10", 0},
		{"an extension makes the ninety-first day lawful", "2026-05-01", "2026-04-01", 0},
		{"and ends too", "2026-05-01", "2026-05-03", 2},
		{"a decision that was over before the stay began makes all of it unlawful", "2025-12-01", "2026-01-05", 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Stays{{From: day(t, "2026-01-01"), Until: day(t, tt.until)}}
			if got := s.Overstay(day(t, tt.on)); got != tt.over {
				t.Errorf("overstay = %d, want %d", got, tt.over)
			}
		})
	}
}

// reference does by brute force, day by day, what Stays computes.
type reference map[Day]bool

func refer(s Stays, on Day) reference {
	there := reference{}
	for _, stay := range s {
		to := stay.To
		if to == 0 {
			to = on
		}
		for d := stay.From; d <= to; d++ {
			there[d] = true
		}
	}
	return there
}

func (r reference) used(on Day) int {
	n := 0
	for d := on - 179; d <= on; d++ {
		if r[d] {
			n++
		}
	}
	return n
}

// leaveBy makes the traveller be there day after day and none after that.
func (r reference) leaveBy(on Day) (Day, bool) {
	there := reference{}
	for d := range r {
		if d < on {
			there[d] = true
		}
	}
	d := on
	for there[d] = true; there.used(d) <= 90; there[d] = true {
		d++
	}
	return d - 1, d > on
}

func TestTheComputationAgreesWithCountingDayByDay(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	start := day(t, "2027-06-01")
	for range 2000 {
		var s Stays
		at := start + Day(rng.IntN(60))
		for range rng.IntN(8) {
			stay := Stay{From: at, To: at + Day(rng.IntN(60))}
			s = append(s, stay)
			at = stay.To + Day(rng.IntN(70)) // may come back the same day
		}
		if len(s) > 0 && rng.IntN(2) == 0 {
			s[len(s)-1].To = 0
		}
		on := start + Day(rng.IntN(700))
		there := refer(s, on)
		if got, want := s.DaysUsed(on), there.used(on); got != want {
			t.Fatalf("%v on %s: %d days used, want %d", s, on, got, want)
		}
		got, ok := s.LeaveBy(on)
		want, lawful := there.leaveBy(on)
		if got != want || ok != lawful {
			t.Fatalf("%v on %s: leave by %s, %t, want %s, %t", s, on, got, ok, want, lawful)
		}
		if got, want := s.Overstay(on), there.overstay(s, on); got != want {
			t.Fatalf("%v on %s: overstay of %d days, want %d", s, on, got, want)
		}
	}
}

func (r reference) overstay(s Stays, on Day) int {
	if len(s) == 0 {
		return 0
	}
	last, n := s[len(s)-1], 0
	for d := last.From; d <= on && (last.To == 0 || d <= last.To); d++ {
		if r.used(d) > 90 {
			n++
		}
	}
	return n
}

func TestDaysAreThoseOfTheClocksOnTheWall(t *testing.T) {
	helsinki := time.FixedZone("EET", 2*60*60)
	midnight := time.Date(2026, 2, 28, 22, 30, 0, 0, time.UTC)
	if got := DayOf(midnight.In(helsinki)).String(); got != "2026-03-01" {
		t.Errorf("day at Helsinki = %s", got)
	}
	if got := DayOf(midnight).String(); got != "2026-02-28" {
		t.Errorf("day in UTC = %s", got)
	}
	if got := Day(0).String(); got != "" {
		t.Errorf("no day = %q", got)
	}
	if got := DayOf(time.Time{}); got != 0 {
		t.Errorf("day of no time = %d", got)
	}
}

func FuzzParseDay(f *testing.F) {
	for _, s := range []string{"2026-02-28", "2028-02-29", "2027-02-29", "1900-01-01", "2200-12-31", "0001-01-01", "", "2026-2-3", "2026-01-01T", "26-01-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDay(s); err == nil && d.String() != s {
			t.Errorf("%q reads as %s", s, d)
		}
	})
}

func BenchmarkStays(b *testing.B) {
	var s Stays
	at := day(b, "2024-01-01")
	for range 30 { // three years of a commuter's stays
		s = append(s, Stay{From: at, To: at + 5})
		at += 36
	}
	s[len(s)-1].To = 0
	on := at + 20
	for b.Loop() {
		s.DaysUsed(on)
		s.LawfulUntil()
		s.Overstay(on)
	}
}
