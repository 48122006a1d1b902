package server

import (
	"testing"

	"boothd/capture"
)

func TestWhatTheBoothFoundItselfIsNotToldAgain(t *testing.T) {
	said := func(s capture.State, entries ...string) capture.Answer {
		a := capture.Answer{System: "SIS", State: s}
		for _, e := range entries {
			a.Findings = append(a.Findings, capture.Finding{Entry: e, State: s})
		}
		return a
	}
	const hit, possible, noHit = capture.StateHit, capture.StatePossible, capture.StateNoHit
	other := said(hit)
	other.System = "VIS"
	for _, test := range []struct {
		name  string
		found capture.Answer
		known []capture.Answer
		want  bool
	}{
		{"nothing", said(noHit), nil, false},
		{"an entry", said(hit, "e"), nil, true},
		{"an entry that the booth found", said(hit, "e"), []capture.Answer{said(hit, "e")}, false},
		{"a hit by an entry that was possible", said(hit, "e"), []capture.Answer{said(possible, "e")}, true},
		{"a possible entry that was a hit", said(possible, "e"), []capture.Answer{said(hit, "e")}, false},
		{"the state alone", said(hit), []capture.Answer{said(noHit)}, true},
		{"the state that the booth found", said(hit), []capture.Answer{said(hit)}, false},
		{"the state of another system", said(hit), []capture.Answer{other}, true},
		{"a hit where the booth found a possible one", said(hit), []capture.Answer{said(possible)}, true},
	} {
		if got := found(without(test.found, test.known)); got != test.want {
			t.Errorf("%s: told %t, want %t", test.name, got, test.want)
		}
	}
}
