package names

import "testing"

func TestExactMeansWordForWord(t *testing.T) {
	for name, c := range map[string]struct {
		asked, found []string
		want         bool
	}{
		"the same":                         {[]string{"ERIKSSON, ANNA MARIA"}, []string{"Eriksson, Anna Maria"}, true},
		"another order":                    {[]string{"ERIKSSON, ANNA MARIA"}, []string{"Maria Anna Eriksson"}, true},
		"legal forms of a letter":          {[]string{"MUELLER, HANS"}, []string{"Müller, Hans"}, true},
		"an alias":                         {[]string{"ERIKSSON, ANNA"}, []string{"SMITH, Petra", "ERIKSSON, Anna"}, true},
		"particles alone":                  {[]string{"LE, DO"}, []string{"LE, DO"}, true},
		"a given name more":                {[]string{"ERIKSSON, ANNA"}, []string{"ERIKSSON, Anna Maria"}, false},
		"a given name less":                {[]string{"ERIKSSON, ANNA MARIA"}, []string{"ERIKSSON, Anna"}, false},
		"a particle less":                  {[]string{"VAN DER BERG, JAN"}, []string{"BERG, Jan"}, false},
		"a word twice on one side":         {[]string{"ALI, ALI HASAN"}, []string{"ALI, HASAN HASAN"}, false},
		"another spelling":                 {[]string{"ALI, MOHAMED"}, []string{"ALI, MUHAMMAD"}, false},
		"halves of two aliases":            {[]string{"ERIKSSON, ANNA"}, []string{"ERIKSSON, Eva", "SMITH, Anna"}, false},
		"no name":                          {[]string{""}, []string{""}, false},
		"no name on the other side either": {nil, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			var a, f Person
			for _, n := range c.asked {
				a.Names = append(a.Names, Parse(n))
			}
			for _, n := range c.found {
				f.Names = append(f.Names, Parse(n))
			}
			if m := Compare(&a, &f); m.Exact() != c.want {
				t.Errorf("exact is %v: %+v", m.Exact(), m.Parts)
			}
		})
	}
}

func TestBirthComparedNeedsADateOnBothSides(t *testing.T) {
	day := []Birth{{1974, 8, 12}}
	for name, c := range map[string]struct {
		asked, found []Birth
		want         bool
	}{
		"both know it":               {day, day, true},
		"both know it, it is far":    {day, []Birth{{1920, 1, 2}}, true},
		"one knows the year":         {day, []Birth{{Year: 1974}}, true},
		"one knows none":             {day, nil, false},
		"none knows any":             {nil, nil, false},
		"one knows a month, no year": {day, []Birth{{Month: 8}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := []Name{Parse("ERIKSSON, Anna")}
			if m := Compare(&Person{Names: n, Births: c.asked}, &Person{Names: n, Births: c.found}); m.BirthCompared() != c.want {
				t.Errorf("compared is %v: %+v", m.BirthCompared(), m.Parts)
			}
		})
	}
}
