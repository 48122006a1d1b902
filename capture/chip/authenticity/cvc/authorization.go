package cvc

import (
	"bytes"
	"fmt"

	"boothd/capture/chip/tlv"
)

// Role is what a certificate's holder may do with its key.
type Role uint8

// The roles, with their values in a template's first two bits.
const (
	Terminal   Role = 0
	ForeignDV  Role = 1 // or, for other terminals than inspection systems, one that is not official
	DomesticDV Role = 2
	CVCA       Role = 3
)

// String returns "terminal", "DV" or "CVCA".
func (r Role) String() string {
	switch r {
	case Terminal:
		return "terminal"
	case ForeignDV, DomesticDV:
		return "DV"
	}
	return "CVCA"
}

// issues reports whether a holder of this role issues certificates to one of the other.
func (r Role) issues(to Role) bool {
	switch r {
	case CVCA:
		return to != Terminal
	case DomesticDV, ForeignDV:
		return to == Terminal
	}
	return false
}

// TerminalType is the kind of terminal that a chain of certificates serves; it is the last
// arc of its object identifier 0.4.0.127.0.7.3.1.2.
type TerminalType uint8

// The types of BSI TR-03110-4.
const (
	InspectionSystem       TerminalType = 1
	AuthenticationTerminal TerminalType = 2
	SignatureTerminal      TerminalType = 3
)

// oidRoles is the value of 0.4.0.127.0.7.3.1.2, DER.
var oidRoles = [...]byte{0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x01, 0x02}

// Authorization is a certificate holder's role and rights.
type Authorization struct {
	Type TerminalType
	// Bits are the role and the rights: 1 byte of inspection systems and signature terminals,
	// 5 of authentication terminals.
	Bits []byte
}

// Role returns the holder's role.
func (a Authorization) Role() Role {
	if len(a.Bits) == 0 {
		return Terminal
	}
	return Role(a.Bits[0] >> 6)
}

// Fingerprints reports whether an inspection system may read DG3.
func (a Authorization) Fingerprints() bool { return a.inspects(0) }

// Irises reports whether an inspection system may read DG4.
func (a Authorization) Irises() bool { return a.inspects(1) }

func (a Authorization) inspects(bit int) bool {
	return a.Type == InspectionSystem && len(a.Bits) == 1 && a.Bits[0]>>bit&1 == 1
}

// Within returns the authorisation with those rights only that the issuer's has too.
func (a Authorization) Within(issuer Authorization) Authorization {
	bits := bytes.Clone(a.Bits)
	for i := range bits {
		mask := byte(0)
		if a.Type == issuer.Type && i < len(issuer.Bits) {
			mask = issuer.Bits[i]
		}
		if i == 0 {
			mask |= 0xC0 // the role
		}
		bits[i] &= mask
	}
	return Authorization{Type: a.Type, Bits: bits}
}

// Template returns the content of the certificate holder authorisation template 7F4C.
func (a Authorization) Template() []byte {
	return tlv.Append(tlv.Append(nil, tagOID, oidRoles[:], []byte{byte(a.Type)}), tagBits, a.Bits)
}

func parseAuthorization(b []byte) (Authorization, error) {
	objects, err := sequence(b, tagOID, tagBits)
	if err != nil {
		return Authorization{}, err
	}
	oid, bits := objects[0].Value, objects[1].Value
	if len(oid) != len(oidRoles)+1 || !bytes.Equal(oid[:len(oidRoles)], oidRoles[:]) {
		return Authorization{}, fmt.Errorf("role of another kind: %w", ErrUnsupported)
	}
	a := Authorization{Type: TerminalType(oid[len(oidRoles)]), Bits: bits}
	want := map[TerminalType]int{InspectionSystem: 1, AuthenticationTerminal: 5, SignatureTerminal: 1}[a.Type]
	if want == 0 {
		return Authorization{}, fmt.Errorf("terminal of type %d: %w", a.Type, ErrUnsupported)
	}
	if len(bits) != want {
		return Authorization{}, fmt.Errorf("%w: rights in %d bytes, want %d", ErrMalformed, len(bits), want)
	}
	return a, nil
}
