package config

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"boothd/capture"
	"boothd/internal/keys"
)

// peopleFaults looks at who may ask what.
func (c *Config) peopleFaults(f *faultList) {
	profiles := map[string]bool{}
	signed := len(c.Portal.ProfileKeys) > 0 // central's profiles are known later only
	f.unless(len(c.Profiles) > 0 || signed, "profile", "is missing: nobody may ask anything")
	for i := range c.Profiles {
		p, key := &c.Profiles[i], fmt.Sprintf("profile[%d]", i)
		f.unless(idPattern.MatchString(p.Name), key+".name", "is no name")
		f.unless(!profiles[p.Name], key+".name", "is there twice")
		f.unless(p.Purpose != "", key+".purpose", "is missing")
		f.unless(p.LegalBasis != "", key+".legal_basis", "is missing")
		profiles[p.Name] = true
		c.systemFaults(f, key+".systems", p.Systems)
	}
	f.unless(len(c.Officers) > 0 || c.SignIn.Issuer != "", "officer", "is missing: nobody can log in")
	ids, tokens := map[string]bool{}, map[string]string{}
	for i, o := range c.Officers {
		key := fmt.Sprintf("officer[%d]", i)
		f.unless(idPattern.MatchString(o.ID), key+".id", "is no name")
		f.unless(!ids[o.ID], key+".id", "is there twice")
		ids[o.ID] = true
		named := profiles[o.Profile] || signed && idPattern.MatchString(o.Profile)
		f.unless(named, key+".profile", "%q is not the name of a profile", o.Profile)
		key += ".token_file"
		if !f.file(key, o.TokenFile) {
			continue
		}
		token, err := o.Token()
		f.unless(err == nil, key, "%v", err)
		other, taken := tokens[token]
		f.unless(err != nil || !taken, key, "is the same token as that of %s", other)
		tokens[token] = o.ID
	}
}

// systemFaults looks at the systems that a profile names: somebody must answer for each.
func (c *Config) systemFaults(f *faultList, key string, systems map[capture.Modality][]string) {
	f.unless(len(systems[capture.ModalityDocument]) > 0, key+".document", "is missing: no system would be asked about a document")
	for _, m := range slices.Sorted(maps.Keys(systems)) {
		f.modality(key+"."+string(m), m)
	}
	for _, m := range []capture.Modality{capture.ModalityDocument, capture.ModalityFinger, capture.ModalityFace} {
		for _, s := range systems[m] {
			if !idPattern.MatchString(s) {
				f.unless(false, key+"."+string(m), "%q is no name of a system", s)
				continue
			}
			f.unless(c.answers(s, m), key+"."+string(m), "%q: nobody answers for it at this booth", s)
		}
	}
}

// answers reports whether the portal answers for the system, or a local list, which knows no
// faces. Whether a list has fingers shows only when it is there.
func (c *Config) answers(system string, m capture.Modality) bool {
	local := m != capture.ModalityFace && slices.ContainsFunc(c.Lists, func(l List) bool { return l.System == system })
	return local || slices.Contains(c.Portal.Systems, system)
}

func (c *Config) portalFaults(f *faultList) {
	p := &c.Portal
	if key := "portal.sealing_key"; f.file(key, p.Sealing) {
		_, err := keys.ReadSealing(p.Sealing)
		f.unless(err == nil, key, "%v", err)
	}
	f.unless(len(p.Signing) > 0, "portal.signing_keys", "is missing: no acknowledgement can be verified")
	f.verifying("portal.signing_keys", p.Signing)
	for i, s := range p.Systems {
		key := fmt.Sprintf("portal.systems[%d]", i)
		f.unless(idPattern.MatchString(s), key, "%q is no name of a system", s)
		f.unless(!slices.Contains(p.Systems[:i], s), key, "%q is there twice", s)
	}
	if p.URL == "" {
		f.unless(len(p.Systems) == 0, "portal.url", "is missing though portal.systems names systems")
		f.unless(len(p.ProfileKeys) == 0, "portal.url", "is missing though portal.profile_keys says that central has profiles")
		return
	}
	u, err := url.Parse(p.URL)
	f.unless(err == nil && u.Scheme == "https" && u.Host != "", "portal.url", "must begin with https://")
	f.authority("portal.ca", p.CA)
	f.pair("portal.cert", p.Cert, "portal.key", p.Key)
}

func (c *Config) listFaults(f *faultList) {
	names := map[string]bool{}
	for i, l := range c.Lists {
		key := fmt.Sprintf("list[%d]", i)
		f.unless(idPattern.MatchString(l.Name), key+".name", "is no name")
		f.unless(!names[l.Name], key+".name", "is there twice")
		names[l.Name] = true
		f.unless(idPattern.MatchString(l.System), key+".system", "is no name of a system")
		f.unless(len(l.Keys) > 0, key+".keys", "is missing: no update can be verified")
		f.verifying(key+".keys", l.Keys)
	}
	if c.MQTT.Broker == "" {
		return
	}
	m := &c.MQTT
	u, err := url.Parse(m.Broker)
	f.unless(err == nil && u.Host != "" && slices.Contains([]string{"tcp", "ssl"}, u.Scheme), "mqtt.broker", "must be \"ssl://host:8883\" or \"tcp://host:1883\"")
	if m.CA != "" {
		f.authority("mqtt.ca", m.CA)
	}
	if m.Cert != "" || m.Key != "" {
		f.pair("mqtt.cert", m.Cert, "mqtt.key", m.Key)
	}
	if m.PasswordFile != "" {
		f.file("mqtt.password_file", m.PasswordFile)
	}
}

// minToken is the least length of an officer's token, in characters.
const minToken = 32

// Token reads the officer's local token. Its error does not tell anything of it.
func (o *Officer) Token() (string, error) {
	b, err := readLimited(o.TokenFile)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(b))
	if len(token) < minToken {
		return "", fmt.Errorf("shorter than %d characters", minToken)
	}
	return token, nil
}
