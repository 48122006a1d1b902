package sbi_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"boothd/capture/bdir"
	"boothd/capture/synthetic"
	"boothd/capture/wsq"
	"boothd/cmd/boothd/sbi"
)

// authentication is a service to which captures are encrypted.
type authentication struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
}

func newAuthentication(t *testing.T) *authentication {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(certificate(t, key, time.Now().Add(time.Hour)))
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return &authentication{key, cert}
}

// configure makes the server one for authentications.
func (a *authentication) configure(t *testing.T) func(*sbi.Config) {
	return func(c *sbi.Config) {
		var err error
		if c.Domain, err = sbi.NewDomain(a.cert); err != nil {
			t.Fatal(err)
		}
		c.Purpose = sbi.Auth
	}
}

// decrypted opens a bioValue as the authentication service does.
func (a *authentication) decrypted(t *testing.T, part, data object) []byte {
	t.Helper()
	key, err := rsa.DecryptOAEP(sha256.New(), nil, a.key, unbase64(t, part.text(t, "sessionKey")), nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil || len(key) != 32 {
		t.Fatalf("session key of %d bytes: %v", len(key), err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	one, two := []byte(data.text(t, "timestamp")), []byte(data.text(t, "transactionId"))
	for len(one) < len(two) {
		one = append([]byte{0}, one...)
	}
	for len(two) < len(one) {
		two = append([]byte{0}, two...)
	}
	for i := range one {
		one[i] ^= two[i]
	}
	record, err := gcm.Open(nil, one[len(one)-12:], unbase64(t, data.text(t, "bioValue")), one[len(one)-16:])
	if err != nil {
		t.Fatalf("decrypt: %v", err)
	}
	return record
}

// authRequest is a CAPTURE of one finger.
func (b *booth) authRequest(t *testing.T, change func(whole, bio object)) object {
	return b.request(t, func(whole, bio object) {
		whole["purpose"], whole["domainUri"] = "Auth", "https://id.example"
		if change != nil {
			change(whole, bio)
		}
	})
}

func TestAFingerIsCapturedForAnAuthenticationAndOnlyItsServiceReadsIt(t *testing.T) {
	for name, transaction := range map[string]string{
		"a short transaction": "abcd",
		"a long transaction":  "0a7c1f2e-5d3b-4c69-8f00-112233445566-0123456789ab",
	} {
		t.Run(name, func(t *testing.T) {
			service := newAuthentication(t)
			b := open(t, service.configure(t))
			answer := b.later(t, "CAPTURE", "/capture", b.authRequest(t, func(w, bio object) {
				w["transactionId"], bio["bioSubType"] = transaction, []string{"UNKNOWN"}
			}))
			b.lay(t, finger(2))
			part := (<-answer).biometrics(t)[0]
			part.only(t, "biometric", append([]string{"sessionKey", "thumbprint"}, captureMembers...)...)
			data := b.verified(t, part.text(t, "data"))
			data.only(t, "data", append([]string{"domainUri"}, dataMembers...)...)
			if data.text(t, "bioSubType") != "UNKNOWN" || data.text(t, "purpose") != "Auth" || data.text(t, "domainUri") != "https://id.example" {
				t.Errorf("data %v, %v, %v", data["bioSubType"], data["purpose"], data["domainUri"])
			}
			if got, want := part.text(t, "thumbprint"), fmt.Sprintf("%X", sha256.Sum256(service.cert.Raw)); got != want {
				t.Errorf("thumbprint %s, want %s", got, want)
			}
			record := service.decrypted(t, part, data)
			if got, want := part.text(t, "hash"), chained("", record); got != want {
				t.Errorf("hash %s, want %s", got, want)
			}
			wantFinger(t, record, 0, bdir.WSQ, "\xff\xa0")
			r, err := bdir.ReadImages(record)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := wsq.Decode(r.Pictures[0].Data); err != nil {
				t.Errorf("the picture: %v", err)
			}
		})
	}
}

func TestEachFingerOfAnAuthenticationHasAKeyOfItsOwn(t *testing.T) {
	service := newAuthentication(t)
	b := open(t, service.configure(t))
	answer := b.later(t, "CAPTURE", "/capture", b.authRequest(t, func(_, bio object) {
		bio["count"], bio["bioSubType"] = "2", []string{"UNKNOWN", "UNKNOWN"}
	}))
	b.lay(t, finger(2))
	b.lay(t, finger(7))
	found := (<-answer).biometrics(t)
	if len(found) != 2 {
		t.Fatalf("%d parts", len(found))
	}
	previous := ""
	for _, part := range found {
		record := service.decrypted(t, part, b.verified(t, part.text(t, "data")))
		previous = chained(previous, record)
		if got := part.text(t, "hash"); got != previous {
			t.Errorf("hash %s, want %s", got, previous)
		}
	}
	if found[0].text(t, "sessionKey") == found[1].text(t, "sessionKey") {
		t.Error("two records under one key and nonce")
	}
}

func TestAFaceOfAnAuthenticationIsSmaller(t *testing.T) {
	service := newAuthentication(t)
	b := open(t, service.configure(t))
	part := b.ask(t, "CAPTURE", "/capture", b.authRequest(t, func(_, bio object) {
		bio["type"], bio["deviceId"], bio["bioSubType"], bio["requestedScore"] = "Face", b.device(t, "Face"), nil, "1"
	})).biometrics(t)[0]
	record := service.decrypted(t, part, b.verified(t, part.text(t, "data")))
	size := synthetic.New(1).Portrait().Bounds().Size()
	wantFace(t, record, 1, size)
	if len(record) > size.X*size.Y {
		t.Errorf("%d bytes for %v pixels", len(record), size)
	}
}

func TestErrorsOfAnAuthenticationHaveItsMembersAndCodes(t *testing.T) {
	service := newAuthentication(t)
	b := open(t, service.configure(t))
	for _, test := range []struct {
		name, verb string
		change     func(whole, bio object)
		want       string
	}{
		{"a registration", "RCAPTURE", nil, "709"},
		{"no device", "CAPTURE", func(_, b object) { b["deviceId"] = "" }, "804"},
		{"an unknown device", "CAPTURE", func(_, b object) { b["deviceId"] = "B1" }, "805"},
		{"nobody there", "CAPTURE", func(w, _ object) { w["timeout"] = 300 }, "801"},
	} {
		part := b.ask(t, test.verb, "/capture", b.authRequest(t, test.change)).biometrics(t)[0]
		members := captureMembers
		if test.verb == "CAPTURE" {
			members = append([]string{"sessionKey", "thumbprint"}, captureMembers...)
		}
		part.only(t, test.name, members...)
		if got := part.object(t, "error").text(t, "errorCode"); got != test.want {
			t.Errorf("%s: code %s, want %s", test.name, got, test.want)
		}
	}
	if got := unmarshalled(t, b.ask(t, "STREAM", "/stream", object{"deviceId": b.device(t, "Face"), "deviceSubId": "0"}).body).
		object(t, "error").text(t, "errorCode"); got != "601" {
		t.Errorf("a stream: code %s, want 601", got)
	}
}

func TestWithoutTheServicesKeyNothingIsCaptured(t *testing.T) {
	b := open(t, func(c *sbi.Config) { c.Purpose = sbi.Auth })
	if got := b.ask(t, "CAPTURE", "/capture", b.authRequest(t, nil)).code(t); got != "108" {
		t.Errorf("code %s, want 108", got)
	}
}

func TestTheServicesCertificateIsReadFromAFile(t *testing.T) {
	service := newAuthentication(t)
	path := filepath.Join(t.TempDir(), "ida.pem")
	for name, test := range map[string]struct {
		content []byte
		ok      bool
	}{
		"PEM":     {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: service.cert.Raw}), true},
		"DER":     {service.cert.Raw, true},
		"text":    {[]byte("certificate"), false},
		"nothing": {nil, false},
	} {
		if err := os.WriteFile(path, test.content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := sbi.ReadDomain(path); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
