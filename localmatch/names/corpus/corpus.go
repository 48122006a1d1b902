// Package corpus knows which names are common in which part of the world, and how they are
// put together there.
//
// It serves two ends. To compare names one must know how much a part of a name says: that
// two people are both called NGUYEN or MUHAMMAD says little, that both are called TWARDOWSKI
// says much. [Share] and [Shares] tell. To measure and to teach one needs people whom nobody
// has to protect, but whose names collide as real ones do: [Culture.Draw] invents names.
//
// A culture is a text file in the folder cultures. It was written for this package from what
// is generally known of the names of a language; names and their rough order are facts. It
// is no statistic: within a culture the most common names come first and their use falls
// like 1/rank (Zipf), unless the file says what share a name has. The lines are
//
//	weight 4                      share of the culture in the world mix, of the sum of all weights
//	states RUS:88 BLR:12          nationalities, ICAO 9303-3 §5, with their weights
//	form 80 S , G P               how a full name is put together, with its weight
//	form 20 m: S , G BIN M        only for men; f: only for women
//	feminine SKII>SKAIA OV>OVA    endings of surnames that women change
//	patronymic m EI>EEVICH >OVICH endings that make the father's name a patronymic, of men
//	patronymic f EI>EEVNA >OVNA   of women
//	vary II>IY IA>YA              other romanisations
//	letters SHCH>Щ SH>Ш           the original script, where letters stand for letters
//	tail 30                       percent of surnames that are not in the table but made of parts
//	male, female, surnames        tables of names, most common first, until the next keyword
//	stems, links, ends            tables of the parts of rare surnames; links may be missing
//
// In a form S is a surname, G a given name, M and F a given name of a man and of a woman, P
// a patronymic; the surname's part ends with the comma; + joins two parts to one word and -
// with a hyphen, anything else is written as it stands. In a table ALEKSANDR=ALEXANDER are
// two spellings of which the first is the usual one, NGUYEN:30 is the share of 30 percent of
// the table, DE_LA is two words, and after a bar stands the original script: KIM|김.
package corpus

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
)

//go:embed cultures/*.txt
var files embed.FS

// Culture is how names are in one part of the world.
type Culture struct {
	Name   string  // of its file: "russian"
	Weight float64 // of 1, the sum over all cultures
	States []State // whose nationals have such names, the weightiest first

	forms       [2][]form // of women, of men
	given       [2]table
	surnames    table
	stems       table
	links, ends table
	tail        float64 // of 1
	feminine    []ending
	patronymic  [2][]ending
	vary        []ending
	letters     *strings.Replacer // nil if none
	formOdds    [2]odds
	stateOdds   odds
}

// State is a state in which a culture is at home.
type State struct {
	Code   string  // ICAO 9303-3 §5
	Weight float64 // of 1, the sum over the culture's states
}

// world is everything that was read, which happens once.
type world struct {
	cultures []*Culture
	odds     odds
}

var load = sync.OnceValue(func() *world {
	w := &world{}
	names, err := fs.Glob(files, "cultures/*.txt")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	var weights []float64
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err) // it was embedded
		}
		c, err := read(strings.TrimSuffix(path.Base(name), ".txt"), string(text))
		if err != nil {
			panic(fmt.Errorf("%s: %w", name, err)) // embedded, and read by the tests
		}
		w.cultures = append(w.cultures, c)
		weights = append(weights, c.Weight)
	}
	w.odds = newOdds(weights)
	for _, c := range w.cultures {
		c.Weight /= w.odds.sum
	}
	return w
})

// Cultures returns all cultures in alphabetical order. The first call reads the tables,
// which takes some milliseconds. Nothing may be changed in what it returns.
func Cultures() []*Culture { return load().cultures }
