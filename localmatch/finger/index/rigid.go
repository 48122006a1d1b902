package index

import "boothd/localmatch/finger/angle"

// chosen is how many pairs of minutiae are looked at together.
const chosen = 10

// rigidFlow weighs the flow of the ridges against the pairs.
const rigidFlow = 32

// couple is a minutia of the probe and the one of the record that is likest to it.
type couple struct {
	likeness int32
	turn     uint8
	px, py   int32 // in the probe
	rx, ry   int32 // in the record
}

// rigid returns how well the likest pairs agree on how one print must be turned and moved to
// lie on the other, and the flow of the ridges on that.
func (p *probe) rigid(rec *[stride]byte, found *[capacity]match) uint16 {
	var pairs [chosen]couple
	k := p.couples(rec, found, &pairs)
	var agree [chosen][chosen]int32
	for a := range k {
		for b := range a {
			w := pairs[a].agrees(&pairs[b])
			agree[a][b], agree[b][a] = w, w
		}
	}
	// A pair counts by what the others that agree with it count.
	var support [chosen]int64
	for a := range k {
		for b := range k {
			support[a] += int64(agree[a][b] * pairs[b].likeness >> 8)
		}
	}
	var sum int64
	hub := 0
	for a := range k {
		if support[a] > support[hub] {
			hub = a
		}
		for b := range a {
			sum += int64(agree[a][b]) * support[a] * support[b] >> 8
		}
	}
	if k == 0 {
		return 0
	}
	agree[hub][hub] = 256
	turn, mx, my := lay(pairs[:k], &agree[hub], hub)
	return passed(int32(level(uint32(sum>>4))) + rigidFlow*p.flows(rec, turn, mx, my, 1))
}

// lay returns the turn and the move of the couples that agree with the hub.
func lay(pairs []couple, agree *[chosen]int32, hub int) (turn uint8, mx, my int32) {
	var turns, weight int32
	for i := range pairs {
		turns += agree[i] * int32(int8(pairs[i].turn-pairs[hub].turn))
		weight += agree[i]
	}
	turn = pairs[hub].turn + uint8(turns/weight)
	sin, cos := angle.Sine(turn), angle.Cosine(turn)
	for i, c := range pairs {
		mx += agree[i] * (c.rx - (c.px*cos+c.py*sin)>>angle.UnitBits)
		my += agree[i] * (c.ry - (c.py*cos-c.px*sin)>>angle.UnitBits)
	}
	return turn, mx / weight, my / weight
}

// couples picks the likest pairs, no minutia of the record twice, and returns how many.
func (p *probe) couples(rec *[stride]byte, found *[capacity]match, pairs *[chosen]couple) int {
	var best [chosen]uint32 // likeness, minutia of the record, of the probe; falling
	n := 0
	for i, m := range found[:p.size()] {
		v := uint32(m)<<8 | uint32(i)
		if m.likeness() == 0 || n == chosen && v < best[n-1] {
			continue
		}
		at := n
		for k, o := range best[:n] {
			if o>>8&(capacity-1) == uint32(m.other()) {
				at = k
				break
			}
		}
		switch {
		case at < n && v < best[at]:
			continue
		case at == n && n < chosen:
			n++
		case at == n:
			at--
		}
		for ; at > 0 && v > best[at-1]; at-- {
			best[at] = best[at-1]
		}
		best[at] = v
	}
	for k, v := range best[:n] {
		i, j := int(v&(capacity-1)), int(v>>8&(capacity-1))
		pairs[k] = couple{
			likeness: int32(v >> 16),
			turn:     rec[offDirections+j] - p.dir[i],
			px:       int32(p.x[i]), py: int32(p.y[i]),
			rx: int32(int8(rec[offX+j])), ry: int32(int8(rec[offY+j])),
		}
	}
	return n
}

// agrees returns, as 0 to 256, how well two pairs fit one turn and move.
func (a *couple) agrees(b *couple) int32 {
	const (
		turnSlack = 10 // 256ths of a turn
		slack     = 3  // units of a record, and an eighth of the way: skin is elastic
	)
	apart := int32(int8(b.turn - a.turn))
	if apart > turnSlack || apart < -turnSlack {
		return 0
	}
	turn := a.turn + uint8(apart/2)
	sin, cos := angle.Sine(turn), angle.Cosine(turn)
	px, py := b.px-a.px, b.py-a.py
	dx := (px*cos+py*sin)>>angle.UnitBits - (b.rx - a.rx)
	dy := (py*cos-px*sin)>>angle.UnitBits - (b.ry - a.ry)
	far := slack + (max(px, -px)+max(py, -py))/8
	off := dx*dx + dy*dy
	if off > far*far {
		return 0
	}
	return 256 - 256*off/(far*far+1)
}
