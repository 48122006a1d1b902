package weierstrass_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"math/big"
	"testing"

	"boothd/capture/chip/security/weierstrass"
)

var curves = []*weierstrass.Curve{
	weierstrass.P192, weierstrass.P224, weierstrass.P256, weierstrass.P384, weierstrass.P521,
	weierstrass.BrainpoolP160r1, weierstrass.BrainpoolP192r1, weierstrass.BrainpoolP224r1, weierstrass.BrainpoolP256r1,
	weierstrass.BrainpoolP320r1, weierstrass.BrainpoolP384r1, weierstrass.BrainpoolP512r1,
	weierstrass.BrainpoolP160t1, weierstrass.BrainpoolP192t1, weierstrass.BrainpoolP224t1, weierstrass.BrainpoolP256t1,
	weierstrass.BrainpoolP320t1, weierstrass.BrainpoolP384t1, weierstrass.BrainpoolP512t1,
}

func TestParametersAreThoseOfPrimeOrderCurves(t *testing.T) {
	for _, c := range curves {
		if !c.Field().ProbablyPrime(20) || !c.Order().ProbablyPrime(20) {
			t.Errorf("%s: field or order is not prime", c.Name())
		}
		x, y := c.Generator().Affine()
		if _, err := c.NewPoint(x, y); err != nil {
			t.Errorf("%s: generator: %v", c.Name(), err)
		}
		if !c.Generator().Multiply(new(big.Int).Sub(c.Order(), big.NewInt(1))).Add(c.Generator()).Infinite() {
			t.Errorf("%s: order times generator is not the neutral point", c.Name())
		}
	}
}

func TestTheGroupLawsHold(t *testing.T) {
	for _, c := range curves {
		g := c.Generator()
		k, _ := rand.Int(rand.Reader, c.Order())
		m, _ := rand.Int(rand.Reader, c.Order())
		zero := g.Multiply(new(big.Int))
		sum := new(big.Int).Add(k, m)
		negative := g.Multiply(new(big.Int).Sub(c.Order(), k))
		switch kg, mg := g.Multiply(k), g.Multiply(m); {
		case !zero.Infinite() || !kg.Add(zero).Equal(kg) || !zero.Add(kg).Equal(kg) || !zero.Add(zero).Infinite():
			t.Errorf("%s: the neutral point is not neutral", c.Name())
		case !kg.Add(mg).Equal(g.Multiply(sum)) || !mg.Add(kg).Equal(g.Multiply(sum)):
			t.Errorf("%s: sums differ", c.Name())
		case !kg.Multiply(m).Equal(mg.Multiply(k)):
			t.Errorf("%s: products differ", c.Name())
		case !kg.Add(kg).Equal(g.Multiply(new(big.Int).Lsh(k, 1))):
			t.Errorf("%s: a point plus itself is not twice the point", c.Name())
		case !kg.Add(negative).Infinite():
			t.Errorf("%s: a point minus itself is not neutral", c.Name())
		case kg.Equal(mg):
			t.Errorf("%s: two points are one", c.Name())
		}
	}
}

func TestMultiplesAreSums(t *testing.T) {
	for _, c := range curves {
		g := c.Generator()
		other := g.Add(g) // one that nothing was tabulated of
		half, sum, twice := new(big.Int).Rsh(c.Order(), 1), g.Multiply(new(big.Int)), g.Multiply(new(big.Int))
		for k := range int64(18) {
			n := big.NewInt(k)
			if !g.Multiply(n).Equal(sum) || !other.Multiply(n).Equal(twice) {
				t.Errorf("%s: %d times is not the sum", c.Name(), k)
			}
			negative, less := new(big.Int).Sub(c.Order(), n), new(big.Int).Sub(half, n)
			if !g.Multiply(negative).Add(sum).Infinite() || !other.Multiply(negative).Add(twice).Infinite() {
				t.Errorf("%s: order less %d times is not the opposite", c.Name(), k)
			}
			if !other.Multiply(less).Add(twice).Equal(other.Multiply(half)) || !g.Multiply(less).Add(sum).Equal(g.Multiply(half)) {
				t.Errorf("%s: half the order less %d times is not the difference", c.Name(), k)
			}
			sum, twice = sum.Add(g), twice.Add(other)
		}
	}
}

func TestNISTCurvesAgreeWithTheStandardLibrary(t *testing.T) {
	for c, std := range map[*weierstrass.Curve]ecdh.Curve{
		weierstrass.P256: ecdh.P256(), weierstrass.P384: ecdh.P384(), weierstrass.P521: ecdh.P521(),
	} {
		for range 5 {
			own, err := std.GenerateKey(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			peer, _ := std.GenerateKey(rand.Reader)
			want, _ := own.ECDH(peer.PublicKey())
			b := peer.PublicKey().Bytes()[1:]
			q, err := c.NewPoint(new(big.Int).SetBytes(b[:c.Size()]), new(big.Int).SetBytes(b[c.Size():]))
			if err != nil {
				t.Fatal(err)
			}
			x, _ := q.Multiply(new(big.Int).SetBytes(own.Bytes())).Affine()
			if x.Cmp(new(big.Int).SetBytes(want)) != 0 {
				t.Errorf("%s: shared secrets differ", c.Name())
			}
		}
	}
}

// RFC 7027 appendix A: the key agreement vectors of the brainpool curves.
func TestBrainpoolCurvesAgreeWithRFC7027(t *testing.T) {
	tests := []struct {
		c             *weierstrass.Curve
		dA, xB, yB, x string
	}{
		{weierstrass.BrainpoolP256r1,
			"81DB1EE100150FF2EA338D708271BE38300CB54241D79950F77B063039804F1D",
			"8D2D688C6CF93E1160AD04CC4429117DC2C41825E1E9FCA0ADDD34E6F1B39F7B",
			"990C57520812BE512641E47034832106BC7D3E8DD0E4C7F1136D7006547CEC6A",
			"89AFC39D41D3B327814B80940B042590F96556EC91E6AE7939BCE31F3A18BF2B"},
		{weierstrass.BrainpoolP384r1,
			"1E20F5E048A5886F1F157C74E91BDE2B98C8B52D58E5003D57053FC4B0BD65D6F15EB5D1EE1610DF870795143627D042",
			"4D44326F269A597A5B58BBA565DA5556ED7FD9A8A9EB76C25F46DB69D19DC8CE6AD18E404B15738B2086DF37E71D1EB4",
			"62D692136DE56CBE93BF5FA3188EF58BC8A3A0EC6C1E151A21038A42E9185329B5B275903D192F8D4E1F32FE9CC78C48",
			"0BD9D3A7EA0B3D519D09D8E48D0785FB744A6B355E6304BC51C229FBBCE239BBADF6403715C35D4FB2A5444F575D4F42"},
	}
	for _, test := range tests {
		n := func(s string) *big.Int { v, _ := new(big.Int).SetString(s, 16); return v }
		q, err := test.c.NewPoint(n(test.xB), n(test.yB))
		if err != nil {
			t.Errorf("%s: %v", test.c.Name(), err)
			continue
		}
		if x, _ := q.Multiply(n(test.dA)).Affine(); x.Cmp(n(test.x)) != 0 {
			t.Errorf("%s: shared secret %X", test.c.Name(), x)
		}
	}
}

func TestPointsOffTheCurveAreRefused(t *testing.T) {
	for _, c := range curves {
		x, y := c.Generator().Affine()
		one, zero := big.NewInt(1), new(big.Int)
		for name, at := range map[string][2]*big.Int{
			"beside the generator":  {x, new(big.Int).Add(y, one)},
			"the origin":            {zero, zero},
			"x outside the field":   {new(big.Int).Add(x, c.Field()), y},
			"y outside the field":   {x, new(big.Int).Add(y, c.Field())},
			"a negative coordinate": {x, new(big.Int).Neg(y)},
		} {
			if _, err := c.NewPoint(at[0], at[1]); !errors.Is(err, weierstrass.ErrNotOnCurve) {
				t.Errorf("%s: %s: %v", c.Name(), name, err)
			}
		}
	}
}

func FuzzAddAgainstSchoolFormulas(f *testing.F) {
	f.Add(uint8(0), []byte{1}, []byte{2})
	f.Add(uint8(7), []byte{5}, []byte{5})
	f.Add(uint8(3), []byte{}, []byte{9})
	f.Fuzz(func(t *testing.T, which uint8, a, b []byte) {
		c := curves[int(which)%len(curves)]
		ka, kb := new(big.Int).SetBytes(a), new(big.Int).SetBytes(b)
		p, q := c.Generator().Multiply(ka), c.Generator().Multiply(kb)
		x, y := p.Add(q).Affine()
		wx, wy := school(c, p, q)
		if x.Cmp(wx) != 0 || y.Cmp(wy) != 0 {
			t.Fatalf("%s: %v + %v differs", c.Name(), ka, kb)
		}
	})
}

// school adds with chord and tangent; the neutral point is (0, 0).
func school(c *weierstrass.Curve, p, q weierstrass.Point) (x, y *big.Int) {
	px, py := p.Affine()
	qx, qy := q.Affine()
	m := c.Field()
	top, bottom := new(big.Int), new(big.Int)
	switch {
	case p.Infinite():
		return qx, qy
	case q.Infinite():
		return px, py
	case px.Cmp(qx) != 0:
		top.Sub(qy, py)
		bottom.Sub(qx, px)
	case py.Cmp(qy) != 0 || py.Sign() == 0:
		return new(big.Int), new(big.Int)
	default:
		a, _ := c.Coefficients()
		top.Mul(px, px)
		top.Mul(top, big.NewInt(3)).Add(top, a)
		bottom.Lsh(py, 1)
	}
	slope := bottom.ModInverse(bottom.Mod(bottom, m), m)
	slope.Mul(slope, top)
	x = new(big.Int).Mul(slope, slope)
	x.Sub(x, px).Sub(x, qx).Mod(x, m)
	y = new(big.Int).Sub(px, x)
	y.Mul(y, slope).Sub(y, py).Mod(y, m)
	return x, y
}

func BenchmarkMultiply(b *testing.B) {
	for _, c := range curves {
		b.Run(c.Name(), func(b *testing.B) {
			k := new(big.Int).Rsh(c.Order(), 1)
			p := c.Generator()
			for b.Loop() {
				p = p.Multiply(k)
			}
		})
	}
}
