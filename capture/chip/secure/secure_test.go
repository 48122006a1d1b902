package secure_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"boothd/capture/chip/apdu"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/tlv"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ICAO 9303-11 appendix D.1.
func TestKeysOfTheStandardsExample(t *testing.T) {
	seed := unhex(t, "239AB9CB282DAF66231DC5A4DF6BFBAE")
	if got := secure.TripleDES.DeriveKey(seed, secure.ForEncryption); !bytes.Equal(got, unhex(t, "AB94FDECF2674FDFB9B391F85D7F76F2")) {
		t.Errorf("encryption key %X", got)
	}
	if got := secure.TripleDES.DeriveKey(seed, secure.ForAuthentication); !bytes.Equal(got, unhex(t, "7962D9ECE03D1ACD4C76089DCE131543")) {
		t.Errorf("authentication key %X", got)
	}
}

// RFC 4493 §4 and, for the longer keys, NIST SP 800-38B appendix D.
func TestCMACOfTheStandardsVectors(t *testing.T) {
	const k128 = "2B7E151628AED2A6ABF7158809CF4F3C"
	const k192 = "8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B"
	const k256 = "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4"
	const message = "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E5130C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710"
	tests := []struct {
		cipher secure.Cipher
		key    string
		length int
		want   string
	}{
		{secure.AES128, k128, 0, "BB1D6929E9593728"},
		{secure.AES128, k128, 16, "070A16B46B4D4144"},
		{secure.AES128, k128, 40, "DFA66747DE9AE630"},
		{secure.AES128, k128, 64, "51F0BEBF7E3B9D92"},
		{secure.AES192, k192, 0, "D17DDF46ADAACDE5"},
		{secure.AES192, k192, 16, "9E99A7BF31E71090"},
		{secure.AES192, k192, 40, "8A1DE5BE2EB31AAD"},
		{secure.AES192, k192, 64, "A1D5DF0EED790F79"},
		{secure.AES256, k256, 0, "028962F61B7BF89E"},
		{secure.AES256, k256, 16, "28A7023F452E8F82"},
		{secure.AES256, k256, 40, "AAF3D8F1DE5640C2"},
		{secure.AES256, k256, 64, "E1992190549F6ED5"},
	}
	for _, test := range tests {
		got, err := test.cipher.MAC(unhex(t, test.key), unhex(t, message)[:test.length])
		if err != nil || !bytes.Equal(got, unhex(t, test.want)) {
			t.Errorf("%v, %d bytes: %X, %v; want %s", test.cipher, test.length, got, err, test.want)
		}
	}
}

// ICAO 9303-11 appendix D.3 and D.4.
func TestRetailMACAndSecureMessagingOfTheStandardsExample(t *testing.T) {
	mac, err := secure.TripleDES.MAC(unhex(t, "7962D9ECE03D1ACD4C76089DCE131543"),
		unhex(t, "72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2"))
	if err != nil || !bytes.Equal(mac, unhex(t, "5F1448EEA8AD90A7")) {
		t.Errorf("retail MAC %X, %v", mac, err)
	}
	s, err := secure.New(secure.TripleDES, unhex(t, "979EC13B1CBFE9DCD01AB0FED307EAE5"),
		unhex(t, "F1CB1F1FB5ADF208806B89DC579DC1F8"), unhex(t, "887022120C06C226"))
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		c                                   apdu.Command
		protected, answer, opened, describe string
	}{
		{apdu.Command{INS: 0xA4, P1: 2, P2: 0x0C, Data: []byte{0x01, 0x1E}},
			"0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800", "990290008E08FA855A5D4C50A8ED9000", "9000", "select EF.COM"},
		{apdu.Command{INS: 0xB0, Ne: 4},
			"0CB000000D9701048E08ED6705417E96BA5500", "8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000", "60145F019000", "read its head"},
		{apdu.Command{INS: 0xB0, P2: 4, Ne: 18},
			"0CB000040D9701128E082EA28A70F3C7B53500", "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A990290008E08C8B2787EAEA07D749000",
			"04303130365F36063034303030305C026175" + "9000", "read the rest"},
	}
	for _, step := range steps {
		p, err := s.Protect(step.c)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := p.Encode(); err != nil || !bytes.Equal(b, unhex(t, step.protected)) {
			t.Fatalf("%s: protected %X, %v", step.describe, b, err)
		}
		r, _ := apdu.ParseResponse(unhex(t, step.answer))
		if r, err = s.Open(r); err != nil || !bytes.Equal(r.Encode(), unhex(t, step.opened)) {
			t.Fatalf("%s: opened %X, %v", step.describe, r.Encode(), err)
		}
	}
}

var ciphers = []secure.Cipher{secure.TripleDES, secure.AES128, secure.AES192, secure.AES256}

// pair returns both sides of a session.
func pair(t testing.TB, c secure.Cipher) (*secure.Session, *secure.Chip) {
	t.Helper()
	enc, mac := c.DeriveKey([]byte("a secret"), secure.ForEncryption), c.DeriveKey([]byte("a secret"), secure.ForAuthentication)
	s, err := secure.New(c, enc, mac, nil)
	if err != nil {
		t.Fatal(err)
	}
	chip, err := secure.NewChip(c, enc, mac, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, chip
}

func TestBothSidesUnderstandEachOther(t *testing.T) {
	commands := []apdu.Command{
		{INS: 0xA4, P1: 2, P2: 0x0C, Data: []byte{1, 1}},
		{INS: 0xB0, Ne: 1},
		{INS: 0xB0, Ne: 256},
		{INS: 0xB0, Ne: 65536},
		{INS: 0xB1, Data: []byte{0x54, 3, 1, 0, 0}, Ne: 30000},
		{CLA: 0x10, INS: 0x86, Data: make([]byte, 400), Ne: 256},
		{INS: 0x82, Data: make([]byte, 256)},
		{INS: 0x44},
	}
	for _, c := range ciphers {
		t.Run(c.String(), func(t *testing.T) {
			s, chip := pair(t, c)
			for i, command := range commands {
				p, err := s.Protect(command)
				if err != nil {
					t.Fatal(err)
				}
				wire, err := p.Encode()
				if err != nil {
					t.Fatal(err)
				}
				if p, err = apdu.Parse(wire); err != nil {
					t.Fatal(err)
				}
				got, err := chip.Open(p)
				if err != nil || !reflect.DeepEqual(got, command) {
					t.Fatalf("command %d arrives as %+v, %v", i, got, err)
				}
				want := apdu.Response{Data: bytes.Repeat([]byte{0x80}, i*40), Status: apdu.EndOfFile}
				r, err := chip.Protect(want)
				if err != nil {
					t.Fatal(err)
				}
				if r, err = s.Open(r); err != nil || !bytes.Equal(r.Data, want.Data) || r.Status != want.Status {
					t.Fatalf("answer %d arrives with %d bytes, %v, %v", i, len(r.Data), r.Status, err)
				}
			}
		})
	}
}

func TestShortDataFillsAShortAnswerAndNoMore(t *testing.T) {
	for _, c := range ciphers {
		for _, more := range []int{0, 1} {
			s, chip := pair(t, c)
			p, _ := s.Protect(apdu.Command{INS: 0xB0, Ne: 256})
			if _, err := chip.Open(p); err != nil {
				t.Fatal(err)
			}
			r, _ := chip.Protect(apdu.Response{Data: make([]byte, c.ShortData()+more), Status: apdu.OK})
			if fits := len(r.Data) <= 256; fits != (more == 0) {
				t.Errorf("%v: %d bytes of data make %d", c, c.ShortData()+more, len(r.Data))
			}
		}
	}
}

func TestEveryAlteredBitOfAnAnswerIsNoticed(t *testing.T) {
	for _, c := range ciphers {
		answer := func(s *secure.Session, chip *secure.Chip) apdu.Response {
			p, _ := s.Protect(apdu.Command{INS: 0xB0, Ne: 20})
			if _, err := chip.Open(p); err != nil {
				t.Fatal(err)
			}
			r, _ := chip.Protect(apdu.Response{Data: make([]byte, 20), Status: apdu.OK})
			return r
		}
		s, chip := pair(t, c)
		bits := 8 * len(answer(s, chip).Data)
		for bit := range bits {
			s, chip := pair(t, c)
			r := answer(s, chip)
			r.Data[bit/8] ^= 1 << (bit % 8)
			if _, err := s.Open(r); !errors.Is(err, secure.ErrForged) {
				t.Fatalf("%v: bit %d altered: %v", c, bit, err)
			}
			if _, err := s.Protect(apdu.Command{INS: 0xB0, Ne: 1}); !errors.Is(err, secure.ErrEnded) {
				t.Fatalf("%v: the session goes on after a forged answer: %v", c, err)
			}
		}
	}
}

// objects returns an answer's objects: DO'87', DO'99', DO'8E'.
func objects(t *testing.T, r apdu.Response) (data, status, mac []byte) {
	t.Helper()
	all, err := tlv.All(r.Data, 3)
	if err != nil || len(all) != 3 {
		t.Fatalf("%d objects, %v", len(all), err)
	}
	return all[0].Raw, all[1].Raw, all[2].Raw
}

func TestAnswersAgainstTheFormAreRefused(t *testing.T) {
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	tests := []struct {
		name  string
		spoil func(data, status, mac []byte) []byte
	}{
		{"without a code", func(data, status, _ []byte) []byte { return join(data, status) }},
		{"without a status", func(data, _, mac []byte) []byte { return join(data, mac) }},
		{"with the data behind the status", func(data, status, mac []byte) []byte { return join(status, data, mac) }},
		{"with the code in front", func(data, status, mac []byte) []byte { return join(mac, data, status) }},
		{"with the data twice", func(data, status, mac []byte) []byte { return join(data, data, status, mac) }},
		{"with the status twice", func(data, status, mac []byte) []byte { return join(data, status, status, mac) }},
		{"with the code twice", func(data, status, mac []byte) []byte { return join(data, status, mac, mac) }},
		{"with an object of its own", func(data, status, mac []byte) []byte { return join(data, []byte{0x80, 1, 0}, status, mac) }},
		{"with bytes behind the code", func(data, status, mac []byte) []byte { return join(data, status, mac, []byte{0}) }},
		{"with half a code", func(data, status, mac []byte) []byte { return join(data, status, []byte{0x8E, 4}, mac[2:6]) }},
		{"with an empty code", func(data, status, _ []byte) []byte { return join(data, status, []byte{0x8E, 0}) }},
		{"cut", func(data, status, mac []byte) []byte { return join(data, status, mac[:5]) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, chip := pair(t, secure.AES128)
			p, _ := s.Protect(apdu.Command{INS: 0xB0, Ne: 20})
			if _, err := chip.Open(p); err != nil {
				t.Fatal(err)
			}
			r, _ := chip.Protect(apdu.Response{Data: make([]byte, 20), Status: apdu.OK})
			r.Data = test.spoil(objects(t, r))
			if _, err := s.Open(r); !errors.Is(err, secure.ErrForged) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A chip that holds the keys can still send nonsense under a right code.
func TestRightlyAuthenticatedNonsenseIsRefused(t *testing.T) {
	c := secure.AES128
	key := c.DeriveKey([]byte("a secret"), secure.ForAuthentication)
	for name, body := range map[string]string{
		"no data and no status":        "",
		"a status of one byte":         "990190",
		"a cryptogram of no bytes":     "8701" + "01" + "99029000",
		"an unknown padding":           "8711" + "02" + "00000000000000000000000000000000" + "99029000",
		"no padding indicator":         "8700" + "99029000",
		"half a block":                 "8709" + "01" + "0000000000000000" + "99029000",
		"a block without padding":      "8711" + "01" + "00000000000000000000000000000000" + "99029000",
		"an object of odd commands":    "8510" + "00000000000000000000000000000000" + "99029000",
		"an expected length":           "970100" + "99029000",
		"an object of both data kinds": "871101" + "00000000000000000000000000000000" + "8510" + "00000000000000000000000000000000" + "99029000",
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := pair(t, c)
			if _, err := s.Protect(apdu.Command{INS: 0xB0, Ne: 20}); err != nil {
				t.Fatal(err)
			}
			b := unhex(t, body)
			m := append(append(make([]byte, 15), 2), b...)
			if len(b) > 0 {
				m = append(m, 0x80)
				m = append(m, make([]byte, (16-len(m)%16)%16)...)
			}
			mac, err := c.MAC(key, m)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Open(apdu.Response{Data: tlv.Append(b, 0x8E, mac), Status: apdu.OK})
			if !errors.Is(err, secure.ErrForged) || errors.Is(err, tlv.ErrTruncated) {
				t.Errorf("got %v", err)
			}
			t.Log(err)
		})
	}
}

func TestMessagesOutOfTheirOrderAreRefused(t *testing.T) {
	s, chip := pair(t, secure.TripleDES)
	read := apdu.Command{INS: 0xB0, Ne: 4}
	p, _ := s.Protect(read)
	if _, err := chip.Open(p); err != nil {
		t.Fatal(err)
	}
	first, _ := chip.Protect(apdu.Response{Data: []byte{1}, Status: apdu.OK})
	if _, err := s.Open(first); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(first); !errors.Is(err, secure.ErrEnded) {
		t.Errorf("an answer without a command: %v", err)
	}
	if _, err := s.Protect(read); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(first); !errors.Is(err, secure.ErrForged) {
		t.Errorf("an answer played again: %v", err)
	}
	if _, err := chip.Open(p); !errors.Is(err, secure.ErrForged) {
		t.Errorf("a command played again: %v", err)
	}
}

func TestAnAnswerInTheClearEndsTheSession(t *testing.T) {
	for status, want := range map[apdu.Status]error{
		apdu.SecureMessagingWrong: apdu.SecureMessagingWrong,
		apdu.FileNotFound:         secure.ErrEnded,
		apdu.OK:                   secure.ErrForged,
	} {
		s, _ := pair(t, secure.AES256)
		if _, err := s.Protect(apdu.Command{INS: 0xB0, Ne: 4}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Open(apdu.Response{Status: status}); !errors.Is(err, want) {
			t.Errorf("%v: %v", status, err)
		}
		if _, err := s.Protect(apdu.Command{INS: 0xB0, Ne: 4}); !errors.Is(err, secure.ErrEnded) {
			t.Errorf("%v: the session goes on: %v", status, err)
		}
	}
}

func TestKeysAndCountersOfTheWrongLengthAreRefused(t *testing.T) {
	for _, c := range ciphers {
		key := make([]byte, c.KeySize())
		for name, err := range map[string]error{
			"encryption key":     second(secure.New(c, key[1:], key, nil)),
			"authentication key": second(secure.New(c, key, key[1:], nil)),
			"counter":            second(secure.New(c, key, key, make([]byte, c.BlockSize()+1))),
		} {
			if err == nil {
				t.Errorf("%v: %s of the wrong length is taken", c, name)
			}
		}
	}
	if _, err := secure.New(0, nil, nil, nil); err == nil {
		t.Error("no cipher is a cipher")
	}
}

func second[T any](_ T, err error) error { return err }

func FuzzOpenAnswer(f *testing.F) {
	f.Add(uint8(1), []byte("\x99\x02\x90\x00\x8E\x08\xFA\x85\x5A\x5D\x4C\x50\xA8\xED"))
	f.Add(uint8(2), []byte("\x87\x82\x00\x01\x01\x99\x02\x90\x00\x8E\x00"))
	f.Add(uint8(3), []byte("\x85\x00\x97\x01\x00"))
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		c := ciphers[which%4]
		s, chip := pair(t, c)
		if _, err := s.Protect(apdu.Command{INS: 0xB1, Ne: 4}); err != nil {
			t.Fatal(err)
		}
		if r, err := s.Open(apdu.Response{Data: data, Status: apdu.OK}); err == nil {
			t.Fatalf("an answer of nobody is taken: %X", r.Data)
		}
		if got, err := chip.Open(apdu.Command{CLA: 0x0C, INS: 0xB1, Data: data}); err == nil {
			t.Fatalf("a command of nobody is taken: %v", got)
		}
	})
}

// The code is right, what it covers is the fuzzer's.
func FuzzOpenAuthenticated(f *testing.F) {
	f.Add(uint8(1), []byte("\x87\x11\x01aaaaaaaaaaaaaaaa\x99\x02\x90\x00"))
	f.Add(uint8(0), []byte("\x85\x08aaaaaaaa\x99\x02\x90\x00"))
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		c := ciphers[which%4]
		s, _ := pair(t, c)
		if _, err := s.Protect(apdu.Command{INS: 0xB1, Ne: 4}); err != nil {
			t.Fatal(err)
		}
		counter := make([]byte, c.BlockSize())
		counter[len(counter)-1] = 2
		m := append(counter, body...)
		if len(body) > 0 && c != secure.TripleDES {
			m = append(m, 0x80)
			m = append(m, make([]byte, (16-len(m)%16)%16)...)
		}
		mac, err := c.MAC(c.DeriveKey([]byte("a secret"), secure.ForAuthentication), m)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Open(apdu.Response{Data: tlv.Append(append([]byte(nil), body...), 0x8E, mac)})
		if err != nil && !errors.Is(err, secure.ErrForged) {
			t.Fatalf("unknown error %v", err)
		}
		if err == nil && len(r.Data) > len(body) {
			t.Fatalf("%d bytes out of %d", len(r.Data), len(body))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for _, c := range ciphers {
		for _, n := range []int{223, 32000} {
			b.Run(fmt.Sprintf("%v/%d", c, n), func(b *testing.B) {
				s, chip := pair(b, c)
				data := make([]byte, n)
				b.SetBytes(int64(n))
				for b.Loop() {
					p, _ := s.Protect(apdu.Command{INS: 0xB0, Ne: n})
					if _, err := chip.Open(p); err != nil {
						b.Fatal(err)
					}
					r, _ := chip.Protect(apdu.Response{Data: data, Status: apdu.OK})
					if _, err := s.Open(r); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
