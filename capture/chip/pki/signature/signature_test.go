package signature_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"

	"boothd/capture/chip/pki/pkitest"
	"boothd/capture/chip/pki/signature"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Every way of signing is tested in its envelope by package pki; here is what no envelope
// shows.

func TestTheConstantsOfCurvesFitEachOther(t *testing.T) {
	for _, c := range signature.Curves() {
		p := c.New().Params()
		a, b := c.Coefficients()
		right := new(big.Int).Exp(p.Gx, big.NewInt(3), p.P)
		right.Add(right, new(big.Int).Mul(a, p.Gx)).Add(right, b).Mod(right, p.P)
		if left := new(big.Int).Exp(p.Gy, big.NewInt(2), p.P); left.Cmp(right) != 0 {
			t.Errorf("%s: the base point is not on the curve", c.Name)
		}
		if !p.P.ProbablyPrime(20) || !p.N.ProbablyPrime(20) {
			t.Errorf("%s: field or order is not prime", c.Name)
		}
	}
}

func key(t *testing.T, a pkitest.Algorithm) *pkitest.Key {
	t.Helper()
	k, err := pkitest.NewKey(a)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// info wraps parameters and point as a SubjectPublicKeyInfo.
func info(t *testing.T, params, point []byte) []byte {
	t.Helper()
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1})
			b.AddBytes(params)
		})
		b.AddASN1BitString(point)
	})
	out, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The attack of CVE-2020-0601: the victim's public key as base point has the private key 1.
func TestAKeyOnACurveWithABasePointOfOnesOwnIsRefused(t *testing.T) {
	for _, name := range []string{"P-384", "brainpoolP256r1"} {
		victim := key(t, pkitest.Algorithm{Curve: name, Hash: crypto.SHA256})
		parsed, err := signature.ParseKey(victim.PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range signature.Curves() {
			if c.Name != name {
				continue
			}
			if _, err := signature.ParseKey(info(t, pkitest.ExplicitCurve(c, nil), parsed.Bits())); err != nil {
				t.Errorf("%s written out as it is: %v", name, err)
			}
			_, err := signature.ParseKey(info(t, pkitest.ExplicitCurve(c, parsed.Bits()), parsed.Bits()))
			if !errors.Is(err, signature.ErrUnsupported) {
				t.Errorf("%s with another base point: %v", name, err)
			}
		}
	}
}

func TestACurveNamedOrWrittenOutIsTheSameKey(t *testing.T) {
	named := key(t, pkitest.Algorithm{Curve: "brainpoolP320r1", Hash: crypto.SHA256})
	a, err := signature.ParseKey(named.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	b, err := signature.ParseKey(named.With(pkitest.Algorithm{Hash: crypto.SHA256, Explicit: true}).PublicKey())
	if err != nil || !a.Equal(b) || a.Explicit() || !b.Explicit() {
		t.Errorf("not the same key: %v", err)
	}
}

func TestPointsThatAreNotOnTheCurveAreRefused(t *testing.T) {
	for _, c := range signature.Curves() {
		k := key(t, pkitest.Algorithm{Curve: c.Name, Hash: crypto.SHA256})
		der := bytes.Clone(k.PublicKey())
		der[len(der)-1] ^= 1
		if _, err := signature.ParseKey(der); err == nil {
			t.Errorf("%s: a point beside the curve was taken", c.Name)
		}
		der = k.PublicKey()
		size := (c.New().Params().BitSize + 7) / 8
		copy(der[len(der)-2*size:], make([]byte, 2*size))
		if _, err := signature.ParseKey(der); err == nil {
			t.Errorf("%s: the point 0, 0 was taken", c.Name)
		}
	}
}

func TestSaltsOfAllLengthsThatCryptoRSAMakesAreVerified(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2041) // one bit into a byte
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public, err := signature.ParseKey(spki)
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("a message")
	sum := sha256.Sum256(message)
	for salt := 1; salt <= 220; salt += 13 {
		sig, err := rsa.SignPSS(rand.Reader, private, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: salt})
		if err != nil {
			t.Fatalf("salt %d: %v", salt, err)
		}
		if err := public.Verify(pss(t, salt), message, sig); err != nil {
			t.Errorf("salt %d: %v", salt, err)
		}
		if err := public.Verify(pss(t, salt+1), message, sig); err != signature.ErrWrong {
			t.Errorf("salt %d taken for one of %d: %v", salt, salt+1, err)
		}
	}
}

// pss is RSA-PSS with SHA-256 and a salt.
func pss(t *testing.T, salt int) signature.Algorithm {
	t.Helper()
	hash := []byte{0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01}
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10})
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(0xa0, func(b *cryptobyte.Builder) { b.AddBytes(hash) })
		b.AddASN1(0xa1, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8})
				b.AddBytes(hash)
			})
		})
		b.AddASN1(0xa2, func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(salt)) })
	})
	a, err := signature.ParseAlgorithm(b.BytesOrPanic())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAKeyDoesNotVerifyAnotherKindOfSignature(t *testing.T) {
	k := key(t, pkitest.Algorithm{Curve: "P-256", Hash: crypto.SHA256})
	public, err := signature.ParseKey(k.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	if err := public.Verify(pss(t, 32), nil, nil); !errors.Is(err, signature.ErrUnsupported) {
		t.Errorf("RSA-PSS by a curve: %v", err)
	}
	if err := public.Verify(signature.Algorithm{}, nil, nil); !errors.Is(err, signature.ErrUnsupported) {
		t.Errorf("the zero algorithm: %v", err)
	}
}

func FuzzParseKey(f *testing.F) {
	for _, a := range []pkitest.Algorithm{
		{Bits: 1024, Hash: crypto.SHA1}, {Curve: "P-192", Hash: crypto.SHA1},
		{Curve: "brainpoolP224t1", Hash: crypto.SHA256, Explicit: true},
	} {
		k, err := pkitest.NewKey(a)
		if err != nil {
			f.Fatal(err)
		}
		sig, err := k.Sign([]byte("message"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(k.PublicKey(), sig)
	}
	f.Fuzz(func(t *testing.T, der, sig []byte) {
		k, err := signature.ParseKey(der)
		if err != nil || len(der) > 2000 {
			return
		}
		for _, oid := range []asn1.ObjectIdentifier{
			{1, 2, 840, 10045, 4, 3, 2}, {0, 4, 0, 127, 0, 7, 1, 1, 4, 1, 3}, {1, 2, 840, 113549, 1, 1, 10}, {1, 2, 840, 113549, 1, 1, 5},
		} {
			var b cryptobyte.Builder
			b.AddASN1ObjectIdentifier(oid)
			a, err := signature.ParseAlgorithm(b.BytesOrPanic())
			if err != nil {
				t.Fatal(err)
			}
			k.Verify(a, []byte("another message"), sig)
		}
	})
}
