package corpus

import (
	"strings"
	"sync"
)

// variantShare is what part of a name's use falls to its less usual spellings, all together.
const variantShare = 0.3

// Share returns which share of all people has the word in their name, 0 to 1: a word of A
// to Z as in a machine-readable zone. It reports false for a word that is in no table; such
// a word is rarer than those that are, and most surnames are like that.
func Share(token string) (share float64, known bool) {
	share, known = plain()[token]
	return share, known
}

var plain = sync.OnceValue(func() map[string]float64 {
	return Shares(func(token string) string { return token })
})

// Shares returns the shares of all words in the tables, as a map of what fold makes of
// them; those that fold alike are added up.
func Shares(fold func(token string) string) map[string]float64 {
	all := map[string]float64{}
	for _, c := range Cultures() {
		for sex := range c.forms {
			for i, f := range c.forms[sex] {
				weight := c.Weight / 2 * c.formOdds[sex].share[i]
				for _, s := range f.slots {
					c.addSlot(s, sex, weight, func(token string, share float64) { all[fold(token)] += share })
				}
			}
		}
	}
	for token, share := range all {
		all[token] = min(share, 1)
	}
	return all
}

func (c *Culture) addSlot(s slot, sex int, weight float64, add func(string, float64)) {
	switch s.kind {
	case 0:
		if s.joint != 0 {
			add(s.word, weight)
		}
	case 'S':
		c.surnames.add(weight*(1-c.tail), c.endingsOf(s, sex), add)
	case 'G', 'M', 'F', 'P':
		c.given[s.sexOf(sex)].add(weight, c.endingsOf(s, sex), add)
	}
}

func (t *table) add(weight float64, endings []ending, add func(string, float64)) {
	for i, w := range t.words {
		for k, f := range w.forms {
			share := weight * t.odds.share[i]
			switch {
			case k > 0:
				share *= variantShare / float64(len(w.forms)-1)
			case len(w.forms) > 1:
				share *= 1 - variantShare
			}
			for token := range strings.FieldsFuncSeq(changeEnd(f, endings), notLatin) {
				add(token, share)
			}
		}
	}
}

func notLatin(r rune) bool { return !isLatin(r) }
