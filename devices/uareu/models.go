package uareu

import "boothd/devices"

const (
	vendorMicrosoft            = 0x045e
	vendorDigitalPersona       = 0x05ba
	product4000B               = 0x000a
	release4500                = 0x0103
	nameOf4500                 = "DigitalPersona U.are.U 4500"
	classVendor          uint8 = 0xff
)

// model is what distinguishes the scanners of the family.
type model struct {
	id        devices.ID
	name      string
	challenge bool // wakes up only after a challenge was answered
	rotate    bool // sends its pictures upside down
}

var models = []model{
	{id: devices.ID{Vendor: vendorMicrosoft, Product: 0x00bb}, name: "Microsoft Keyboard with Fingerprint Reader"},
	{id: devices.ID{Vendor: vendorMicrosoft, Product: 0x00bc}, name: "Microsoft IntelliMouse with Fingerprint Reader"},
	{id: devices.ID{Vendor: vendorMicrosoft, Product: 0x00bd}, name: "Microsoft Fingerprint Reader"},
	{id: devices.ID{Vendor: vendorMicrosoft, Product: 0x00ca}, name: "Microsoft Fingerprint Reader v2", challenge: true},
	{id: devices.ID{Vendor: vendorDigitalPersona, Product: 0x0007}, name: "DigitalPersona U.are.U 4000"},
	{id: devices.ID{Vendor: vendorDigitalPersona, Product: 0x0008}, name: "DigitalPersona U.are.U Fingerprint Keyboard"},
	{id: devices.ID{Vendor: vendorDigitalPersona, Product: product4000B}, name: "DigitalPersona U.are.U 4000B", rotate: true},
}

// modelOf returns the model of an identity and release.
func modelOf(id devices.ID, release uint16) (model, bool) {
	for _, m := range models {
		if m.id != id {
			continue
		}
		if id.Product == product4000B && release == release4500 {
			m.name = nameOf4500
		}
		return m, true
	}
	return model{}, false
}

func ids() []devices.ID {
	all := make([]devices.ID, len(models))
	for i, m := range models {
		all[i] = m.id
	}
	return all
}
