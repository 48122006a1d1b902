package trial

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// writeSet writes pictures of one pixel's side, each of its own grey.
func writeSet(t *testing.T, names ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "set")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		var b bytes.Buffer
		if err := png.Encode(&b, &image.Gray{Pix: []byte{byte(i)}, Stride: 1, Rect: image.Rect(0, 0, 1, 1)}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestASetIsReadInTheOrderOfFingersAndImpressions(t *testing.T) {
	dir := writeSet(t, "10_1.png", "9_1.png", "9_10.png", "9_2.png", "left_index_2.png", "left_index_1.png", ".9_3.png", "notes.txt")
	s, err := ReadSet(dir + "/")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range s.Pictures {
		names = append(names, p.Finger+":"+p.Name)
	}
	want := []string{"9:9_1", "9:9_2", "9:9_10", "10:10_1", "left_index:left_index_1", "left_index:left_index_2"}
	if s.Name != "set" || !slices.Equal(names, want) {
		t.Errorf("read %s %q, want set %q", s.Name, names, want)
	}
	if grey := s.Pictures[2].Image.GrayAt(0, 0).Y; grey != 2 {
		t.Errorf("9_10 has the grey %d of another picture", grey)
	}
}

func TestTheProtocolHas280GenuineAnd2880ImpostorPairs(t *testing.T) {
	s := new(Set)
	for f := range 10 {
		for i := range 8 {
			s.Pictures = append(s.Pictures, Picture{Name: fmt.Sprintf("%d_%d", f, i), Finger: fmt.Sprint(f)})
		}
	}
	genuine, impostor := s.Pairs()
	if len(genuine) != 280 || len(impostor) != 2880 {
		t.Fatalf("%d genuine and %d impostor pairs", len(genuine), len(impostor))
	}
	seen := map[Pair]bool{}
	for i, p := range slices.Concat(genuine, impostor) {
		same := s.Pictures[p.A].Finger == s.Pictures[p.B].Finger
		if p.A >= p.B || same != (i < 280) || seen[p] {
			t.Fatalf("pair %v is doubled, the wrong way round or of the wrong kind", p)
		}
		seen[p] = true
	}
}

func TestASetThatCannotBeMeasuredIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files []string
		want  string
	}{
		{"an empty folder", nil, "needs two pictures of one finger, and two fingers"},
		{"one finger only", []string{"1_1.png", "1_2.png"}, "and two fingers"},
		{"no finger twice", []string{"1_1.png", "2_1.png"}, "needs two pictures of one finger"},
		{"a name without an impression", []string{"1_1.png", "1_2.png", "thumb.png"}, "thumb.png: not named <finger>_<impression>.png"},
		{"a name without a finger", []string{"_1.png"}, "not named"},
		{"a name that would break the lines of scores", []string{"left index_1.png"}, "not named"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ReadSet(writeSet(t, tt.files...)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	t.Run("a file that is no picture", func(t *testing.T) {
		dir := writeSet(t, "1_1.png", "1_2.png")
		if err := os.WriteFile(filepath.Join(dir, "2_1.png"), []byte("GIF89a"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSet(dir); err == nil || !strings.Contains(err.Error(), "2_1.png: ") {
			t.Errorf("error %v does not name the file", err)
		}
	})
}

func TestPicturesOfAnyColoursBecomeGrey(t *testing.T) {
	area := image.Rect(0, 0, 2, 1)
	dark, light := color.Gray{Y: 40}, color.Gray{Y: 200}
	for _, tt := range []struct {
		name string
		img  interface {
			image.Image
			Set(x, y int, c color.Color)
		}
	}{
		{"8-bit grey", image.NewGray(area)},
		{"16-bit grey", image.NewGray16(area)},
		{"colours", image.NewRGBA(area)},
		{"deep colours", image.NewNRGBA64(area)},
		{"a palette", image.NewPaletted(area, color.Palette{dark, light})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.img.Set(0, 0, dark)
			tt.img.Set(1, 0, light)
			var b bytes.Buffer
			if err := png.Encode(&b, tt.img); err != nil {
				t.Fatal(err)
			}
			grey, err := DecodePNG(bytes.NewReader(b.Bytes()))
			if err != nil || grey.GrayAt(0, 0) != dark || grey.GrayAt(1, 0) != light {
				t.Errorf("%v, error %v", grey, err)
			}
		})
	}
	t.Run("what is transparent is white", func(t *testing.T) {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewNRGBA(area)); err != nil {
			t.Fatal(err)
		}
		grey, err := DecodePNG(bytes.NewReader(b.Bytes()))
		if err != nil || grey.GrayAt(1, 0).Y != 255 {
			t.Errorf("%v, error %v", grey, err)
		}
	})
}

func TestAPictureTooLargeIsRefusedBeforeItIsDecoded(t *testing.T) {
	header := []byte("IHDR\x00\x01\x00\x00\x00\x01\x00\x00\x08\x00\x00\x00\x00") // 65,536 pixels each way
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(header))
	if _, err := DecodePNG(bytes.NewReader(b)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error %v, want %v", err, ErrTooLarge)
	}
}
