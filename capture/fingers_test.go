package capture_test

import (
	"fmt"
	"strings"
	"testing"

	"boothd/capture"
)

// fingersOf reads evidence as "2 3:temporary 0:permanent": positions that were taken, and those
// that are missing with the reason.
func fingersOf(text string) []capture.Evidence {
	var all []capture.Evidence
	for i, word := range strings.Fields(text) {
		f := &capture.Finger{}
		position, missing, _ := strings.Cut(word, ":")
		fmt.Sscan(position, &f.Position)
		if f.Missing = capture.Missing(missing); missing == "" {
			f.PNG = []byte("png")
		}
		all = append(all, capture.Evidence{ID: fmt.Sprintf("finger-%d", i+1), Finger: f})
	}
	return all
}

func TestAPlanAsksForItsFingersInTurn(t *testing.T) {
	const gone = "2:permanent 3:permanent 4:permanent 5:permanent"
	tests := []struct {
		name  string
		count int
		known string
		want  string // the next finger, its place, or "done"
	}{
		{"one finger, at first", 1, "", "right index finger 1/1"},
		{"one finger, taken", 1, "2", "done"},
		{"one finger, none can be taken", 1, "0:temporary", "done"},
		{"four fingers, at first", 4, "", "right index finger 1/4"},
		{"four fingers, in the middle", 4, "2 3", "right ring finger 3/4"},
		{"four fingers, after the first was taken twice", 4, "2 2", "right middle finger 2/4"},
		{"four fingers, one bandaged", 4, "2 3:temporary", "right ring finger 2/3"},
		{"four fingers, all taken", 4, "2 3 4 5", "done"},
		{"four fingers, the right hand gone", 4, gone, "left index finger 1/4"},
		{"four fingers, the right hand gone, the left in the middle", 4, gone + " 7 8", "left ring finger 3/4"},
		{"four fingers, neither hand", 4, gone + " 7:permanent 8:permanent 9:permanent 10:permanent", "done"},
		{"four fingers, the first was missing and is taken after all", 4, gone + " 2", "done"},
		{"four fingers of a child", 4, "0:not_applicable", "done"},
		{"four fingers of a child of whom some were taken before its age was known", 4, "2:not_applicable 3:not_applicable", "done"},
		{"ten fingers, after the right hand", 10, "2 3 4 5", "left index finger 5/10"},
		{"ten fingers, after both hands", 10, "2 3 4 5 7 8 9 10", "right thumb 9/10"},
		{"ten fingers, one gone", 10, "2 3:permanent 4 5 7 8 9 10 1", "left thumb 9/9"},
		{"ten fingers, all there", 10, "2 3 4 5 7 8 9 10 1 6", "done"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plan, ok := capture.NewFingerPlan(tt.count, 2)
			if !ok {
				t.Fatal("no such plan")
			}
			got := "done"
			if next, n, of, more := plan.Next(fingersOf(tt.known)); more {
				got = fmt.Sprintf("%s %d/%d", next, n, of)
			}
			if got != tt.want {
				t.Errorf("next is %s, want %s", got, tt.want)
			}
		})
	}
}

func TestThereAreNoOtherPlans(t *testing.T) {
	for _, n := range []int{-1, 0, 2, 3, 5, 11} {
		if _, ok := capture.NewFingerPlan(n, 2); ok {
			t.Errorf("a plan of %d fingers", n)
		}
	}
}

func TestTheLastThatIsKnownOfAFingerCounts(t *testing.T) {
	plan, _ := capture.NewFingerPlan(4, 2)
	steps := plan.Steps(fingersOf("2 3 2:temporary 3"))
	want := []capture.FingerStep{
		{Position: 2, State: capture.FingerMissing, Missing: capture.MissingTemporary, Evidence: "finger-3"},
		{Position: 3, State: capture.FingerTaken, Evidence: "finger-4"},
		{Position: 4, State: capture.FingerAwaited}, {Position: 5, State: capture.FingerAwaited},
	}
	if fmt.Sprint(steps) != fmt.Sprint(want) {
		t.Errorf("steps %v, want %v", steps, want)
	}
}

func TestTheZeroPlanIsAnyOneFinger(t *testing.T) {
	var plan capture.FingerPlan
	if next, _, _, ok := plan.Next(nil); !ok || next != 0 {
		t.Errorf("asks for the %v, %t", next, ok)
	}
	if _, _, _, ok := plan.Next(fingersOf("7")); ok {
		t.Error("one finger is not enough")
	}
}
