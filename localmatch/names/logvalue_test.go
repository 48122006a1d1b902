package names

import (
	"log/slog"
	"strings"
	"testing"
)

func TestNothingOfAPersonGoesIntoALog(t *testing.T) {
	n, b := ParseZone("ERIKSSON", "ANNA", false), Birth{1974, 8, 12}
	p := Person{Names: []Name{n}, Births: []Birth{b}, Nationalities: []string{"UTO"}, Sex: "F"}
	m := Compare(&p, &p)
	var out strings.Builder
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		log := slog.New(h)
		for _, v := range []any{n, &n, n.Tokens[0], &n.Tokens[0], p, &p, b, &b, m, &m, m.Parts[0], &m.Parts[0]} {
			log.Info("compared", "what", v)
		}
	}
	for _, word := range []string{"ERIKSSON", "ANNA", "1974", "UTO"} {
		if strings.Contains(out.String(), word) {
			t.Errorf("a log has %s:\n%s", word, out.String())
		}
	}
}
