package names

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func texts(n Name) string {
	var words []string
	for _, t := range n.Tokens {
		words = append(words, t.Text)
	}
	return strings.Join(words, " ")
}

func TestParseTransliterates(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"Latin letters with marks lose them":         {"Nicolás Müller Erdoğan", "NICOLAS MULLER ERDOGAN"},
		"Latin letters of their own are written out": {"Støre Åse Weiß Þór Łukasz Đorđe", "STOERE AASE WEISS THOR LUKASZ DORDE"},
		"Russian":                                          {"Юрий Щёголев", "IURII SHCHEGOLEV"},
		"Ukrainian is known by its letters":                {"Володимир Гнатюк Єва", "VOLODYMYR HNATIUK IEVA"},
		"Belarusian is known by its letters":               {"Мікалай Лукашэнка Ўладзімір", "MIKALAI LUKASHENKA ULADZIMIR"},
		"Bulgarian is known by a hard sign as a vowel":     {"Георги Първанов Щерев", "GEORGI PARVANOV SHTEREV"},
		"Serbian is known by its letters":                  {"Ђорђе Жанић", "DORDE ZANIC"},
		"Greek pairs are read together":                    {"Γεώργιος Παπαδόπουλος Ευάγγελος", "GEORGIOS PAPADOPOULOS EVANGELOS"},
		"Arabic names that are known get their vowels":     {"محمد بن سلمان آل سعود", "MUHAMMAD BIN SALMAN AL SAUD"},
		"the Arabic article is a word of its own":          {"القاضي", "AL QADI"},
		"Persian letters":                                  {"گودرز چنگیز", "GUDRZ CHNGIZ"},
		"Hebrew consonants":                                {"בנימין", "BNIMIN"},
		"Georgian":                                         {"ბარაკ ობამა", "BARAK OBAMA"},
		"Armenian":                                         {"Բարակ Օբամա", "BARAK OBAMA"},
		"a Korean name in one word has its surname split":  {"김정은", "KIM JEONGEUN"},
		"a Chinese name in one word has its surname split": {"习近平", "XI JINPING"},
		"Devanagari vowels":                                {"नरेन्द्र मोदी", "NARENDR MODI"},
		"Bengali is laid out like Devanagari":              {"মোদী", "MODI"},
		"digits in a word are letters misread":             {"Ig0r Sech1n", "IGOR SECHIN"},
		"a number is no part of a name":                    {"JHON 40", "JHON"},
		"a lost space is found by capitals":                {"SergeiLavrov", "SERGEI LAVROV"},
		"other spellings in brackets are left out":         {"Mohammad (a.k.a. Muhamad) AL-AHMED", "MOHAMMAD AL AHMED"},
		"apostrophes do not divide":                        {"O’Brien CHO'NG-MIN", "OBRIEN CHONG MIN"},
		"two capitals are initials":                        {"JC Juncker", "J C JUNCKER"},
		"nothing":                                          {" ,-() 12", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := texts(Parse(c.in)); got != c.want {
				t.Errorf("Parse(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestFormsOfOneNameFoldAlike(t *testing.T) {
	for name, forms := range map[string][]string{
		"U with diaeresis":           {"Müller", "MUELLER", "MUXXLLER", "MULLER"},
		"A with diaeresis":           {"Häkkinen", "HAEKKINEN", "HAKKINEN"},
		"O with stroke":              {"Bjørn", "BJOERN", "BJORN", "Björn"},
		"A with ring":                {"Åsa", "AASA", "ASA"},
		"N with tilde":               {"Muñoz", "MUNXXOZ", "MUNOZ"},
		"servant of the merciful":    {"Abd al-Rahman", "ABDUL RAHMAN", "ABDURRAHMAN", "Abdel Rahman", "ABDARRAHMAN", "AbdulRahman", "عبد الرحمن", "عبدالرحمن"},
		"servant of God":             {"Abd Allah", "ABDULLAH", "Abdallah", "ABDALLA", "عبدالله", "عبد الله"},
		"sword of the faith":         {"Saif al-Din", "SAIFUDDIN", "Saif Eddine", "SAIFALDIN"},
		"Arabic codes in capitals":   {"SALH", "XSSALXH"},
		"Arabic codes for two signs": {"KHALD", "XKHALD"},
	} {
		t.Run(name, func(t *testing.T) {
			want := Parse(forms[0])
			for _, f := range forms[1:] {
				if got := Parse(f); len(got.Tokens) != 1 || got.Tokens[0].Fold != want.Tokens[0].Fold {
					t.Errorf("%s: %+v, want the fold %q", f, got.Tokens, want.Tokens[0].Fold)
				}
			}
		})
	}
}

func TestWordsWithAnXThatAreNotArabicKeepIt(t *testing.T) {
	for _, w := range []string{"ALEXANDER", "XI", "XIAO", "XENIA", "XHAFERRI", "FOXX", "MAXIM"} {
		if got := texts(Parse(w)); got != w {
			t.Errorf("%s became %s", w, got)
		}
	}
}

func TestRomanisationsHaveOneSkeleton(t *testing.T) {
	for _, forms := range [][]string{
		{"MOHAMMED", "MUHAMMAD", "MOHAMED", "MEHMET"}, {"HUSSEIN", "HOSSAIN", "HUSAYN"}, {"TCHAIKOVSKY", "CHAIKOVSKIY"},
		{"GADDAFI", "QADHAFI"}, {"SHARIF", "CHERIF"}, {"WALID", "OUALID"}, {"DAWUD", "DAOUD"}, {"YELENA", "ELENA"},
		{"DJAMEL", "JAMAL"}, {"FATIMAH", "FATIMA"}, {"XI", "SHI"},
	} {
		for _, f := range forms[1:] {
			if Skeleton(f) != Skeleton(forms[0]) {
				t.Errorf("%s has %s, %s has %s", f, Skeleton(f), forms[0], Skeleton(forms[0]))
			}
		}
	}
}

func TestSurnamesAreKnown(t *testing.T) {
	for name, c := range map[string]struct {
		in   Name
		want string
	}{
		"before the comma":           {Parse("Van Dyke, Jan"), "VAN DYKE"},
		"in capitals":                {Parse("Ahmad Fuad SALIM"), "SALIM"},
		"before the double filler":   {ParseZone("DE<VRIES", "JAN", false), "DE VRIES"},
		"nobody says in free order":  {Parse("Ahmad Fuad Salim"), ""},
		"nobody says in capitals":    {Parse("AHMAD FUAD SALIM"), ""},
		"a comma at the end is none": {Parse("Salim,"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var words []string
			for _, k := range c.in.Tokens {
				if k.Surname {
					words = append(words, k.Text)
				}
			}
			if got := strings.Join(words, " "); got != c.want {
				t.Errorf("surname %q, want %q", got, c.want)
			}
		})
	}
}

func person(name, birth string) *Person {
	p := &Person{Names: []Name{Parse(name)}}
	if birth != "" {
		b, err := ParseBirth(birth)
		if err != nil {
			panic(err)
		}
		p.Births = append(p.Births, b)
	}
	return p
}

func TestRelations(t *testing.T) {
	for name, c := range map[string]struct {
		asked, found string
		want         Relation
		part         string
	}{
		"the same":                       {"IVANOV IGOR", "IGOR IVANOV", Same, "IVANOV"},
		"a romanisation":                 {"MOHAMED SALEM", "MUHAMMAD SALEM", Variant, "MOHAMED"},
		"another script":                 {"Sergey Lavrov", "Сергей Лавров", Variant, "SERGEY"},
		"another language":               {"JOHN KOWALSKI", "IVAN KOWALSKI", Translation, "JOHN"},
		"a nickname":                     {"BILL GATES", "WILLIAM GATES", Nickname, "BILL"},
		"letters swapped":                {"EMMANUEL MARCON", "EMMANUEL MACRON", Typo, "MARCON"},
		"a letter mistyped":              {"BASHAR MAKHLOUG", "BASHAR MAKHLOUF", Typo, "MAKHLOUG"},
		"an initial":                     {"J SMITH", "JOHN SMITH", InitialOf, "J"},
		"two words written as one":       {"ABU BAKR SALIM", "ABUBAKR SALIM", Joined, "ABU BAKR"},
		"the article written with it":    {"ALHOUTHI MALIK", "HOUTHI MALIK", Joined, "ALHOUTHI"},
		"a part of a compound":           {"RAHMAN SALIM", "ABDULRAHMAN SALIM", Within, "RAHMAN"},
		"a name that was not found":      {"IGOR PETROVICH IVANOV", "IGOR IVANOV", Extra, "PETROVICH"},
		"another name":                   {"RAMI MAKHLOUF", "IHAB MAKHLOUF", Different, "RAMI"},
		"a nickname of several in Latin": {"BOB DYLAN", "ROBERT DYLAN", Nickname, "BOB"},
	} {
		t.Run(name, func(t *testing.T) {
			m := Compare(person(c.asked, ""), person(c.found, ""))
			for _, p := range m.Parts {
				if p.Asked == c.part {
					if p.Relation != c.want {
						t.Errorf("%s is %v to %s, want %v", p.Asked, p.Relation, p.Found, c.want)
					}
					return
				}
			}
			t.Errorf("no part %s in %+v", c.part, m.Parts)
		})
	}
}

func TestATruncatedNameIsTheBeginning(t *testing.T) {
	cut := &Person{Names: []Name{ParseZone("PAPANDROPOULOS", "JONATHON ALEXAN", true)}}
	full := &Person{Names: []Name{ParseZone("PAPANDROPOULOS", "JONATHON ALEXANDER MARTIN", false)}}
	whole := &Person{Names: []Name{ParseZone("PAPANDROPOULOS", "JONATHON ALEXAN", false)}}
	m := Compare(cut, full)
	for _, p := range m.Parts {
		if p.Asked == "ALEXAN" && p.Relation != Cut {
			t.Errorf("ALEXAN is %v to %s", p.Relation, p.Found)
		}
	}
	if Score(cut, full) <= Score(whole, full) {
		t.Errorf("cut %v, not cut %v", Score(cut, full), Score(whole, full))
	}
}

// Each line is at least as like the first name as the next one.
func TestOrderIsKeptToTheTop(t *testing.T) {
	for name, lines := range map[string][]string{
		"spellings": {"Alexander Nikolaevich PETRENKO", "Alexander Nikolaevich PETRENKO", "Aleksandr Nikolaevich PETRENKO",
			"Alexander PETRENKO", "Alexander PETROV", "Boris GODUNOV"},
		"typos": {"MAXIMILIAN SCHNEIDER", "MAXIMILIAN SCHNEIDER", "MAXIMILIAN SCHNEIDRE", "MAXIMILAIN SCHNEIDRE", "MARTHA SCHNEIDER"},
	} {
		t.Run(name, func(t *testing.T) {
			last := 1.0
			for _, l := range lines[1:] {
				s := Score(person(lines[0], "1970-05-04"), person(l, "1970-05-04"))
				if s >= last {
					t.Errorf("%s scores %v, the line above %v", l, s, last)
				}
				last = s
			}
		})
	}
}

func TestBirthDates(t *testing.T) {
	for name, c := range map[string]struct {
		asked, found string
		want         Relation
	}{
		"the same":                       {"1970-05-04", "1970-05-04", Same},
		"only the year is known":         {"1970-05-04", "1970", Partly},
		"year and month are known":       {"1970-05-04", "1970-05", Partly},
		"the first of January is a year": {"1970-05-04", "1970-01-01", Partly},
		"day and month swapped":          {"1970-05-04", "1970-04-05", Swapped},
		"one digit":                      {"1970-05-04", "1970-05-14", Typo},
		"a year apart":                   {"1970-05-04", "1969-05-04", NearYear},
		"a year apart, no more known":    {"1970", "1971", NearYear},
		"another":                        {"1970-05-04", "1982-11-30", Different},
		"no year":                        {"XXXX-05-04", "1982-05-04", Partly},
		"a hundred years apart":          {"2024-08-12", "1924-08-12", Century},
		"a hundred years, a year listed": {"2024-08-12", "1924", Century},
		"another day in another century": {"2024-08-12", "1924-08-13", Different},
		"ninety-nine years apart":        {"2024-08-12", "1925-08-12", Different},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := ParseBirth(c.asked)
			if err != nil {
				t.Fatal(err)
			}
			b, err := ParseBirth(c.found)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := compareBirth(a, b); got != c.want {
				t.Errorf("%s and %s are %v, want %v", c.asked, c.found, got, c.want)
			}
		})
	}
}

func TestBadBirthDatesAreRefused(t *testing.T) {
	for _, s := range []string{"", "70", "1970-13-01", "1970-01-32", "1970-01-01-01", "19x0", "1970-+1-01", "1970-001-01", "1970--1"} {
		if b, err := ParseBirth(s); err == nil {
			t.Errorf("%q is %v", s, b)
		}
	}
}

func TestPartsAddUp(t *testing.T) {
	a := person("Mohamed Salem Abdul RAHMAN, X", "1970-05-04")
	a.Nationalities, a.Sex = []string{"EGY"}, "M"
	b := person("RAHMAN Muhammad Salim bin Ali", "1970-04-05")
	b.Nationalities, b.Sex = []string{"SYR", "EGY"}, "M"
	for name, pair := range map[string][2]*Person{
		"two people":       {a, b},
		"the same":         {a, a},
		"nobody":           {{}, {}},
		"no name":          {a, {Sex: "F"}},
		"an empty name":    {a, {Names: []Name{{}}}},
		"different orders": {person("AHMAD BIN HASAN AL-UBAIDI", ""), person("HASAN BIN AHMAD AL-UBAIDI", "")},
	} {
		t.Run(name, func(t *testing.T) {
			m := Compare(pair[0], pair[1])
			sum := 0.0
			for _, p := range m.Parts {
				sum += p.Contribution
				if p.Sentence() == "" {
					t.Errorf("no sentence for %+v", p)
				}
			}
			if math.Abs(sum-m.Odds) > 1e-4 {
				t.Errorf("the parts add up to %v, the odds are %v: %+v", sum, m.Odds, m.Parts)
			}
			if s := Score(pair[0], pair[1]); s != m.Score {
				t.Errorf("Score %v, Compare %v", s, m.Score)
			}
		})
	}
}

func TestSentences(t *testing.T) {
	m := Compare(person("MOHAMED AL-SALEM", "1970-05-04"), person("Muhammad al-Salem", "1970-04-05"))
	var all []string
	for _, p := range m.Parts {
		all = append(all, p.Sentence())
	}
	for _, want := range []string{
		"MOHAMED is a spelling of MUHAMMAD.",
		"The name SALEM is the same.",
		"The birth date is 1970-04-05, asked was 1970-05-04: day and month are swapped.",
	} {
		if !strings.Contains(strings.Join(all, "\n"), want) {
			t.Errorf("%q is not among %q", want, all)
		}
	}
}

func TestSentencesOfOneNamePart(t *testing.T) {
	for _, c := range []struct {
		asked, found, want string
		against            bool
	}{
		{"HASAN", "HUSSEIN", "HASAN is written with like consonants as HUSSEIN.", false},
		{"PETER", "PETRA", "PETER is written with like consonants as PETRA.", false},
		{"MARIO", "MARIA", "MARIO is written with like consonants as MARIA.", false},
		{"ALINA", "ELENA", "ALINA is written with like consonants as ELENA.", false},
		{"MOHAMED", "MUHAMMAD", "MOHAMED is a spelling of MUHAMMAD.", false},
		{"MARTIN", "MARION", "The given name MARTIN differs from MARION.", true},
		{"KARIM", "KAREN", "The given name KARIM differs from KAREN.", true},
		{"MADELEINE", "MADELAINE", "MADELEINE is written with like consonants as MADELAINE.", false},
		{"MAXIMILIAN", "MAXIMILIAM", "MAXIMILIAN is almost MAXIMILIAM.", false},
	} {
		m := Compare(&Person{Names: []Name{ParseZone("KOVALENKO", c.asked, false)}}, &Person{Names: []Name{Parse("KOVALENKO, " + c.found)}})
		for _, p := range m.Parts {
			if p.What == WhatGiven && (p.Sentence() != c.want || p.Contribution < 0 != c.against) {
				t.Errorf("%.2f %q, want %q", p.Contribution, p.Sentence(), c.want)
			}
		}
	}
}

func TestSentencesOfBirthDates(t *testing.T) {
	for _, c := range []struct{ asked, found, want string }{
		{"1974-08-12", "1974-01-01", "The birth date is 1974-01-01, asked was 1974-08-12: the year agrees, and 1 January often stands for the year alone."},
		{"1974-01-01", "1974-08-12", "The birth date is 1974-08-12, asked was 1974-01-01: the year agrees, and 1 January often stands for the year alone."},
		{"1974-08-12", "1974", "The birth date is 1974, asked was 1974-08-12: what is known of both agrees."},
		{"1974-01-01", "1974", "The birth date is 1974, asked was 1974-01-01: what is known of both agrees."},
		{"XXXX-01-01", "1974-01-01", "The birth date is 1974-01-01, asked was 0000-01-01: what is known of both agrees."},
		{"1974-08-12", "", "The birth date 1974-08-12 was asked and is not in the entry."},
		{"", "1974-08-12", "The birth date 1974-08-12 is in the entry and was not asked."},
		{"1974-08-12", "XXXX-08", "The birth date is 0000-08, asked was 1974-08-12: they have nothing in common that could be compared."},
		{"2024-08-12", "1924-08-12", "The birth date is 1924-08-12, asked was 2024-08-12: a hundred years apart, as a zone with two digits of the year may be read."},
	} {
		m := Compare(person("Anna ERIKSSON", c.asked), person("Anna ERIKSSON", c.found))
		for _, p := range m.Parts {
			if p.What == WhatBirth && p.Sentence() != c.want {
				t.Errorf("%q, want %q", p.Sentence(), c.want)
			}
		}
	}
}

func TestASingleNameHasNoComma(t *testing.T) {
	for _, c := range [][3]string{{"MADONNA", "", "MADONNA"}, {"", "MADONNA", "MADONNA"}, {"ERIKSSON", "ANNA", "ERIKSSON, ANNA"}, {"", "", ""}} {
		if n := ParseZone(c[0], c[1], false); n.Text != c[2] {
			t.Errorf("%q, want %q", n.Text, c[2])
		}
	}
}

func TestASurnameOfParticlesAndTitlesIsAName(t *testing.T) {
	for name, c := range map[string]struct {
		name Name
		want []Kind
	}{
		"a particle in a zone":               {ParseZone("LE", "DO", false), []Kind{Ordinary, Particle}},
		"a particle before a comma":          {Parse("LE, DO"), []Kind{Ordinary, Particle}},
		"several particles":                  {Parse("DO VAN, Anh"), []Kind{Ordinary, Ordinary, Ordinary}},
		"a title before a comma":             {Parse("SYED, Ali"), []Kind{Ordinary, Ordinary}},
		"a particle before a name":           {Parse("VAN DAMME, Jean"), []Kind{Particle, Ordinary, Ordinary}},
		"a particle behind a given name":     {Parse("BERG, Jan van"), []Kind{Ordinary, Ordinary, Particle}},
		"a title before a given name":        {Parse("SMITH, Dr John"), []Kind{Ordinary, Title, Ordinary}},
		"a title behind the comma":           {Parse("SALAH, Sayyid"), []Kind{Ordinary, Title}},
		"what says that there is no surname": {ParseZone("LNU", "ALI", false), []Kind{Title, Ordinary}},
	} {
		t.Run(name, func(t *testing.T) {
			var kinds []Kind
			for i := range c.name.Tokens {
				kinds = append(kinds, c.name.Tokens[i].Kind)
			}
			if !slices.Equal(kinds, c.want) {
				t.Errorf("kinds %v, want %v", kinds, c.want)
			}
		})
	}
}

func TestNamesOfParticlesAndTitlesAreRecognised(t *testing.T) {
	for _, c := range [][3]string{{"LE", "DO", "LE, DO"}, {"LE", "VAN SAN", "LE, VAN SAN"}, {"KING", "PRINCE", "KING, PRINCE"}, {"DO", "LE", "Lê ĐỖ"}} {
		m := Compare(&Person{Names: []Name{ParseZone(c[0], c[1], false)}}, &Person{Names: []Name{Parse(c[2])}})
		if m.Score < Possible {
			t.Errorf("%s scores %v: %+v", c[2], m.Score, m.Parts)
		}
	}
}

func TestTheLastOfAllNamesAndBirthDatesCounts(t *testing.T) {
	found := &Person{}
	for i := range maxNames - 1 {
		found.Names = append(found.Names, Parse(fmt.Sprintf("QWOP%c, ZXCV%c", 'A'+i%26, 'A'+i/26)))
	}
	for i := range maxBirths - 1 {
		found.Births = append(found.Births, Birth{1900 + i, 3, 27})
	}
	found.Names = append(found.Names, Parse("ERIKSSON, Anna Maria"))
	found.Births = append(found.Births, Birth{1974, 8, 12})
	m := Compare(person("ERIKSSON, Anna Maria", "1974-08-12"), found)
	if m.Score < Probable || !m.Exact() {
		t.Errorf("score %v, exact %v: %+v", m.Score, m.Exact(), m.Parts)
	}
}

func TestScoreDoesNotAllocate(t *testing.T) {
	a, b := person("Sergey Viktorovich LAVROV", "1950-03-21"), person("Сергей Викторович ЛАВРОВ", "1950-03-21")
	if n := testing.AllocsPerRun(100, func() { Score(a, b) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
