package authenticity

import (
	"context"
	"crypto"
	"errors"
	"testing"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/pki/signature"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
)

func FuzzParseActiveKey(f *testing.F) {
	_, ec := ecKey(f, signature.Curves()[2])
	f.Add(ec)
	f.Add(unhex(f, "30819f300d06092a864886f70d010101050003818d00308189028181"))
	f.Fuzz(func(t *testing.T, b []byte) {
		key, err := ParseActiveKey(b, security.Infos{})
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrNotSupported) {
				t.Fatalf("unknown error %v", err)
			}
			return
		}
		if n := key.answerSize(); n <= 0 || n > maxModulus/8 {
			t.Fatalf("%v: signatures of %d bytes", key, n)
		}
	})
}

// The signature is what the chip sends; only the key could make one that is right.
func FuzzActiveSignature(f *testing.F) {
	challenge := []byte("RND.IFD.")
	private, modulus := rsaKey(f, 1024)
	right := recoverable{private, 0x6A, crypto.SHA1, []byte{0xBC}}.sign(challenge)
	f.Add(right)
	secret, info := ecKey(f, signature.Curves()[2])
	point, err := ParseActiveKey(info, security.Infos{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signECDSA(f, secret, crypto.SHA256, challenge, false))
	f.Add(signECDSA(f, secret, crypto.SHA256, challenge, true))
	f.Fuzz(func(t *testing.T, sig []byte) {
		for _, key := range []*ActiveKey{modulus, point} {
			if _, err := key.verify(challenge, sig); err != nil && !errors.Is(err, ErrProof) && !errors.Is(err, ErrNotSupported) {
				t.Fatalf("unknown error %v", err)
			}
		}
	})
}

// What a chip answers to GENERAL AUTHENTICATE and GET CHALLENGE, status and all.
func FuzzChipAnswers(f *testing.F) {
	f.Add([]byte{0x7C, 0x14, 0x81, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x82, 8, 1, 2, 3, 4, 5, 6, 7, 8}, uint16(0x9000))
	f.Add([]byte{0x7C, 0}, uint16(0x9000))
	f.Add([]byte{}, uint16(0x6A80))
	c, _ := newChip(f, 13, 2, 200, secure.AES128)
	own, err := NewEphemeral(c.pair.Key, nil)
	if err != nil {
		f.Fatal(err)
	}
	w := newWorld(f, algorithms[0])
	system := w.system(f)
	system.Identities[0].Signer = failing{}
	f.Fuzz(func(t *testing.T, data []byte, status uint16) {
		send := func(_ context.Context, p apdu.Command) (apdu.Response, error) {
			if p.INS == 0x22 || p.INS == 0x2A {
				return apdu.Response{Status: apdu.OK}, nil
			}
			return apdu.Response{Data: data, Status: apdu.Status(status)}, nil
		}
		answer, err := general(t.Context(), send, c.pair, own)
		if err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrRefused) {
			t.Fatalf("chip authentication: %v", err)
		}
		if nonce, _, err := readProof(answer); err == nil && len(nonce) != nonceSize || err != nil && !errors.Is(err, ErrMalformed) {
			t.Fatalf("chip authentication version 2: nonce of %d bytes, %v", len(nonce), err)
		}
		b := Binding{Version: 1, Chip: []byte{1}, Key: []byte{1}}
		if err := system.prove(t.Context(), send, system.Identities[0], b); !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrRefused) && !errors.Is(err, errToken) {
			t.Fatalf("terminal authentication: %v", err)
		}
		if _, err := Authorities(t.Context(), send, taInfo); err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrRefused) {
			t.Fatalf("EF.CVCA: %v", err)
		}
	})
}
