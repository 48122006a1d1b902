// Package config reads and checks centrald's configuration file (TOML).
package config

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"boothd/cmd/centrald/release"
	"boothd/internal/keys"
	"boothd/internal/settings"
	"boothd/sync/system"
)

// Config is the file that centrald is started with. Relative paths in it are relative to
// the file's folder.
type Config struct {
	Server    Server             `toml:"server"`
	Database  string             `toml:"database"` // path of an SQLite file, or "postgres://…"
	Keys      Keys               `toml:"keys"`
	Profiles  Profiles           `toml:"profiles"`
	Grants    Grants             `toml:"grants"`
	SignIn    SignIn             `toml:"signin"`
	Systems   []System           `toml:"system"`
	Protocols []release.Protocol `toml:"protocol"` // under which organisations receive data
	EES       EES                `toml:"ees"`
	ETIAS     ETIAS              `toml:"etias"`
	Retention Retention          `toml:"retention"`
	Log       settings.Log       `toml:"log"`
}

// Server says where booths and officers reach this instance.
type Server struct {
	Listen string `toml:"listen"` // for booths, mutual TLS
	Office string `toml:"office"` // for officers at central; empty: none
	// OfficeURL is where browsers reach the office; empty: on this machine only.
	OfficeURL string `toml:"office_url"`
	CA        string `toml:"ca"` // whose certificates booths show
	Cert      string `toml:"cert"`
	Key       string `toml:"key"`
}

// Keys are central's own. All instances have the same.
type Keys struct {
	Opening string `toml:"opening"` // opens records (boothctl keys sealing)
	Signing string `toml:"signing"` // signs acknowledgements, drill orders and revocations
	// Lookup is a file of 32 bytes or more; made if it is not there. The keys by which
	// persons are found in the database are made of it.
	Lookup string `toml:"lookup"`
}

// Profiles are the signed profiles of the officers.
type Profiles struct {
	Folder string   `toml:"folder"`
	Keys   []string `toml:"keys"` // public keys of who may sign them
}

// Grants says whose authorisations count.
type Grants struct {
	Keys        []string `toml:"keys"`
	Revocations string   `toml:"revocations"` // signed file; empty: none
}

// SignIn says how officers prove who they are.
type SignIn struct {
	Issuer string `toml:"issuer"` // of an OpenID provider; empty: booths vouch for their officers
	// Vouch lets booths vouch also where there is an issuer, for officers without a token. A
	// token that is shown must be good all the same.
	Vouch    bool   `toml:"booths_vouch"`
	Audience string `toml:"audience"`
	// Redirects are where sign-ins may come back to if this instance is the issuer; one on a
	// loopback address may come back to any port.
	Redirects []string `toml:"redirects"`
	Cache     string   `toml:"keys_cache"` // file in which the issuer's keys are kept
	CA        string   `toml:"ca"`         // of the issuer; empty: those of this machine
	// Officers makes this instance an issuer itself: the file with officers and the hashes of
	// their passphrases.
	Officers   string `toml:"officers"`
	SigningKey string `toml:"signing_key"`
}

// System is one information system that is asked.
type System struct {
	Name     string            `toml:"name"`
	Kind     string            `toml:"kind"` // see Kinds
	Deadline settings.Duration `toml:"deadline"`
	Linger   settings.Duration `toml:"linger"` // how long an answer is still waited for after the deadline
	// Of kind http: where it is, and how this side proves who it is.
	URL       string `toml:"url"`
	CA        string `toml:"ca"`
	Cert      string `toml:"cert"`
	Key       string `toml:"key"`
	TokenFile string `toml:"token_file"`
	// Needs names categories of entries of which no more is said than that there is one,
	// unless there is a grant of the kind: "judicial", "high_rank".
	Needs map[string]string `toml:"needs"`
}

// The kinds of system: a built-in store of people, the built-in stores that know more of
// their system's rules, and any system that speaks the interface of sync/system.
const (
	KindRegister = "register"
	KindEES      = "ees"
	KindVIS      = "vis"
	KindETIAS    = "etias"
	KindCIR      = "cir"
	KindHTTP     = "http"
)

// EES says whose crossings are recorded.
type EES struct {
	Exempt []string `toml:"exempt"` // nationalities, ICAO 9303-3 §5
}

// ETIAS says who needs a travel authorisation.
type ETIAS struct {
	Required []string `toml:"required"` // nationalities
}

// Retention says when what is kept is erased.
type Retention struct {
	Records   settings.Duration `toml:"records"`
	AccessLog settings.Duration `toml:"access_log"`
	Alerts    settings.Duration `toml:"alerts"`
	Flow      settings.Duration `toml:"flow"`
}

const day = 24 * time.Hour

func defaults() Config {
	return Config{
		Server:   Server{Listen: "0.0.0.0:8473", Office: "127.0.0.1:8476"},
		Database: "/var/lib/centrald/central.db",
		Keys:     Keys{Lookup: "/var/lib/centrald/lookup.key"},
		Profiles: Profiles{Folder: "/etc/centrald/profiles"},
		SignIn:   SignIn{Audience: "boothd", Cache: "/var/lib/centrald/issuer-keys.json"},
		Retention: Retention{
			Records: settings.Duration(365 * day), AccessLog: settings.Duration(2 * 365 * day),
			Alerts: settings.Duration(30 * day), Flow: settings.Duration(2 * 365 * day),
		},
		Log: settings.Log{Level: "info", Format: "text"},
	}
}

// Defaults of a system.
const (
	DefaultDeadline = settings.Duration(4 * time.Second)
	DefaultLinger   = settings.Duration(time.Minute)
)

// Read reads and checks the file. Its error is a *settings.Error if the file could be read.
func Read(path string) (*Config, error) {
	c := defaults()
	if err := settings.Read(path, &c); err != nil {
		return nil, err
	}
	return &c, nil
}

// Postgres reports whether the database is a server.
func (c *Config) Postgres() bool {
	return strings.HasPrefix(c.Database, "postgres://") || strings.HasPrefix(c.Database, "postgresql://")
}

// Paths implements settings.File.
func (c *Config) Paths() []*string {
	paths := []*string{
		&c.Server.CA, &c.Server.Cert, &c.Server.Key, &c.Keys.Opening, &c.Keys.Signing, &c.Keys.Lookup,
		&c.Profiles.Folder, &c.Grants.Revocations, &c.SignIn.Cache, &c.SignIn.CA, &c.SignIn.Officers, &c.SignIn.SigningKey,
	}
	if !c.Postgres() {
		paths = append(paths, &c.Database)
	}
	for _, list := range [][]string{c.Profiles.Keys, c.Grants.Keys} {
		for i := range list {
			paths = append(paths, &list[i])
		}
	}
	for i := range c.Systems {
		s := &c.Systems[i]
		paths = append(paths, &s.CA, &s.Cert, &s.Key, &s.TokenFile)
	}
	return paths
}

// Validate implements settings.File.
func (c *Config) Validate(f *settings.Faults) {
	f.Listen("server.listen", c.Server.Listen, false)
	if c.Server.Office != "" {
		f.Listen("server.office", c.Server.Office, false)
	}
	f.Authority("server.ca", c.Server.CA)
	f.Pair("server.cert", c.Server.Cert, "server.key", c.Server.Key)
	f.Unless(c.Database != "", "database", "is missing")
	c.keyFaults(f)
	f.Unless(len(c.Profiles.Keys) > 0, "profiles.keys", "is missing: no profile can be verified, and nobody may ask anything")
	f.Verifying("profiles.keys", c.Profiles.Keys)
	st, err := os.Stat(c.Profiles.Folder)
	f.Unless(err == nil && st.IsDir(), "profiles.folder", "is no folder")
	f.Verifying("grants.keys", c.Grants.Keys)
	if c.Grants.Revocations != "" {
		f.File("grants.revocations", c.Grants.Revocations)
		f.Unless(len(c.Grants.Keys) > 0, "grants.keys", "is missing: the list of revoked grants cannot be verified")
	}
	c.signInFaults(f)
	c.systemFaults(f)
	for i := range c.Protocols {
		err := c.Protocols[i].Validate()
		f.Unless(err == nil, fmt.Sprintf("protocol[%d]", i), "%v", err)
	}
	f.Log(c.Log)
}

func (c *Config) keyFaults(f *settings.Faults) {
	if f.File("keys.opening", c.Keys.Opening) {
		_, err := keys.ReadOpening(c.Keys.Opening)
		f.Unless(err == nil, "keys.opening", "%v", err)
	}
	if f.File("keys.signing", c.Keys.Signing) {
		_, err := keys.ReadSigning(c.Keys.Signing)
		f.Unless(err == nil, "keys.signing", "%v", err)
	}
	f.Unless(c.Keys.Lookup != "", "keys.lookup", "is missing")
}

func (c *Config) signInFaults(f *settings.Faults) {
	s := &c.SignIn
	if s.Issuer != "" {
		webAddress(f, "signin.issuer", s.Issuer)
		f.Unless(s.Audience != "", "signin.audience", "is missing")
		f.Unless(s.Cache != "", "signin.keys_cache", "is missing")
	}
	if s.CA != "" {
		f.Authority("signin.ca", s.CA)
	}
	if s.Officers != "" {
		f.File("signin.officers", s.Officers)
		f.Unless(s.Issuer != "", "signin.issuer", "is missing: the address at which this instance is the issuer")
		if f.File("signin.signing_key", s.SigningKey) {
			_, err := keys.ReadSigning(s.SigningKey)
			f.Unless(err == nil, "signin.signing_key", "%v", err)
		}
	}
}

func (c *Config) systemFaults(f *settings.Faults) {
	kinds := []string{KindRegister, KindEES, KindVIS, KindETIAS, KindCIR, KindHTTP}
	f.Unless(len(c.Systems) > 0, "system", "is missing: there is nothing to ask")
	for i := range c.Systems {
		s, key := &c.Systems[i], fmt.Sprintf("system[%d]", i)
		f.Unless(settings.Name.MatchString(s.Name), key+".name", "is no name")
		f.Unless(!slices.ContainsFunc(c.Systems[:i], func(o System) bool { return o.Name == s.Name }), key+".name", "is there twice")
		f.Unless(slices.Contains(kinds, s.Kind), key+".kind", "must be one of %s", strings.Join(kinds, ", "))
		f.Unless(!misspelt(s.Name), key+".name", "is a known system's but for capital letters, and would be told more than the law lets that one be told")
		for kind, name := range map[string]string{KindEES: system.EES, KindVIS: system.VIS, KindETIAS: system.ETIAS, KindCIR: system.CIR} {
			f.Unless(s.Kind != kind || s.Name == name, key+".name", "must be %s", name)
		}
		if s.Kind == KindHTTP {
			addressFaults(f, key, s)
		} else {
			f.Unless(s.URL+s.CA+s.Cert+s.Key+s.TokenFile == "", key+".url", "url, ca, cert, key and token_file are for systems of kind http")
		}
		f.Unless(len(slices.Compact(slices.Sorted(maps.Values(s.Needs)))) <= 1, key+".needs", "names several authorities: a system asks for the grants of one")
		for category, authority := range s.Needs {
			f.Unless(authority == "judicial" || authority == "high_rank", key+".needs."+category, "must be judicial or high_rank")
		}
	}
}

// misspelt reports whether the name is that of a system of the regulations but for capital
// letters.
func misspelt(name string) bool {
	return slices.ContainsFunc(system.Known(), func(known string) bool { return name != known && strings.EqualFold(name, known) })
}

func addressFaults(f *settings.Faults, key string, s *System) {
	webAddress(f, key+".url", s.URL)
	if s.CA != "" {
		f.Authority(key+".ca", s.CA)
	}
	if s.Cert != "" || s.Key != "" {
		f.Pair(key+".cert", s.Cert, key+".key", s.Key)
	}
	if s.TokenFile != "" {
		f.File(key+".token_file", s.TokenFile)
	}
}

// webAddress adds a fault if the text is no address to speak to over TLS; a loopback
// address may do without.
func webAddress(f *settings.Faults, key, text string) {
	u, err := url.Parse(text)
	local := err == nil && (u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")
	f.Unless(err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && local), key, "must begin with https://")
}

// OfficePlain reports whether the office is reached without TLS: from this machine only.
func (c *Config) OfficePlain() bool {
	host, _, err := net.SplitHostPort(c.Server.Office)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}
