package main

import (
	"math"

	"boothd/capture/mrz/ocr/glyph"
)

// learner holds the gradient of a batch and the moments of Adam (Kingma and Ba, 2015).
type learner struct {
	net, gradient glyph.Net
	mean, square  glyph.Net
	steps         int

	trace  glyph.Trace
	hidden [glyph.Hidden]float32
	pool2  [glyph.Pooled]float32
	pool1  [glyph.Maps1][(glyph.Tall1 + 2) * (glyph.Width1 + 2)]float32
}

// learn adds one patch to the gradient and returns its loss, the negative logarithm of the
// probability that the network gave to the patch's class.
func (l *learner) learn(p *glyph.Patch, class int) float64 {
	scores := l.net.Classify(p, &l.trace)
	loss := -float64(scores[class])
	l.backOutput(class)
	l.backDense()
	l.backMaps2()
	l.backMaps1()
	return loss
}

func (l *learner) backOutput(class int) {
	l.hidden = [glyph.Hidden]float32{}
	for c, s := range l.trace.Scores {
		d := float32(math.Exp(float64(s)))
		if c == class {
			d--
		}
		l.gradient.BiasO[c] += d
		axpy(l.gradient.Output[c][:], d, l.trace.Hidden[:])
		axpy(l.hidden[:], d, l.net.Output[c][:])
	}
}

func (l *learner) backDense() {
	l.pool2 = [glyph.Pooled]float32{}
	for i, d := range l.hidden {
		if l.trace.Hidden[i] <= 0 {
			continue
		}
		l.gradient.BiasD[i] += d
		axpy(l.gradient.Dense[i][:], d, l.trace.Pool2[:])
		axpy(l.pool2[:], d, l.net.Dense[i][:])
	}
}

func (l *learner) backMaps2() {
	const size = glyph.Width2 * glyph.Tall2
	for k := range l.pool1 {
		clear(l.pool1[k][:])
	}
	for m := range glyph.Maps2 {
		for i := range size {
			at := m*size + i
			d := l.pool2[at]
			if l.trace.Pool2[at] <= 0 || d == 0 {
				continue
			}
			l.gradient.Bias2[m] += d
			x, y := greatest(&l.trace.Map2[m][i])
			x, y = x+2*(i%glyph.Width2), y+2*(i/glyph.Width2)
			place := y*(glyph.Width1+2) + x
			for k := range glyph.Maps1 {
				scatter(l.trace.Pool1[k][:], l.pool1[k][:], &l.net.Conv2[m][k], &l.gradient.Conv2[m][k],
					place, glyph.Width1+2, d)
			}
		}
	}
}

func (l *learner) backMaps1() {
	for m := range glyph.Maps1 {
		for i := range glyph.Tall1 * glyph.Width1 {
			at := (i/glyph.Width1+1)*(glyph.Width1+2) + i%glyph.Width1 + 1
			d := l.pool1[m][at]
			if l.trace.Pool1[m][at] <= 0 || d == 0 {
				continue
			}
			l.gradient.Bias1[m] += d
			x, y := greatest(&l.trace.Map1[m][i])
			x, y = x+2*(i%glyph.Width1), y+2*(i/glyph.Width1)
			place := y*(glyph.Width+2) + x
			g := &l.gradient.Conv1[m]
			for r := range 3 {
				in := l.trace.In[place+r*(glyph.Width+2):][:3]
				g[3*r] += d * in[0]
				g[3*r+1] += d * in[1]
				g[3*r+2] += d * in[2]
			}
		}
	}
}

// greatest returns where in a square the value stands that was pooled.
func greatest(s *glyph.Square) (x, y int) {
	best := 0
	for i, v := range s {
		if v > s[best] {
			best = i
		}
	}
	return best % 2, best / 2
}

// scatter carries d, the gradient of one output of a convolution, back to the weights and
// to the convolution's input.
func scatter(in, back []float32, k, g *[9]float32, place, stride int, d float32) {
	for r := range 3 {
		a, b := in[place+r*stride:][:3], back[place+r*stride:][:3]
		g[3*r] += d * a[0]
		g[3*r+1] += d * a[1]
		g[3*r+2] += d * a[2]
		b[0] += d * k[3*r]
		b[1] += d * k[3*r+1]
		b[2] += d * k[3*r+2]
	}
}

func axpy(to []float32, k float32, from []float32) {
	to = to[:len(from)]
	for i, v := range from {
		to[i] += k * v
	}
}

// step changes the weights against the gradient of a batch and clears it.
func (l *learner) step(rate float64, batch int) {
	const decay1, decay2, tiny = 0.9, 0.999, 1e-8
	l.steps++
	rate *= math.Sqrt(1-math.Pow(decay2, float64(l.steps))) / (1 - math.Pow(decay1, float64(l.steps)))
	gradients, means, squares := l.gradient.Layers(), l.mean.Layers(), l.square.Layers()
	for i, weights := range l.net.Layers() {
		for j := range weights {
			g := gradients[i][j] / float32(batch)
			means[i][j] = decay1*means[i][j] + (1-decay1)*g
			squares[i][j] = decay2*squares[i][j] + (1-decay2)*g*g
			weights[j] -= float32(rate) * means[i][j] / (float32(math.Sqrt(float64(squares[i][j]))) + tiny)
			gradients[i][j] = 0
		}
	}
	l.net.Prepare()
}
