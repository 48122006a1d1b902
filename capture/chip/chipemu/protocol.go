package chipemu

import (
	"encoding/asn1"
	"strings"

	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
)

// Object identifiers below bsi-de, 0.4.0.127.0.7 (BSI TR-03110-3 §A.1.1), and of ICAO.
var (
	oidAgreedKey     = bsi(2, 2, 1)
	oidTerminalAuth  = bsi(2, 2, 2)
	oidAgreement     = bsi(2, 2, 3)
	oidPACE          = bsi(2, 2, 4)
	oidStandardised  = bsi(1, 2)
	oidActiveAuth    = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 5}
	oidPlainECDSA    = bsi(1, 1, 4, 1)
	oidECPublicKey   = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidPrimeField    = asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1}
	oidRSAEncryption = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
)

func bsi(arcs ...int) asn1.ObjectIdentifier {
	return append(asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7}, arcs...)
}

// ciphers by the names in protocols, in the order of their arcs, which begin at 1.
var ciphers = [...]struct {
	name   string
	cipher secure.Cipher
}{
	{"3DES", secure.TripleDES}, {"AES-128", secure.AES128}, {"AES-192", secure.AES192}, {"AES-256", secure.AES256},
}

// mappings by the names in protocols, with the arc below id-PACE.
var mappings = [...]struct {
	name     string
	arc      int
	elliptic bool
	mapping  security.Mapping
}{
	{"DH-GM", 1, false, security.Generic},
	{"ECDH-GM", 2, true, security.Generic},
	{"DH-IM", 3, false, security.Integrated},
	{"ECDH-IM", 4, true, security.Integrated},
	{"ECDH-CAM", 6, true, security.ChipAuthentication},
}

// suite is a PACE that can be done.
type suite struct {
	oid        asn1.ObjectIdentifier
	parameters int
	group      *security.Group
	mapping    security.Mapping
	cipher     secure.Cipher
}

func (p PACE) suite() (suite, error) {
	for _, m := range mappings {
		for i, c := range ciphers {
			if p.Protocol != m.name+"-"+c.name || m.mapping == security.ChipAuthentication && c.cipher == secure.TripleDES {
				continue
			}
			g, err := group(p.Parameters, m.elliptic)
			if err == nil && m.mapping == security.Integrated && p.Parameters == 10 {
				err = wrong("integrated mapping is not defined on P-224")
			}
			return suite{child(oidPACE, m.arc, i+1), p.Parameters, g, m.mapping, c.cipher}, err
		}
	}
	return suite{}, wrong("PACE %q is unknown", p.Protocol)
}

// agreement is a Chip Authentication that can be done.
type agreement struct {
	Agree
	oid    asn1.ObjectIdentifier
	group  *security.Group
	cipher secure.Cipher
}

func (a Agree) agreement() (agreement, error) {
	kind, name, _ := strings.Cut(a.Protocol, "-")
	arc := map[string]int{"DH": 1, "ECDH": 2}[kind]
	if a.Version == 0 {
		a.Version = 1
	}
	for i, c := range ciphers {
		if c.name == name && arc > 0 && a.Version <= 2 && a.Version > 0 {
			g, err := group(a.Parameters, arc == 2)
			return agreement{a, child(oidAgreement, arc, i+1), g, c.cipher}, err
		}
	}
	return agreement{}, wrong("chip authentication %q of version %d is unknown", a.Protocol, a.Version)
}

func group(parameters int, elliptic bool) (*security.Group, error) {
	g, err := security.Standard(parameters)
	if err != nil || g.Elliptic() != elliptic {
		return nil, wrong("domain parameters %d are unknown or of another kind than the protocol", parameters)
	}
	return g, nil
}

func child(root asn1.ObjectIdentifier, arcs ...int) asn1.ObjectIdentifier {
	return append(root[:len(root):len(root)], arcs...)
}
