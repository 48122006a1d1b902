// Package pagecam drives cameras that look at the page of a document: any camera of packages
// v4l2 and mjpeg that the configuration has chosen for pages.
//
// Document scanners with several lamps show them as the inputs of one video device. An input
// whose name has the word "infrared", "IR", "ultraviolet" or "UV" in it is taken for a picture
// under that light, and the first other one for visible light; the configuration may name
// them otherwise. A network camera, and a device with one input, has visible light only.
//
// The trap: a picture that was on its way when the input was changed is of the light before.
// Package v4l2 starts streaming anew for each change and returns no picture from before it.
package pagecam

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"boothd/devices"
	"boothd/devices/mjpeg"
	"boothd/devices/v4l2"
)

const driverName = "pagecam"

// Driver returns the driver's row of the table. The configuration chooses it.
func Driver() devices.Driver {
	return devices.Driver{Name: driverName, Kind: devices.KindPageCamera, Open: open}
}

// camera is what a page camera is made of.
type camera interface {
	devices.Camera
	devices.Previewer
	devices.GoneNotifier
}

var (
	_ camera = (*v4l2.Camera)(nil)
	_ camera = (*mjpeg.Camera)(nil)
)

// selector is a camera with inputs.
type selector interface {
	Inputs() []string
	Select(input int) error
}

// Camera is an opened page camera.
type Camera struct {
	camera camera
	inputs map[devices.Light]int // nil if it has but one

	using sync.Mutex // held by the call under way
}

var (
	_ devices.PageCamera   = (*Camera)(nil)
	_ devices.Previewer    = (*Camera)(nil)
	_ devices.GoneNotifier = (*Camera)(nil)
)

func open(ctx context.Context, p devices.Port) (devices.Device, error) {
	if at, ok := p.(v4l2.Port); ok {
		c, err := v4l2.Open(ctx, p)
		if err != nil {
			return nil, err
		}
		inputs, err := lights(c.Inputs(), at.Settings().Lights)
		if err != nil {
			c.Close()
			return nil, fmt.Errorf("open %s: %w", p.Address(), err)
		}
		return &Camera{camera: c, inputs: inputs}, nil
	}
	d, err := mjpeg.Driver().Open(ctx, p)
	if err != nil {
		return nil, err
	}
	c, ok := d.(camera)
	if !ok {
		d.Close()
		return nil, fmt.Errorf("open %s: it cannot be watched", p.Address())
	}
	return &Camera{camera: c}, nil
}

// Info describes the page camera.
func (c *Camera) Info() devices.Info {
	info := c.camera.Info()
	info.Driver, info.Kind = driverName, devices.KindPageCamera
	return info
}

// Close ends the call under way.
func (c *Camera) Close() error { return c.camera.Close() }

// Gone is closed when the camera is gone.
func (c *Camera) Gone() <-chan struct{} { return c.camera.Gone() }

// Preview implements devices.Previewer, under the light that was used last.
func (c *Camera) Preview(ctx context.Context) (*devices.Frame, error) { return c.camera.Preview(ctx) }

// Lights implements devices.PageCamera.
func (c *Camera) Lights() []devices.Light {
	if c.inputs == nil {
		return []devices.Light{devices.LightVisible}
	}
	return slices.DeleteFunc(devices.Lights(), func(l devices.Light) bool { _, has := c.inputs[l]; return !has })
}

// Page implements devices.PageCamera.
func (c *Camera) Page(ctx context.Context, light devices.Light) (*devices.Frame, error) {
	c.using.Lock()
	defer c.using.Unlock()
	if !slices.Contains(c.Lights(), light) {
		return nil, fmt.Errorf("picture of %s: it has no %s light", c.Info().Address, light)
	}
	if s, ok := c.camera.(selector); ok && c.inputs != nil {
		if err := s.Select(c.inputs[light]); err != nil {
			return nil, err
		}
	}
	return c.camera.Frame(ctx)
}

// lights finds the input of each light, by what the configuration calls it or by its own name.
func lights(inputs []string, named map[devices.Light]string) (map[devices.Light]int, error) {
	found := make(map[devices.Light]int)
	for light, name := range named {
		i := slices.IndexFunc(inputs, func(input string) bool { return strings.EqualFold(input, name) })
		if i < 0 {
			return nil, fmt.Errorf("no input for %s light is named %q; there are %q", light, name, inputs)
		}
		found[light] = i
	}
	for i, input := range inputs {
		light := lightOf(input)
		if _, has := found[light]; !has && !taken(found, i) {
			found[light] = i
		}
	}
	if len(inputs) < 2 && len(named) == 0 {
		return nil, nil
	}
	if _, has := found[devices.LightVisible]; !has {
		return nil, fmt.Errorf("no input of %q is for visible light", inputs)
	}
	return found, nil
}

func taken(found map[devices.Light]int, input int) bool {
	for _, i := range found {
		if i == input {
			return true
		}
	}
	return false
}

// lightOf tells by the words of an input's name which light it is for.
func lightOf(input string) devices.Light {
	words := strings.FieldsFunc(strings.ToLower(input), func(r rune) bool { return !unicode.IsLetter(r) })
	has := func(any ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(any, w) })
	}
	switch {
	case has("infrared", "ir", "nir"):
		return devices.LightInfrared
	case has("ultraviolet", "uv", "uva"):
		return devices.LightUltraviolet
	}
	return devices.LightVisible
}
