package index

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"boothd/localmatch/names"
)

// crowd invents people. Given names and surnames of a few cultures are made of syllables, by
// themselves so that the crowd can be as large as one likes, and are used as unevenly as real
// ones: the r-th name of a culture is r times rarer than the first.
type crowd struct {
	cultures []culture
	seed     uint64
}

type culture struct {
	given, surnames []string
}

// person is an invented person. The names are "surname", "given names".
type person struct {
	names  [][2]string
	births []names.Birth
}

var heads = [][]string{
	{"MOHAMMED", "AHMED", "ALI", "HASSAN", "HUSSEIN", "FATIMA", "OMAR", "AISHA", "IBRAHIM", "YUSUF"},
	{"MARIA", "JOSE", "ANTONIO", "JUAN", "CARMEN", "ANA", "LUIS", "CARLOS", "MANUEL", "ROSA"},
	{"WEI", "LI", "MIN", "JING", "YAN", "HUI", "FANG", "LEI", "YANG", "XIU"},
	{"ALEKSANDR", "SERGEI", "ELENA", "OLGA", "DMITRII", "NATALIA", "IVAN", "TATIANA", "ANDREI", "IRINA"},
	{"JOHN", "DAVID", "MICHAEL", "MARY", "JAMES", "ROBERT", "PETER", "ANNA", "THOMAS", "SARAH"},
	{"NGUYEN", "TRAN", "LE", "PHAM", "HOANG", "VU", "DANG", "BUI", "DO", "NGO"},
}

var sounds = [][2][]string{
	{{"B", "D", "F", "GH", "H", "J", "K", "KH", "L", "M", "N", "Q", "R", "S", "SH", "T", "W", "Y", "Z"}, {"A", "AA", "I", "U", "OU", "E", "AI"}},
	{{"B", "C", "D", "F", "G", "L", "M", "N", "P", "R", "RR", "S", "T", "V", "CH", "QU", "TR", "GR"}, {"A", "E", "I", "O", "U", "IA", "IO", "UE"}},
	{{"B", "CH", "D", "F", "G", "H", "J", "K", "L", "M", "N", "Q", "R", "S", "T", "W", "X", "Y", "Z", "ZH"}, {"A", "ANG", "AN", "E", "ENG", "I", "ING", "IU", "O", "ONG", "U", "UAN"}},
	{{"B", "V", "G", "D", "ZH", "Z", "K", "L", "M", "N", "P", "R", "S", "T", "F", "KH", "CH", "SH", "ST", "KR"}, {"A", "E", "I", "O", "U", "IA", "OV", "IN", "EV"}},
	{{"B", "BR", "C", "D", "F", "G", "H", "HAR", "K", "L", "M", "N", "P", "R", "S", "ST", "T", "TH", "W"}, {"A", "E", "I", "O", "U", "EE", "OO", "ER", "ON", "AN"}},
	{{"B", "C", "CH", "D", "G", "H", "KH", "L", "M", "N", "NG", "NH", "PH", "T", "TH", "TR", "V", "X"}, {"A", "AN", "ANG", "E", "EN", "I", "IN", "INH", "O", "ON", "U", "UNG", "UY"}},
}

func newCrowd(seed uint64) *crowd {
	c := &crowd{seed: seed}
	for i := range sounds {
		r := rand.New(rand.NewPCG(1, uint64(i)))
		c.cultures = append(c.cultures, culture{
			given:    append(append([]string(nil), heads[i]...), words(r, sounds[i], 1500, 3)...),
			surnames: append(append([]string(nil), heads[i][3:]...), words(r, sounds[i], 60000, 4)...),
		})
	}
	return c
}

func words(r *rand.Rand, s [2][]string, n, syllables int) []string {
	list := make([]string, n)
	for i := range list {
		var b strings.Builder
		for range 2 + r.IntN(syllables-1) {
			b.WriteString(s[0][r.IntN(len(s[0]))])
			b.WriteString(s[1][r.IntN(len(s[1]))])
		}
		list[i] = b.String()
	}
	return list
}

// zipf draws from 0 to n-1, r+1 times rarer than 0.
func zipf(r *rand.Rand, list []string) string {
	n := float64(len(list))
	return list[min(int(math.Pow(n, r.Float64()))-1, len(list)-1)]
}

func (c *crowd) person(i int) person {
	r := rand.New(rand.NewPCG(c.seed, uint64(i)))
	k := &c.cultures[r.IntN(len(c.cultures))]
	p := person{names: [][2]string{k.name(r)}}
	if r.IntN(5) == 0 {
		for range 1 + r.IntN(3) {
			alias := k.name(r)
			if r.IntN(2) == 0 {
				alias = [2]string{p.names[0][0], vowels(r, p.names[0][1])}
			}
			p.names = append(p.names, alias)
		}
	}
	b := names.Birth{Year: 1940 + r.IntN(71), Month: 1 + r.IntN(12), Day: 1 + r.IntN(28)}
	switch r.IntN(30) {
	case 0:
		b.Day = 0
	case 1:
		b.Month, b.Day = 0, 0
	case 2:
		return p
	}
	p.births = []names.Birth{b}
	return p
}

func (k *culture) name(r *rand.Rand) [2]string {
	surname, given := zipf(r, k.surnames), zipf(r, k.given)
	switch r.IntN(6) {
	case 0:
		given += " " + zipf(r, k.given)
	case 1:
		surname += " " + zipf(r, k.surnames)
	case 2:
		given += " " + zipf(r, k.given)
		surname += " " + zipf(r, k.surnames)
	}
	return [2]string{surname, given}
}

// vowels changes all vowels but the first letter.
func vowels(r *rand.Rand, s string) string {
	b := []byte(s)
	for i := range b {
		if i > 0 && strings.IndexByte("AEIOU", b[i]) >= 0 {
			b[i] = "AEIOU"[r.IntN(5)]
		}
	}
	return string(b)
}

// typo changes a word as a slip of a finger or of a reader does.
func typo(r *rand.Rand, w string) string {
	if len(w) < 2 {
		return w
	}
	i := r.IntN(len(w))
	c := string(rune('A' + r.IntN(26)))
	switch r.IntN(4) {
	case 0:
		return w[:i] + w[i+1:]
	case 1:
		return w[:i] + c + w[i:]
	case 2:
		i = min(i, len(w)-2)
		return w[:i] + string(w[i+1]) + string(w[i]) + w[i+2:]
	}
	return w[:i] + c + w[i+1:]
}

// classes are the ways in which a name asked for differs from the one in the list.
var classes = []struct {
	name   string
	change func(r *rand.Rand, surname, given string) names.Name
}{
	{"exact", func(_ *rand.Rand, s, g string) names.Name { return names.ParseZone(s, g, false) }},
	{"one typo", func(r *rand.Rand, s, g string) names.Name {
		w := append(strings.Fields(s), strings.Fields(g)...)
		n := len(strings.Fields(s))
		i := r.IntN(len(w))
		w[i] = typo(r, w[i])
		return names.ParseZone(strings.Join(w[:n], " "), strings.Join(w[n:], " "), false)
	}},
	{"a typo in every token", func(r *rand.Rand, s, g string) names.Name {
		each := func(s string) string {
			w := strings.Fields(s)
			for i := range w {
				w[i] = typo(r, w[i])
			}
			return strings.Join(w, " ")
		}
		return names.ParseZone(each(s), each(g), false)
	}},
	{"vowels changed", func(r *rand.Rand, s, g string) names.Name {
		return names.ParseZone(vowels(r, s), vowels(r, g), false)
	}},
	{"dropped given name", func(_ *rand.Rand, s, g string) names.Name {
		w := strings.Fields(g)
		if len(w) > 1 {
			w = w[1:]
		} else if f := strings.Fields(s); len(f) > 1 {
			return names.ParseZone(s, "", false)
		}
		return names.ParseZone(s, strings.Join(w, " "), false)
	}},
	{"truncated", func(r *rand.Rand, s, g string) names.Name {
		// As if the name field were shorter: few names of the crowd fill 39 characters.
		l := max(len(s)+2, len(s)+len(g)-r.IntN(4)-1) - len(s)
		return names.ParseZone(s, strings.TrimSpace(g[:min(len(g), l)]), true)
	}},
	{"no match", nil},
}

// ask returns the name and birth date of person i as a document would give it. A person who is
// not in the list has a number beyond it.
func (c *crowd) ask(class, i int) (names.Name, person) {
	change := classes[class].change
	if change == nil {
		i, change = -1-i, classes[0].change
	}
	p := c.person(i)
	r := rand.New(rand.NewPCG(uint64(class), uint64(i)))
	if len(p.births) == 0 {
		p.births = []names.Birth{{Year: 1940 + r.IntN(71)}}
	}
	b := &p.births[0]
	if b.Month == 0 {
		b.Month = 1 + r.IntN(12)
	}
	if b.Day == 0 {
		b.Day = 1 + r.IntN(28)
	}
	return change(r, p.names[0][0], p.names[0][1]), p
}

// index indexes people 0 to n-1.
func (c *crowd) index(t testing.TB, n int) *Index {
	t.Helper()
	b := NewBuilder()
	c.fill(t, n, func(i int, ns []names.Name, births []names.Birth) {
		if err := b.Add(uint32(i), ns, births); err != nil {
			t.Fatal(err)
		}
	})
	x, err := b.Build(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// fill makes people on two cores and hands them over in order.
func (c *crowd) fill(t testing.TB, n int, add func(i int, ns []names.Name, births []names.Birth)) {
	type made struct {
		ns     []names.Name
		births []names.Birth
	}
	const lot = 4096
	for from := 0; from < n; from += 2 * lot {
		people := make([]made, min(2*lot, n-from))
		var done sync.WaitGroup
		for half := range 2 {
			done.Go(func() {
				for i := half; i < len(people); i += 2 {
					p := c.person(from + i)
					for _, name := range p.names {
						people[i].ns = append(people[i].ns, names.ParseZone(name[0], name[1], false))
					}
					people[i].births = p.births
				}
			})
		}
		done.Wait()
		for i, p := range people {
			add(from+i, p.ns, p.births)
		}
	}
}
