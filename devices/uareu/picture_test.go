package uareu

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
)

// The worked examples come from recordings of a 4500 and of a Microsoft v2.
var recorded = []struct {
	name   string
	key    [4]byte // as read from the register
	number byte
	first  uint32 // register value of the first block
	masks  []byte
	blocks []block
	before []uint32 // register value before each block
}{
	{
		name: "4500", key: [4]byte{0xf2, 0x28, 0xae, 0x05}, number: 0, first: 0x544409D6,
		masks: []byte{0x17, 0xA0, 0x41, 0x03, 0xD9, 0xA0},
		blocks: []block{
			{0x02, 72}, {0x00, 1}, {0x02, 49}, {0x01, 1}, {0x00, 1}, {0x02, 49}, {0x00, 1}, {0x02, 116},
		},
		before: []uint32{
			0x544409D6, 0xE42835F8, 0x680E6753, 0x3B43A396, 0xADFA5D0E, 0xCB536F1B, 0x3C571C3C, 0x585E95F3,
		},
	},
	{
		name: "Microsoft v2", key: [4]byte{0x7b, 0x4e, 0x63, 0x8a}, number: 5, first: 0xDB896F5F,
		masks: []byte{0x4F, 0xD2, 0xAF, 0xE6},
		blocks: []block{
			{0x02, 67}, {0x00, 1}, {0x02, 49}, {0x01, 1}, {0x00, 1}, {0x02, 49}, {0x00, 1}, {0x02, 121},
		},
	},
}

const recordedSeed = 0x51EA2124

func TestKeyRegisterFollowsTheRecordings(t *testing.T) {
	for _, r := range recorded {
		t.Run(r.name, func(t *testing.T) {
			key := keystream(binary.LittleEndian.Uint32(r.key[:]) ^ recordedSeed)
			if key != keystream(r.first) {
				t.Fatalf("register %08X; want %08X", key, r.first)
			}
			walk := key
			for i, want := range r.masks {
				if got := walk.mask(); got != want {
					t.Errorf("mask %d is %02X; want %02X", i, got, want)
				}
				walk.step()
			}
			for i, want := range r.before {
				if key != keystream(want) {
					t.Errorf("register %08X before block %d; want %08X", key, i, want)
				}
				key.skip(r.blocks[i].lines * width)
			}
		})
	}
}

func TestDescrambleGivesTheRecordedFirstPixels(t *testing.T) {
	key := keystream(0x544409D6)
	run := []byte{0x86, 0x17, 0xa0, 0x41, 0x03, 0xd9, 0xa0}
	key.descramble(run)
	if want := make([]byte, 7); !bytes.Equal(run, want) {
		t.Errorf("pixels % x; want % x", run, want)
	}
}

func TestChallengeIsAnsweredAsRecorded(t *testing.T) {
	b, err := respond([16]byte{0x4d, 0xae, 0x5a, 0x0b, 0x12, 0x47, 0xa8, 0x6c, 0x9f, 0xbf, 0x29, 0xfd, 0xcc, 0x17, 0x8a, 0x74})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", b); got != "329351371e4adfb1f35f09f329c6ab46" {
		t.Errorf("response %s", got)
	}
}

// transfer builds a transfer of plain lines, each filled with its number.
func transfer(lines int, blocks ...block) []byte {
	b := make([]byte, headerLen+lines*width)
	binary.LittleEndian.PutUint16(b[4:], uint16(lines))
	for i, d := range blocks {
		b[16+2*i], b[17+2*i] = d.flags, uint8(d.lines)
	}
	for i := range lines * width {
		b[headerLen+i] = byte(i / width)
	}
	return b
}

func TestTransfersThatAreNoPictureAreRefused(t *testing.T) {
	longHeader := transfer(3, block{0, 3})
	binary.LittleEndian.PutUint16(longHeader[4:], height)
	tests := []struct {
		name     string
		transfer []byte
	}{
		{"nothing at all", nil},
		{"half a header", make([]byte, 32)},
		{"one byte less than the lines need", transfer(3, block{0, 3})[:headerLen+3*width-1]},
		{"as many lines as the sensor has", longHeader},
		{"a block that runs past the last line", transfer(3, block{0, 4})},
		{"a second block that does", transfer(3, block{0, 2}, block{0, 2})},
		{"missing lines with too few after them to copy", transfer(3, block{0, 2}, block{flagMissing, 2}, block{0, 1})},
		{"rows past the end of the picture", transfer(200, block{flagMissing, 150}, block{flagMissing, 150}, block{0, 200})},
		{"lines without a block", transfer(3, block{0, 2})},
		{"no blocks", transfer(3)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := parsePicture(tt.transfer); !errors.Is(err, errBadPicture) {
				t.Errorf("error %v; want one matching errBadPicture", err)
			}
		})
	}
}

func TestMissingLinesAreCopiesOfThoseThatFollow(t *testing.T) {
	p, err := parsePicture(transfer(5, block{0, 2}, block{flagMissing, 1}, block{0, 1}, block{flagMissing, 2}, block{0, 2}))
	if err != nil {
		t.Fatal(err)
	}
	img, rows := p.assemble(false)
	want := []byte{0, 1, 2, 2, 3, 4, 3, 4}
	if rows != len(want) {
		t.Fatalf("%d rows; want %d", rows, len(want))
	}
	for y, line := range want {
		if got := 255 - img.GrayAt(width/2, y).Y; got != line {
			t.Errorf("row %d is line %d; want line %d", y, got, line)
		}
	}
	if got := img.GrayAt(width/2, rows).Y; got != 255 {
		t.Errorf("row without a line has grey %d; want white", got)
	}
}

func TestOnlyTheRotatedModelIsTurned(t *testing.T) {
	p, err := parsePicture(transfer(2, block{0, 2}))
	if err != nil {
		t.Fatal(err)
	}
	p.lines[0] = 200
	upright, _ := p.assemble(false)
	turned, _ := p.assemble(true)
	if upright.GrayAt(0, 0).Y != 55 || turned.GrayAt(width-1, height-1).Y != 55 {
		t.Error("the first pixel is in the wrong corner")
	}
	for _, m := range models {
		if m.rotate != (m.id.String() == "05ba:000a") {
			t.Errorf("%s: rotate is %v", m.id, m.rotate)
		}
	}
}

func TestKeysAreFetchedOncePerNewKeyBlock(t *testing.T) {
	p, err := parsePicture(transfer(8, block{flagNewKey | flagScrambled, 2}, block{flagNewKey, 2}, block{flagHold, 2}, block{0, 2}))
	if err != nil {
		t.Fatal(err)
	}
	p.key = 255
	var asked []uint8
	err = p.descramble(func(key uint8) (uint32, error) {
		asked = append(asked, key)
		return 1, nil
	})
	if err != nil || !bytes.Equal(asked, []byte{255, 0, 1}) {
		t.Errorf("keys %v were asked for, %v; want 255, 0 and 1", asked, err)
	}
}

func TestAKeyThatWasReadWrongGivesNoPicture(t *testing.T) {
	const right = 0x544409D6
	for _, tt := range []struct {
		name  string
		value uint32
		noisy bool
	}{
		{"the scanner's key", right, false},
		{"one bit of it is wrong", right ^ 1<<7, true},
		{"another key", 0x12345678, true},
	} {
		p, err := parsePicture(transfer(40, block{flagScrambled, 40}))
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.lines { // ridges that reach the edge, as rough as skin can be
			p.lines[i] = byte((i%width + i/width) / 5 % 2 * 255)
		}
		scramble(p.lines, right)
		if !p.scrambled() {
			t.Fatal("the picture does not look scrambled")
		}
		if err := p.descramble(func(uint8) (uint32, error) { return tt.value, nil }); err != nil || p.noisy != tt.noisy {
			t.Errorf("%s: noisy %t, %v", tt.name, p.noisy, err)
		}
	}
}

// scramble is the inverse of descramble, but for the last byte, which is lost.
func scramble(run []byte, key keystream) {
	plain := bytes.Clone(run)
	for i := range len(run) - 1 {
		run[i+1] = plain[i] ^ key.mask()
		key.step()
	}
}

func TestAHeldBlockNeitherMovesTheKeyNorIsUnscrambled(t *testing.T) {
	register := func(uint8) (uint32, error) { return 0x544409D6, nil }
	with, err := parsePicture(transfer(6, block{flagScrambled, 2}, block{flagHold | flagScrambled, 2}, block{flagScrambled, 2}))
	if err != nil {
		t.Fatal(err)
	}
	held := bytes.Clone(with.lines[2*width : 4*width])
	if err := with.descramble(register); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(with.lines[2*width:4*width], held) {
		t.Error("the held block was changed")
	}
	key := keystream(0x544409D6)
	key.skip(2 * width)
	last := bytes.Clone(transfer(6)[headerLen+4*width:])
	key.descramble(last)
	if !bytes.Equal(with.lines[4*width:], last) {
		t.Error("the key moved in the held block")
	}
}

func TestRoughnessTellsNoiseFromAFinger(t *testing.T) {
	smooth, rough := transfer(2, block{0, 2}), transfer(2, block{0, 2})
	key := keystream(0xDB896F5F)
	for i := range 2 * width {
		smooth[headerLen+i] = byte(100 + i%width/8)
		rough[headerLen+i] = key.mask()
		key.skip(8)
	}
	for _, tt := range []struct {
		name     string
		transfer []byte
		want     bool
	}{
		{"a soft gradient is plain", smooth, false},
		{"noise is scrambled", rough, true},
		{"one line is too little to judge", transfer(1, block{0, 1}), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := parsePicture(tt.transfer)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.scrambled(); got != tt.want {
				t.Errorf("scrambled is %v", got)
			}
		})
	}
}

func FuzzPicture(f *testing.F) {
	f.Add(transfer(0))
	f.Add(transfer(3, block{flagScrambled, 1}, block{flagMissing, 1}, block{flagNewKey | flagScrambled, 2}))
	f.Add(transfer(3, block{flagScrambled | flagMissing, 2}, block{flagHold, 3}))
	f.Add(transfer(40, block{flagScrambled, 20}, block{flagMissing, 255}, block{0, 20}))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parsePicture(bytes.Clone(b))
		if err != nil {
			if !errors.Is(err, errBadPicture) {
				t.Fatalf("error %v", err)
			}
			return
		}
		p.scrambled()
		keys := 0
		if err := p.descramble(func(uint8) (uint32, error) { keys++; return 0x544409D6, nil }); err != nil {
			t.Fatal(err)
		}
		if keys > 1+maxBlocks {
			t.Fatalf("%d keys for %d blocks", keys, len(p.blocks))
		}
		if img, rows := p.assemble(true); rows > height || len(img.Pix) != width*height {
			t.Fatalf("%d rows, %d pixels", rows, len(img.Pix))
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	whole := transfer(289, recorded[0].blocks...)
	work := make([]byte, len(whole))
	b.SetBytes(int64(len(whole)))
	for b.Loop() {
		copy(work, whole)
		p, err := parsePicture(work)
		if err != nil {
			b.Fatal(err)
		}
		p.scrambled()
		if err := p.descramble(func(uint8) (uint32, error) { return 0x544409D6, nil }); err != nil {
			b.Fatal(err)
		}
		p.assemble(true)
	}
}
