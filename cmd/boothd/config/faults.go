package config

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"boothd/capture"
	"boothd/devices"
	"boothd/devices/drivers"
	"boothd/devices/serial"
	"boothd/devices/v4l2"
	"boothd/internal/settings"
)

// Validate implements settings.File.
func (c *Config) Validate(f *settings.Faults) {
	c.boothFaults(f)
	c.atRestFaults(f)
	c.checkFaults(f)
	c.peopleFaults(f)
	c.signInFaults(f)
	c.portalFaults(f)
	c.directFaults(f)
	c.listFaults(f)
	c.documentFaults(f)
	c.deviceFaults(f)
	c.sbiFaults(f)
}

func (c *Config) boothFaults(f *settings.Faults) {
	f.Unless(settings.Name.MatchString(c.Booth.ID), "booth.id", "must be letters, digits, '.', '_' and '-', at most 64")
	f.Unless(len(c.Booth.Place) <= 200, "booth.place", "is longer than 200 bytes")
	f.Listen("api.listen", c.API.Listen, true)
	for i, o := range c.API.Origins {
		f.Unless(isOrigin(o), fmt.Sprintf("api.origins[%d]", i), "must be a web origin and no more, such as \"https://kiosk.example\"")
	}
	f.Log(c.Log)
}

// isOrigin reports whether o is what a browser sends as Origin: nothing but a scheme and a
// host.
func isOrigin(o string) bool {
	u, err := url.Parse(o)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && o == u.Scheme+"://"+u.Host
}

func (c *Config) checkFaults(f *settings.Faults) {
	for i, m := range c.Check.Require {
		key := fmt.Sprintf("check.require[%d]", i)
		if m != capture.ModalityChip {
			modalityFault(f, key, m)
		}
		f.Unless(!slices.Contains(c.Check.Require[:i], m), key, "is there twice")
	}
	f.Unless(slices.Contains(c.Check.Require, capture.ModalityDocument), "check.require", "must contain \"document\"")
	f.Unless(c.Check.FingersFrom >= 0 && c.Check.FingersFrom <= 21, "check.fingers_from", "must be 0 to 21 years")
	f.Unless(c.Check.Finger >= 0 && c.Check.Finger <= 10, "check.finger", "must be 0 (any) to 10, a position of ISO/IEC 19794-2")
	_, planned := capture.NewFingerPlan(c.Check.Fingers, 0)
	f.Unless(planned, "check.fingers", "must be 1, 4 or 10")
	f.Unless(c.Check.FingerTries >= 1 && c.Check.FingerTries <= 10, "check.finger_tries", "must be 1 to 10")
	f.Unless(c.Check.MinQuality >= 0 && c.Check.MinQuality <= 100, "check.min_finger_quality", "must be 0 to 100")
	ruleFaults(f, "policy.default", c.Policy.Default)
	asked := map[askedBy]bool{}
	for i, s := range c.Policy.Systems {
		key := fmt.Sprintf("policy.system[%d]", i)
		by := askedBy{s.System, s.Modality}
		f.Unless(!asked[by], key, "is there twice: %s asked with the %s", s.System, s.Modality)
		asked[by] = true
		f.Unless(settings.Name.MatchString(s.System), key+".name", "is no name of a system")
		modalityFault(f, key+".modality", s.Modality)
		ruleFaults(f, key, s.Rule.or(c.Policy.Default))
	}
	c.checkRuleFaults(f)
}

// askedBy is a system asked with a modality.
type askedBy struct {
	system   string
	modality capture.Modality
}

func modalityFault(f *settings.Faults, key string, m capture.Modality) {
	ok := m == capture.ModalityDocument || m == capture.ModalityFinger || m == capture.ModalityFace
	f.Unless(ok, key, "must be document, finger or face")
}

func ruleFaults(f *settings.Faults, key string, r Rule) {
	for _, v := range []struct {
		name    string
		outcome capture.Outcome
	}{{"hit", r.Hit}, {"possible", r.Possible}, {"unavailable", r.Unavailable}, {"stale", r.Stale}} {
		o := v.outcome
		ok := o == capture.OutcomeClear || o == capture.OutcomeRefer || o == capture.OutcomeStop || o == capture.OutcomeIncomplete
		f.Unless(ok, key+"."+v.name, "must be clear, refer, stop or incomplete")
	}
	f.Unless(r.Hit != capture.OutcomeClear, key+".hit", "must not be clear")
	f.Unless(r.Possible != capture.OutcomeClear, key+".possible", "must not be clear")
}

func (c *Config) deviceFaults(f *settings.Faults) {
	known := map[string]devices.Kind{}
	var onLines []string
	for _, d := range drivers.All() {
		known[d.Name] = d.Kind
		if len(d.IDs) == 0 && slices.Contains([]devices.Kind{devices.KindDocumentReader, devices.KindFingerScanner, devices.KindBarcodeReader}, d.Kind) {
			onLines = append(onLines, d.Name)
		}
	}
	for i, s := range c.Serial {
		key := fmt.Sprintf("serial[%d]", i)
		f.Unless(s.Path != "", key+".path", "is missing")
		f.Unless(slices.Contains(onLines, s.Driver), key+".driver", "%q is none of %s", s.Driver, strings.Join(onLines, ", "))
		f.Unless(slices.Contains(serial.Bauds, s.Baud), key+".baud", "must be one of %v", serial.Bauds)
	}
	f.Unless(c.ZFM.MaxBaud == 0 || slices.Contains(serial.Bauds, c.ZFM.MaxBaud), "zfm.max_baud", "must be one of %v", serial.Bauds)
	f.Unless(!c.Barcode.Bare || c.Barcode.Prefix+c.Barcode.Suffix == "", "barcode.bare", "must not be with a prefix or suffix")
	for i := range c.Cameras {
		key := fmt.Sprintf("camera[%d]", i)
		c.Cameras[i].faults(f, key, known)
		twice := slices.ContainsFunc(c.Cameras[:i], func(o Camera) bool { return o.Device != "" && o.Device == c.Cameras[i].Device })
		f.Unless(!twice, key+".device", "is there twice")
	}
	for i, e := range c.USB.USBIP {
		_, _, err := net.SplitHostPort(e)
		f.Unless(err == nil, fmt.Sprintf("usb.usbip[%d]", i), "must be \"host:port\"")
	}
}

func (c *Camera) faults(f *settings.Faults, key string, known map[string]devices.Kind) {
	f.Unless(c.Use == "" || c.Use == UseFace || c.Use == UsePage, key+".use", "must be face or page")
	if c.Device == "" {
		u, err := url.Parse(c.URL)
		f.Unless(err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "", key+".url", "must begin with http:// or https://")
		f.Unless(known[c.Driver] == devices.KindCamera, key+".driver", "%q is not the name of a camera's driver", c.Driver)
		f.Unless(c.Driver != v4l2.Driver().Name, key+".driver", "%q is for cameras of this machine, which have a device", c.Driver)
		f.Unless(c.Size+c.Input == "" && len(c.Lights)+len(c.Controls) == 0, key+".device", "is missing though there are settings for one")
		return
	}
	_, _, ok := c.LeastSize()
	f.Unless(ok, key+".size", "must be like 1280x720")
	f.Unless(c.URL+c.Driver == "", key+".device", "must not be with a url or a driver")
	f.Unless(c.Device == v4l2.Any || filepath.IsAbs(c.Device), key+".device", "must be a path from the root, or *")
	f.Unless(len(c.Lights) == 0 || c.Page(), key+".lights", "are for page cameras")
	for light := range c.Lights {
		f.Unless(slices.Contains(devices.Lights(), light), key+".lights."+string(light), "is none of %v", devices.Lights())
	}
	for name := range c.Controls {
		f.Unless(slices.Contains(v4l2.ControlNames(), name), key+".controls."+name, "is none of %s", strings.Join(v4l2.ControlNames(), ", "))
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
