package names

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"testing"

	"boothd/internal/shareddata"
)

// row is a pair of names from a file of the shared data.
type row struct {
	a, b  Name
	kind  string
	match bool
	fold  int
}

func readPairs(t *testing.T, file string, keep func(map[string]string) bool) []row {
	f, err := os.Open(shareddata.Path(t, "data/names/"+file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	var rows []row
	for _, l := range lines[1:] {
		rec := map[string]string{}
		for i, h := range lines[0] {
			rec[h] = l[i]
		}
		if keep(rec) {
			rows = append(rows, row{a: Parse(rec["name1"]), b: Parse(rec["name2"]), kind: rec["kind"],
				match: rec["is_match"] == "true" || rec["is_match"] == "1", fold: r.IntN(5)})
		}
	}
	return rows
}

type rates struct{ f1, threshold, recall1, recall5 float64 }

func measure(scores []float64, match []bool) rates {
	order := make([]int, len(scores))
	pos := 0
	for i := range order {
		order[i] = i
		if match[i] {
			pos++
		}
	}
	neg := len(scores) - pos
	sort.Slice(order, func(i, j int) bool { return scores[order[i]] > scores[order[j]] })
	var r rates
	tp, fp := 0, 0
	for k, i := range order {
		if match[i] {
			tp++
		} else {
			fp++
		}
		if k+1 < len(order) && scores[order[k+1]] == scores[i] {
			continue
		}
		if f := 2 * float64(tp) / float64(tp+fp+pos); f > r.f1 {
			r.f1, r.threshold = f, scores[i]
		}
		if float64(fp) <= 0.01*float64(neg) {
			r.recall1 = float64(tp) / float64(pos)
		}
		if float64(fp) <= 0.05*float64(neg) {
			r.recall5 = float64(tp) / float64(pos)
		}
	}
	return r
}

func (m *model) rates(rows []row, keep func(*row) bool) rates {
	var al alignment
	var scores []float64
	var match []bool
	for i := range rows {
		if keep(&rows[i]) {
			scores = append(scores, float64(m.odds(&al, &rows[i].a, &rows[i].b)))
			match = append(match, rows[i].match)
		}
	}
	return measure(scores, match)
}

func isPerson(r map[string]string) bool { return r["schema"] == "Person" }
func all(map[string]string) bool        { return true }

func isAlias(r *row) bool    { return r.kind != "original_script" }
func isOriginal(r *row) bool { return r.kind != "alias" && r.kind != "weak_alias" }
func everything(*row) bool   { return true }

// TestRates prints how well names alone tell people apart, over all pairs and as mean and
// range of five folds, and holds the figures to what was reached.
func TestRates(t *testing.T) {
	bench := readPairs(t, "name-bench.csv", isPerson)
	alias := readPairs(t, "alias-pairs.csv", all)
	for _, c := range []struct {
		name  string
		rows  []row
		keep  func(*row) bool
		least rates
	}{
		{"name bench", bench, everything, rates{f1: 0.82, recall5: 0.65}},
		{"alias", alias, isAlias, rates{f1: 0.68, recall1: 0.30}},
		{"original script", alias, isOriginal, rates{f1: 0.85, recall1: 0.75}},
	} {
		r := tuned.rates(c.rows, c.keep)
		t.Logf("%-15s F1 %.3f at %.1f, recall at 1 %% %.3f, at 5 %% %.3f", c.name, r.f1, r.threshold, r.recall1, r.recall5)
		var f1, r1, r5 []float64
		for fold := range 5 {
			f := tuned.rates(c.rows, func(r *row) bool { return c.keep(r) && r.fold == fold })
			f1, r1, r5 = append(f1, f.f1), append(r1, f.recall1), append(r5, f.recall5)
		}
		t.Logf("%-15s of five folds: F1 %s, recall at 1 %% %s, at 5 %% %s", "", spread(f1), spread(r1), spread(r5))
		if r.f1 < c.least.f1 || r.recall1 < c.least.recall1 || r.recall5 < c.least.recall5 {
			t.Errorf("%s: %+v, want at least %+v", c.name, r, c.least)
		}
	}
}

func spread(x []float64) string {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return fmt.Sprintf("%.3f (%.3f to %.3f)", sum/float64(len(x)), slices.Min(x), slices.Max(x))
}

// TestMangledRecordsAreFound compares records with what a list's own test data made of them.
func TestMangledRecordsAreFound(t *testing.T) {
	mangled, plain := readPeople(t, "yente_positives_un_treated.csv"), readPeople(t, "yente_positives_un_untreated.csv")
	if len(mangled) != len(plain) {
		t.Fatalf("%d mangled, %d plain", len(mangled), len(plain))
	}
	possible, probable, first := 0, 0, 0
	for i := range plain {
		s := Score(&mangled[i], &plain[i])
		if s >= Possible {
			possible++
		}
		if s >= Probable {
			probable++
		}
		best := true
		for j := range plain {
			if j != i && Score(&mangled[i], &plain[j]) > s {
				best = false
			}
		}
		if best {
			first++
		}
	}
	n := float64(len(plain))
	t.Logf("%d records: possible %.3f, probable %.3f, best of all %.3f", len(plain), float64(possible)/n, float64(probable)/n, float64(first)/n)
	if float64(possible) < 0.95*n || float64(first) < 0.98*n {
		t.Errorf("possible %d, best %d of %d", possible, first, len(plain))
	}
}

func readPeople(t *testing.T, file string) []Person {
	f, err := os.Open(shareddata.Path(t, "data/names/"+file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var people []Person
	for _, l := range lines[1:] {
		p := Person{Names: []Name{Parse(l[0])}}
		if b, err := ParseBirth(l[5]); err == nil {
			p.Births = append(p.Births, b)
		}
		people = append(people, p)
	}
	return people
}

func BenchmarkParse(b *testing.B) {
	for name, text := range map[string]string{"latin": "Sergey Viktorovich LAVROV", "cyrillic": "Сергей Викторович ЛАВРОВ", "arabic": "محمد بن سلمان آل سعود"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Parse(text)
			}
		})
	}
}

// benchPairs are comparisons of the kind that a search ends with: the right person, a
// neighbour, and somebody who shares a token.
func benchPairs() [][2]*Person {
	asked := person("Sergey Viktorovich LAVROV", "1950-03-21")
	return [][2]*Person{
		{asked, person("Сергей Викторович ЛАВРОВ", "1950-03-21")},
		{asked, person("Sergei Borisovich IVANOV", "1953-01-31")},
		{asked, person("LAVROVA, Ekaterina", "1982")},
		{asked, person("Victor LAVRENTIEV", "1950-03-21")},
	}
}

func BenchmarkScore(b *testing.B) {
	pairs := benchPairs()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Score(pairs[i%4][0], pairs[i%4][1])
	}
}

func BenchmarkCompare(b *testing.B) {
	pairs := benchPairs()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Compare(pairs[i%4][0], pairs[i%4][1])
	}
}
