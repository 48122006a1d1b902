package access

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"boothd/capture/chip/apdu"
)

func TestEndlessAndDrippingFilesAreGivenUp(t *testing.T) {
	for name, answer := range map[string][]byte{
		"dripping":         {0x31, 0x82, 0x10, 0x00},
		"of 16 megabytes":  {0x31, 0x83, 0xFF, 0xFF, 0xFF},
		"ending at once":   {},
		"without a length": {0x31},
	} {
		card := &chip{t: t, alter: map[int]func(apdu.Response) apdu.Response{-1: func(apdu.Response) apdu.Response {
			return apdu.Response{Data: answer, Status: apdu.OK}
		}}}
		if _, err := CardAccess(t.Context(), card); err == nil || card.count > 3+maxReads {
			t.Errorf("a file %s: %v after %d commands", name, err, card.count)
		}
	}
}

func TestCardAccessIsFoundByChipsOfManyKinds(t *testing.T) {
	const file = "31143012060A04007F0007020204020202010202010D"
	long := "318201" + "10" + strings.Repeat("00", 272)
	tests := []struct {
		name  string
		steps [][2]string
		want  string
		err   error
	}{
		{"by short identifier", [][2]string{{"00B09C0000", file + "6282"}}, file, nil},
		{"with zeros behind the file", [][2]string{{"00B09C0000", file + "0000" + "9000"}}, file, nil},
		{"in two parts", [][2]string{{"00B09C0000", long[:512] + "9000"}, {"00B0010014", long[512:] + "9000"}}, long, nil},
		{"by selection", [][2]string{{"00B09C0000", "6A86"}, {"00A4020C02011C", "9000"}, {"00B0000000", file + "9000"}}, file, nil},
		{"by selection from elsewhere", [][2]string{{"00B09C0000", "6986"}, {"00A4020C02011C", "6A82"}, {"00A4000C023F00", "9000"}, {"00A4020C02011C", "9000"}, {"00B0000000", file + "9000"}}, file, nil},
		{"not at all", [][2]string{{"00B09C0000", "6A82"}, {"00A4020C02011C", "6A82"}, {"00A4000C023F00", "6A86"}, {"00A40000023F0000", "6A86"}, {"00A4020C02011C", "6A82"}}, "", apdu.FileNotFound},
		{"by selection that says what it selected", [][2]string{{"00B09C0000", "6A86"}, {"00A4020C02011C", "6A86"}, {"00A4020002011C00", "6F009000"}, {"00B0000000", file + "9000"}}, file, nil},
		{"cut", [][2]string{{"00B09C0000", file[:20] + "9000"}, {"00B0000A0C", "6B00"}}, "", ErrProtocol},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			card := &script{t, test.steps}
			got, err := CardAccess(t.Context(), card)
			if !errors.Is(err, test.err) || !bytes.Equal(got, unhex(t, test.want)) || len(card.steps) != 0 {
				t.Errorf("got %X, %v, %d steps left", got, err, len(card.steps))
			}
		})
	}
}

func TestBACWithAChipThatBreaksTheProtocol(t *testing.T) {
	p, err := MRZ("L898902C", "690806", "940623")
	if err != nil {
		t.Fatal(err)
	}
	const challenge, sent = "4608F91988702212", "0082000028 72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2 5F1448EEA8AD90A7 28"
	const right = "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F 2F2D235D074D7449"
	tests := []struct {
		name, challenge, answer string
		want                    error
	}{
		{"no challenge", "6985", "", apdu.ConditionsNotSatisfied},
		{"a short challenge", "4608F9198870229000", "", ErrProtocol},
		{"a long challenge", challenge + "00" + "9000", "", ErrProtocol},
		{"a refusal", challenge + "9000", "6300", ErrRefused},
		{"an altered answer", challenge + "9000", strings.Replace(right, "46B9", "46B8", 1) + "9000", ErrProtocol},
		{"an altered code", challenge + "9000", strings.Replace(right, "7449", "7448", 1) + "9000", ErrProtocol},
		{"a short answer", challenge + "9000", right[:40] + "9000", ErrProtocol},
		{"no answer", challenge + "9000", "9000", ErrProtocol},
		{"our own words", challenge + "9000", sent[10:len(sent)-3] + "9000", ErrProtocol},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			steps := [][2]string{{"0084000008", test.challenge}}
			if test.answer != "" {
				steps = append(steps, [2]string{sent, test.answer})
			}
			card := &script{t, steps}
			random := bytes.NewReader(unhex(t, "781723860C06C226 0B795240CB7049B01C19B33E32804F0B"))
			if s, err := BAC(t.Context(), card, p, random); !errors.Is(err, test.want) || s != nil || len(card.steps) != 0 {
				t.Errorf("got %v, %d steps left", err, len(card.steps))
			}
		})
	}
	if _, err := BAC(t.Context(), &script{t, nil}, password(t), nil); !errors.Is(err, ErrNotSupported) {
		t.Errorf("a card access number: %v", err)
	}
}

func TestPasswordsAreNeverShown(t *testing.T) {
	p := password(t)
	if shown := fmt.Sprintf("%v %+v %#v %s %v", p, p, p, p, p.LogValue()); strings.Contains(shown, "123456") || strings.Contains(shown, "49 50") {
		t.Error("a format shows the secret")
	}
	for _, bad := range []string{"12345", "1234567", "12345A", ""} {
		if _, err := CAN(bad); err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("card access number %q: %v", bad, err)
		}
	}
	for name, bad := range map[string][3]string{
		"no number":        {"", "690806", "940623"},
		"a long number":    {strings.Repeat("A", 23), "690806", "940623"},
		"a short birth":    {"L898902C", "69080", "940623"},
		"a strange expiry": {"L898902C", "690806", "94O62!"},
		"a small letter":   {"l898902C", "690806", "940623"},
	} {
		if _, err := MRZ(bad[0], bad[1], bad[2]); err == nil || strings.Contains(err.Error(), "898902") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzCardAccess(f *testing.F) {
	f.Add([]byte("\x31\x14\x30\x12\x06\x0A\x04\x00\x7F\x00\x07\x02\x02\x04\x02\x02\x02\x01\x02\x02\x01\x0D"))
	f.Add([]byte("\x31\x82\x7F\xFF"))
	f.Add([]byte("\x31\x84\xFF"))
	f.Fuzz(func(t *testing.T, file []byte) {
		card := &chip{t: t, cardFile: file}
		got, err := CardAccess(t.Context(), card)
		if err == nil && !bytes.HasPrefix(file, got) {
			t.Fatal("another file than the chip's")
		}
		if card.count > 3+maxReads {
			t.Fatalf("%d commands", card.count)
		}
	})
}
