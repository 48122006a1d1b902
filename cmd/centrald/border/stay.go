package border

// The authorised stay: 90 days in any period of 180 days, which entails considering the 180
// days that end with each day of the stay (Regulation (EU) 2016/399 Art 6(1)).
const (
	stayDays   = 90
	periodDays = 180
)

// Stay is one stay. Its first and its last day both count, whatever the hour.
type Stay struct {
	From Day
	To   Day // the day of exit; 0 while the traveller stays
	// Until is the last lawful day where an authority has decided otherwise than the rule:
	// shorter by a visa, longer by an extension. 0 leaves it to the rule. The days count
	// towards later stays all the same.
	Until Day
}

// Stays are a traveller's stays in the order of their first days. Only the last one may be
// without an exit. A day on which one ends and the next begins counts once.
type Stays []Stay

// DaysUsed is how many of the 180 days that end with the day were days of stay, the day
// itself among them if the traveller is there on it.
func (s Stays) DaysUsed(on Day) int { return s.within(on-periodDays+1, on) }

// DaysLeft is how many of the 90 days are not used on the day. It tells how many days may
// still be spent if none of those used falls out of the period meanwhile; until when a
// traveller may stay on, LeaveBy tells.
func (s Stays) DaysLeft(on Day) int { return max(stayDays-s.DaysUsed(on), 0) }

// LeaveBy is the last lawful day, by the rule, of a traveller who is there on the day and
// stays on without a break: days of earlier stays that fall out of the period meanwhile are
// given back. It reports false if the day itself would be one too many.
func (s Stays) LeaveBy(on Day) (Day, bool) {
	d := on
	for s.within(d-periodDays+1, on-1)+int(d-on)+1 <= stayDays {
		d++
	}
	return d - 1, d > on
}

// LawfulUntil is the last lawful day of the last stay if it goes on, be it past or yet to
// come; the day before the stay began if not even its first day was lawful; 0 if there was
// no stay.
func (s Stays) LawfulUntil() Day {
	if len(s) == 0 {
		return 0
	}
	stay := s[len(s)-1]
	if stay.Until != 0 {
		return stay.Until
	}
	last, _ := s[:len(s)-1].LeaveBy(stay.From)
	return last
}

// Overstay is how many days of the last stay, up to the day, were more than was lawful.
func (s Stays) Overstay(on Day) int {
	if len(s) == 0 {
		return 0
	}
	stay := s[len(s)-1]
	if stay.To != 0 {
		on = min(on, stay.To)
	}
	// Within one stay the days used only rise, so that every day after the first unlawful
	// one is unlawful too.
	return int(max(on-max(s.LawfulUntil(), stay.From-1), 0))
}

// within counts the days of stay from first to last, each once.
func (s Stays) within(first, last Day) int {
	n := 0
	for _, stay := range s {
		from, to := max(stay.From, first), last
		if stay.To != 0 {
			to = min(stay.To, last)
		}
		if to < from {
			continue
		}
		n += int(to-from) + 1
		first = to + 1
	}
	return n
}
