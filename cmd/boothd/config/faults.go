package config

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"

	"boothd/capture"
	"boothd/devices"
	"boothd/devices/drivers"
)

// idPattern is what booths, officers, profiles, lists and systems are called.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// faults lists everything that cannot be, key by key.
func (c *Config) faults() []Fault {
	f := &faultList{}
	c.boothFaults(f)
	c.checkFaults(f)
	c.peopleFaults(f)
	c.portalFaults(f)
	c.listFaults(f)
	c.deviceFaults(f)
	return f.list
}

type faultList struct{ list []Fault }

// unless adds a fault if ok is false.
func (f *faultList) unless(ok bool, key, reason string, args ...any) {
	if !ok {
		f.list = append(f.list, Fault{key, fmt.Sprintf(reason, args...)})
	}
}

// file adds a fault if the path is empty or cannot be read.
func (f *faultList) file(key, path string) {
	if path == "" {
		f.unless(false, key, "is missing")
		return
	}
	_, err := os.Stat(path)
	f.unless(err == nil, key, "%v", err)
}

func (c *Config) boothFaults(f *faultList) {
	f.unless(idPattern.MatchString(c.Booth.ID), "booth.id", "must be letters, digits, '.', '_' and '-', at most 64")
	f.unless(len(c.Booth.Place) <= 200, "booth.place", "is longer than 200 bytes")
	host, _, err := net.SplitHostPort(c.API.Listen)
	ip := net.ParseIP(host)
	f.unless(err == nil && ip != nil && ip.IsLoopback(), "api.listen", "must be a loopback address and port, such as \"127.0.0.1:8470\"")
	for i, o := range c.API.Origins {
		u, err := url.Parse(o)
		ok := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.Path == ""
		f.unless(ok, fmt.Sprintf("api.origins[%d]", i), "must be a web origin, such as \"https://kiosk.example\"")
	}
	f.unless(slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level), "log.level", "must be debug, info, warn or error")
	f.unless(slices.Contains([]string{"text", "json"}, c.Log.Format), "log.format", "must be text or json")
}

func (c *Config) checkFaults(f *faultList) {
	for i, m := range c.Check.Require {
		f.modality(fmt.Sprintf("check.require[%d]", i), m)
	}
	f.unless(c.Check.FingersFrom >= 0 && c.Check.FingersFrom <= 21, "check.fingers_from", "must be 0 to 21 years")
	f.unless(c.Check.Finger >= 0 && c.Check.Finger <= 10, "check.finger", "must be 0 (any) to 10, a position of ISO/IEC 19794-2")
	f.unless(c.Check.MinQuality >= 0 && c.Check.MinQuality <= 100, "check.min_finger_quality", "must be 0 to 100")
	f.rule("policy.default", c.Policy.Default)
	for i, s := range c.Policy.Systems {
		key := fmt.Sprintf("policy.system[%d]", i)
		f.unless(idPattern.MatchString(s.System), key+".name", "is no name of a system")
		f.modality(key+".modality", s.Modality)
		f.rule(key, s.Rule.or(c.Policy.Default))
	}
}

func (f *faultList) modality(key string, m capture.Modality) {
	ok := m == capture.ModalityDocument || m == capture.ModalityFinger || m == capture.ModalityFace
	f.unless(ok, key, "must be document, finger or face")
}

func (f *faultList) rule(key string, r Rule) {
	for name, o := range map[string]capture.Outcome{"hit": r.Hit, "possible": r.Possible, "unavailable": r.Unavailable, "stale": r.Stale} {
		ok := o == capture.OutcomeClear || o == capture.OutcomeRefer || o == capture.OutcomeStop || o == capture.OutcomeIncomplete
		f.unless(ok, key+"."+name, "must be clear, refer, stop or incomplete")
	}
	f.unless(r.Hit != capture.OutcomeClear, key+".hit", "must not be clear")
}

func (c *Config) peopleFaults(f *faultList) {
	profiles := map[string]bool{}
	f.unless(len(c.Profiles) > 0, "profile", "is missing: nobody may ask anything")
	for i, p := range c.Profiles {
		key := fmt.Sprintf("profile[%d]", i)
		f.unless(idPattern.MatchString(p.Name), key+".name", "is no name")
		f.unless(!profiles[p.Name], key+".name", "is there twice")
		f.unless(p.Purpose != "", key+".purpose", "is missing")
		f.unless(p.LegalBasis != "", key+".legal_basis", "is missing")
		profiles[p.Name] = true
		for m, systems := range p.Systems {
			f.modality(key+".systems", m)
			for _, s := range systems {
				f.unless(idPattern.MatchString(s), key+".systems."+string(m), "%q is no name of a system", s)
			}
		}
	}
	f.unless(len(c.Officers) > 0, "officer", "is missing: nobody can log in")
	for i, o := range c.Officers {
		key := fmt.Sprintf("officer[%d]", i)
		f.unless(idPattern.MatchString(o.ID), key+".id", "is no name")
		f.unless(profiles[o.Profile], key+".profile", "%q is not the name of a profile", o.Profile)
		f.file(key+".token_file", o.TokenFile)
	}
}

func (c *Config) portalFaults(f *faultList) {
	f.file("portal.sealing_key", c.Portal.Sealing)
	f.unless(len(c.Portal.Signing) > 0, "portal.signing_keys", "is missing: no acknowledgement can be verified")
	for i, k := range c.Portal.Signing {
		f.file(fmt.Sprintf("portal.signing_keys[%d]", i), k)
	}
	if c.Portal.URL == "" {
		f.unless(len(c.Portal.Systems) == 0, "portal.url", "is missing though portal.systems names systems")
		return
	}
	u, err := url.Parse(c.Portal.URL)
	f.unless(err == nil && u.Scheme == "https" && u.Host != "", "portal.url", "must begin with https://")
	f.file("portal.ca", c.Portal.CA)
	f.file("portal.cert", c.Portal.Cert)
	f.file("portal.key", c.Portal.Key)
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
		for j, k := range l.Keys {
			f.file(fmt.Sprintf("%s.keys[%d]", key, j), k)
		}
	}
	if c.MQTT.Broker == "" {
		return
	}
	u, err := url.Parse(c.MQTT.Broker)
	f.unless(err == nil && u.Host != "" && slices.Contains([]string{"tcp", "ssl"}, u.Scheme), "mqtt.broker", "must be \"ssl://host:8883\" or \"tcp://host:1883\"")
	for key, path := range map[string]string{"mqtt.ca": c.MQTT.CA, "mqtt.cert": c.MQTT.Cert, "mqtt.key": c.MQTT.Key, "mqtt.password_file": c.MQTT.PasswordFile} {
		if path != "" {
			f.file(key, path)
		}
	}
}

func (c *Config) deviceFaults(f *faultList) {
	known := map[string]devices.Kind{}
	for _, d := range drivers.All() {
		known[d.Name] = d.Kind
	}
	for i, s := range c.Serial {
		key := fmt.Sprintf("serial[%d]", i)
		f.unless(s.Path != "", key+".path", "is missing")
		f.unless(known[s.Driver] != "", key+".driver", "%q is not the name of a driver", s.Driver)
		f.unless(slices.Contains([]int{9600, 19200, 38400, 57600, 115200}, s.Baud), key+".baud", "must be 9600, 19200, 38400, 57600 or 115200")
	}
	for i, s := range c.Cameras {
		key := fmt.Sprintf("camera[%d]", i)
		u, err := url.Parse(s.URL)
		f.unless(err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "", key+".url", "must begin with http:// or https://")
		f.unless(known[s.Driver] == devices.KindCamera, key+".driver", "%q is not the name of a camera's driver", s.Driver)
	}
	for i, e := range c.USB.USBIP {
		_, _, err := net.SplitHostPort(e)
		f.unless(err == nil, fmt.Sprintf("usb.usbip[%d]", i), "must be \"host:port\"")
	}
}

// or fills what a system's rule leaves out with the default rule.
func (r Rule) or(d Rule) Rule {
	fill := func(v, d capture.Outcome) capture.Outcome {
		if v == "" {
			return d
		}
		return v
	}
	return Rule{fill(r.Hit, d.Hit), fill(r.Possible, d.Possible), fill(r.Unavailable, d.Unavailable), fill(r.Stale, d.Stale)}
}
