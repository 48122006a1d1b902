package jp2

// state is a row of the probability table of the MQ coder (Annex C, table C.2).
type state struct {
	qe         uint32
	mps, lps   uint8 // next rows
	switchover bool
}

var states = [47]state{
	{0x5601, 1, 1, true}, {0x3401, 2, 6, false}, {0x1801, 3, 9, false}, {0x0ac1, 4, 12, false},
	{0x0521, 5, 29, false}, {0x0221, 38, 33, false}, {0x5601, 7, 6, true}, {0x5401, 8, 14, false},
	{0x4801, 9, 14, false}, {0x3801, 10, 14, false}, {0x3001, 11, 17, false}, {0x2401, 12, 18, false},
	{0x1c01, 13, 20, false}, {0x1601, 29, 21, false}, {0x5601, 15, 14, true}, {0x5401, 16, 14, false},
	{0x5101, 17, 15, false}, {0x4801, 18, 16, false}, {0x3801, 19, 17, false}, {0x3401, 20, 18, false},
	{0x3001, 21, 19, false}, {0x2801, 22, 19, false}, {0x2401, 23, 20, false}, {0x2201, 24, 21, false},
	{0x1c01, 25, 22, false}, {0x1801, 26, 23, false}, {0x1601, 27, 24, false}, {0x1401, 28, 25, false},
	{0x1201, 29, 26, false}, {0x1101, 30, 27, false}, {0x0ac1, 31, 28, false}, {0x09c1, 32, 29, false},
	{0x08a1, 33, 30, false}, {0x0521, 34, 31, false}, {0x0441, 35, 32, false}, {0x02a1, 36, 33, false},
	{0x0221, 37, 34, false}, {0x0141, 38, 35, false}, {0x0111, 39, 36, false}, {0x0085, 40, 37, false},
	{0x0049, 41, 38, false}, {0x0025, 42, 39, false}, {0x0015, 43, 40, false}, {0x0009, 44, 41, false},
	{0x0005, 45, 42, false}, {0x0001, 45, 43, false}, {0x5601, 46, 46, false},
}

// Contexts of a code block (table D.7): nine of significance, five of signs, three of refinement,
// one of runs and one without a preference.
const (
	contextSign   = 9
	contextRefine = 14
	contextRun    = 17
	contextEven   = 18
	contexts      = 19
)

// mq is the arithmetic coder.
type mq struct {
	index [contexts]uint8
	more  [contexts]uint8 // the more probable decision
	a, c  uint32
	ct    int
	out   []byte // the first is not of the output
}

func newMQ(out []byte) mq {
	m := mq{a: 0x8000, ct: 12, out: append(out[:0], 0)}
	m.index[0], m.index[contextRun], m.index[contextEven] = 4, 3, 46
	return m
}

//go:norace
func (m *mq) encode(context int, decision uint8) {
	s := &states[m.index[context]]
	m.a -= s.qe
	if decision == m.more[context] {
		if m.a&0x8000 != 0 {
			m.c += s.qe
			return
		}
		if m.a < s.qe {
			m.a = s.qe
		} else {
			m.c += s.qe
		}
		m.index[context] = s.mps
	} else {
		if m.a < s.qe {
			m.c += s.qe
		} else {
			m.a = s.qe
		}
		if s.switchover {
			m.more[context] ^= 1
		}
		m.index[context] = s.lps
	}
	for m.a&0x8000 == 0 {
		m.a <<= 1
		m.c <<= 1
		if m.ct--; m.ct == 0 {
			m.byteOut()
		}
	}
}

// byteOut moves a byte out; after 0xff only seven bits, so that no marker arises.
//
//go:norace
func (m *mq) byteOut() {
	last := len(m.out) - 1
	if m.out[last] != 0xff && m.c&0x8000000 != 0 {
		m.out[last]++
		m.c &= 0x7ffffff
	}
	if m.out[last] == 0xff {
		m.out = append(m.out, byte(m.c>>20))
		m.c &= 0xfffff
		m.ct = 7
		return
	}
	m.out = append(m.out, byte(m.c>>19))
	m.c &= 0x7ffff
	m.ct = 8
}

// flush returns everything that was encoded.
func (m *mq) flush() []byte {
	limit := m.c + m.a
	m.c |= 0xffff
	if m.c >= limit {
		m.c -= 0x8000
	}
	m.c <<= m.ct
	m.byteOut()
	m.c <<= m.ct
	m.byteOut()
	if n := len(m.out) - 1; m.out[n] == 0xff {
		m.out = m.out[:n]
	}
	return m.out[1:]
}
