package security_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"math/big"
	"testing"

	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
)

// groups are all standardised domain parameters.
func groups(t testing.TB) map[int]*security.Group {
	all := map[int]*security.Group{}
	for id := range 32 {
		g, err := security.Standard(id)
		if known := id <= 2 || id >= 8 && id <= 18; known != (err == nil) {
			t.Fatalf("identifier %d: %v", id, err)
		}
		if err == nil {
			all[id] = g
		}
	}
	return all
}

func TestBothSidesAgreeInEveryGroup(t *testing.T) {
	for _, g := range groups(t) {
		a, err := g.NewSecret(nil)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := g.NewSecret(rand.Reader)
		publicA, publicB := g.Encode(g.Multiply(g.Generator(), a)), g.Encode(g.Multiply(g.Generator(), b))
		keyA, err := g.Decode(publicA)
		if err != nil {
			t.Fatalf("%s: %v", g.Name(), err)
		}
		keyB, _ := g.Decode(publicB)
		one, other := g.Shared(g.Multiply(keyB, a)), g.Shared(g.Multiply(keyA, b))
		if !bytes.Equal(one, other) || len(one) != g.Size() {
			t.Errorf("%s: secrets of %d and %d bytes differ", g.Name(), len(one), len(other))
		}
		if !g.Order().ProbablyPrime(10) || !g.Neutral(g.Multiply(g.Generator(), g.Order())) {
			t.Errorf("%s: generator of another order", g.Name())
		}
		if short := g.Compress(keyA); g.Elliptic() && !bytes.Equal(short, publicA[1:1+g.Size()]) || !g.Elliptic() && len(short) != 20 {
			t.Errorf("%s: short form of %d bytes", g.Name(), len(short))
		}
	}
}

func TestHostilePublicKeysAreRefused(t *testing.T) {
	for _, g := range groups(t) {
		key := g.Encode(g.Generator())
		hostile := map[string][]byte{"no bytes": nil, "a byte more": append(key[:len(key):len(key)], 0)}
		if g.Elliptic() {
			hostile["a byte less"] = key[:len(key)-1]
			hostile["a compressed point"] = append([]byte{2}, key[1:1+g.Size()]...)
			hostile["the neutral point"] = []byte{0}
			hostile["zeros"] = append([]byte{4}, make([]byte, 2*g.Size())...)
			hostile["a hybrid point"] = append([]byte{6}, key[1:]...)
			off := bytes.Clone(key)
			off[len(off)-1] ^= 1
			hostile["a point beside the curve"] = off
		} else {
			less := new(big.Int).SetBytes(key)
			p := prime(t, g)
			hostile["0"] = []byte{0}
			hostile["1, a group of one"] = []byte{1}
			hostile["p-1, a group of two"] = new(big.Int).Sub(p, big.NewInt(1)).Bytes()
			hostile["p"] = p.Bytes()
			hostile["the generator plus p"] = new(big.Int).Add(less, p).Bytes()
			hostile["a member of the whole group"] = nonMember(g, p).Bytes()
		}
		for name, b := range hostile {
			if _, err := g.Decode(b); !errors.Is(err, security.ErrElement) {
				t.Errorf("%s: %s: %v", g.Name(), name, err)
			}
		}
	}
}

// prime finds p from two elements: g·g as a number less g·g in the group is a multiple of p,
// and the group's size says which.
func prime(t *testing.T, g *security.Group) *big.Int {
	t.Helper()
	a := new(big.Int).SetBytes(g.Encode(g.Generator()))
	common := new(big.Int)
	for power := a; common.BitLen() == 0 || common.BitLen() > 8*g.Size(); {
		e, err := g.Decode(power.FillBytes(make([]byte, g.Size())))
		if err != nil {
			t.Fatal(err)
		}
		square := new(big.Int).SetBytes(g.Encode(g.Add(e, e)))
		multiple := new(big.Int).Mul(power, power)
		multiple.Sub(multiple, square)
		common.GCD(nil, nil, common, multiple)
		power = square
	}
	return common
}

// nonMember is a number modulo p outside the subgroup.
func nonMember(g *security.Group, p *big.Int) *big.Int {
	n := big.NewInt(2)
	for new(big.Int).Exp(n, g.Order(), p).Cmp(big.NewInt(1)) == 0 {
		n.Add(n, big.NewInt(1))
	}
	return n
}

func TestMappingsYieldMembers(t *testing.T) {
	for id, g := range groups(t) {
		for _, c := range []secure.Cipher{secure.TripleDES, secure.AES128, secure.AES192, secure.AES256} {
			chip, terminal := security.NonceSizes(c)
			s, n := make([]byte, chip), make([]byte, terminal)
			rand.Read(s)
			rand.Read(n)
			e, err := g.MapIntegrated(c, s, n)
			if id == 10 {
				if !errors.Is(err, security.ErrUnknownGroup) {
					t.Errorf("P-224, %v: %v", c, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s, %v: %v", g.Name(), c, err)
			}
			if _, err := g.Decode(g.Encode(e)); err != nil {
				t.Errorf("%s, %v: %v", g.Name(), c, err)
			}
			n[0] ^= 2 // the lowest bit is DES's parity
			if again, err := g.MapIntegrated(c, s, n); err != nil || g.Equal(again, e) {
				t.Errorf("%s, %v: another nonce maps to the same generator (%v)", g.Name(), c, err)
			}
		}
	}
}

func TestMappingsRefuseWhatYieldsNoGenerator(t *testing.T) {
	for _, g := range groups(t) {
		// nonce × generator + shared is neutral if shared is -nonce × generator.
		nonce := []byte{5}
		minus := g.Multiply(g.Generator(), new(big.Int).Sub(g.Order(), big.NewInt(5)))
		if _, err := g.MapGeneric(g.Multiply(g.Generator(), new(big.Int).SetBytes(nonce)), minus); !errors.Is(err, security.ErrElement) {
			t.Errorf("%s: %v", g.Name(), err)
		}
		if _, err := g.MapIntegrated(secure.AES192, make([]byte, 16), make([]byte, 24)); err == nil {
			t.Errorf("%s: a nonce of the wrong length is taken", g.Name())
		}
	}
}

func BenchmarkPACEOnce(b *testing.B) {
	for id, g := range groups(b) {
		if id != 13 && id != 12 && id != 16 && id != 2 {
			continue
		}
		b.Run(g.Name(), func(b *testing.B) { // what a terminal calculates in generic mapping
			for b.Loop() {
				k, _ := g.NewSecret(nil)
				own := g.Multiply(g.Generator(), k)
				h := g.Multiply(own, k)
				base, err := g.MapGeneric(g.Multiply(g.Generator(), k), h)
				if err != nil {
					b.Fatal(err)
				}
				e := g.Multiply(base, k)
				g.Shared(g.Multiply(e, k))
			}
		})
	}
}
