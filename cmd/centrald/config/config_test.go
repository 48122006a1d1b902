package config

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boothd/internal/keys"
	"boothd/internal/settings"
	"boothd/sync/system"
)

const whole = `
database = "central.db"

[server]
listen = "0.0.0.0:8473"
office = "10.0.0.5:8476"
office_url = "https://central.example:8476"
ca = "ca.pem"
cert = "central.pem"
key = "central.key"

[keys]
opening = "opening"
signing = "signing"
lookup = "lookup.key"

[profiles]
folder = "profiles"
keys = ["authority.pub"]

[grants]
keys = { judicial = ["court.pub"], prosecutor = ["court.pub"] }
revocations = "text"

[signin]
issuer = "https://central.example/issuer"
booths_vouch = true
audience = "booths"
redirects = ["http://127.0.0.1/api/v1/login/return"]
keys_cache = "issuer.json"
ca = "ca.pem"
officers = "text"
signing_key = "signing"

[ees]
exempt = ["UTO"]

[etias]
required = ["XXA"]

[retention]
records = "48h"
vis = "4y"

[log]
level = "debug"
format = "json"

[[protocol]]
name = "missing-children"
organisation = "Finders"
fields = ["names"]
until = 2030-01-01T00:00:00Z

[[system]]
name = "SIS"
kind = "register"
deadline = "2s"
needs = { "arrest" = "high_rank" }

[[system]]
name = "EES"
kind = "ees"

[[system]]
name = "weapons"
kind = "http"
url = "https://weapons.example:8443/boothd"
linger = "10s"
ca = "ca.pem"
cert = "central.pem"
key = "central.key"
token_file = "text"
`

// write writes the configuration beside the files that it names.
func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	put := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("text", []byte("x"))
	put("empty", nil)
	cert, key := selfSigned(t)
	put("ca.pem", cert)
	put("central.pem", cert)
	put("central.key", key)
	_, other := selfSigned(t)
	put("other.key", other)
	if err := os.Mkdir(filepath.Join(dir, "profiles"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.GenerateSealing(filepath.Join(dir, "opening")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"signing", "authority", "court"} {
		if _, err := keys.GenerateSigning(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	put("centrald.toml", []byte(text))
	return filepath.Join(dir, "centrald.toml")
}

// selfSigned makes a certificate and its key, in PEM.
func selfSigned(t *testing.T) (cert, key []byte) {
	t.Helper()
	public, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, secret)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func TestWholeFileIsRead(t *testing.T) {
	path := write(t, whole)
	c, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	for _, p := range c.Paths() {
		if *p != "" && filepath.Dir(*p) != dir {
			t.Errorf("path %s, want one in %s", *p, dir)
		}
	}
	if n := len(c.Paths()); n != 13+1+1+2+4*len(c.Systems) {
		t.Errorf("%d paths", n)
	}
	sis, weapons := c.Systems[0], c.Systems[2]
	if sis.Name != system.SIS || time.Duration(sis.Deadline) != 2*time.Second || sis.Needs["arrest"] != "high_rank" {
		t.Errorf("SIS %+v", sis)
	}
	if weapons.Kind != KindHTTP || weapons.URL != "https://weapons.example:8443/boothd" || time.Duration(weapons.Linger) != 10*time.Second {
		t.Errorf("weapons %+v", weapons)
	}
	if time.Duration(c.Retention.Records) != 48*time.Hour || c.Retention.AccessLog != settings.Duration(2*365*day) ||
		c.Retention.VIS != (Period{Years: 4}) || c.Retention.EES != (Period{Years: 3}) || c.Retention.Expired != (Period{}) {
		t.Errorf("retention %+v", c.Retention)
	}
	if s := c.SignIn; !s.Vouch || s.Audience != "booths" || len(s.Redirects) != 1 || c.OfficePlain() || c.Postgres() {
		t.Errorf("sign-in %+v, office in the clear %v, PostgreSQL %v", s, c.OfficePlain(), c.Postgres())
	}
	if p := c.Protocols[0]; p.Name != "missing-children" || !slices.Equal(c.EES.Exempt, []string{"UTO"}) || !slices.Equal(c.ETIAS.Required, []string{"XXA"}) {
		t.Errorf("protocol %+v, exempt %v, required %v", p, c.EES.Exempt, c.ETIAS.Required)
	}
}

func TestADatabaseServerIsNoPath(t *testing.T) {
	for _, address := range []string{"postgres://central@db.example/central?sslmode=verify-full", "postgresql:///central?host=/run/postgresql"} {
		c, err := Read(write(t, strings.Replace(whole, `"central.db"`, `"`+address+`"`, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if !c.Postgres() || c.Database != address {
			t.Errorf("database %s", c.Database)
		}
	}
}

func TestAnOfficeOfThisMachineNeedsNoTLS(t *testing.T) {
	for office, want := range map[string]bool{"127.0.0.1:8476": true, "[::1]:8476": true, "0.0.0.0:8476": false, "central.example:8476": false, "": false} {
		if got := (&Config{Server: Server{Office: office}}).OfficePlain(); got != want {
			t.Errorf("office %q in the clear: %v", office, got)
		}
	}
}

func TestEveryFaultIsNamed(t *testing.T) {
	const http, register = `name = "weapons"`, `deadline = "2s"`
	tests := []struct {
		name, old, new string
		want           string // "key: reason" it must contain
	}{
		{"an unknown key", `database =`, `databse =`, "databse: unknown key"},
		{"a value of another type", `booths_vouch = true`, `booths_vouch = "true"`, "signin.booths_vouch"},
		{"no TOML at all", `[server]`, `[server`, "line "},
		{"no database", `"central.db"`, `""`, "database: is missing"},
		{"no port", `"0.0.0.0:8473"`, `"0.0.0.0"`, "server.listen: must be an address and port"},
		{"an office without a port", `"10.0.0.5:8476"`, `"10.0.0.5"`, "server.office: must be an address and port"},
		{"an authority that is none", "ca = \"ca.pem\"\ncert", "ca = \"text\"\ncert", "server.ca: read "},
		{"a key of another certificate", `key = "central.key"`, `key = "other.key"`, "server.cert: "},
		{"no certificate", `cert = "central.pem"`, ``, "server.cert: is missing"},
		{"an opening key that is a signing key", `"opening"`, `"signing"`, "keys.opening: read "},
		{"an older opening key that is not there", `"opening"`, `["opening", "nowhere"]`, "keys.opening[1]: "},
		{"an opening key that is no path", `"opening"`, `["opening", 3]`, "keys.opening"},
		{"a key for grants of an authority that the law does not know", `prosecutor = [`, `mayor = [`, "grants.keys.mayor: unknown key"},
		{"keys for grants without their authority", `{ judicial = ["court.pub"], prosecutor = ["court.pub"] }`, `["court.pub"]`, "grants.keys"},
		{"a period of no years", `vis = "4y"`, `vis = "0y"`, "no number of years"},
		{"a period that is none", `vis = "4y"`, `vis = "-2h"`, "no positive time span"},
		{"a signing key that is not there", `signing = "signing"`, `signing = "nowhere"`, "keys.signing: "},
		{"a signing key that is a public key", `signing = "signing"`, `signing = "court.pub"`, "keys.signing: read "},
		{"no place for the lookup key", `"lookup.key"`, `""`, "keys.lookup: is missing"},
		{"profiles that nobody may sign", `["authority.pub"]`, `[]`, "profiles.keys: is missing"},
		{"a secret key for profiles", `["authority.pub"]`, `["authority"]`, "profiles.keys[0]: read "},
		{"a folder of profiles that is a file", `"profiles"`, `"text"`, "profiles.folder: is no folder"},
		{"a key for grants that is none", `judicial = ["court.pub"]`, `judicial = ["court.pub", "text"]`, "grants.keys.judicial[1]: read "},
		{"revocations that nobody may sign", `{ judicial = ["court.pub"], prosecutor = ["court.pub"] }`, `{}`, "grants.keys: is missing"},
		{"a folder of lists that is a file", `[signin]`, "[lists]\nfolder = \"text\"\n[signin]", "lists.folder: is no folder"},
		{"revocations that are not there", `revocations = "text"`, `revocations = "nowhere"`, "grants.revocations: "},
		{"an issuer in the clear", `"https://central.example/issuer"`, `"http://central.example/issuer"`, "signin.issuer: must begin with https"},
		{"officers without an issuer", `issuer = "https://central.example/issuer"`, ``, "signin.issuer: is missing"},
		{"an issuer without an audience", `"booths"`, `""`, "signin.audience: is missing"},
		{"an issuer whose keys have no place", `"issuer.json"`, `""`, "signin.keys_cache: is missing"},
		{"an issuer's authority that is none", "ca = \"ca.pem\"\nofficers", "ca = \"text\"\nofficers", "signin.ca: read "},
		{"officers that are empty", `officers = "text"`, `officers = "empty"`, "signin.officers: "},
		{"an issuer without a signing key", `signing_key = "signing"`, ``, "signin.signing_key: is missing"},
		{"a protocol without an organisation", `"Finders"`, `""`, "protocol[0]: protocol missing-children: organisation: is missing"},
		{"a protocol for ever", "until = 2030-01-01T00:00:00Z", "", "protocol[0]: protocol missing-children: until: is missing"},
		{"records kept for no time", `records = "48h"`, `records = "0h"`, "no positive time span"},
		{"a level that does not exist", `"debug"`, `"loud"`, "log.level: must be"},
		{"a format that does not exist", `"json"`, `"xml"`, "log.format: must be"},
		{"a system that is no name", http, `name = "a b"`, "system[2].name: is no name"},
		{"a system named twice", http, `name = "SIS"`, "system[2].name: is there twice"},
		{"a system of the regulations misspelt", http, `name = "sltd"`, "system[2].name: is a known system's but for capital letters"},
		{"a kind that does not exist", `kind = "register"`, `kind = "list"`, "system[0].kind: must be one of register, ees"},
		{"an EES of another name", `name = "EES"`, `name = "borders"`, "system[1].name: must be EES"},
		{"a deadline without a unit", register, `deadline = "2"`, "no positive time span"},
		{"an address of a system that is here", register, `url = "https://sis.example"`, "system[0].url: url, ca, cert, key and token_file are for systems of kind http"},
		{"a need that the law does not know", `"high_rank"`, `"boss"`, "system[0].needs.arrest: must be judicial or high_rank"},
		{"needs of two authorities", `{ "arrest" = "high_rank" }`, `{ "arrest" = "high_rank", "return" = "judicial" }`, "system[0].needs: names several authorities"},
		{"a system in the clear", `"https://weapons`, `"http://weapons`, "system[2].url: must begin with https"},
		{"a system's authority that is none", "ca = \"ca.pem\"\ncert = \"central.pem\"\nkey = \"central.key\"\ntoken", "ca = \"text\"\ncert = \"central.pem\"\nkey = \"central.key\"\ntoken", "system[2].ca: read "},
		{"a system's certificate without its key", "key = \"central.key\"\ntoken", "token", "system[2].key: is missing"},
		{"a system's token that is empty", `token_file = "text"`, `token_file = "empty"`, "system[2].token_file: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(whole, tt.old) {
				t.Fatalf("%q is not in the file", tt.old)
			}
			path := write(t, strings.Replace(whole, tt.old, tt.new, 1))
			_, err := Read(path)
			var e *settings.Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v, want a *settings.Error", err)
			}
			if !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), path+": ") || len(e.Faults) != 1 {
				t.Errorf("error %q, want the file and %q alone", err, tt.want)
			}
		})
	}
}

func TestAllFaultsAreNamedAtOnce(t *testing.T) {
	_, err := Read(write(t, "[log]\nlevel = \"loud\"\ncolour = \"red\"\n"))
	var e *settings.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v", err)
	}
	for _, key := range []string{"server.ca", "server.cert", "keys.opening", "keys.signing", "profiles.keys", "system", "log.level", "log.colour"} {
		if !slices.ContainsFunc(e.Faults, func(f settings.Fault) bool { return f.Key == key }) {
			t.Errorf("no fault at %s among\n%v", key, err)
		}
	}
}

func TestPeriodsAreReckonedByTheCalendar(t *testing.T) {
	now := time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"1y":   time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC),
		"4y":   time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC),
		"720h": time.Date(2028, 1, 30, 12, 0, 0, 0, time.UTC),
	} {
		var p Period
		if err := p.UnmarshalText([]byte(text)); err != nil || !p.Before(now).Equal(want) {
			t.Errorf("%s before %v is %v, %v; want %v", text, now, p.Before(now), err, want)
		}
	}
	if got := (Period{}).Before(now); !got.Equal(now) {
		t.Errorf("none before %v is %v", now, got)
	}
	for _, text := range []string{"", "y", "0y", "-1y", "101y", "1.5y", "0h", "3"} {
		if new(Period).UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q is a period", text)
		}
	}
}

func TestSeveralOpeningKeysAreRead(t *testing.T) {
	path := write(t, strings.Replace(whole, `opening = "opening"`, `opening = ["opening", "older"]`, 1))
	if _, err := keys.GenerateSealing(filepath.Join(filepath.Dir(path), "older")); err != nil {
		t.Fatal(err)
	}
	c, err := Read(path)
	if err != nil || len(c.Keys.Opening) != 2 || filepath.Base(c.Keys.Opening[1]) != "older" || !filepath.IsAbs(c.Keys.Opening[1]) {
		t.Errorf("%v, %v", c, err)
	}
}
