package authenticity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"boothd/capture/chip/access"
	"boothd/capture/chip/apdu"
	"boothd/capture/chip/authenticity/cvc"
	"boothd/capture/chip/security"
	"boothd/capture/chip/tlv"
)

// Identity is one of a terminal's certificates with its key.
type Identity struct {
	Certificate *cvc.Certificate
	Signer      Signer
}

// Terminal is an inspection system: who it is to the chips of the states that gave it
// certificates.
type Terminal struct {
	// Identities are tried in order: the first that a path leads to is used.
	Identities []Identity
	// Known are the certificates between: DVs', and the links of the CVCAs.
	Known []*cvc.Certificate
	// Now is the clock by which expired certificates are left out.
	Now func() time.Time
}

// Binding is what a terminal's signature is bound to, beside the chip's challenge.
type Binding struct {
	Version int // of Terminal Authentication: 1 or 2
	// Chip is ID_IC, by which the terminal knows the chip: [ChipByNumber] after BAC,
	// [ChipByPACE] after PACE.
	Chip []byte
	// Key is the compressed ephemeral key of the terminal's in Chip Authentication, which
	// came before in version 1 and follows in version 2.
	Key []byte
	// Auxiliary is the content of the object 67 of version 2, authenticated auxiliary data;
	// nil is none.
	Auxiliary []byte
}

// String names the version only: after BAC the chip is known by its document's number.
func (b Binding) String() string { return fmt.Sprintf("terminal authentication version %d", b.Version) }

// GoString is String.
func (b Binding) GoString() string { return b.String() }

// LogValue keeps the document number out of logs.
func (b Binding) LogValue() slog.Value { return slog.StringValue(b.String()) }

// ChipByNumber returns ID_IC of a chip that BAC opened: the document number as the
// machine-readable zone has it, of 9 characters with its fillers or more, and its check
// digit.
func ChipByNumber(documentNumber string, checkDigit byte) []byte {
	number := strings.TrimRight(documentNumber, "<")
	if fill := 9 - len(number); fill > 0 {
		number += strings.Repeat("<", fill)
	}
	return append([]byte(number), checkDigit)
}

// ChipByPACE returns ID_IC of a chip that PACE opened: its ephemeral public key, compressed.
func ChipByPACE(o *access.Opened) []byte { return o.Group().Compress(o.EphemeralKey) }

// Admission is what a chip granted to the terminal.
type Admission struct {
	// Authority is the chip's trust point, Path the certificates that it was shown.
	Authority cvc.Reference
	Path      []*cvc.Certificate
	// Rights are those that all certificates of the path below the CVCA's have in common. The
	// chip's own notion of its CVCA's rights may narrow them.
	Rights cvc.Authorization
}

// Authenticate proves to the chip that the terminal may read what its certificates allow
// (ICAO 9303-11 §7, BSI TR-03110-3 §B.3), within the session that send belongs to: in version
// 1 that of Chip Authentication. The authorities are those that the chip trusts ([Authorities],
// or access.Opened.Authorities), the preferred first. It takes two commands for each
// certificate and three more. The error matches ErrNoCertificate if no certificates lead from
// the chip's authorities to the terminal, ErrRefused if the chip refused one of them or the
// signature, or is the signer's, the session's or the transport's.
func (t *Terminal) Authenticate(ctx context.Context, send access.Sender, authorities []cvc.Reference, b Binding) (*Admission, error) {
	a, err := t.authenticate(ctx, send, authorities, b)
	if err != nil {
		return nil, fmt.Errorf("terminal authentication: %w", err)
	}
	return a, nil
}

func (t *Terminal) authenticate(ctx context.Context, send access.Sender, authorities []cvc.Reference, b Binding) (*Admission, error) {
	if b.Version != 1 && b.Version != 2 || b.Version == 1 && b.Auxiliary != nil {
		return nil, fmt.Errorf("version %d: %w", b.Version, ErrNotSupported)
	}
	if len(b.Chip) == 0 || len(b.Key) == 0 {
		return nil, errors.New("bound to no chip or no key")
	}
	id, a, err := t.choose(authorities)
	if err != nil {
		return nil, err
	}
	for _, c := range a.Path {
		if err := show(ctx, send, c); err != nil {
			return nil, err
		}
	}
	if err := t.prove(ctx, send, id, b); err != nil {
		return nil, err
	}
	return a, nil
}

// choose finds the identity and the certificates for a chip.
func (t *Terminal) choose(authorities []cvc.Reference) (Identity, *Admission, error) {
	now := t.Now()
	for _, from := range authorities {
		for _, id := range t.Identities {
			path := cvc.Path(from, id.Certificate, t.Known, now)
			if path == nil {
				continue
			}
			a := &Admission{Authority: from, Path: path, Rights: id.Certificate.Authorization}
			for _, c := range path {
				if !c.Link() {
					a.Rights = a.Rights.Within(c.Authorization)
				}
			}
			return id, a, nil
		}
	}
	return Identity{}, nil, fmt.Errorf("%w: it trusts %v", ErrNoCertificate, authorities)
}

// show has the chip verify a certificate.
func show(ctx context.Context, send access.Sender, c *cvc.Certificate) error {
	name := tlv.Append(nil, 0x83, []byte(c.Authority))
	if _, err := ask(ctx, send, "name the issuer of "+c.String(), apdu.Command{INS: 0x22, P1: 0x81, P2: 0xB6, Data: name}); err != nil {
		return err
	}
	content, err := tlv.Only(c.Raw, 0x7F21)
	if err != nil {
		return err
	}
	_, err = ask(ctx, send, "show "+c.String(), apdu.Command{INS: 0x2A, P2: 0xBE, Data: content})
	return err
}

// prove signs the chip's challenge.
func (t *Terminal) prove(ctx context.Context, send access.Sender, id Identity, b Binding) error {
	key := id.Certificate.Key
	auxiliary := auxiliaryObject(b)
	data := tlv.Append(nil, 0x83, []byte(id.Certificate.Holder))
	if b.Version == 2 {
		data = append(append(tlv.Append(nil, 0x80, key.Scheme.OID()), data...), auxiliary...)
		data = tlv.Append(data, 0x91, b.Key)
	}
	if _, err := ask(ctx, send, "set the key", apdu.Command{INS: 0x22, P1: 0x81, P2: 0xA4, Data: data}); err != nil {
		return err
	}
	challenge, err := ask(ctx, send, "get a challenge", apdu.Command{INS: 0x84, Ne: challengeSize})
	if err != nil {
		return err
	}
	if len(challenge) != challengeSize {
		return fmt.Errorf("challenge of %d bytes, want %d: %w", len(challenge), challengeSize, ErrMalformed)
	}
	sig, err := sign(ctx, id.Signer, key, message(b, challenge))
	if err != nil {
		return fmt.Errorf("sign the chip's challenge: %w", err)
	}
	_, err = ask(ctx, send, "prove the key", apdu.Command{INS: 0x82, Data: sig})
	return err
}

func auxiliaryObject(b Binding) []byte {
	if b.Auxiliary == nil {
		return nil
	}
	return tlv.Append(nil, 0x67, b.Auxiliary)
}

// message is what the terminal signs.
func message(b Binding, challenge []byte) []byte {
	var out []byte
	for _, part := range [][]byte{b.Chip, challenge, b.Key, auxiliaryObject(b)} {
		out = append(out, part...)
	}
	return out
}

// maxAuthorities is the length of EF.CVCA in bytes: two references of 16 characters.
const maxAuthorities = 36

// Authorities reads EF.CVCA, whose identifier is that of the chip's TerminalAuth entry in
// DG14. It takes one command, two on chips that do not read by short file identifier. The
// error matches ErrNotSupported if DG14 has no entry of version 1, ErrRefused with the
// chip's status, ErrMalformed, or is the session's or the transport's.
func Authorities(ctx context.Context, send access.Sender, dg14 security.Infos) ([]cvc.Reference, error) {
	for _, info := range dg14.TerminalAuth {
		if info.Version != 1 {
			continue
		}
		file, err := readAuthorities(ctx, send, info)
		if err != nil {
			return nil, fmt.Errorf("EF.CVCA: %w", err)
		}
		references, err := cvc.References(file)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		return references, nil
	}
	return nil, fmt.Errorf("terminal authentication version 1: %w", ErrNotSupported)
}

func readAuthorities(ctx context.Context, send access.Sender, info security.TerminalAuth) ([]byte, error) {
	if info.ShortFile != 0 {
		r, err := send(ctx, apdu.Command{INS: 0xB0, P1: 0x80 | info.ShortFile, Ne: maxAuthorities})
		if err != nil {
			return nil, err
		}
		if len(r.Data) > 0 && (r.Status == apdu.OK || r.Status == apdu.EndOfFile) {
			return r.Data, nil
		}
	}
	id := []byte{byte(info.File >> 8), byte(info.File)}
	r, err := access.Select(ctx, send, 2, id)
	if err == nil && r.Status == apdu.OK {
		r, err = send(ctx, apdu.Command{INS: 0xB0, Ne: maxAuthorities})
	}
	switch {
	case err != nil:
		return nil, err
	case r.Status != apdu.OK && r.Status != apdu.EndOfFile:
		return nil, fmt.Errorf("read: %w: %w", ErrRefused, r.Status)
	}
	return r.Data, nil
}
