package authenticity

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"boothd/capture/chip/access"
	"boothd/capture/chip/apdu"
	"boothd/capture/chip/authenticity/cvc"
	"boothd/capture/chip/authenticity/cvc/cvctest"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
)

var today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// world is a CVCA that went over to a second key, a DV and its terminal.
type world struct {
	first, second, dv, terminal *cvctest.Holder
}

func newWorld(t testing.TB, a cvctest.Algorithm) world {
	t.Helper()
	var w world
	var err error
	if w.first, err = cvctest.NewCVCA(cvctest.Order{Holder: "UTCVCA00001", Rights: 3, Algorithm: a}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		into **cvctest.Holder
		by   **cvctest.Holder
		o    cvctest.Order
	}{
		{&w.second, &w.first, cvctest.Order{Holder: "UTCVCA00002", Role: cvc.CVCA, Rights: 3, Algorithm: a}},
		{&w.dv, &w.second, cvctest.Order{Holder: "UTDV00001", Role: cvc.ForeignDV, Rights: cvctest.Fingerprints, Algorithm: a}},
		{&w.terminal, &w.dv, cvctest.Order{Holder: "UTIS00001", Rights: cvctest.Fingerprints | cvctest.Irises, Algorithm: a}},
	} {
		if *step.into, err = (*step.by).Issue(step.o); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w world) system(t testing.TB) *Terminal {
	t.Helper()
	signer, err := FromCrypto(w.terminal.Key.Signer(), w.terminal.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	return &Terminal{
		Identities: []Identity{{w.terminal.Certificate, signer}},
		Known:      []*cvc.Certificate{w.dv.Certificate, w.second.Certificate, w.first.Certificate},
		Now:        func() time.Time { return today },
	}
}

// trust makes the chip know the CVCA.
func (c *chip) trust(t testing.TB, h *cvctest.Holder) {
	t.Helper()
	a, err := cvc.Anchor(h.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	c.trusted = map[cvc.Reference]cvc.Trusted{h.Certificate.Holder: a}
	c.file = append(append([]byte{0x42, byte(len(h.Certificate.Holder))}, h.Certificate.Holder...), make([]byte, 20)...)
}

var (
	algorithms = []cvctest.Algorithm{
		{Scheme: cvc.Scheme{Method: cvc.ECDSA, Hash: crypto.SHA256}, Curve: "brainpoolP256r1"},
		{Scheme: cvc.Scheme{Method: cvc.ECDSA, Hash: crypto.SHA512}, Curve: "P-521"},
		{Scheme: cvc.Scheme{Method: cvc.PKCS1, Hash: crypto.SHA1}, Bits: 1024},
		{Scheme: cvc.Scheme{Method: cvc.PSS, Hash: crypto.SHA256}, Bits: 2048},
	}
	taInfo = security.Infos{TerminalAuth: []security.TerminalAuth{{Version: 1, File: 0x011C, ShortFile: 0x1C}}}
)

func TestTerminalAuthenticationVersion1(t *testing.T) {
	for _, a := range algorithms {
		t.Run(a.String(), func(t *testing.T) {
			w := newWorld(t, a)
			for _, root := range []*cvctest.Holder{w.first, w.second} {
				c, s := newChip(t, 13, 1, -1, secure.AES128)
				c.trust(t, root)
				c.id = ChipByNumber("UT1234", '7')
				r, err := ChipAuthentication(t.Context(), c, s, c.pair, nil)
				if err != nil {
					t.Fatal(err)
				}
				authorities, err := Authorities(t.Context(), r.Sender(c), taInfo)
				if err != nil {
					t.Fatal(err)
				}
				b := Binding{Version: 1, Chip: []byte("UT1234<<<7"), Key: r.Ephemeral.Compressed()}
				before := c.count
				admission, err := w.system(t).Authenticate(t.Context(), r.Sender(c), authorities, b)
				if err != nil {
					t.Fatal(err)
				}
				if !c.open.Fingerprints() || c.open.Irises() || string(c.open.Bits) != string(admission.Rights.Bits) {
					t.Errorf("chip granted %X, terminal thinks %X", c.open.Bits, admission.Rights.Bits)
				}
				if got, want := c.count-before, 2*len(admission.Path)+3; got != want {
					t.Errorf("%d commands, want %d", got, want)
				}
			}
		})
	}
}

func TestTerminalAuthenticationVersion2PrecedesChipAuthentication(t *testing.T) {
	w := newWorld(t, algorithms[0])
	for _, group := range []int{2, 13} {
		c, s := newChip(t, group, 2, 1, secure.AES128)
		c.trust(t, w.second)
		c.id = []byte("the chip's key in PACE")
		own, err := NewEphemeral(c.pair.Key, nil)
		if err != nil {
			t.Fatal(err)
		}
		b := Binding{Version: 2, Chip: c.id, Key: own.Compressed(), Auxiliary: []byte{0x73, 0}}
		if _, err := w.system(t).Authenticate(t.Context(), access.Secured(c, s), []cvc.Reference{"UTCVCA00002"}, b); err != nil {
			t.Fatal(err)
		}
		pairs, err := Pairs(c.infos(), 2)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ChipAuthentication2(t.Context(), c, s, pairs[0], own)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Send(t.Context(), c, anything); err != nil || !r.Proven() || !c.open.Fingerprints() {
			t.Errorf("%v, granted %X", err, c.open.Bits)
		}
	}
}

func TestChipAuthenticationVersion2OfACopy(t *testing.T) {
	for name, change := range map[string]func(*chip){
		"without the key": func(c *chip) { c.secret.SetInt64(12345) },
		"without a token": func(c *chip) {
			c.other = func(r *apdu.Response) []byte {
				if len(r.Data) > 0 {
					r.Data = unhex(t, "7C0A81083132333435363738")
				}
				return nil
			}
		},
		"with a short nonce": func(c *chip) {
			c.other = func(r *apdu.Response) []byte {
				if len(r.Data) > 0 {
					r.Data = unhex(t, "7C0D 8101FF 82080102030405060708")
				}
				return nil
			}
		},
	} {
		c, s := newChip(t, 13, 2, 1, secure.AES128)
		change(c)
		own, err := NewEphemeral(c.pair.Key, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ChipAuthentication2(t.Context(), c, s, c.pair, own)
		want := ErrMalformed
		if name == "without the key" {
			want = ErrProof
		}
		if r != nil || !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

// failing is a signer that cannot.
type failing struct{}

var errToken = errors.New("token is locked")

func (failing) Sign(context.Context, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errToken }

// scribbling is a signer that answers something else.
type scribbling struct{}

func (scribbling) Sign(context.Context, []byte, crypto.SignerOpts) ([]byte, error) {
	return []byte("no signature"), nil
}

func TestTerminalsThatAreNotAdmitted(t *testing.T) {
	w := newWorld(t, algorithms[0])
	elsewhere := newWorld(t, algorithms[0])
	good := Binding{Version: 1, Chip: []byte("UT1234<<<7")}
	tests := []struct {
		name   string
		change func(*chip, *Terminal, *Binding)
		want   error
		status apdu.Status
	}{
		{"by another authority of the same name", func(c *chip, _ *Terminal, _ *Binding) { c.trust(t, elsewhere.second) }, ErrRefused, apdu.AuthenticationFailed},
		{"that know the chip by another number", func(_ *chip, _ *Terminal, b *Binding) { b.Chip = []byte("UT1235<<<4") }, ErrRefused, apdu.AuthenticationFailed},
		{"bound to another key", func(_ *chip, _ *Terminal, b *Binding) { b.Key = []byte("another") }, ErrRefused, apdu.AuthenticationFailed},
		{"whose DV certificate is missing", func(_ *chip, s *Terminal, _ *Binding) { s.Known = nil }, ErrNoCertificate, apdu.OK},
		{"whose certificate expired", func(_ *chip, s *Terminal, _ *Binding) { s.Now = func() time.Time { return today.AddDate(50, 0, 0) } }, ErrNoCertificate, apdu.OK},
		{"with another's key", func(_ *chip, s *Terminal, _ *Binding) {
			s.Identities[0].Signer = elsewhere.system(t).Identities[0].Signer
		}, ErrRefused, apdu.AuthenticationFailed},
		{"with a locked token", func(_ *chip, s *Terminal, _ *Binding) { s.Identities[0].Signer = failing{} }, errToken, apdu.OK},
		{"whose chip forgot its authority", func(c *chip, _ *Terminal, _ *Binding) { clear(c.trusted) }, ErrRefused, apdu.ReferenceNotFound},
		{"whose chip gives no challenge", func(c *chip, _ *Terminal, _ *Binding) {
			c.other = func(r *apdu.Response) []byte {
				if len(r.Data) == 8 {
					r.Data = r.Data[:7]
				}
				return nil
			}
		}, ErrMalformed, apdu.OK},
		{"of another version", func(_ *chip, _ *Terminal, b *Binding) { b.Version = 3 }, ErrNotSupported, apdu.OK},
		{"with auxiliary data in version 1", func(_ *chip, _ *Terminal, b *Binding) { b.Auxiliary = []byte{} }, ErrNotSupported, apdu.OK},
	}
	for _, test := range tests {
		c, s := newChip(t, 13, 1, -1, secure.AES128)
		c.trust(t, w.second)
		c.id = good.Chip
		r, err := ChipAuthentication(t.Context(), c, s, c.pair, nil)
		if err != nil {
			t.Fatal(err)
		}
		system, b := w.system(t), good
		b.Key = r.Ephemeral.Compressed()
		test.change(c, system, &b)
		_, err = system.Authenticate(t.Context(), r.Sender(c), []cvc.Reference{"UTCVCA00002"}, b)
		if !errors.Is(err, test.want) || test.status != apdu.OK && !errors.Is(err, test.status) || c.open.Bits != nil {
			t.Errorf("%s: %v, want %v; granted %X", test.name, err, test.want, c.open.Bits)
		}
	}
}

func TestSignersAreHeldToTheirCertificates(t *testing.T) {
	for _, a := range algorithms[:3] {
		w, other := newWorld(t, a), newWorld(t, a)
		if _, err := FromCrypto(other.terminal.Key.Signer(), w.terminal.Certificate); err == nil {
			t.Errorf("%v: another's key was taken", a)
		}
	}
	ec, rsa := newWorld(t, algorithms[0]), newWorld(t, algorithms[2])
	if _, err := FromCrypto(rsa.terminal.Key.Signer(), ec.terminal.Certificate); err == nil {
		t.Error("an RSA key was taken for an ECDSA certificate")
	}
	if _, err := FromCrypto(ec.terminal.Key.Signer(), rsa.terminal.Certificate); err == nil {
		t.Error("an ECDSA key was taken for an RSA certificate")
	}
	if _, err := sign(t.Context(), scribbling{}, ec.terminal.Certificate.Key, nil); err == nil {
		t.Error("a signature that is none was sent")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	signer := ec.system(t).Identities[0].Signer
	if _, err := signer.Sign(ended, make([]byte, 32), crypto.SHA256); !errors.Is(err, context.Canceled) {
		t.Errorf("a signer that was cancelled: %v", err)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	c, s := newChip(t, 13, 1, -1, secure.AES128)
	r, err := ChipAuthentication(t.Context(), c, s, c.pair, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := Binding{Version: 1, Chip: []byte("UT1234<<<7"), Key: r.Ephemeral.Compressed()}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("shown", "key", r.Ephemeral, "binding", b)
	shown := log.String() + fmt.Sprintf("%v %+v %#v %s %v %+v %#v", r.Ephemeral, r.Ephemeral, r.Ephemeral, r.Ephemeral, b, b, b)
	for _, secret := range []string{r.Ephemeral.secret.String(), r.Ephemeral.secret.Text(16), "UT1234", "85 84 49 50"} {
		if strings.Contains(shown, secret) {
			t.Errorf("shown: %s", shown)
		}
	}
}

func TestAuthoritiesAreReadEvenWithoutShortFileIdentifier(t *testing.T) {
	file := "420B5554435643413030303032"
	selected := [2]string{"00A4020C02011C", "9000"}
	tests := []struct {
		name  string
		infos security.Infos
		steps [][2]string
		want  error
	}{
		{"by short file identifier", taInfo, [][2]string{{"00B09C0024", file + "6282"}}, nil},
		{"after a refusal", taInfo, [][2]string{{"00B09C0024", "6A82"}, selected, {"00B0000024", file + "9000"}}, nil},
		{"of another file", security.Infos{TerminalAuth: []security.TerminalAuth{{Version: 2}, {Version: 1, File: 0x0142}}},
			[][2]string{{"00A4020C020142", "9000"}, {"00B0000024", file + "6282"}}, nil},
		{"where there is none", taInfo, [][2]string{{"00B09C0024", "6A82"}, {"00A4020C02011C", "6A82"}}, apdu.FileNotFound},
		{"that may not be read", taInfo, [][2]string{{"00B09C0024", "6982"}, selected, {"00B0000024", "6982"}}, ErrRefused},
		{"that are garbage", taInfo, [][2]string{{"00B09C0024", "43019000"}}, ErrMalformed},
		{"of a chip without version 1", security.Infos{}, nil, ErrNotSupported},
	}
	for _, test := range tests {
		card := &script{t, test.steps}
		got, err := Authorities(t.Context(), access.Plain(card), test.infos)
		if !errors.Is(err, test.want) || test.want == nil && (len(got) != 1 || got[0] != "UTCVCA00002") || len(card.steps) != 0 {
			t.Errorf("%s: %v, %v, %d steps left", test.name, got, err, len(card.steps))
		}
	}
}
