package names

import (
	"math"
	"slices"
)

// Bounds of what is compared of a person, as many as a list's entry may have; what follows is
// left out.
const (
	maxNames  = 128
	maxBirths = 32
)

// Person is what is known of somebody: all names and aliases, all dates of birth that are
// given, nationalities as three letters (ICAO 9303-3 §5), and the sex as M, F or X. What is
// not known is empty.
type Person struct {
	Names         []Name
	Births        []Birth
	Nationalities []string
	Sex           string
}

// Thresholds of Score.
const (
	// Possible is where a finding is worth an officer's look.
	Possible = 0.35
	// Probable is where a finding may be taken for the person, if more than names agree: a
	// caller must not make a hit of names alone, however high their score.
	Probable = 0.9
)

// Match is how well two people agree.
type Match struct {
	Score float64 // 0 to 1, see Score
	Odds  float64 // the sum of the contributions of all parts, in nats
	Parts []Part

	exact bool
}

// Exact reports whether the two have a name in common, word for word: every word of one is a
// word of the other, in whatever order, and none is left over. Words are the same if they fold
// alike, as MUELLER and MULLER do. It does not say that such a name is rare.
func (m *Match) Exact() bool { return m.exact }

// BirthCompared reports whether both sides know enough of a birth date for the two to be
// compared. If not, birth dates contributed nothing.
func (m *Match) BirthCompared() bool {
	return slices.ContainsFunc(m.Parts, func(p Part) bool { return p.What == WhatBirth && p.Relation != Unknown })
}

// Score returns how likely it is that two descriptions are of one person, 0 to 1: of a list
// of candidates of which one in three is the right one. It allocates nothing.
func Score(asked, found *Person) float64 {
	var al alignment
	odds, _, _ := tuned.bestName(&al, asked, found)
	_, _, _, birth := bestBirth(asked.Births, found.Births)
	_, _, _, nation := compareNations(asked.Nationalities, found.Nationalities)
	_, sex := compareSex(asked.Sex, found.Sex)
	return probability(float64(odds) + float64(birth) + float64(nation) + float64(sex))
}

// Compare returns the same score as Score, and what it is made of.
func Compare(asked, found *Person) Match {
	var al alignment
	odds, a, b := tuned.bestName(&al, asked, found)
	var m Match
	if a != nil {
		odds = tuned.odds(&al, a, b)
		m.Parts = tuned.parts(&al, a, b)
	} else {
		m.Parts = append(m.Parts, Part{What: WhatName, Relation: Unknown, Contribution: float64(odds)})
	}
	x, y, relation, birth := bestBirth(asked.Births, found.Births)
	if len(asked.Births)+len(found.Births) > 0 {
		m.Parts = append(m.Parts, birthPart(asked, found, x, y, relation, birth))
	}
	n, o, relation, nation := compareNations(asked.Nationalities, found.Nationalities)
	if relation != Unknown {
		m.Parts = append(m.Parts, Part{What: WhatNationality, Asked: n, Found: o, Relation: relation, Contribution: float64(nation)})
	}
	relation, sex := compareSex(asked.Sex, found.Sex)
	if relation != Unknown {
		m.Parts = append(m.Parts, Part{What: WhatSex, Asked: asked.Sex, Found: found.Sex, Relation: relation, Contribution: float64(sex)})
	}
	m.exact = shareName(&al, asked, found)
	m.Odds = float64(odds) + float64(birth) + float64(nation) + float64(sex)
	m.Score = probability(m.Odds)
	return m
}

func birthPart(asked, found *Person, x, y Birth, relation Relation, value float32) Part {
	p := Part{What: WhatBirth, Asked: x.String(), Found: y.String(), Relation: relation, Contribution: float64(value)}
	if relation == Unknown && len(asked.Births) > 0 {
		p.Asked = asked.Births[0].String()
	}
	if relation == Unknown && len(found.Births) > 0 {
		p.Found = found.Births[0].String()
	}
	return p
}

// bestName returns the two names that agree best, nil if a side has none with tokens, and
// the evidence of them.
func (m *model) bestName(al *alignment, asked, found *Person) (odds float32, a, b *Name) {
	for i := range asked.Names[:min(len(asked.Names), maxNames)] {
		x := &asked.Names[i]
		if len(x.Tokens) == 0 {
			continue
		}
		for j := range found.Names[:min(len(found.Names), maxNames)] {
			y := &found.Names[j]
			if len(y.Tokens) == 0 {
				continue
			}
			if o := m.odds(al, x, y); a == nil || o > odds {
				odds, a, b = o, x, y
			}
		}
	}
	if a == nil {
		odds = m.bias
	}
	return odds, a, b
}

// shareName reports whether a name of one is a name of the other, word for word.
func shareName(al *alignment, asked, found *Person) bool {
	for i := range asked.Names[:min(len(asked.Names), maxNames)] {
		for j := range found.Names[:min(len(found.Names), maxNames)] {
			if al.exact(asked.Names[i].Tokens, found.Names[j].Tokens) {
				return true
			}
		}
	}
	return false
}

// linear is up to where the odds are taken as they are.
const linear = 10

// probability is the logistic function of the odds. Far from zero they are damped, so that
// even the best agreement leaves room for a better one in a float64.
func probability(odds float64) float64 {
	if a := math.Abs(odds); a > linear {
		odds = math.Copysign(linear+4*math.Log1p((a-linear)/4), odds)
	}
	return 1 / (1 + math.Exp(-odds))
}

// What nationality and sex say, in nats. People have several nationalities, and lists guess
// them; sexes are seldom wrong.
const (
	nationSame    = 0.8
	nationDiffers = -0.8
	sexSame       = 0.3
	sexDiffers    = -2.5
)

func compareNations(a, b []string) (x, y string, relation Relation, value float32) {
	relation = Unknown
	for _, n := range a[:min(len(a), maxBirths)] {
		for _, o := range b[:min(len(b), maxBirths)] {
			if n == "" || o == "" {
				continue
			}
			if n == o {
				return n, o, Same, nationSame
			}
			if relation == Unknown {
				x, y, relation, value = n, o, Different, nationDiffers
			}
		}
	}
	return x, y, relation, value
}

func compareSex(a, b string) (Relation, float32) {
	switch {
	case a != "M" && a != "F" || b != "M" && b != "F":
		return Unknown, 0
	case a == b:
		return Same, sexSame
	}
	return Different, sexDiffers
}
