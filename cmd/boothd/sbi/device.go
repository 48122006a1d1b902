package sbi

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"boothd/devices"
)

// device is one of the booth's devices as kiosks know it.
type device struct {
	devices.Status
	kind    string // typeFinger or typeFace
	subType string
	id      string // deviceId
}

// serial is the device's serial number, or what stands for it: many scanners and cameras have
// none that can be read.
func (d *device) serial() string { return cmp.Or(d.Info.Serial, d.id) }

// state is the deviceStatus.
func (d *device) state() string {
	switch d.State {
	case devices.Ready:
		return "Ready"
	case devices.Busy:
		return "Busy"
	}
	return "Not Ready"
}

// list returns the scanners and cameras, in the order of their addresses.
func (s *Server) list() []device {
	var all []device
	for _, st := range s.cfg.Devices.Status() {
		d := device{Status: st}
		switch st.Kind {
		case devices.KindFingerScanner:
			d.kind, d.subType = typeFinger, "Single"
		case devices.KindCamera:
			d.kind, d.subType = typeFace, "Full face"
		default:
			continue
		}
		d.id = s.idOf(st)
		all = append(all, d)
	}
	return all
}

// idOf names a device by what does not change while it stays where it is. An address may tell
// of the network inside, so it is not shown.
func (s *Server) idOf(st devices.Status) string {
	sum := sha256.Sum256([]byte(s.cfg.Booth + "\x00" + st.Driver + "\x00" + st.Address))
	return "B" + strings.ToUpper(hex.EncodeToString(sum[:8]))
}

// find returns the device with the id.
func (s *Server) find(id string) (device, bool) {
	for _, d := range s.list() {
		if d.id == id {
			return d, true
		}
	}
	return device{}, false
}

func (s *Server) digitalID(d *device) *digitalID {
	model := cmp.Or(d.Info.Model, d.Driver)
	return &digitalID{
		SerialNo: d.serial(), Make: makerOf(model), Model: model, Type: d.kind, DeviceSubType: d.subType,
		DeviceProvider: s.cfg.Provider, DeviceProviderID: s.cfg.ProviderID, DateTime: stamp(s.cfg.Now()),
	}
}

// makerOf is the name that a model begins with, if it begins with one.
func makerOf(model string) string {
	first, _, _ := strings.Cut(model, " ")
	if first == "" || first[0] < 'A' || first[0] > 'Z' {
		return "unknown"
	}
	return first
}

// certification of all devices: the key is the machine's, not the device's.
const certification = "L0"

// subIDs are the deviceSubIds of every device here: a scanner of single fingers has no parts.
func subIDs() []string { return []string{"0"} }

// discover describes the devices of a type; "Biometric Device" are all.
func (s *Server) discover(kind string) any {
	all := strings.EqualFold(kind, "Biometric Device")
	if !all && !strings.EqualFold(kind, typeFinger) && !strings.EqualFold(kind, typeFace) && !strings.EqualFold(kind, typeIris) {
		return []errorAnswer{{badDiscover.fault()}}
	}
	var found []discovery
	for _, d := range s.list() {
		if !all && !strings.EqualFold(kind, d.kind) {
			continue
		}
		id, err := json.Marshal(s.digitalID(&d))
		if err != nil {
			continue
		}
		found = append(found, discovery{
			DeviceID: d.id, DeviceStatus: s.stateOf(&d), Certification: certification, ServiceVersion: s.cfg.Version,
			DeviceSubID: subIDs(), CallbackID: s.base + "/", DigitalID: encode(id), DeviceCode: d.serial(),
			SpecVersion: specVersions, Purpose: s.cfg.Purpose, Error: success.fault(),
		})
	}
	if found == nil {
		return []errorAnswer{{noDevices.fault()}}
	}
	return found
}

// info describes all devices, signed.
func (s *Server) info() any {
	var found []infoAnswer
	for _, d := range s.list() {
		signed, err := s.cfg.Identity.sign(s.digitalID(&d))
		if err == nil {
			signed, err = s.cfg.Identity.sign(&deviceInfo{
				DeviceStatus: s.stateOf(&d), DeviceID: d.id, Firmware: cmp.Or(d.Info.Firmware, "unknown"),
				Certification: certification, ServiceVersion: s.cfg.Version, DeviceSubID: subIDs(), CallbackID: s.base + "/",
				DigitalID: signed, DeviceCode: d.serial(), Env: s.cfg.Env, Purpose: s.cfg.Purpose, SpecVersion: specVersions,
			})
		}
		if err != nil {
			s.cfg.Log.Error("device not described to a kiosk", "err", err)
			return []errorAnswer{{keyExpired.fault()}}
		}
		found = append(found, infoAnswer{signed, success.fault()})
	}
	if found == nil {
		return []errorAnswer{{noSuchDevice.fault()}}
	}
	return found
}

// stateOf is the deviceStatus: nothing can be had of a device whose answers cannot be signed.
func (s *Server) stateOf(d *device) string {
	if s.cfg.Identity.usable() != nil {
		return "Not Ready"
	}
	return d.state()
}
