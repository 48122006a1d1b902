package wsq

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"image"
	"slices"
	"strings"
	"testing"
)

// The pictures of these files were also decoded, to the same pixels, with the arithmetic of NIST's
// programs in double precision; see the package's documentation.
func TestEveryMachineWritesAndReadsTheSame(t *testing.T) {
	for _, c := range []struct {
		name         string
		file         []byte
		data, pixels string // first half of the SHA-256
	}{
		{"one fifteenth", encoded(ramp(300, 257), Options{Bitrate: Bitrate15to1, DPI: 500}), "30a3a3ce068eaab97422eb0838b544c0", "47048afd1012af4264bd92cedeca5388"},
		{"one fifth", encoded(ramp(389, 374), Options{Bitrate: Bitrate5to1}), "518c8d024ca86715e258620977d785cb", "e4caeafd18a56c6aab2385abcea42f20"},
		{"filters of eight taps", crafted{width: 301, height: 300, even: true}.file(), "525e10adbe1a13beb24533720e928ccb", "0788ff310c81d6c08974b6dd4120280c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			img, _, err := Decode(c.file)
			if err != nil {
				t.Fatal(err)
			}
			if got := hash(c.file); got != c.data {
				t.Errorf("file %s, want %s", got, c.data)
			}
			if got := hash(img.Pix); got != c.pixels {
				t.Errorf("pixels %s, want %s", got, c.pixels)
			}
		})
	}
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

func TestRestartMarkersAreFollowed(t *testing.T) {
	want, _, err := Decode(crafted{width: 61, height: 50}.file())
	if err != nil {
		t.Fatal(err)
	}
	file := crafted{width: 61, height: 50, interval: 60}.file()
	got, _, err := Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Pix, want.Pix) {
		t.Error("the picture is another with restart markers")
	}
	first := bytes.Index(file, []byte{0xff, markerRestart})
	if _, _, err := Decode(slices.Concat(file[:first], file[first+2:])); err == nil {
		t.Error("a file that lacks a restart marker was decoded")
	}
}

func TestFilesCutOffAreRefused(t *testing.T) {
	for name, file := range map[string][]byte{
		"of a small picture":    encoded(ramp(20, 30), Options{Bitrate: 2}),
		"with restart markers":  crafted{width: 20, height: 21, interval: 50}.file(),
		"of a picture of zeros": encoded(image.NewGray(image.Rect(0, 0, 9, 9)), Options{}),
	} {
		t.Run(name, func(t *testing.T) {
			whole := len(file) - 2 // without the end marker, nothing of the picture is missing
			for n := range whole {
				if _, _, err := Decode(file[:n:n]); err == nil && !flat(file) {
					t.Fatalf("%d of %d bytes were decoded", n, len(file))
				}
			}
			for _, f := range [][]byte{file[:whole], append(file[:len(file):len(file)], "more"...)} {
				if _, _, err := Decode(f); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// flat reports whether a file's blocks are empty, so that nothing is missed without them.
func flat(file []byte) bool {
	return bytes.HasSuffix(file, []byte{0xff, markerBlock, 0, 3, 1, 0xff, markerEnd})
}

func TestDamagedFilesAreRefused(t *testing.T) {
	good := encoded(ramp(40, 30), Options{Bitrate: 2})
	// at returns where the n-th segment with such a marker begins.
	at := func(marker byte, n int) int {
		f := file{data: good, pos: 2}
		for {
			f.pos += bytes.IndexByte(good[f.pos:], 0xff)
			begin := f.pos
			found, _, err := f.segment()
			if n--; err != nil || found == marker && n == 0 {
				return begin
			}
			if found != marker {
				n++
			}
		}
	}
	put := func(offset int, b ...byte) []byte {
		bad := bytes.Clone(good)
		copy(bad[offset:], b)
		return bad
	}
	without := func(marker byte) []byte {
		i := at(marker, 1)
		return slices.Concat(good[:i], good[i+2+int(binary.BigEndian.Uint16(good[i+2:])):])
	}
	comment := at(markerComment, 1)
	frame, transform, quantizer, codes := at(markerFrame, 1), at(markerTransform, 1), at(markerQuantizer, 1), at(markerCodes, 1)
	firstBlock := at(markerBlock, 1)
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, "not a WSQ file"},
		{"a PNG picture", []byte("\x89PNG\r\n\x1a\n"), "not a WSQ file"},
		{"no segments", []byte{0xff, markerStart}, "file ends early"},
		{"only the end", []byte{0xff, markerStart, 0xff, markerEnd}, "no frame header"},
		{"text instead of a marker", append(good[:2:2], "text"...), "no marker"},
		{"an unknown marker", put(comment+1, 0xaf), "unknown marker"},
		{"a segment that is too long", put(comment+2, 0xff, 0xff), "segment of 65535 bytes"},
		{"a segment shorter than its length", put(comment+2, 0, 1), "segment of 1 bytes"},
		{"a short frame header", put(frame+2, 0, 16), "too short"},
		{"no frame header", without(markerFrame), "no frame header"},
		{"no transform table", without(markerTransform), "no transform table"},
		{"no quantization table", without(markerQuantizer), "no quantization table"},
		{"no Huffman table", without(markerCodes), "no Huffman table 0"},
		{"two frame headers", slices.Concat(good[:frame+19], good[frame:]), "second frame header"},
		{"no rows", put(frame+6, 0, 0), "without pixels"},
		{"too many pixels", put(frame+6, 0x20, 0, 0x20, 0), "too large"},
		{"filters of even and odd length", put(transform+4, 8, 7), "filters of 8 and 7 taps"},
		{"filters too long", put(transform+4, 33, 33), "filters of 33 and 33 taps"},
		{"filters longer than their table", put(transform+4, 31, 31), "too short"},
		{"a short quantization table", put(quantizer+2, 0, 100), "too short"},
		{"too many Huffman tables", put(codes+4, 8), "table 8"},
		{"more codes than there is room for", put(codes+5, 3), "too"},
		{"more symbols than the table has", put(codes+20, 255), "too short"},
		{"a table after the first block", slices.Concat(good[:at(markerCodes, 2)], good[transform:]), "after the first block"},
		{"a picture greater than its data", put(frame+6, 0, 60), "block 1"},
		{"a picture smaller than its data", put(frame+6, 0, 20), "block 1"},
		{"only one block", append(good[:at(markerCodes, 2):at(markerCodes, 2)], 0xff, markerEnd), "block 2"},
		{"a block without its data", slices.Concat(good[:firstBlock+5], good[at(markerCodes, 2):]), "data ends early"},
	} {
		t.Run(c.name, func(t *testing.T) {
			img, _, err := Decode(c.file)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q, want one with %q", err, c.want)
			}
			if img != nil {
				t.Error("a picture was returned all the same")
			}
		})
	}
}

func TestTooMuchIsRefused(t *testing.T) {
	frame := appendFrame([]byte{0xff, markerStart}, image.Pt(5001, 5000), 0, 1)
	for name, file := range map[string][]byte{
		"pixels": frame,
		"bytes":  append([]byte{0xff, markerStart}, make([]byte, MaxBytes)...),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := DecodeInfo(file); !errors.Is(err, ErrTooLarge) {
				t.Errorf("DecodeInfo: %v", err)
			}
			if _, _, err := Decode(file); !errors.Is(err, ErrTooLarge) {
				t.Errorf("Decode: %v", err)
			}
		})
	}
	if err := Encode(&bytes.Buffer{}, image.NewGray(image.Rect(0, 0, 70000, 1)), Options{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Encode: %v", err)
	}
}

func TestASmallFileGetsNoRoomForALargePicture(t *testing.T) {
	// claim is a file of so many bytes whose header has so many rows of 4,096 pixels.
	claim := func(rows, bytes int) []byte {
		file := []byte{0xff, markerStart}
		file = appendTransform(file, analysisLow, analysisHigh, 9, 7)
		file = appendQuantizer(file, [codedBands]float64{1})
		file = appendFrame(file, image.Pt(4096, rows), 128, 1)
		for missing := bytes - len(file); missing > 0; missing = bytes - len(file) {
			n := min(max(missing-4, 0), 60000)
			file = append(appendHeader(file, markerComment, n), make([]byte, n)...)
		}
		return append(file, 0xff, markerEnd)
	}
	for _, c := range []struct {
		name        string
		rows, bytes int
		refused     bool
	}{
		{"four million pixels of nothing", 1024, 0, false},
		{"a row more", 1025, 0, true},
		{"a hundred and one pixels for each byte", 1100, 1100 * 4096 / 101, true},
		{"a hundred pixels for each byte", 1100, 1100 * 4096 / 100, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := claim(c.rows, c.bytes)
			_, _, err := Decode(file)
			if err == nil || errors.Is(err, ErrTooLarge) != c.refused {
				t.Errorf("error %v", err)
			}
			if info, err := DecodeInfo(file); err != nil || info.Height != c.rows {
				t.Errorf("DecodeInfo: %+v, %v", info, err)
			}
		})
	}
}

func TestTheCommentTellsTheResolution(t *testing.T) {
	for _, c := range []struct {
		name, comment string
		dpi           int
	}{
		{"as NIST's programs write it", "NIST_COM 9\nPIX_WIDTH 8\nPPI 500\nLOSSY 1", 500},
		{"with line ends of two bytes", "NIST_COM 2\r\nPPI 1000\r\n", 1000},
		{"not known", "NIST_COM 2\nPPI -1\n", 0},
		{"no number", "NIST_COM 2\nPPI many\n", 0},
		{"out of range", "NIST_COM 2\nPPI 100000000\n", 0},
		{"in another comment", "MAKER 2\nPPI 500\n", 0},
		{"without a comment", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := []byte{0xff, markerStart}
			if c.comment != "" {
				file = append(appendHeader(file, markerComment, len(c.comment)), c.comment...)
			}
			file = append(file, crafted{width: 8, height: 8}.file()[2:]...)
			info, err := DecodeInfo(file)
			if err != nil || info.DPI != c.dpi {
				t.Errorf("%d dpi, %v, want %d", info.DPI, err, c.dpi)
			}
		})
	}
}
