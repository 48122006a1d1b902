package corpus

import (
	"math/rand/v2"
	"strings"
)

// Sex is the index of a table.
type Sex int

// The sexes of the tables.
const (
	Female Sex = iota
	Male
)

// Name is a name that was drawn. It can be written in several ways.
type Name struct {
	culture *Culture
	sex     int
	form    *form
	parts   [maxSlots]part
}

// part is what stands in a slot.
type part struct {
	word *word  // nil if rare
	rare string // a surname made of parts
}

// Draw draws a culture by its weight.
func Draw(r *rand.Rand) *Culture { return load().cultures[load().odds.draw(r)] }

// DrawState draws one of the culture's states by its weight.
func (c *Culture) DrawState(r *rand.Rand) string { return c.States[c.stateOdds.draw(r)].Code }

// Draw invents the name of a woman or a man.
func (c *Culture) Draw(r *rand.Rand, sex Sex) Name {
	n := Name{culture: c, sex: int(sex)}
	n.form = &c.forms[sex][c.formOdds[sex].draw(r)]
	for i, s := range n.form.slots {
		n.parts[i] = c.drawPart(r, s, int(sex))
		if i > 0 && s.kind == 'G' && n.parts[i] == n.parts[i-1] {
			n.parts[i] = c.drawPart(r, s, int(sex)) // nobody is called Anna Anna, but for rare luck
		}
	}
	return n
}

func (c *Culture) drawPart(r *rand.Rand, s slot, sex int) part {
	switch s.kind {
	case 0:
		return part{}
	case 'S':
		if c.tail > 0 && r.Float64() < c.tail {
			return part{rare: strings.ReplaceAll(c.stems.draw(r).forms[0]+c.links.draw(r).forms[0]+c.ends.draw(r).forms[0], " ", "")}
		}
		return part{word: c.surnames.draw(r)}
	}
	return part{word: c.given[s.sexOf(sex)].draw(r)}
}

// sexOf returns whose given names stand in the slot.
func (s slot) sexOf(sex int) int {
	switch s.kind {
	case 'M', 'P':
		return int(Male)
	case 'F':
		return int(Female)
	}
	return sex
}

// endingsOf returns how a word changes in the slot.
func (c *Culture) endingsOf(s slot, sex int) []ending {
	switch {
	case s.kind == 'P':
		return c.patronymic[sex]
	case s.kind == 'S' && sex == int(Female):
		return c.feminine
	}
	return nil
}

func changeEnd(text string, endings []ending) string {
	for _, e := range endings {
		if rest, ok := strings.CutSuffix(text, e.from); ok {
			return rest + e.to
		}
	}
	return text
}

// Main writes the name in its usual spelling: words of A to Z with spaces and hyphens
// between them. The surname is empty of those who have none.
func (n *Name) Main() (surname, given string) {
	return n.write(func(_ int, p part, _ slot) string { return p.usual() })
}

func (p part) usual() string {
	if p.word != nil {
		return p.word.forms[0]
	}
	return p.rare
}

// Variant writes the name as somebody else might have romanised it. It may be the usual
// spelling again.
func (n *Name) Variant(r *rand.Rand) (surname, given string) {
	return n.write(func(_ int, p part, _ slot) string {
		if p.word != nil && len(p.word.forms) > 1 && r.Float64() < 0.6 {
			return p.word.forms[1+r.IntN(len(p.word.forms)-1)]
		}
		text := p.usual()
		if vary := n.culture.vary; len(vary) > 0 {
			for range 2 {
				v := vary[r.IntN(len(vary))]
				text = strings.Replace(text, v.from, v.to, 1)
			}
		}
		return text
	})
}

// Script writes the name in its original script; it reports false if that is Latin, or not
// known of one of the words.
func (n *Name) Script() (surname, given string, ok bool) {
	surname, given = n.write(func(_ int, p part, s slot) string {
		if p.word != nil && p.word.script != "" && n.culture.endingsOf(s, n.sex) == nil {
			return p.word.script
		}
		return p.usual()
	})
	if letters := n.culture.letters; letters != nil {
		surname, given = letters.Replace(surname), letters.Replace(given)
	}
	return surname, given, !strings.ContainsFunc(surname+given, isLatin)
}

func isLatin(r rune) bool { return r >= 'A' && r <= 'Z' }

func (n *Name) write(text func(i int, p part, s slot) string) (surname, given string) {
	var b [2][]byte
	b[0], b[1] = make([]byte, 0, 48), make([]byte, 0, 48)
	for i, s := range n.form.slots {
		k := 1
		if s.surname {
			k = 0
		}
		if len(b[k]) > 0 && s.joint != 0 {
			b[k] = append(b[k], s.joint)
		}
		if s.kind == 0 {
			b[k] = append(b[k], s.word...)
			continue
		}
		b[k] = append(b[k], changeEnd(text(i, n.parts[i], s), n.culture.endingsOf(s, n.sex))...)
	}
	return string(b[0]), string(b[1])
}
