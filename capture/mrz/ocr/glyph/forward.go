package glyph

import "math"

// Trace holds what every layer put out for one patch. Planes that a convolution reads have
// a border of zeros, one pixel wide. A Trace may be used again and again, by one
// goroutine at a time.
type Trace struct {
	In     [(Height + 2) * (Width + 2)]float32
	Map1   [Maps1][Width1 * Tall1]Square
	Pool1  [Maps1][(Tall1 + 2) * (Width1 + 2)]float32
	Map2   [Maps2][Width2 * Tall2]Square
	Pool2  [Pooled]float32
	Hidden [Hidden]float32
	Scores Scores
}

// Square holds the two by two values of a map, row by row, of which the greatest is pooled
// if it is above zero.
type Square [4]float32

// pooled compares bits, in which numbers above zero keep their order: no branch depends on
// what the picture shows.
func (s *Square) pooled() float32 {
	bits := func(v float32) int32 { return int32(math.Float32bits(v)) }
	return math.Float32frombits(uint32(max(bits(s[0]), bits(s[1]), bits(s[2]), bits(s[3]), 0)))
}

// Classify scores a normalised patch. The scores are t's and stay until its next use.
func (n *Net) Classify(p *Patch, t *Trace) *Scores {
	for y := range Height {
		copy(t.In[(y+1)*(Width+2)+1:][:Width], p[y*Width:][:Width])
	}
	var in [Maps1]tile
	for i := range Width1 * Tall1 {
		x, y := i%Width1, i/Width1
		in[0].transform(t.In[2*y*(Width+2)+2*x:], Width+2)
		for m := range Maps1 {
			var product tile
			product.times(&in[0], &n.tiles1[m])
			s := &t.Map1[m][i]
			product.square(s, n.Bias1[m])
			t.Pool1[m][(y+1)*(Width1+2)+x+1] = s.pooled()
		}
	}
	for i := range Width2 * Tall2 {
		x, y := i%Width2, i/Width2
		for k := range in {
			in[k].transform(t.Pool1[k][2*y*(Width1+2)+2*x:], Width1+2)
		}
		for m := range Maps2 {
			var product tile
			product.sum(&in, &n.tiles2[m])
			s := &t.Map2[m][i]
			product.square(s, n.Bias2[m])
			t.Pool2[m*Width2*Tall2+i] = s.pooled()
		}
	}
	for i := range t.Hidden {
		t.Hidden[i] = max(0, n.BiasD[i]+dot(n.Dense[i][:], t.Pool2[:]))
	}
	for i := range t.Scores {
		t.Scores[i] = n.BiasO[i] + dot(n.Output[i][:], t.Hidden[:])
	}
	t.Scores.normalise()
	return &t.Scores
}

// normalise makes logarithms of probabilities of what the network put out.
func (s *Scores) normalise() {
	top := s[s.Best()]
	var sum float64
	for _, v := range s {
		sum += math.Exp(float64(v - top))
	}
	shift := top + float32(math.Log(sum))
	for i := range s {
		s[i] -= shift
	}
}

// A tile is four by four values, or a kernel, transformed so that the product of two, value
// by value, is the transform of the two by two values of their convolution: 16
// multiplications instead of 36 (Lavin and Gray, "Fast Algorithms for Convolutional Neural
// Networks", 2015).
type tile [16]float32

// transform fills t from rows that begin stride apart.
func (t *tile) transform(in []float32, stride int) {
	a, b := (*[4]float32)(in), (*[4]float32)(in[stride:])
	c, d := (*[4]float32)(in[2*stride:]), (*[4]float32)(in[3*stride:])
	transformRow((*[4]float32)(t[0:]), a[0]-c[0], a[1]-c[1], a[2]-c[2], a[3]-c[3])
	transformRow((*[4]float32)(t[4:]), b[0]+c[0], b[1]+c[1], b[2]+c[2], b[3]+c[3])
	transformRow((*[4]float32)(t[8:]), c[0]-b[0], c[1]-b[1], c[2]-b[2], c[3]-b[3])
	transformRow((*[4]float32)(t[12:]), b[0]-d[0], b[1]-d[1], b[2]-d[2], b[3]-d[3])
}

func transformRow(row *[4]float32, a, b, c, d float32) {
	row[0], row[1], row[2], row[3] = a-c, b+c, c-b, b-d
}

// kernel fills t from the weights of a convolution.
func (t *tile) kernel(k *[9]float32) {
	spread := func(a, b, c float32) [4]float32 { return [4]float32{a, (a + b + c) / 2, (a - b + c) / 2, c} }
	left, middle, right := spread(k[0], k[3], k[6]), spread(k[1], k[4], k[7]), spread(k[2], k[5], k[8])
	for i := range left {
		row := spread(left[i], middle[i], right[i])
		copy(t[4*i:], row[:])
	}
}

// times fills t with the product of two tiles.
func (t *tile) times(a, b *tile) {
	for i := 0; i < len(t); i += 4 {
		t[i] = a[i] * b[i]
		t[i+1] = a[i+1] * b[i+1]
		t[i+2] = a[i+2] * b[i+2]
		t[i+3] = a[i+3] * b[i+3]
	}
}

// sum fills t with the sum of the products of tiles and kernels.
func (t *tile) sum(in, kernels *[Maps1]tile) {
	for i := 0; i < len(t); i += 4 {
		var s0, s1, s2, s3 float32
		for k := range in {
			a, b := (*[4]float32)(in[k][i:]), (*[4]float32)(kernels[k][i:])
			s0 += a[0] * b[0]
			s1 += a[1] * b[1]
			s2 += a[2] * b[2]
			s3 += a[3] * b[3]
		}
		t[i], t[i+1], t[i+2], t[i+3] = s0, s1, s2, s3
	}
}

// square transforms a product back.
func (t *tile) square(s *Square, bias float32) {
	a, b := t[0]+t[4]+t[8], t[4]-t[8]-t[12]
	c, d := t[1]+t[5]+t[9], t[5]-t[9]-t[13]
	e, f := t[2]+t[6]+t[10], t[6]-t[10]-t[14]
	g, h := t[3]+t[7]+t[11], t[7]-t[11]-t[15]
	s[0], s[1] = bias+a+c+e, bias+c-e-g
	s[2], s[3] = bias+b+d+f, bias+d-f-h
}

func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		x, y := a[i:i+4:i+4], b[i:i+4:i+4]
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}
