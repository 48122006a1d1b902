package config

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"boothd/devices"
)

func TestCamerasOfThisMachineAreRead(t *testing.T) {
	const page = "[[camera]]\ndevice = \"/dev/v4l/by-id/page\"\nuse = \"page\"\nsize = \"1920x1080\"\ncontrols = { exposure = 156 }\nlights = { infrared = \"Camera 2\" }\n"
	c, err := Read(write(t, whole+page+"[[camera]]\ndevice = \"*\"\ninput = \"HDMI\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Camera{
		Device: "/dev/v4l/by-id/page", Use: UsePage, Size: "1920x1080",
		Controls: map[string]int{"exposure": 156}, Lights: map[devices.Light]string{devices.LightInfrared: "Camera 2"},
	}
	if len(c.Cameras) != 3 || !reflect.DeepEqual(c.Cameras[1], want) || c.Cameras[2].Input != "HDMI" {
		t.Errorf("cameras %+v", c.Cameras)
	}
	if w, h, ok := c.Cameras[1].LeastSize(); w != 1920 || h != 1080 || !ok {
		t.Errorf("size %d by %d, %t", w, h, ok)
	}
	if got := c.Reads(); !slices.Equal(got, []devices.Kind{devices.KindDocumentReader, devices.KindPageCamera}) {
		t.Errorf("documents are read with %v", got)
	}
}

func TestCamerasThatCannotBe(t *testing.T) {
	tests := []struct{ name, camera, want string }{
		{"a use that there is not", `device = "*"` + "\nuse = \"hand\"", "camera[1].use: must be face or page"},
		{"a path that is not whole", `device = "video0"`, "camera[1].device: must be a path from the root"},
		{"a device with a place in the network", "device = \"*\"\nurl = \"http://10.0.0.7/\"", "camera[1].device: must not be with"},
		{"neither", `use = "page"`, "camera[1].url: must begin"},
		{"settings of a device for another camera", "url = \"http://10.0.0.7/\"\ndriver = \"mjpeg\"\nsize = \"640x480\"", "camera[1].device: is missing though"},
		{"a size without a height", "device = \"*\"\nsize = \"640\"", "camera[1].size: must be like"},
		{"a size beyond all measure", "device = \"*\"\nsize = \"640x99999\"", "camera[1].size: must be like"},
		{"a control that there is not", "device = \"*\"\ncontrols = { mood = 1 }", "camera[1].controls.mood: is none of"},
		{"a light that there is not", "device = \"*\"\nuse = \"page\"\nlights = { candle = \"A\" }", "camera[1].lights.candle: is none of"},
		{"lights for a face", "device = \"*\"\nlights = { infrared = \"A\" }", "camera[1].lights: are for page cameras"},
		{"a driver that is no camera's of the network", "url = \"http://10.0.0.7/\"\ndriver = \"v4l2\"", "camera[1].driver: \"v4l2\" is for cameras of this machine"},
		{"one device twice", "device = \"*\"\n[[camera]]\ndevice = \"*\"", "camera[2].device: is there twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(write(t, whole+"[[camera]]\n"+tt.camera+"\n"))
			var faults *Error
			if !errors.As(err, &faults) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
