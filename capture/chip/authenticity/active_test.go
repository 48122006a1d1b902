package authenticity

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"

	"boothd/capture/chip/access"
	"boothd/capture/chip/apdu"
	"boothd/capture/chip/pki/signature"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
)

// recoverable signs as a chip does: ISO/IEC 9796-2 scheme 1 by the letter of ICAO 9303-11
// §6.1, or otherwise where a test says so.
type recoverable struct {
	key     *rsa.PrivateKey
	head    byte
	hash    crypto.Hash
	trailer []byte
}

func (r recoverable) sign(challenge []byte) []byte {
	size := r.key.Size()
	random := make([]byte, size-1-r.hash.Size()-len(r.trailer))
	rand.Read(random)
	h := r.hash.New()
	h.Write(random)
	h.Write(challenge)
	block := append(append(append([]byte{r.head}, random...), h.Sum(nil)...), r.trailer...)
	return new(big.Int).Exp(new(big.Int).SetBytes(block), r.key.D, r.key.N).FillBytes(make([]byte, size))
}

func rsaKey(t testing.TB, bits int) (*rsa.PrivateKey, *ActiveKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	info, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	active, err := ParseActiveKey(info, security.Infos{})
	if err != nil {
		t.Fatal(err)
	}
	return key, active
}

func TestRSASignaturesWithEveryHash(t *testing.T) {
	tests := []struct {
		name    string
		hash    crypto.Hash
		head    byte
		trailer []byte
		want    error
	}{
		{"SHA-1, without its identifier", crypto.SHA1, 0x6A, []byte{0xBC}, nil},
		{"SHA-1", crypto.SHA1, 0x6A, []byte{0x33, 0xCC}, nil},
		{"SHA-224", crypto.SHA224, 0x6A, []byte{0x38, 0xCC}, nil},
		{"SHA-256", crypto.SHA256, 0x6A, []byte{0x34, 0xCC}, nil},
		{"SHA-384", crypto.SHA384, 0x6A, []byte{0x36, 0xCC}, nil},
		{"SHA-512", crypto.SHA512, 0x6A, []byte{0x35, 0xCC}, nil},
		{"RIPEMD-160, which ICAO 9303-11 does not have", crypto.SHA1, 0x6A, []byte{0x31, 0xCC}, ErrNotSupported},
		{"another hash than its identifier says", crypto.SHA256, 0x6A, []byte{0x38, 0xCC}, ErrProof},
		{"SHA-256 without its identifier", crypto.SHA256, 0x6A, []byte{0xBC}, ErrProof},
		{"a message that is whole", crypto.SHA1, 0x4A, []byte{0xBC}, ErrProof},
		{"a header with padding", crypto.SHA1, 0x6B, []byte{0xBC}, ErrProof},
		{"another trailer", crypto.SHA1, 0x6A, []byte{0xDC}, ErrProof},
		{"a trailer that does not end in C", crypto.SHA1, 0x6A, []byte{0xBB}, ErrProof},
	}
	key, active := rsaKey(t, 1024)
	challenge := []byte("RND.IFD.")
	for _, test := range tests {
		sig := recoverable{key, test.head, test.hash, test.trailer}.sign(challenge)
		signed, err := active.verify(challenge, sig)
		if !errors.Is(err, test.want) || err == nil && signed.Hash != test.hash {
			t.Errorf("%s: %+v, %v, want %v", test.name, signed, err, test.want)
		}
		if test.want != nil {
			continue
		}
		for name, bad := range map[string][]byte{
			"altered":          append([]byte{sig[0] ^ 1}, sig[1:]...),
			"above the modul.": new(big.Int).Add(key.N, big.NewInt(5)).FillBytes(make([]byte, 128)),
			"short":            sig[1:],
			"zero":             make([]byte, 128),
			"one":              append(make([]byte, 127), 1),
			"empty":            nil,
		} {
			if _, err := active.verify(challenge, bad); !errors.Is(err, ErrProof) {
				t.Errorf("%s, %s: %v", test.name, name, err)
			}
		}
		if _, err := active.verify([]byte("rnd.ifd."), sig); !errors.Is(err, ErrProof) {
			t.Errorf("%s, another challenge: %v", test.name, err)
		}
	}
}

func TestLongSignaturesAreAskedForInExtendedLength(t *testing.T) {
	for _, bits := range []int{1024, 1792, 2048, 3072} {
		key, active := rsaKey(t, bits)
		signer := recoverable{key, 0x6A, crypto.SHA256, []byte{0x34, 0xCC}}
		c, s := newChip(t, 13, 1, -1, secure.AES128)
		c.sign = signer.sign
		signed, err := ActiveAuthentication(t.Context(), access.Secured(c, s), s.Cipher().ShortData(), active, nil)
		if err != nil || c.count != 1 || (signed.Weakness == "") != (bits >= 2048) {
			t.Errorf("%d bits: %+v, %v after %d commands", bits, signed, err, c.count)
		}
		plain := func(_ context.Context, p apdu.Command) (apdu.Response, error) {
			if p.Extended() != (bits > 2048) {
				t.Errorf("%d bits, in the clear: extended %v", bits, p.Extended())
			}
			return apdu.Response{Data: signer.sign(p.Data), Status: apdu.OK}, nil
		}
		if _, err := ActiveAuthentication(t.Context(), plain, 256, active, nil); err != nil {
			t.Errorf("%d bits, in the clear: %v", bits, err)
		}
	}
}

// ecKey makes a key on a curve, in the form of DG15.
func ecKey(t testing.TB, c *signature.Curve) (*ecdsa.PrivateKey, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(c.New(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	size := (key.Curve.Params().BitSize + 7) / 8
	point := make([]byte, 1+2*size)
	point[0] = 4
	x, y := key.X, key.Y
	x.FillBytes(point[1 : 1+size])
	y.FillBytes(point[1+size:])
	name, err := asn1.Marshal(c.OID)
	if err != nil {
		t.Fatal(err)
	}
	var info publicKeyInfo
	info.Algorithm.OID, info.Algorithm.Parameters.FullBytes = oidECPublicKey, name
	info.Key = asn1.BitString{Bytes: point, BitLength: 8 * len(point)}
	der, err := asn1.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	return key, der
}

// signECDSA signs as a chip does, r and s side by side, or in DER.
func signECDSA(t testing.TB, key *ecdsa.PrivateKey, h crypto.Hash, challenge []byte, der bool) []byte {
	t.Helper()
	f := h.New()
	f.Write(challenge)
	sig, err := ecdsa.SignASN1(rand.Reader, key, f.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	if der {
		return sig
	}
	var both struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(sig, &both); err != nil {
		t.Fatal(err)
	}
	size := (key.Curve.Params().N.BitLen() + 7) / 8
	out := make([]byte, 2*size)
	both.R.FillBytes(out[:size])
	both.S.FillBytes(out[size:])
	return out
}

func TestECDSASignaturesOnEveryCurve(t *testing.T) {
	challenge := []byte("RND.IFD.")
	for _, curve := range signature.Curves() {
		key, info := ecKey(t, curve)
		active, err := ParseActiveKey(info, security.Infos{})
		if err != nil {
			t.Errorf("%s: %v", curve.Name, err)
			continue
		}
		for _, der := range []bool{false, true} {
			sig := signECDSA(t, key, crypto.SHA256, challenge, der)
			if signed, err := active.verify(challenge, sig); err != nil || signed.Hash != crypto.SHA256 {
				t.Errorf("%s, DER %v: %+v, %v", curve.Name, der, signed, err)
			}
			sig[len(sig)-1] ^= 1
			if _, err := active.verify(challenge, sig); !errors.Is(err, ErrProof) {
				t.Errorf("%s, DER %v, altered: %v", curve.Name, der, err)
			}
		}
	}
}

func TestECDSAHashesAreThoseOfDG14First(t *testing.T) {
	challenge := []byte("RND.IFD.")
	key, info := ecKey(t, signature.Curves()[2])
	named := func(arcs ...int) security.Infos {
		return security.Infos{ActiveAuth: []security.ActiveAuth{{Version: 1, Signature: asn1.ObjectIdentifier(arcs)}}}
	}
	tests := []struct {
		name  string
		dg14  security.Infos
		first crypto.Hash
	}{
		{"ecdsa-plain-SHA384", named(0, 4, 0, 127, 0, 7, 1, 1, 4, 1, 4), crypto.SHA384},
		{"ecdsa-with-SHA512", named(1, 2, 840, 10045, 4, 3, 4), crypto.SHA512},
		{"something unknown", named(1, 2, 3), crypto.SHA1},
		{"nothing", security.Infos{}, crypto.SHA1},
	}
	for _, test := range tests {
		active, err := ParseActiveKey(info, test.dg14)
		if err != nil || active.hashes[0] != test.first || len(active.hashes) != 5 {
			t.Fatalf("%s: %v, %v", test.name, active.hashes, err)
		}
		for _, h := range active.hashes {
			if signed, err := active.verify(challenge, signECDSA(t, key, h, challenge, false)); err != nil || signed.Hash != h {
				t.Errorf("%s, signed with %v: %+v, %v", test.name, h, signed, err)
			}
		}
	}
}

func TestECDSASignaturesThatAreNone(t *testing.T) {
	_, info := ecKey(t, signature.Curves()[2])
	active, err := ParseActiveKey(info, security.Infos{})
	if err != nil {
		t.Fatal(err)
	}
	huge, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).Lsh(big.NewInt(1), 4096), big.NewInt(1)})
	if err != nil {
		t.Fatal(err)
	}
	for name, sig := range map[string][]byte{
		"nothing": nil, "zeros": make([]byte, 64), "ones": bytes.Repeat([]byte{0xFF}, 64), "numbers too large": huge,
		"negative numbers": {0x30, 6, 2, 1, 0xFF, 2, 1, 0xFF}, "something": []byte("something"),
	} {
		if _, err := active.verify([]byte("RND.IFD."), sig); !errors.Is(err, ErrProof) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysThatAreNotTaken(t *testing.T) {
	info := func(n, e *big.Int) []byte {
		key, err := asn1.Marshal(struct{ N, E *big.Int }{n, e})
		if err != nil {
			t.Fatal(err)
		}
		var out publicKeyInfo
		out.Algorithm.OID, out.Algorithm.Parameters = oidRSA, asn1.NullRawValue
		out.Key = asn1.BitString{Bytes: key, BitLength: 8 * len(key)}
		der, err := asn1.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	modulus := func(bits uint) *big.Int {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		return n.SetBit(n, 0, 1)
	}
	_, ec := ecKey(t, signature.Curves()[2])
	off := bytes.Clone(ec)
	off[len(off)-1] ^= 1
	e := big.NewInt(65537)
	tests := []struct {
		name string
		info []byte
		want error
	}{
		{"nothing", nil, ErrMalformed},
		{"bytes behind it", append(info(modulus(1024), e), 0), ErrMalformed},
		{"a modulus of 1024 bits", info(modulus(1024), e), nil},
		{"a modulus of 1023 bits", info(modulus(1023), e), ErrNotSupported},
		{"a modulus of 1025 bits", info(modulus(1025), e), ErrNotSupported},
		{"a modulus of 16384 bits", info(modulus(16384), e), ErrNotSupported},
		{"an even modulus", info(new(big.Int).Lsh(big.NewInt(1), 1023), e), ErrNotSupported},
		{"a negative modulus", info(new(big.Int).Neg(modulus(1024)), e), ErrMalformed},
		{"an exponent of 1", info(modulus(1024), big.NewInt(1)), ErrNotSupported},
		{"an exponent of 1024 bits", info(modulus(1024), modulus(1024)), ErrNotSupported},
		{"an even exponent", info(modulus(1024), big.NewInt(65536)), ErrNotSupported},
		{"a point off the curve", off, ErrMalformed},
		{"another kind of key", bytes.Replace(ec, []byte{0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1}, []byte{0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 9}, 1), ErrNotSupported},
	}
	for _, test := range tests {
		if _, err := ParseActiveKey(test.info, security.Infos{}); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestRefusedActiveAuthenticationProvesNothing(t *testing.T) {
	_, active := rsaKey(t, 1024)
	refuse := func(context.Context, apdu.Command) (apdu.Response, error) {
		return apdu.Response{Status: apdu.InstructionNotSupported}, nil
	}
	_, err := ActiveAuthentication(t.Context(), refuse, 256, active, nil)
	if !errors.Is(err, ErrRefused) || !errors.Is(err, apdu.InstructionNotSupported) || errors.Is(err, ErrProof) {
		t.Errorf("%v", err)
	}
	if _, err := ActiveAuthentication(t.Context(), refuse, 256, active, bytes.NewReader([]byte{1})); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("without randomness: %v", err)
	}
}
