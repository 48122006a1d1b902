package localmatch_test

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"testing"

	"boothd/capture"
	"boothd/capture/synthetic"
	"boothd/localmatch"
)

// laid is the k-th picture of a traveller's finger.
func laid(t testing.TB, traveller, position, k int) *capture.Finger {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, synthetic.New(traveller).Impression(position, k)); err != nil {
		t.Fatal(err)
	}
	return &capture.Finger{Position: capture.FingerPosition(position), PNG: b.Bytes(), DPI: synthetic.FingerDPI}
}

func TestAFingerThatIsLaidAgainIsToldFromTheOthersOfAHand(t *testing.T) {
	hand := []*capture.Finger{laid(t, 3, 2, 0), laid(t, 3, 3, 0), laid(t, 3, 4, 0)}
	for i, position := range []int{2, 3, 4} {
		index, score, err := localmatch.SameFinger{}.Closest(t.Context(), laid(t, 3, position, 1), hand)
		if err != nil || index != i || score < 50 {
			t.Errorf("finger %d laid again: the %d-th with %.0f, %v", position, index, score, err)
		}
	}
	if index, score, err := (localmatch.SameFinger{}).Closest(t.Context(), laid(t, 3, 5, 0), hand); err != nil || score >= 40 {
		t.Errorf("another finger: the %d-th with %.0f, %v", index, score, err)
	}
}

func TestPicturesThatCannotBeReadAgreeWithNothing(t *testing.T) {
	broken := &capture.Finger{Position: 2, PNG: []byte("no picture"), DPI: 500}
	good := laid(t, 3, 2, 0)
	if index, _, err := (localmatch.SameFinger{}).Closest(t.Context(), good, []*capture.Finger{broken}); index != -1 || err != nil {
		t.Errorf("the other is none: %d, %v", index, err)
	}
	if _, _, err := (localmatch.SameFinger{}).Closest(t.Context(), broken, []*capture.Finger{good}); err == nil {
		t.Error("a picture that is none was compared")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, _, err := (localmatch.SameFinger{}).Closest(ended, good, []*capture.Finger{good}); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context ended: %v", err)
	}
}

// BenchmarkTheTenthFinger is compared with nine that were taken before.
func BenchmarkTheTenthFinger(b *testing.B) {
	var nine []*capture.Finger
	for _, position := range []int{2, 3, 4, 5, 7, 8, 9, 10, 1} {
		nine = append(nine, laid(b, 3, position, 0))
	}
	tenth := laid(b, 3, 6, 0)
	for b.Loop() {
		if _, _, err := (localmatch.SameFinger{}).Closest(b.Context(), tenth, nine); err != nil {
			b.Fatal(err)
		}
	}
}
