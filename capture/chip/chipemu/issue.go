package chipemu

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"boothd/capture/chip/authenticity/cvc"
	"boothd/capture/chip/lds"
	"boothd/capture/chip/pki/pkitest"
	"boothd/capture/chip/security"
	"boothd/capture/chip/tlv"
)

// Issued is a chip as it left the personalisation: its files and secrets. It can be kept in
// JSON.
type Issued struct {
	// Document is what it was issued for, without what stands in the files.
	Document Document    `json:"document"`
	Files    Files       `json:"files"`
	Keys     []AgreedKey `json:"keys,omitempty"`
	Active   *ActiveKey  `json:"active,omitempty"`
	Faults   []Fault     `json:"faults,omitempty"`
}

// LogValue keeps the holder and the keys out of logs.
func (*Issued) LogValue() slog.Value { return slog.StringValue("emulated chip") }

// Files are the chip's files, in JSON by their names.
type Files map[lds.File][]byte

// MarshalJSON writes the files by their names.
func (f Files) MarshalJSON() ([]byte, error) {
	named := make(map[string][]byte, len(f))
	for file, b := range f {
		named[file.String()] = b
	}
	return json.Marshal(named)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *Files) UnmarshalJSON(b []byte) error {
	var named map[string][]byte
	if err := json.Unmarshal(b, &named); err != nil {
		return err
	}
	*f = make(Files, len(named))
	for name, content := range named {
		file, err := fileNamed(name)
		if err != nil {
			return err
		}
		(*f)[file] = content
	}
	return nil
}

// ReadIssued reads a chip that was written in JSON.
func ReadIssued(r io.Reader) (*Issued, error) {
	issued := &Issued{}
	if err := decode(r, issued); err != nil {
		return nil, fmt.Errorf("read issued chip: %w", err)
	}
	return issued, nil
}

// check finds what a chip could not work with.
func (is *Issued) check() error {
	if err := is.Document.check(); err != nil {
		return err
	}
	for _, k := range is.Keys {
		if err := k.check(); err != nil {
			return err
		}
	}
	return is.Active.check(is.Document.Active)
}

// issuing is a document on its way to become a chip.
type issuing struct {
	doc    Document
	issuer *Issuer
	signer *pkitest.Signer
	dg1    []string
	suites []suite
	agrees []agreement
	hash   int // place in the table of hash functions
	issued *Issued
}

// Issue makes the document's chip. The faults are put into it, those of the wire to come
// into effect in [New]. The error matches ErrDocument if the description is impossible.
func Issue(d Document, issuer *Issuer, faults ...Fault) (*Issued, error) {
	i := &issuing{
		doc: d, issuer: issuer, signer: issuer.signers[own], dg1: d.MRZ,
		issued: &Issued{Files: Files{}, Faults: slices.Clone(faults)},
	}
	if err := i.do(faults); err != nil {
		return nil, fmt.Errorf("issue: %w", err)
	}
	return i.issued, nil
}

func (i *issuing) do(faults []Fault) error {
	if err := i.doc.check(); err != nil {
		return err
	}
	apply := func(step func(FaultKind) func(*issuing, Fault) error) error {
		for _, f := range faults {
			k, known := kindOf(f.Name)
			if !known {
				return wrong("fault %q is unknown", f.Name)
			}
			if change := step(k); change != nil {
				if err := change(i, f); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := apply(func(k FaultKind) func(*issuing, Fault) error { return k.before }); err != nil {
		return err
	}
	for _, step := range []func() error{i.protocols, i.keys, i.groups, i.securityGroups, i.masterFile, i.common, i.sign} {
		if err := step(); err != nil {
			return err
		}
	}
	i.issued.Document = i.doc.bare()
	return apply(func(k FaultKind) func(*issuing, Fault) error { return k.after })
}

// bare is the document without what is in its files.
func (d Document) bare() Document {
	d.Portrait, d.Person, d.Issue, d.Fingers, d.Irises, d.Optional = Portrait{}, nil, nil, nil, nil, nil
	return d
}

// protocols reads the names of protocols.
func (i *issuing) protocols() error {
	for _, p := range i.doc.Access.PACE {
		s, err := p.suite()
		if err != nil {
			return err
		}
		i.suites = append(i.suites, s)
	}
	for _, c := range i.doc.Chip {
		a, err := c.agreement()
		if err != nil {
			return err
		}
		i.agrees = append(i.agrees, a)
	}
	var err error
	i.hash, err = hashNamed(i.doc.Hash)
	return err
}

// keys draws the chip's static keys: one for each group and name, whatever the protocols.
func (i *issuing) keys() error {
	add := func(parameters int, id *int) error {
		if i.key(parameters, id) != nil {
			return nil
		}
		k := AgreedKey{Parameters: parameters, KeyID: id}
		g, err := keyGroup(k)
		if err == nil {
			k.Secret = secret(g, stream(i.issuer.seed, append([]string{"agreement", strconv.Itoa(parameters), keyName(id)}, i.doc.MRZ...)...))
			i.issued.Keys = append(i.issued.Keys, k)
		}
		return err
	}
	for _, a := range i.agrees {
		if err := add(a.Parameters, a.KeyID); err != nil {
			return err
		}
	}
	for _, s := range i.suites {
		if s.mapping == security.ChipAuthentication {
			if err := add(s.parameters, nil); err != nil {
				return err
			}
		}
	}
	if i.doc.Active == nil {
		return nil
	}
	k, err := i.doc.Active.newActive(stream(i.issuer.seed, append([]string{"active"}, i.doc.MRZ...)...))
	i.issued.Active = &k
	return err
}

func keyName(id *int) string {
	if id == nil {
		return ""
	}
	return strconv.Itoa(*id)
}

func keyGroup(k AgreedKey) (*security.Group, error) {
	g, err := security.Standard(k.Parameters)
	if err != nil {
		return nil, wrong("domain parameters %d are unknown", k.Parameters)
	}
	return g, nil
}

func (i *issuing) key(parameters int, id *int) *AgreedKey {
	for n, k := range i.issued.Keys {
		if k.Parameters == parameters && keyName(k.KeyID) == keyName(id) {
			return &i.issued.Keys[n]
		}
	}
	return nil
}

// groups makes the data groups that are about the holder.
func (i *issuing) groups() error {
	picture, err := padded(i.doc.Portrait.Data, i.doc.Portrait.Size)
	if err != nil {
		return err
	}
	width, height := dimensions(picture)
	for _, g := range []struct {
		file    lds.File
		there   bool
		marshal func() ([]byte, error)
	}{
		{lds.DG1, true, func() ([]byte, error) { return lds.MarshalZone(i.dg1) }},
		{lds.DG2, len(picture) > 0, func() ([]byte, error) {
			return (&lds.Faces{Faces: []lds.Face{{
				Picture: lds.Picture{Format: lds.FormatOf(picture), Data: picture},
				Width:   width, Height: height, Kind: 1, ColourSpace: 1, Source: 3, Modern: i.doc.Portrait.Modern,
			}}}).Marshal()
		}},
		{lds.DG3, i.doc.Fingers != nil, i.doc.Fingers.Marshal},
		{lds.DG4, i.doc.Irises != nil, i.doc.Irises.Marshal},
		{lds.DG11, i.doc.Person != nil, i.doc.Person.Marshal},
		{lds.DG12, i.doc.Issue != nil, i.doc.Issue.Marshal},
		{lds.DG13, i.doc.Optional != nil, func() ([]byte, error) { return tlv.Append(nil, lds.DG13.Tag(), i.doc.Optional), nil }},
	} {
		if !g.there {
			continue
		}
		if i.issued.Files[g.file], err = g.marshal(); err != nil {
			return fmt.Errorf("%w: %w", ErrDocument, err)
		}
	}
	return nil
}

// securityGroups makes DG14, DG15 and EF.CVCA.
func (i *issuing) securityGroups() error {
	entries := i.paceInfos()
	for _, a := range i.agrees {
		if a.Version == 2 {
			continue
		}
		entries = append(entries, i.keyInfo(a.Parameters, a.KeyID, !a.Named))
		if !a.KeyOnly {
			entries = append(entries, agreementInfo(a))
		}
	}
	if t := i.doc.Terminal; t != nil {
		if err := i.terminal(t); err != nil {
			return err
		}
		entries = append(entries, terminalInfo(t.version()))
	}
	if a := i.doc.Active; a != nil {
		public, err := i.issued.Active.public(*a)
		if err != nil {
			return err
		}
		hash, err := hashNamed(a.Hash)
		if err != nil {
			return err
		}
		i.issued.Files[lds.DG15] = tlv.Append(nil, lds.DG15.Tag(), public)
		if a.Curve != 0 {
			entries = append(entries, activeInfo(hash))
		}
	}
	if len(entries) > 0 {
		i.issued.Files[lds.DG14] = tlv.Append(nil, lds.DG14.Tag(), set(entries))
	}
	return nil
}

func (t Terminal) version() int { return max(t.Version, 1) }

// terminal makes EF.CVCA, two references of 16 characters at most in 36 bytes.
func (i *issuing) terminal(t *Terminal) error {
	if len(t.Roots) < 1 || len(t.Roots) > 2 || t.version() > 2 {
		return wrong("terminal authentication of version %d with %d roots, want 1 or 2 of both", t.version(), len(t.Roots))
	}
	var file []byte
	for _, root := range t.Roots {
		c, err := cvc.Parse(root)
		if err != nil {
			return fmt.Errorf("%w: root of terminal authentication: %w", ErrDocument, err)
		}
		file = tlv.Append(file, 0x42, []byte(c.Holder))
	}
	if t.version() == 1 {
		i.issued.Files[lds.CVCA] = append(file, make([]byte, 36-len(file))...)
	}
	return nil
}

func (i *issuing) paceInfos() [][]byte {
	var entries [][]byte
	for _, s := range i.suites {
		entries = append(entries, paceInfo(s))
	}
	return entries
}

// keyInfo is the entry of the chip's public key.
func (i *issuing) keyInfo(parameters int, id *int, explicit bool) []byte {
	k := i.key(parameters, id)
	g, err := keyGroup(*k)
	if err != nil {
		panic("chipemu: " + err.Error()) // keys drew it
	}
	return keyInfo(g, parameters, explicit, g.Multiply(g.Generator(), bigOf(k.Secret)), id)
}

// masterFile makes the files beside the application.
func (i *issuing) masterFile() error {
	var err error
	if i.issued.Files[lds.Directory], err = lds.MarshalDirectory([]lds.Application{{ID: lds.TravelDocument}}); err != nil {
		return err
	}
	if e := i.doc.Quirks.Extended; e > 0 && !i.doc.Quirks.SilentExtended {
		info := lds.Info{Extended: true, Chaining: true, MaxCommand: e, MaxAnswer: e}
		if i.issued.Files[lds.AtrInfo], err = info.Marshal(); err != nil {
			return err
		}
	}
	access := i.paceInfos()
	guarded := i.paceInfos()
	static := false
	for _, s := range i.suites {
		if s.mapping == security.ChipAuthentication {
			guarded, static = append(guarded, i.keyInfo(s.parameters, nil, false)), true
		}
	}
	for _, a := range i.agrees {
		if a.Version == 2 {
			access = append(access, agreementInfo(a))
			guarded, static = append(guarded, agreementInfo(a), i.keyInfo(a.Parameters, a.KeyID, false)), true
		}
	}
	if t := i.doc.Terminal; t != nil && t.version() == 2 {
		access, guarded = append(access, terminalInfo(2)), append(guarded, terminalInfo(2))
	}
	if len(i.suites) == 0 {
		if static {
			return wrong("chip authentication of version 2 without PACE")
		}
		return nil
	}
	i.issued.Files[lds.CardAccess] = set(access)
	if static {
		i.issued.Files[lds.CardSecurity], err = i.signer.Sign(pkitest.TypeCardSecurity, set(guarded), i.envelope())
	}
	return err
}

// envelope dates the signature by the date of issue, or by the signer's last day.
func (i *issuing) envelope() pkitest.Envelope {
	issued, err := date("date of issue", i.doc.Issued)
	if err != nil {
		panic("chipemu: " + err.Error()) // check read it
	}
	if last := i.signer.Certificate.NotAfter.Add(-24 * time.Hour); issued.After(last) {
		issued = last
	}
	return pkitest.Envelope{SigningTime: issued}
}

func (i *issuing) version() string {
	if i.doc.LDS == "" {
		return "0107"
	}
	return i.doc.LDS
}

// common makes EF.COM.
func (i *issuing) common() error {
	if i.doc.Quirks.NoCommon {
		return nil
	}
	c := lds.Common{Version: i.version(), Unicode: "040000"}
	for f := lds.DG1; f <= lds.DG16; f++ {
		if i.issued.Files[f] != nil {
			c.Files = append(c.Files, f)
		}
	}
	var err error
	if i.issued.Files[lds.COM], err = c.Marshal(); err != nil {
		return fmt.Errorf("%w: %w", ErrDocument, err)
	}
	return nil
}

// sign makes EF.SOD. Only version 1 of its content, that of 0108, names versions.
func (i *issuing) sign() error {
	groups := map[int][]byte{}
	for f, b := range i.issued.Files {
		if n := f.DataGroup(); n > 0 {
			groups[n] = b
		}
	}
	named := ""
	if i.version() >= "0108" {
		named = i.version()
	}
	var err error
	i.issued.Files[lds.SOD], err = i.signer.SOD(groups, hashes[i.hash].hash, named, i.envelope())
	return err
}
