package corpus

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestSharesAreThoseOfTheNamesThatAreDrawn(t *testing.T) {
	const n = 60_000
	r := rand.New(rand.NewPCG(1, 2))
	holders := map[string]int{}
	for i := range n {
		name := Draw(r).Draw(r, Sex(i%2))
		surname, given := name.Main()
		words := strings.FieldsFunc(surname+" "+given, notLatin)
		slices.Sort(words)
		for _, w := range slices.Compact(words) {
			holders[w]++
		}
	}
	for _, w := range []string{"KUMAR", "NGUYEN", "SINGH", "IVANOVA", "ANDREEVICH", "SANTOS", "KAUR", "GEORGIOS", "MARIA"} {
		share, known := Share(w)
		drawn := float64(holders[w]) / n
		if !known || share < drawn*.5-.0003 || share > drawn*1.6+.0003 {
			t.Errorf("share of %s: %.5f known %v, drawn %.5f", w, share, known, drawn)
		}
	}
	if _, known := Share("QXZQ"); known {
		t.Error("a word that is in no table is known")
	}
}

func TestWordsThatFoldAlikeAddUp(t *testing.T) {
	a, _ := Share("MUELLER")
	b, _ := Share("MULLER")
	folded := Shares(func(s string) string { return strings.ReplaceAll(s, "UE", "U") })
	if a == 0 || b == 0 || folded["MULLER"] < a+b-1e-9 {
		t.Errorf("MUELLER %v and MULLER %v make %v", a, b, folded["MULLER"])
	}
	for w, s := range folded {
		if s <= 0 || s > 1 {
			t.Errorf("share of %q is %v", w, s)
		}
	}
}

func TestNamesAreWordsOfLatinLetters(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range Cultures() {
		for i := range 300 {
			n := c.Draw(r, Sex(i%2))
			surname, given := n.Main()
			variantSurname, variantGiven := n.Variant(r)
			for _, s := range []string{surname, given, variantSurname, variantGiven} {
				if strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ -") != "" || s != strings.TrimSpace(s) || strings.Contains(s, "  ") {
					t.Fatalf("%s: %q", c.Name, s)
				}
			}
			if surname+given == "" {
				t.Fatalf("%s: a name of nothing", c.Name)
			}
		}
	}
}

func TestRulesOfCultures(t *testing.T) {
	draw := func(culture string, sex Sex, ok func(surname, given string) bool) bool {
		r := rand.New(rand.NewPCG(5, 6))
		i := slices.IndexFunc(Cultures(), func(c *Culture) bool { return c.Name == culture })
		for range 2000 {
			if n := Cultures()[i].Draw(r, sex); ok(n.Main()) {
				return true
			}
		}
		return false
	}
	tests := []struct {
		name    string
		culture string
		sex     Sex
		ok      func(surname, given string) bool
		want    bool
	}{
		{"a Russian woman's surname changes its end", "russian", Female, func(s, _ string) bool { return strings.HasSuffix(s, "OVA") }, true},
		{"no Russian woman has a man's", "russian", Female, func(s, _ string) bool { return strings.HasSuffix(s, "OV") }, false},
		{"a Russian man has a patronymic", "russian", Male, func(_, g string) bool { return strings.HasSuffix(g, " NIKOLAEVICH") }, true},
		{"a Spaniard has two surnames", "spanish", Male, func(s, _ string) bool { return s == "GARCIA LOPEZ" }, true},
		{"a man of the Gulf is his father's son", "gulf", Male, func(_, g string) bool { return strings.Contains(g, " BIN ") }, true},
		{"a woman of the Gulf is not", "gulf", Female, func(_, g string) bool { return strings.Contains(strings.SplitN(g, " BIN ", 2)[0], " BINT ") }, true},
		{"a Sikh woman is called Kaur", "punjabi", Female, func(s, g string) bool { return s == "KAUR" || strings.HasSuffix(g, "KAUR") }, true},
		{"Indonesians may have one name", "indonesian", Male, func(s, g string) bool { return s == "" && !strings.Contains(g, " ") }, true},
		{"a Chinese given name may be two syllables in one", "chinese", Female, func(_, g string) bool { return g == "XIAOLI" || g == "MEILING" || g == "LIYING" }, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := draw(test.culture, test.sex, test.ok); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestOriginalScripts(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	scripts := map[string]bool{}
	for _, c := range Cultures() {
		for i := range 200 {
			n := c.Draw(r, Sex(i%2))
			if surname, given, ok := n.Script(); ok {
				scripts[c.Name] = true
				if strings.ContainsFunc(surname+given, isLatin) {
					t.Fatalf("%s: Latin letters in %q %q", c.Name, surname, given)
				}
			}
		}
	}
	for _, c := range []string{"russian", "ukrainian", "bulgarian", "southslav", "greek", "georgian", "armenian", "centralasian", "hebrew", "levant", "gulf", "maghreb", "persian", "chinese", "korean"} {
		if !scripts[c] {
			t.Errorf("%s has no name in its own script", c)
		}
	}
	if scripts["german"] {
		t.Error("german has another script than Latin")
	}
}

func TestWeightsSumUp(t *testing.T) {
	var all float64
	seen := map[string]bool{}
	for _, c := range Cultures() {
		all += c.Weight
		var states float64
		for _, s := range c.States {
			states += s.Weight
			seen[s.Code] = true
			if len(s.Code) != 3 || strings.ContainsFunc(s.Code, notLatin) {
				t.Errorf("%s: state %q", c.Name, s.Code)
			}
		}
		if states < .999 || states > 1.001 {
			t.Errorf("%s: states sum up to %v", c.Name, states)
		}
	}
	if all < .999 || all > 1.001 || len(Cultures()) < 35 || len(seen) < 80 {
		t.Errorf("%d cultures of %d states sum up to %v: %v", len(Cultures()), len(seen), all, slices.Sorted(maps.Keys(seen)))
	}
}

const small = "weight 1\nstates XXX:1\nform 1 S , G\nmale\nA\nfemale\nB\nsurnames\nC\n"

func TestMistakesInFilesAreErrors(t *testing.T) {
	if _, err := read("x", small); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, text string }{
		{"a keyword that there is not", small + "wieght 1"},
		{"a keyword that says nothing", small + "weight"},
		{"a weight that is no number", small + "weight much"},
		{"a share below nothing", small + "surnames\nD:-3"},
		{"shares of more than all", small + "surnames\nD:60 E:60"},
		{"names outside a table", "A B\n" + small},
		{"an ending without what it becomes", small + "feminine OV"},
		{"a patronymic of nobody", small + "patronymic x A>B"},
		{"a form for nobody", small + "form 1 x: S , G"},
		{"a form without parts", small + "form 1 ,"},
		{"a form of too many parts", small + "form 1 S S S S S S , G G G G G"},
		{"rare names without parts", small + "tail 10"},
		{"no surnames", strings.Replace(small, "surnames\nC\n", "", 1)},
		{"no form", strings.Replace(small, "form 1 S , G\n", "", 1)},
		{"no state", strings.Replace(small, "states XXX:1\n", "", 1)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := read("x", test.text); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestOddsAreThoseOfTheWeights(t *testing.T) {
	o := newOdds([]float64{1, 2, 3, 10, 0.001})
	r := rand.New(rand.NewPCG(1, 1))
	const n = 100_000
	var got [5]int
	for range n {
		got[o.draw(r)]++
	}
	for i, k := range got {
		if d := float64(k)/n - o.share[i]; d > .01 || d < -.01 {
			t.Errorf("%d: drawn %.4f, want %.4f", i, float64(k)/n, o.share[i])
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(small)
	f.Add(small + "links\n_ A\nletters A>Б\nvary A>B\nfeminine >A\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := read("x", text)
		if err != nil {
			return
		}
		r := rand.New(rand.NewPCG(1, 1))
		for sex := range Sex(2) {
			n := c.Draw(r, sex)
			n.Main()
			n.Variant(r)
			n.Script()
		}
	})
}

func BenchmarkShare(b *testing.B) {
	for range b.N {
		Share("MOHAMMED")
	}
}
