package config

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"

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
	c.signInFaults(f)
	c.portalFaults(f)
	c.directFaults(f)
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

func (c *Config) boothFaults(f *faultList) {
	f.unless(idPattern.MatchString(c.Booth.ID), "booth.id", "must be letters, digits, '.', '_' and '-', at most 64")
	f.unless(len(c.Booth.Place) <= 200, "booth.place", "is longer than 200 bytes")
	f.unless(isLoopback(c.API.Listen), "api.listen", "must be a loopback address and port, such as \"127.0.0.1:8470\"")
	for i, o := range c.API.Origins {
		f.unless(isOrigin(o), fmt.Sprintf("api.origins[%d]", i), "must be a web origin and no more, such as \"https://kiosk.example\"")
	}
	f.unless(slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level), "log.level", "must be debug, info, warn or error")
	f.unless(slices.Contains([]string{"text", "json"}, c.Log.Format), "log.format", "must be text or json")
}

func isLoopback(listen string) bool {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil && ip != nil && ip.IsLoopback()
}

// isOrigin reports whether o is what a browser sends as Origin: nothing but a scheme and a
// host.
func isOrigin(o string) bool {
	u, err := url.Parse(o)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && o == u.Scheme+"://"+u.Host
}

func (c *Config) checkFaults(f *faultList) {
	for i, m := range c.Check.Require {
		key := fmt.Sprintf("check.require[%d]", i)
		f.modality(key, m)
		f.unless(!slices.Contains(c.Check.Require[:i], m), key, "is there twice")
	}
	f.unless(slices.Contains(c.Check.Require, capture.ModalityDocument), "check.require", "must contain \"document\"")
	f.unless(c.Check.FingersFrom >= 0 && c.Check.FingersFrom <= 21, "check.fingers_from", "must be 0 to 21 years")
	f.unless(c.Check.Finger >= 0 && c.Check.Finger <= 10, "check.finger", "must be 0 (any) to 10, a position of ISO/IEC 19794-2")
	f.unless(c.Check.MinQuality >= 0 && c.Check.MinQuality <= 100, "check.min_finger_quality", "must be 0 to 100")
	f.rule("policy.default", c.Policy.Default)
	asked := map[askedBy]bool{}
	for i, s := range c.Policy.Systems {
		key := fmt.Sprintf("policy.system[%d]", i)
		by := askedBy{s.System, s.Modality}
		f.unless(!asked[by], key, "is there twice: %s asked with the %s", s.System, s.Modality)
		asked[by] = true
		f.unless(idPattern.MatchString(s.System), key+".name", "is no name of a system")
		f.modality(key+".modality", s.Modality)
		f.rule(key, s.Rule.or(c.Policy.Default))
	}
}

// askedBy is a system asked with a modality.
type askedBy struct {
	system   string
	modality capture.Modality
}

func (f *faultList) modality(key string, m capture.Modality) {
	ok := m == capture.ModalityDocument || m == capture.ModalityFinger || m == capture.ModalityFace
	f.unless(ok, key, "must be document, finger or face")
}

func (f *faultList) rule(key string, r Rule) {
	for _, v := range []struct {
		name    string
		outcome capture.Outcome
	}{{"hit", r.Hit}, {"possible", r.Possible}, {"unavailable", r.Unavailable}, {"stale", r.Stale}} {
		o := v.outcome
		ok := o == capture.OutcomeClear || o == capture.OutcomeRefer || o == capture.OutcomeStop || o == capture.OutcomeIncomplete
		f.unless(ok, key+"."+v.name, "must be clear, refer, stop or incomplete")
	}
	f.unless(r.Hit != capture.OutcomeClear, key+".hit", "must not be clear")
	f.unless(r.Possible != capture.OutcomeClear, key+".possible", "must not be clear")
}

func (c *Config) deviceFaults(f *faultList) {
	known := map[string]devices.Kind{}
	for _, d := range drivers.All() {
		known[d.Name] = d.Kind
	}
	for i, s := range c.Serial {
		key := fmt.Sprintf("serial[%d]", i)
		f.unless(s.Path != "", key+".path", "is missing")
		f.unless(known[s.Driver] == devices.KindDocumentReader, key+".driver", "%q is not the name of a document reader's driver", s.Driver)
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
