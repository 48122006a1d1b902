package quality

import (
	"image"
	"math"
)

// Frequencies, in waves per mm. Ridges lie 0.3 mm (small children) to 0.8 mm apart; what is
// finer is their edges and ends, and pores.
const (
	coarsest = 1.2 // of ridges
	finest   = 3.4 // of ridges
	limit    = 4.6 // of what is looked at; at 240 dpi there is no more
)

// spectrum finds the strongest wave in square blocks of one size. Frequencies are counted in
// periods per block: k to the right, from 0, and q downwards, of either sign. Blocks are seen
// through a Hann window, which spreads each wave over the neighbouring frequencies.
type spectrum struct {
	side   int     // pixels
	waves  int     // k and |q| are less
	length float64 // mm
	window []float32
	energy float32 // of the window over a block
	// cos and sin of frequency k at the pixels of half a row, from its middle: cos[k*half+x]
	half     int
	cos, sin []float32
	kinds    []kind    // of frequencies, by at
	power    []float32 // of the last block, by at

	re, im        []float32 // transformed rows: re[k*side+y]
	line          []float32
	even, odd     []float32 // of a line, folded at the middle
	imEven, imOdd []float32
}

// kind of a frequency.
type kind uint8

const (
	slope kind = iota + 1 // shading
	ridge                 // what ridges can be
)

// at is where a frequency's power is kept.
//
//go:norace
func (s *spectrum) at(k, q int) int { return (q+s.waves-1)*s.waves + k }

// newSpectrum makes a spectrum of blocks of side pixels, perMM of them to the mm.
func newSpectrum(side int, perMM float64) *spectrum {
	length := float64(side) / perMM
	waves := int(limit*length) + 1
	half := (side + 1) / 2
	s := &spectrum{
		side: side, waves: waves, length: length, half: half,
		window: make([]float32, side),
		cos:    make([]float32, waves*half),
		sin:    make([]float32, waves*half),
		kinds:  make([]kind, waves*(2*waves-1)),
		power:  make([]float32, waves*(2*waves-1)),
		line:   make([]float32, side),
		even:   make([]float32, half),
		odd:    make([]float32, half),
		imEven: make([]float32, half),
		imOdd:  make([]float32, half),
		re:     make([]float32, waves*side),
		im:     make([]float32, waves*side),
	}
	var energy float64
	for x := range side {
		w := (1 - math.Cos(2*math.Pi*(float64(x)+0.5)/float64(side))) / 2
		s.window[x] = float32(w)
		energy += w * w
	}
	s.energy = float32(energy * energy)
	for k := range waves {
		for x := range half {
			sin, cos := math.Sincos(2 * math.Pi * float64(k) * s.offset(x) / float64(side))
			s.cos[k*half+x], s.sin[k*half+x] = float32(cos), float32(sin)
		}
		for q := 1 - waves; q < waves; q++ {
			s.kinds[s.at(k, q)] = s.kindOf(k, q)
		}
	}
	return s
}

// offset returns how far the x-th pixel of the right half is from the middle.
func (s *spectrum) offset(x int) float64 { return float64(x) + float64(1-s.side%2)/2 }

func (s *spectrum) kindOf(k, q int) kind {
	periods := math.Hypot(float64(k), float64(q))
	switch {
	case periods < 1.5:
		return slope
	case periods >= coarsest*s.length && periods <= finest*s.length:
		return ridge
	}
	return 0
}

// wave is the strongest wave of a block.
type wave struct {
	clarity   float64 // share of the block's contrast that is this wave
	amplitude float64 // grey levels
}

// strongest finds the strongest wave that can be ridges in the block at the place, whose mean
// grey is given, and leaves the power of all frequencies in s.power.
//
//go:norace
func (s *spectrum) strongest(img *image.Gray, place image.Point, mean float32) wave {
	pixels := float32(s.side * s.side)
	rest := s.transform(img, place, mean) * pixels
	var peak float32
	var peakK, peakQ int
	for k := range s.waves {
		for q := 1 - s.waves; q < s.waves; q++ {
			p := s.power[s.at(k, q)]
			switch s.kinds[s.at(k, q)] {
			case slope:
				rest -= p
				if k > 0 {
					rest -= p // its mirror image
				}
			case ridge:
				if p > peak {
					peak, peakK, peakQ = p, k, q
				}
			}
		}
	}
	const least = 0.5 // grey levels
	if peak == 0 || rest < least*least*s.energy*pixels {
		return wave{}
	}
	sum := s.around(peakK, peakQ)
	return wave{
		clarity:   min(float64(2*sum/rest), 1),
		amplitude: 2 * math.Sqrt(float64(sum/s.energy)) / float64(s.side),
	}
}

// transform sets s.power and returns the energy of the pixels seen through the window. Lines
// are folded at the middle, where sines are odd and cosines even: half of the products are
// spared.
//
//go:norace
func (s *spectrum) transform(img *image.Gray, place image.Point, mean float32) (energy float32) {
	right, down := s.slopes(img, place)
	middle := float32(s.side-1) / 2
	for y := range s.side {
		row := img.Pix[(place.Y+y)*img.Stride+place.X:][:s.side]
		ground := mean + down*(float32(y)-middle) - right*middle
		for x, v := range row {
			p := (float32(v) - ground) * s.window[x] * s.window[y]
			ground += right
			s.line[x] = p
			energy += p * p
		}
		s.fold(s.line, s.even, s.odd)
		for k := range s.waves {
			s.re[k*s.side+y] = dot(s.even, s.cos[k*s.half:])
			s.im[k*s.side+y] = dot(s.odd, s.sin[k*s.half:])
		}
	}
	for k := range s.waves {
		s.fold(s.re[k*s.side:][:s.side], s.even, s.odd)
		s.fold(s.im[k*s.side:][:s.side], s.imEven, s.imOdd)
		for q := range s.waves {
			cos, sin := s.cos[q*s.half:], s.sin[q*s.half:]
			a, b := dot(s.even, cos), dot(s.imOdd, sin)
			c, d := dot(s.odd, sin), dot(s.imEven, cos)
			s.power[s.at(k, q)] = (a-b)*(a-b) + (c+d)*(c+d)
			s.power[s.at(k, -q)] = (a+b)*(a+b) + (c-d)*(c-d)
		}
	}
	return energy
}

// slopes returns by how much light rises to the right and downwards from pixel to pixel.
//
//go:norace
func (s *spectrum) slopes(img *image.Gray, place image.Point) (right, down float32) {
	var sumX, sumY int // of twice the distance from the middle
	for y := range s.side {
		sum := 0
		for x, v := range img.Pix[(place.Y+y)*img.Stride+place.X:][:s.side] {
			sum += int(v)
			sumX += int(v) * (2*x + 1 - s.side)
		}
		sumY += sum * (2*y + 1 - s.side)
	}
	n := float32(s.side)
	scale := 6 / (n * n * (n*n - 1))
	return float32(sumX) * scale, float32(sumY) * scale
}

// fold adds and subtracts the halves of a line, from its middle outwards.
//
//go:norace
func (s *spectrum) fold(line, even, odd []float32) {
	for x := range s.half {
		right, left := line[s.side-s.half+x], line[s.half-1-x]
		even[x], odd[x] = right+left, right-left
	}
	if s.side%2 == 1 {
		even[0] /= 2 // the middle is in both halves
	}
}

// dot returns the sum of products of a and as much of b.
//
//go:norace
func dot(a, b []float32) (sum float32) {
	b = b[:len(a)]
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// around sums the power near a frequency: one wave, seen through the window.
//
//go:norace
func (s *spectrum) around(k, q int) (sum float32) {
	for i := k - 1; i <= k+1; i++ {
		for j := q - 1; j <= q+1; j++ {
			i, j := i, j
			if i < 0 {
				i, j = -i, -j // its mirror image
			}
			if i < s.waves && max(j, -j) < s.waves && s.kinds[s.at(i, j)] != slope {
				sum += s.power[s.at(i, j)]
			}
		}
	}
	return sum
}

// directions is how many directions of half a turn are told apart: so few that every one has
// frequencies finer than ridges.
const directions = 12

// weakest returns how much detail the direction with the least has, as a share of that with the
// most. The total is the power of all blocks, summed.
//
//go:norace
func (s *spectrum) weakest(total []float64) float64 {
	var sums, weights [directions]float64
	for k := range s.waves {
		for q := 1 - s.waves; q < s.waves; q++ {
			periods := math.Hypot(float64(k), float64(q))
			if periods <= finest*s.length || periods > float64(s.waves-1) || k == 0 && q < 0 {
				continue
			}
			at := (math.Atan2(float64(q), float64(k))/math.Pi + 0.5) * directions
			low := int(at)
			share := at - float64(low)
			p := total[s.at(k, q)]
			sums[low%directions] += p * (1 - share)
			weights[low%directions] += 1 - share
			sums[(low+1)%directions] += p * share
			weights[(low+1)%directions] += share
		}
	}
	least, most := math.Inf(1), 0.0
	for i, w := range weights {
		least, most = min(least, sums[i]/w), max(most, sums[i]/w)
	}
	if most == 0 {
		return 1
	}
	return least / most
}
