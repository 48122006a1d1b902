package ridge

// Windows of the normalisation, in pixels to each side: the mean over about two and a half
// ridges, the deviation over about four.
const (
	meanReach      = 11
	deviationReach = 16
)

// full is the value that a pixel gets which deviates from its surroundings as much as they
// deviate on average.
const full = 64

// scales holds the factors, in 4096ths, that bring a deviation in 16ths of a grey level to full.
// Less than one grey level is noise and stays small.
var scales = func() (t [255*16 + 1]int32) {
	for d := range t {
		t[d] = int32(full << 12 / (d + 16))
	}
	return t
}()

// normalise makes ridges positive and furrows negative, of about the same height
// everywhere. It also returns how far grey levels deviate from their mean, cell by cell.
func normalise(pixels []uint8, width, height int) (*plane, cells[int32]) {
	out := newPlane(width, height)
	n := width * height
	mean := make([]int32, n)
	for i, v := range pixels {
		mean[i] = int32(v) << 4
	}
	box(mean, width, height, meanReach)
	deviation := make([]int32, n)
	for i, v := range pixels {
		d := mean[i] - int32(v)<<4
		mean[i] = d
		deviation[i] = max(d, -d)
	}
	box(deviation, width, height, deviationReach)
	for y := range height {
		row := out.row(y)
		for x, d := range mean[y*width:][:width] {
			row[x] = int16(min(max(d*scales[deviation[y*width+x]]>>12, -2*full), 2*full))
		}
	}
	level := cellsOf[int32](out)
	for cy := range level.height {
		for cx := range level.width {
			x, y := min(cx*cell+cell/2, width-1), min(cy*cell+cell/2, height-1)
			level.v[cy*level.width+cx] = deviation[y*width+x]
		}
	}
	return out, level
}

// box replaces each value by the mean over a square, as far as it lies in the picture.
// Values are less than 1<<15.
//
//go:norace
func box(v []int32, width, height, reach int) {
	line := make([]int32, width)
	across := sharesOf(width, reach)
	for y := range height {
		row := v[y*width:][:width]
		copy(line, row)
		var sum int32
		for _, x := range line[:min(reach, width)] {
			sum += x
		}
		for x := range row {
			if x+reach < width {
				sum += line[x+reach]
			}
			if x > reach {
				sum -= line[x-reach-1]
			}
			row[x] = int32(int64(sum) * across[x] >> 20)
		}
	}
	// Columns are summed line by line, which keeps to the order of memory.
	down := sharesOf(height, reach)
	sums := make([]int32, width)
	held := make([]int32, width*(reach+1)) // lines already overwritten
	for y := range min(reach, height) {
		add(sums, v[y*width:][:width])
	}
	for y := range height {
		if y+reach < height {
			add(sums, v[(y+reach)*width:][:width])
		}
		row, old := v[y*width:][:width], held[y%(reach+1)*width:][:width]
		for x, sum := range sums {
			sum -= old[x]
			sums[x], old[x] = sum, row[x]
			row[x] = int32(int64(sum) * down[y] >> 20)
		}
	}
}

//go:norace
func add(sums, row []int32) {
	for x, v := range row {
		sums[x] += v
	}
}

// sharesOf returns, for each place of a line, the share of one value in the mean, in
// 1<<20ths.
func sharesOf(length, reach int) []int64 {
	shares := make([]int64, length)
	for i := range shares {
		n := min(i+reach, length-1) - max(i-reach, 0) + 1
		shares[i] = int64((1<<20 + n - 1) / n)
	}
	return shares
}
