package glyph

import (
	"image"
	"math"
	"testing"
)

func TestWeightsFitAndFallShortAsTheyMust(t *testing.T) {
	n, err := Trained()
	if err != nil {
		t.Fatal(err)
	}
	b, err := n.MarshalBinary()
	if err != nil || len(b) != len(weights) || len(b) > 500<<10 {
		t.Fatalf("%d bytes of weights, %v", len(b), err)
	}
	if string(b) != string(weights) {
		t.Error("weights are not written as they were read")
	}
	if err := new(Net).UnmarshalBinary(b[:len(b)-1]); err == nil {
		t.Error("short weights are taken")
	}
}

func TestScoresAreProbabilities(t *testing.T) {
	n, err := Trained()
	if err != nil {
		t.Fatal(err)
	}
	var p Patch
	var trace Trace
	for i := range p {
		p[i] = float32(i*i%97) - 40
	}
	p.Normalise()
	var sum float64
	for _, v := range n.Classify(&p, &trace) {
		sum += math.Exp(float64(v))
	}
	if math.Abs(sum-1) > 1e-4 {
		t.Errorf("probabilities sum up to %v", sum)
	}
}

func TestAPatchIsNormalised(t *testing.T) {
	var flat, steps Patch
	for i := range steps {
		flat[i], steps[i] = 200, float32(i%2*100)
	}
	flat.Normalise()
	steps.Normalise()
	if flat[0] != 0 || math.Abs(float64(steps[1]-steps[0])-2) > 0.1 {
		t.Errorf("flat %v, steps from %v to %v", flat[0], steps[0], steps[1])
	}
}

func TestAWindowTurnsWithThePicture(t *testing.T) {
	// Dark on the left: seen from below, dark on the right.
	img := image.NewGray(image.Rect(0, 0, 60, 60))
	for i := range img.Pix {
		if i%60 >= 30 {
			img.Pix[i] = 255
		}
	}
	var p Patch
	Window{Point{29.5, 29.5}, Point{20, 0}, Point{0, 20}}.Sample(img, &p)
	if p[0] > 0 || p[Width-1] < 0 {
		t.Errorf("upright: left %v, right %v", p[0], p[Width-1])
	}
	Window{Point{29.5, 29.5}, Point{-20, 0}, Point{0, -20}}.Sample(img, &p)
	if p[0] < 0 || p[Width-1] > 0 {
		t.Errorf("upside down: left %v, right %v", p[0], p[Width-1])
	}
	Window{Point{-500, 700}, Point{20, 0}, Point{0, 20}}.Sample(img, &p)
	if p[0] != 0 {
		t.Errorf("outside: %v", p[0])
	}
}

func BenchmarkClassify(b *testing.B) {
	n, err := Trained()
	if err != nil {
		b.Fatal(err)
	}
	var t Trace
	var p Patch
	for b.Loop() {
		n.Classify(&p, &t)
	}
}
