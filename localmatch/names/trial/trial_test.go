package trial

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"

	"boothd/localmatch/gallery"
)

func TestDamageOfEachClass(t *testing.T) {
	long := zone{surname: []string{"FERNANDEZ", "VILLANUEVA"}, given: []string{"ALEJANDRO", "SEBASTIAN", "IGNACIO"}}
	differ := func(a, b zone) int {
		n := 0
		for i, w := range a.all() {
			if *w != *b.all()[i] {
				n++
			}
		}
		return n
	}
	r := rand.New(rand.NewPCG(1, 1))
	for _, class := range Classes {
		t.Run(string(class), func(t *testing.T) {
			for range 200 {
				z, ok := long.damage(class, r)
				if !ok {
					t.Fatal("this name can be damaged so")
				}
				switch class {
				case Exact, NoMatch:
					if differ(long, z) != 0 {
						t.Fatalf("not as it was: %v", z)
					}
				case OneTypo:
					if differ(long, z) != 1 {
						t.Fatalf("not one word differs: %v", z)
					}
				case EveryTypo:
					if differ(long, z) < 4 { // a swap of two equal letters changes nothing
						t.Fatalf("few words differ: %v", z)
					}
				case Vowels:
					if d := differ(long, z); d < 1 || d > 2 || consonants(z) != consonants(long) {
						t.Fatalf("more than vowels differ: %v", z)
					}
				case Dropped:
					if len(z.given) != 2 || len(z.surname) != 2 {
						t.Fatalf("not one given name fewer: %v", z)
					}
				case Truncated:
					if !z.cut || strings.Join(z.surname, "<")+"<<"+strings.Join(z.given, "<") != "FERNANDEZ<VILLANUEVA<<ALEJANDRO<SEBASTI" {
						t.Fatalf("cut elsewhere: %v", z)
					}
				}
			}
			if got := long.surname[0] + long.given[2]; got != "FERNANDEZIGNACIO" {
				t.Fatalf("the name itself was damaged: %s", got)
			}
		})
	}
}

func consonants(z zone) string {
	var b strings.Builder
	for _, w := range z.all() {
		b.WriteString(strings.Map(func(r rune) rune {
			if strings.ContainsRune("AEIOUY", r) {
				return -1
			}
			return r
		}, *w))
	}
	return b.String()
}

func TestSomeNamesCannotBeDamagedSo(t *testing.T) {
	short := zone{surname: []string{"LI"}, given: []string{"WEI"}}
	r := rand.New(rand.NewPCG(1, 1))
	for _, class := range []Class{OneTypo, EveryTypo, Vowels, Dropped, Truncated} {
		if z, ok := short.damage(class, r); ok {
			t.Errorf("%s: %v", class, z)
		}
	}
	if _, ok := (zone{}).damage(Exact, r); ok {
		t.Error("no name at all can be asked for")
	}
}

func TestZoneOfAnEntry(t *testing.T) {
	tests := []struct {
		name           string
		main           string
		surname, given string
	}{
		{"with a comma", "DE LA CRUZ, ANA-MARIA", "DE LA CRUZ", "ANA MARIA"},
		{"one name only", "SUHARTO", "SUHARTO", ""},
		{"another script", "ИВАНОВ, ИВАН", "IVANOV", "IVAN"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			z := zoneOf(&gallery.Entry{Names: []string{test.main}})
			if s, g := strings.Join(z.surname, " "), strings.Join(z.given, " "); s != test.surname || g != test.given {
				t.Errorf("%q, %q", s, g)
			}
		})
	}
}

func TestMeasureFindsThePeopleOfTheList(t *testing.T) {
	ctx := t.Context()
	l, err := Invent(ctx, 5, 4000)
	if err != nil {
		t.Fatal(err)
	}
	var built Build
	got := map[Class]map[bool]Result{}
	err = Measure(ctx, l, Options{Queries: 60, Seed: 5, First: MaxPeople}, func(b Build) error { built = b; return nil }, func(r Result) error {
		if got[r.Class] == nil {
			got[r.Class] = map[bool]Result{}
		}
		got[r.Class][r.Birth] = r
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if built.Entries != 4000 || built.Records < 4000 || built.Words < 1000 || built.IndexBytes < 4000*4 {
		t.Errorf("built %+v", built)
	}
	for _, class := range Classes {
		r := got[class][true]
		if r.Queries == 0 || r.P99 < r.P50 || r.P50 < r.SearchP50 || r.SearchP50 < 0 {
			t.Errorf("%s: %+v", class, r)
		}
		if class != NoMatch && (r.Recall < .9 || r.Top < .85) {
			t.Errorf("%s: of 4000 people too few are found: %+v", class, r)
		}
		if class == NoMatch && (r.Recall != 0 || r.Possible > .3) {
			t.Errorf("%s: %+v", class, r)
		}
	}
}

func TestMeasuringEndsWhenItIsToldTo(t *testing.T) {
	l, err := Invent(t.Context(), 1, 2000)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = Measure(ctx, l, Options{Queries: 1 << 30, Seed: 1, First: MaxPeople}, func(Build) error { cancel(); return nil }, func(Result) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	full := errors.New("disk full")
	err = Measure(t.Context(), l, Options{Queries: 1, Seed: 1, First: MaxPeople}, func(Build) error { return full }, nil)
	if !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}

func TestReadList(t *testing.T) {
	entries := func(names ...[]string) iter.Seq2[*gallery.Entry, error] {
		return func(yield func(*gallery.Entry, error) bool) {
			for _, n := range names {
				if !yield(&gallery.Entry{Names: n, BirthDates: []string{"1980", "1981-02"}, Nationalities: []string{"FRA"}, Sex: "F"}, nil) {
					return
				}
			}
		}
	}
	l, err := ReadList(t.Context(), entries([]string{"A", "B C"}, nil, []string{"Ж"}))
	if err != nil || l.Len() != 2 {
		t.Fatal(err)
	}
	e := l.entry(1)
	if e.Names[0] != "Ж" || len(l.entry(0).Names) != 2 || e.BirthDates[1] != "1981-02" || e.Nationalities[0] != "FRA" || e.Sex != "F" {
		t.Errorf("%+v", e)
	}
	if _, err := ReadList(t.Context(), entries(nil)); !errors.Is(err, ErrEmpty) {
		t.Errorf("error %v", err)
	}
	broken := errors.New("line 2: broken")
	if _, err := ReadList(t.Context(), func(yield func(*gallery.Entry, error) bool) { yield(nil, broken) }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}
