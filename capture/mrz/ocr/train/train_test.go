package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"boothd/capture/mrz/ocr/glyph"
)

func TestGradientsAreTheSlopesOfTheLoss(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	l := new(learner)
	begin(&l.net, rng)
	var p glyph.Patch
	for i := range p {
		p[i] = float32(rng.NormFloat64())
	}
	const class = 7
	l.learn(&p, class)
	layers, gradients := l.net.Layers(), l.gradient.Layers()
	checked := 0
	for i, weights := range layers {
		k := rng.IntN(len(weights))
		old := weights[k]
		const h = 2e-3
		weights[k] = old + h
		l.net.Prepare()
		up := -float64(l.net.Classify(&p, &l.trace)[class])
		weights[k] = old - h
		l.net.Prepare()
		down := -float64(l.net.Classify(&p, &l.trace)[class])
		weights[k] = old
		l.net.Prepare()
		slope, got := (up-down)/(2*h), float64(gradients[i][k])
		if math.Abs(slope-got) > 0.02+0.1*math.Abs(slope) {
			t.Errorf("layer %d weight %d: gradient %.4f, slope %.4f", i, k, got, slope)
		}
		if got != 0 {
			checked++
		}
	}
	if checked < len(layers)/3 {
		t.Errorf("only %d of %d gradients are not zero", checked, len(layers))
	}
}

func TestOnePatchIsLearntByHeart(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	l := new(learner)
	begin(&l.net, rng)
	var p glyph.Patch
	for i := range p {
		p[i] = float32(rng.NormFloat64())
	}
	first := l.learn(&p, 3)
	for range 30 {
		l.step(0.002, 1)
		l.learn(&p, 3)
	}
	if last := l.learn(&p, 3); last > first/4 {
		t.Errorf("loss %.3f after %.3f", last, first)
	}
}
