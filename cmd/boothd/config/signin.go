package config

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"time"

	"boothd/internal/settings"
)

// SignIn is the issuer of signed tokens at which officers sign in (OpenID Connect). Officers
// with token files may sign in besides, or without one.
type SignIn struct {
	Issuer string            `toml:"issuer"`        // empty: officers have token files only
	Client string            `toml:"client_id"`     // this booth's with the issuer, and the audience of its tokens
	Scopes []string          `toml:"scopes"`        // to ask for besides openid
	CA     string            `toml:"ca"`            // of the issuer's certificate; that of the machine if empty
	Keys   string            `toml:"keys_file"`     // where the issuer's keys are kept
	Grace  settings.Duration `toml:"offline_grace"` // for which an expired token counts while the issuer cannot be reached
}

// maxGrace is the longest that an expired token may count.
const maxGrace = 12 * time.Hour

// scopePattern is RFC 6749 §3.3.
var scopePattern = regexp.MustCompile(`^[!#-\[\]-~]{1,128}$`)

func (c *Config) signInFaults(f *settings.Faults) {
	s := &c.SignIn
	if s.Issuer == "" {
		unused := s.CA == "" && s.Keys == "" && len(s.Scopes) == 0 && s.Grace == 0
		f.Unless(unused, "signin.issuer", "is missing though [signin] has other keys")
		return
	}
	f.Unless(isIssuer(s.Issuer), "signin.issuer", "must begin with https:// and have neither user, query nor fragment")
	f.Unless(s.Client != "" && len(s.Client) <= 256, "signin.client_id", "is missing or too long")
	for i, scope := range s.Scopes {
		f.Unless(scopePattern.MatchString(scope), fmt.Sprintf("signin.scopes[%d]", i), "is no scope")
	}
	f.Unless(time.Duration(s.Grace) <= maxGrace, "signin.offline_grace", "must be 12h at most")
	if s.CA != "" {
		f.Authority("signin.ca", s.CA)
	}
}

// isIssuer takes an issuer on this machine without TLS, for demonstrations.
func isIssuer(issuer string) bool {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && ip != nil && ip.IsLoopback()
}

// TLS makes the TLS configuration for the issuer.
func (s SignIn) TLS() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.CA != "" {
		var err error
		if c.RootCAs, err = settings.Pool(s.CA); err != nil {
			return nil, err
		}
	}
	return c, nil
}
