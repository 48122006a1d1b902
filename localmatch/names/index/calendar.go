package index

import (
	"slices"

	"boothd/localmatch/names"
)

// code is a birth date as a number that orders dates. What is unknown is 0 and so comes first:
// people of whom nothing but the year is known stand in front of all others of that year.
type code uint32

const (
	firstYear = 1800
	lastYear  = firstYear + 254
	codeMonth = 1 << 5
	codeYear  = 13 * codeMonth
	codeEnd   = (lastYear - firstYear + 2) * codeYear
)

// codeOf returns the code of a date. A month without a year, or a day without a month, says
// nothing here.
func codeOf(b names.Birth) code {
	if b.Year < firstYear || b.Year > lastYear {
		return 0
	}
	c := code(b.Year-firstYear+1) * codeYear
	if b.Month < 1 || b.Month > 12 {
		return c
	}
	c += code(b.Month) * codeMonth
	if b.Day < 1 || b.Day > 31 {
		return c
	}
	return c + code(b.Day)
}

// calendar tells which records have which birth date.
type calendar struct {
	codes  []uint32 // the codes that occur, ascending
	starts []uint32 // the first record of each, and the number of records at the end
}

func (c *calendar) memory() int { return 4 * (len(c.codes) + len(c.starts)) }

// valid reports whether the calendar divides n records.
func (c *calendar) valid(n int) bool {
	if len(c.starts) != len(c.codes)+1 || c.starts[0] != 0 || !ascending(c.starts, n) {
		return false
	}
	for i, code := range c.codes {
		if code >= codeEnd || i > 0 && c.codes[i-1] >= code {
			return false
		}
	}
	return true
}

// span is a run of records whose birth dates agree equally well with the one asked for.
type span struct {
	from, to uint32  // records from ≤ r < to
	factor   float32 // what the agreement of the dates leaves of a score
	deep     bool    // all words of its records are worth a comparison
}

func (s span) len() int { return int(s.to - s.from) }

func (s span) until(r uint32) span { s.to = min(s.to, r); return s }
func (s span) after(r uint32) span { s.from = max(s.from, r); return s }

// between returns the records with a code from ≤ c < to.
func (c *calendar) between(from, to code, factor float32) span {
	i, _ := slices.BinarySearch(c.codes, uint32(from))
	j, _ := slices.BinarySearch(c.codes, uint32(to))
	return span{c.starts[i], c.starts[j], factor, false}
}

// What the agreement of birth dates leaves of a score.
const (
	sameDate    = 1
	withinDate  = 0.95 // one knows less than the other, and they do not differ
	swappedDate = 0.93 // day and month changed places
	digitDate   = 0.85 // one digit of the year is another, or a hundred years lie between
	noDate      = 0.85 // one of both is unknown
	sameYear    = 0.80
	nextYear    = 0.72
	fewYears    = 0.66 // two or three years apart, as where a list says "about"
)

// spans returns where to look for a birth date: near are few people, worth reading one by one,
// the best first; far are whole years. They do not overlap.
func (c *calendar) spans(births []names.Birth) (near, far []span) {
	var dated bool
	for _, b := range births {
		at := codeOf(b)
		if at == 0 {
			continue
		}
		dated = true
		y := b.Year
		near = append(near, c.near(at)...)
		near = append(near, c.otherCentury(codeOf(names.Birth{Year: y - 100, Month: b.Month, Day: b.Day}))...)
		near = append(near, c.otherCentury(codeOf(names.Birth{Year: y + 100, Month: b.Month, Day: b.Day}))...)
		far = append(far, c.years(y, y, yearFactor(at)), c.years(y-1, y+1, nextYear), c.years(y-3, y+3, fewYears))
	}
	if !dated {
		return nil, []span{c.between(0, codeEnd, noDate)}
	}
	far = append(far, c.between(0, 1, noDate))
	near = disjoint(nil, near)
	return near, disjoint(near, far)
}

// years returns those born in the years from first to last.
func (c *calendar) years(first, last int, factor float32) span {
	first, last = max(first, firstYear), min(last, lastYear)
	if first > last {
		return span{}
	}
	return c.between(codeOf(names.Birth{Year: first}), codeOf(names.Birth{Year: last})+codeYear, factor)
}

// yearFactor is the factor for all others of the same year.
func yearFactor(at code) float32 {
	if at%codeYear == 0 {
		return withinDate
	}
	return sameYear
}

// near returns the spans of single days and of dates known in part.
func (c *calendar) near(at code) []span {
	year := at - at%codeYear
	month := at - at%codeMonth
	if month == year {
		return nil
	}
	spans := []span{c.between(at, at+1, sameDate)}
	if at == month { // the day is unknown
		spans[0] = c.between(month, month+codeMonth, withinDate)
		return append(spans, c.between(year, year+1, withinDate))
	}
	m, d := (month-year)/codeMonth, at-month
	if d <= 12 && d != m {
		swapped := year + d*codeMonth + m
		spans = append(spans, c.between(swapped, swapped+1, swappedDate))
	}
	spans = append(spans, c.between(month, month+1, withinDate), c.between(year, year+1, withinDate))
	for _, y := range yearsAlike(int(year/codeYear) + firstYear - 1) {
		other := code(y-firstYear+1)*codeYear + at - year
		spans = append(spans, c.between(other, other+1, digitDate))
	}
	return spans
}

// otherCentury returns the spans that agree with the date of another century in all that both know: a zone
// has two digits of a year, and 24 may have been read as 2024 or as 1924.
func (c *calendar) otherCentury(at code) []span {
	year := at - at%codeYear
	month := at - at%codeMonth
	switch at {
	case 0:
		return nil
	case year:
		return []span{c.between(year, year+codeYear, digitDate)}
	case month:
		return []span{c.between(month, month+codeMonth, digitDate), c.between(year, year+1, digitDate)}
	}
	return []span{c.between(at, at+1, digitDate), c.between(month, month+1, digitDate), c.between(year, year+1, digitDate)}
}

// yearsAlike returns the years that differ from one in one of the last two digits, and by more
// than one year, nearest first: a 1 read as 7 or a finger on the key beside.
func yearsAlike(year int) []int {
	var years []int
	for distance := 2; distance <= 90; distance++ {
		for _, y := range [2]int{year - distance, year + distance} {
			units := y/10 == year/10
			tens := y/100 == year/100 && y%10 == year%10
			if (units || tens) && y >= firstYear && y <= lastYear {
				years = append(years, y)
			}
		}
	}
	return years
}

// disjoint returns spans in the same order without what lies in those before them or in taken.
func disjoint(taken, spans []span) []span {
	var free []span
	for _, s := range spans {
		rest := []span{s}
		for _, t := range slices.Concat(taken, free) {
			var left []span
			for _, r := range rest {
				left = append(left, r.until(t.from), r.after(t.to))
			}
			rest = slices.DeleteFunc(left, func(r span) bool { return r.from >= r.to })
		}
		free = append(free, rest...)
	}
	return free
}
