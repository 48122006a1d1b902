package portal

import (
	"crypto/tls"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestStrangersAreTurnedAway(t *testing.T) {
	for _, test := range []struct {
		name   string
		setUp  func(t *testing.T, p *place)
		reason []string // any of them
	}{
		{"portal of another authority", func(t *testing.T, p *place) {
			other := newAuthority(t)
			p.opt.TLS = mutual(t, other.path("ca.pem"), p.ca.path("booth-1"))
		}, []string{"the central search could not prove who it is"}},
		{"portal under another name", func(t *testing.T, p *place) {
			p.opt.TLS.ServerName = "portal.example"
		}, []string{"the central search could not prove who it is"}},
		{"booth of another authority", func(t *testing.T, p *place) {
			other := newAuthority(t)
			other.issue("booth-1")
			p.opt.TLS = mutual(t, p.ca.path("ca.pem"), other.path("booth-1"))
			// In TLS 1.3 a booth learns of its rejection after its own handshake is done. If the
			// connection is gone by then, net/http no longer tells why.
		}, []string{"the central search turned this booth away", "no connection to the central search"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlace(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("request went through") }))
			test.setUp(t, p)
			got, err := ask(t.Context(), p.client(t), documentQuery())
			if err == nil || len(got) != 2 {
				t.Fatalf("Look = %d answers, %v", len(got), err)
			}
			if !slices.Contains(test.reason, got[0].Reason) {
				t.Errorf("reason = %q (%v), want one of %q", got[0].Reason, err, test.reason)
			}
		})
	}
}

func mutual(t *testing.T, ca, pair string) *tls.Config {
	t.Helper()
	conf, err := MutualTLS(ca, pair+".pem", pair+".key", nil)
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

func TestRenewedCertificateIsUsedAndABrokenOneIsNot(t *testing.T) {
	var serials []string
	p := newPlace(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serials = append(serials, r.TLS.PeerCertificates[0].SerialNumber.String())
	}))
	c := p.client(t)
	health := func() {
		t.Helper()
		c.Close() // the next call makes a new connection
		if err := c.Health(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	health()
	p.ca.issue("booth-1")
	age(t, p.ca.path("booth-1.pem"), time.Second)
	health()
	if err := os.WriteFile(p.ca.path("booth-1.pem"), []byte("half a certif"), 0o600); err != nil {
		t.Fatal(err)
	}
	health()
	if serials[0] == serials[1] || serials[1] != serials[2] {
		t.Errorf("serial numbers shown: %v", serials)
	}
}

// age moves a file's time, because two writes may fall into one tick of the clock.
func age(t *testing.T, path string, by time.Duration) {
	t.Helper()
	at := time.Now().Add(-by)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestMutualTLSNamesTheFileThatIsWrong(t *testing.T) {
	a := newAuthority(t)
	a.issue("booth-1")
	ca, pem, key := a.path("ca.pem"), a.path("booth-1.pem"), a.path("booth-1.key")
	empty := a.path("empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	huge := a.path("huge")
	if err := os.WriteFile(huge, make([]byte, maxPEM+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, ca, pem, key, names string }{
		{"authority missing", a.path("none"), pem, key, "none"},
		{"authority empty", empty, pem, key, "empty"},
		{"certificate huge", ca, huge, key, "huge"},
		{"key missing", ca, pem, a.path("none"), "none"},
		{"certificate and key swapped", ca, key, pem, "booth-1.key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := MutualTLS(test.ca, test.pem, test.key, nil); err == nil || !strings.Contains(err.Error(), test.names) {
				t.Errorf("error = %v, want one that names %s", err, test.names)
			}
		})
	}
}

func TestNewRefusesOptionsThatCannotBe(t *testing.T) {
	good := Options{URL: "https://portal.example:8443/", TLS: &tls.Config{}, Booth: "booth-1"}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"plain HTTP":       func(o *Options) { o.URL = "http://portal.example" },
		"no host":          func(o *Options) { o.URL = "https://" },
		"a path":           func(o *Options) { o.URL = "https://portal.example/v1" },
		"a user":           func(o *Options) { o.URL = "https://u:p@portal.example" },
		"not an address":   func(o *Options) { o.URL = "https://por tal" },
		"no TLS":           func(o *Options) { o.TLS = nil },
		"no booth":         func(o *Options) { o.Booth = "" },
		"no address given": func(o *Options) { o.URL = "" },
	} {
		opt := good
		change(&opt)
		if _, err := New(opt); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestNoTLSBelow13IsSpoken(t *testing.T) {
	p := newPlace(t, http.NotFoundHandler())
	p.opt.TLS.MinVersion = tls.VersionTLS10
	old := p.ca.server()
	old.MaxVersion, old.MinVersion = tls.VersionTLS12, tls.VersionTLS12
	l, err := tls.Listen("tcp", "127.0.0.1:0", old)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	handshake := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		handshake <- conn.(*tls.Conn).Handshake()
	}()
	p.opt.URL = "https://" + l.Addr().String()
	if err := p.client(t).Health(t.Context()); err == nil {
		t.Error("spoke TLS 1.2")
	}
	if err := <-handshake; err == nil {
		t.Error("a handshake in TLS 1.2 succeeded")
	}
}
