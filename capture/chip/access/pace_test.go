package access

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"math/big"
	"strings"
	"testing"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
	"boothd/capture/chip/tlv"
)

// offer is EF.CardAccess with the suites.
func offer(t testing.TB, suites ...security.PACE) []byte {
	t.Helper()
	type entry struct {
		OID                asn1.ObjectIdentifier
		Version, Parameter int
	}
	var set []entry
	for _, s := range suites {
		set = append(set, entry{s.OID, 2, s.Parameter})
	}
	b, err := asn1.MarshalWithParams(set, "set")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// suite is a way to do PACE; kind is the arc of ICAO 9303-11 §9.2.3.
func suite(kind int, c secure.Cipher, parameter int) security.PACE {
	return security.PACE{
		OID:     asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 4, kind, int(c)},
		Mapping: map[int]security.Mapping{1: security.Generic, 2: security.Generic, 3: security.Integrated, 4: security.Integrated, 6: security.ChipAuthentication}[kind],
		Version: 2, Elliptic: kind%2 == 0, Cipher: c, Parameter: parameter,
	}
}

func password(t testing.TB) Password {
	t.Helper()
	p, err := CAN("123456")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// open reads EF.CardAccess and does PACE.
func open(t testing.TB, c *chip, p Password) (*Opened, error) {
	t.Helper()
	file, err := CardAccess(t.Context(), c)
	if err != nil {
		return nil, err
	}
	in, err := security.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Choose(in)
	if err != nil {
		return nil, err
	}
	return PACE(t.Context(), c, p, in, s, Options{})
}

func TestEverySuiteOpensAChip(t *testing.T) {
	ciphers := []secure.Cipher{secure.TripleDES, secure.AES128, secure.AES192, secure.AES256}
	for _, kind := range []int{1, 2, 3, 4, 6} {
		for i, c := range ciphers {
			parameters := []int{13} // brainpoolP256r1
			switch {
			case kind == 2:
				parameters = []int{10 + 2*i} // P-224 to brainpoolP384r1
			case kind%2 == 1:
				parameters = []int{i % 3}
			}
			for _, parameter := range parameters {
				s := suite(kind, c, parameter)
				if kind == 6 && c == secure.TripleDES {
					continue // does not exist
				}
				t.Run(s.String(), func(t *testing.T) {
					card := newChip(t, offer(t, s), s, password(t))
					o, err := open(t, card, password(t))
					if err != nil {
						t.Fatal(err)
					}
					if card.count != 6 {
						t.Errorf("%d commands, want 6", card.count)
					}
					sameKeys(t, o.Session, card.enc, card.mac)
					if !bytes.Equal(o.Group().Encode(o.EphemeralKey), card.public) {
						t.Error("another ephemeral key than the chip's")
					}
					if kind == 6 {
						if err := o.VerifyChip(card.staticKeys()); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
	}
}

func TestOtherCurvesOpenAChip(t *testing.T) {
	for _, parameter := range []int{8, 9, 11, 14, 15, 17, 18} {
		s := suite(2, secure.AES256, parameter)
		card := newChip(t, offer(t, s), s, password(t))
		o, err := open(t, card, password(t))
		if err != nil {
			t.Errorf("%v: %v", s, err)
			continue
		}
		sameKeys(t, o.Session, card.enc, card.mac)
	}
}

func TestChooseTakesTheBestThatIsKnown(t *testing.T) {
	tests := []struct {
		name   string
		offers []security.PACE
		want   string
	}{
		{"chip authentication before all", []security.PACE{suite(2, secure.AES256, 16), suite(6, secure.AES128, 13)}, "PACE ECDH-CAM AES-128 with parameters 13"},
		{"a curve before a prime", []security.PACE{suite(1, secure.AES256, 2), suite(2, secure.AES128, 13)}, "PACE ECDH-GM AES-128 with parameters 13"},
		{"a longer key", []security.PACE{suite(2, secure.AES128, 13), suite(2, secure.AES256, 13)}, "PACE ECDH-GM AES-256 with parameters 13"},
		{"generic before integrated", []security.PACE{suite(4, secure.AES128, 13), suite(2, secure.AES128, 13)}, "PACE ECDH-GM AES-128 with parameters 13"},
		{"the only one that is known", []security.PACE{suite(6, secure.AES256, 7), suite(3, secure.TripleDES, 0)}, "PACE DH-IM 3DES with parameters 0"},
	}
	for _, test := range tests {
		in, err := security.Parse(offer(t, test.offers...))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Choose(in); err != nil || got.String() != test.want {
			t.Errorf("%s: %v, %v", test.name, got, err)
		}
	}
	if _, err := Choose(security.Infos{}); !errors.Is(err, ErrNotSupported) {
		t.Errorf("no suites: %v", err)
	}
}

func TestParametersAreNamedOnlyWhereTheyAreAmbiguous(t *testing.T) {
	s, other := suite(2, secure.AES256, 16), suite(2, secure.AES128, 13)
	card := newChip(t, offer(t, s, other), s, password(t))
	card.ambiguous = true
	if _, err := open(t, card, password(t)); err != nil {
		t.Error(err)
	}
}

func TestAWrongPasswordIsRefused(t *testing.T) {
	wrong, err := CAN("123457")
	if err != nil {
		t.Fatal(err)
	}
	zone, err := MRZ("L898902C", "690806", "940623")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []int{1, 2, 3, 4, 6} {
		s := suite(kind, secure.AES128, map[bool]int{true: 13, false: 0}[kind%2 == 0])
		card := newChip(t, offer(t, s), s, password(t))
		if _, err := open(t, card, wrong); !errors.Is(err, ErrRefused) || !errors.Is(err, apdu.AuthenticationFailed) {
			t.Errorf("%v: another number: %v", s, err)
		}
		if _, err := open(t, card, zone); !errors.Is(err, apdu.ReferenceNotFound) {
			t.Errorf("%v: a password the chip does not have: %v", s, err)
		}
		if _, err := open(t, card, Password{}); !errors.Is(err, ErrNotSupported) {
			t.Errorf("%v: no password: %v", s, err)
		}
	}
}

// value changes the value of the object within the dynamic authentication data.
func value(tag tlv.Tag, change func([]byte) []byte) func(apdu.Response) apdu.Response {
	return func(r apdu.Response) apdu.Response {
		body, _ := tlv.Only(r.Data, 0x7C)
		all, _ := tlv.All(body, 8)
		var out []byte
		for _, o := range all {
			if o.Tag == tag {
				o.Value = change(bytes.Clone(o.Value))
			}
			if o.Value != nil {
				out = tlv.Append(out, o.Tag, o.Value)
			}
		}
		r.Data = tlv.Append(nil, 0x7C, out)
		return r
	}
}

func data(change func([]byte) []byte) func(apdu.Response) apdu.Response {
	return func(r apdu.Response) apdu.Response { r.Data = change(bytes.Clone(r.Data)); return r }
}

func status(s apdu.Status) func(apdu.Response) apdu.Response {
	return func(apdu.Response) apdu.Response { return apdu.Response{Status: s} }
}

func flip(b []byte) []byte   { b[len(b)-1] ^= 1; return b }
func cut(b []byte) []byte    { return b[:len(b)-1] }
func longer(b []byte) []byte { return append(b, 0) }
func none([]byte) []byte     { return nil }
func empty([]byte) []byte    { return []byte{} }
func zeros(b []byte) []byte  { return make([]byte, len(b)) }
func doubled(b []byte) []byte {
	body := append(b[2:len(b):len(b)], b[2:]...)
	return tlv.Append(nil, 0x7C, body)
}
func otherTag(b []byte) []byte   { b[0] = 0x7D; return b }
func compressed(b []byte) []byte { b[0] = 2; return b }

func TestHostileChipsAreRefused(t *testing.T) {
	tests := []struct {
		name  string
		kind  int
		step  int
		alter func(apdu.Response) apdu.Response
		want  error
	}{
		{"suite refused", 2, stepSet, status(apdu.WrongData), apdu.WrongData},
		{"password blocked", 2, stepSet, status(0x63C0), apdu.Status(0x63C0)},
		{"no nonce", 2, stepNonce, value(tagNonce, none), tlv.ErrMissing},
		{"empty nonce", 2, stepNonce, value(tagNonce, empty), ErrProtocol},
		{"nonce of half a block", 2, stepNonce, value(tagNonce, cut), ErrProtocol},
		{"nonce of a kilobyte", 2, stepNonce, value(tagNonce, func([]byte) []byte { return make([]byte, 1024)[:240] }), ErrProtocol},
		{"nonce of two blocks in integrated mapping", 4, stepNonce, value(tagNonce, func(b []byte) []byte { return append(b, b...) }), ErrProtocol},
		{"nonce twice", 2, stepNonce, data(doubled), tlv.ErrDoubled},
		{"another template", 2, stepNonce, data(otherTag), ErrProtocol},
		{"a cut template", 2, stepNonce, data(cut), ErrProtocol},
		{"bytes behind the template", 2, stepNonce, data(longer), ErrProtocol},
		{"nothing", 2, stepNonce, data(none), ErrProtocol},
		{"nonce refused", 2, stepNonce, status(apdu.ConditionsNotSatisfied), apdu.ConditionsNotSatisfied},
		{"mapping key missing", 2, stepMap, value(tagMapAnswer, none), ErrProtocol},
		{"mapping key beside the curve", 2, stepMap, value(tagMapAnswer, flip), security.ErrElement},
		{"mapping key at the origin", 2, stepMap, value(tagMapAnswer, zeros), security.ErrElement},
		{"mapping key compressed", 2, stepMap, value(tagMapAnswer, compressed), security.ErrElement},
		{"mapping key cut", 2, stepMap, value(tagMapAnswer, cut), security.ErrElement},
		{"mapping key neutral", 2, stepMap, value(tagMapAnswer, func([]byte) []byte { return []byte{0} }), security.ErrElement},
		{"mapping key 1", 1, stepMap, value(tagMapAnswer, func(b []byte) []byte { z := zeros(b); z[len(z)-1] = 1; return z }), security.ErrElement},
		{"mapping key outside the subgroup", 1, stepMap, value(tagMapAnswer, func(b []byte) []byte { z := zeros(b); z[len(z)-1] = 2; return z }), security.ErrElement},
		{"mapping refused", 4, stepMap, status(apdu.WrongData), apdu.WrongData},
		{"key beside the curve", 2, stepKey, value(tagKeyAnswer, flip), security.ErrElement},
		{"key outside the subgroup", 3, stepKey, value(tagKeyAnswer, flip), security.ErrElement},
		{"key missing", 4, stepKey, value(tagKeyAnswer, none), ErrProtocol},
		{"token wrong", 2, stepToken, value(tagTokenAnswer, flip), ErrProtocol},
		{"token cut", 2, stepToken, value(tagTokenAnswer, cut), ErrProtocol},
		{"token missing", 2, stepToken, value(tagTokenAnswer, none), ErrProtocol},
		{"token empty", 2, stepToken, value(tagTokenAnswer, empty), ErrProtocol},
		{"tries counted down", 2, stepToken, status(0x63C1), ErrRefused},
		{"proof missing", 6, stepToken, value(tagChipProof, none), ErrProtocol},
		{"proof empty", 6, stepToken, value(tagChipProof, empty), ErrProtocol},
		{"proof cut", 6, stepToken, value(tagChipProof, cut), ErrProtocol},
		{"proof altered", 6, stepToken, value(tagChipProof, flip), ErrProtocol},
		{"proof of many blocks", 6, stepToken, value(tagChipProof, func(b []byte) []byte { return make([]byte, 16*len(b)/4) }), ErrProtocol},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := suite(test.kind, secure.AES128, map[bool]int{true: 12, false: 0}[test.kind%2 == 0])
			card := newChip(t, offer(t, s), s, password(t))
			card.alter[test.step] = test.alter
			o, err := open(t, card, password(t))
			if !errors.Is(err, test.want) || o != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAReflectedKeyIsRefused(t *testing.T) {
	s := suite(2, secure.AES128, 12)
	card := newChip(t, offer(t, s), s, password(t))
	card.alter[stepKey] = value(tagKeyAnswer, func([]byte) []byte { return card.theirs })
	if _, err := open(t, card, password(t)); !errors.Is(err, ErrProtocol) || card.count != 5 {
		t.Errorf("after %d commands: %v", card.count, err)
	}
}

func TestAClonedChipDoesNotProveItsKey(t *testing.T) {
	s := suite(6, secure.AES128, 13)
	card := newChip(t, offer(t, s), s, password(t))
	keys := card.staticKeys()
	card.static = big.NewInt(7) // a clone has the file, not the key to it
	o, err := open(t, card, password(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.VerifyChip(keys); !errors.Is(err, ErrProtocol) {
		t.Errorf("got %v", err)
	}
	for name, plain := range map[string][]byte{"zero": make([]byte, 32), "the order": card.school.order.Bytes()} {
		card.alter[stepToken] = value(tagChipProof, func([]byte) []byte { return card.prove(plain) })
		if _, err := open(t, card, password(t)); !errors.Is(err, ErrProtocol) {
			t.Errorf("a proof of %s: %v", name, err)
		}
	}
}

func TestPeculiarChipsAreOpened(t *testing.T) {
	tests := []struct {
		name  string
		kind  int
		step  int
		alter func(apdu.Response) apdu.Response
	}{
		{"that count tries in front", 2, stepSet, status(0x63C2)},
		{"that send no object in integrated mapping", 4, stepMap, value(tagMapAnswer, none)},
		{"that send nothing in integrated mapping", 4, stepMap, status(apdu.OK)},
	}
	for _, test := range tests {
		s := suite(test.kind, secure.AES128, 13)
		card := newChip(t, offer(t, s), s, password(t))
		card.alter[test.step] = test.alter
		if _, err := open(t, card, password(t)); err != nil {
			t.Errorf("chips %s: %v", test.name, err)
		}
	}
}

func TestAuthoritiesAreReturned(t *testing.T) {
	s := suite(2, secure.AES128, 13)
	card := newChip(t, offer(t, s), s, password(t))
	card.alter[stepToken] = func(r apdu.Response) apdu.Response {
		body, _ := tlv.Only(r.Data, 0x7C)
		body = tlv.Append(bytes.Clone(body), 0x87, []byte("UTCVCA00002"))
		r.Data = tlv.Append(nil, 0x7C, tlv.Append(body, 0x88, []byte("UTCVCA00001")))
		return r
	}
	in, _ := security.Parse(card.cardFile)
	o, err := PACE(t.Context(), card, password(t), in, s, Options{Authorities: true})
	if err != nil || strings.Join(o.Authorities, " ") != "UTCVCA00002 UTCVCA00001" {
		t.Errorf("%v, %v", o, err)
	}
}

func FuzzPACEAnswers(f *testing.F) {
	f.Add(uint8(2), uint8(stepNonce), []byte("\x7C\x12\x80\x10aaaaaaaaaaaaaaaa\x90\x00"))
	f.Add(uint8(2), uint8(stepMap), []byte("\x7C\x02\x82\x00\x90\x00"))
	f.Add(uint8(4), uint8(stepKey), []byte("\x7C\x02\x84\x00\x90\x00"))
	f.Add(uint8(6), uint8(stepToken), []byte("\x7C\x0A\x86\x08aaaaaaaa\x90\x00"))
	f.Add(uint8(1), uint8(stepSet), []byte("\x63\xC0"))
	f.Fuzz(func(t *testing.T, kind, step uint8, answer []byte) {
		k := []int{1, 2, 3, 4, 6}[kind%5]
		s := suite(k, secure.AES128, map[bool]int{true: 8, false: 0}[k%2 == 0])
		in, err := security.Parse(offer(t, s))
		if err != nil {
			t.Fatal(err)
		}
		card := newChip(t, offer(t, s), s, password(t))
		r, err := apdu.ParseResponse(answer)
		if err != nil || len(answer) > 250 || step%5 == stepSet && (r.Status == apdu.OK || len(r.Data) > 0) || step%5 == stepMap && (k == 3 || k == 4) || r.Status>>8 == 0x61 || r.Status>>8 == 0x6C {
			t.Skip("an answer that is none, or that the protocol allows")
		}
		card.alter[int(step%5)] = func(apdu.Response) apdu.Response { return r }
		o, err := PACE(t.Context(), card, password(t), in, s, Options{})
		if err == nil && step%5 != stepSet {
			t.Fatalf("%v: an answer of nobody is taken: %v", s, o.Suite)
		}
	})
}

func BenchmarkPACE(b *testing.B) {
	for _, parameter := range []int{12, 13} {
		s := suite(2, secure.AES128, parameter)
		b.Run(s.String(), func(b *testing.B) { // with a chip that calculates as schools do
			for b.Loop() {
				card := newChip(b, offer(b, s), s, password(b))
				if _, err := open(b, card, password(b)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
