package pki_test

import (
	"crypto"
	"testing"

	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/pkitest"
)

// BenchmarkVerify is passive authentication of one document against a trust that was used
// before, as at a booth.
func BenchmarkVerify(b *testing.B) {
	for _, a := range []pkitest.Algorithm{
		{Bits: 4096, Hash: crypto.SHA256}, {Curve: "P-256", Hash: crypto.SHA256},
		{Curve: "brainpoolP256r1", Hash: crypto.SHA256}, {Curve: "brainpoolP512r1", Hash: crypto.SHA512},
	} {
		b.Run(a.String(), func(b *testing.B) {
			w := newWorld(b, a)
			t := trust(b, w.entries()...)
			for b.Loop() {
				r := t.Verify(w.document(), now)
				if r.Fact(pki.CheckChain).State != pki.Successful {
					b.Fatal("no chain")
				}
			}
		})
	}
}
