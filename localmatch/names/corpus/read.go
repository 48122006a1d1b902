package corpus

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// word is an entry of a table.
type word struct {
	forms  []string // spellings of A to Z and spaces, the usual one first
	script string   // the original script, or empty
}

type table struct {
	words []word
	odds  odds
}

// ending is what one ending, or part of a word, becomes.
type ending struct{ from, to string }

// reader reads a culture's file line by line.
type reader struct {
	culture *Culture
	section string
	entries map[string][]string
}

func read(name, text string) (*Culture, error) {
	r := reader{culture: &Culture{Name: name}, entries: map[string][]string{}}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if err := r.line(strings.Fields(line)); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return r.culture, r.finish()
}

var sections = []string{"male", "female", "surnames", "stems", "links", "ends"}

func (r *reader) line(f []string) error {
	switch {
	case len(f) == 0 || f[0] == "#":
		return nil
	case f[0] >= "a" && f[0] <= "z~":
		r.section = ""
		if slices.Contains(sections, f[0]) && len(f) == 1 {
			r.section = f[0]
			return nil
		}
		return r.keyword(f[0], f[1:])
	case r.section == "":
		return errors.New("names outside a table")
	}
	r.entries[r.section] = append(r.entries[r.section], f...)
	return nil
}

func (r *reader) keyword(key string, args []string) (err error) {
	c := r.culture
	if len(args) == 0 {
		return fmt.Errorf("%s says nothing", key)
	}
	switch key {
	case "weight":
		c.Weight, err = strconv.ParseFloat(args[0], 64)
	case "tail":
		c.tail, err = strconv.ParseFloat(args[0], 64)
		c.tail /= 100
	case "states":
		return c.readStates(args)
	case "form":
		return c.readForm(args)
	case "feminine":
		c.feminine, err = readEndings(args)
	case "patronymic":
		sex := slices.Index([]string{"f", "m"}, args[0])
		if sex < 0 {
			return errors.New("a patronymic of neither m nor f")
		}
		c.patronymic[sex], err = readEndings(args[1:])
	case "vary":
		c.vary, err = readEndings(args)
	case "letters":
		return c.readLetters(args)
	default:
		return fmt.Errorf("%q is no keyword", key)
	}
	return err
}

func (c *Culture) readStates(args []string) error {
	var weights []float64
	for _, a := range args {
		code, weight, err := cutWeight(a)
		if err != nil {
			return err
		}
		c.States = append(c.States, State{code, weight})
		weights = append(weights, weight)
	}
	c.stateOdds = newOdds(weights)
	for i := range c.States {
		c.States[i].Weight /= c.stateOdds.sum
	}
	return nil
}

// readEndings puts the longest first, so that the first that fits is the right one.
func readEndings(args []string) ([]ending, error) {
	var all []ending
	for _, a := range args {
		from, to, ok := strings.Cut(a, ">")
		if !ok {
			return nil, fmt.Errorf("%q is not from>to", a)
		}
		all = append(all, ending{from, to})
	}
	slices.SortStableFunc(all, func(a, b ending) int { return len(b.from) - len(a.from) })
	return all, nil
}

func (c *Culture) readLetters(args []string) error {
	all, err := readEndings(args)
	if err != nil {
		return err
	}
	var pairs []string
	for _, e := range all { // a replacer takes the first that fits
		pairs = append(pairs, e.from, e.to)
	}
	c.letters = strings.NewReplacer(pairs...)
	return nil
}

func (r *reader) finish() error {
	c := r.culture
	for i, t := range []*table{&c.given[1], &c.given[0], &c.surnames, &c.stems, &c.links, &c.ends} {
		var err error
		if *t, err = readTable(r.entries[sections[i]]); err != nil {
			return fmt.Errorf("%s: %w", sections[i], err)
		}
	}
	if len(c.links.words) == 0 {
		c.links, _ = readTable([]string{"_"})
	}
	for sex := range c.forms {
		var weights []float64
		for _, f := range c.forms[sex] {
			weights = append(weights, f.weight)
		}
		c.formOdds[sex] = newOdds(weights)
		if len(weights) == 0 || len(c.given[sex].words) == 0 {
			return errors.New("no form or no given names")
		}
	}
	if c.Weight <= 0 || len(c.States) == 0 || len(c.surnames.words) == 0 || c.tail > 0 && (len(c.stems.words) == 0 || len(c.ends.words) == 0) {
		return errors.New("weight, states, surnames or the parts of rare ones are missing")
	}
	return nil
}

// zipfOffset flattens the head of a table: its first name is used three times as often as
// its ninth, not nine times.
const zipfOffset = 3

func readTable(entries []string) (table, error) {
	t := table{words: make([]word, len(entries))}
	weights := make([]float64, len(entries))
	var rest, told float64 // the sum of 1/rank, and of the shares that the file tells
	for i, e := range entries {
		e, script, _ := strings.Cut(e, "|")
		e, percent, err := cutWeight(e)
		if err != nil {
			return t, err
		}
		forms := strings.ReplaceAll(e, "_", " ")
		t.words[i] = word{strings.Split(forms, "="), script}
		told += percent
		if weights[i] = -percent; percent == 0 {
			weights[i] = 1 / float64(i+1+zipfOffset)
			rest += weights[i]
		}
	}
	if told >= 100 {
		return t, errors.New("more than all")
	}
	for i, w := range weights {
		if w < 0 {
			weights[i] = -w / (100 - told) * max(rest, 1e-9)
		}
	}
	t.odds = newOdds(weights)
	return t, nil
}

// cutWeight cuts the number behind a colon off; 0 if there is none.
func cutWeight(s string) (string, float64, error) {
	s, number, ok := strings.Cut(s, ":")
	if !ok {
		return s, 0, nil
	}
	w, err := strconv.ParseFloat(number, 64)
	if err == nil && w <= 0 {
		err = fmt.Errorf("weight %v of %s", w, s)
	}
	return s, w, err
}
