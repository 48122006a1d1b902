package cert_test

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/pkitest"
	"boothd/capture/chip/pki/signature"
)

var now = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

func authority(t testing.TB) *pkitest.Authority {
	t.Helper()
	k, err := pkitest.NewKey(pkitest.Algorithm{Curve: "P-256", Hash: crypto.SHA256})
	if err != nil {
		t.Fatal(err)
	}
	a, err := pkitest.NewAuthority(pkitest.Authority{
		Country: "UT", State: "UTO", Name: "CSCA", Key: k, NotBefore: now, NotAfter: now.AddDate(40, 0, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func signer(t testing.TB, a *pkitest.Authority) *cert.Certificate {
	t.Helper()
	s, err := a.Issue(pkitest.Signer{
		Name: "DS", Key: a.Key, NotBefore: now, NotAfter: now.AddDate(10, 0, 0), SignsFrom: now,
		SignsUntil: now.AddDate(0, 3, 0), DocumentTypes: []string{"P", "AR"}, Purpose: pkitest.MasterListSigner,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s.Certificate
}

func TestACertificateIsReadInFull(t *testing.T) {
	a := authority(t)
	c := signer(t, a)
	if c.Verify(a.Certificate.Key) != nil || c.SelfSigned() || c.CA || !c.DigitalSignature || c.CertSign {
		t.Errorf("%+v", c.Extensions)
	}
	if !c.SignsUntil.Equal(now.AddDate(0, 3, 0)) || !c.SignsFrom.Equal(now) || strings.Join(c.DocumentTypes, " ") != "P AR" ||
		!c.HasExtKeyUsage(pkitest.MasterListSigner) || !bytes.Equal(c.AuthorityKeyID, a.Certificate.KeyID()) {
		t.Errorf("%+v", c.Extensions)
	}
	if !c.ValidAt(now) || c.ValidAt(now.Add(-time.Second)) || c.ValidAt(now.AddDate(10, 0, 1)) {
		t.Errorf("valid from %v to %v", c.NotBefore, c.NotAfter)
	}
	if ca := a.Certificate; !ca.SelfSigned() || ca.State != "UTO" || !ca.NotAfter.Equal(now.AddDate(40, 0, 0)) {
		t.Errorf("%+v", ca.Extensions)
	}
}

func TestNothingButOneCertificateIsRead(t *testing.T) {
	der := authority(t).Certificate.Raw
	for n := range der {
		if _, err := cert.Parse(der[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were read", n, len(der))
		}
	}
	if _, err := cert.Parse(append(bytes.Clone(der), 0)); err == nil {
		t.Error("a byte behind the certificate was passed over")
	}
	if _, err := cert.Parse(make([]byte, cert.MaxSize+1)); err == nil {
		t.Error("a certificate past the bound was read")
	}
}

func TestAnAlteredCertificateIsNotVerified(t *testing.T) {
	a := authority(t)
	der := a.Certificate.Raw
	for i := range der {
		changed := bytes.Clone(der)
		changed[i] ^= 1
		c, err := cert.Parse(changed)
		if err == nil && c.Verify(a.Certificate.Key) == nil {
			t.Errorf("byte %d was altered and the signature is still right", i)
		}
	}
}

func parseName(t *testing.T, hexadecimal string) cert.Name {
	t.Helper()
	der, err := hex.DecodeString(strings.ReplaceAll(hexadecimal, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	n, err := cert.ParseName(der)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNamesAreComparedAsPeopleReadThem(t *testing.T) {
	const country = "310b 3009 0603550406 1302 4445 "
	printed := parseName(t, "3019"+country+"310a 3008 0603550403 1301 41")
	for name, same := range map[string]bool{
		"3019" + country + "310a 3008 0603550403 0c01 61":             true,  // UTF8String, small
		"301b" + country + "310c 300a 0603550403 1303 204120":         true,  // spaces around
		"301a" + country + "310b 3009 0603550403 1e02 0041":           true,  // BMPString
		"3019" + country + "310a 3008 060355040b 1301 41":             false, // another attribute
		"301b" + country + "310c 300a 0603550403 1303 412042":         false, // another word
		"3019 310a 3008 0603550403 1301 41" + country:                 false, // another order
		"3017 3115 3009 0603550406 1302 4445 3008 0603550403 1301 41": false, // one set
	} {
		if other := parseName(t, name); printed.Equal(other) != same {
			t.Errorf("%s and %s: same is %v", printed, other, !same)
		}
	}
	if printed.Country != "DE" || printed.String() != "C=DE, CN=A" {
		t.Errorf("%q, %q", printed.Country, printed)
	}
}

func TestARevocationListIsReadInFull(t *testing.T) {
	a := authority(t)
	c := signer(t, a)
	der, err := a.CRL(now, now.AddDate(0, 3, 0), pkitest.Revoked{Certificate: c, At: now, Reason: 1})
	if err != nil {
		t.Fatal(err)
	}
	l, err := cert.ParseCRL(der)
	if err != nil {
		t.Fatal(err)
	}
	r, revoked := l.Lookup(c.Serial)
	if !revoked || r.Reason != 1 || !r.At.Equal(now) || l.Len() != 1 || l.Verify(a.Certificate.Key) != nil ||
		!l.NextUpdate.Equal(now.AddDate(0, 3, 0)) || !bytes.Equal(l.AuthorityKeyID, a.Certificate.KeyID()) {
		t.Errorf("%+v", l)
	}
	if _, revoked := l.Lookup(a.Certificate.Serial); revoked {
		t.Error("another serial number is revoked")
	}
	// The number of the list, 2.5.29.20, becomes that of a list of changes, 2.5.29.27, and
	// critical.
	number := []byte{0x30, 0x0d, 0x06, 0x03, 0x55, 0x1d, 0x14, 0x04, 0x06}
	at := bytes.Index(der, number)
	if at < 0 {
		t.Fatal("no number in the list")
	}
	delta := bytes.Clone(der)
	copy(delta[at:], []byte{0x30, 0x0d, 0x06, 0x03, 0x55, 0x1d, 0x1b, 0x01, 0x01, 0xff, 0x04, 0x03, 0x02, 0x01, 0x05})
	if _, err := cert.ParseCRL(delta); !errors.Is(err, signature.ErrUnsupported) {
		t.Errorf("list of changes: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	a := authority(f)
	f.Add(a.Certificate.Raw)
	f.Add(signer(f, a).Raw)
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := cert.Parse(der)
		if err != nil {
			return
		}
		if len(c.Subject.String()) > 256 || c.Key == nil && c.KeyFault == nil {
			t.Errorf("subject of %d bytes, key %v", len(c.Subject.String()), c.Key)
		}
		c.SelfSigned()
		c.KeyID()
	})
}
