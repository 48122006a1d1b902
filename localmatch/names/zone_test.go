package names

import "testing"

// The documents are specimens that ICAO 9303-4 and -5 print, and one cut off as its §4.6
// (part 3) shows.
func TestZoneNamesMatchTheirVisualForms(t *testing.T) {
	for name, c := range map[string]struct {
		surname, given string
		cut            bool
		visual         string
	}{
		"the specimen of Utopia":        {"ERIKSSON", "ANNA MARIA", false, "Anna Maria Eriksson"},
		"a diaeresis written out":       {"MUELLER", "JOERG", false, "Jörg Müller"},
		"a diaeresis as UXX":            {"MUXXLLER", "GUXXNTHER", false, "Günther Müller"},
		"Arabic codes":                  {"MXHMD", "XSSALXH", false, "صالح محمد"},
		"fillers left in":               {"VAN<DER<MUELLEN", "BERTRAND", false, "Bertrand van der Müllen"},
		"a name cut off":                {"NILAVADHANANANDA", "CHAYAPA DEJTHAMRONG KRASUAN", true, "Nilavadhanananda, Chayapa Dejthamrong Krasuang Suan"},
		"Russian as passports write it": {"SHCHERBAKOVA", "IULIIA", false, "Юлия Щербакова"},
	} {
		t.Run(name, func(t *testing.T) {
			a := &Person{Names: []Name{ParseZone(c.surname, c.given, c.cut)}}
			b := &Person{Names: []Name{Parse(c.visual)}}
			if m := Compare(a, b); m.Score < Possible {
				t.Errorf("score %v: %+v", m.Score, m.Parts)
			}
		})
	}
}

func TestABirthDateDecides(t *testing.T) {
	asked := person("Aleksandr PETROV", "1970-05-04")
	same, unknown, other := person("Aleksandr PETROV", "1970-05-04"), person("Aleksandr PETROV", ""), person("Aleksandr PETROV", "1985-11-30")
	if s := Score(asked, same); s < Probable {
		t.Errorf("the same birth date: %v", s)
	}
	if s := Score(asked, unknown); s < Possible || s >= Score(asked, same) {
		t.Errorf("no birth date: %v", s)
	}
	if s := Score(asked, other); s >= Possible {
		t.Errorf("another birth date: %v", s)
	}
}

func TestSexAndNationalityCount(t *testing.T) {
	a, b := person("Aleksandr PETROV", ""), person("Aleksandr PETROV", "")
	plain := Score(a, b)
	a.Nationalities, b.Nationalities = []string{"RUS"}, []string{"UKR", "RUS"}
	nation := Score(a, b)
	a.Sex, b.Sex = "M", "F"
	if other := Score(a, b); nation <= plain || other >= plain {
		t.Errorf("nothing %v, nationality %v, another sex %v", plain, nation, other)
	}
}
