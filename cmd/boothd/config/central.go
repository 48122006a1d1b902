package config

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"boothd/capture"
	"boothd/internal/keys"
	"boothd/internal/settings"
	"boothd/localmatch/gallery"
	"boothd/sync/watchlist"
)

// peopleFaults looks at who may ask what.
func (c *Config) peopleFaults(f *settings.Faults) {
	profiles := map[string]bool{}
	signed := len(c.Portal.ProfileKeys) > 0 // central's profiles are known later only
	f.Unless(len(c.Profiles) > 0 || signed, "profile", "is missing: nobody may ask anything")
	for i := range c.Profiles {
		p, key := &c.Profiles[i], fmt.Sprintf("profile[%d]", i)
		f.Unless(settings.Name.MatchString(p.Name), key+".name", "is no name")
		f.Unless(!profiles[p.Name], key+".name", "is there twice")
		f.Unless(p.Purpose != "", key+".purpose", "is missing")
		f.Unless(p.LegalBasis != "", key+".legal_basis", "is missing")
		profiles[p.Name] = true
		c.systemFaults(f, key+".systems", p.Systems)
	}
	f.Unless(len(c.Officers) > 0 || c.SignIn.Issuer != "", "officer", "is missing: nobody can log in")
	ids, tokens := map[string]bool{}, map[string]string{}
	for i, o := range c.Officers {
		key := fmt.Sprintf("officer[%d]", i)
		f.Unless(settings.Name.MatchString(o.ID), key+".id", "is no name")
		f.Unless(!ids[o.ID], key+".id", "is there twice")
		ids[o.ID] = true
		named := profiles[o.Profile] || signed && settings.Name.MatchString(o.Profile)
		f.Unless(named, key+".profile", "%q is not the name of a profile", o.Profile)
		key += ".token_file"
		if !f.File(key, o.TokenFile) {
			continue
		}
		token, err := o.Token()
		f.Unless(err == nil, key, "%v", err)
		other, taken := tokens[token]
		f.Unless(err != nil || !taken, key, "is the same token as that of %s", other)
		tokens[token] = o.ID
	}
	const key = "api.metrics_token_file"
	if c.API.MetricsToken == "" || !f.File(key, c.API.MetricsToken) {
		return
	}
	token, err := readToken(c.API.MetricsToken)
	f.Unless(err == nil, key, "%v", err)
	other, taken := tokens[token]
	f.Unless(err != nil || !taken, key, "is the same token as that of %s", other)
}

// systemFaults looks at the systems that a profile names: somebody must answer for each.
func (c *Config) systemFaults(f *settings.Faults, key string, systems map[capture.Modality][]string) {
	f.Unless(len(systems[capture.ModalityDocument]) > 0, key+".document", "is missing: no system would be asked about a document")
	for _, m := range slices.Sorted(maps.Keys(systems)) {
		modalityFault(f, key+"."+string(m), m)
	}
	for _, m := range []capture.Modality{capture.ModalityDocument, capture.ModalityFinger, capture.ModalityFace} {
		for _, s := range systems[m] {
			if !settings.Name.MatchString(s) {
				f.Unless(false, key+"."+string(m), "%q is no name of a system", s)
				continue
			}
			f.Unless(c.answers(s, m), key+"."+string(m), "%q: nobody answers for it at this booth", s)
		}
	}
}

// answers reports whether the portal answers for the system, or a local list, which knows no
// faces. Whether a list has fingers shows only when it is there.
func (c *Config) answers(system string, m capture.Modality) bool {
	local := m != capture.ModalityFace && slices.ContainsFunc(c.PeopleLists(), func(l List) bool { return l.System == system })
	return local || slices.Contains(c.Portal.Systems, system)
}

func (c *Config) portalFaults(f *settings.Faults) {
	p := &c.Portal
	if key := "portal.sealing_key"; f.File(key, p.Sealing) {
		_, err := keys.ReadSealing(p.Sealing)
		f.Unless(err == nil, key, "%v", err)
	}
	f.Unless(len(p.Signing) > 0, "portal.signing_keys", "is missing: no acknowledgement can be verified")
	f.Verifying("portal.signing_keys", p.Signing)
	for i, s := range p.Systems {
		key := fmt.Sprintf("portal.systems[%d]", i)
		f.Unless(settings.Name.MatchString(s), key, "%q is no name of a system", s)
		f.Unless(!slices.Contains(p.Systems[:i], s), key, "%q is there twice", s)
	}
	if p.URL == "" {
		f.Unless(len(p.Systems) == 0, "portal.url", "is missing though portal.systems names systems")
		f.Unless(len(p.ProfileKeys) == 0, "portal.url", "is missing though portal.profile_keys says that central has profiles")
		return
	}
	u, err := url.Parse(p.URL)
	f.Unless(err == nil && u.Scheme == "https" && u.Host != "", "portal.url", "must begin with https://")
	f.Authority("portal.ca", p.CA)
	f.Pair("portal.cert", p.Cert, "portal.key", p.Key)
}

func (c *Config) listFaults(f *settings.Faults) {
	names := map[string]bool{}
	for i, l := range c.Lists {
		key := fmt.Sprintf("list[%d]", i)
		f.Unless(gallery.ValidListName(l.Name), key+".name", "is no name of a to z, 0 to 9 and \"-\"")
		f.Unless(!names[l.Name], key+".name", "is there twice")
		names[l.Name] = true
		f.Unless(settings.Name.MatchString(l.System), key+".system", "is no name of a system")
	}
	f.Unless(c.Booth.Group == "" || watchlist.ValidGroup(c.Booth.Group), "booth.group", "is no name of a to z, 0 to 9 and \"-\"")
	f.Verifying("trust.roots", c.Trust.Roots)
	if n := len(c.Trust.Roots); len(c.Lists) > 0 {
		f.Unless(n > 0, "trust.roots", "is missing: no list can be verified")
		f.Unless(n == 0 || c.Trust.Threshold >= 1 && c.Trust.Threshold <= n, "trust.threshold", "must be 1 to %d, as many root keys as there are", n)
	}
	if c.Updates.URL != "" {
		u, err := url.Parse(c.Updates.URL)
		f.Unless(err == nil && u.Scheme == "https" && u.Host != "", "lists.url", "must begin with https://")
		f.Unless(c.Portal.URL != "", "lists.url", "needs portal.url: the booth shows itself there with the same certificate")
	}
	if c.MQTT.Broker == "" {
		return
	}
	m := &c.MQTT
	u, err := url.Parse(m.Broker)
	f.Unless(err == nil && u.Host != "" && slices.Contains([]string{"tcp", "ssl"}, u.Scheme), "mqtt.broker", "must be \"ssl://host:8883\" or \"tcp://host:1883\"")
	if m.CA != "" {
		f.Authority("mqtt.ca", m.CA)
	}
	if m.Cert != "" || m.Key != "" {
		f.Pair("mqtt.cert", m.Cert, "mqtt.key", m.Key)
	}
	if m.PasswordFile != "" {
		f.File("mqtt.password_file", m.PasswordFile)
	}
}

// minToken is the least length of a token, in characters.
const minToken = 32

// Token reads the officer's local token. Its error does not tell anything of it.
func (o *Officer) Token() (string, error) { return readToken(o.TokenFile) }

// ReadMetricsToken reads the token for the figures about the queue; empty if there is none.
func (a *API) ReadMetricsToken() (string, error) {
	if a.MetricsToken == "" {
		return "", nil
	}
	return readToken(a.MetricsToken)
}

func readToken(path string) (string, error) {
	b, err := settings.ReadFile(path)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(b))
	if len(token) < minToken {
		return "", fmt.Errorf("shorter than %d characters", minToken)
	}
	return token, nil
}
