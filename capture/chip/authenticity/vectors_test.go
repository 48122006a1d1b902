package authenticity

import (
	"bytes"
	"context"
	"crypto"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"

	"boothd/capture/chip/access"
	"boothd/capture/chip/apdu"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
	"boothd/capture/chip/tlv"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// script is a card that expects commands in order and gives the answers beside them.
type script struct {
	t     *testing.T
	steps [][2]string
}

func (s *script) Transmit(_ context.Context, command []byte) ([]byte, error) {
	if len(s.steps) == 0 {
		s.t.Errorf("one command too many: %X", command)
		return []byte{0x6F, 0}, nil
	}
	step := s.steps[0]
	s.steps = s.steps[1:]
	if want := unhex(s.t, step[0]); !bytes.Equal(command, want) {
		s.t.Errorf("command\n%X, want\n%X", command, want)
	}
	return unhex(s.t, step[1]), nil
}

func (s *script) Reset(context.Context) error { return nil }
func (s *script) Close() error                { return nil }

// draw is a random source that makes the group's NewSecret draw the secret.
func draw(t *testing.T, g *security.Group, secret string) *bytes.Reader {
	t.Helper()
	n := new(big.Int).SetBytes(unhex(t, secret))
	n.Sub(n, big.NewInt(1))
	size := (new(big.Int).Sub(g.Order(), big.NewInt(2)).BitLen() + 7) / 8
	return bytes.NewReader(n.FillBytes(make([]byte, size)))
}

// infos reads DG14.
func infos(t *testing.T, dg14 string) security.Infos {
	t.Helper()
	content, err := tlv.Only(unhex(t, dg14), 0x6E)
	if err != nil {
		t.Fatal(err)
	}
	in, err := security.Parse(content)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// Recorded sessions with real chips, which the module github.com/gmrtd/gmrtd publishes in
// chipauth/chip_auth_test.go: the keys of the session before, the terminal's ephemeral key,
// and what was sent until the first answer of the new session. ICAO 9303-11 has no worked
// example of Chip Authentication.
func TestChipAuthenticationOfRecordedSessions(t *testing.T) {
	brainpool := `7F000702020102308201333081EC06072A8648CE3D02013081E0020101302C06072A8648CE3D0101022100A9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E53773044
		04207D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9042026DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B60441048BD2AEB9CB7E57CB
		2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262547EF835C3DAC4FD97F8461A14611DC9C27745132DED8E545C1D54C72F046997022100A9FB57DBA1EEA9BC3E660A909D838D718C397AA3
		B561A6F7901E0E82974856A70201010342000`
	tests := []struct {
		name, dg14, pair string
		inferred         bool
		cipher           secure.Cipher
		enc, mac, ssc    string
		ephemeral        string
		steps            [][2]string
	}{
		{
			name: "AES, a key without identifier",
			dg14: "6E82017E3182017A300D060804007F0007020202020101300F060A04007F000702020302020201013012060A04007F0007020204020402010202010D3082014206090400" + brainpool +
				"41983917269AC877C0B61544C2C022000D2A5ABA723E2D80141E648B40911DC3459761F27480E4B57181A53D8FE1190EA86C939AC14363178CAFFC621F0F905C3",
			pair:   "chip authentication ECDH AES-128 on brainpoolP256r1",
			cipher: secure.AES128, enc: "524170DE3419B7AF2F23E45AD6EF9595", mac: "97893F5FDC29A5C13A924FE7D8ED44FD", ssc: "F0",
			ephemeral: "80EBAFC8A51BECD4D90BB640EE38C9FD5C12748D28AAA37096B98C4533C4F5F5",
			steps: [][2]string{
				{"0C2241A41D8711015D8F69B1EA365CCE4304970DB12421F38E085340D338128085E700", "990290008E083F5136E82A6C34779000"},
				{"0C860000608751019E18F1BA79D805379752BB560EB70AAC3CE3BC5AFE2FDD4AEB325CA8B578B4A93B9F66A5DF40005F8E878535251D33DD974AAF77FB858773E5799FA9DC1034E89B1150EC7F0BB3DB4BF37A1B9EA4458A9701008E089D204D950C0B95DB00",
					"8711010B0A5DFFC7432DE4DEB604291377A05B990290008E08B3384A1F5D1579739000"},
				{"0CA4020C1D8711011B2EE500E84960DF7F37AFE7ADFF53838E084500F3B43E192A5700", "990290008E0803C4B125B4218CEF9000"},
			},
		},
		{
			name: "AES, a key with an identifier above 127",
			dg14: "6E82019A31820196300D060804007F00070202020201013012060A04007F0007020204020202010202010D3012060A04007F0007020204060202010202010D3013060A04007F00070202030202020101020200C3308201460609" +
				"0400" + brainpool + "47036BC5D0BCF31913B59103BB6F2C0C98C99EF4C19B9517340B76BFE4EE2194C76C3F3314E021D4B092DB5A32AB7D6E297F2FBEAE45AA28DEFC4DA750FEAD54E020200C3",
			pair:   "chip authentication ECDH AES-128 on brainpoolP256r1",
			cipher: secure.AES128, enc: "CC86415F2ED7E8FD663B754265695AE1", mac: "581E84B8EE06C4D3EEE30461498D7FB3", ssc: "BA",
			ephemeral: "84A5145885678EE9307C28C52736896267511203B7B8009C5FE27ABCBAECDCAA",
			steps: [][2]string{
				{"0C2241A41D871101980953D37F67558690045D78A853B18A8E08929767A2CEF172E200", "990290008E08FC873EBB62219C8A9000"},
				{"0C8600006087510161912C367A6322D24AA1D4522DC47A7345369257672DF1D1163D506EB6489395D8083FAD393A394297CE8703C42F22C864C1F4C8E70EE1CF9B497ACF6579190D90F36CF9E16FE2149FF57247285D9E1E9701008E08A1D7A16EFBFD932C00",
					"87110123E7159AC9B0EF92CE1F6755B89697E3990290008E088972F1595E1508C29000"},
				{"0CA4020C1D871101FAD37EADBCDE7E6A0833035A9FFF5B708E0836560BBCE1FECD5F00", "990290008E0829D0E1EBBB61BE7A9000"},
			},
		},
		{
			name: "a key alone, by MSE:Set KAT from AES to 3DES",
			dg14: `6E82015E3182015A30820142060904007F000702020102308201333081EC06072A8648CE3D02013081E0020101302C06072A8648CE3D0101022100FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFF
				FFFFFFFF30440420FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC04205AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B0441046B17D1F2E12C4247F8
				BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5022100FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2
				FC632551020101034200048367FC170D90AD53A28C6526A9C7EC4F5C59C4F7F5D992583F951A1654B4D1D6332163A33D82CBF245154887A8812ED9A55C15AD9D5C5C463851875BBA9AEABD3012060A04007F00070202
				04020402010202010C`,
			pair: "chip authentication ECDH 3DES on P-256", inferred: true,
			cipher: secure.AES256, enc: "17da5d46e356f5b31c3d65b1369ef531ca811effc76967d2b62335e1ad9fe5cb",
			mac: "5cb99a25e6081581fac80c8da621087939b6bde273f2f7c65693b3a0ea3051ed", ssc: "c6",
			ephemeral: "d9c3b06a4dcb735351429403fcb56db520dc882512d775971f724d6112f96586",
			steps: [][2]string{
				{"0c2241a65d8751013ae386873df68bd7e9f8d7ab2e696ced29eeb8da78d502645b5e97d566361341e2eaa56318f6d84bf0bc44f7808afaf14798d16048aab03545f017f557d2cce9dee724f099e3d643abd0fb03e567d9b18e08f2d238dede5abbf100",
					"990290008e089666ac14d11e8c2c9000"},
				{"0ca4020c15870901db66e918fe3525f98e08d870008cea2ba80000", "990290008e08420dea0a913418ae9000"},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := infos(t, test.dg14)
			pairs, err := Pairs(in, 1)
			if err != nil || len(pairs) != 1 || pairs[0].String() != test.pair || pairs[0].Inferred != test.inferred {
				t.Fatalf("pairs %v, %v", pairs, err)
			}
			s, err := secure.New(test.cipher, unhex(t, test.enc), unhex(t, test.mac), unhex(t, test.ssc))
			if err != nil {
				t.Fatal(err)
			}
			card := &script{t, test.steps}
			r, err := ChipAuthentication(t.Context(), card, s, pairs[0], draw(t, pairs[0].Key.Group, test.ephemeral))
			if err != nil {
				t.Fatal(err)
			}
			if r.Proven() {
				t.Error("proven before the first answer")
			}
			answer, err := r.Send(t.Context(), card, apdu.Command{INS: 0xA4, P1: 2, P2: 0x0C, Data: []byte{1, 0x0E}})
			if err != nil || answer.Status != apdu.OK || !r.Proven() || len(card.steps) != 0 {
				t.Errorf("first answer %v, %v; proven %v, %d steps left", answer.Status, err, r.Proven(), len(card.steps))
			}
		})
	}
}

// A recorded session with a real chip, which the module github.com/gmrtd/gmrtd publishes in
// activeauth/active_auth_test.go: RSA of 1792 bits, SHA-256.
func TestActiveAuthenticationOfARecordedSession(t *testing.T) {
	dg15 := unhex(t, `6F8201023081FF300D06092A864886F70D01010105000381ED003081E90281E100BB8F93F4DC95E205CDA17C6927AB1E365B13065D03CD12E0FCE95D96840529453202F56CC4C13F77CD062930C8BC89A2873B257045C286E601CF
		3C09323A53103314902804AA10A314628CE222206A8866946A36B442041BB54AC81E6855DD1D6E16101833D65A191C20AC8B33B8A1A32920F46043F8031CF2BC17417030865FC5BE5A39DEE423BCBA3CA8177168EB23CFE01BA43EC8771
		1B1CFFF85DB46F300DD8AE317B50D543B573E119E23AF7070D0B2FED6A3B2313A5EC02A531AAED1741F4390D1013E2A0F081EAC5DC8B0A1B2C6BDB1206F08D30E3643E1E5BDF536110203010001`)
	info, err := tlv.Only(dg15, 0x6F)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseActiveKey(info, security.Infos{})
	if err != nil || key.String() != "RSA 1792" {
		t.Fatalf("%v, %v", key, err)
	}
	s, err := secure.New(secure.TripleDES, unhex(t, "b99d546108eaa251570876b6d3456dce"), unhex(t, "e3857ca24946251c151c540e13f2cd51"), unhex(t, "cc"))
	if err != nil {
		t.Fatal(err)
	}
	card := &script{t, [][2]string{{
		"0c88000020871101ed7f8cb47a4eea086324a7f9dd7427809701008e0897f54bae49aa71f800",
		`8781e901d04ca80f527df94f4a430d3d6e6cb6c2af4c6756c068a93132d147fa27833125304132981b8bd8009448e89f259eec8552b54285cef9d8f1b7fb31b9f279221c7e925f4951811f3fe2e01d76e68dbc7cde9c873c5f61862f3c546979
		2a72f92c8943b890436f5e9feaead9f2a361fcd7a615493d1b3519865f32ee9a125886588eb21fee0e709353d0731139fdc958d6b2127fad6947b438998b526819803f70f78614cd42f4a6619c6af95dfd2ab09bedf71e707abc39a250aee680
		06d522ad37d159674984a07d11c001022c853aeb7acdb059ede5721a3b9f20441bda7e242ee8df1369d25316990290008e08fd2493147866f0ed9000`,
	}}}
	signed, err := ActiveAuthentication(t.Context(), access.Secured(card, s), s.Cipher().ShortData(), key, bytes.NewReader(unhex(t, "96302b0f3d7e7864")))
	if err != nil || signed != (Signed{Key: "RSA 1792", Hash: crypto.SHA256, Weakness: "RSA 1792"}) {
		t.Errorf("%+v, %v", signed, err)
	}
	sig := unhex(t, `474256306840c0ab1b63c10e1c26bdfef4a0dd843920283cc4e6e70a60f2bd25dc7725f9677bc1cde66379dc28b38e8490f33afb2d10f9980c44c0bfc175d2b6684218f535c92fdd3e18db770a9ccbf91db3c7f0138e6d9e94b9bc8371761e3abed5
		e5e9b260279cfb238b58ae0d6a01da51c74c2a3ecd62c448bd9f20127f7384587287fa971204234e55b1a856c3e5aaaa620bb799a68fbae08ee132bb61683eba9b0b40dc1e54641cad975b16991cab50af82e3f3985afd19e7427a125f5b4b9878b12a5d
		2e01c7eedca3bb41c6fc05dccd818bce379d04b1f2f5d43487d3`)
	if _, err := key.verify(unhex(t, "96302b0f3d7e7865"), sig); !errors.Is(err, ErrProof) {
		t.Errorf("another challenge: %v", err)
	}
	negative := new(big.Int).Sub(key.modulus, new(big.Int).SetBytes(sig)).FillBytes(make([]byte, len(sig)))
	if _, err := key.verify(unhex(t, "96302b0f3d7e7864"), negative); err != nil {
		t.Errorf("the negative signature, which is as good: %v", err)
	}
}

// The worked example for Extended Access Control version 2 of the BSI, as the tests of
// OpenPACE (src/eactest.c) have it.
func TestChipAuthentication2OfTheWorkedExample(t *testing.T) {
	in, err := security.Parse(unhex(t, `3178 3012 060A04007F00070202030202 020102 020101
		3062060904007F0007020201023052300C060704007F0007010202010D034200
		04A44EBE5451DF7AADB01E459B8C928A87746A57927C8C28A6775C97A7E1FE8D9A46FF4A1CC7E4D1389AEA19758E4F75C28C598FD734AEBEB135337CF95BE12E94020101`))
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := Pairs(in, 2)
	if err != nil {
		t.Fatal(err)
	}
	own, err := NewEphemeral(pairs[0].Key, draw(t, pairs[0].Key.Group, "A6A4D255C5BF7A77EC3D0553DB74F693CF044E18C98364D4977A296108AF19BD"))
	if err != nil {
		t.Fatal(err)
	}
	if want := unhex(t, "045A7A377FC9CAFC03AC7FF45441A8B2909D88EAB8E6B0173847AB49B949DF3799A34EE57EC55268CF8B1C3EC489F8BF4CF4C68D3FD9670E89C0D5D3FFF1AAF89F"); !bytes.Equal(own.Public(), want) {
		t.Fatalf("ephemeral key %X", own.Public())
	}
	for name, test := range map[string]struct {
		token string
		want  error
	}{
		"the example's token": {"FF0117D68DEE8E72", nil},
		"another token":       {"FF0117D68DEE8E73", ErrProof},
	} {
		calls := 0
		send := func(_ context.Context, c apdu.Command) (apdu.Response, error) {
			calls++
			if c.INS == 0x22 {
				if want := unhex(t, "800A04007F00070202030202840101"); !bytes.Equal(c.Data, want) {
					t.Errorf("MSE:Set AT with %X", c.Data)
				}
				return apdu.Response{Status: apdu.OK}, nil
			}
			return apdu.Response{Data: unhex(t, "7C14 81084287B3072A3EDC60 8208"+test.token), Status: apdu.OK}, nil
		}
		r, err := chipAuthentication2(t.Context(), send, pairs[0], own)
		if !errors.Is(err, test.want) || calls != 2 {
			t.Errorf("%s: %v after %d commands", name, err, calls)
		}
		if err != nil {
			continue
		}
		chip, err := secure.NewChip(secure.AES128, unhex(t, "94ABCD271AB7D9A5590BA52CB518B831"), unhex(t, "78B5709E7ABEDB185B424D0EE3A82499"), nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := r.Session().Protect(apdu.Command{INS: 0xB0, Ne: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := chip.Open(p); err != nil || !r.Proven() {
			t.Errorf("%s: the session has other keys: %v", name, err)
		}
	}
}
