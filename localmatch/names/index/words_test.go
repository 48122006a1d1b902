package index

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"boothd/localmatch/names"
)

func TestReadersInSeveralGoroutinesMakeTheSameIndex(t *testing.T) {
	type entry struct {
		names  []string
		births []names.Birth
	}
	var all []entry
	crowd := newCrowd(3)
	for i := range 2000 {
		p := crowd.person(i)
		e := entry{births: p.births}
		for _, n := range p.names {
			e.names = append(e.names, n[0]+", "+n[1], "AL "+n[0]+" Dr "+n[1], "", "VAN")
		}
		all = append(all, e)
	}
	parsed, read := NewBuilder(), NewBuilder()
	words := make([]Words, len(all))
	var readers sync.WaitGroup
	for first := range 4 {
		readers.Go(func() {
			r := read.Reader()
			for i := first; i < len(all); i += 4 {
				for _, n := range all[i].names {
					var err error
					if words[i], err = r.Append(words[i], n); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	readers.Wait()
	for i, e := range all {
		var ns []names.Name
		for _, n := range e.names {
			ns = append(ns, names.Parse(n))
		}
		if err := parsed.Add(uint32(i), ns, e.births); err != nil {
			t.Fatal(err)
		}
		if err := read.AddWords(uint32(i), words[i], e.births); err != nil {
			t.Fatal(err)
		}
	}
	var stored [2]bytes.Buffer
	for i, b := range []*Builder{parsed, read} {
		x, err := b.Build(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.WriteTo(&stored[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(stored[0].Bytes(), stored[1].Bytes()) {
		t.Error("the names as they were read make another index than the parsed ones")
	}
}

func TestANameIsReadWithAsManyWordsAsAreLookedFor(t *testing.T) {
	r := NewBuilder().Reader()
	for name, want := range map[string]int{
		"":                                  0,
		"ERIKSSON, ANNA":                    2,
		"ANNA ANNA":                         1,
		"VAN DER BERG, JAN":                 2,
		"LE, DO":                            1,
		"VAN DER":                           2,
		"A B C F G H J K L M N P Q R":       maxNameWords,
		strings.Repeat("ANNA ", 14) + "EVA": 1,
	} {
		words, err := r.Append(nil, name)
		if err != nil || len(words) != want || words.count() != min(want, 1) {
			t.Errorf("%q is read as %v, %v, want %d words", name, words, err, want)
		}
	}
}
