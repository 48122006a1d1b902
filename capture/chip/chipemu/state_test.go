package chipemu_test

import (
	"errors"
	"fmt"
	"testing"

	"boothd/capture/chip/access"
	"boothd/capture/chip/apdu"
	"boothd/capture/chip/chipemu"
	"boothd/capture/chip/secure"
	"boothd/capture/chip/security"
)

const selectApplication = "00A4040C07A0000002471001"

func TestTheChipIsStrict(t *testing.T) {
	modern := issue(t, document(t, 1, nil), newIssuer(t, false))
	quirky := func(change func(*chipemu.Quirks)) *chipemu.Issued {
		return issue(t, document(t, 1, func(d *chipemu.Document) {
			d.Portrait.Data = nil
			change(&d.Quirks)
		}), newIssuer(t, false))
	}
	short := quirky(func(q *chipemu.Quirks) { *q = chipemu.Quirks{} })
	const pace = "0022C1A40F800A04007F00070202040202830101"
	tests := []struct {
		name   string
		issued *chipemu.Issued
		steps  [][2]string // status only; more of the answer is not compared
	}{
		{"commands that are none", modern, [][2]string{{"00A4", "6700"}, {"00A4040C0301", "6700"}, {"80A40000", "6E00"}, {"00FF0000", "6D00"}}},
		{"extended length without", short, [][2]string{{"00B09C00000100", "6700"}}},
		{"extended length with", modern, [][2]string{{"00B09C00000101", "6282"}, {"00B09C00000000", "9000"}}},
		{"selecting by wrong parameters", modern, [][2]string{
			{"00A4040C06A00000024710", "6A82"}, {"00A4040107A0000002471001", "6A86"}, {"00A4080C020101", "6A86"}, {"00A4020C0101", "6700"}, {"00A4020C029999", "6A82"},
		}},
		{"selecting with control information", modern, [][2]string{{"00A4040007A000000247100100", "9000"}, {"00A4000000", "9000"}}},
		{"files of the application before access", modern, [][2]string{
			{"00A4020C020101", "6A82"}, {selectApplication, "9000"}, {"00A4020C020101", "6982"}, {"00B0810000", "6982"}, {"00B0000000", "6986"}, {"008800000801020304050607080000", "6700"},
		}},
		{"files beside the application", modern, [][2]string{
			{"00A4020C02011C", "9000"}, {"00B0000001", "9000"}, {"00B0000000", "9000"}, {"00B00000FF", "6282"}, {"00B0010000", "6B00"},
			{"00B09D0000", "6A82"}, {"00B09E0000", "9000"}, {"00B08100FF", "6282"}, {"00B09200FF", "6A82"}, {"00B0E10000", "6A86"}, {"00B00000", "6700"},
		}},
		{"long offsets", modern, [][2]string{
			{"00B1001C0354010000", "9000"}, {"00B1000003540101FF", "6282"}, {"00B1000004540200FF05", "6B00"}, {"00B1000003550100FF", "6A80"},
			{"00B100000354010002", "6700"}, {"00B1011C0354010000", "9000"}, {"00B1777703540100FF", "6A82"}, {"00B10000075405000000000005", "6A80"},
		}},
		{"no short identifiers", quirky(func(q *chipemu.Quirks) { q.NoShortID = true }), [][2]string{{"00B09C0000", "6A86"}}},
		{"no long offsets", quirky(func(q *chipemu.Quirks) { q.NoLongOffset = true }), [][2]string{{"00B1001C0354010000", "6D00"}}},
		{"no Le", quirky(func(q *chipemu.Quirks) { q.NoLe = true }), [][2]string{{"00A4040007A000000247100100", "6700"}, {selectApplication, "9000"}}},
		{"warnings at the end", quirky(func(q *chipemu.Quirks) { q.WarnsAtEnd = true }), [][2]string{{"00B09C0000", "6282"}}},
		{"a challenge out of its place", modern, [][2]string{
			{"0084000008", "6985"}, {selectApplication, "9000"}, {"0084000004", "6700"}, {"0084000108", "6A86"}, {"0084000008", "9000"},
			{"00A4040C07A0000002471001", "9000"}, {"0082000028" + fmt.Sprintf("%080d", 0) + "28", "6985"},
		}},
		{"a wrong answer to a challenge", modern, [][2]string{
			{selectApplication, "9000"}, {"0084000008", "9000"}, {"0082000028" + fmt.Sprintf("%080d", 0) + "28", "6300"}, {"0082000028" + fmt.Sprintf("%080d", 0) + "28", "6985"},
			{"0084000008", "9000"}, {"00820000010028", "6700"},
		}},
		{"settings of PACE that are none", modern, [][2]string{
			{"0022C1A40F800A04007F00070202040203830101", "6A80"}, {"0022C1A40F800A04007F00070202040202830103", "6A88"}, {"0022C1A40C800A04007F00070202040202", "6A80"},
			{"0022C1A412800A04007F0007020204020283010184010C", "6A88"}, {"0022C1A412800A04007F0007020204020283010184010D", "9000"}, {"0022C1A401FF", "6A80"}, {"0022C1A60100", "6A86"},
			{"0022C1A412800A04007F0007020204020283010185010D", "6A80"},
		}},
		{"PACE out of order", modern, [][2]string{
			{"10860000027C0000", "6985"}, {pace, "9000"}, {"00860000027C0000", "6A80"}, {"10860000027C0000", "6985"},
			{pace, "9000"}, {"10860000057C0381010000", "6A80"}, {pace, "9000"}, {"10860000027C0000", "9000"}, {"1086000002FF0000", "6A80"},
			{pace, "9000"}, {"00B09C0000", "9000"}, {"10860000027C0000", "6985"},
			{pace, "9000"}, {"10860000027C0000", "9000"}, {"10860000057C0381010400", "6A80"}, {pace, "9000"}, {"10860001027C0000", "6A86"},
		}},
		{"chaining where there is none", modern, [][2]string{{"10A4040C07A0000002471001", "6884"}}},
		{"what belongs into a session", modern, [][2]string{
			{"002241A401FF", "6982"}, {"002241A601FF", "6982"}, {"002281B6020102", "6985"}, {"002281A4028300", "6985"}, {"002A00BE020102", "6985"}, {"002A00BF020102", "6A86"},
			{"0CB09C000D97010" + "08E080000000000000000" + "00", "6988"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := lay(t, test.issued)
			for i, step := range test.steps {
				got, err := c.Transmit(t.Context(), unhex(t, step[0]))
				if err != nil || len(got) < 2 || fmt.Sprintf("%X", got[len(got)-2:]) != step[1] {
					t.Errorf("step %d, %s: %X, %v, want %s", i+1, step[0], got, err, step[1])
				}
			}
		})
	}
}

// session opens a chip by BAC, and the application with it.
func session(t *testing.T, d chipemu.Document, options ...chipemu.Option) (*chipemu.Chip, *terminal) {
	t.Helper()
	c := lay(t, issue(t, d, newIssuer(t, false)), options...)
	r := newTerminal(t, c)
	if err := r.bac(password(t, d.MRZ)); err != nil {
		t.Fatal(err)
	}
	return c, r
}

func TestASessionEndsWithTheFirstFault(t *testing.T) {
	d := document(t, 1, nil)
	read := apdu.Command{INS: 0xB0, P1: 0x81, Ne: 4}
	for name, test := range map[string]struct {
		spoil func(*terminal) []byte
		want  string
	}{
		"a command in the clear": {func(*terminal) []byte { return []byte{0, 0xA4, 0, 0x0C} }, "9000"},
		"a wrong code": {func(r *terminal) []byte {
			p, _ := r.opened.Session.Protect(read)
			p.Data[len(p.Data)-1] ^= 1
			b, _ := p.Encode()
			return b
		}, "6988"},
		"no code": {func(*terminal) []byte { return unhex(t, "0CB081000397010400") }, "6987"},
		"a header that was changed": {func(r *terminal) []byte {
			p, _ := r.opened.Session.Protect(read)
			p.P1++
			b, _ := p.Encode()
			return b
		}, "6988"},
	} {
		t.Run(name, func(t *testing.T) {
			c, r := session(t, d)
			got, err := c.Transmit(t.Context(), test.spoil(r))
			if err != nil || fmt.Sprintf("%X", got) != test.want {
				t.Errorf("got %X, %v, want %s", got, err, test.want)
			}
			if got, _ := c.Transmit(t.Context(), unhex(t, "0CB0810000")); fmt.Sprintf("%X", got) != "6988" {
				t.Errorf("after it: %X", got)
			}
			if got, _ := c.Transmit(t.Context(), []byte{0, 0xB0, 0x82, 0, 0}); len(got) != 2 || got[0] == 0x90 {
				t.Errorf("DG2 in the clear: %X", got)
			}
		})
	}
}

func TestAnErrorEndsTheSessionOfSomeChips(t *testing.T) {
	for _, lost := range []bool{false, true} {
		_, r := session(t, document(t, 1, func(d *chipemu.Document) { d.Quirks.LostAfterError = lost }))
		if a, err := r.send(t.Context(), apdu.Command{INS: 0xA4, P1: 2, P2: 0x0C, Data: []byte{1, 9}}); err != nil || a.Status != apdu.FileNotFound {
			t.Fatalf("%v, %v", a.Status, err)
		}
		_, err := r.send(t.Context(), apdu.Command{INS: 0xB0, P1: 0x81, Ne: 4})
		if lost && !(errors.Is(err, secure.ErrEnded) && errors.Is(err, apdu.SecureMessagingWrong)) || !lost && err != nil {
			t.Errorf("lost %v: %v", lost, err)
		}
	}
}

func TestAnswersFillWhatTheCommandHasRoomFor(t *testing.T) {
	for _, test := range []struct {
		ne, extended int
		want         int
	}{
		{100, 0, 100}, {223, 0, 223}, {231, 0, 231}, {256, 0, 231}, {10_000, 32 << 10, 10_000}, {65536, 32 << 10, 32743}, {65536, 1000, 975},
	} {
		_, r := session(t, document(t, 1, func(d *chipemu.Document) { d.Portrait.Size, d.Quirks.Extended = 100_000, test.extended }))
		a, err := r.send(t.Context(), apdu.Command{INS: 0xB0, P1: 0x82, Ne: test.ne})
		if err != nil || a.Status != apdu.OK || len(a.Data) != test.want {
			t.Errorf("%+v: %d bytes, %v, %v", test, len(a.Data), a.Status, err)
		}
		data := []byte{0x54, 3, 1, 0, 0}
		if a, err = r.send(t.Context(), apdu.Command{INS: 0xB1, Data: data, Ne: test.ne}); err != nil || a.Status != apdu.OK || len(a.Data) != test.want {
			t.Errorf("%+v, long offset: %d bytes, %v, %v", test, len(a.Data), a.Status, err)
		}
	}
}

func TestALongSignatureNeedsExtendedLength(t *testing.T) {
	for _, extended := range []int{0, 1024} {
		d := document(t, 1, func(d *chipemu.Document) {
			d.Active = &chipemu.Active{Bits: 2048}
			d.Quirks.Extended = extended
		})
		_, r := session(t, d)
		if err := r.readAll(); err != nil {
			t.Fatal(err)
		}
		_, err := r.active()
		if extended == 0 && !errors.Is(err, apdu.WrongLength) || extended > 0 && err != nil {
			t.Errorf("extended %d: %v", extended, err)
		}
	}
}

func TestWrongPasswordsAreCountedWhereTheChipCounts(t *testing.T) {
	d := document(t, 1, func(d *chipemu.Document) { d.Access.Tries = 2 })
	c := lay(t, issue(t, d, newIssuer(t, false)))
	wrong, _ := access.CAN("999999")
	right, _ := access.CAN(d.CAN)
	try := func(p access.Password) error {
		if err := c.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		return newTerminal(t, c).pace(p, access.Choose, access.Options{})
	}
	for i, step := range []struct {
		p    access.Password
		want error
	}{
		{wrong, access.ErrRefused}, {right, nil}, {wrong, access.ErrRefused}, {wrong, access.ErrRefused}, {right, apdu.AuthenticationBlocked},
		{password(t, d.MRZ), nil},
	} {
		if err := try(step.p); !errors.Is(err, step.want) || (err == nil) != (step.want == nil) {
			t.Errorf("try %d: %v, want %v", i+1, err, step.want)
		}
	}
}

func TestATerminalThatSendsTheChipsOwnKeyOrAForeignPointIsRefused(t *testing.T) {
	g, err := security.Standard(13)
	if err != nil {
		t.Fatal(err)
	}
	off := g.Encode(g.Generator())
	off[len(off)-1] ^= 1
	c := lay(t, issue(t, document(t, 1, nil), newIssuer(t, false)))
	for _, step := range [][2]string{
		{"0022C1A40F800A04007F00070202040202830101", "9000"}, {"10860000027C0000", "9000"},
		{fmt.Sprintf("10860000457C438141%X00", off), "6A80"}, {"10860000027C0000", "6985"},
	} {
		if got, err := c.Transmit(t.Context(), unhex(t, step[0])); err != nil || fmt.Sprintf("%X", got[len(got)-2:]) != step[1] {
			t.Errorf("%s: %X, %v", step[0], got, err)
		}
	}
}

func TestChipAuthenticationRefusesWhatIsNoKey(t *testing.T) {
	_, r := session(t, document(t, 1, nil))
	if err := r.readAll(); err != nil {
		t.Fatal(err)
	}
	set := apdu.Command{INS: 0x22, P1: 0x41, P2: 0xA4, Data: unhex(t, "800A04007F00070202030202")}
	for name, step := range map[string]struct {
		c    apdu.Command
		want apdu.Status
	}{
		"a key off the curve":    {apdu.Command{INS: 0x86, Data: unhex(t, "7C438041"+"04"+fmt.Sprintf("%0128d", 1)), Ne: 256}, apdu.WrongData},
		"no key":                 {apdu.Command{INS: 0x86, Data: unhex(t, "7C00"), Ne: 256}, apdu.WrongData},
		"chained":                {apdu.Command{CLA: 0x10, INS: 0x86, Data: unhex(t, "7C00"), Ne: 256}, 0x6883},
		"3DES, which it has not": {apdu.Command{INS: 0x22, P1: 0x41, P2: 0xA6, Data: unhex(t, "910104")}, apdu.WrongData},
		"another name":           {apdu.Command{INS: 0x22, P1: 0x41, P2: 0xA4, Data: unhex(t, "800A04007F00070202030202 840101")}, apdu.ReferenceNotFound},
	} {
		if a, err := r.send(t.Context(), set); err != nil || a.Status != apdu.OK {
			t.Fatalf("%v, %v", a.Status, err)
		}
		if a, err := r.send(t.Context(), step.c); err != nil || a.Status != step.want {
			t.Errorf("%s: %v, %v, want %v", name, a.Status, err, step.want)
		}
	}
	// None of it harmed the session.
	if err := r.agree(); err != nil {
		t.Error(err)
	}
}

func TestResetForgetsEverything(t *testing.T) {
	c, _ := session(t, document(t, 1, nil))
	if err := c.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]string{"00B0820000": "6A82", "00B0000000": "6986", "0084000008": "6985"} {
		if got, err := c.Transmit(t.Context(), unhex(t, command)); err != nil || fmt.Sprintf("%X", got) != want {
			t.Errorf("%s: %X, %v", command, got, err)
		}
	}
}

func FuzzTransmit(f *testing.F) {
	d := document(f, 1, func(d *chipemu.Document) {
		d.Portrait.Data = nil
		d.Active = &chipemu.Active{Curve: 12}
		d.Access.PACE = append(d.Access.PACE[:1:1], chipemu.PACE{Protocol: "ECDH-CAM-AES-128", Parameters: 12})
	})
	p := newInspectors(f, guardedCurve, 3)
	d.Terminal = &chipemu.Terminal{Roots: [][]byte{p.root.Certificate.Raw}}
	issued := issue(f, d, newIssuer(f, false))
	pw := password(f, d.MRZ)
	for _, seed := range []string{
		selectApplication, "00B09C0000", "00B1001C03540100FF", "0022C1A40F800A04007F00070202040202830101", "10860000027C0000",
		"0084000008", "0088000008010203040506070800", "002241A40C800A04007F00070202030202", "002281B60D830B5554435643413030303031",
		"00A4000C023F00", "00B09D00000000",
	} {
		f.Add([]byte{0}, unhex(f, seed))
		f.Add([]byte{1}, unhex(f, seed))
	}
	content := p.next.Certificate.Raw[4:]
	f.Add([]byte{1}, append([]byte{0, 0x2A, 0, 0xBE, 0, byte(len(content) >> 8), byte(len(content))}, content...))
	c := lay(f, issued) // laying it verifies certificates, which takes long
	f.Fuzz(func(t *testing.T, how, input []byte) {
		if err := c.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		r := newTerminal(t, c)
		if len(how) > 0 && how[0]&1 == 1 { // within a session
			if err := r.bac(pw); err != nil {
				t.Fatal(err)
			}
		}
		// Several commands, each behind a byte of length.
		for rest := input; len(rest) > 0; {
			n := len(rest)
			if len(how) > 1 {
				n = min(n, 1+int(how[1]))
			}
			command := rest[:n]
			rest = rest[n:]
			answer, err := c.Transmit(t.Context(), command)
			if err != nil || len(answer) < 2 || len(answer) > apdu.MaxNe+2 {
				t.Fatalf("answer of %d bytes, %v", len(answer), err)
			}
			if parsed, err := apdu.Parse(command); err == nil && r.opened != nil && parsed.CLA&0x0C == 0 {
				if a, err := r.send(t.Context(), parsed); err == nil && len(a.Data) > parsed.Ne {
					t.Fatalf("protected answer of %d bytes to Ne %d", len(a.Data), parsed.Ne)
				}
			}
		}
	})
}

func BenchmarkInspection(b *testing.B) {
	d := document(b, 1, nil)
	issued := issue(b, d, newIssuer(b, false))
	for b.Loop() {
		if err := inspect(b, lay(b, issued), d); err != nil {
			b.Fatal(err)
		}
	}
}
