package secugen

import (
	"bytes"
	"testing"

	"boothd/devices/secugen/secugenemu"
	"boothd/internal/shareddata"
)

func TestRecordedFrameGivesTheReferencePicture(t *testing.T) {
	r := loadRecording(t)
	c, err := parseCalibration(r.blob)
	if err != nil {
		t.Fatal(err)
	}
	got := newDeveloper(c, true).develop(r.finger())
	want := shareddata.Grey(t, shareddata.Path(t, "data/usb/secugen/capture.png"))
	if !bytes.Equal(got.Pix, want.Pix) {
		t.Error("the picture differs from capture.png")
	}
}

// TestRecordedUnitsScale shows what the recorded unit's geometry does to pictures that ignore it.
func TestRecordedUnitsScale(t *testing.T) {
	c, err := parseCalibration(loadRecording(t).blob)
	if err != nil {
		t.Fatal(err)
	}
	const perColumn, perRow = float64(outWidth-1) / (width - 1), float64(outHeight-1) / (height - 1)
	least, most := 100.0, 0.0
	for j := 0; j < gridRows; j += 5 {
		across := float64(c.grid[j][gridColumns-1].x-c.grid[j][0].x) / 100 / (gridColumns - 1) * perColumn
		least, most = min(least, across), max(most, across)
		t.Logf("node row %2d: ten pixels across come out as %5.2f", j, across)
	}
	for j := 0; j+5 < gridRows; j += 5 {
		down := float64(c.grid[j+5][15].y-c.grid[j][15].y) / 100 / 5 * perRow
		least, most = min(least, down), max(most, down)
		t.Logf("node rows %2d to %2d: ten pixels down come out as %5.2f", j, j+5, down)
	}
	if most/least < 1.3 {
		t.Errorf("the scale varies from %.2f to %.2f only", least, most)
	}
	for j := range gridRows - 1 {
		for i := range gridColumns - 1 {
			got, n := between(&c.grid, gridStep*i, gridStep*j), c.grid[j][i]
			if x, y := got.x*100-n.x*256, got.y*100-n.y*256; max(x, -x, y, -y) > 50 {
				t.Errorf("node %d of row %d is sought at %v/256; want %v/100", i, j, got, n)
			}
		}
	}
}

// TestTheEvenedGreyFollowsTheDither has examples worked by hand.
func TestTheEvenedGreyFollowsTheDither(t *testing.T) {
	tests := []struct {
		name                     string
		grey, offset, line, dots int // dots: which of four columns lose one more
		whole                    int
	}{
		{"white loses the whole offset", 220, 1048, 0, 0b0100, 10},
		{"the next line loses its dot elsewhere", 220, 1048, 1, 0b1000, 10},
		{"light grey loses three quarters", 180, 1000, 2, 0b0110, 7},
		{"grey loses half", 120, 598, 0, 0b0111, 2},
		{"dark grey loses a quarter", 80, 600, 1, 0b0011, 1},
		{"darker grey loses an eighth", 40, 840, 0, 0, 1},
		{"black loses nothing", 25, 1048, 0, 0, 0},
		{"a band that is too dark gains", 220, -1048, 0, -0b0100, -10},
		{"nothing falls below black", 26, 30000, 0, 0, 26},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for column := range 4 {
				want := tt.grey - tt.whole
				if tt.dots < 0 {
					want += -tt.dots >> column & 1
				} else {
					want -= tt.dots >> column & 1
				}
				if got := int(evened(tt.grey, share(tt.grey, tt.offset), tt.line, column)); got != want {
					t.Errorf("column %d: %d; want %d", column, got, want)
				}
			}
		})
	}
}

func TestAnEvenPictureStaysEvenAtAnySize(t *testing.T) {
	from := bytes.Repeat([]byte{77}, 13*9)
	to := make([]byte, 30*40)
	resize(to, 30, 40, from, 13, 9)
	if !bytes.Equal(to, bytes.Repeat([]byte{77}, 30*40)) {
		t.Error("it does not")
	}
}

// FuzzFrame takes frames that repeat what the scanner sent through all that looks at a frame.
func FuzzFrame(f *testing.F) {
	c, err := parseCalibration(secugenemu.New(secugenemu.Unit{}).Blob())
	if err != nil {
		f.Fatal(err)
	}
	straight, distorted := newDeveloper(c, false), newDeveloper(c, true)
	f.Add([]byte{18}, []byte{200})
	f.Add([]byte{0, 255}, []byte{0x80, 0x10})
	f.Add([]byte("ridges and valleys"), []byte{255, 255, 255, 0, 0})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		g, s := new(glass), &Scanner{length: frameLen, filled: true}
		for _, pattern := range [][]byte{a, b, a} {
			if len(pattern) == 0 {
				return
			}
			s.frame = bytes.Repeat(pattern, frameLen/len(pattern)+1)[:frameLen]
			s.check()
			v := g.look(s.frame)
			if v.rise > 255 || v.ridges > 255 || v.rise < 0 || v.ridges < 0 {
				t.Fatalf("view %+v", v)
			}
			g.judge(s.frame, v)
		}
		for _, d := range []*developer{straight, distorted} {
			if img := d.develop(s.frame[:framePixels]); len(img.Pix) != outPixels {
				t.Fatalf("%d pixels", len(img.Pix))
			}
		}
	})
}
