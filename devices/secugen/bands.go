package secugen

// The sensor is read out in two rows of eight bands, and in each every second line is lighter
// than its neighbours by what the calibration says.
const (
	bandWidth  = 119
	bandHeight = height / bandRows
)

// dither spreads hundredths of a grey over four columns (a bit each) and three lines, by
// quarters of a grey.
var dither = [4][3]byte{
	{0, 0, 0},
	{4, 8, 2},
	{5, 3, 6},
	{7, 11, 13},
}

// makeBands tabulates what becomes of a pixel by its band, line and column.
//
//go:norace
func (d *developer) makeBands(offsets [bandRows * bandColumns]int16) {
	for r, offset := range offsets {
		for line := range 3 {
			for column := range 4 {
				table := new([256]byte)
				for v := range table {
					table[v] = evened(v, share(v, int(offset)), line, column)
				}
				d.bands[r][line][column] = table
			}
		}
	}
}

// share returns how much of a band's offset a grey has.
//
//go:norace
func share(v, offset int) int {
	switch {
	case v > 200:
		return offset
	case v > 160:
		return 3 * offset >> 2
	case v > 100:
		return offset >> 1
	case v > 70:
		return offset >> 2
	case v > 25:
		return offset >> 3
	}
	return 0
}

// evened takes hundredths of a grey from a grey.
//
//go:norace
func evened(v, hundredths, line, column int) byte {
	whole := hundredths / 100
	rest := hundredths - 100*whole
	if rest < 0 {
		rest = -rest
	}
	bit := int(dither[rest/25][line] >> column & 1)
	if hundredths < 0 {
		bit = -bit
	}
	return clamp(v - whole - bit)
}

// evenBands takes the offset from every second line.
//
//go:norace
func (d *developer) evenBands(frame []byte) {
	for r, tables := range d.bands {
		left, top := r%bandColumns*bandWidth, r/bandColumns*bandHeight
		right := left + bandWidth
		if r%bandColumns == bandColumns-1 {
			right = width
		}
		line := 0
		for y := top + 1; y < top+bandHeight; y += 2 {
			row := frame[y*width+left : y*width+right]
			t := &tables[line]
			for x, v := range row {
				row[x] = t[x&3][v]
			}
			line = (line + 1) % 3
		}
	}
}
