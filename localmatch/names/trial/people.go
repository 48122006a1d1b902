package trial

import (
	"iter"
	"math/rand/v2"
	"strconv"
	"time"

	"boothd/localmatch/gallery"
	"boothd/localmatch/names/corpus"
)

// MaxPeople is how many people a seed has.
const MaxPeople = 20_000_000

// People returns invented people 0 to n-1 of a seed as entries of a list, at most
// MaxPeople. Person i is the same whatever n is.
func People(seed uint64, n int) iter.Seq2[int, *gallery.Entry] {
	return func(yield func(int, *gallery.Entry) bool) {
		v := NewInventor(seed)
		for i := range min(n, MaxPeople) {
			if !yield(i, v.Entry(i)) {
				return
			}
		}
	}
}

// Inventor invents people. It is for one goroutine at a time.
type Inventor struct {
	seed uint64
	pcg  rand.PCG
	r    *rand.Rand
}

// NewInventor returns an inventor of the seed's people.
func NewInventor(seed uint64) *Inventor {
	v := &Inventor{seed: seed}
	v.r = rand.New(&v.pcg)
	return v
}

// How often entries lack what others have, and have what others lack.
const (
	aliasShare     = 0.2  // have one to three aliases
	scriptShare    = 0.5  // of these aliases where there is another script
	onlyYearShare  = 0.05 // of birth dates
	onlyMonthShare = 0.02
	noBirthShare   = 0.03
	newYearShare   = 0.04 // are given as the first of January
	noDocument     = 0.4
	twoDocuments   = 0.08
	discreetShare  = 0.02
)

// measures are what lists ask for, each as often as the next.
var measures = [...]struct{ category, action string }{
	{"refusal of entry", "refuse entry and contact the bureau"},
	{"wanted for arrest", "arrest"},
	{"missing person", "place under protection"},
	{"judicial procedure", "tell the place of residence"},
	{"specific check", "search person and luggage"},
}

// Entry returns invented person i.
func (v *Inventor) Entry(i int) *gallery.Entry {
	v.pcg.Seed(v.seed, uint64(i))
	r := v.r
	culture := corpus.Draw(r)
	sex := corpus.Sex(r.IntN(2))
	state := culture.DrawState(r)
	m := measures[r.IntN(len(measures))]
	e := &gallery.Entry{
		ID: "invented-" + strconv.FormatUint(v.seed, 36) + "-" + strconv.Itoa(i), Nationalities: []string{state}, Sex: "FM"[sex : sex+1],
		Category: m.category, Action: m.action, Discreet: r.Float64() < discreetShare,
	}
	name := culture.Draw(r, sex)
	e.Names = v.names(&name)
	if b := v.birthDate(); b != "" {
		e.BirthDates = []string{b}
	}
	documents := 1
	switch p := r.Float64(); {
	case p < noDocument:
		documents = 0
	case p > 1-twoDocuments:
		documents = 2
	}
	for range documents {
		e.Documents = append(e.Documents, gallery.DocumentNumber{Number: v.number(state), Type: "P", Issuer: state})
	}
	return e
}

func (v *Inventor) names(n *corpus.Name) []string {
	all := []string{listed(n.Main())}
	if v.r.Float64() >= aliasShare {
		return all
	}
	if surname, given, ok := n.Script(); ok && v.r.Float64() < scriptShare {
		all = append(all, free(surname, given))
	}
	for range 1 + v.r.IntN(2) {
		surname, given := n.Variant(v.r)
		alias := listed(surname, given)
		if v.r.IntN(2) == 0 {
			alias = free(surname, given)
		}
		if alias != all[len(all)-1] && alias != all[0] {
			all = append(all, alias)
		}
	}
	return all
}

// listed writes a name as lists do that know the surname, free as those do that do not.
func listed(surname, given string) string {
	if surname == "" {
		return given
	}
	return surname + ", " + given
}

func free(surname, given string) string {
	if surname == "" {
		return given
	}
	return given + " " + surname
}

// firstBirth is 1 January 1941, in seconds since 1970.
const firstBirth = -915148800

// birthDate returns a date of 1941 to 2009, in the middle more often than at the ends, or
// what a list may know of one.
func (v *Inventor) birthDate() string {
	r := v.r
	days := r.IntN(35*365) + r.IntN(34*365)
	var b [len(time.DateOnly)]byte
	date := time.Unix(firstBirth+int64(days)*24*60*60, 0).UTC().AppendFormat(b[:0], time.DateOnly)
	switch p := r.Float64(); {
	case p < noBirthShare:
		return ""
	case p < noBirthShare+onlyYearShare:
		return string(date[:4])
	case p < noBirthShare+onlyYearShare+onlyMonthShare:
		return string(date[:7])
	case p > 1-newYearShare:
		return string(date[:4]) + "-01-01"
	}
	return string(date)
}
