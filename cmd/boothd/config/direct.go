package config

import (
	"fmt"
	"net"
	"net/url"
	"slices"

	"boothd/capture"
	"boothd/internal/settings"
)

// Direct is a system that the booth asks itself while central cannot be reached.
type Direct struct {
	System string `toml:"system"`
	URL    string `toml:"url"` // with the path, if any; docs/adapter.md tells the contract
	CA     string `toml:"ca"`
	Cert   string `toml:"cert"`
	Key    string `toml:"key"`
}

// National tells how the booth finds out whether the nation's network is there.
type National struct {
	Probe string `toml:"probe"` // an address of the nation's infrastructure; empty: not looked at
	CA    string `toml:"ca"`    // of its certificate; empty: this machine's authorities
}

// directFaults looks at the systems that are asked directly and at what else tells how far
// the booth reaches.
func (c *Config) directFaults(f *settings.Faults) {
	f.Unless(slices.Contains([]capture.Direction{"", capture.DirectionEntry, capture.DirectionExit}, c.Booth.Direction),
		"booth.direction", "must be entry or exit, or left out")
	f.Verifying("portal.profile_keys", c.Portal.ProfileKeys)
	c.Portal.GrantKeys.Faults(f, "portal.grant_keys")
	for i, d := range c.Direct {
		key := fmt.Sprintf("direct[%d]", i)
		f.Unless(slices.Contains(c.Portal.Systems, d.System), key+".system", "%q is not among portal.systems, for which it would stand in", d.System)
		f.Unless(!slices.ContainsFunc(c.Direct[:i], func(e Direct) bool { return e.System == d.System }), key+".system", "is there twice")
		here := isHere(d.URL)
		f.Unless(here || isHTTPS(d.URL), key+".url", "must begin with https:// (http:// on this machine only)")
		if d.CA != "" || !here {
			f.Authority(key+".ca", d.CA)
		}
		if d.Cert != "" || d.Key != "" || !here {
			f.Pair(key+".cert", d.Cert, key+".key", d.Key)
		}
	}
	if c.National.Probe != "" {
		f.Unless(isHTTPS(c.National.Probe) || isHere(c.National.Probe), "national.probe", "must begin with https:// (http:// on this machine only)")
	}
	if c.National.CA != "" {
		f.Authority("national.ca", c.National.CA)
	}
}

func isHTTPS(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && u.RawQuery == ""
}

// isHere reports whether the address is plain HTTP on this machine.
func isHere(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.User != nil || u.RawQuery != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
