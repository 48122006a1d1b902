package gallery

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"boothd/localmatch/names"
	"boothd/localmatch/numbers"
)

func TestTheVeryNumberIsNotCrowdedOutByNumbersThatAreAlike(t *testing.T) {
	g := openGallery(t, t.TempDir())
	apply(t, g, update("sis", 0, 1, 1, puts(person("right", "ONE", "1970", "800"))...))
	alike := make([]*Entry, 2*MaxFound+10)
	for i := range alike {
		alike[i] = person(fmt.Sprintf("alike-%d", i), "TWO", "1970", "8O0")
	}
	apply(t, g, update("sis", 1, 2, len(alike)+1, puts(alike...)...))
	f, err := g.Find(t.Context(), "sis", withNumber("800"))
	if err != nil || len(f.Entries) != MaxFound || f.Entries[0].ID != "right" || !f.More {
		t.Errorf("%d entries, the first %s, more %t, %v", len(f.Entries), f.Entries[0].ID, f.More, err)
	}
}

func TestDiscreetEntriesComeOnTop(t *testing.T) {
	for _, c := range []struct{ open, discreet, wantOpen, wantDiscreet int }{
		{0, 10, 0, 10}, {0, MaxNamed + 1, 0, MaxNamed}, {MaxNamed, 1, MaxNamed, 1},
		{MaxNamed, MaxNamed, MaxNamed, MaxNamed}, {MaxNamed + 1, 3, MaxNamed, 3},
	} {
		t.Run(fmt.Sprintf("%d open, %d discreet", c.open, c.discreet), func(t *testing.T) {
			g := openGallery(t, t.TempDir())
			var all []*Entry
			for i := range c.discreet + c.open {
				e := person(fmt.Sprintf("%03d", i), "SAME, NAME", "1970", "N"+fmt.Sprint(100+i))
				e.Discreet = i < c.discreet
				all = append(all, e)
			}
			apply(t, g, update("sis", 0, 1, len(all), puts(all...)...))
			f, err := g.Find(t.Context(), "sis", withName(1970, "NAME", "SAME"))
			if err != nil {
				t.Fatal(err)
			}
			open, discreet := 0, 0
			for _, e := range f.Entries {
				if e.Discreet {
					discreet++
				} else {
					open++
				}
			}
			if open != c.wantOpen || discreet != c.wantDiscreet {
				t.Errorf("%d open and %d discreet, want %d and %d", open, discreet, c.wantOpen, c.wantDiscreet)
			}
			if f.MoreNamed != (c.open > MaxNamed || c.discreet > MaxNamed) || f.More {
				t.Errorf("more %t, more named %t", f.More, f.MoreNamed)
			}
			if c.open >= MaxNamed && f.Last.Discreet {
				t.Error("a discreet entry is the last")
			}
		})
	}
}

func TestNothingOfAQuestionGoesIntoALog(t *testing.T) {
	q := Question{Name: names.Parse("ERIKSSON, Anna"), Births: []names.Birth{{Year: 1974}}, Document: numbers.Document{Number: "L898902C3"}}
	f := Found{Entries: []*Entry{person("1", "ERIKSSON, Anna", "1974", "L898902C3")}}
	var out strings.Builder
	timeless := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{} // its digits may be those of a year
		}
		return a
	}}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, timeless), slog.NewJSONHandler(&out, timeless)} {
		for _, v := range []any{q, &q, f, &f} {
			slog.New(h).Info("asked", "what", v)
		}
	}
	for _, word := range []string{"ERIKSSON", "Anna", "1974", "L898902C3"} {
		if strings.Contains(out.String(), word) {
			t.Errorf("a log has %s:\n%s", word, out.String())
		}
	}
}
