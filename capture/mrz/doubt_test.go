package mrz

import (
	"slices"
	"testing"
	"time"
)

func TestDoubtsNameTheirFields(t *testing.T) {
	lines := []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}
	tests := []struct {
		name         string
		line, column int
		want         []string
	}{
		{"a letter of the name", 1, 7, []string{"name"}},
		{"a digit of the number", 2, 3, []string{FieldDocumentNumber}},
		{"the nationality", 2, 11, []string{FieldNationality}},
		{"the sex", 2, 21, []string{FieldSex}},
		{"the last check digit", 2, 44, []string{FieldComposite}},
		{"a line that there is not", 3, 1, nil},
		{"a column that there is not", 1, 45, nil},
		{"no place", 0, 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			z, err := Parse(lines, time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC))
			if err != nil || !z.Valid() {
				t.Fatal(err)
			}
			z.Doubt(tt.line, tt.column)
			z.Doubt(tt.line, tt.column)
			if got := z.DoubtfulFields(); !slices.Equal(got, tt.want) {
				t.Errorf("doubtful are %q, want %q", got, tt.want)
			}
			if z.Valid() != (tt.want == nil) {
				t.Errorf("the zone is valid: %t", z.Valid())
			}
		})
	}
}
