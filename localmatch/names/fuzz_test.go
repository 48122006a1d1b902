package names

import (
	"math"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"Sergey Viktorovich LAVROV", "Сергей Лавров", "عبد الرحمن القاضي أبواليزيد", "김정은", "习近平", "नरेन्द्र मोदी", "ΜΠΑΜΠΗΣ",
		"בנימין נתניהו", "XSSALXH MUXXLLER", "J.-C. Juncker", "(a.k.a. x", "ABD ABD ABD", "\xff\xfe", "AL AL DIN", "ẞŉǆ", "ABDUL",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := Parse(s)
		if n.Text != s || len(n.Tokens) > maxTokens {
			t.Fatalf("%d tokens of %q", len(n.Tokens), s)
		}
		for _, k := range append(n.Tokens, ParseZone(s, s, true).Tokens...) {
			for _, w := range []string{k.Text, k.Fold, k.Skeleton} {
				if w == "" || len(w) > maxLetters+len("UDDIN") {
					t.Fatalf("%q in %+v", w, k)
				}
				for i := range len(w) {
					if w[i] < 'A' || w[i] > 'Z' {
						t.Fatalf("%q in %+v", w, k)
					}
				}
			}
			if Fold(k.Fold) != k.Fold {
				t.Fatalf("%s folds to %s", k.Fold, Fold(k.Fold))
			}
		}
	})
}

func FuzzCompare(f *testing.F) {
	f.Add("IVANOV, IGOR", "Игорь Иванов", "1970-05-04", "1970-04-05", false)
	f.Add("ABD AL RAHMAN", "ABDURRAHMAN", "1970", "1971", true)
	f.Add("A B C D E F G H I J K L M N O P Q R S T U V W X Y Z", "Z Y X", "", "", true)
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAA", "0000", "XXXX-01-01", false)
	f.Fuzz(func(t *testing.T, x, y, bx, by string, cut bool) {
		a, b := &Person{Names: []Name{Parse(x)}}, &Person{Names: []Name{Parse(y), Parse(x + y)}}
		a.Names[0].Cut = cut
		if d, err := ParseBirth(bx); err == nil {
			a.Births = append(a.Births, d)
		}
		if d, err := ParseBirth(by); err == nil {
			b.Births = append(b.Births, d)
		}
		m := Compare(a, b)
		if s := Score(a, b); s != m.Score || !(s >= 0 && s < 1) {
			t.Fatalf("Score %v, Compare %v", s, m.Score)
		}
		sum := 0.0
		for _, p := range m.Parts {
			sum += p.Contribution
		}
		if math.Abs(sum-m.Odds) > 1e-3 {
			t.Fatalf("the parts add up to %v, the odds are %v", sum, m.Odds)
		}
	})
}
