package mrz

import "time"

// parseDate reads YYMMDD or YYMM. The function year places the two digits of the date's Year
// in a century. The reason says why the text is no date; what can be read of it is kept.
func parseDate(text string, year func(Date) int) (Date, string) {
	d := Date{Text: text}
	yy, ok := twoDigits(text[0:2])
	mm, okMonth := twoDigits(text[2:4])
	dd, okDay := -1, true
	if len(text) == 6 {
		dd, okDay = twoDigits(text[4:6])
	}
	if !ok || !okMonth || !okDay {
		return d, "not a date"
	}
	if mm > 12 {
		return d, "no such month"
	}
	if dd > 31 {
		return d, "no such day"
	}
	d.Month, d.Day = max(mm, 0), max(dd, 0)
	if yy >= 0 {
		d.Year = yy
		d.Year = year(d)
	}
	if d.Month > 0 && d.Day > daysIn(d.Year, d.Month) {
		return Date{Text: text}, "no such day"
	}
	if mm == 0 || dd == 0 {
		return d, "zeros for an unknown part"
	}
	return d, ""
}

// twoDigits returns the number, or -1 for two fillers, which mean that it is unknown.
func twoDigits(s string) (int, bool) {
	if s == "<<" {
		return -1, true
	}
	if s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return 0, false
	}
	return int(s[0]-'0')*10 + int(s[1]-'0'), true
}

// daysIn returns the days of a month; an unknown year, 0, counts as a leap year.
func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// birthYear places a birth date in the latest century that does not put it after tomorrow.
func birthYear(now time.Time) func(Date) int {
	tomorrow := now.UTC().AddDate(0, 0, 1)
	return func(d Date) int {
		y := tomorrow.Year()/100*100 + d.Year
		born := time.Date(y, time.Month(max(d.Month, 1)), max(d.Day, 1), 0, 0, 0, 0, time.UTC)
		if born.After(tomorrow) {
			y -= 100
		}
		return y
	}
}

// expiryYear places an expiry date within 50 years before and 49 years after now's year.
func expiryYear(now time.Time) func(Date) int {
	first := now.UTC().Year() - 50
	return func(d Date) int {
		return first + ((d.Year-first)%100+100)%100
	}
}

// frenchIssueYear knows that the card was issued from 1988 to 2021.
func frenchIssueYear(d Date) int {
	if d.Year >= 88 {
		return 1900 + d.Year
	}
	return 2000 + d.Year
}
