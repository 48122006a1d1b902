package gallery

// bitset is a set of record numbers. A nil one is empty.
type bitset []uint64

func newBitset(records int) bitset { return make(bitset, (records+63)/64) }

func (b bitset) has(n uint32) bool { return int(n/64) < len(b) && b[n/64]>>(n%64)&1 == 1 }
func (b bitset) add(n uint32)      { b[n/64] |= 1 << (n % 64) }
