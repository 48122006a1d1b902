package ridge

// leastLevel is how far grey levels must deviate to be ridges, in 16ths: three grey levels, and a
// fifth of what they do in the picture's clearest tenth.
func leastLevel(level cells[int32]) int32 {
	var counts [255*16 + 1]int
	for _, v := range level.v {
		counts[v]++
	}
	left := len(level.v) / 10
	high := int32(len(counts) - 1)
	for ; high > 0 && left >= counts[high]; high-- {
		left -= counts[high]
	}
	return max(high/5, 3<<4)
}

// believable is the clarity from which on a patch counts as ridges.
const believable = 150

// maskOf marks the cells that show ridges: where grey levels deviate enough and the
// deviation is mostly a wave. The cells around have a vote in it.
func maskOf(level cells[int32], least int32, s spacing) cells[bool] {
	votes := cells[int32]{level.width, level.height, make([]int32, len(level.v))}
	for y := range level.height {
		for x := range level.width {
			i := y*level.width + x
			if level.v[i] >= least && s.clarity.v[y/cellsAPatch*s.clarity.width+x/cellsAPatch] >= believable {
				votes.v[i] = 1024
			}
		}
	}
	cast := cells[int32]{level.width, level.height, make([]int32, len(level.v))}
	for i := range cast.v {
		cast.v[i] = 1024
	}
	for range 2 {
		blur(votes, 2)
		blur(cast, 2)
	}
	mask := cells[bool]{level.width, level.height, make([]bool, len(level.v))}
	for i, v := range votes.v {
		mask.v[i] = 2*v >= cast.v[i]
	}
	dropIslands(mask)
	return mask
}

// leastPart is the size, in cells, below which a part of the mask by itself is dust or the edge
// of something: 56 by 56 pixels, six ridges.
const leastPart = 14 * 14

// dropIslands clears parts of the mask that are small and by themselves.
func dropIslands(mask cells[bool]) {
	seen := make([]bool, len(mask.v))
	var part []int
	for start, on := range mask.v {
		if !on || seen[start] {
			continue
		}
		part = append(part[:0], start)
		seen[start] = true
		for k := 0; k < len(part); k++ {
			x := part[k] % mask.width
			for _, j := range [4]int{part[k] - mask.width, part[k] + mask.width, part[k] - 1, part[k] + 1} {
				if j < 0 || j >= len(mask.v) || seen[j] || !mask.v[j] || j == part[k]-1 && x == 0 || j == part[k]+1 && x == mask.width-1 {
					continue
				}
				seen[j] = true
				part = append(part, j)
			}
		}
		for _, i := range part {
			mask.v[i] = len(part) >= leastPart
		}
	}
}
