package trial

import (
	"errors"
	"os"
	"strings"
	"testing"

	"boothd/internal/shareddata"
	"boothd/localmatch/names"
)

func TestReadPairs(t *testing.T) {
	const file = "\ufeffkind,name1,name2,is_match,schema,dob1,dob2,extra\n" +
		"alias,Ann Lee,LEE Ann,1,Person,1970-01-02|1971,1970,x\n" +
		"alias,Acme Ltd,ACME,true,Company,,,x\n" +
		"other,\"Lee, Bob\",Ann Lee,false,,,1970,x\n"
	pairs, err := ReadPairs(t.Context(), strings.NewReader(file), false)
	if err != nil {
		t.Fatal(err)
	}
	if len(pairs) != 2 || !pairs[0].Same || pairs[1].Same || pairs[0].Kind != "alias" || pairs[1].Kind != "other" {
		t.Fatalf("%d pairs", len(pairs))
	}
	if !pairs[0].Dated || len(pairs[0].A.Births) != 2 || pairs[1].Dated || pairs[0].A.Names[0].Text != "Ann Lee" {
		t.Errorf("birth dates or names are lost")
	}
	pairs, err = ReadPairs(t.Context(), strings.NewReader(file), true)
	if err != nil || pairs[0].Dated || len(pairs[0].A.Births) > 0 {
		t.Errorf("birth dates are there that are not wanted, error %v", err)
	}
}

func TestMistakesInPairsNameTheirLineOnly(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a truth that is none", "name1,name2,is_match\nSECRET,B,maybe\n", "line 2: is_match is none of 1, true, 0, false"},
		{"a row too short", "name1,name2,is_match\nA,B,1\nSECRET\n", "line 3: wrong number of fields"},
		{"a quote that does not end", "name1,name2,is_match\n\"SECRET\n", "line"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ReadPairs(t.Context(), strings.NewReader(test.text), false)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("error %v", err)
			}
		})
	}
	if _, err := ReadPairs(t.Context(), strings.NewReader("a,b\n"), false); !errors.Is(err, ErrColumns) {
		t.Errorf("error %v", err)
	}
}

func TestRatesOfScoresThatAreKnown(t *testing.T) {
	// One positive above everything, one that ties with a negative, one below all; 20 negatives.
	scores := []float64{.9, .5, .1, .5}
	same := []bool{true, true, true, false}
	for range 19 {
		scores, same = append(scores, .2), append(same, false)
	}
	pairs := make([]Pair, len(scores))
	var pos, neg []int
	for i := range pairs {
		pairs[i].Same = same[i]
		if same[i] {
			pos = append(pos, i)
		} else {
			neg = append(neg, i)
		}
	}
	r := rate("x", pairs, scores, pos, neg)
	want := Rating{Kind: "x", N: 23, Positives: 3, F1: .6667, Threshold: .5, Recall1: .3333, Recall5: .6667}
	if r != want {
		t.Errorf("%+v, want %+v", r, want)
	}
}

func TestKindsAreRatedAgainstWhatTheyLack(t *testing.T) {
	pair := func(a, b, kind string, same bool) Pair {
		return Pair{A: names.Person{Names: []names.Name{names.Parse(a)}}, B: names.Person{Names: []names.Name{names.Parse(b)}}, Kind: kind, Same: same}
	}
	ratings, err := Rate(t.Context(), []Pair{
		pair("Ann Lee", "Ann LEE", "alias", true), pair("Bob Roe", "Robert ROE", "alias", true),
		pair("Ann Lee", "Gustav Twardowski", "random", false),
		pair("Ann Lee", "Anna Lee", "mixed", true), pair("Ann Lee", "Olga Petrova", "mixed", false),
		pair("Ann Lee", "Olga Petrova", "", false),
	})
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[string][2]int{}
	for _, r := range ratings {
		sizes[r.Kind] = [2]int{r.N, r.Positives}
	}
	want := map[string][2]int{"alias": {5, 2}, "random": {4, 3}, "mixed": {2, 1}, All: {6, 3}}
	for k, w := range want {
		if sizes[k] != w {
			t.Errorf("%s: %v, want %v", k, sizes[k], w)
		}
	}
	if len(ratings) != len(want) || ratings[len(ratings)-1].Kind != All {
		t.Errorf("%+v", ratings)
	}
}

func TestRealPairsAreToldApart(t *testing.T) {
	f, err := os.Open(shareddata.Path(t, "data/names/name-bench.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pairs, err := ReadPairs(t.Context(), f, false)
	if err != nil {
		t.Fatal(err)
	}
	ratings, err := Rate(t.Context(), pairs)
	if err != nil || len(ratings) != 1 {
		t.Fatalf("%d ratings, error %v", len(ratings), err)
	}
	t.Logf("%+v", ratings[0])
	if ratings[0].F1 < .75 {
		t.Errorf("F1 %v is not better than that of other tools", ratings[0].F1)
	}
}

func FuzzReadPairs(f *testing.F) {
	f.Add("name1,name2,is_match\nA,B,1\n", false)
	f.Add("\ufeffis_match,name2,name1,kind,dob1,dob2,schema\nfalse,\"B, C\",Жук,k,1970|1971-01-02,x,Person\n", true)
	f.Fuzz(func(t *testing.T, text string, withoutBirths bool) {
		pairs, err := ReadPairs(t.Context(), strings.NewReader(text), withoutBirths)
		if err != nil {
			return
		}
		ratings, err := Rate(t.Context(), pairs)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range ratings {
			if r.F1 < 0 || r.F1 > 1 || r.Recall1 > r.Recall5 || r.Positives > r.N {
				t.Errorf("%+v", r)
			}
		}
	})
}
