package secugen

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"boothd/devices/secugen/secugenemu"
)

// seal puts the right checksum at a blob's end.
func seal(b []byte) []byte {
	binary.LittleEndian.PutUint16(b[atSum:], checksum(b[:atSum]))
	return b
}

func TestChecksumIsThatOfTheRecording(t *testing.T) {
	// The check value of CRC-16/XMODEM in the catalogue of parametrised CRC algorithms.
	if got := checksum([]byte("123456789")); got != 0x31c3 {
		t.Errorf("checksum %04x; want 31c3", got)
	}
	r := loadRecording(t)
	if got := checksum(r.blob[:atSum]); got != 0xf626 {
		t.Errorf("checksum of the recorded calibration %04x; want f626", got)
	}
}

func TestRecordedCalibrationIsRead(t *testing.T) {
	c, err := parseCalibration(loadRecording(t).blob)
	if err != nil {
		t.Fatal(err)
	}
	if c.x != 316 || c.y != 204 || c.exposure != 1116 || c.target != 240 {
		t.Errorf("window at %d, %d, exposure %d, target %d", c.x, c.y, c.exposure, c.target)
	}
	if want := [16]int16{1048, 961, 740, 570, 503, 497, 517, 555, 919, 826, 666, 573, 502, 514, 562, 678}; c.bands != want {
		t.Errorf("bands %v; want %v", c.bands, want)
	}
	for _, n := range []struct{ row, column, x, y int }{
		{0, 0, 153, 410}, {0, 30, 95408, 132}, {40, 0, 10188, 67686}, {40, 30, 85429, 67578}, {20, 15, 47729, 38226},
	} {
		if got := c.grid[n.row][n.column]; got != (node{n.x, n.y}) {
			t.Errorf("node %d of row %d is %v; want %v", n.column, n.row, got, n)
		}
	}
	if c.weights[16] != 0 || c.weights[17] != 1 || c.weights[191] == 255 || c.weights[192] != 255 {
		t.Error("the weights are read from another place")
	}
}

func TestCalibrationsThatMakeNoSenseAreRefused(t *testing.T) {
	le := binary.LittleEndian
	tests := []struct {
		name   string
		change func(b []byte) []byte
		damage bool // it may be a reading error
		saying string
	}{
		{"one byte too few", func(b []byte) []byte { return b[:len(b)-1] }, false, "22941 bytes"},
		{"none", func([]byte) []byte { return nil }, false, "0 bytes"},
		{"a wrong byte", func(b []byte) []byte { b[5000]++; return b }, true, "wrong checksum"},
		{"another width", func(b []byte) []byte { le.PutUint16(b[10:], 960); return seal(b) }, false, "960 by 688"},
		{"another height", func(b []byte) []byte { le.PutUint16(b[12:], 687); return seal(b) }, false, "956 by 687"},
		{"no exposure", func(b []byte) []byte { le.PutUint16(b[atExposure:], 0); return seal(b) }, false, "exposure 0"},
		{"a target beyond white", func(b []byte) []byte { le.PutUint16(b[atTarget:], 256); return seal(b) }, false, "target grey 256"},
		{"a window that no register can hold", func(b []byte) []byte { le.PutUint16(b[6:], 0xfff4); return seal(b) }, false, "window at 65524"},
		{"a node outside", func(b []byte) []byte { le.PutUint16(b[atGrid+6*30:], 957); return seal(b) }, false, "node 30 of row 0"},
		{"nodes that cross", func(b []byte) []byte { le.PutUint16(b[atGrid+6*32:], 1); return seal(b) }, false, "node 1 of row 1"},
		{"rows that cross", func(b []byte) []byte { le.PutUint16(b[atGrid+6*31+3:], 1); return seal(b) }, false, "node 0 of row 1"},
		{"a hundred hundredths", func(b []byte) []byte { b[atGrid+2] = 100; return seal(b) }, false, "node 0 of row 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseCalibration(tt.change(secugenemu.New(secugenemu.Unit{}).Blob()))
			if err == nil || !strings.Contains(err.Error(), tt.saying) {
				t.Fatalf("error %v; want %q in it", err, tt.saying)
			}
			if errors.Is(err, errBadSum) != tt.damage {
				t.Errorf("error %v; matches errBadSum: %v", err, !tt.damage)
			}
		})
	}
}

func TestSerialNumbers(t *testing.T) {
	tests := []struct {
		name, want string
		raw        string // characters of one byte
	}{
		{"padded with blanks", "H54200803643", "H54200803643   "},
		{"as long as can be", "ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO"},
		{"ended by a zero", "AB", "AB\x00CDEFGHIJKLMN"},
		{"blanks only", "", "               "},
		{"an unprogrammed memory", "", strings.Repeat("\xff", 15)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b [30]byte
			for i := range len(tt.raw) {
				b[2*i] = tt.raw[i]
			}
			if got := parseSerial(b); got != tt.want {
				t.Errorf("serial number %q; want %q", got, tt.want)
			}
		})
	}
}

func FuzzSerial(f *testing.F) {
	f.Add([]byte("H\x005\x00 \x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var raw [30]byte
		copy(raw[:], b)
		for _, c := range []byte(parseSerial(raw)) {
			if c < ' ' || c > '~' {
				t.Fatalf("byte %#02x in a serial number", c)
			}
		}
	})
}

// FuzzCalibration changes bytes of a blob and gives it a right checksum: what is not refused must
// be safe to develop pictures with.
func FuzzCalibration(f *testing.F) {
	good := secugenemu.New(secugenemu.Unit{}).Blob()
	f.Add([]byte{}, uint16(0), false)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff}, uint16(atBands), true)
	f.Add([]byte{0x01, 0x00, 0x63, 0x02, 0x00, 0x00}, uint16(atGrid), true)
	f.Add([]byte{0xbb, 0x03, 0x00, 0xaf, 0x02, 0x63}, uint16(atFlat-6), true)
	f.Fuzz(func(t *testing.T, change []byte, at uint16, right bool) {
		b := append([]byte(nil), good...)
		copy(b[min(int(at), len(b)):], change)
		if right {
			seal(b)
		}
		c, err := parseCalibration(b)
		if err != nil {
			return
		}
		for _, p := range straighten(&c.grid) {
			if int(p.at)+2*width+tapColumns > framePixels {
				t.Fatalf("place %v lies outside the frame", p)
			}
		}
		new(developer).makeBands(c.bands)
	})
}
