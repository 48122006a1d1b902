package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"boothd/capture/mrz"
)

// Kind names documents by what their machine-readable zone says: "D/P" are passports of Germany,
// "*/ID" the identity cards of that code of every state, "*/*" everything. With a date behind it,
// "ITA/C/2031-08-03", it names those that expire on that day or later: a zone does not say when a
// document was issued.
type Kind struct {
	State string // ICAO 9303-3 §5 code, or "*"
	// Code is the document code, or "*". One letter stands for every code that begins with it.
	Code string
	// Expires is the first date of expiry; the zero time if any will do.
	Expires time.Time
}

// ParseKind reads a Kind.
func ParseKind(text string) (Kind, error) {
	parts := strings.Split(text, "/")
	if len(parts) != 2 && len(parts) != 3 || !isCode(parts[0], 3) || !isCode(parts[1], 2) {
		return Kind{}, fmt.Errorf("%q is not \"STATE/CODE\" or \"STATE/CODE/2006-01-02\" with codes of a zone or *", text)
	}
	k := Kind{State: parts[0], Code: parts[1]}
	if len(parts) == 2 {
		return k, nil
	}
	var err error
	if k.Expires, err = time.Parse(time.DateOnly, parts[2]); err != nil {
		return Kind{}, fmt.Errorf("%q: %q is no date", text, parts[2])
	}
	return k, nil
}

func isCode(s string, most int) bool {
	return s == "*" || s != "" && len(s) <= most && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// Fits reports whether a document with the zone is of the kind. A date of expiry that is not
// wholly known is none that the kind could name.
func (k Kind) Fits(z *mrz.Zone) bool {
	switch {
	case z == nil,
		k.State != "*" && k.State != z.Issuer,
		k.Code != "*" && k.Code != z.DocumentCode && (len(k.Code) > 1 || !strings.HasPrefix(z.DocumentCode, k.Code)):
		return false
	}
	end, known := dateOf(z.ExpiryDate)
	return k.Expires.IsZero() || known && !end.Before(k.Expires)
}

func dateOf(d mrz.Date) (time.Time, bool) {
	return time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC), d.Year > 0 && d.Month > 0 && d.Day > 0
}

// ByLaw is an act by which documents must have a chip.
type byLaw struct {
	act    string
	except string // what the act leaves out and a zone does not tell apart, for the officer
	kinds  []Kind
	// longest is for how many years such documents are issued: one that ends later is none of
	// them. 0: for however many.
	longest int
	// kept is the last day of birth of those whose documents from before the act stay valid; zero:
	// there are none.
	kept time.Time
}

// laws are the acts, as far as they say by themselves that there must be a chip.
//
// Regulation (EC) No 2252/2004, Article 1(2) and (3): passports of the states that it binds have
// had one since 28 August 2006, and none from before is still valid. It does not bind Denmark and
// Ireland by itself; Iceland, Liechtenstein, Norway and Switzerland have taken it over.
//
// Regulation (EU) 2019/1157, Articles 3(5), 4(1) and 5: identity cards that were issued since 2
// August 2021, for ten years at most. Those from before end on 3 August 2031, but for holders who
// were 70 on that day of 2021. The Court of Justice found the act invalid for its legal basis and
// kept its effects (C-61/22) until another takes its place.
var laws = []byLaw{
	{
		act: "Regulation (EC) No 2252/2004", except: "temporary passports of 12 months or less",
		kinds: kinds("P", time.Time{}, "AUT BEL BGR HRV CYP CZE D EST FIN FRA GRC HUN ITA LVA LTU LUX MLT NLD POL PRT ROU SVK SVN ESP SWE ISL LIE NOR CHE"),
	},
	{
		act: "Regulation (EU) 2019/1157", except: "provisional cards of less than 6 months",
		kinds: slices.Concat(
			kinds("I", oldCardsEnd, "AUT BEL BGR HRV CYP CZE D DNK EST FIN FRA GRC HUN IRL ITA LVA LTU LUX MLT NLD POL PRT ROU SVK SVN ESP SWE"),
			kinds("C", oldCardsEnd, "ITA"),
		),
		longest: 10, kept: time.Date(1951, 8, 2, 0, 0, 0, 0, time.UTC),
	},
}

// oldCardsEnd is when identity cards from before Regulation (EU) 2019/1157 are over. What was issued
// for ten years before it applied ends earlier.
var oldCardsEnd = time.Date(2031, 8, 3, 0, 0, 0, 0, time.UTC)

func kinds(code string, expires time.Time, states string) []Kind {
	var all []Kind
	for _, s := range strings.Fields(states) {
		all = append(all, Kind{s, code, expires})
	}
	return all
}

// ExpectChip says by what a document with the zone must have a chip, for the officer: the booth's
// own rules, or an act. It is empty if nothing says so.
func (r Rules) ExpectChip(z *mrz.Zone, now time.Time) string {
	if slices.ContainsFunc(r.Chips, func(k Kind) bool { return k.Fits(z) }) {
		return "by the rules of this booth"
	}
	if !r.ChipsByLaw {
		return ""
	}
	for _, l := range laws {
		if slices.ContainsFunc(l.kinds, func(k Kind) bool { return k.Fits(z) }) && !l.leavesOut(z, now) {
			return fmt.Sprintf("by %s, which leaves out %s", l.act, l.except)
		}
	}
	return ""
}

// leavesOut reports whether the document may be one from before the act, or is none of its sort.
func (l byLaw) leavesOut(z *mrz.Zone, now time.Time) bool {
	if end, known := dateOf(z.ExpiryDate); l.longest > 0 && known && end.After(now.AddDate(l.longest, 0, 1)) {
		return true
	}
	born := z.BirthDate
	earliest := time.Date(born.Year, time.Month(max(born.Month, 1)), max(born.Day, 1), 0, 0, 0, 0, time.UTC)
	return !l.kept.IsZero() && !earliest.After(l.kept) // of an unknown year it is long ago
}
