package authenticity

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/authenticity/cvc"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
	"boothd/capture/chip/tlv"
)

// chip is the card's side: opened already, with one static key, a key to sign challenges
// with, and a trust point. Its faults are switches.
type chip struct {
	t       testing.TB
	session *secure.Chip
	next    *secure.Chip // takes over after the answer

	pair   Pair
	secret *big.Int // of the static key
	set    []byte   // object identifier of MSE:Set AT

	sign func(challenge []byte) []byte // active authentication

	trusted  map[cvc.Reference]cvc.Trusted
	issuer   cvc.Reference // of MSE:Set DST
	holder   cvc.Reference // of MSE:Set AT
	attached []byte        // of MSE:Set AT: auxiliary data
	key      []byte        // the terminal's compressed ephemeral key
	id       []byte        // ID_IC
	nonce    []byte
	open     cvc.Authorization // what a terminal was granted
	file     []byte            // EF.CVCA

	noKAT bool                        // MSE:Set KAT is not known
	other func(*apdu.Response) []byte // what comes instead of an answer; nil for the answer
	count int
}

func (c *chip) Reset(context.Context) error { return nil }
func (c *chip) Close() error                { return nil }

func (c *chip) Transmit(_ context.Context, command []byte) ([]byte, error) {
	c.count++
	p, err := apdu.Parse(command)
	if err != nil {
		c.t.Fatal(err)
	}
	plain, err := c.session.Open(p)
	if err != nil {
		return apdu.Response{Status: apdu.SecureMessagingWrong}.Encode(), nil
	}
	answer := c.do(plain)
	if c.other != nil {
		if b := c.other(&answer); b != nil {
			return b, nil
		}
	}
	r, err := c.session.Protect(answer)
	if err != nil {
		c.t.Fatal(err)
	}
	if len(r.Data) > 256 && !p.Extended() {
		c.t.Errorf("%v: answer of %d bytes to a short command", plain, len(r.Data))
	}
	if c.next != nil {
		c.session, c.next = c.next, nil
	}
	return r.Encode(), nil
}

func (c *chip) do(p apdu.Command) apdu.Response {
	ok := apdu.Response{Status: apdu.OK}
	switch key := [3]byte{p.INS, p.P1, p.P2}; key {
	case [3]byte{0x22, 0x41, 0xA6}:
		return c.setKAT(p.Data)
	case [3]byte{0x22, 0x41, 0xA4}:
		return c.setKey(p.Data)
	case [3]byte{0x86, 0, 0}:
		public, err := tlv.Find(p.Data, 0x7C, 0x80)
		if err != nil || c.set == nil {
			return apdu.Response{Status: apdu.WrongData}
		}
		return c.agree(public)
	case [3]byte{0x88, 0, 0}:
		return apdu.Response{Data: c.sign(p.Data), Status: apdu.OK}
	case [3]byte{0x22, 0x81, 0xB6}:
		name, _ := tlv.Only(p.Data, 0x83)
		if _, known := c.trusted[cvc.Reference(name)]; !known {
			return apdu.Response{Status: apdu.ReferenceNotFound}
		}
		c.issuer = cvc.Reference(name)
		return ok
	case [3]byte{0x2A, 0, 0xBE}:
		return c.verify(p.Data)
	case [3]byte{0x22, 0x81, 0xA4}:
		return c.setTerminal(p.Data)
	case [3]byte{0x84, 0, 0}:
		c.nonce = make([]byte, 8)
		rand.Read(c.nonce)
		return apdu.Response{Data: c.nonce, Status: apdu.OK}
	case [3]byte{0x82, 0, 0}:
		return c.admit(p.Data)
	case [3]byte{0xB0, 0x9C, 0}:
		return apdu.Response{Data: c.file, Status: apdu.OK}
	}
	return apdu.Response{Status: apdu.InstructionNotSupported}
}

func (c *chip) setKAT(data []byte) apdu.Response {
	if c.noKAT || c.pair.Way.Cipher != secure.TripleDES {
		return apdu.Response{Status: apdu.WrongParameters}
	}
	public, err := tlv.Find(data, 0x91)
	if err != nil || !c.named(data) {
		return apdu.Response{Status: apdu.WrongData}
	}
	c.renew(public, nil)
	return apdu.Response{Status: apdu.OK}
}

// named checks the key's identifier.
func (c *chip) named(data []byte) bool {
	id, err := tlv.Find(data, 0x84)
	if c.pair.Key.KeyID < 0 {
		return errors.Is(err, tlv.ErrMissing)
	}
	return err == nil && new(big.Int).SetBytes(id).Int64() == int64(c.pair.Key.KeyID) && (len(id) == 1 || id[0] != 0)
}

func (c *chip) setKey(data []byte) apdu.Response {
	oid, _ := asn1.Marshal(c.pair.Way.OID)
	got, err := tlv.Find(data, 0x80)
	if err != nil || !bytes.Equal(got, oid[2:]) || !c.named(data) {
		return apdu.Response{Status: apdu.WrongData}
	}
	c.set = oid
	return apdu.Response{Status: apdu.OK}
}

// renew derives the next session.
func (c *chip) renew(public, nonce []byte) (authentication []byte) {
	g := c.pair.Key.Group
	their, err := g.Decode(public)
	if err != nil {
		c.t.Fatal(err)
	}
	if want := g.Compress(their); c.key != nil && c.pair.Way.Version == 2 && !bytes.Equal(c.key, want) {
		c.t.Error("another key than terminal authentication was bound to")
	}
	c.key = g.Compress(their)
	k := append(g.Shared(g.Multiply(their, c.secret)), nonce...)
	cipher := c.pair.Way.Cipher
	authentication = cipher.DeriveKey(k, secure.ForAuthentication)
	if c.next, err = secure.NewChip(cipher, cipher.DeriveKey(k, secure.ForEncryption), authentication, nil); err != nil {
		c.t.Fatal(err)
	}
	return authentication
}

func (c *chip) agree(public []byte) apdu.Response {
	if c.pair.Way.Version == 1 {
		c.renew(public, nil)
		return apdu.Response{Data: []byte{0x7C, 0}, Status: apdu.OK}
	}
	nonce := []byte("12345678")
	key := c.renew(public, nonce)
	tag := tlv.Tag(0x84)
	if c.pair.Way.Elliptic {
		tag = 0x86
	}
	token, err := c.pair.Way.Cipher.MAC(key, tlv.Append(nil, 0x7F49, c.set, tlv.Append(nil, tag, public)))
	if err != nil {
		c.t.Fatal(err)
	}
	return apdu.Response{Data: tlv.Append(nil, 0x7C, tlv.Append(nil, 0x81, nonce), tlv.Append(nil, 0x82, token)), Status: apdu.OK}
}

func (c *chip) verify(data []byte) apdu.Response {
	certificate, err := cvc.ParseContent(data)
	if err != nil {
		return apdu.Response{Status: apdu.WrongData}
	}
	accepted, err := c.trusted[c.issuer].Accept(certificate, today)
	if err != nil {
		return apdu.Response{Status: apdu.AuthenticationFailed}
	}
	c.trusted[certificate.Holder] = accepted
	return apdu.Response{Status: apdu.OK}
}

func (c *chip) setTerminal(data []byte) apdu.Response {
	name, err := tlv.Find(data, 0x83)
	accepted, known := c.trusted[cvc.Reference(name)]
	if err != nil || !known {
		return apdu.Response{Status: apdu.ReferenceNotFound}
	}
	c.holder = cvc.Reference(name)
	oid, first := tlv.Find(data, 0x80)
	key, second := tlv.Find(data, 0x91)
	if c.pair.Way.Version == 1 {
		if first == nil || second == nil {
			return apdu.Response{Status: apdu.WrongData}
		}
		return apdu.Response{Status: apdu.OK}
	}
	if !bytes.Equal(oid, accepted.Key.Scheme.OID()) || len(key) == 0 {
		return apdu.Response{Status: apdu.WrongData}
	}
	c.key = key
	if auxiliary, err := tlv.Find(data, 0x67); err == nil {
		c.attached = tlv.Append(nil, 0x67, auxiliary)
	}
	return apdu.Response{Status: apdu.OK}
}

func (c *chip) admit(sig []byte) apdu.Response {
	message := bytes.Join([][]byte{c.id, c.nonce, c.key, c.attached}, nil)
	terminal := c.trusted[c.holder]
	if c.nonce == nil || terminal.Certificate == nil || terminal.Verify(message, sig) != nil {
		return apdu.Response{Status: apdu.AuthenticationFailed}
	}
	c.nonce, c.open = nil, terminal.Effective
	return apdu.Response{Status: apdu.OK}
}

// newChip returns a chip that was opened, and the terminal's session with it.
func newChip(t testing.TB, group, version, keyID int, cipher secure.Cipher) (*chip, *secure.Session) {
	t.Helper()
	g, err := security.Standard(group)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := g.NewSecret(nil)
	if err != nil {
		t.Fatal(err)
	}
	kind := 1
	if g.Elliptic() {
		kind = 2
	}
	way := security.ChipAuth{Elliptic: g.Elliptic(), Cipher: cipher, Version: version, KeyID: keyID}
	way.OID = append(oidChipAuth[:len(oidChipAuth):len(oidChipAuth)], kind, int(cipher))
	key := security.ChipKey{Elliptic: g.Elliptic(), Group: g, Key: g.Encode(g.Multiply(g.Generator(), secret)), KeyID: keyID}
	c := &chip{t: t, pair: Pair{Way: way, Key: key}, secret: secret}
	enc, mac := bytes.Repeat([]byte{1}, 16), bytes.Repeat([]byte{2}, 16)
	if c.session, err = secure.NewChip(secure.AES128, enc, mac, nil); err != nil {
		t.Fatal(err)
	}
	s, err := secure.New(secure.AES128, enc, mac, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func (c *chip) infos() security.Infos {
	return security.Infos{ChipAuth: []security.ChipAuth{c.pair.Way}, ChipKeys: []security.ChipKey{c.pair.Key}}
}

// anything is a command that the chip answers with an error, within its session.
var anything = apdu.Command{INS: 0xCA, Ne: 256}

func TestChipAuthenticationOfEveryKind(t *testing.T) {
	for _, group := range []int{0, 1, 2, 8, 10, 12, 13, 15, 17, 18} {
		for _, cipher := range []secure.Cipher{secure.TripleDES, secure.AES128, secure.AES192, secure.AES256} {
			for _, keyID := range []int{-1, 0, 200, 70000} {
				if keyID != -1 && group != 13 {
					continue
				}
				c, s := newChip(t, group, 1, keyID, cipher)
				pairs, err := Pairs(c.infos(), 1)
				if err != nil || len(pairs) != 1 {
					t.Fatalf("%v: pairs %v, %v", c.pair, pairs, err)
				}
				r, err := ChipAuthentication(t.Context(), c, s, pairs[0], nil)
				if err != nil {
					t.Errorf("%v, key %d: %v", c.pair, keyID, err)
					continue
				}
				if want := 2; cipher != secure.TripleDES && c.count != want {
					t.Errorf("%v: %d commands, want %d", c.pair, c.count, want)
				}
				if _, err := r.Send(t.Context(), c, anything); err != nil || !r.Proven() || !bytes.Equal(c.key, r.Ephemeral.Compressed()) {
					t.Errorf("%v, key %d: first answer: %v", c.pair, keyID, err)
				}
			}
		}
	}
}

func TestChipsWith3DESButWithoutSetKATAreAskedTheOtherWay(t *testing.T) {
	c, s := newChip(t, 13, 1, -1, secure.TripleDES)
	c.noKAT = true
	r, err := ChipAuthentication(t.Context(), c, s, c.pair, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Send(t.Context(), c, anything); err != nil || c.count != 4 {
		t.Errorf("%v after %d commands", err, c.count)
	}
}

func TestACopyWithoutTheKeyIsFound(t *testing.T) {
	for _, cipher := range []secure.Cipher{secure.TripleDES, secure.AES256} {
		c, s := newChip(t, 13, 1, -1, cipher)
		c.secret = big.NewInt(12345)
		r, err := ChipAuthentication(t.Context(), c, s, c.pair, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Send(t.Context(), c, anything); !errors.Is(err, ErrProof) || r.Proven() {
			t.Errorf("%v: a copy that says that it cannot read us: %v, proven %v", cipher, err, r.Proven())
		}
	}
	answers := map[string][]byte{
		"in the clear": {0x90, 0x00}, "that it makes up": unhex(t, "990290008E0801020304050607089000"), "of nothing but an error": {0x69, 0x88},
	}
	for name, answer := range answers {
		c, s := newChip(t, 13, 1, -1, secure.AES128)
		r, err := ChipAuthentication(t.Context(), c, s, c.pair, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.other = func(*apdu.Response) []byte { return answer }
		if _, err := r.Send(t.Context(), c, anything); !errors.Is(err, ErrProof) || r.Proven() {
			t.Errorf("a copy that answers %s: %v, proven %v", name, err, r.Proven())
		}
	}
}

// gone is a card that left the field.
type gone struct{ chip }

var errGone = errors.New("gone")

func (*gone) Transmit(context.Context, []byte) ([]byte, error) { return nil, errGone }

func TestAChipThatLeavesIsNoCopy(t *testing.T) {
	c, s := newChip(t, 13, 1, -1, secure.AES128)
	r, err := ChipAuthentication(t.Context(), c, s, c.pair, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Send(t.Context(), &gone{}, anything); !errors.Is(err, errGone) || errors.Is(err, ErrProof) {
		t.Errorf("%v", err)
	}
	if _, err := r.Send(t.Context(), c, anything); r.Proven() || !errors.Is(err, secure.ErrEnded) || errors.Is(err, ErrProof) {
		t.Errorf("the session went on, or the chip is suspected: %v", err)
	}
}

func TestFaultyAnswersToChipAuthentication(t *testing.T) {
	tests := []struct {
		name   string
		change func(*chip)
		want   error
	}{
		{"refused in the session", func(c *chip) {
			c.other = func(r *apdu.Response) []byte { *r = apdu.Response{Status: apdu.ConditionsNotSatisfied}; return nil }
		}, ErrRefused},
		{"refused outside the session", func(c *chip) {
			c.other = func(*apdu.Response) []byte { return []byte{0x69, 0x85} }
		}, secure.ErrEnded},
		{"a template of something else", func(c *chip) {
			c.other = func(r *apdu.Response) []byte {
				if len(r.Data) > 0 {
					r.Data = []byte{0x7D, 0}
				}
				return nil
			}
		}, ErrMalformed},
		{"no template", func(c *chip) {
			c.other = func(r *apdu.Response) []byte { r.Data = nil; return nil }
		}, nil},
		{"a key off the curve", func(c *chip) { c.pair.Key.Key = bytes.Repeat([]byte{4}, 65) }, ErrMalformed},
		{"a key of unknown parameters", func(c *chip) { c.pair.Key.Group = nil }, ErrNotSupported},
	}
	for _, test := range tests {
		c, s := newChip(t, 13, 1, -1, secure.AES128)
		test.change(c)
		if _, err := ChipAuthentication(t.Context(), c, s, c.pair, nil); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestPairsAreChosenByStrengthAndByKey(t *testing.T) {
	curve, err := security.Standard(13)
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := security.Standard(2)
	if err != nil {
		t.Fatal(err)
	}
	way := func(elliptic bool, c secure.Cipher, version, id int) security.ChipAuth {
		return security.ChipAuth{Elliptic: elliptic, Cipher: c, Version: version, KeyID: id}
	}
	ec := func(id int) security.ChipKey { return security.ChipKey{Elliptic: true, Group: curve, KeyID: id} }
	dh := func(id int) security.ChipKey { return security.ChipKey{Group: numbers, KeyID: id} }
	tests := []struct {
		name    string
		ways    []security.ChipAuth
		keys    []security.ChipKey
		version int
		want    []string
	}{
		{"stronger ciphers first, then curves", []security.ChipAuth{way(true, secure.AES128, 1, 1), way(true, secure.AES256, 1, 2), way(false, secure.AES256, 1, 3)},
			[]security.ChipKey{ec(1), ec(2), dh(3)}, 1, []string{"ECDH AES-256 2", "DH AES-256 3", "ECDH AES-128 1"}},
		{"one version", []security.ChipAuth{way(true, secure.AES128, 1, -1), way(true, secure.AES256, 2, -1)},
			[]security.ChipKey{ec(-1)}, 2, []string{"ECDH AES-256 -1"}},
		{"an identifier at one of two places", []security.ChipAuth{way(true, secure.AES128, 1, 5)}, []security.ChipKey{ec(-1)}, 1, []string{"ECDH AES-128 -1"}},
		{"identifiers that differ", []security.ChipAuth{way(true, secure.AES128, 1, 5)}, []security.ChipKey{ec(6)}, 1, []string{"ECDH 3DES 6"}},
		{"no identifier among several keys", []security.ChipAuth{way(true, secure.AES128, 1, -1)}, []security.ChipKey{ec(1), ec(2)}, 1,
			[]string{"ECDH 3DES 1", "ECDH 3DES 2"}},
		{"a key of version 2 alone is none of version 1", []security.ChipAuth{way(true, secure.AES128, 2, 1)}, []security.ChipKey{ec(1)}, 1, nil},
		{"a key of unknown parameters", nil, []security.ChipKey{{Elliptic: true, KeyID: -1}}, 1, nil},
		{"a way without a key", []security.ChipAuth{way(true, secure.AES128, 1, 1)}, nil, 1, nil},
	}
	for _, test := range tests {
		pairs, err := Pairs(security.Infos{ChipAuth: test.ways, ChipKeys: test.keys}, test.version)
		if test.want == nil {
			if !errors.Is(err, ErrNotSupported) {
				t.Errorf("%s: %v, %v", test.name, pairs, err)
			}
			continue
		}
		var got []string
		for _, p := range pairs {
			agreement := "DH "
			if p.Way.Elliptic {
				agreement = "ECDH "
			}
			got = append(got, agreement+p.Way.Cipher.String()+" "+big.NewInt(int64(p.Key.KeyID)).String())
		}
		if len(got) != len(test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
			continue
		}
		for i := range got {
			if got[i] != test.want[i] {
				t.Errorf("%s: %v, want %v", test.name, got, test.want)
			}
		}
	}
}
