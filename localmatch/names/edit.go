package names

import "math/bits"

// Costs of an edit; whole is that of a letter for an unrelated one.
const (
	whole      = 20
	costVowel  = 7  // a vowel for a vowel, romanisations and dialects differ in them
	costDouble = 3  // a letter written twice
	costMute   = 8  // a vowel, Y or W more or less
	costBreath = 6  // H more or less
	costGap    = 16 // another consonant more or less
	costSwap   = 10
	costHead   = 6 // on top, if the first letter differs in kind
)

// substitution is the cost of one letter for another, index 0 is A.
var substitution = substitutions()

func substitutions() [26][26]uint8 {
	var c [26][26]uint8
	set := func(cost uint8, pairs ...string) {
		for _, p := range pairs {
			a, b := p[0]-'A', p[1]-'A'
			c[a][b] = min(c[a][b], cost)
			c[b][a] = c[a][b]
		}
	}
	for i := range c {
		for j := range c[i] {
			if i != j {
				c[i][j] = whole
			}
		}
	}
	for _, row := range []string{"QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"} { // neighbours on a keyboard
		for i := range len(row) - 1 {
			set(17, row[i:i+2])
		}
	}
	set(14, "OQ", "OD", "IL", "IT", "BR", "EF", "MN", "HN", "UN", "CO", "GC", "PR", "LT") // OCR
	set(10, "BP", "BV", "DZ", "HK", "XK", "CG", "GK", "FP", "TS", "CT")
	set(8, "DT", "GJ", "GH", "GQ", "CS", "CZ", "XS", "XH", "UV", "FV", "CK", "CJ", "KX", "CQ")
	set(6, "SZ", "KQ", "IJ", "FW")
	set(costVowel, "AE", "AI", "AO", "AU", "EI", "EO", "EU", "IO", "IU", "OU", "AY", "EY", "OY", "UY")
	set(5, "JY", "UW", "OW", "VW", "OU", "EI", "AE")
	set(3, "IY")
	return c
}

// gaps are the costs of a letter having no counterpart, index 0 is A.
var gaps = gapCosts()

func gapCosts() [26]uint8 {
	var c [26]uint8
	for i := range c {
		c[i] = costGap
	}
	for _, mute := range "AEIOUYW" {
		c[mute-'A'] = costMute
	}
	c['H'-'A'] = costBreath
	return c
}

// gap is the cost of the letter s[i], not the first of its word, having no counterpart.
func gap(s string, i int) int32 {
	if i > 0 && s[i-1] == s[i] {
		return costDouble
	}
	return int32(gaps[(s[i]-'A')%26])
}

// distance is the cost of the cheapest way from a to b: letters for letters, left out,
// added, two swapped (optimal string alignment with weights). If the cost is beyond limit
// the result is, but not exact.
func distance(a, b string, limit int32) int32 {
	a, b = a[:min(len(a), maxLetters)], b[:min(len(b), maxLetters)]
	for len(a) > 1 && len(b) > 1 && a[len(a)-1] == b[len(b)-1] && a[len(a)-2] == b[len(b)-2] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	head := int32(costHead)
	for len(a) > 1 && len(b) > 1 && a[0] == b[0] && a[1] == b[1] {
		a, b, head = a[1:], b[1:], 0
	}
	var rows [3][maxLetters + 1]int32
	var skip [maxLetters + 1]int32
	older, old, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) {
		skip[j] = gap(b, j)
		if j == 0 {
			skip[j] += head
		}
		old[j+1] = old[j] + skip[j]
	}
	for i := range len(a) {
		g := gap(a, i)
		if i == 0 {
			g += head
		}
		row[0] = old[0] + g
		least := row[0]
		costs := &substitution[(a[i]-'A')%26]
		for j := range len(b) {
			sub := int32(costs[(b[j]-'A')%26])
			if i == 0 && j == 0 && sub > costVowel {
				sub += head
			}
			best := min(old[j]+sub, old[j+1]+g, row[j]+skip[j])
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] && a[i] != b[j] {
				best = min(best, older[j-1]+costSwap)
			}
			row[j+1] = best
			least = min(least, best)
		}
		if least > limit {
			return least
		}
		older, old, row = old, row, older
	}
	return old[len(b)]
}

// farApart reports whether two words have so few letters in common that their distance is
// beyond limit for sure: it counts only consonants that one has and the other has nothing
// like.
func farApart(a, b uint32, limit int32) bool {
	only := max(bits.OnesCount32(a&^near(b)), bits.OnesCount32(b&^near(a)))
	return int32(only)*12 > limit
}

// near adds the letters that stand for a letter cheaply, and those that are cheap to leave
// out.
func near(letters uint32) uint32 {
	out := letters | muteLetters
	for _, group := range nearGroups {
		if letters&group != 0 {
			out |= group
		}
	}
	return out
}

var muteLetters = letterSet("AEIOUYWH")

var nearGroups = [...]uint32{
	letterSet("BPV"), letterSet("FPVW"), letterSet("CGHJKQX"), letterSet("CSTXZ"), letterSet("DTZ"), letterSet("IJY"),
}

func letterSet(s string) uint32 {
	var set uint32
	for i := range len(s) {
		set |= 1 << (s[i] - 'A')
	}
	return set
}
