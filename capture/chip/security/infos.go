// Package security reads what a chip says of its security protocols, and has the groups in
// which they agree on keys.
//
// [Parse] reads SecurityInfos (ICAO 9303-11 §9.2), which are EF.CardAccess, the content of
// EF.CardSecurity and that of DG14. Entries of protocols that are not known are kept, not
// refused; entries of known protocols that are malformed are refused with the file, because
// half a file would look like a chip that can less (a downgrade). Nothing in EF.CardAccess
// is authentic before it was compared with DG14 or EF.CardSecurity: see [Infos.Contains].
//
// A [Group] is an elliptic curve or a subgroup of the numbers modulo a prime. Only the
// standardised domain parameters are known, also where a chip spells them out: parameters
// of a chip's own choice could hide a weak group (CVE-2020-0601 was of this kind).
package security

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"

	"boothd/capture/chip/secure"
)

// ErrMalformed is matched by the errors of bytes that are no SecurityInfos.
var ErrMalformed = errors.New("malformed security information")

// maxInfos is the most entries of SecurityInfos, maxFile the most bytes.
const (
	maxInfos = 64
	maxFile  = 64 << 10
)

// Mapping is PACE's way to map the nonce to a generator.
type Mapping uint8

// The mappings of ICAO 9303-11 §4.4.3.3.
const (
	Generic Mapping = iota + 1
	Integrated
	ChipAuthentication // generic, and the chip proves its static key
)

// String returns "GM", "IM" or "CAM".
func (m Mapping) String() string {
	switch m {
	case Generic:
		return "GM"
	case Integrated:
		return "IM"
	case ChipAuthentication:
		return "CAM"
	}
	return "unknown mapping"
}

// PACE is a PACEInfo: one way in which the chip does PACE.
type PACE struct {
	OID       asn1.ObjectIdentifier
	Mapping   Mapping
	Elliptic  bool // ECDH, else DH
	Cipher    secure.Cipher
	Version   int
	Parameter int // identifier of the domain parameters; -1: not given
}

// String names the suite: "PACE ECDH-GM AES-128 with parameters 13".
func (p PACE) String() string {
	agreement := "DH"
	if p.Elliptic {
		agreement = "ECDH"
	}
	return fmt.Sprintf("PACE %s-%v %v with parameters %d", agreement, p.Mapping, p.Cipher, p.Parameter)
}

// PACEParameters is a PACEDomainParameterInfo: parameters of the chip's own numbering. The
// Group is nil if they are unknown.
type PACEParameters struct {
	OID       asn1.ObjectIdentifier
	Parameter int // -1: not given
	Group     *Group
}

// ChipAuth is a ChipAuthenticationInfo: one way in which the chip does Chip Authentication.
type ChipAuth struct {
	OID      asn1.ObjectIdentifier
	Elliptic bool
	Cipher   secure.Cipher
	Version  int
	KeyID    int // -1: not given
}

// ChipKey is a ChipAuthenticationPublicKeyInfo: a static public key of the chip.
type ChipKey struct {
	OID      asn1.ObjectIdentifier
	Elliptic bool
	Group    *Group // nil if the domain parameters are unknown
	Key      []byte // the public key as it travels: a point, or a number; not yet validated
	KeyID    int    // -1: not given
}

// ActiveAuth is an ActiveAuthenticationInfo.
type ActiveAuth struct {
	Version   int
	Signature asn1.ObjectIdentifier // algorithm of ECDSA signatures
}

// TerminalAuth is a TerminalAuthenticationInfo.
type TerminalAuth struct {
	Version int // 1 or 2
	// File and ShortFile identify EF.CVCA, which version 1 has: 0x011C and 0x1C where the
	// entry does not say otherwise; ShortFile is 0 if the entry names a file without one.
	File      uint16
	ShortFile byte
}

// Info is an entry as it stands in the file.
type Info struct {
	OID asn1.ObjectIdentifier
	Raw []byte
}

// Infos are SecurityInfos, in the order of the file within each kind.
type Infos struct {
	All            []Info // every entry
	PACE           []PACE
	PACEParameters []PACEParameters
	ChipAuth       []ChipAuth
	ChipKeys       []ChipKey
	ActiveAuth     []ActiveAuth
	TerminalAuth   []TerminalAuth
	Unknown        []Info // entries of other protocols
}

// Group returns the group of a way to do PACE. The error matches ErrUnknownGroup.
func (in Infos) Group(p PACE) (*Group, error) {
	for _, own := range in.PACEParameters {
		if own.Parameter == p.Parameter && own.Group != nil && own.Group.Elliptic() == p.Elliptic {
			return own.Group, nil
		}
	}
	g, err := Standard(p.Parameter)
	if err == nil && g.Elliptic() != p.Elliptic {
		return nil, fmt.Errorf("%w: %v", ErrUnknownGroup, p)
	}
	return g, err
}

// Contains reports whether every entry of other stands in these too, byte for byte: what
// EF.CardAccess said must stand in the signed DG14 or EF.CardSecurity.
func (in Infos) Contains(other Infos) bool {
	for _, want := range other.All {
		found := false
		for _, have := range in.All {
			found = found || bytes.Equal(have.Raw, want.Raw)
		}
		if !found {
			return false
		}
	}
	return true
}

// entry is SecurityInfo.
type entry struct {
	Raw      asn1.RawContent
	Protocol asn1.ObjectIdentifier
	Required asn1.RawValue
	Optional asn1.RawValue `asn1:"optional"`
}

// Parse reads SecurityInfos, of which DG14 holds one in its tag 6E. Bytes behind them,
// which some chips fill their files with, must be zero. The error matches ErrMalformed.
func Parse(b []byte) (Infos, error) {
	if len(b) > maxFile {
		return Infos{}, fmt.Errorf("%w: %d bytes, want at most %d", ErrMalformed, len(b), maxFile)
	}
	var set asn1.RawValue
	rest, err := asn1.Unmarshal(b, &set)
	if err != nil {
		return Infos{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if set.Class != asn1.ClassUniversal || set.Tag != asn1.TagSet || !set.IsCompound || len(bytes.Trim(rest, "\x00")) > 0 {
		return Infos{}, fmt.Errorf("%w: not one set", ErrMalformed)
	}
	var in Infos
	for rest = set.Bytes; len(rest) > 0; {
		var e entry
		if rest, err = asn1.Unmarshal(rest, &e); err != nil {
			return Infos{}, fmt.Errorf("%w: entry %d: %w", ErrMalformed, len(in.All)+1, err)
		}
		if len(in.All) == maxInfos {
			return Infos{}, fmt.Errorf("%w: more than %d entries", ErrMalformed, maxInfos)
		}
		in.All = append(in.All, Info{OID: e.Protocol, Raw: e.Raw})
		if err := in.add(e); err != nil {
			return Infos{}, fmt.Errorf("%w: entry %d: %w", ErrMalformed, len(in.All), err)
		}
	}
	return in, nil
}

// add files the entry under its kind.
func (in *Infos) add(e entry) error {
	oid := e.Protocol
	switch {
	case under(oid, oidPACE, 1):
		return in.addPACEParameters(e)
	case under(oid, oidPACE, 2):
		return in.addPACE(e)
	case under(oid, oidChipAuth, 2):
		return in.addChipAuth(e)
	case under(oid, oidPublicKey, 1):
		return in.addChipKey(e)
	case oid.Equal(oidTerminalAuth):
		return in.addTerminalAuth(e)
	case oid.Equal(oidActiveAuth):
		return in.addActiveAuth(e)
	}
	in.Unknown = append(in.Unknown, Info{OID: oid, Raw: e.Raw})
	return nil
}

func (in *Infos) addPACE(e entry) error {
	p := PACE{OID: e.Protocol, Parameter: -1}
	known := false
	kind, cipher := e.Protocol[len(oidPACE)], e.Protocol[len(oidPACE)+1]
	p.Mapping, p.Elliptic, known = mapping(kind)
	p.Cipher = secure.Cipher(cipher)
	if !known || p.Cipher.KeySize() == 0 || cipher > int(secure.AES256) || p.Mapping == ChipAuthentication && p.Cipher == secure.TripleDES {
		in.Unknown = append(in.Unknown, Info{OID: e.Protocol, Raw: e.Raw})
		return nil
	}
	var err error
	if p.Version, err = integer(e.Required); err != nil {
		return err
	}
	if p.Parameter, err = optional(e.Optional); err != nil {
		return err
	}
	in.PACE = append(in.PACE, p)
	return nil
}

// mapping is the meaning of the arc below id-PACE.
func mapping(arc int) (m Mapping, elliptic, known bool) {
	switch arc {
	case 1:
		return Generic, false, true
	case 2:
		return Generic, true, true
	case 3:
		return Integrated, false, true
	case 4:
		return Integrated, true, true
	case 6:
		return ChipAuthentication, true, true
	}
	return 0, false, false
}

func (in *Infos) addPACEParameters(e entry) error {
	id, err := optional(e.Optional)
	if err != nil {
		return err
	}
	group, err := ParseGroup(e.Required.FullBytes)
	if err != nil && !errors.Is(err, ErrUnknownGroup) {
		return err
	}
	in.PACEParameters = append(in.PACEParameters, PACEParameters{OID: e.Protocol, Parameter: id, Group: group})
	return nil
}

func (in *Infos) addChipAuth(e entry) error {
	kind, cipher := e.Protocol[len(oidChipAuth)], e.Protocol[len(oidChipAuth)+1]
	c := ChipAuth{OID: e.Protocol, Elliptic: kind == 2, Cipher: secure.Cipher(cipher)}
	if kind < 1 || kind > 2 || cipher < 1 || cipher > int(secure.AES256) {
		in.Unknown = append(in.Unknown, Info{OID: e.Protocol, Raw: e.Raw})
		return nil
	}
	var err error
	if c.Version, err = integer(e.Required); err != nil {
		return err
	}
	if c.KeyID, err = optional(e.Optional); err != nil {
		return err
	}
	in.ChipAuth = append(in.ChipAuth, c)
	return nil
}

func (in *Infos) addChipKey(e entry) error {
	kind := e.Protocol[len(oidPublicKey)]
	if kind < 1 || kind > 2 {
		in.Unknown = append(in.Unknown, Info{OID: e.Protocol, Raw: e.Raw})
		return nil
	}
	k := ChipKey{OID: e.Protocol, Elliptic: kind == 2}
	var err error
	if k.KeyID, err = optional(e.Optional); err != nil {
		return err
	}
	if k.Group, k.Key, err = ParsePublicKey(e.Required.FullBytes); err != nil && !errors.Is(err, ErrUnknownGroup) {
		return err
	}
	if k.Group != nil && k.Group.Elliptic() != k.Elliptic {
		return fmt.Errorf("public key of another kind than its protocol")
	}
	in.ChipKeys = append(in.ChipKeys, k)
	return nil
}

func (in *Infos) addActiveAuth(e entry) error {
	a := ActiveAuth{}
	var err error
	if a.Version, err = integer(e.Required); err != nil {
		return err
	}
	if rest, err := asn1.Unmarshal(e.Optional.FullBytes, &a.Signature); err != nil || len(rest) > 0 {
		return fmt.Errorf("signature algorithm of active authentication")
	}
	in.ActiveAuth = append(in.ActiveAuth, a)
	return nil
}

func (in *Infos) addTerminalAuth(e entry) error {
	a := TerminalAuth{File: 0x011C, ShortFile: 0x1C}
	var err error
	if a.Version, err = integer(e.Required); err != nil {
		return err
	}
	if len(e.Optional.FullBytes) > 0 {
		var file struct {
			File  []byte
			Short []byte `asn1:"optional"`
		}
		if err := unmarshal(e.Optional.FullBytes, &file); err != nil || len(file.File) != 2 || len(file.Short) > 1 {
			return fmt.Errorf("file identifier of EF.CVCA")
		}
		a.File, a.ShortFile = uint16(file.File[0])<<8|uint16(file.File[1]), 0
		if len(file.Short) == 1 && file.Short[0] < 0x1F { // five bits, not all of them set
			a.ShortFile = file.Short[0]
		}
	}
	in.TerminalAuth = append(in.TerminalAuth, a)
	return nil
}

// integer reads an INTEGER of 0 to 2^31-1.
func integer(v asn1.RawValue) (int, error) {
	n := 0
	if rest, err := asn1.Unmarshal(v.FullBytes, &n); err != nil || len(rest) > 0 || n < 0 || n > 1<<31-1 {
		return 0, fmt.Errorf("not a small number")
	}
	return n, nil
}

// optional is integer for a value that may be missing, which is -1.
func optional(v asn1.RawValue) (int, error) {
	if len(v.FullBytes) == 0 {
		return -1, nil
	}
	return integer(v)
}
