package apdu_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"boothd/capture/chip/apdu"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCommandsAreEncodedInTheShortestFormAndParsedBack(t *testing.T) {
	long := strings.Repeat("AB", 256)
	tests := []struct {
		name string
		c    apdu.Command
		want string
	}{
		{"neither data nor answer", apdu.Command{INS: 0xA4, P1: 4, P2: 0x0C}, "00A4040C"},
		{"an answer", apdu.Command{INS: 0x84, Ne: 8}, "0084000008"},
		{"the longest short answer", apdu.Command{INS: 0xB0, P1: 0x9C, Ne: 256}, "00B09C0000"},
		{"data", apdu.Command{INS: 0xA4, P1: 2, P2: 0x0C, Data: []byte{1, 0x1E}}, "00A4020C02011E"},
		{"data and an answer", apdu.Command{CLA: 0x10, INS: 0x86, Data: []byte{0x7C, 0}, Ne: 256}, "10860000027C0000"},
		{"an answer of more than 256 bytes", apdu.Command{INS: 0xB0, Ne: 257}, "00B00000000101"},
		{"all there is", apdu.Command{INS: 0xB0, Ne: 65536}, "00B00000000000"},
		{"more than 255 bytes of data", apdu.Command{INS: 0x86, Data: unhex(t, long)}, "00860000000100" + long},
		{"long data and an answer", apdu.Command{INS: 0x86, Data: unhex(t, long), Ne: 256}, "00860000000100" + long + "0100"},
		{"little data and a long answer", apdu.Command{INS: 0xB1, Data: []byte{0x54, 1, 0}, Ne: 1000}, "00B100000000035401" + "0003E8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, err := test.c.Encode()
			if err != nil || !bytes.Equal(b, unhex(t, test.want)) {
				t.Fatalf("got %X, %v; want %s", b, err, test.want)
			}
			back, err := apdu.Parse(b)
			if err != nil || !reflect.DeepEqual(back, test.c) {
				t.Errorf("parsed back: %+v, %v; want %+v", back, err, test.c)
			}
		})
	}
}

func TestLengthsOutOfRangeAreRefused(t *testing.T) {
	for _, c := range []apdu.Command{{Data: make([]byte, 65536)}, {Ne: 65537}, {Ne: -1}} {
		if b, err := c.Encode(); err == nil {
			t.Errorf("data of %d and answer of %d bytes: encoded in %d bytes", len(c.Data), c.Ne, len(b))
		}
	}
}

func TestBytesThatAreNoCommandAreRefused(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":                      "",
		"three bytes":                  "00A404",
		"data shorter than announced":  "00A4040C0301",
		"data longer than announced":   "00A4040C01010203",
		"a cut extended length":        "00A4040C0001",
		"extended data of zero bytes":  "00A4040C00000001",
		"extended data cut":            "00A4040C00000501",
		"half an extended answer size": "00A4040C000001AA00",
	} {
		if c, err := apdu.Parse(unhex(t, in)); !errors.Is(err, apdu.ErrMalformed) {
			t.Errorf("%s: got %+v, %v", name, c, err)
		}
	}
	if _, err := apdu.ParseResponse([]byte{0x90}); !errors.Is(err, apdu.ErrMalformed) {
		t.Errorf("half a status: %v", err)
	}
}

func TestStatusSaysWhatItMeans(t *testing.T) {
	for status, want := range map[apdu.Status]string{
		apdu.FileNotFound: "6A82 file not found",
		0x63C2:            "63C2 tries left: 2",
		0x6110:            "6110 more data available",
		0x6581:            "6581 execution error",
		0x9FFF:            "9FFF",
	} {
		if got := status.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if apdu.OK.Err() != nil || !errors.Is(fmt.Errorf("read: %w", apdu.FileNotFound.Err()), apdu.FileNotFound) {
		t.Error("Err does not tell success from failure")
	}
}

func TestNothingOfACommandIsShown(t *testing.T) {
	c := apdu.Command{INS: 0x86, Data: []byte("secret")}
	r := apdu.Response{Data: []byte("secret"), Status: apdu.OK}
	shown := fmt.Sprint(c, c.LogValue(), r.LogValue())
	if strings.Contains(shown, "secret") || strings.Contains(shown, hex.EncodeToString([]byte("secret"))) {
		t.Errorf("shown: %s", shown)
	}
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
		s.t.Errorf("command %X, want %X", command, want)
	}
	return unhex(s.t, step[1]), nil
}

func (s *script) Reset(context.Context) error { return nil }
func (s *script) Close() error                { return nil }

func TestSendFollowsWhatContactProtocolsAnswer(t *testing.T) {
	read := apdu.Command{INS: 0xB0, Ne: 256}
	tests := []struct {
		name  string
		c     apdu.Command
		steps [][2]string
		want  string
	}{
		{"an answer as it comes", read, [][2]string{{"00B0000000", "AABB9000"}}, "AABB9000"},
		{"a warning with its data", read, [][2]string{{"00B0000000", "AABB6282"}}, "AABB6282"},
		{"more data", read, [][2]string{{"00B0000000", "AA6102"}, {"00C0000002", "BBCC6101"}, {"00C0000001", "DD9000"}}, "AABBCCDD9000"},
		{"another length", read, [][2]string{{"00B0000000", "6C02"}, {"00B0000002", "AABB9000"}}, "AABB9000"},
		{"another length, again and again", read, [][2]string{{"00B0000000", "6C02"}, {"00B0000002", "6C03"}}, "6C03"},
		{"another length for a protected command", apdu.Command{CLA: 0x0C, INS: 0xB0, Ne: 256}, [][2]string{{"0CB0000000", "6C02"}}, "6C02"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			card := &script{t, test.steps}
			r, err := apdu.Send(t.Context(), card, test.c)
			if err != nil || !bytes.Equal(r.Encode(), unhex(t, test.want)) || len(card.steps) != 0 {
				t.Errorf("got %X, %v, %d steps left", r.Encode(), err, len(card.steps))
			}
		})
	}
}

// endless is a card that always has more.
type endless struct{ script }

func (*endless) Transmit(context.Context, []byte) ([]byte, error) {
	return append(make([]byte, 250), 0x61, 0), nil
}

func TestSendEndsAnAnswerWithoutAnEnd(t *testing.T) {
	if _, err := apdu.Send(t.Context(), &endless{}, apdu.Command{INS: 0xB0, Ne: 256}); !errors.Is(err, apdu.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"00A4040C", "10860000027C0000", "00B00000000101", "00860000000002AABB0100", "00A4040C00000501"} {
		b, _ := hex.DecodeString(seed)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := apdu.Parse(b)
		if err != nil {
			if !errors.Is(err, apdu.ErrMalformed) {
				t.Fatalf("unknown error %v", err)
			}
			return
		}
		again, err := c.Encode()
		if err != nil {
			t.Fatalf("what was parsed cannot be encoded: %v", err)
		}
		if back, err := apdu.Parse(again); err != nil || !reflect.DeepEqual(back, c) {
			t.Fatalf("parsed %+v, then %+v, %v", c, back, err)
		}
	})
}
