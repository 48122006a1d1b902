package index

import (
	"bytes"
	"cmp"
	"math/bits"
	"slices"
)

// form is a word that the name asked for may hold: one of its tokens, two joined, or part of one.
type form struct {
	text    []byte
	bone    uint32 // the hash of its skeleton
	boneLen int
	cover   uint32  // what it accounts for: two bits for each token
	weight  float32 // what it is worth
	cut     bool    // it may be the beginning of a longer word
	quiet   bool    // it counts when a record is read, but is not looked up
	shape   shape
	rows    [rows]uint64
	// The words of the dictionary that are like it.
	words []likeWord
}

// shape is which letters a text has, a bit for each row, and above them its length. It tells
// without a look at the text that two texts are not like each other.
type shape uint32

func shapeOf(text []byte) shape {
	s := shape(len(text) << rows)
	for _, c := range text {
		s |= 1 << row(c)
	}
	return s
}

// far reports whether texts of two shapes differ in more than 2 letters of 5.
func (s shape) far(t shape) bool {
	l, m := int(s>>rows), int(t>>rows)
	letters := shape(1<<rows - 1)
	missing := max(bits.OnesCount32(uint32(s&^t&letters)), bits.OnesCount32(uint32(t&^s&letters)), l-m, m-l)
	return 5*missing > 2*max(l, m)
}

// likeWord is a word with how like a form it is.
type likeWord struct {
	word uint32
	like likeness
}

// likeness is from 0, nothing in common, to 255, the same.
type likeness uint8

const (
	same       likeness = 255
	longer     likeness = 240 // the form is the beginning of the word, at least three letters
	soundsLike likeness = 205 // same skeleton of three letters or more
	closely    likeness = 190 // from here on a word counts as a spelling of the form
	soundsNear likeness = 170 // same skeleton of two letters
	leastLike  likeness = 153 // as far as words are looked for: 3 letters in 5 agree
	initial    likeness = 115 // one is the first letter of the other
)

// set makes the form ready for comparisons. It keeps text.
func (f *form) set(text []byte, skeleton string) {
	f.text = text[:min(len(text), maxWordLen)]
	b := []byte(skeleton[:min(len(skeleton), maxWordLen)])
	f.shape = shapeOf(f.text)
	f.bone, f.boneLen = boneHash(b), len(b)
	f.rows = [rows]uint64{}
	for i, c := range f.text {
		f.rows[row(c)] |= 1 << i
	}
	f.words = f.words[:0]
}

const rows = 27

// row returns the row of a letter. What is not a letter shares one.
func row(c byte) byte {
	if c -= 'A'; c < 26 {
		return c
	}
	return 26
}

// like compares the form with a word.
func (f *form) like(text []byte, bone uint32) likeness {
	if bytes.Equal(f.text, text) {
		return same
	}
	if len(text) == 1 || len(f.text) == 1 {
		if text[0] == f.text[0] {
			return initial
		}
		return 0
	}
	if f.cut && bytes.HasPrefix(text, f.text) {
		if len(f.text) >= 3 {
			return longer
		}
		return leastLike
	}
	var best likeness
	if bone == f.bone {
		switch {
		case f.boneLen >= 3:
			best = soundsLike
		case f.boneLen == 2:
			best = soundsNear
		}
	}
	longest, shortest := max(len(f.text), len(text)), min(len(f.text), len(text))
	if 5*(longest-shortest) > 2*longest {
		return best
	}
	if d := f.distance(text); 5*d <= 2*longest {
		best = max(best, likeness(255*(longest-d)/longest))
	}
	return best
}

// distance returns how many letters must be added, taken out, replaced or exchanged with the next
// to make the form's text another, none of them twice: the optimal string alignment distance,
// all of a column at once in the bits of a word (H. Hyyrö, A bit-vector algorithm for computing
// Levenshtein and Damerau edit distances, 2003).
func (f *form) distance(text []byte) int {
	d := len(f.text)
	last := uint64(1) << (d - 1)
	up, down := ^uint64(0), uint64(0)
	var diagonal, before uint64
	for _, c := range text {
		row := f.rows[row(c)]
		exchanged := (^diagonal & row << 1) & before
		diagonal = (row&up + up) ^ up | row | down | exchanged
		right := down | ^(diagonal | up)
		left := diagonal & up
		if right&last != 0 {
			d++
		}
		if left&last != 0 {
			d--
		}
		right = right<<1 | 1
		up = left<<1 | ^(diagonal | right)
		down = right & diagonal
		before = row
	}
	return d
}

const (
	maxLooks  = 32 << 10 // words compared with all forms of a name
	maxLooked = 4096     // words compared with a form
	maxForms  = 512      // words kept for a form
	maxLonger = 4096     // words kept of which a form is the beginning
)

// expand finds the words that are like a form; skeleton is the form's.
func (d *dictionary) expand(f *form, skeleton []byte, s *search) {
	itself, known := d.find(f.text)
	if len(f.text) == 1 && !f.cut {
		if known {
			f.words = append(f.words, likeWord{itself, same})
		}
		return
	}
	s.keys = appendAskedKeys(s.keys[:0], f.text, skeleton)
	seen := s.words[:0]
	for _, key := range s.keys {
		seen = d.appendHaving(seen, key)
	}
	slices.Sort(seen)
	seen = slices.Compact(seen)
	s.words = seen
	seen = seen[:min(len(seen), maxLooked, s.looks)]
	s.looks -= len(seen)
	if i, ok := slices.BinarySearch(seen, itself); known && !ok {
		seen = slices.Insert(seen, i, itself) // however many are used more
	}
	for _, w := range seen {
		if f.shape.far(d.shapes[w]) && f.bone != d.bones[w] {
			continue
		}
		if l := f.like(d.word(w), d.bones[w]); l >= leastLike {
			f.words = append(f.words, likeWord{w, l})
		}
	}
	if len(f.words) > maxForms {
		slices.SortStableFunc(f.words, func(a, b likeWord) int { return cmp.Compare(b.like, a.like) })
		f.words = f.words[:maxForms]
		slices.SortFunc(f.words, byWord)
	}
	if f.cut {
		d.lengthen(f)
	}
	// The very word comes first, so that no bound on the records to visit leaves it out.
	if i := slices.IndexFunc(f.words, func(l likeWord) bool { return l.like == same }); i > 0 {
		f.words[0], f.words[i] = f.words[i], f.words[0]
	}
}

func byWord(a, b likeWord) int { return cmp.Compare(a.word, b.word) }

// lengthen adds the words that begin with a form. If they are many, only the more used: words are
// numbered by use, and the texts of any beginning are taken to be spread evenly over the numbers.
func (d *dictionary) lengthen(f *form) {
	longer := d.beginning(f.text)
	most := uint32(d.len())
	if len(longer) > maxLonger {
		most = uint32(d.len() * maxLonger / len(longer))
	}
	known := f.words
	for _, w := range longer {
		if w >= most {
			continue
		}
		if _, ok := slices.BinarySearchFunc(known, likeWord{word: w}, byWord); !ok {
			f.words = append(f.words, likeWord{w, f.like(d.word(w), d.bones[w])})
		}
	}
}
