package pagecam_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"strings"
	"testing"

	"boothd/devices"
	"boothd/devices/devicestest"
	"boothd/devices/mjpeg/mjpegemu"
	"boothd/devices/pagecam"
	"boothd/devices/v4l2"
	"boothd/devices/v4l2/v4l2emu"
)

func page(t testing.TB, shade uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 640, 480))
	for i := range img.Pix {
		img.Pix[i] = shade + uint8(i%31)
	}
	img.SetGray(3, 3, color.Gray{Y: 255})
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestContract(t *testing.T) {
	golden := page(t, 40)
	frame := &devices.Frame{JPEG: golden, Width: 640, Height: 480}
	t.Run("a video device", func(t *testing.T) {
		devicestest.Run(t, func(t *testing.T) *devicestest.Rig {
			emu := v4l2emu.New(v4l2emu.Options{Inputs: []string{"White", "IR"}, Settings: v4l2.Settings{Driver: "pagecam"}})
			emu.Show(0, golden)
			return &devicestest.Rig{
				Driver: pagecam.Driver(), Port: emu.Port, Golden: frame,
				Present: func() { emu.Stall(false) }, Withdraw: func() { emu.Stall(true) },
				Unplug: emu.Unplug, Replug: emu.Replug, Garble: emu.Garble, Truncate: emu.Shorten,
			}
		})
	})
	t.Run("a network camera", func(t *testing.T) {
		devicestest.Run(t, func(t *testing.T) *devicestest.Rig {
			emu, err := mjpegemu.New("127.0.0.1:0", mjpegemu.Options{Rate: 50})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { emu.Close() })
			emu.SetJPEG(golden)
			do := func(f func() error) func() {
				return func() {
					if err := f(); err != nil {
						t.Error(err)
					}
				}
			}
			return &devicestest.Rig{
				Driver: pagecam.Driver(), Golden: frame,
				Port: func() devices.Port {
					p, err := devices.NewFixedPort(emu.URL(), "pagecam")
					if err != nil {
						t.Fatal(err)
					}
					return p
				},
				Present: func() { emu.Stall(false) }, Withdraw: func() { emu.Stall(true) },
				Unplug: do(emu.Unplug), Replug: do(emu.Replug), Garble: emu.Garble, Truncate: emu.Shorten,
			}
		})
	})
}

func TestLightsAreInputs(t *testing.T) {
	const visible, infrared, ultraviolet = devices.LightVisible, devices.LightInfrared, devices.LightUltraviolet
	tests := []struct {
		name   string
		inputs []string
		named  map[devices.Light]string
		want   map[devices.Light]int // input by light
		fault  string
	}{
		{"no inputs", nil, nil, map[devices.Light]int{visible: 0}, ""},
		{"one input, whatever it is called", []string{"IR Camera"}, nil, map[devices.Light]int{visible: 0}, ""},
		{"all lights by their words", []string{"UV (365 nm)", "Near-Infrared", "White light"}, nil, map[devices.Light]int{visible: 2, infrared: 1, ultraviolet: 0}, ""},
		{"words within words do not count", []string{"First", "Circuvent"}, nil, map[devices.Light]int{visible: 0}, ""},
		{"as the configuration names them", []string{"Camera 1", "Camera 2"}, map[devices.Light]string{infrared: "camera 1"}, map[devices.Light]int{visible: 1, infrared: 0}, ""},
		{"a name that there is not", []string{"A", "B"}, map[devices.Light]string{ultraviolet: "C"}, nil, `named "C"`},
		{"no visible light", []string{"IR", "UV"}, nil, nil, "visible"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			emu := v4l2emu.New(v4l2emu.Options{Inputs: tt.inputs, Settings: v4l2.Settings{Lights: tt.named}})
			pictures := [][]byte{page(t, 10), page(t, 90), page(t, 170)}
			for i, p := range pictures {
				emu.Show(i, p)
			}
			d, err := pagecam.Driver().Open(t.Context(), emu.Port())
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Fatalf("error %v, want %q", err, tt.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			camera := d.(devices.PageCamera)
			lights := camera.Lights()
			if len(lights) != len(tt.want) || lights[0] != visible {
				t.Fatalf("lights %v", lights)
			}
			slices.Reverse(lights)
			for _, light := range append(lights, visible) {
				f, err := camera.Page(t.Context(), light)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(f.JPEG, pictures[tt.want[light]]) {
					t.Errorf("the picture under %s light is another input's", light)
				}
			}
			if _, err := camera.Page(t.Context(), "candle"); err == nil {
				t.Error("a picture was taken under a light that it does not have")
			}
		})
	}
}
