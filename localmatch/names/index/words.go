package index

import (
	"slices"
	"strings"
	"sync"

	"boothd/localmatch/names"
)

// Words are the names of an entry as a [Builder] takes them: the numbers of their words there, the
// last one of each name marked.
type Words []uint32

const lastWord = 1 << 31

func (w Words) count() (n int) {
	for _, v := range w {
		n += int(v >> 31)
	}
	return n
}

// cut returns the words of the first name and those of the others.
func (w Words) cut() (first, rest Words) {
	for i, v := range w {
		if v&lastWord != 0 {
			return w[:i+1], w[i+1:]
		}
	}
	return w, nil
}

// end marks the last word, if any came since from.
func (w Words) end(from int) {
	if len(w) > from {
		w[len(w)-1] |= lastWord
	}
}

// Reader reads names for a builder. It is for one goroutine at a time; a builder may have several.
// It remembers words, so it should be used for many names.
type Reader struct {
	words  *vocabulary
	parser *names.Parser
	known  []uint32 // by the serial of a spelling: one more than the number of its word
	space  []names.Word
}

// Reader returns a new reader.
func (b *Builder) Reader() *Reader { return &Reader{words: b.words, parser: names.NewParser()} }

// Append appends a name. One without a word is left out. The error is [ErrFull].
func (r *Reader) Append(to Words, name string) (Words, error) {
	r.space = r.parser.Words(r.space[:0], name)
	from, told := len(to), 0
	for _, worst := range worstKinds {
		for _, w := range r.space {
			if !tells(w.Kind, worst) || told == maxNameWords {
				continue
			}
			told++
			n, err := r.number(w.Spelling)
			if err != nil {
				return to[:from], err
			}
			if !slices.Contains(to[from:], n) {
				to = append(to, n)
			}
		}
		if told > 0 {
			break
		}
	}
	to.end(from)
	return to, nil
}

func (r *Reader) number(s *names.Spelling) (uint32, error) {
	if s.Serial < len(r.known) && r.known[s.Serial] > 0 {
		return r.known[s.Serial] - 1, nil
	}
	n, err := r.words.number(s.Fold)
	if err == nil && s.Serial > 0 {
		r.known = slices.Grow(r.known, max(0, s.Serial+1-len(r.known)))
		r.known = r.known[:max(len(r.known), s.Serial+1)]
		r.known[s.Serial] = n + 1
	}
	return n, err
}

// A name is found by its words that are neither particles nor titles, unless there is nothing else.
var worstKinds = [...]names.Kind{names.Ordinary, names.Title}

func tells(k, worst names.Kind) bool {
	return worst == names.Title || k == names.Ordinary || k == names.Initial
}

// telling returns the indexes of the tokens by which a name is found, at most maxNameWords.
func telling(n *names.Name) []int {
	all := make([]int, 0, maxNameWords)
	for _, worst := range worstKinds {
		for i := range n.Tokens {
			if n.Tokens[i].Fold != "" && tells(n.Tokens[i].Kind, worst) && len(all) < maxNameWords {
				all = append(all, i)
			}
		}
		if len(all) > 0 {
			break
		}
	}
	return all
}

// vocabulary numbers words as they come. It may be used by several goroutines.
type vocabulary struct {
	mu      sync.Mutex
	numbers map[string]uint32
	texts   []string
}

func newVocabulary() *vocabulary { return &vocabulary{numbers: map[string]uint32{}} }

// number returns the number of a word, a new one if need be.
func (v *vocabulary) number(fold string) (uint32, error) {
	text := fold[:min(len(fold), maxWordLen)]
	v.mu.Lock()
	defer v.mu.Unlock()
	if w, ok := v.numbers[text]; ok {
		return w, nil
	}
	if len(v.texts) == maxWords {
		return 0, ErrFull
	}
	w := uint32(len(v.texts))
	text = strings.Clone(text)
	v.numbers[text] = w
	v.texts = append(v.texts, text)
	return w, nil
}

// appendName appends a name that was parsed.
func (v *vocabulary) appendName(to Words, name *names.Name) (Words, error) {
	from := len(to)
	for _, i := range telling(name) {
		n, err := v.number(name.Tokens[i].Fold)
		if err != nil {
			return to, err
		}
		if !slices.Contains(to[from:], n) {
			to = append(to, n)
		}
	}
	to.end(from)
	return to, nil
}
