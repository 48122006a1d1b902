package watchlist

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"boothd/internal/testtool"
)

// mosquitto is Debian's broker with TLS, passwords and an ACL, as central would run it.
type mosquitto struct {
	addr string
	tls  *tls.Config
	dir  string
	cmd  *exec.Cmd
	out  bytes.Buffer
}

const testACL = `user central
topic readwrite boothd/v2/keys
topic readwrite boothd/v2/orders/#
topic readwrite boothd/v2/lists/#
topic read boothd/v2/booths/#

user booth-7
topic read boothd/v2/keys
topic read boothd/v2/orders/#
topic read boothd/v2/lists/#
pattern write boothd/v2/booths/%u/lists/#

user stranger
`

func startMosquitto(t *testing.T) *mosquitto {
	t.Helper()
	program := testtool.Path(t, "mosquitto")
	m := &mosquitto{addr: freeAddress(t), dir: t.TempDir()}
	m.tls = m.certificate(t)
	_, port, _ := net.SplitHostPort(m.addr)
	m.file(t, "acl", testACL)
	m.file(t, "passwords", "central:one\nbooth-7:two\nstranger:three\n")
	if out, err := exec.Command("mosquitto_passwd", "-U", filepath.Join(m.dir, "passwords")).CombinedOutput(); err != nil {
		t.Fatalf("mosquitto_passwd: %v: %s", err, out)
	}
	m.file(t, "mosquitto.conf", fmt.Sprintf(`listener %s 127.0.0.1
user root
certfile %[2]s/broker.crt
keyfile %[2]s/broker.key
password_file %[2]s/passwords
acl_file %[2]s/acl
allow_anonymous false
max_packet_size %[3]d
persistence true
persistence_location %[2]s/
`, port, m.dir, MaxMessage+1024))
	m.cmd = exec.Command(program, "-c", filepath.Join(m.dir, "mosquitto.conf"))
	m.start(t, program)
	t.Cleanup(func() { m.kill() })
	return m
}

func (m *mosquitto) start(t *testing.T, program string) {
	t.Helper()
	m.cmd = exec.Command(program, "-c", filepath.Join(m.dir, "mosquitto.conf"))
	m.cmd.Stdout, m.cmd.Stderr = &m.out, &m.out
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "mosquitto listens", func() bool {
		c, err := net.Dial("tcp", m.addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func (m *mosquitto) kill() {
	m.cmd.Process.Kill()
	m.cmd.Wait()
}

func (m *mosquitto) file(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (m *mosquitto) certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test broker"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	crt := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	m.file(t, "broker.crt", string(crt))
	m.file(t, "broker.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(crt)
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

func (m *mosquitto) broker(user, password string) Broker {
	return Broker{URL: "ssl://" + m.addr, ClientID: user, Username: user, Password: password, TLS: m.tls}
}

func TestMosquittoWithTLSAndACLCarriesTheLists(t *testing.T) {
	m, c := startMosquitto(t), newCentral(t)
	publish := func() {
		t.Helper()
		done, err := Publish(context.Background(), PublishOptions{Dir: c.dir, List: "sis", Broker: m.broker("central", "one"), Chunks: ChunksAlways})
		if err != nil {
			t.Fatalf("%v\n%s", err, m.out.String())
		}
		t.Logf("%+v", done)
	}
	c.build(bulky(40), false)
	publish()
	x := newBooth(t, m.broker("booth-7", "two"), c.trusted())
	x.waitVersion(1)
	c.build(bulky(41), false)
	publish()
	x.waitVersion(2)
	// The broker dies and comes back while the booth is running.
	m.kill()
	m.start(t, m.cmd.Path)
	c.build(people("A1"), true)
	publish()
	x.waitVersion(3)
	x.wantNumbers("A1")

	for what, b := range map[string]Broker{
		"a wrong password":       m.broker("central", "no"),
		"a user without a right": m.broker("stranger", "three"),
		"a booth":                m.broker("booth-7", "two"),
	} {
		b.ClientID = "intruder"
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		if done, err := Publish(ctx, PublishOptions{Dir: c.dir, List: "sis", Broker: b}); err == nil {
			t.Errorf("published with %s: %+v", what, done)
		}
		cancel()
	}
}
