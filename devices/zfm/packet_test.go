package zfm

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

// take pushes data in pieces and returns the packets that it holds.
func take(p *parser, data []byte, piece int) (packets []packet) {
	for chunk := range slices.Chunk(data, piece) {
		p.push(chunk)
		for {
			got, ok := p.next()
			if !ok {
				break
			}
			got.content = bytes.Clone(got.content)
			packets = append(packets, got)
		}
	}
	return packets
}

// TestCommandsAreThoseOfTheManuals compares with complete frames of the makers' manuals.
func TestCommandsAreThoseOfTheManuals(t *testing.T) {
	for want, content := range map[string][]byte{
		"ef 01 ff ff ff ff 01 00 07 13 00 00 00 00 00 1b": {byte(verifyPassword), 0, 0, 0, 0},
		"ef 01 ff ff ff ff 01 00 03 0f 00 13":             {byte(readParameters)},
		"ef 01 ff ff ff ff 01 00 03 01 00 05":             {byte(takeImage)},
		"ef 01 ff ff ff ff 01 00 03 0a 00 0e":             {byte(upImage)},
		"ef 01 ff ff ff ff 01 00 05 0e 06 03 00 1d":       {byte(setParameter), registerPacket, packet256},
		"ef 01 ff ff ff ff 01 00 05 0e 04 0c 00 24":       {byte(setParameter), registerBaud, 12},
		"ef 01 ff ff ff ff 01 00 03 50 00 54":             {byte(lampOn)},
		"ef 01 ff ff ff ff 01 00 03 51 00 55":             {byte(lampOff)},
		"ef 01 ff ff ff ff 01 00 03 52 00 56":             {byte(takeImageOnly)},
		"ef 01 ff ff ff ff 01 00 07 35 01 64 02 00 00 a4": {byte(ring), ringBreathes, ringSlow, ringBlue, ringEndless},
	} {
		if got := encode(anyAddress, kindCommand, content...); hex.EncodeToString(got) != strings.ReplaceAll(want, " ", "") {
			t.Errorf("% x; want %s", got, want)
		}
	}
}

func TestPacketsAreFoundWhateverIsBetweenThem(t *testing.T) {
	ok := encode(anyAddress, kindAcknowledge, 0)
	full := encode(anyAddress, kindData, bytes.Repeat([]byte{0xef, 0x01}, 128)...)
	last := encode(anyAddress, kindLast, 1, 2, 3)
	short := slices.Delete(bytes.Clone(full), 100, 101)
	spoilt := bytes.Clone(full)
	spoilt[50]++
	for name, tt := range map[string]struct {
		data   []byte
		want   int
		spoilt bool
	}{
		"nothing":                           {slices.Concat(ok, full, last), 3, false},
		"the byte of a module that wakes":   {slices.Concat([]byte{0x55}, ok), 1, false},
		"the start of a packet":             {slices.Concat([]byte{0xef, 0x01, 0xef}, ok), 1, false},
		"a packet from another address":     {slices.Concat(encode(7, kindAcknowledge, 0), ok), 1, false},
		"a length that is too long":         {slices.Concat([]byte{0xef, 1, 255, 255, 255, 255, 2, 1, 3}, ok), 1, false},
		"a length that is too short":        {slices.Concat([]byte{0xef, 1, 255, 255, 255, 255, 2, 0, 2}, ok), 1, false},
		"a packet that lost a byte":         {slices.Concat(short, last, last), 2, true},
		"a packet of which a byte is wrong": {slices.Concat(spoilt, last), 1, true},
	} {
		for _, piece := range []int{1, 7, 1000} {
			p := parser{address: anyAddress}
			got := take(&p, tt.data, piece)
			if len(got) != tt.want || (p.spoilt > 0) != tt.spoilt {
				t.Errorf("%s, in pieces of %d: %d packets, %d spoilt", name, piece, len(got), p.spoilt)
			}
		}
	}
}

func FuzzParser(f *testing.F) {
	f.Add(encode(anyAddress, kindAcknowledge, 0), 3)
	f.Add(encode(anyAddress, kindData, make([]byte, 256)...), 100)
	f.Add(slices.Concat([]byte{0x55, 0xef, 0x01}, encode(anyAddress, kindLast, 0xef, 0x01)), 1)
	f.Add(encode(0, kindAcknowledge, 0x21), 7)
	f.Fuzz(func(t *testing.T, data []byte, piece int) {
		p := parser{address: anyAddress}
		for _, got := range take(&p, data, 1+piece&0xff) {
			if len(got.content) < 1 || len(got.content) > maxContent ||
				!bytes.Contains(data, encode(anyAddress, got.kind, got.content...)) {
				t.Errorf("the packet % x was not sent", got.content)
			}
		}
		if left := len(p.buf) - p.from; left >= headLen+maxContent+sumLen {
			t.Errorf("%d bytes are kept", left)
		}
		// Whatever came before, after a silence a packet is read.
		p.reset()
		if got := take(&p, encode(anyAddress, kindLast, 1, 2, 3), 5); len(got) != 1 || !bytes.Equal(got[0].content, []byte{1, 2, 3}) {
			t.Errorf("after the input: %v", got)
		}
	})
}
