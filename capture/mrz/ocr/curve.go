package ocr

import "math"

// curve says where in the picture the places of a line are: a polynomial in each direction,
// for pages bend and cameras look askance. Of third degree, for one of second strays by a
// fifth of a pitch where the characters at one end are half as large again as at the other.
type curve struct {
	x, y   polynomial
	centre float64 // the place where the polynomials' argument is 0
}

// polynomial holds the coefficients, the constant first.
type polynomial [4]float64

func (p *polynomial) at(t float64) float64    { return p[0] + t*(p[1]+t*(p[2]+t*p[3])) }
func (p *polynomial) slope(t float64) float64 { return p[1] + t*(2*p[2]+3*t*p[3]) }

func (c *curve) at(place float64) point {
	t := place - c.centre
	return point{X: c.x.at(t), Y: c.y.at(t)}
}

// pitch is the step to the next place.
func (c *curve) pitch(place float64) point {
	t := place - c.centre
	return point{X: c.x.slope(t), Y: c.y.slope(t)}
}

// turned is the same line read from its other end: place p becomes -p.
func (c *curve) turned() curve {
	return curve{
		x:      polynomial{c.x[0], -c.x[1], c.x[2], -c.x[3]},
		y:      polynomial{c.y[0], -c.y[1], c.y[2], -c.y[3]},
		centre: -c.centre,
	}
}

// fitted lays a curve through the links, those that are off counting less: the fewer
// places they cover, the straighter.
func fitted(links []link) curve {
	const rounds = 4
	first, last := links[0].place, links[len(links)-1].place
	c := curve{centre: float64(first+last) / 2}
	degree := 1
	for _, enough := range [2]int{24, 27} {
		if last-first >= enough && len(links) >= enough*2/3 {
			degree++
		}
	}
	weights := make([]float64, len(links))
	for i := range weights {
		weights[i] = 1
	}
	for range rounds {
		c.x = leastSquares(links, weights, c.centre, degree, func(l *link) float64 { return l.at.X })
		c.y = leastSquares(links, weights, c.centre, degree, func(l *link) float64 { return l.at.Y })
		pitch := c.pitch(c.centre).Length()
		for i := range links {
			off := distance(links[i].at, c.at(float64(links[i].place))) / (0.1*pitch + 1e-9)
			weights[i] = 1 / (1 + off*off)
		}
	}
	return c
}

// leastSquares fits a polynomial of a degree of 1 to 3.
func leastSquares(links []link, weights []float64, centre float64, degree int, value func(*link) float64) polynomial {
	var sums [7]float64
	var m equations
	for i := range links {
		t, w := float64(links[i].place)-centre, weights[i]
		for k := range sums {
			sums[k] += w
			if k <= degree {
				m[k][len(m)] += w * value(&links[i])
			}
			w *= t
		}
	}
	for i := range m {
		if i > degree {
			m[i][i] = 1 // and so the coefficient is 0
			continue
		}
		copy(m[i][:degree+1], sums[i:])
	}
	return m.solved()
}

// equations are linear: each row holds the factors of the unknown and what they sum up to.
type equations [4][5]float64

// solved finds the unknown by elimination; they are 0 if they are not certain.
func (m *equations) solved() polynomial {
	for i := range m {
		best := i
		for j := i + 1; j < len(m); j++ {
			if math.Abs(m[j][i]) > math.Abs(m[best][i]) {
				best = j
			}
		}
		m[i], m[best] = m[best], m[i]
		if math.Abs(m[i][i]) < 1e-12 {
			return polynomial{}
		}
		for j := range m {
			if j == i {
				continue
			}
			k := m[j][i] / m[i][i]
			for c := range m[j] {
				m[j][c] -= k * m[i][c]
			}
		}
	}
	var out polynomial
	for i := range out {
		out[i] = m[i][len(m)] / m[i][i]
	}
	return out
}
