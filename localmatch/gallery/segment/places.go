package segment

// Places tells where in the file the boxes of the records are. It takes little more than 4
// bytes for each record.
type Places struct {
	base []int64  // of each group of records
	rest []uint32 // from there; one more than there are records
}

// group is how many records share a base: so many boxes of the greatest length are less than
// 4 GiB.
const group = 256

func (p *Places) append(at int64) {
	if len(p.rest)%group == 0 {
		p.base = append(p.base, at)
	}
	p.rest = append(p.rest, uint32(at-p.base[len(p.base)-1]))
}

// Len is how many records there are.
func (p *Places) Len() int { return max(len(p.rest)-1, 0) }

// at is where the length of box n stands; with n = Len where the file ends.
func (p *Places) at(n uint32) int64 { return p.base[n/group] + int64(p.rest[n]) }

// Memory returns how many bytes it takes.
func (p *Places) Memory() int64 { return int64(8*cap(p.base) + 4*cap(p.rest)) }

// Raw gives the places as numbers, to be kept.
func (p *Places) Raw() (base []int64, rest []uint32) { return p.base, p.rest }

// FromRaw takes places that were kept; they are those of a file of size bytes. It reports
// false if they cannot be.
func FromRaw(base []int64, rest []uint32, size int64) (*Places, bool) {
	p := &Places{base, rest}
	if len(rest) == 0 || len(base) != (len(rest)+group-1)/group {
		return nil, false
	}
	last := int64(len(magic))
	if p.at(0) != last {
		return nil, false
	}
	for n := 1; n < len(rest); n++ {
		at := p.at(uint32(n))
		if at-last < smallest || at-last > smallest+MaxRecord {
			return nil, false
		}
		last = at
	}
	return p, last == size
}
