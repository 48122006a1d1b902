// Package angle computes with angles on whole numbers.
//
// Angles count counterclockwise from the right, in 65,536ths of a turn, or in 256ths where that
// is enough, as unsigned numbers that wrap around as angles do. Processors differ in the last
// bits of fractions, so the tables are rounded once and everything else is whole numbers: the
// results are the same everywhere.
package angle

import "math"

const (
	UnitBits = 14
	// Unit is what Sine and Cosine return for 1.
	Unit = 1 << UnitBits
)

// sines holds the sine of each 256th of a turn, times Unit.
var sines = func() (t [256]int32) {
	for i := range t {
		t[i] = int32(math.Round(Unit * math.Sin(float64(i)/128*math.Pi)))
	}
	return t
}()

// arctangents holds the arctangent of i/256 in 65,536ths of a turn.
var arctangents = func() (t [257]uint16) {
	for i := range t {
		t[i] = uint16(math.Round(math.Atan(float64(i)/256) / (2 * math.Pi) * 65536))
	}
	return t
}()

// Sine returns the sine of an angle in 256ths of a turn, times Unit.
func Sine(a uint8) int32 { return sines[a] }

// Cosine returns the cosine of an angle in 256ths of a turn, times Unit.
func Cosine(a uint8) int32 { return sines[a+64] }

// Round turns 65,536ths of a turn into the nearest 256th.
func Round(a uint16) uint8 { return uint8((a + 128) >> 8) }

// Of returns the angle of the vector (x, y), y upwards, in 65,536ths of a turn; it is off by two
// at most. The angle of (0, 0) is 0.
func Of(x, y int64) uint16 {
	ax, ay := max(x, -x), max(y, -y)
	if ax == 0 && ay == 0 {
		return 0
	}
	var a uint16
	if ay <= ax {
		a = arctangent(ay, ax)
	} else {
		a = 1<<14 - arctangent(ax, ay)
	}
	if x < 0 {
		a = 1<<15 - a
	}
	if y < 0 {
		a = -a
	}
	return a
}

// arctangent interpolates the table at y/x, which is at most 1.
func arctangent(y, x int64) uint16 {
	for x >= 1<<46 {
		x, y = x>>1, y>>1
	}
	ratio := (y << 16) / x
	i, f := ratio>>8, ratio&255
	if f == 0 {
		return arctangents[i]
	}
	low, high := int64(arctangents[i]), int64(arctangents[i+1])
	return uint16(low + ((high-low)*f+128)>>8)
}

// Root returns the square root of a number of up to 1<<62, rounded down; 0 of what is negative.
func Root(v int64) int64 {
	if v <= 0 {
		return 0
	}
	r := int64(math.Sqrt(float64(v)))
	for r*r > v {
		r--
	}
	for (r+1)*(r+1) <= v {
		r++
	}
	return r
}
