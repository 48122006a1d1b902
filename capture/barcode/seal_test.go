package barcode

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// unhex reads hexadecimal with blanks and newlines.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The worked examples of BSI TR-03137-1 v2.5, annexes C, E, F, G and H. Beside the permit's bytes
// is printed "ARD"; they say "ATD".
const (
	arrival = `dc026abc6d32c8a519fc0f71341145f4fd020230a5621353d9a275735bd4134bc549133c133c133c133c133ca32519a5
		19a4344a5e681ae7204b20d532cf4b7c133c133f030820d5201019a51aeaff404a1f218ca4392647ecff6c8abf9e796a
		78eebe0b1ac8cc25c4ee17eed961d1189091358d7d616f1a517abc747f6c4490ff159d4dcf50248b00b1e32e9e7805e7`
	permit = `dc036abc6d32c8a727390f71341145f4fb0602305cba135875976ec066d417b59e8c6abc133c133c133c133c3fef3a29
		38ee43f1593d1ae52dbb26751fe64b7c133c136b0306d79519a65306ff40158cf5b0bb7fbda099e8e7c94abefc9677b2
		e71e9885f5cd9057a8bfcf930a6046bcf897650af8f9b0343c034d2f64ce081f95fbf3d01292d1f8165ece27d327`
	visa = `dc036abc6d32c8a72cb10f7134b798155d01022cdd52134a74da1347c6fed95cb89f9fce133c133c133c133c20383373
		4aaf47f0c32f1a1e20eb2625393afe310403a00000050633be1fed20c6ff38d5573247608c9b64cae022c1c5249660e5
		1ae316d600f974aac2129c3f093c35955314026304705cd24c1b8100711bd4411f068e8d93e8b7`
	sticker = `dc036abc6d32c8a72cb10f7135b79815f9080106cf3519af974c02061a70208519a10310395e26b3d9a275735bd4cd48
		5ca17176ff389101f305c9aa04d2ab00212c7cf65fefcaaf565a54538b2498d681a18839c92656526c40594b0b1da12a
		27f687a3501278dc4145b6e64afc`
	residence = `dc036abc6d32c8a72cb10f7135b79815f80a0106b77a38e596ce02061a203a4d1fe1030426532081ff381462bcfef51a
		d1b8d09de328b15c5435e64829ce548647dd579787169624a046738dc5023708319a4294811131eaac58d518cfe98b43
		1437`
)

func TestTheWorkedExamplesAreRead(t *testing.T) {
	day := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	for name, tt := range map[string]struct {
		raw       string
		version   int
		reference string
		issued    time.Time
		signed    time.Time
		kind      Kind
		zone      []string
	}{
		"arrival attestation": {arrival, 3, "00027", day(2020, 1, 1), day(2020, 1, 13), KindArrivalPaper,
			[]string{"MED<<MUSTERMANN<<ERIK<<<<<<<<<<<<<<<", "M0000000<4ALB0308212M1604128<<<<<<<2"}},
		"residence permit": {permit, 4, "27", day(2020, 1, 1), day(2020, 1, 13), KindResidencePermit,
			[]string{"ATD<<RESIDORCE<<ROLAND<<<<<<<<<<<<<<", "6525845096USA7008038M2201018<<<<<<06"}},
		"visa": {visa, 4, "32", day(2020, 1, 1), day(2021, 12, 3), KindVisa,
			[]string{"VCD<<DENT<<ARTHUR<PHILIP<<<<<<<<<<<<", "1234567XY7GBR5203116M2005250<<<<<<<<"}},
		"address sticker":   {sticker, 4, "32", day(2021, 1, 1), day(2021, 12, 3), 0xf908, nil},
		"residence sticker": {residence, 4, "32", day(2021, 1, 1), day(2021, 12, 3), 0xf80a, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := ParseSeal(unhex(t, tt.raw))
			if err != nil {
				t.Fatal(err)
			}
			if s.Version != tt.version || s.Issuer != "D" || s.Signer != "DETS" || s.Reference != tt.reference ||
				!s.Issued.Equal(tt.issued) || !s.Signed.Equal(tt.signed) || s.Kind != tt.kind {
				t.Errorf("header: %d %q %q %q %v %v %s", s.Version, s.Issuer, s.Signer, s.Reference, s.Issued, s.Signed, s.Kind)
			}
			zone, err := s.Zone()
			if tt.zone == nil && !errors.Is(err, ErrNoZone) || tt.zone != nil && !slices.Equal(zone, tt.zone) {
				t.Errorf("zone %q, %v; want %q", zone, err, tt.zone)
			}
		})
	}
}

func TestAVisaSaysHowLongItsHolderMayStay(t *testing.T) {
	s, err := ParseSeal(unhex(t, visa))
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Visa()
	if err != nil || v.Days != 160 || v.Months+v.Years != 0 || v.Passport != "47110815P" || v.HasEntries || v.Type != nil {
		t.Errorf("%+v, %v", v, err)
	}
	other, err := ParseSeal(unhex(t, permit))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Visa(); err == nil {
		t.Error("a residence permit is a visa")
	}
}

func TestTextIsEncodedAsInTheExamples(t *testing.T) {
	for text, encoded := range map[string]string{ // TR-03137-1 §3.2.3 and annex B
		"XK CD": "eb0466a9", "XKCD": "eb11fe45", "BSI01": "62d719c9",
	} {
		if got, err := decodeC40(unhex(t, encoded)); err != nil || got != text {
			t.Errorf("%s is %q, %v; want %q", encoded, got, err, text)
		}
		if got := encodeC40(text); !bytes.Equal(got, unhex(t, encoded)) {
			t.Errorf("%q is %x; want %s", text, got, encoded)
		}
	}
	for _, wrong := range []string{"eb", "fe45eb04", "fe00", "0000", "ffff", "fe62", "0001eb04"} {
		if got, err := decodeC40(unhex(t, wrong)); err == nil {
			t.Errorf("%s is %q; want an error", wrong, got)
		}
	}
}

// encodeC40 is the other direction, for seals that tests make.
func encodeC40(text string) []byte {
	var b []byte
	for ; len(text) > 1; text = text[min(3, len(text)):] {
		v := c40Value(text[0])*1600 + c40Value(text[1])*40 + 1
		if len(text) > 2 {
			v += c40Value(text[2])
		}
		b = append(b, byte(v>>8), byte(v))
	}
	if text != "" {
		b = append(b, c40Unlatch, text[0]+1)
	}
	return b
}

func TestSpoiltSealsAreRefused(t *testing.T) {
	good := unhex(t, visa)
	change := func(at int, to byte) []byte {
		b := bytes.Clone(good)
		b[at] = to
		return b
	}
	for n := range good {
		if s, err := ParseSeal(good[:n]); err == nil {
			t.Errorf("a seal of the first %d bytes was read: %s", n, s.Kind)
		}
	}
	for name, raw := range map[string][]byte{
		"another beginning":            change(0, 0xdd),
		"version 5":                    change(1, 4),
		"a date that does not exist":   change(10, 0xff),
		"text that is none":            change(2, 0xff),
		"a length that is not short":   change(19, 0x80),
		"a signature of an odd length": append(change(len(good)-57, 0x37), 0),
		"something after it":           append(bytes.Clone(good), 7),
		"too many bytes":               append(bytes.Clone(good), make([]byte, MaxSeal)...),
		"nothing":                      nil,
	} {
		if _, err := ParseSeal(raw); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	if _, err := ParseSeal(append(bytes.Clone(good), 0, 0, 0)); err != nil {
		t.Errorf("filled up with zeros: %v", err)
	}
}

func FuzzParseSeal(f *testing.F) {
	for _, raw := range []string{arrival, permit, visa, sticker, residence} {
		f.Add(unhex(f, raw))
	}
	f.Add([]byte{magic, version4})
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := ParseSeal(raw)
		if err != nil {
			return
		}
		if len(s.signature) < minSignature || len(s.Features) == 0 || !bytes.HasPrefix(raw, s.signed) || len(s.Signer) != 4 {
			t.Errorf("a seal of %d features, signature of %d bytes", len(s.Features), len(s.signature))
		}
		if zone, err := s.Zone(); err == nil && (len(zone) != 2 || len(zone[0]) != len(zone[1]) ||
			strings.Trim(zone[0]+zone[1], "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<") != "") {
			t.Errorf("zone %q", zone)
		}
		_, _ = s.Visa()
	})
}
