package trial

import (
	"math/rand/v2"
	"strings"

	"boothd/localmatch/gallery"
	"boothd/localmatch/names"
)

// namePlaces is the length of the name field of TD3 and MRV-A.
const namePlaces = 39

// zone is a name as it stands in a machine-readable zone: words of A to Z.
type zone struct {
	surname, given []string
	cut            bool
}

func (z zone) name() names.Name {
	return names.ParseZone(strings.Join(z.surname, " "), strings.Join(z.given, " "), z.cut)
}

// zoneOf returns the zone of an entry's main name; its words are empty if it has none.
func zoneOf(e *gallery.Entry) zone {
	if len(e.Names) == 0 {
		return zone{}
	}
	main := e.Names[0]
	if surname, given, ok := strings.Cut(main, ", "); ok && plain(main) {
		return zone{surname: words(surname), given: words(given)}
	}
	var z zone
	for _, t := range names.Parse(main).Tokens {
		if t.Surname {
			z.surname = append(z.surname, t.Text)
		} else {
			z.given = append(z.given, t.Text)
		}
	}
	if len(z.surname) == 0 { // who has one name has it in the first place
		z.surname, z.given = z.given, nil
	}
	return z
}

func plain(name string) bool {
	for i := range len(name) {
		if c := name[i]; (c < 'A' || c > 'Z') && c != ' ' && c != ',' && c != '-' {
			return false
		}
	}
	return true
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '-' })
}

// damage returns what the class makes of the zone; it reports false if it cannot be done to
// this name.
func (z zone) damage(class Class, r *rand.Rand) (zone, bool) {
	z.surname, z.given = append([]string(nil), z.surname...), append([]string(nil), z.given...)
	all := z.all()
	switch class {
	case OneTypo:
		return z, change(r, all, 1, typo)
	case EveryTypo:
		done := false
		for _, w := range all {
			if t := typo(*w, r); t != *w {
				*w, done = t, true
			}
		}
		return z, done
	case Vowels:
		return z, change(r, all, max(1, min(2, len(all)-1)), vowel)
	case Dropped:
		if len(z.given) < 2 {
			return z, false
		}
		i := r.IntN(len(z.given))
		z.given = append(z.given[:i], z.given[i+1:]...)
	case Truncated:
		return z.truncate()
	}
	return z, len(all) > 0
}

func (z zone) all() []*string {
	var all []*string
	for _, part := range [][]string{z.surname, z.given} {
		for i := range part {
			all = append(all, &part[i])
		}
	}
	return all
}

// change changes so many words, or fewer if only those can be; it reports whether there
// was any.
func change(r *rand.Rand, all []*string, n int, how func(string, *rand.Rand) string) bool {
	done := 0
	for _, i := range r.Perm(len(all)) {
		if s := how(*all[i], r); s != *all[i] && done < n {
			*all[i] = s
			done++
		}
	}
	return done > 0
}

// truncate cuts the zone to its places, as states do that cut at the end.
func (z zone) truncate() (zone, bool) {
	text := strings.Join(z.surname, "<") + "<<" + strings.Join(z.given, "<")
	if len(text) <= namePlaces {
		return z, false
	}
	text = text[:namePlaces]
	surname, given, _ := strings.Cut(text, "<<")
	filler := func(r rune) bool { return r == '<' }
	return zone{strings.FieldsFunc(surname, filler), strings.FieldsFunc(given, filler), text[namePlaces-1] != '<'}, true
}

// leastTypo is the length of the shortest word that gets a typo: of a shorter one nothing
// would be left to know it by.
const leastTypo = 4

func typo(w string, r *rand.Rand) string {
	if len(w) < leastTypo {
		return w
	}
	b := []byte(w)
	i := r.IntN(len(b))
	letter := 'A' + byte(r.IntN(26))
	switch r.IntN(4) {
	case 0:
		if b[i] == letter {
			letter = 'A' + (letter-'A'+1)%26
		}
		b[i] = letter
	case 1:
		b = append(b[:i], b[i+1:]...)
	case 2:
		b = append(b[:i+1], b[i:]...)
		b[i] = letter
	default:
		i = min(i, len(b)-2)
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}

// vowels are what romanisations write for one another.
var vowels = [][2]string{
	{"OU", "U"}, {"EE", "I"}, {"OO", "U"}, {"AI", "EI"}, {"AY", "AI"}, {"IE", "E"}, {"IA", "YA"}, {"IU", "YU"},
	{"O", "U"}, {"U", "O"}, {"E", "I"}, {"I", "E"}, {"A", "E"}, {"E", "A"}, {"U", "OU"}, {"I", "Y"}, {"Y", "I"}, {"A", "AA"}, {"I", "EE"},
}

// vowel writes one vowel of the word another way; the first letter stays.
func vowel(w string, r *rand.Rand) string {
	if len(w) < leastTypo {
		return w
	}
	from := r.IntN(len(vowels))
	for k := range vowels {
		v := vowels[(from+k)%len(vowels)]
		if i := strings.Index(w[1:], v[0]); i >= 0 {
			return w[:1+i] + v[1] + w[1+i+len(v[0]):]
		}
	}
	return w
}
