package numbers

import "testing"

// The vectors are those of the authors' reference code: key 00 to 0f, input 00, 01, 02 … of
// each length.
func TestSipHashAgreesWithTheReference(t *testing.T) {
	want := []uint64{
		0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
		0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
		0x93f5f5799a932462,
	}
	key, input := make([]byte, 16), make([]byte, 16)
	for i := range key {
		key[i], input[i] = byte(i), byte(i)
	}
	k := newSipKey(key)
	for n, w := range want {
		if got := k.sum(input[:n]); got != w {
			t.Errorf("%d bytes: %016x, want %016x", n, got, w)
		}
	}
	if got := k.sum(input[:15]); got != 0xa129ca6149be45e5 {
		t.Errorf("15 bytes: %016x", got)
	}
}

func BenchmarkSipHash(b *testing.B) {
	k := sipKey{1, 2}
	p := []byte("C01X00T47")
	for b.Loop() {
		p[3] = byte(k.sum(p))
	}
}
