package authenticity

import (
	"context"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"slices"

	"boothd/capture/chip/access"
	"boothd/capture/chip/apdu"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
	"boothd/capture/chip/tlv"
	"boothd/devices"
)

// Pair is a way in which a chip does Chip Authentication, with its key for it.
type Pair struct {
	Way security.ChipAuth
	Key security.ChipKey
	// Inferred reports that the chip names the key alone, as the oldest chips do, and that
	// the way with 3DES was assumed.
	Inferred bool
}

// String names the pair: "chip authentication ECDH AES-128 on brainpoolP256r1".
func (p Pair) String() string {
	agreement := "DH"
	if p.Way.Elliptic {
		agreement = "ECDH"
	}
	if p.Key.Group == nil {
		return fmt.Sprintf("chip authentication %s %v", agreement, p.Way.Cipher)
	}
	return fmt.Sprintf("chip authentication %s %v on %s", agreement, p.Way.Cipher, p.Key.Group.Name())
}

// oidChipAuth is id-CA.
var oidChipAuth = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 3}

// Pairs returns the pairs of a version, 1 or 2, that stand in DG14 or EF.CardSecurity and
// are known here, the best first: longer keys before shorter ones, AES before 3DES, ECDH
// before DH. The error matches ErrNotSupported if there is none.
func Pairs(in security.Infos, version int) ([]Pair, error) {
	var pairs []Pair
	for _, key := range in.ChipKeys {
		if key.Group == nil {
			continue
		}
		named := false
		for _, way := range in.ChipAuth {
			if way.Elliptic != key.Elliptic || !sameKey(in, way, key) {
				continue
			}
			if named = true; way.Version == version {
				pairs = append(pairs, Pair{Way: way, Key: key})
			}
		}
		if !named && version == 1 {
			pairs = append(pairs, inferred(key))
		}
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("chip authentication version %d: %w: %d ways and %d keys, none of them known",
			version, ErrNotSupported, len(in.ChipAuth), len(in.ChipKeys))
	}
	rank := func(p Pair) int {
		r := 2 * int(p.Way.Cipher)
		if p.Way.Elliptic {
			r++
		}
		return r
	}
	slices.SortStableFunc(pairs, func(a, b Pair) int { return rank(b) - rank(a) })
	return pairs, nil
}

// sameKey reports whether the way means the key: by the same identifier, or, where one of
// them has none, because there is no other key of its kind.
func sameKey(in security.Infos, way security.ChipAuth, key security.ChipKey) bool {
	if way.KeyID == key.KeyID {
		return true
	}
	if way.KeyID >= 0 && key.KeyID >= 0 {
		return false
	}
	others := 0
	for _, k := range in.ChipKeys {
		if k.Elliptic == key.Elliptic {
			others++
		}
	}
	return others == 1
}

func inferred(key security.ChipKey) Pair {
	way := security.ChipAuth{Elliptic: key.Elliptic, Cipher: secure.TripleDES, Version: 1, KeyID: key.KeyID}
	kind := 1
	if key.Elliptic {
		kind = 2
	}
	way.OID = append(oidChipAuth[:len(oidChipAuth):len(oidChipAuth)], kind, 1)
	return Pair{Way: way, Key: key, Inferred: true}
}

// reference is the data object that names the chip's private key: there if the chip gave it
// an identifier, an unsigned number in as few bytes as it takes.
func (p Pair) reference() []byte {
	id := max(p.Way.KeyID, p.Key.KeyID)
	if id < 0 {
		return nil
	}
	number := big.NewInt(int64(id)).Bytes()
	if id == 0 {
		number = []byte{0}
	}
	return tlv.Append(nil, 0x84, number)
}

// Ephemeral is a key pair of the terminal's that serves once.
type Ephemeral struct {
	group  *security.Group
	secret *big.Int
	public security.Element
}

// NewEphemeral draws a key pair for the key's group from the random source; nil is the
// system's.
func NewEphemeral(key security.ChipKey, random io.Reader) (*Ephemeral, error) {
	if key.Group == nil {
		return nil, fmt.Errorf("key agreement: %w: unknown domain parameters", ErrNotSupported)
	}
	secret, err := key.Group.NewSecret(random)
	if err != nil {
		return nil, err
	}
	return &Ephemeral{key.Group, secret, key.Group.Multiply(key.Group.Generator(), secret)}, nil
}

// String names the group only.
func (e *Ephemeral) String() string { return "key pair on " + e.group.Name() }

// GoString is String, so that no format shows the secret.
func (e *Ephemeral) GoString() string { return e.String() }

// LogValue keeps the secret out of logs.
func (e *Ephemeral) LogValue() slog.Value { return slog.StringValue(e.String()) }

// Public returns the public key as it travels.
func (e *Ephemeral) Public() []byte { return e.group.Encode(e.public) }

// Compressed returns the public key's short form, to which Terminal Authentication is bound.
func (e *Ephemeral) Compressed() []byte { return e.group.Compress(e.public) }

// agree begins to calculate the element shared with the chip's static key, which the chip does at
// the same time; the function that it returns waits for it and has to be called.
func (e *Ephemeral) agree(key security.ChipKey) (wait func() security.Element, err error) {
	if e.group != key.Group {
		return nil, fmt.Errorf("key agreement: %w: keys of two groups", ErrNotSupported)
	}
	static, err := e.group.Decode(key.Key)
	if err != nil {
		return nil, fmt.Errorf("the chip's public key: %w: %w", ErrMalformed, err)
	}
	return e.group.Begin(static, e.secret), nil
}

// Renewed is the secure messaging session that Chip Authentication led to. It is used by one
// goroutine at a time.
type Renewed struct {
	Pair      Pair
	Ephemeral *Ephemeral // the terminal's
	session   *secure.Session
	begun     bool // a first command was sent
	proven    bool
}

// Proven reports whether the chip proved to have its key.
func (r *Renewed) Proven() bool { return r.proven }

// Session returns the session, for callers that know when the chip is proven.
func (r *Renewed) Session() *secure.Session { return r.session }

// Send is the session's, and takes the first answer as the chip's proof, whatever its
// status. If the chip does not give a valid one the error matches ErrProof, beside what
// secure.Session.Send says; errors of the transport prove nothing. So that no honest chip is
// suspected, the first command should be one that every chip can take: in the short form.
func (r *Renewed) Send(ctx context.Context, card devices.Card, c apdu.Command) (apdu.Response, error) {
	first := !r.begun
	r.begun = true
	answer, err := r.session.Send(ctx, card, c)
	switch {
	case err == nil:
		r.proven = true
	case first && (errors.Is(err, secure.ErrForged) || errors.Is(err, secure.ErrEnded)):
		return apdu.Response{}, fmt.Errorf("first answer after %v: %w: %w", r.Pair, ErrProof, err)
	}
	return answer, err
}

// Sender returns Send over the card.
func (r *Renewed) Sender(card devices.Card) access.Sender {
	return func(ctx context.Context, c apdu.Command) (apdu.Response, error) { return r.Send(ctx, card, c) }
}

// ChipAuthentication does version 1 of Chip Authentication (ICAO 9303-11 §6.2) within the
// session that BAC or PACE led to, which is over when it succeeds; the caller goes on through
// [Renewed.Send]. The random source may be nil, which is the system's. The error matches
// ErrRefused, after which the old session goes on if the chip answered within it, ErrMalformed
// for a public key that is none, ErrNotSupported, or is the session's or the transport's.
func ChipAuthentication(ctx context.Context, card devices.Card, s *secure.Session, p Pair, random io.Reader) (*Renewed, error) {
	r, err := chipAuthentication(ctx, access.Secured(card, s), p, random)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", p, err)
	}
	return r, nil
}

func chipAuthentication(ctx context.Context, send access.Sender, p Pair, random io.Reader) (*Renewed, error) {
	own, err := NewEphemeral(p.Key, random)
	if err != nil {
		return nil, err
	}
	shared, err := own.agree(p.Key)
	if err != nil {
		return nil, err
	}
	defer shared()
	if p.Way.Cipher == secure.TripleDES {
		err = agreeTripleDES(ctx, send, p, own)
	} else {
		_, err = general(ctx, send, p, own)
	}
	if err != nil {
		return nil, err
	}
	return renew(p, own, own.group.Shared(shared()))
}

// renew derives the new session's keys. Its counter starts at zero.
func renew(p Pair, own *Ephemeral, secret []byte) (*Renewed, error) {
	c := p.Way.Cipher
	s, err := secure.New(c, c.DeriveKey(secret, secure.ForEncryption), c.DeriveKey(secret, secure.ForAuthentication), nil)
	if err != nil {
		return nil, err
	}
	return &Renewed{Pair: p, Ephemeral: own, session: s}, nil
}

// agreeTripleDES sends MSE:Set KAT, which all chips with 3DES should know, and where it is
// refused within the session MSE:Set AT, which some have instead.
func agreeTripleDES(ctx context.Context, send access.Sender, p Pair, own *Ephemeral) error {
	data := append(tlv.Append(nil, 0x91, own.Public()), p.reference()...)
	_, err := ask(ctx, send, "set the key agreement", apdu.Command{INS: 0x22, P1: 0x41, P2: 0xA6, Data: data})
	for _, unknown := range []apdu.Status{
		apdu.WrongData, apdu.FunctionNotSupported, apdu.WrongParameters, apdu.InstructionNotSupported, apdu.WrongLength,
	} {
		if errors.Is(err, ErrRefused) && errors.Is(err, unknown) {
			if _, second := general(ctx, send, p, own); second != nil {
				return errors.Join(err, second)
			}
			return nil
		}
	}
	return err
}

// general sends MSE:Set AT and GENERAL AUTHENTICATE and returns the content of the template
// that comes back.
func general(ctx context.Context, send access.Sender, p Pair, own *Ephemeral) ([]byte, error) {
	der, err := asn1.Marshal(p.Way.OID)
	if err != nil {
		return nil, fmt.Errorf("object identifier: %w: %w", ErrMalformed, err)
	}
	oid, err := tlv.Only(der, 0x06)
	if err != nil {
		return nil, err
	}
	data := append(tlv.Append(nil, 0x80, oid), p.reference()...)
	if _, err := ask(ctx, send, "set the key", apdu.Command{INS: 0x22, P1: 0x41, P2: 0xA4, Data: data}); err != nil {
		return nil, err
	}
	data = tlv.Append(nil, 0x7C, tlv.Append(nil, 0x80, own.Public()))
	answer, err := ask(ctx, send, "agree on keys", apdu.Command{INS: 0x86, Data: data, Ne: 256})
	if err != nil || len(answer) == 0 {
		return nil, err
	}
	content, err := tlv.Only(answer, 0x7C)
	if err != nil {
		return nil, fmt.Errorf("agree on keys: %w: %w", ErrMalformed, err)
	}
	return content, nil
}
