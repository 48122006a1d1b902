package barcode

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"testing"

	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/signature"
)

// sealed makes a seal of a visa with a zone of format A, signed with a new P-256 key.
func sealed(t *testing.T) (raw []byte, key *signature.Key) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	zone := "V UTOERIKSSON  ANNA MARIA                   " + "L8988901C4XXX4009078F9612109" // ICAO 9303-7 appendix B
	raw = slices.Concat([]byte{magic, version4}, encodeC40("UTO"), encodeC40("UTTS01"), encodeC40("5"),
		[]byte{0x0f, 0x71, 0x34, 0x11, 0x45, 0xf4, 0x5d, 0x01})
	for tag, value := range [][]byte{1: encodeC40(zone), 3: {2}, 4: {90, 0, 0}, 5: encodeC40("L898902C3"), 6: []byte("C")} {
		if value != nil {
			raw = slices.Concat(raw, []byte{byte(tag), byte(len(value))}, value)
		}
	}
	sum := sha256.Sum256(raw)
	r, s, err := ecdsa.Sign(rand.Reader, private, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	plain := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	info, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	key, err = signature.ParseKey(info)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(raw, []byte{signatureTag, byte(len(plain))}, plain), key
}

func TestASealIsVerifiedInEveryBit(t *testing.T) {
	raw, key := sealed(t)
	s, err := ParseSeal(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(key); err != nil {
		t.Errorf("verify: %v", err)
	}
	zone, err := s.Zone()
	want := []string{"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F9612109<<<<<<<<<<<<<<<<"}
	if err != nil || !slices.Equal(zone, want) {
		t.Errorf("zone %q, %v; want %q", zone, err, want)
	}
	v, err := s.Visa()
	if err != nil || v.Entries != 2 || !v.HasEntries || v.Days != 90 || v.Passport != "L898902C3" || string(v.Type) != "C" {
		t.Errorf("%+v, %v", v, err)
	}
	for i := range len(raw) * 8 {
		altered := slices.Clone(raw)
		altered[i/8] ^= 1 << (i % 8)
		if s, err := ParseSeal(altered); err == nil && s.Verify(key) == nil {
			t.Errorf("bit %d was changed and nobody noticed", i)
		}
	}
	_, other := sealed(t)
	if err := s.Verify(other); !errors.Is(err, signature.ErrWrong) {
		t.Errorf("verify with another key: %v", err)
	}
}

func TestASealNamesItsCertificate(t *testing.T) {
	for _, tt := range []struct {
		reference string
		serial    []byte
		same      bool
	}{
		{"32", []byte{0x32}, true}, {"00027", []byte{0x27}, true}, {"1ab", []byte{1, 0xab}, true},
		{"5B", []byte{0x5b}, true}, {"32", []byte{32}, false}, {"3", []byte{0x32}, false},
	} {
		if got := (&Seal{Reference: tt.reference}).SignedBy(&cert.Certificate{Serial: tt.serial}); got != tt.same {
			t.Errorf("%q names %x: %t", tt.reference, tt.serial, got)
		}
	}
}

// TestTheExamplesOfOneSignerAreVerified verifies three of the worked examples. Their signer's
// certificate is not published with them. But an ECDSA signature tells the two keys that can have
// made it (SEC 1 §4.1.6), and only this one is among those of all three.
func TestTheExamplesOfOneSignerAreVerified(t *testing.T) {
	key := brainpoolP224r1Key(t, unhex(t, `044ce232a26aa6a7d4416cb1ccbd5b9bf47e89cd00f2b5c59935c83cfa
		581aaa53126861ee3449afe3a0cd338a63e2ed2e6dfa3788ce178fe2`))
	for name, raw := range map[string]string{"visa": visa, "address sticker": sticker, "residence sticker": residence} {
		s, err := ParseSeal(unhex(t, raw))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Verify(key); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func brainpoolP224r1Key(t *testing.T, point []byte) *signature.Key {
	t.Helper()
	type identifier struct{ Kind, Curve asn1.ObjectIdentifier }
	info, err := asn1.Marshal(struct {
		Algorithm identifier
		Key       asn1.BitString
	}{
		identifier{asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, 5}},
		asn1.BitString{Bytes: point, BitLength: len(point) * 8},
	})
	if err != nil {
		t.Fatal(err)
	}
	key, err := signature.ParseKey(info)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
