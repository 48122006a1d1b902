package wsq

import "math"

// What the standard's part 3 sets for the quantizer.
const (
	leastVariance = 1.01 // of a subband that is coded
	loading       = 2.5  // bins span so many standard deviations to each side ...
	zeroWider     = 1.2  // times a bin is the one around zero
	binCentre     = 44   // hundredths of a bin from its inner edge to where values are put
	dullPicture   = 20000
)

// finest is the least width of a bin. The formula gives far less for a picture with next to nothing
// in its high subbands; a quarter of a grey level is enough, and coefficients then fit in 16 bits.
const finest = 0.25

// fewest is the number of samples below which a variance is taken around zero and over the
// whole subband: so few are only in pictures smaller than the standard is made for.
const fewest = 16

// bandWeight returns the standard's weight A of a subband.
func bandWeight(band int) float64 {
	weights := [...]float64{1.32, 1.08, 1.42, 1.08, 1.32, 1.42, 1.08, 1.08}
	if first := codedBands - len(weights); band >= first {
		return weights[band-first]
	}
	return 1
}

// bandShare returns which share of a picture's samples a subband has, by the standard.
func bandShare(band int) float64 {
	switch {
	case band < 4:
		return 1.0 / 1024
	case band < 51:
		return 1.0 / 256
	}
	return 1.0 / 16
}

// variances returns the variance of each subband. Only the middle of the picture counts, unless
// its four lowest subbands are dull.
func variances(p *plane, l layout) (v [codedBands]float64) {
	var lowest float64
	for i := range 4 {
		v[i] = bandVariance(p, l.bands[i], middle(l.bands[i]))
		lowest += v[i]
	}
	for i := range v {
		switch {
		case lowest < dullPicture:
			v[i] = bandVariance(p, l.bands[i], l.bands[i])
		case i >= 4:
			v[i] = bandVariance(p, l.bands[i], middle(l.bands[i]))
		}
	}
	return v
}

// middle returns the part of a subband that the standard measures.
func middle(r rect) rect {
	return rect{r.x + r.w/8, r.y + 9*r.h/32, 3 * r.w / 4, 7 * r.h / 16}
}

func bandVariance(p *plane, band, part rect) float64 {
	if n := part.area(); n >= fewest {
		sum, squares := sums(p, part)
		return (squares - sum*sum/float64(n)) / float64(n-1)
	}
	if band.area() == 0 {
		return 0
	}
	_, squares := sums(p, band)
	return squares / float64(band.area())
}

func sums(p *plane, r rect) (sum, squares float64) {
	for y := range r.h {
		for _, v := range p.row(r, y) {
			sum += v
			squares += float64(v * v)
		}
	}
	return sum, squares
}

// binWidths spreads the bits per pixel that are aimed at over the subbands (standard, part 3):
// where the width by the variance would leave a subband no bits at all, its share is spread
// over the others. The width of a subband that is left out is 0.
func binWidths(variance [codedBands]float64, bitrate float64) (width [codedBands]float64) {
	var relative [codedBands]float64
	var working []int
	for i, v := range variance {
		if v < leastVariance {
			continue
		}
		relative[i] = 1
		if i >= 4 {
			relative[i] = 10 / float64(bandWeight(i)*ln(v))
		}
		working = append(working, i)
	}
	var scale float64
	for len(working) > 0 {
		scale = commonScale(working, variance, relative, bitrate)
		var left []int
		for _, i := range working {
			if relative[i]/scale < 2*loading*math.Sqrt(variance[i]) {
				left = append(left, i)
			}
		}
		if len(left) == len(working) {
			break
		}
		working = left
	}
	if len(working) == 0 {
		return width
	}
	for i, r := range relative {
		// A bin too wide for the file's numbers holds nothing but zeros.
		if w := r / scale; r != 0 && w < math.MaxUint16/zeroWider {
			width[i] = max(w, finest)
		}
	}
	return width
}

// commonScale returns by what the relative bin widths of the subbands are divided.
func commonScale(bands []int, variance, relative [codedBands]float64, bitrate float64) float64 {
	var share, product float64 // the product's logarithm
	for _, i := range bands {
		share += bandShare(i)
		product += float64(bandShare(i) * (ln(variance[i])/2 - ln(relative[i])))
	}
	return exp(float64(math.Ln2*(bitrate/share-1)) - ln(loading) - product/share)
}

// quantize returns the coefficients of the subbands in a row, rounded to bins.
func quantize(p *plane, l layout, width [codedBands]float64, bands bandRange) []int16 {
	n := 0
	for i := bands.from; i < bands.to; i++ {
		if width[i] != 0 {
			n += l.bands[i].area()
		}
	}
	out := make([]int16, 0, n)
	for i := bands.from; i < bands.to; i++ {
		if width[i] == 0 {
			continue
		}
		half := float64(width[i]*zeroWider) / 2
		for y := range l.bands[i].h {
			for _, v := range p.row(l.bands[i], y) {
				switch {
				case v > half:
					v = min((v-half)/width[i]+1, math.MaxInt16)
				case v < -half:
					v = max((v+half)/width[i]-1, -math.MaxInt16)
				default:
					v = 0
				}
				out = append(out, int16(v))
			}
		}
	}
	return out
}
