package index

import (
	"hash/crc32"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"boothd/localmatch/finger"
	"boothd/localmatch/finger/index/indextest"
)

// hold returns the scores of a record held against a probe, by both stages.
func hold(s *surroundings, inv *inverse, p *probe, rec *[stride]byte) (alike uint16, rigid uint16) {
	var found [capacity]match
	p.likest(rec, inv, &found)
	alike, turn := p.alike(rec, &found)
	p.turned(turn, rec, inv, &found)
	return alike, p.rigid(rec, &found)
}

func recordOf(s *surroundings, t *finger.Template) *[stride]byte {
	return (*[stride]byte)(s.featuresOf(t).appendTo(nil, 0))
}

func TestMatesRankAboveStrangersInBothStages(t *testing.T) {
	r := rand.New(rand.NewPCG(30, 0))
	s, inv := newSurroundings(), newInverse()
	var sources [][]*finger.Template
	for range 30 {
		f := indextest.Finger(r)
		sources = append(sources, []*finger.Template{indextest.Impression(r, f), indextest.Impression(r, f)})
	}
	var strangers []*[stride]byte
	for filler := range indextest.Fill(31, sources, 500) {
		strangers = append(strangers, recordOf(s, filler))
	}
	passAlike, passRigid := 0, 0
	for _, pair := range sources {
		p := newProbe(s.featuresOf(pair[0]))
		alike, rigid := hold(s, inv, p, recordOf(s, pair[1]))
		aboveAlike, aboveRigid := 0, 0
		for _, rec := range strangers {
			a, g := hold(s, inv, p, rec)
			if a >= alike {
				aboveAlike++
			}
			if g >= rigid {
				aboveRigid++
			}
		}
		if 4*aboveAlike <= len(strangers) {
			passAlike++
		}
		if 100*aboveRigid <= len(strangers) {
			passRigid++
		}
	}
	if passAlike < 28 || passRigid < 27 {
		t.Errorf("of 30 mates %d pass the first gate and %d the second, want 28 and 27", passAlike, passRigid)
	}
}

func TestAChimeraIsAStrangerToItsSources(t *testing.T) {
	r := rand.New(rand.NewPCG(32, 0))
	s, inv := newSurroundings(), newInverse()
	mates, chimeras, others := make([]uint16, 0, 60), make([]uint16, 0, 60), make([]uint16, 0, 60)
	for range 60 {
		a, b := indextest.Finger(r), indextest.Finger(r)
		source := indextest.Impression(r, a)
		p := newProbe(s.featuresOf(source))
		for to, other := range map[*[]uint16]*finger.Template{
			&mates:    indextest.Impression(r, a),
			&chimeras: indextest.Chimera(r, source, indextest.Impression(r, b)),
			&others:   indextest.Impression(r, b),
		} {
			_, score := hold(s, inv, p, recordOf(s, other))
			*to = append(*to, score)
		}
	}
	for _, scores := range [][]uint16{mates, chimeras, others} {
		slices.Sort(scores)
	}
	if top := chimeras[57]; top >= mates[6] || top > others[57]+2<<11 {
		t.Errorf("chimeras score up to %d against their sources, strangers %d, mates from %d", top, others[57], mates[6])
	}
}

func TestTheTurnOfTheFingerIsFound(t *testing.T) {
	r := rand.New(rand.NewPCG(33, 0))
	s, inv := newSurroundings(), newInverse()
	impression := indextest.Impression(r, indextest.Finger(r))
	p := newProbe(s.featuresOf(impression))
	for _, turn := range []int{-40, -25, 0, 13, 40} {
		turned := *impression
		turned.Minutiae = slices.Clone(impression.Minutiae)
		sin, cos := math.Sincos(float64(turn) * math.Pi / 128)
		for i := range turned.Minutiae {
			m := &turned.Minutiae[i]
			x, y := float64(m.X), float64(m.Y)
			m.X, m.Y = int(math.Round(cos*x+sin*y)), int(math.Round(cos*y-sin*x))
			m.Direction += uint8(turn)
		}
		rec := recordOf(s, &turned)
		var found [capacity]match
		p.likest(rec, inv, &found)
		score, got := p.alike(rec, &found)
		if off := int8(got - uint8(turn)); off > 8 || off < -8 || score < level(1<<15)+1<<14 {
			t.Errorf("turned by %d/256: found %d with score %d", turn, int8(got), score)
		}
		if _, rigid := hold(s, inv, p, rec); rigid <= 1<<14 {
			t.Errorf("turned by %d/256: no pairs agree", turn)
		}
	}
}

func TestLevelsCompareAsScoresDo(t *testing.T) {
	last := uint16(0)
	for v := uint64(0); v <= math.MaxUint32; v += v/3000 + 1 {
		l := level(uint32(v))
		if l < last || l > 1<<16-2 {
			t.Fatalf("level of %d is %d after %d", v, l, last)
		}
		last = l
	}
}

// The figure is the same on every machine: records are exchanged between them.
func TestRecordsAreTheSameOnEveryMachine(t *testing.T) {
	s := newSurroundings()
	// Drawn by whole numbers only, since the generators of indextest use floating point.
	r := rand.New(rand.NewPCG(34, 0))
	sum := crc32.New(castagnoli)
	for range 50 {
		t := &finger.Template{Width: 300, Height: 400}
		for range 45 {
			t.Minutiae = append(t.Minutiae, finger.Minutia{X: r.IntN(300), Y: r.IntN(400), Direction: uint8(r.IntN(256))})
		}
		t.Ridges = &finger.Ridges{Left: 16, Top: 32, Columns: 16, Flow: make([]uint8, 16*20)}
		for i := range t.Ridges.Flow {
			t.Ridges.Flow[i] = uint8(r.IntN(128))
		}
		sum.Write(recordOf(s, t)[:])
	}
	if got, want := sum.Sum32(), uint32(0x98126e41); got != want {
		t.Errorf("checksum of 50 records is %#x, want %#x", got, want)
	}
}

func TestScoresOfFingersAreFusedByFisher(t *testing.T) {
	tests := []struct {
		name   string
		scores []float64
		want   float64
	}{
		{"none says nothing", nil, 0},
		{"one stays as it is", []float64{37}, 37},
		// x = 1e-6: 1e-6 · (1 + 13.8155) = 1.48155e-5
		{"two thirties are less than sixty", []float64{30, 30}, 48.293},
		{"one that shows nothing costs", []float64{60, 0}, 48.293},
		// x = 1e-3: 1e-3 · (1 + 6.9078 + 23.8586) = 0.0317664
		{"three tens are fifteen", []float64{10, 10, 10}, 14.980},
		{"nothing stays nothing", []float64{0, 0, 0}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fuse(tt.scores); math.Abs(got-tt.want) > 0.0015 {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	if got := oneOf(10, 35); got != 25 {
		t.Errorf("the best of ten comparisons at 35 is worth %v, want 25", got)
	}
}

func TestFlowIsThatOfThePatchAndNoneBesideIt(t *testing.T) {
	r := &finger.Ridges{Left: 160, Top: 160, Columns: 2, Flow: []uint8{10, 20, 30, 40}}
	for _, tt := range []struct {
		name string
		x, y int
		want uint8
	}{
		{"the first pixel", 160, 160, 10},
		{"the last pixel", 191, 191, 40},
		{"the second column", 176, 175, 20},
		{"left of all", 159, 160, noFlow},
		{"above all", 160, 159, noFlow},
		{"right of all", 192, 160, noFlow},
		{"below all", 160, 192, noFlow},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// The square in the upper left of the middle has its own middle 16 pixels off.
			flow := flowAbout(r, tt.x+flowCell, tt.y+flowCell)
			if got := flow[(flowSide/2-1)*flowSide+flowSide/2-1]; got != tt.want {
				t.Errorf("flow %d, want %d", got, tt.want)
			}
		})
	}
}
