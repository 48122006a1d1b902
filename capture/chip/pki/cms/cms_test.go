package cms_test

import (
	"bytes"
	"crypto"
	"errors"
	"testing"
	"time"

	"boothd/capture/chip/pki/cms"
	"boothd/capture/chip/pki/pkitest"
	"boothd/capture/chip/pki/signature"
)

var now = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

func signer(t testing.TB) *pkitest.Signer {
	t.Helper()
	k, err := pkitest.NewKey(pkitest.Algorithm{Curve: "P-256", Hash: crypto.SHA256})
	if err != nil {
		t.Fatal(err)
	}
	a, err := pkitest.NewAuthority(pkitest.Authority{Country: "UT", Name: "CSCA", Key: k, NotBefore: now, NotAfter: now})
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.Issue(pkitest.Signer{Name: "DS", Key: k, NotBefore: now, NotAfter: now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sign(t testing.TB, s *pkitest.Signer, e pkitest.Envelope) []byte {
	t.Helper()
	b, err := s.Sign(pkitest.TypeSOD, []byte("a content that is long enough to be sent in pieces"), e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAnObjectIsReadHoweverItsLengthsAreWritten(t *testing.T) {
	s := signer(t)
	for _, e := range []pkitest.Envelope{{}, {Indefinite: true}} {
		sd, err := cms.Parse(sign(t, s, e))
		if err != nil {
			t.Fatal(err)
		}
		if string(sd.Content) != "a content that is long enough to be sent in pieces" || !sd.ContentType.Equal(pkitest.TypeSOD) ||
			len(sd.Certificates) != 1 || !bytes.Equal(sd.Certificates[0], s.Certificate.Raw) {
			t.Errorf("%+v", sd)
		}
		if err := sd.Verify(&sd.Signers[0], s.Certificate.Key); err != nil {
			t.Error(err)
		}
	}
}

func TestNothingButOneObjectIsRead(t *testing.T) {
	for _, e := range []pkitest.Envelope{{}, {Indefinite: true}} {
		b := sign(t, signer(t), e)
		for n := range b {
			if _, err := cms.Parse(b[:n]); err == nil {
				t.Fatalf("the first %d of %d bytes were read", n, len(b))
			}
		}
		if _, err := cms.Parse(append(bytes.Clone(b), 0)); err == nil {
			t.Error("a byte behind the object was passed over")
		}
	}
}

func TestElementsTooDeepAreRefused(t *testing.T) {
	deep := append(bytes.Repeat([]byte{0x30, 0x80}, 1<<20), make([]byte, 2<<20)...)
	if _, err := cms.Parse(deep); err == nil {
		t.Error("a million levels were read")
	}
}

func TestAnotherKeyIsWrong(t *testing.T) {
	sd, err := cms.Parse(sign(t, signer(t), pkitest.Envelope{}))
	if err != nil {
		t.Fatal(err)
	}
	if err := sd.Verify(&sd.Signers[0], signer(t).Certificate.Key); !errors.Is(err, signature.ErrWrong) {
		t.Error(err)
	}
}

// Attributes are signed in DER's order; a signer may send them in another.
func TestAttributesOutOfOrderAreVerifiedAsDEROrdersThem(t *testing.T) {
	s := signer(t)
	b := sign(t, s, pkitest.Envelope{SigningTime: now})
	pkcs9 := []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09}
	first := bytes.Index(b, pkcs9) - 2
	one := int(b[first+1]) + 2
	second := int(b[first+one+1]) + 2
	swapped := bytes.Clone(b)
	copy(swapped[first:], b[first+one:first+one+second])
	copy(swapped[first+second:], b[first:first+one])
	if bytes.Equal(swapped, b) {
		t.Fatal("nothing was swapped")
	}
	sd, err := cms.Parse(swapped)
	if err != nil {
		t.Fatal(err)
	}
	if err := sd.Verify(&sd.Signers[0], s.Certificate.Key); err != nil {
		t.Error(err)
	}
}

func TestAnAttributeThatIsThereTwiceIsAgainstTheRules(t *testing.T) {
	s := signer(t)
	b := sign(t, s, pkitest.Envelope{SigningTime: now})
	// The time of signing becomes a second content type, whose value is not one.
	at := bytes.Index(b, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05})
	b[at+8] = 3
	sd, err := cms.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := sd.Verify(&sd.Signers[0], s.Certificate.Key); !errors.Is(err, cms.ErrAttributes) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	s := signer(f)
	f.Add(sign(f, s, pkitest.Envelope{SigningTime: now}))
	f.Add(sign(f, s, pkitest.Envelope{Indefinite: true, ByKeyID: true}))
	f.Add(sign(f, s, pkitest.Envelope{NoAttributes: true}))
	f.Fuzz(func(t *testing.T, b []byte) {
		sd, err := cms.Parse(b)
		if err != nil {
			return
		}
		if len(sd.Content) > len(b) || len(sd.Signers) == 0 {
			t.Errorf("content of %d bytes in %d, %d signers", len(sd.Content), len(b), len(sd.Signers))
		}
		for i := range sd.Signers {
			if sd.Verify(&sd.Signers[i], s.Certificate.Key) == nil && string(sd.Content) != "a content that is long enough to be sent in pieces" {
				t.Error("a content that nobody signed was verified")
			}
		}
	})
}
