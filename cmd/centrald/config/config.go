// Package config reads and checks centrald's configuration file (TOML).
package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"boothd/cmd/centrald/release"
	"boothd/internal/keys"
	"boothd/internal/settings"
	"boothd/sync/grant"
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
	Lists     Lists              `toml:"lists"`
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
	// Opening are the keys that open records (boothctl keys sealing): the present one, and
	// those before it.
	Opening Files  `toml:"opening"`
	Signing string `toml:"signing"` // signs acknowledgements, drill orders and revocations
	// Lookup is a file of 32 bytes or more; made if it is not there. The keys by which
	// persons are found in the database are made of it.
	Lookup string `toml:"lookup"`
}

// Files are paths of files; one alone may be written without brackets.
type Files []string

// UnmarshalTOML implements toml.Unmarshaler.
func (l *Files) UnmarshalTOML(value any) error {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	*l = nil
	for _, v := range list {
		path, ok := v.(string)
		if !ok {
			return errors.New("must be a path, or a list of paths")
		}
		*l = append(*l, path)
	}
	return nil
}

// Profiles are the signed profiles of the officers.
type Profiles struct {
	Folder string   `toml:"folder"`
	Keys   []string `toml:"keys"` // public keys of who may sign them
}

// Grants says whose authorisations count.
type Grants struct {
	Keys        grant.KeyFiles `toml:"keys"`        // public keys, each for its authority's grants
	Revocations string         `toml:"revocations"` // signed file; empty: none
}

// Lists are what booths keep local copies of.
type Lists struct {
	Folder string `toml:"folder"` // as boothctl list writes it; empty: booths get no lists here
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
	Records   settings.Duration `toml:"records"` // of booths; those that were refused as well
	AccessLog settings.Duration `toml:"access_log"`
	Alerts    settings.Duration `toml:"alerts"`
	Flow      settings.Duration `toml:"flow"`
	// EES is how long records are kept after the exit or the refused entry, and Overstay how
	// long after the last lawful day if there was no exit (Regulation (EU) 2017/2226 Art 34).
	EES      Period `toml:"ees"`
	Overstay Period `toml:"ees_overstay"`
	// VIS is how long visas are kept after they have expired, or were revoked or annulled
	// (Regulation (EC) 767/2008 Art 23).
	VIS Period `toml:"vis"`
	// ETIAS is how long refused and revoked authorisations are kept after the decision, and
	// Expired how long others after the last day of validity, for which more than none needs
	// the traveller's consent (Regulation (EU) 2018/1240 Art 54).
	ETIAS   Period `toml:"etias"`
	Expired Period `toml:"etias_expired"`
	// Cases is how long a case of law enforcement is kept after it was closed or expired, as
	// logs of such questions are (Regulation (EU) 2019/817 Art 24).
	Cases Period `toml:"cases"`
}

// Period is a time span that is reckoned by the calendar where the law does so: "3y", or
// "720h".
type Period struct {
	Years int
	Span  time.Duration
}

// maxYears limits a period.
const maxYears = 100

// UnmarshalText reads a period greater than zero.
func (p *Period) UnmarshalText(text []byte) error {
	if digits, ok := strings.CutSuffix(string(text), "y"); ok {
		years, err := strconv.Atoi(digits)
		if err != nil || years < 1 || years > maxYears {
			return fmt.Errorf("%q is no number of years from 1 to %d", text, maxYears)
		}
		*p = Period{Years: years}
		return nil
	}
	var span settings.Duration
	if err := span.UnmarshalText(text); err != nil {
		return fmt.Errorf("%q is no positive time span, such as \"3y\" or \"720h\"", text)
	}
	*p = Period{Span: time.Duration(span)}
	return nil
}

// Before is the time that lies so long before another.
func (p Period) Before(t time.Time) time.Time { return t.AddDate(-p.Years, 0, 0).Add(-p.Span) }

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
			EES: Period{Years: 3}, Overstay: Period{Years: 5}, VIS: Period{Years: 5}, ETIAS: Period{Years: 5}, Cases: Period{Years: 1},
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
		&c.Server.CA, &c.Server.Cert, &c.Server.Key, &c.Keys.Signing, &c.Keys.Lookup,
		&c.Profiles.Folder, &c.Lists.Folder, &c.Grants.Revocations, &c.SignIn.Cache, &c.SignIn.CA, &c.SignIn.Officers, &c.SignIn.SigningKey,
	}
	if !c.Postgres() {
		paths = append(paths, &c.Database)
	}
	for _, list := range [][]string{c.Profiles.Keys, c.Keys.Opening} {
		for i := range list {
			paths = append(paths, &list[i])
		}
	}
	paths = append(paths, c.Grants.Keys.Paths()...)
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
	if c.Lists.Folder != "" {
		st, err := os.Stat(c.Lists.Folder)
		f.Unless(err == nil && st.IsDir(), "lists.folder", "is no folder")
	}
	c.Grants.Keys.Faults(f, "grants.keys")
	if c.Grants.Revocations != "" {
		f.File("grants.revocations", c.Grants.Revocations)
		f.Unless(!c.Grants.Keys.Empty(), "grants.keys", "is missing: the list of revoked grants cannot be verified")
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
	f.Unless(len(c.Keys.Opening) > 0, "keys.opening", "is missing")
	for i, path := range c.Keys.Opening {
		key := "keys.opening"
		if len(c.Keys.Opening) > 1 {
			key = fmt.Sprintf("keys.opening[%d]", i)
		}
		if f.File(key, path) {
			_, err := keys.ReadOpening(path)
			f.Unless(err == nil, key, "%v", err)
		}
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
