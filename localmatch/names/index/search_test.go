package index

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"boothd/localmatch/names"
)

// listed is an entry as tests write it: names in free order and birth dates.
type listed struct {
	names  []string
	births []string
}

func build(t testing.TB, entries ...listed) *Index {
	t.Helper()
	b := NewBuilder()
	for i, e := range entries {
		var ns []names.Name
		for _, n := range e.names {
			ns = append(ns, names.Parse(n))
		}
		if err := b.Add(uint32(i), ns, dates(t, e.births...)); err != nil {
			t.Fatal(err)
		}
	}
	x, err := b.Build(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func dates(t testing.TB, list ...string) []names.Birth {
	t.Helper()
	var births []names.Birth
	for _, s := range list {
		b, err := names.ParseBirth(s)
		if err != nil {
			t.Fatal(err)
		}
		births = append(births, b)
	}
	return births
}

func find(t testing.TB, x *Index, q Query) Result {
	t.Helper()
	r, err := x.Search(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func entries(r Result) []uint32 {
	var list []uint32
	for _, c := range r.Candidates {
		list = append(list, c.Entry)
	}
	return list
}

func TestAPersonIsFoundUnderHisName(t *testing.T) {
	filler := listed{[]string{"PETROV, SERGEI"}, []string{"1950-01-01"}}
	tests := []struct {
		name  string
		entry listed
		asked string
		birth string
		lost  bool
	}{
		{"written the same", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1970-05-12"}}, "ZARGHAMI, MOHAMMED", "1970-05-12", false},
		{"with the parts in another order", listed{[]string{"MOHAMMED ZARGHAMI"}, nil}, "ZARGHAMI MOHAMMED", "", false},
		{"with another letter in each part", listed{[]string{"ZARGHAMI, MOHAMMED"}, nil}, "ZARGHAMY, MOHAMNED", "", false},
		{"with letters exchanged", listed{[]string{"ZARGHAMI, MOHAMMED"}, nil}, "ZAGRHAMI, MOHAMMDE", "", false},
		{"with other vowels", listed{[]string{"ZARGHAMI, MOHAMMED"}, nil}, "ZERGHOMI, MUHAMMAD", "", false},
		{"without a given name", listed{[]string{"ZARGHAMI, MOHAMMED REZA"}, nil}, "ZARGHAMI, MOHAMMED", "", false},
		{"with a given name more", listed{[]string{"ZARGHAMI, MOHAMMED"}, nil}, "ZARGHAMI, MOHAMMED REZA", "", false},
		{"with a given name more, beside a short one", listed{[]string{"ERIKSSON, ANNA"}, []string{"1974-08-12"}}, "ERIKSSON, ANNA MARIA", "1974-08-12", false},
		{"under an alias", listed{[]string{"DOE, JOHN", "ZARGHAMI, MOHAMMED"}, nil}, "ZARGHAMI, MOHAMMED", "", false},
		{"written as one word", listed{[]string{"SCHMIDT ROTTLUFF, KARL"}, nil}, "SCHMIDTROTTLUFF, KARL", "", false},
		{"written as two words", listed{[]string{"SCHMIDTROTTLUFF, KARL"}, nil}, "SCHMIDT ROTTLUFF, KARL", "", false},
		{"with only the year known to the list", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1970"}}, "ZARGHAMI, MOHAMMED", "1970-05-12", false},
		{"with only the year known to the document", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1970-05-12"}}, "ZARGHAMI, MOHAMMED", "1970", false},
		{"with year and month known to the document", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1970-05-12"}}, "ZARGHAMI, MOHAMMED", "1970-05", false},
		{"without a birth date in the list", listed{[]string{"ZARGHAMI, MOHAMMED"}, nil}, "ZARGHAMI, MOHAMMED", "1970-05-12", false},
		{"with day and month exchanged", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1970-05-12"}}, "ZARGHAMI, MOHAMMED", "1970-12-05", false},
		{"with one digit of the year changed", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1970-05-12"}}, "ZARGHAMI, MOHAMMED", "1976-05-12", false},
		{"with the decade changed", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1970-05-12"}}, "ZARGHAMI, MOHAMMED", "1930-05-12", false},
		{"born in the year before", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1970-05-12"}}, "ZARGHAMI, MOHAMMED", "1971-08-30", false},
		{"born three years before", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1970-05-12"}}, "ZARGHAMI, MOHAMMED", "1973-08-30", false},
		{"born about three years later", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1970"}}, "ZARGHAMI, MOHAMMED", "1967-08-30", false},
		{"with the other century", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1924-05-12"}}, "ZARGHAMI, MOHAMMED", "2024-05-12", false},
		{"with the other century and only the year known to the list", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1924"}}, "ZARGHAMI, MOHAMMED", "2024-05-12", false},
		{"with the other century and only the year known to the document", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1924-05-12"}}, "ZARGHAMI, MOHAMMED", "2024", false},
		{"with the other century and only the month known to the document", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1924-05-12"}}, "ZARGHAMI, MOHAMMED", "2024-05", false},
		{"with words that are particles elsewhere", listed{[]string{"LE, THI DO"}, []string{"1974"}}, "LE, DO", "1974-08-12", false},
		{"with the second of two birth dates", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1950-01-01", "1970-05-12"}}, "ZARGHAMI, MOHAMMED", "1970-05-12", false},
		{"not four years off", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1970-05-12"}}, "ZARGHAMI, MOHAMMED", "1974-06-02", true},
		{"not with a birth date far off", listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1970-05-12"}}, "ZARGHAMI, MOHAMMED", "1985-03-02", true},
		{"written beyond recognition, by his birth date", listed{[]string{"SCHWARZENBERGER, MAXIMILIAN"}, []string{"1970-05-12"}}, "SHVARTSENBERGR, MAKSYMILIAN", "1970-05-12", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x := build(t, filler, test.entry, filler)
			q := Query{Name: names.Parse(test.asked)}
			if test.birth != "" {
				q.Births = dates(t, test.birth)
			}
			got := find(t, x, q)
			if test.lost && slices.Contains(entries(got), 1) || !test.lost && !slices.Equal(entries(got), []uint32{1}) {
				t.Errorf("found %v", got)
			}
			if got.More {
				t.Error("says there may be more")
			}
		})
	}
}

func TestTheLastOfAllNamesAndBirthDatesIsFound(t *testing.T) {
	var aliases, births []string
	for i := range maxNames - 1 {
		aliases = append(aliases, fmt.Sprintf("QWOP%c, ZXCV%c", 'A'+i%26, 'A'+i/26))
	}
	for i := range 31 {
		births = append(births, fmt.Sprintf("%d-03-27", 1900+i))
	}
	const name, birth = "ERIKSSON, ANNA MARIA", "1974-08-12"
	x := build(t, listed{append(aliases, name), []string{birth}}, listed{[]string{name}, append(births, birth)},
		listed{append(aliases, name), append(births, birth)})
	got := find(t, x, Query{Name: names.Parse(name), Births: dates(t, birth)})
	if order := entries(got); !slices.Equal(order, []uint32{0, 1, 2}) {
		t.Errorf("found %v", got)
	}
}

func TestTheVeryWordIsFoundAmongThousandsOfOneSkeleton(t *testing.T) {
	const vowels, rare = "AEIOUY", "MUNUTUROLI"
	b := NewBuilder()
	add := func(entry uint32, given string) {
		if err := b.Add(entry, []names.Name{names.Parse("XAVER, " + given)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	n := uint32(0)
	for i := range 6 * 6 * 6 * 6 * 6 {
		word := []byte("M.N.T.R.L.")
		for at := 1; at < len(word); at += 2 {
			word[at] = vowels[i%6]
			i /= 6
		}
		if string(word) == rare {
			continue
		}
		for range 2 {
			add(n, string(word))
			n++
		}
	}
	add(n, rare)
	x, err := b.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := find(t, x, Query{Name: names.Parse("XAVER, " + rare)})
	if len(got.Candidates) == 0 || got.Candidates[0] != (Candidate{n, noDate}) {
		t.Errorf("found %v", got)
	}
}

func TestANameThatTheZoneCutsOffIsFound(t *testing.T) {
	x := build(t, listed{[]string{"PAPANDROPOULOS, JONATHON ALEXANDROS"}, nil}, listed{[]string{"PAPADOPOULOS, ALEXANDROS"}, nil})
	got := find(t, x, Query{Name: names.ParseZone("PAPANDROPOULOS", "JONATHON ALEX", true)})
	if len(got.Candidates) == 0 || got.Candidates[0].Entry != 0 || got.Candidates[0].Score < 0.9*noDate {
		t.Errorf("found %v", got)
	}
}

func TestHalvesOfTwoAliasesMakeNoName(t *testing.T) {
	x := build(t, listed{[]string{"ROSENKRANTZ, WILHELM", "ZARGHAMI, MOHAMMED"}, nil}, listed{[]string{"PETROV, SERGEI"}, nil})
	q := Query{Name: names.Parse("ROSENKRANTZ, MOHAMMED")}
	for _, c := range find(t, x, q).Candidates {
		if c.Score > 0.6 {
			t.Errorf("scores %v", c.Score)
		}
	}
}

func TestTheBestComesFirst(t *testing.T) {
	x := build(t,
		listed{[]string{"ZARGHAMY, MOHAMAD"}, []string{"1970-05-12"}},
		listed{[]string{"ZARGHAMI, MOHAMMED"}, nil},
		listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1970-05-12"}},
		listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1970-05-12"}},
		listed{[]string{"ZARGHAMI, MOHAMMED REZA"}, []string{"1970"}},
	)
	got := find(t, x, Query{Name: names.Parse("ZARGHAMI, MOHAMMED"), Births: dates(t, "1970-05-12")})
	if order := entries(got); len(order) != 5 || order[0] != 2 || order[1] != 3 {
		t.Errorf("found %v", got)
	}
	if got.Candidates[0].Score != 1 {
		t.Errorf("the same name and birth date score %v", got.Candidates[0].Score)
	}
	for i, c := range got.Candidates[1:] {
		if c.Score > got.Candidates[i].Score {
			t.Errorf("candidate %d scores more than the one before", i+1)
		}
	}
}

func TestSkippedEntriesAreNotFound(t *testing.T) {
	same := listed{[]string{"ZARGHAMI, MOHAMMED"}, []string{"1970-05-12"}}
	x := build(t, same, same, same)
	q := Query{Name: names.Parse("ZARGHAMI, MOHAMMED"), Skip: func(e uint32) bool { return e == 1 }}
	for _, births := range [][]names.Birth{nil, dates(t, "1970-05-12")} {
		q.Births = births
		if got := entries(find(t, x, q)); !slices.Equal(got, []uint32{0, 2}) {
			t.Errorf("found %v", got)
		}
	}
}

func TestMoreIsSaidIfNotAllWhoAgreeFit(t *testing.T) {
	entry := listed{[]string{"SMITH, JOHN"}, []string{"1970-05-12"}}
	for _, test := range []struct {
		name         string
		n, limit     int
		want, listed int
	}{
		{"as many as fit", 64, 0, 64, 64},
		{"one more than fits", 65, 0, 64, 64},
		{"more than are read", 3 * maxAligned, 0, 64, 64},
		{"a limit of the caller's", 10, 3, 3, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := build(t, slices.Repeat([]listed{entry}, test.n)...)
			for _, births := range [][]names.Birth{nil, dates(t, "1970-05-12"), dates(t, "1970")} {
				got := find(t, x, Query{Name: names.Parse("SMITH, JOHN"), Births: births, Limit: test.limit})
				if len(got.Candidates) != test.want || got.More != (test.n > test.want) {
					t.Errorf("%d candidates, more %v", len(got.Candidates), got.More)
				}
			}
		})
	}
}

func TestMoreIsSaidIfAllWhoWereReadAreSkipped(t *testing.T) {
	entry := listed{[]string{"SMITH, JOHN"}, nil}
	x := build(t, slices.Repeat([]listed{entry}, 2*maxAligned)...)
	got := find(t, x, Query{Name: names.Parse("SMITH, JOHN"), Skip: func(e uint32) bool { return e < maxAligned+10 }})
	if len(got.Candidates) != 0 || !got.More {
		t.Errorf("%d candidates, more %v", len(got.Candidates), got.More)
	}
}

func TestOddQueriesAndListsAreHarmless(t *testing.T) {
	empty := build(t)
	full := build(t, listed{[]string{"", "...", "A", "B C D E F G H I J K L M N O P Q R S T U V"}, []string{"1700", "2400-01-01"}})
	for _, asked := range []string{"", "A", "AL BIN", "DR", "ZARGHAMI, MOHAMMED", "B C D E F G H I J K L M N O P Q R S T U V W X Y Z"} {
		for _, cut := range []bool{false, true} {
			for _, births := range [][]names.Birth{nil, {{}}, {{Year: -5}}, {{Year: 1700}}, {{Year: 2054, Month: 12, Day: 31}}, {{Year: 1800, Month: 1, Day: 1}}, {{Year: 1970, Month: 99, Day: 99}}, {{Month: 5, Day: 5}}} {
				n := names.Parse(asked)
				n.Cut = cut
				for _, limit := range []int{-1, 0, 1, 1 << 40} {
					q := Query{Name: n, Births: births, Limit: limit}
					if got := find(t, empty, q); len(got.Candidates) != 0 || got.More {
						t.Errorf("the empty index found %v", got)
					}
					find(t, full, q)
				}
			}
		}
	}
}

func TestASearchObeysItsContext(t *testing.T) {
	x := newCrowd(1).index(t, 100)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := x.Search(ctx, Query{Name: names.Parse("ALI HASSAN")}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	b := NewBuilder()
	if err := b.Add(1, []names.Name{names.Parse("ALI HASSAN")}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Build(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// least is the recall at 64 candidates that a list of 20,000 must give, with a birth date and
// without.
var least = map[string][2]float64{
	"exact":                 {1, 0.995},
	"one typo":              {0.995, 0.985},
	"a typo in every token": {0.98, 0.96},
	"vowels changed":        {0.97, 0.93},
	"dropped given name":    {0.995, 0.98},
	"truncated":             {0.999, 0.96},
}

func TestPeopleAreAmongTheCandidates(t *testing.T) {
	const n, asked = 20_000, 500
	c := newCrowd(3)
	x := c.index(t, n)
	for class := range classes {
		name := classes[class].name
		if _, ok := least[name]; !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			for undated := range 2 {
				found := 0
				for j := range asked {
					i := j * (n / asked)
					name, p := c.ask(class, i)
					q := Query{Name: name}
					if undated == 0 {
						q.Births = p.births
					}
					if slices.Contains(entries(find(t, x, q)), uint32(i)) {
						found++
					}
				}
				if recall := float64(found) / asked; recall < least[name][undated] {
					t.Errorf("recall %.3f, undated %d", recall, undated)
				}
			}
		})
	}
}

func TestSearchesDoNotDisturbEachOther(t *testing.T) {
	const n = 5000
	c := newCrowd(4)
	x := c.index(t, n)
	ask := func(j int) Result {
		name, p := c.ask(j%len(classes), j*7%n)
		q := Query{Name: name}
		if j%2 == 0 {
			q.Births = p.births
		}
		r, err := x.Search(context.Background(), q)
		if err != nil {
			t.Error(err)
		}
		return r
	}
	var alone []Result
	for j := range 200 {
		alone = append(alone, ask(j))
	}
	var done sync.WaitGroup
	for g := range 8 {
		done.Go(func() {
			for _, j := range rand.New(rand.NewPCG(9, uint64(g))).Perm(len(alone)) {
				if got := ask(j); got.More != alone[j].More || !slices.Equal(got.Candidates, alone[j].Candidates) {
					t.Errorf("search %d found %v, alone %v", j, got, alone[j])
				}
			}
		})
	}
	done.Wait()
}
