package numbers

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// maker makes documents as a list of lost ones holds them: of many states, most of them
// passports in the format of their state, some of states whose formats are not known.
type maker struct {
	rand    *rand.Rand
	issuers []string
	known   [][]format // by issuer
	chars   [256]string
	buffer  [maxPlaces]byte
}

func newMaker(seed uint64) *maker {
	m := &maker{rand: rand.New(rand.NewPCG(seed, 0)), issuers: slices.Sorted(maps.Keys(formats))}
	for i := range 180 {
		m.issuers = append(m.issuers, fmt.Sprintf("X%c%c", 'A'+i/26, 'A'+i%26))
	}
	for _, issuer := range m.issuers {
		known := formats[issuer]
		if known == nil {
			known = []format{"A9999999", "AA9999999"}
		}
		m.known = append(m.known, known)
	}
	for name, a := range places {
		for ; a != 0; a &= a - 1 {
			m.chars[name] += string(a.first())
		}
	}
	return m
}

// document returns the next document. Its number is valid until the one after.
func (m *maker) document() (issuer string, number []byte) {
	k := m.rand.IntN(len(m.issuers))
	issuer = m.issuers[k]
	f := m.known[k][m.rand.IntN(len(m.known[k]))]
	chance := m.rand.Uint64()
	for i := range len(f) {
		chars := m.chars[f[i]]
		m.buffer[i] = chars[chance%uint64(len(chars))]
		chance /= uint64(len(chars))
	}
	return issuer, m.buffer[:len(f)]
}

// passport is document as lists and look-ups take it.
func (m *maker) passport() Document {
	issuer, number := m.document()
	return Document{Number: string(number), Type: "P", Issuer: issuer}
}

var testSecret = Secret{1, 2, 3, 31: 4}

// built returns an index of the documents; the entries are their places in the slice.
func built(tb testing.TB, documents []Document) *Index {
	tb.Helper()
	b := NewBuilder(testSecret)
	for i, d := range documents {
		if err := b.Add(d, uint32(i)); err != nil {
			tb.Fatal(err)
		}
	}
	x, err := b.Build(tb.Context(), 2)
	if err != nil {
		tb.Fatal(err)
	}
	return x
}
