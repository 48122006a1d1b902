package angle

import (
	"math"
	"testing"
)

func TestAnglesOfVectorsAreThoseOfMathematics(t *testing.T) {
	for _, length := range []float64{300, 3e6, 1e15} {
		slack := int16(2 + 65536/length)
		for i := range 65536 {
			sin, cos := math.Sincos(float64(i) / 65536 * 2 * math.Pi)
			x, y := int64(math.Round(cos*length)), int64(math.Round(sin*length))
			if off := int16(Of(x, y) - uint16(i)); off < -slack || off > slack {
				t.Fatalf("angle %d is taken for %d", i, Of(x, y))
			}
		}
	}
	if got := Of(0, 0); got != 0 {
		t.Errorf("the null vector has the angle %d", got)
	}
}

func TestSinesAreRounded(t *testing.T) {
	for i := range 256 {
		sin, cos := math.Sincos(float64(i) / 128 * math.Pi)
		if d := math.Abs(float64(Sine(uint8(i))) - Unit*sin); d > 0.5001 {
			t.Errorf("the sine of %d is off by %v", i, d)
		}
		if d := math.Abs(float64(Cosine(uint8(i))) - Unit*cos); d > 0.5001 {
			t.Errorf("the cosine of %d is off by %v", i, d)
		}
	}
}

// What lies near a half could be rounded up on one processor and down on another.
func TestNothingInTheTablesLiesNearAHalf(t *testing.T) {
	far := func(v float64) bool { return math.Abs(v-math.Floor(v)-0.5) > 1e-4 }
	for i := range 256 {
		if v := Unit * math.Sin(float64(i)/128*math.Pi); !far(v) {
			t.Errorf("sine %d is %v", i, v)
		}
		if v := math.Atan(float64(i)/256) / (2 * math.Pi) * 65536; !far(v) {
			t.Errorf("arctangent %d is %v", i, v)
		}
	}
}

func TestAnglesAreRoundedToTheNearest256th(t *testing.T) {
	for a, want := range map[uint16]uint8{0: 0, 127: 0, 128: 1, 255: 1, 256: 1, 65407: 255, 65408: 0, 65535: 0} {
		if got := Round(a); got != want {
			t.Errorf("%d becomes %d, want %d", a, got, want)
		}
	}
}

func TestRootsAreRoundedDown(t *testing.T) {
	for _, v := range []int64{1, 2, 3, 4, 99, 100, 1<<52 - 1, 1 << 52, 1<<60 + 1, 1<<62 - 1, 1 << 62} {
		if r := Root(v); r*r > v || (r+1)*(r+1) <= v {
			t.Errorf("root of %d is %d", v, r)
		}
	}
	for _, v := range []int64{0, -5} {
		if r := Root(v); r != 0 {
			t.Errorf("root of %d is %d", v, r)
		}
	}
}
