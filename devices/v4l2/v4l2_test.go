package v4l2_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"boothd/devices"
	"boothd/devices/devicestest"
	"boothd/devices/v4l2"
	"boothd/devices/v4l2/v4l2emu"
)

func portrait(t testing.TB, width, height int, seed uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetGray(x, y, color.Gray{Y: uint8(x*y) + seed})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t testing.TB, emu *v4l2emu.Camera) *v4l2.Camera {
	t.Helper()
	c, err := v4l2.Open(t.Context(), emu.Port())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func take(t testing.TB, c devices.Camera) *devices.Frame {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	f, err := c.Frame(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestContract(t *testing.T) {
	golden := portrait(t, 640, 480, 1)
	devicestest.Run(t, func(t *testing.T) *devicestest.Rig {
		emu := v4l2emu.New(v4l2emu.Options{})
		emu.Show(0, golden)
		return &devicestest.Rig{
			Driver:   v4l2.Driver(),
			Port:     emu.Port,
			Golden:   &devices.Frame{JPEG: golden, Width: 640, Height: 480},
			Present:  func() { emu.Stall(false) },
			Withdraw: func() { emu.Stall(true) },
			Unplug:   emu.Unplug,
			Replug:   emu.Replug,
			Garble:   emu.Garble,
			Truncate: emu.Shorten,
			Faults: map[string]func(){
				"a picture that the camera says is damaged": emu.Damage,
				"an oversized picture":                      emu.Swell,
				"the machine is suspended":                  emu.Suspend,
			},
		}
	})
}

func TestDamagedPicturesAreDroppedAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		golden := portrait(t, 640, 480, 2)
		emu := v4l2emu.New(v4l2emu.Options{})
		emu.Show(0, golden)
		c := open(t, emu)
		defer c.Close()
		for _, spoil := range []func(){emu.Garble, emu.Shorten, emu.Swell} {
			spoil()
		}
		if f := take(t, c); !bytes.Equal(f.JPEG, golden) {
			t.Error("the picture is not the one that was shown")
		}
		if got := c.Counts(); got.Bad != 3 || got.Taken != 1 || got.Restarts != 0 {
			t.Errorf("counts %+v", got)
		}
	})
}

func TestACameraStreamsWhileItIsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		emu := v4l2emu.New(v4l2emu.Options{})
		emu.Show(0, portrait(t, 640, 480, 3))
		c := open(t, emu)
		defer c.Close()
		if on, _ := emu.Streaming(); on {
			t.Error("it streams before anybody wants a picture")
		}
		for range 3 {
			take(t, c)
			time.Sleep(time.Second)
		}
		if on, starts := emu.Streaming(); !on || starts != 1 {
			t.Errorf("after three pictures, one a second: streaming %t, started %d times", on, starts)
		}
		time.Sleep(7 * time.Second)
		synctest.Wait()
		if on, _ := emu.Streaming(); on {
			t.Error("it streams on though nobody wants a picture")
		}
		take(t, c)
	})
}

func TestStreamingIsStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		golden := portrait(t, 640, 480, 4)
		emu := v4l2emu.New(v4l2emu.Options{})
		emu.Show(0, golden)
		c := open(t, emu)
		defer c.Close()
		take(t, c)
		emu.Suspend()
		began := time.Now()
		if f := take(t, c); !bytes.Equal(f.JPEG, golden) {
			t.Error("the picture is not the one that was shown")
		}
		if got := c.Counts().Restarts; got != 1 {
			t.Errorf("%d restarts", got)
		}
		t.Logf("a picture %v after the machine was suspended", time.Since(began))
	})
}

func TestACameraWithoutPicturesFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		emu := v4l2emu.New(v4l2emu.Options{})
		emu.Stall(true)
		c := open(t, emu)
		defer c.Close()
		_, err := c.Frame(t.Context())
		if err == nil || errors.Is(err, devices.ErrGone) || !strings.Contains(err.Error(), "without a picture") {
			t.Errorf("error %v", err)
		}
		select {
		case <-c.Gone():
		default:
			t.Error("the manager is not told")
		}
	})
}

func TestPreviewGoesOnBesideFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		emu := v4l2emu.New(v4l2emu.Options{Rate: 30})
		emu.Show(0, portrait(t, 640, 480, 5))
		c := open(t, emu)
		defer c.Close()
		seen := make(chan int, 4)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for range cap(seen) {
			go func() {
				n := 0
				for ctx.Err() == nil {
					if _, err := c.Preview(ctx); err == nil {
						n++
					}
				}
				seen <- n
			}()
		}
		for range 5 {
			take(t, c)
		}
		for range cap(seen) {
			if n := <-seen; n < 290 {
				t.Errorf("a viewer saw %d of 300 pictures", n)
			}
		}
	})
}

func TestAnUnpluggedCameraIsGoneWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		emu := v4l2emu.New(v4l2emu.Options{})
		emu.Stall(true)
		c := open(t, emu)
		defer c.Close()
		time.AfterFunc(time.Second, emu.Unplug)
		began := time.Now()
		if _, err := c.Frame(t.Context()); !errors.Is(err, devices.ErrGone) {
			t.Errorf("error %v", err)
		}
		if d := time.Since(began); d > 2*time.Second {
			t.Errorf("noticed %v after the call", d)
		}
	})
}

func TestModeIsChosen(t *testing.T) {
	mode := func(e v4l2.Encoding, w, h int, rate float64) v4l2.Mode {
		return v4l2.Mode{Encoding: e, Width: w, Height: h, Rate: rate}
	}
	h264 := v4l2.Encoding(0x34363248)
	tests := []struct {
		name  string
		modes []v4l2.Mode
		want  string // "" means that the camera cannot be used
	}{
		{"Motion JPEG before YUV", []v4l2.Mode{mode(v4l2.YUYV, 640, 480, 30), mode(v4l2.MJPEG, 640, 480, 30)}, `"MJPG" 640x480 at 30/s`},
		{"the smallest that is large enough", []v4l2.Mode{mode(v4l2.MJPEG, 1920, 1080, 30), mode(v4l2.MJPEG, 800, 600, 30), mode(v4l2.MJPEG, 320, 240, 30)}, `"MJPG" 800x600 at 30/s`},
		{"YUV that is large enough before Motion JPEG that is not", []v4l2.Mode{mode(v4l2.MJPEG, 320, 240, 30), mode(v4l2.YUYV, 640, 480, 15)}, `"YUYV" 640x480 at 15/s`},
		{"a size that is fast before one that is not", []v4l2.Mode{mode(v4l2.YUYV, 1280, 960, 5), mode(v4l2.YUYV, 640, 480, 30)}, `"YUYV" 640x480 at 30/s`},
		{"the largest if none is large enough", []v4l2.Mode{mode(v4l2.YUYV, 160, 120, 30), mode(v4l2.YUYV, 320, 240, 30)}, `"YUYV" 320x240 at 30/s`},
		{"slow if there is nothing else", []v4l2.Mode{mode(v4l2.YUYV, 1600, 1200, 2)}, `"YUYV" 1600x1200 at 2/s`},
		{"the faster of two alike", []v4l2.Mode{mode(v4l2.Grey, 640, 480, 15), mode(v4l2.Grey, 640, 480, 60)}, `"GREY" 640x480 at 60/s`},
		{"nothing that is understood", []v4l2.Mode{mode(h264, 640, 480, 30)}, ""},
		{"sizes that cannot be", []v4l2.Mode{mode(v4l2.YUYV, 0, 480, 30), mode(v4l2.YUYV, 100_000, 480, 30)}, ""},
		{"nothing", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			emu := v4l2emu.New(v4l2emu.Options{Modes: tt.modes})
			if tt.modes == nil {
				emu = v4l2emu.New(v4l2emu.Options{Modes: []v4l2.Mode{{}}})
			}
			c, err := v4l2.Open(t.Context(), emu.Port())
			if err != nil {
				if tt.want != "" {
					t.Fatal(err)
				}
				return
			}
			defer c.Close()
			if got := c.Mode().String(); got != tt.want {
				t.Errorf("mode %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRawPicturesBecomeJPEG(t *testing.T) {
	tests := []struct {
		name     string
		encoding v4l2.Encoding
		stride   int
		two      []byte // two pixels
		want     color.RGBA
	}{
		{"white YUV", v4l2.YUYV, 0, []byte{235, 128, 235, 128}, color.RGBA{255, 255, 255, 255}},
		{"black YUV", v4l2.YUYV, 0, []byte{16, 128, 16, 128}, color.RGBA{0, 0, 0, 255}},
		{"red YUV", v4l2.YUYV, 0, []byte{81, 90, 81, 240}, color.RGBA{254, 0, 0, 255}},
		{"blue YUV in lines that are longer than they need to be", v4l2.YUYV, 160, []byte{41, 240, 41, 110}, color.RGBA{0, 0, 254, 255}},
		{"grey", v4l2.Grey, 0, []byte{77, 77}, color.RGBA{77, 77, 77, 255}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			const w, h = 32, 16
			mode := v4l2.Mode{Encoding: tt.encoding, Width: w, Height: h, Rate: 30, Stride: tt.stride}
			emu := v4l2emu.New(v4l2emu.Options{Modes: []v4l2.Mode{mode}})
			line := bytes.Repeat(tt.two, w/2)
			line = append(line, make([]byte, max(tt.stride-len(line), 0))...)
			emu.Show(0, bytes.Repeat(line, h))
			f := take(t, open(t, emu))
			img, err := jpeg.Decode(bytes.NewReader(f.JPEG))
			if err != nil || f.Width != w || f.Height != h || img.Bounds() != image.Rect(0, 0, w, h) {
				t.Fatalf("%v is %v: %v", f, img.Bounds(), err)
			}
			r, g, b, _ := img.At(w/2, h/2).RGBA()
			near := func(got uint32, want uint8) bool { d := int(got>>8) - int(want); return d > -6 && d < 6 }
			if !near(r, tt.want.R) || !near(g, tt.want.G) || !near(b, tt.want.B) {
				t.Errorf("colour %d %d %d, want %v", r>>8, g>>8, b>>8, tt.want)
			}
		})
	}
}

const (
	exposureAuto, exposure = 0x009a0901, 0x009a0902
	focusAuto, focus       = 0x009a090c, 0x009a090a
)

func TestControlsAreSet(t *testing.T) {
	has := map[uint32]v4l2.Range{exposureAuto: {Most: 3}, exposure: {Least: 3, Most: 2047, Step: 1}, focusAuto: {Most: 1}, focus: {Most: 250, Step: 5}}
	tests := []struct {
		name  string
		named map[string]int
		want  map[uint32]int32
		fault string
	}{
		{"automatic unless they are named", nil, map[uint32]int32{exposureAuto: 3, focusAuto: 1}, ""},
		{"as they are named", map[string]int{"exposure": 156, "focus": 30}, map[uint32]int32{exposureAuto: 1, exposure: 156, focusAuto: 0, focus: 30}, ""},
		{"one of them", map[string]int{"focus": 0}, map[uint32]int32{exposureAuto: 3, focusAuto: 0, focus: 0}, ""},
		{"too much", map[string]int{"exposure": 9999}, nil, "set exposure to 9999: the camera takes 3 to 2047"},
		{"between the steps", map[string]int{"focus": 31}, nil, "set focus to 31: the camera takes 0 to 250 in steps of 5"},
		{"one that it does not have", map[string]int{"zoom": 1}, nil, "set zoom to 1: the camera has no such control"},
		{"one that nobody has", map[string]int{"mood": 1}, nil, "set mood: the camera has no such control"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			emu := v4l2emu.New(v4l2emu.Options{Controls: has, Settings: v4l2.Settings{Controls: tt.named}})
			c, err := v4l2.Open(t.Context(), emu.Port())
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Fatalf("error %v, want %q", err, tt.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for id, want := range tt.want {
				if got, ok := emu.Value(id); !ok || got != want {
					t.Errorf("control %08x is %d (set: %t), want %d", id, got, ok, want)
				}
			}
		})
	}
}

func TestInputsAreChosenByName(t *testing.T) {
	white, dark := portrait(t, 640, 480, 6), portrait(t, 640, 480, 7)
	options := v4l2emu.Options{Inputs: []string{"Visible", "Near Infrared"}, Settings: v4l2.Settings{Input: "infrared"}}
	emu := v4l2emu.New(options)
	emu.Show(0, white)
	emu.Show(1, dark)
	c := open(t, emu)
	if !bytes.Equal(take(t, c).JPEG, dark) {
		t.Error("the picture is not that of the named input")
	}
	if err := c.Select(0); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(take(t, c).JPEG, white) {
		t.Error("the picture is not that of the input selected since")
	}
	if c.Select(2) == nil {
		t.Error("an input was selected that is not there")
	}
	options.Settings.Input = "ultraviolet"
	if _, err := v4l2.Open(t.Context(), v4l2emu.New(options).Port()); err == nil || !strings.Contains(err.Error(), `"ultraviolet"`) {
		t.Errorf("an input that is not there: %v", err)
	}
}

func TestClosedCameraSaysSo(t *testing.T) {
	c := open(t, v4l2emu.New(v4l2emu.Options{}))
	c.Close()
	if _, err := c.Frame(t.Context()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("error %v", err)
	}
}
