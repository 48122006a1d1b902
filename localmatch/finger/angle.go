package finger

import "boothd/localmatch/finger/angle"

// turn is an angle in 65,536ths of a full turn, counterclockwise; it wraps as angles do.
type turn uint16

const (
	degree   = 65536 / 360
	unitBits = angle.UnitBits // the precision of sines: 1 is 1<<unitBits
)

// from tells the way from b to a, from half a turn back to half a turn on.
func (a turn) from(b turn) int { return int(int16(a - b)) }

// sine is exact to two parts in angle.Unit.
func (a turn) sine() int {
	low, high := int(angle.Sine(uint8(a>>8))), int(angle.Sine(uint8(a>>8)+1))
	return low + ((high-low)*int(a&255)+128)>>8
}

func (a turn) cosine() int { return (a + 1<<14).sine() }

// direction is the angle of the vector (x, y), y up; 0 for the null vector.
func direction(x, y int) turn { return turn(angle.Of(int64(x), int64(y))) }

func abs(x int) int { return max(x, -x) }

// root is the whole part of the square root.
func root(n int) int { return int(angle.Root(int64(n))) }
