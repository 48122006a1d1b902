package pkitest_test

import (
	"bytes"
	"crypto"
	"testing"

	"boothd/capture/chip/pki/pkitest"
	"boothd/capture/chip/pki/signature"
)

func TestAKeyThatWasKeptSignsAsBefore(t *testing.T) {
	for _, a := range []pkitest.Algorithm{
		{Bits: 2048, Hash: crypto.SHA256, PSS: true, Salt: 32}, {Curve: "P-384", Hash: crypto.SHA384}, {Curve: "brainpoolP256r1", Hash: crypto.SHA256},
	} {
		first, err := pkitest.NewKey(a)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := first.PrivateKey()
		if err != nil {
			t.Fatal(err)
		}
		again, err := pkitest.LoadKey(kept, a)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.PublicKey(), again.PublicKey()) || again.String() != first.String() {
			t.Errorf("%v: %v has another public key", a, again)
		}
		if _, err := again.Sign([]byte("message")); err != nil {
			t.Error(err)
		}
		if _, err := signature.ParseKey(again.PublicKey()); err != nil {
			t.Error(err)
		}
		if _, err := pkitest.LoadKey(kept[:len(kept)/2], a); err == nil {
			t.Errorf("%v: half a key was loaded", a)
		}
	}
}
