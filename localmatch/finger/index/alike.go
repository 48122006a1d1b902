package index

import "math/bits"

// Positions are told apart by the spot, in units of a record (2 pixels).
const (
	spot  = 6
	spots = 128
)

// alikeFlow weighs the flow of the ridges against the surroundings of minutiae.
const alikeFlow = 24

// alike returns how much the surroundings of single minutiae are alike if the whole finger is
// turned one way and moved one way, with the flow of its ridges, and this turn in 256ths. Turn
// and move are those that the likest minutiae vote for.
func (p *probe) alike(rec *[stride]byte, found *[capacity]match) (score uint16, turn uint8) {
	const step = 256 / turns
	var byTurn [turns + 1]uint32
	for i, m := range found[:p.size()] {
		w := m.likeness()
		byTurn[(rec[offDirections+m.other()]-p.dir[i])/step] += w * w >> 8 * w * w >> 8
	}
	byTurn[turns] = byTurn[0]
	at := densest(byTurn[:])
	turn = uint8((at + 1) % turns * step)

	var across, down tally
	for i, m := range found[:p.size()] {
		j := m.other()
		if off := rec[offDirections+j] - p.dir[i] - turn + step; off >= 2*step {
			continue
		}
		to := &p.rotated[turn/step][i]
		w := m.likeness()
		across.add(int(int8(rec[offX+j]))-int(to[0]), w*w)
		down.add(int(int8(rec[offY+j]))-int(to[1]), w*w)
	}
	mx, my := across.middle(), down.middle()
	v := int32(level(uint32(uint64(across.most) * uint64(down.most) >> 20)))
	return passed(v + alikeFlow*p.flows(rec, turn, mx, my, 2)), turn
}

// passed makes a score of a stage of what speaks for a record and, below 0, against it.
func passed(v int32) uint16 { return uint16(max(0, min(v+1<<14, 1<<16-2))) }

// tally counts the moves along one axis that are voted for.
type tally struct {
	weight [spots + 2]uint32
	most   uint32 // of two neighbours together
	first  int    // of these
}

// add counts a vote. Weights only grow, so the heaviest neighbours were so when the last of their
// votes was counted.
func (t *tally) add(move int, weight uint32) {
	i := int(uint(move+spots/2*spot)/spot%spots) + 1
	t.weight[i] += weight
	if v := t.weight[i] + t.weight[i-1]; v > t.most {
		t.most, t.first = v, i-1
	}
	if v := t.weight[i] + t.weight[i+1]; v > t.most {
		t.most, t.first = v, i
	}
}

// middle is the move between the heaviest neighbours.
func (t *tally) middle() int32 { return int32(t.first-spots/2) * spot }

// densest returns the first of the two neighbours that weigh most together.
func densest(weights []uint32) (at int) {
	last, most := weights[0], uint32(0)
	for i, w := range weights[1:] {
		if last+w > most {
			at, most = i, last+w
		}
		last = w
	}
	return at
}

// level packs a score into 16 bits that compare alike, with 11 bits of precision.
func level(v uint32) uint16 {
	shift := max(0, bits.Len32(v)-12)
	return uint16(shift<<11 + int(v>>shift))
}
