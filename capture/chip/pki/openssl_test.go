package pki_test

import (
	"crypto"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"boothd/capture/chip/pki"
	"boothd/capture/chip/pki/cert"
	"boothd/capture/chip/pki/cms"
	"boothd/capture/chip/pki/pkitest"
	"boothd/internal/testtool"
)

// bench is a folder in which openssl works.
type bench struct {
	t       *testing.T
	openssl string
	dir     string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return &bench{t, testtool.Path(t, "openssl"), t.TempDir()}
}

func (b *bench) write(name, kind string, der []byte) string {
	b.t.Helper()
	content := der
	if kind != "" {
		content = pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func (b *bench) read(name string) []byte {
	b.t.Helper()
	content, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.t.Fatal(err)
	}
	return content
}

func (b *bench) run(args ...string) (string, error) {
	cmd := exec.CommandContext(b.t.Context(), b.openssl, args...)
	cmd.Dir = b.dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (b *bench) must(args ...string) string {
	b.t.Helper()
	out, err := b.run(args...)
	if err != nil {
		b.t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// Plain ECDSA signatures of BSI TR-03111 are left out: openssl does not have them.
func TestOpenSSLVerifiesWhatPkitestMakes(t *testing.T) {
	b := newBench(t)
	var keys pkitest.Keys
	for _, a := range pkitest.Algorithms() {
		if a.Plain {
			continue
		}
		t.Run(a.String(), func(t *testing.T) {
			b.t = t
			w := &world{keys: keys, files: map[int][]byte{1: []byte("zone")}}
			w.authority = w.newAuthority(t, "DE", "CSCA", a)
			w.signer = w.newSigner(t, w.authority, pkitest.Signer{Name: "DS", Key: w.key(t, a)}, a)
			keys = w.keys
			sod, err := cms.Unwrap(0x77, w.newSOD(t, w.signer, pkitest.Envelope{}))
			if err != nil {
				t.Fatal(err)
			}
			authority := b.write("csca.pem", "CERTIFICATE", w.authority.Certificate.Raw)
			args := []string{
				"cms", "-verify", "-inform", "DER", "-in", b.write("sod", "", sod), "-CAfile", authority,
				"-purpose", "any", "-no_check_time", "-auth_level", "0", "-out", "content",
			}
			if a.Explicit { // openssl reads such certificates and builds no chain of them
				args = append(args, "-noverify")
			}
			b.must(args...)
			if got := b.read("content"); string(got) != string(pkitest.HashList(w.files, crypto.SHA256, "0108")) {
				t.Error("openssl found another content")
			}
			crl := b.write("crl.pem", "X509 CRL", w.newCRL(t, w.authority, now, pkitest.Revoked{Certificate: w.signer.Certificate, At: now, Reason: 1}))
			if out := b.must("crl", "-in", crl, "-noout", "-CAfile", authority, "-text"); !strings.Contains(out, "verify OK") || !strings.Contains(out, "Key Compromise") {
				t.Errorf("revocation list: %s", out)
			}
		})
	}
}

func TestWhatOpenSSLSignsIsVerified(t *testing.T) {
	b := newBench(t)
	w := newWorld(t, usual)
	tests := []struct {
		name string
		key  pkitest.Algorithm
		args []string
	}{
		{"RSA", pkitest.Algorithm{Bits: 2048, Hash: crypto.SHA256}, []string{"-md", "sha512"}},
		{"RSA-PSS", pkitest.Algorithm{Bits: 2048, Hash: crypto.SHA256}, []string{"-md", "sha384", "-keyopt", "rsa_padding_mode:pss"}},
		{"RSA-PSS with the longest salt", pkitest.Algorithm{Bits: 2048, Hash: crypto.SHA256}, []string{"-md", "sha256", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:max"}},
		{"RSA-PSS without salt", pkitest.Algorithm{Bits: 2048, Hash: crypto.SHA256}, []string{"-md", "sha256", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:0"}},
		{"RSA-PSS with another mask", pkitest.Algorithm{Bits: 2048, Hash: crypto.SHA256}, []string{"-md", "sha256", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_mgf1_md:sha1"}},
		{"a NIST curve", pkitest.Algorithm{Curve: "P-521", Hash: crypto.SHA256}, []string{"-md", "sha512"}},
		{"a brainpool curve", pkitest.Algorithm{Curve: "brainpoolP384r1", Hash: crypto.SHA256}, []string{"-md", "sha384"}},
		{"a brainpool curve written out", pkitest.Algorithm{Curve: "brainpoolP512r1", Hash: crypto.SHA256, Explicit: true}, []string{"-md", "sha1"}},
		{"a signer named by its key", pkitest.Algorithm{Curve: "P-256", Hash: crypto.SHA256}, []string{"-md", "sha224", "-keyid"}},
		{"indefinite lengths", pkitest.Algorithm{Curve: "P-256", Hash: crypto.SHA256}, []string{"-md", "sha256", "-stream", "-indef"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b.t = t
			signer := w.newSigner(t, w.authority, pkitest.Signer{Name: "DS", Key: w.key(t, tt.key)}, tt.key)
			private, err := signer.Key.PrivateKey()
			if err != nil {
				t.Fatal(err)
			}
			b.write("content", "", pkitest.HashList(w.files, crypto.SHA256, ""))
			b.must(append([]string{
				"cms", "-sign", "-binary", "-nodetach", "-econtent_type", "2.23.136.1.1.1", "-nosmimecap", "-in", "content",
				"-signer", b.write("signer.pem", "CERTIFICATE", signer.Certificate.Raw), "-inkey", b.write("key.pem", "PRIVATE KEY", private),
				"-outform", "DER", "-out", "sod",
			}, tt.args...)...)
			d := w.document()
			d.SOD = b.read("sod")
			want := map[pki.Check]string{}
			if strings.Contains(strings.Join(tt.args, " "), "sha1") && !strings.Contains(tt.name, "mask") {
				want[pki.CheckStrength] = "undetermined weak"
			}
			d.Issued = now.AddDate(0, -1, 0)
			r := trust(t, w.entries()...).Verify(d, now)
			// openssl signs at the machine's own time, of which the test knows nothing.
			for i, f := range r.Facts {
				if f.Check == pki.CheckSigningTime {
					r.Facts[i].State, r.Facts[i].Reason = pki.Successful, ""
				}
			}
			expect(t, r, want)
		})
	}
}

func TestCertificatesThatOpenSSLMakesAreRead(t *testing.T) {
	b := newBench(t)
	for name, args := range map[string][]string{
		"RSA":         {"-newkey", "rsa:2048", "-sha256"},
		"RSA-PSS key": {"-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048", "-sha256"},
		"RSA-PSS key restricted": {"-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_pss_keygen_md:sha256",
			"-pkeyopt", "rsa_pss_keygen_mgf1_md:sha256", "-pkeyopt", "rsa_pss_keygen_saltlen:32", "-sha256", "-sigopt", "rsa_pss_saltlen:32"},
		"brainpool":             {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1", "-sha384"},
		"brainpool written out": {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP320r1", "-pkeyopt", "ec_param_enc:explicit", "-sha256"},
		"NIST written out":      {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1", "-pkeyopt", "ec_param_enc:explicit", "-sha512"},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			b.must(append([]string{
				"req", "-x509", "-nodes", "-keyout", "key", "-outform", "DER", "-out", "cert", "-days", "30",
				"-subj", "/C=UT/O=Government/CN=CSCA \"Utopia\"", "-set_serial", "-5",
				"-addext", "subjectAltName=dirName:place", "-config", b.write("config", "", []byte("[req]\ndistinguished_name=dn\n[dn]\n[place]\nL=UTO\n")),
				"-addext", "keyUsage=critical,keyCertSign,cRLSign", "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0",
				"-addext", "subjectKeyIdentifier=hash",
			}, args...)...)
			c, err := cert.Parse(b.read("cert"))
			if err != nil {
				t.Fatal(err)
			}
			if c.Key == nil || !c.SelfSigned() || !c.CA || c.PathLen != 0 || !c.CertSign || c.State != "UTO" || len(c.Oddities) > 0 {
				t.Errorf("%+v, %v", c.Extensions, c.KeyFault)
			}
			if c.Subject.Country != "UT" || c.Subject.String() != `C=UT, O=Government, CN=CSCA "Utopia"` {
				t.Errorf("subject %s", c.Subject)
			}
		})
	}
}
