package security_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Entries of SecurityInfos.
const (
	paceGM     = "3012060A04007F0007020204020202010202010D"                          // ECDH-GM AES-128, 13
	paceCAM    = "3012060A04007F00070202040604020102020110"                          // ECDH-CAM AES-256, 16
	paceDH     = "3012060A04007F00070202040301020102020102"                          // DH-IM 3DES, 2
	paceBare   = "300F060A04007F00070202040202020102"                                // no parameters
	chipAuth   = "300F060A04007F00070202030202020101"                                // ECDH AES-128
	chipAuthID = "3012060A04007F00070202030204020101020107"                          // ECDH AES-256, key 7
	terminal   = "300D060804007F0007020202020101"                                    // version 1
	activeAuth = "3017" + "0606678108010105" + "020101" + "060A04007F00070101040103" // ecdsa-plain-SHA256
	unknown    = "300D060804007F000702020A020101"                                    // another protocol
	paceOdd    = "3012060A04007F0007020204050202010202010D"                          // mapping 5
	camDES     = "3012060A04007F0007020204060102010202010D"                          // CAM with 3DES
	chipKey    = `3062060904007F0007020201023052300C060704007F0007010202010D034200041872709494399E7470A6431BE25E83EEE24FEA568C2ED28DB48E05DB3A610DC8
		84D256A40E35EFCB59BF6753D3A489D28C7A4D973C2DA138A6E7A4A08F68E16F02010D`
)

// set wraps the entries.
func set(t testing.TB, entries ...string) []byte {
	body := unhex(t, strings.Join(entries, ""))
	head := []byte{0x31, byte(len(body))}
	if len(body) > 127 {
		head = []byte{0x31, 0x82, byte(len(body) >> 8), byte(len(body))}
	}
	return append(head, body...)
}

func TestEveryKindOfEntryIsRead(t *testing.T) {
	in, err := security.Parse(set(t, paceGM, paceCAM, paceDH, paceBare, chipAuth, chipAuthID, terminal, activeAuth, unknown, paceOdd, camDES, chipKey))
	if err != nil {
		t.Fatal(err)
	}
	if len(in.All) != 12 || len(in.Unknown) != 3 || len(in.PACE) != 4 || len(in.ChipAuth) != 2 || len(in.ChipKeys) != 1 || len(in.TerminalAuth) != 1 || len(in.ActiveAuth) != 1 {
		t.Fatalf("got %+v", in)
	}
	for i, want := range []string{
		"PACE ECDH-GM AES-128 with parameters 13", "PACE ECDH-CAM AES-256 with parameters 16",
		"PACE DH-IM 3DES with parameters 2", "PACE ECDH-GM AES-128 with parameters -1",
	} {
		if got := in.PACE[i].String(); got != want || in.PACE[i].Version != 2 {
			t.Errorf("got %s version %d, want %s", got, in.PACE[i].Version, want)
		}
	}
	if c := in.ChipAuth[1]; !c.Elliptic || c.Cipher != secure.AES256 || c.KeyID != 7 || in.ChipAuth[0].KeyID != -1 {
		t.Errorf("chip authentication %+v", in.ChipAuth)
	}
	k := in.ChipKeys[0]
	if k.Group == nil || k.Group.Name() != "brainpoolP256r1" || k.KeyID != 13 {
		t.Fatalf("chip key %+v", k)
	}
	if _, err := k.Group.Decode(k.Key); err != nil {
		t.Error(err)
	}
	if in.TerminalAuth[0].Version != 1 || in.ActiveAuth[0].Version != 1 || len(in.ActiveAuth[0].Signature) != 11 {
		t.Errorf("terminal %+v, active %+v", in.TerminalAuth, in.ActiveAuth)
	}
	if _, err := in.Group(in.PACE[3]); !errors.Is(err, security.ErrUnknownGroup) {
		t.Errorf("a suite without parameters has a group: %v", err)
	}
}

func TestTerminalAuthenticationNamesEFCVCA(t *testing.T) {
	for name, test := range map[string]struct {
		entry string
		file  uint16
		short byte
	}{
		"not at all":                             {terminal, 0x011C, 0x1C},
		"with a short identifier":                {"3016060804007F0007020202020101" + "300704020142" + "040105", 0x0142, 5},
		"without one":                            {"3013060804007F0007020202020101" + "300404020142", 0x0142, 0},
		"with a short identifier that is no one": {"3016060804007F0007020202020101" + "300704020142" + "04011F", 0x0142, 0},
	} {
		in, err := security.Parse(set(t, test.entry))
		want := security.TerminalAuth{Version: 1, File: test.file, ShortFile: test.short}
		if err != nil || len(in.TerminalAuth) != 1 || in.TerminalAuth[0] != want {
			t.Errorf("%s: %+v, %v; want %+v", name, in.TerminalAuth, err, want)
		}
	}
}

func TestMalformedFilesAreRefused(t *testing.T) {
	many := strings.Repeat(paceGM, 65)
	for name, in := range map[string][]byte{
		"nothing":                          nil,
		"a sequence":                       unhex(t, "3014"+paceGM),
		"a cut file":                       set(t, paceGM)[:15],
		"bytes behind the set":             append(set(t, paceGM), 1),
		"more entries than a chip can use": set(t, many),
		"an entry without identifier":      set(t, "3003020102"),
		"PACE without its version":         set(t, "300C060A04007F00070202040202"),
		"PACE with a version of text":      set(t, "300F060A04007F000702020402020C0102"),
		"PACE with a negative parameter":   set(t, "3012060A04007F000702020402020201020201FF"),
		"PACE with a huge parameter":       set(t, "3017060A04007F00070202040202020102"+"0206010000000000"),
		"a key of another kind":            set(t, strings.Replace(strings.Join(strings.Fields(chipKey), ""), "04007F00070202010230", "04007F00070202010130", 1)),
		"a key of half a byte":             set(t, strings.Replace(strings.Join(strings.Fields(chipKey), ""), "0342000418", "0342010418", 1)),
		"an EF.CVCA of one byte":           set(t, "3012060804007F0007020202020101"+"3003040101"),
		"active authentication without it": set(t, "300B0606678108010105020101"),
	} {
		if got, err := security.Parse(in); !errors.Is(err, security.ErrMalformed) {
			t.Errorf("%s: %v, %v", name, got.All, err)
		}
	}
}

func TestZerosBehindTheFileAreTaken(t *testing.T) {
	if in, err := security.Parse(append(set(t, paceGM), make([]byte, 20)...)); err != nil || len(in.PACE) != 1 {
		t.Errorf("%+v, %v", in, err)
	}
}

func TestContainsTellsAStrippedFile(t *testing.T) {
	parse := func(entries ...string) security.Infos {
		in, err := security.Parse(set(t, entries...))
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	signed := parse(paceGM, paceCAM, chipAuth)
	if !signed.Contains(parse(paceCAM, paceGM)) || !signed.Contains(security.Infos{}) {
		t.Error("a file of the same entries is not contained")
	}
	if signed.Contains(parse(paceGM, paceDH)) {
		t.Error("an entry that was never signed is contained")
	}
}

func TestGroupsOfTheChipsOwnNumbering(t *testing.T) {
	// PACEDomainParameterInfo: ECDH-GM, standardised parameters 13, own number 33.
	own := "301C" + "060904007F000702020402" + "300C060704007F0007010202010D" + "020121"
	pace := "3012060A04007F00070202040202020102020121"
	in, err := security.Parse(set(t, own, pace))
	if err != nil {
		t.Fatal(err)
	}
	if g, err := in.Group(in.PACE[0]); err != nil || g.Name() != "brainpoolP256r1" {
		t.Errorf("%v, %v", in.PACEParameters, err)
	}
}

// The explicit parameters of ICAO 9303-11 appendix I.1.
const explicit = `3081EC06072A8648CE3D02013081E0020101302C06072A8648CE3D0101022100A9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377
	304404207D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9042026DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6
	0441048BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262547EF835C3DAC4FD97F8461A14611DC9C27745132DED8E545C1D54C72F046997
	022100A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7020101`

func TestParametersSpelledOutAreKnownOnlyIfAllAreRight(t *testing.T) {
	g, err := security.ParseGroup(unhex(t, explicit))
	if err != nil || g.Name() != "brainpoolP256r1" {
		t.Fatalf("%v", err)
	}
	for name, swap := range map[string][2]string{
		"another generator (CVE-2020-0601)": {"8BD2AEB9", "8BD2AEB8"},
		"another coefficient":               {"7D5A0975", "7D5A0974"},
		"another order":                     {"8297485", "8297484"},
		"another cofactor":                  {"A7020101", "A7020102"},
		"another field":                     {"1F6E5377", "1F6E5379"},
	} {
		whole := strings.Join(strings.Fields(explicit), "")
		if !strings.Contains(whole, swap[0]) {
			t.Fatalf("%s: nothing to swap", name)
		}
		if g, err := security.ParseGroup(unhex(t, strings.Replace(whole, swap[0], swap[1], 1))); !errors.Is(err, security.ErrUnknownGroup) {
			t.Errorf("%s: %v, %v", name, g, err)
		}
	}
}

func TestCurvesAreKnownByName(t *testing.T) {
	for der, want := range map[string]string{
		"301306072A8648CE3D020106082A8648CE3D030107":   "P-256",
		"301406072A8648CE3D020106092B240303020801010B": "brainpoolP384r1",
		"301006072A8648CE3D020106052B81040023":         "P-521",
		"300C060704007F00070102020111":                 "brainpoolP512r1",
		"300C060704007F00070102020102":                 "MODP 2048/256",
	} {
		if g, err := security.ParseGroup(unhex(t, der)); err != nil || g.Name() != want {
			t.Errorf("%s: %v, %v", want, g, err)
		}
	}
	for _, der := range []string{
		"300C060704007F00070102020105",         // not assigned
		"301006072A8648CE3D020106052B8104000A", // secp256k1
		"300B06092A864886F70D010101",           // RSA
	} {
		if g, err := security.ParseGroup(unhex(t, der)); !errors.Is(err, security.ErrUnknownGroup) {
			t.Errorf("%s: %v, %v", der, g, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(set(f, paceGM, paceCAM, chipAuthID, terminal, unknown))
	f.Add(set(f, chipKey, activeAuth))
	f.Add(set(f, "301C060904007F000702020402300C060704007F0007010202010D020121"))
	entry := "3081F8" + "060904007F000702020402" + strings.Join(strings.Fields(explicit), "")
	f.Add(set(f, entry))
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := security.Parse(b)
		if err != nil {
			if !errors.Is(err, security.ErrMalformed) {
				t.Fatalf("unknown error %v", err)
			}
			return
		}
		if len(in.All) > 64 || !in.Contains(in) {
			t.Fatalf("%d entries", len(in.All))
		}
		kinds := len(in.PACE) + len(in.PACEParameters) + len(in.ChipAuth) + len(in.ChipKeys) + len(in.ActiveAuth) + len(in.TerminalAuth) + len(in.Unknown)
		if kinds != len(in.All) {
			t.Fatalf("%d entries filed as %d", len(in.All), kinds)
		}
		for _, p := range in.PACE {
			if g, err := in.Group(p); err == nil && g.Elliptic() != p.Elliptic {
				t.Fatalf("%v: group %s", p, g.Name())
			}
		}
		for _, k := range in.ChipKeys {
			if k.Group != nil {
				if e, err := k.Group.Decode(k.Key); err == nil && k.Group.Neutral(e) {
					t.Fatal("a neutral key")
				}
			}
		}
	})
}
