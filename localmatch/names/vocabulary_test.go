package names

import (
	"slices"
	"strings"
	"testing"
)

// manyNames mix words that depend on what stands around them with others.
func manyNames() []string {
	words := []string{
		"SMITH", "Smith", "JC", "J", "Jc", "LE", "KING", "AL", "al", "SAYYED", "DR", "ABD", "ABDUL", "ABDURRAHMAN", "RAHMAN", "US", "DIN",
		"NASRUDDIN", "ALLAH", "O'Neil", "'", "12", "a1", "AA", "MUELLER", "XSSALXH", "Müller", "Иванов", "SergeiLavrov", "(aka", "x)",
		strings.Repeat("LONG", 10), "-", ".",
	}
	var all []string
	for _, a := range words {
		for _, b := range words {
			all = append(all, a+" "+b, a+", "+b, a+", "+b+" Jean", "LE "+a+", "+b)
		}
	}
	return append(all, "", ",", strings.Repeat("A B ", 200), strings.Repeat("NAME ", 24), strings.Repeat("NAME ", 25))
}

func TestWordsAreThoseOfTheTokens(t *testing.T) {
	p := NewParser()
	for range 2 { // what was read is remembered
		for _, name := range manyNames() {
			compareWords(t, p, name)
		}
	}
}

func compareWords(t *testing.T, p *Parser, name string) {
	t.Helper()
	type plain struct {
		fold string
		kind Kind
	}
	var want, got []plain
	for _, k := range Parse(name).Tokens {
		want = append(want, plain{k.Fold, k.Kind})
	}
	for _, w := range p.Words(nil, name) {
		got = append(got, plain{w.Fold, w.Kind})
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%q has the words %v, want %v", name, got, want)
	}
}

func TestASpellingHasOneSerial(t *testing.T) {
	p := NewParser()
	a, b := p.Words(nil, "MÜLLER, Abd al Rahman"), p.Words(nil, "Mueller Smith ABDURRAHMAN")
	if a[0].Serial == 0 || a[0].Serial != b[0].Serial || a[1].Serial != b[2].Serial {
		t.Errorf("%v and %v", a, b)
	}
	if b[1].Serial == a[0].Serial || b[1].Serial == a[1].Serial {
		t.Error("two spellings have one serial")
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"JC Juncker", "ABD AL RAHMAN, Le", "DR KING", "LE, KING DO", "al-Sayyed DIN", "O'Neil 12 a1"} {
		f.Add(s)
	}
	p := NewParser()
	f.Fuzz(func(t *testing.T, s string) {
		compareWords(t, p, s)
		compareWords(t, p, s)
	})
}
