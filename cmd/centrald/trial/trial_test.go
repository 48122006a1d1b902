package trial

import (
	"bytes"
	"strings"
	"testing"
)

func TestTheTrialAsksEverySystemAndPrintsATable(t *testing.T) {
	var out bytes.Buffer
	if err := Run(t.Context(), &out, Options{People: 50, Queries: 20, Askers: []int{1, 4}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"seeded 50 people", "fan-out alone", "queries/s", "heap "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}
