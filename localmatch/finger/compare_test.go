package finger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"boothd/capture/synthetic"
)

// synthesize scatters minutiae over a finger.
func synthesize(seed uint64, n int) *Template {
	rng := rand.New(rand.NewPCG(seed, 1))
	t := &Template{Width: 400, Height: 500}
	for len(t.Minutiae) < n {
		m := Minutia{X: 40 + rng.IntN(320), Y: 40 + rng.IntN(420), Kind: Kind(1 + rng.IntN(2)), Quality: uint8(1 + rng.IntN(100))}
		// Directions follow a flow, as on fingers.
		m.Direction = uint8(int(64+float64(m.X-200)/4) + 128*rng.IntN(2) + rng.IntN(16))
		clear := true
		for _, o := range t.Minutiae {
			clear = clear && math.Hypot(float64(m.X-o.X), float64(m.Y-o.Y)) > 12
		}
		if clear {
			t.Minutiae = append(t.Minutiae, m)
		}
	}
	return t
}

// pressing is how a finger is laid again.
type pressing struct {
	turn          float64 // degrees
	dx, dy        int
	jitter        float64 // pixels
	stretch       float64 // share by which the print is stretched to the right
	missing, more float64 // shares of the minutiae
}

func (p pressing) of(t *Template, seed uint64) *Template {
	rng := rand.New(rand.NewPCG(seed, 2))
	out := &Template{Width: t.Width, Height: t.Height}
	sin, cos := math.Sincos(p.turn * math.Pi / 180)
	for _, m := range t.Minutiae {
		if rng.Float64() < p.missing {
			continue
		}
		x, y := float64(m.X-200), float64(m.Y-250)
		x += x * x / 200 * p.stretch
		x, y = cos*x+sin*y+rng.NormFloat64()*p.jitter, cos*y-sin*x+rng.NormFloat64()*p.jitter
		m.X, m.Y = int(math.Round(x))+220+p.dx, int(math.Round(y))+270+p.dy
		m.Direction += uint8(int(math.Round(p.turn/360*256 + rng.NormFloat64()*p.jitter)))
		if m.X >= 0 && m.Y >= 0 {
			out.Minutiae = append(out.Minutiae, m)
		}
	}
	for range int(p.more * float64(len(t.Minutiae))) {
		out.Minutiae = append(out.Minutiae, Minutia{
			X: rng.IntN(400), Y: rng.IntN(500), Direction: uint8(rng.IntN(256)), Kind: Ending, Quality: 20,
		})
	}
	return out
}

var pressings = []struct {
	name string
	pressing
}{
	{"unchanged", pressing{}},
	{"moved", pressing{dx: 60, dy: -80, jitter: 1}},
	{"turned", pressing{turn: 35, jitter: 1}},
	{"turned the other way and moved", pressing{turn: -50, dx: -30, dy: 40, jitter: 1.5}},
	{"stretched", pressing{turn: 10, stretch: 0.15, jitter: 1}},
	{"half of the minutiae missing", pressing{turn: 5, missing: 0.5, jitter: 1}},
	{"a third missing and as many that are none", pressing{turn: -12, missing: 0.3, more: 0.3, jitter: 2}},
}

func TestTheSameFingerScoresAboveAllOthers(t *testing.T) {
	finger := synthesize(1, 45)
	highest := 0.0
	for seed := range uint64(60) {
		highest = max(highest, Compare(finger, synthesize(100+seed, 45)).Score)
	}
	if highest > 35 {
		t.Errorf("different fingers score up to %.1f", highest)
	}
	for _, tt := range pressings {
		if got := Compare(finger, tt.of(finger, 7)).Score; got < highest+10 {
			t.Errorf("%s: score %.1f, different fingers up to %.1f", tt.name, got, highest)
		}
	}
}

func TestPairsAndTransformTellWhichMinutiaeAreTheSame(t *testing.T) {
	finger := synthesize(2, 40)
	for _, tt := range []struct {
		name string
		pressing
	}{
		{"moved", pressing{dx: 33, dy: -21}},
		{"turned", pressing{turn: 25, dx: 5, dy: 9}},
		{"turned the other way", pressing{turn: -40}},
	} {
		again := tt.of(finger, 3)
		c := Compare(finger, again)
		if len(c.Pairs) < 35 {
			t.Errorf("%s: %d pairs", tt.name, len(c.Pairs))
		}
		if d := c.Transform.Turn*180/math.Pi - tt.turn; math.Abs(d) > 1 {
			t.Errorf("%s: turn is %.2f° off", tt.name, d)
		}
		for _, p := range c.Pairs {
			if p.A != p.B {
				t.Errorf("%s: minutia %d is taken for %d", tt.name, p.A, p.B)
			}
			x, y := c.Transform.apply(finger.Minutiae[p.A])
			m := again.Minutiae[p.B]
			if d := math.Hypot(x-float64(m.X), y-float64(m.Y)); d > 3 {
				t.Errorf("%s: minutia %d lies %.1f pixels off", tt.name, p.A, d)
			}
		}
	}
}

func (f Transform) apply(m Minutia) (x, y float64) {
	sin, cos := math.Sincos(f.Turn)
	return cos*float64(m.X) + sin*float64(m.Y) + f.DX, cos*float64(m.Y) - sin*float64(m.X) + f.DY
}

func TestTheOrderOfTheTemplatesDoesNotMatter(t *testing.T) {
	var templates []*Template
	for seed := range uint64(8) {
		f := synthesize(seed, 30)
		templates = append(templates, f, pressing{turn: 20, dx: 10, jitter: 2, missing: 0.2}.of(f, seed))
	}
	ridges := printed(t, 3, synthetic.Press{Area: 1})
	moved := *ridges
	shifted := *ridges.Ridges
	shifted.Left += RidgePatch
	moved.Width += RidgePatch
	moved.Ridges = &shifted
	templates = append(templates, ridges, &moved, printed(t, 3, synthetic.Press{Area: 1, Seed: 5}))
	for i, a := range templates {
		for j, b := range templates {
			ab, ba := Compare(a, b), Compare(b, a)
			if ab.Score != ba.Score || len(ab.Pairs) != len(ba.Pairs) {
				t.Fatalf("%d and %d: scores %v and %v, %d and %d pairs", i, j, ab.Score, ba.Score, len(ab.Pairs), len(ba.Pairs))
			}
			for k, p := range ab.Pairs {
				if q := ba.Pairs[k]; p.A != q.B || p.B != q.A {
					t.Fatalf("%d and %d: pair %v against %v", i, j, p, q)
				}
				x, y := ab.Transform.apply(a.Minutiae[p.A])
				x, y = ba.Transform.apply(Minutia{X: int(math.Round(x)), Y: int(math.Round(y))})
				if d := math.Hypot(x-float64(a.Minutiae[p.A].X), y-float64(a.Minutiae[p.A].Y)); d > 1.5 {
					t.Fatalf("%d and %d: there and back again is %.1f pixels off", i, j, d)
				}
			}
		}
	}
}

// printed is the template of a synthetic traveller's finger.
func printed(tb testing.TB, traveller int, how synthetic.Press) *Template {
	tb.Helper()
	f, err := Extract(synthetic.New(traveller).Press(2, how), DPI)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func TestRidgesTellFingersApartWhoseMinutiaeAreFew(t *testing.T) {
	few := func(traveller int, how synthetic.Press) *Template {
		f := printed(t, traveller, how)
		f.Minutiae = f.Minutiae[:min(len(f.Minutiae), 6)]
		return f
	}
	first := printed(t, 1, synthetic.Press{Area: 1})
	again := few(1, synthetic.Press{Area: 1, Seed: 4})
	same := Compare(first, again).Score
	again.Ridges = nil
	without := Compare(first, again).Score
	highest := 0.0
	for other := 11; other < 21; other++ {
		highest = max(highest, Compare(first, few(other, synthetic.Press{Area: 1})).Score)
	}
	if same < highest+20 || same < without+10 {
		t.Errorf("score %.1f, without ridges %.1f, different fingers up to %.1f", same, without, highest)
	}
}

func TestPoorTemplatesAreComparedWithoutHarm(t *testing.T) {
	good := printed(t, 1, synthetic.Press{Area: 1})
	bare := *good
	bare.Ridges = nil
	one := Minutia{X: 100, Y: 100, Direction: 7}
	same := make([]Minutia, 255)
	far := make([]Minutia, 255)
	for i := range same {
		same[i] = one
		far[i] = Minutia{X: math.MaxInt >> (i % 60), Y: -math.MaxInt >> (i % 50), Direction: uint8(i), Kind: Kind(i), Quality: uint8(i)}
	}
	broken := *good
	broken.Ridges = &Ridges{Left: -16, Top: 1 << 40, Columns: 3, Pattern: Bitmap{Width: 1 << 20, Height: 1 << 20}, Flow: []uint8{1}}
	ridgesOnly := *good
	ridgesOnly.Minutiae = nil
	for _, tt := range []struct {
		name string
		t    *Template
		none bool // no minutia of it can be paired
	}{
		{"nothing", &Template{}, true},
		{"ridges without minutiae", &ridgesOnly, true},
		{"one minutia", &Template{Minutiae: []Minutia{one}}, false},
		{"two minutiae", &Template{Minutiae: []Minutia{one, {X: 120, Y: 90}}}, false},
		{"all minutiae at one place", &Template{Minutiae: same}, false},
		{"minutiae outside any picture", &Template{Minutiae: far[:50]}, true},
		{"as many minutiae as there may be", synthesize(9, 255), false},
		{"no ridges", &bare, false},
		{"ridges that contradict themselves", &broken, false},
	} {
		for _, other := range []*Template{good, &bare, tt.t} {
			c := Compare(tt.t, other)
			if math.IsNaN(c.Score) || c.Score < 0 || tt.none && (c.Score != 0 || len(c.Pairs) != 0) {
				t.Errorf("%s: score %v, %d pairs", tt.name, c.Score, len(c.Pairs))
			}
		}
	}
}

// golden is the same on every processor.
const golden = "cbb23e0291b3ae09e29153289495372960edbb5535679fd4c73151cb98bd6b9e"

func TestComparisonsAreTheSameOnEveryProcessor(t *testing.T) {
	h := sha256.New()
	write := func(v float64) { _ = binary.Write(h, binary.BigEndian, math.Float64bits(v)) }
	for seed := range uint64(6) {
		f := synthesize(seed, 30+4*int(seed))
		for k, tt := range pressings {
			// Without jitter the test's own arithmetic is rounded to whole pixels.
			p := pressing{turn: float64(k%2) * 5, dx: 3 * k, dy: 2 * k, missing: tt.missing}
			again, other := p.of(f, seed), synthesize(50+seed, 40)
			for _, c := range []Comparison{
				Compare(f, again), Compare(f, other),
				Compare(ringed(f, 200, 250), ringed(again, 220+3*k, 270+2*k)), Compare(ringed(f, 200, 250), ringed(other, 190, 240)),
			} {
				write(c.Score)
				write(c.Transform.Turn)
				write(c.Transform.DX)
				write(c.Transform.DY)
				_ = binary.Write(h, binary.BigEndian, int64(len(c.Pairs)))
			}
		}
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != golden {
		t.Errorf("comparisons differ from those of other processors: %s", got)
	}
}

// ringed returns the template with rings around a place for ridges.
func ringed(t *Template, x, y int) *Template {
	r := &Ridges{Columns: t.Width / RidgePatch}
	lines := t.Height / RidgePatch
	r.Pattern = NewBitmap(r.Columns*RidgePatch/RidgeDot, lines*RidgePatch/RidgeDot)
	r.Clear = NewBitmap(r.Columns*RidgePatch/RidgeCell, lines*RidgePatch/RidgeCell)
	for v := range r.Pattern.Height {
		for u := range r.Pattern.Width {
			dx, dy := u*RidgeDot-x, v*RidgeDot-y
			if root(dx*dx+dy*dy)%9 < 4 {
				r.Pattern.Set(u, v)
			}
		}
	}
	for i := range r.Clear.Words {
		r.Clear.Words[i] = math.MaxUint64
	}
	for i := range r.Columns * lines {
		dx, dy := i%r.Columns*RidgePatch+RidgePatch/2-x, i/r.Columns*RidgePatch+RidgePatch/2-y
		r.Flow = append(r.Flow, uint8((direction(dx, -dy)+0x4000)>>8)&127)
		r.Period = append(r.Period, 36)
	}
	out := *t
	out.Ridges = r
	return &out
}

func BenchmarkPrepare(b *testing.B) {
	f := printed(b, 1, synthetic.Press{Area: 1})
	for b.Loop() {
		Prepare(f)
	}
}

func BenchmarkCompareSameFinger(b *testing.B) {
	p := Prepare(printed(b, 1, synthetic.Press{Area: 1}))
	q := Prepare(printed(b, 1, synthetic.Press{Area: 1, Seed: 4}))
	for b.Loop() {
		p.Compare(q)
	}
}

func BenchmarkCompareDifferentFingers(b *testing.B) {
	p := Prepare(printed(b, 1, synthetic.Press{Area: 1}))
	var others []*Prepared
	for n := 11; n < 21; n++ {
		others = append(others, Prepare(printed(b, n, synthetic.Press{Area: 1})))
	}
	i := 0
	for b.Loop() {
		p.Compare(others[i%len(others)])
		i++
	}
}

func FuzzCompare(f *testing.F) {
	f.Add([]byte{}, []byte{}, uint8(0))
	f.Add([]byte{10, 10, 64, 1, 50}, []byte{10, 11, 64, 1, 50}, uint8(3))
	for seed := range uint64(4) {
		f.Add(scattered(seed, 5*int(seed)*12), scattered(seed+1, 5*40), uint8(seed))
	}
	f.Add(scattered(7, 5*255), scattered(8, 5*255), uint8(7))
	f.Fuzz(func(t *testing.T, a, b []byte, how uint8) {
		x, y := arbitrary(a, how&1 != 0, how&2 != 0), arbitrary(b, how&4 != 0, how&8 != 0)
		p, q := Prepare(x), Prepare(y)
		c, back := p.Compare(q), q.Compare(p)
		if c.Score != back.Score || math.IsNaN(c.Score) || math.IsInf(c.Score, 0) || c.Score < 0 {
			t.Fatalf("scores %v and %v", c.Score, back.Score)
		}
		var usedA, usedB [MaxMinutiae]bool
		for _, pair := range c.Pairs {
			if usedA[pair.A] || usedB[pair.B] || pair.A >= len(x.Minutiae) || pair.B >= len(y.Minutiae) {
				t.Fatalf("pair %v", pair)
			}
			usedA[pair.A], usedB[pair.B] = true, true
		}
	})
}

func scattered(seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, 3))
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

// arbitrary makes a template of bytes: minutiae, and from the same bytes ridges.
func arbitrary(data []byte, wide, ridges bool) *Template {
	t := &Template{Width: 320, Height: 320}
	scale := 1
	if wide {
		scale = 9 // beyond what is looked at
	}
	for m := range slices.Chunk(data, 5) {
		if len(m) < 5 || len(t.Minutiae) == MaxMinutiae {
			break
		}
		t.Minutiae = append(t.Minutiae, Minutia{
			X: int(m[0])*scale - 5, Y: int(m[1])*scale - 5, Direction: m[2], Kind: Kind(m[3]), Quality: m[4],
		})
	}
	if !ridges || len(data) == 0 {
		return t
	}
	const columns, lines = 18, 19
	r := &Ridges{Columns: columns, Left: int(data[0]) % 3 * RidgePatch}
	r.Pattern = NewBitmap(columns*RidgePatch/RidgeDot, lines*RidgePatch/RidgeDot)
	r.Clear = NewBitmap(columns*RidgePatch/RidgeCell, lines*RidgePatch/RidgeCell)
	for _, b := range []Bitmap{r.Pattern, r.Clear} {
		for i := range b.Words {
			b.Words[i] = uint64(data[i%len(data)]) * 0x0101010101010101
		}
	}
	r.Flow, r.Period = make([]uint8, columns*lines), make([]uint8, columns*lines)
	for i := range r.Flow {
		r.Flow[i] = data[i%len(data)] & 127
	}
	t.Ridges = r
	return t
}
