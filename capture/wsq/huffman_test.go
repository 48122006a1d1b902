package wsq

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestCoefficientsComeBackAsWritten(t *testing.T) {
	zeros := func(n int) []int16 { return make([]int16, n) }
	for name, coefficients := range map[string][]int16{
		"none":                        {},
		"one zero":                    {0},
		"one value":                   {-7},
		"the ends of the short codes": {-73, 74, -1, 1},
		"escapes of eight bits":       {-74, 75, -255, 255},
		"escapes of sixteen bits":     {-256, 256, -32767, 32767},
		"runs around 100":             slices.Concat(zeros(99), []int16{1}, zeros(100), []int16{1}, zeros(101), []int16{1}),
		"runs around 255":             slices.Concat(zeros(255), []int16{1}, zeros(256)),
		"runs around 65535":           slices.Concat(zeros(65535), []int16{1}, zeros(65536), []int16{1}, zeros(65534)),
		"a very long run":             zeros(200000),
		"all short values":            allShort(),
		"rare values":                 unlikely(),
	} {
		t.Run(name, func(t *testing.T) {
			var occurs [256]int
			countSymbols(coefficients, &occurs)
			w := newCodeWriter(&occurs)
			written := append(writeCoefficients(nil, coefficients, w), 0xff, markerEnd)
			c, err := newCodes(w.counts[:], w.symbols)
			if err != nil {
				t.Fatal(err)
			}
			b := bitReader{data: written}
			var got []int16
			for len(got) < len(coefficients) {
				v, run, err := b.coefficient(c)
				if err != nil {
					t.Fatalf("coefficient %d of %d: %v", len(got), len(coefficients), err)
				}
				got = append(got, int16(v))
				got = append(got, zeros(run)...)
			}
			if !slices.Equal(got, coefficients) {
				t.Error("other coefficients were read")
			}
			if !b.onlyFilling() || b.pos != len(written)-2 {
				t.Errorf("the end of the data was found at %d of %d", b.pos, len(written)-2)
			}
		})
	}
}

func allShort() (v []int16) {
	for i := leastShort; i <= greatestShort; i++ {
		v = append(v, int16(i))
	}
	return v
}

// unlikely has values so rare that their codes would need more than 16 bits.
func unlikely() (v []int16) {
	a, b := 1, 1
	for i := range 24 {
		v = append(v, slices.Repeat([]int16{int16(i + 1)}, a)...)
		a, b = b, a+b
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(v), func(i, j int) { v[i], v[j] = v[j], v[i] })
	return v
}

func TestNoCodeIsAllOnes(t *testing.T) {
	var occurs [256]int
	countSymbols(unlikely(), &occurs)
	for _, c := range []*codeWriter{newCodeWriter(&occurs), newCodeWriter(&[256]int{50: 3})} {
		for _, s := range c.symbols {
			if n := c.length[s]; n == 0 || n > maxCodeLength || c.code[s] == 1<<n-1 {
				t.Errorf("symbol %d has the code %b of %d bits", s, c.code[s], n)
			}
		}
	}
}

func TestImpossibleCodesAreRefused(t *testing.T) {
	counts := make([]byte, maxCodeLength)
	counts[0] = 3
	if _, err := newCodes(counts, []byte{1, 2, 3}); err == nil {
		t.Error("three codes of one bit were taken")
	}
}
