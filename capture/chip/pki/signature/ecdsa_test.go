package signature

import (
	"crypto/ecdsa"
	"crypto/rand"
	"math/big"
	"testing"
)

// The arithmetic of crypto/elliptic and of the brainpool module is the other opinion.
func TestSumsOfPointsAreThoseOfAnotherArithmetic(t *testing.T) {
	for _, c := range Curves() {
		curve := c.New()
		params := curve.Params()
		private, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		type affine struct{ x, y *big.Int }
		q := affine{private.X, private.Y}
		base := affine{params.Gx, params.Gy}
		negative := affine{params.Gx, new(big.Int).Sub(params.P, params.Gy)}
		random := func() *big.Int {
			n, err := rand.Int(rand.Reader, params.N)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		one, less := big.NewInt(1), new(big.Int).Sub(params.N, big.NewInt(1))
		for _, tt := range []struct {
			name string
			u, v *big.Int
			q    affine
		}{
			{"random points", random(), random(), q},
			{"nothing of the first", new(big.Int), random(), q},
			{"nothing of the second", random(), new(big.Int), q},
			{"the same point", random(), random(), base},
			{"the same point twice", one, one, base},
			{"the same point with opposite factors", one, less, base},
			{"opposite points", random(), random(), negative},
			{"opposite points once", one, one, negative},
			{"nothing of both", new(big.Int), new(big.Int), q},
		} {
			//lint:ignore SA1019 no other arithmetic has these curves
			x1, y1 := curve.ScalarBaseMult(tt.u.Bytes())
			//lint:ignore SA1019 likewise
			x2, y2 := curve.ScalarMult(tt.q.x, tt.q.y, tt.v.Bytes())
			//lint:ignore SA1019 likewise
			want, wantY := curve.Add(x1, y1, x2, y2)
			point, err := c.points.NewPoint(tt.q.x, tt.q.y)
			if err != nil {
				t.Fatal(err)
			}
			x, y := c.points.Generator().Multiply(tt.u).Add(point.Multiply(tt.v)).Affine()
			if x.Cmp(want) != 0 || y.Cmp(wantY) != 0 {
				t.Errorf("%s: %s: other coordinates", c.Name, tt.name)
			}
		}
	}
}
