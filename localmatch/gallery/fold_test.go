package gallery

import (
	"slices"
	"strings"
	"testing"

	"boothd/localmatch/numbers"
)

func TestNameTokensAreWhatATravelDocumentPrints(t *testing.T) {
	for name, want := range map[string]string{
		"ERIKSSON, Anna Maria":   "ERIKSSON ANNA MARIA",
		"Jean-Luc D'ARTAGNAN":    "JEAN LUC DARTAGNAN",
		"Müller, Jürgen":         "MULLER JURGEN",
		"Mu\u0308ller":           "MULLER",
		"GROẞ Weiß":              "GROSS WEISS",
		"Sørensen Åse Æbelø":     "SOERENSEN ASE AEBELOE",
		"Łukasz Đorđević":        "LUKASZ DORDEVIC",
		"Þór Guðrún":             "THOR GUDRUN",
		"İbrahim IŞIK ısık":      "IBRAHIM ISIK ISIK",
		"NGUYỄN VĂN ĐỨC":         "NGUYEN VAN DUC",
		"Dr. Sa’id  al-Mu‘tasim": "DR SAID AL MUTASIM",
		"ｓｍｉｔｈ":                  "SMITH",
		"Œuvre, Ĳsbrand":         "OEUVRE IJSBRAND",
		"Иван":                   "",
		"SMITH Иван":             "",
		"صدام حسين":              "",
		"":                       "",
		" - ":                    "",
	} {
		got, ok := NameTokens(name)
		if strings.Join(got, " ") != want || ok != (want != "") {
			t.Errorf("NameTokens(%q) = %v, %t; want %q", name, got, ok, want)
		}
	}
}

func TestFormsOfOneNameFoldAlike(t *testing.T) {
	for _, forms := range [][]string{
		{"MÜLLER, JÖRG", "MUELLER JOERG", "JORG MULLER", "MUXXLLER JOERG"},
		{"Ångström", "AANGSTROEM", "ANGSTROM"},
		{"Núñez", "NUNXXEZ", "NUNEZ"},
		{"Sørensen", "SOERENSEN", "SORENSEN"},
		{"Ärnä Ê", "AERNAE E", "ARNA E"},
		{"ÄE", "AEE", "AE", "A"},
		{"JEAN LUC PICARD", "PICARD, Jean-Luc"},
	} {
		for _, f := range forms {
			tokens, ok := NameTokens(f)
			first, _ := NameTokens(forms[0])
			if !ok || FoldTokens(tokens) != FoldTokens(first) {
				t.Errorf("%q folds to %q, %q to %q", f, FoldTokens(tokens), forms[0], FoldTokens(first))
			}
		}
	}
	for _, pair := range [][2]string{{"ANNA", "ANN"}, {"MULLER", "MILLER"}, {"ABDUL", "ABDEL"}, {"LUX", "LU"}, {"A B", "AB"}} {
		if FoldTokens(strings.Fields(pair[0])) == FoldTokens(strings.Fields(pair[1])) {
			t.Errorf("%q and %q fold alike", pair[0], pair[1])
		}
	}
}

func TestLookAlikesOfADocumentNumberFoldAlike(t *testing.T) {
	for _, pair := range [][2]string{
		{"O0QD", "0000"}, {"I1L", "111"}, {"S5", "55"}, {"B8", "88"}, {"Z2", "22"}, {"G6", "66"},
		{"ab 12-34/x", "AB1234X"},
	} {
		if numbers.Fold(pair[0]) != numbers.Fold(pair[1]) {
			t.Errorf("%q folds to %q, %q to %q", pair[0], numbers.Fold(pair[0]), pair[1], numbers.Fold(pair[1]))
		}
	}
	if numbers.Fold("A1") == numbers.Fold("41") {
		t.Error("A and 4 fold alike")
	}
}

func TestLongNamesAreKnownByTheirBeginnings(t *testing.T) {
	for name, c := range map[string]struct {
		zone string // the name field as a document prints it
		want bool
	}{
		"NILAVADHANANANDA, CHAYAPA DEJTHAMRONG KRASUANG":   {"NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K", true},
		"Chayapa Dejthamrong Krasuang NILAVADHANANANDA":    {"NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K", true},
		"NILAVADHANANANDA Chayapa Dejthamrong Krasuang Xy": {"NILAVADHANANANDA<<CHAYAPA<DEJT", true},
		"NILAVADHANANANDA, CHAYAPA":                        {"NILAVADHANANANDA<<CHAYAPA", false},
		"NILAVADHANANANDA, SUCHADA DEJTHAMRONG KRASUANG":   {"NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K", false},
	} {
		tokens := strings.FieldsFunc(c.zone, func(r rune) bool { return r == '<' })
		e := &Entry{ID: "x", Names: []string{name}, BirthDates: []string{"1970"}}
		if got := slices.Contains(KeysOf(e), ByCutName(tokens, 1970)); got != c.want {
			t.Errorf("%q is found by %q: %t", name, c.zone, got)
		}
	}
}
