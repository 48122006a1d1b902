package v4l2

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"boothd/devices"
)

// Settings are what the configuration says of a camera. The zero value leaves everything to
// this package and to the camera.
type Settings struct {
	// Driver is the driver's name; empty means this package's.
	Driver string
	// Width and Height are the least size of its pictures in pixels; 0 means 640 by 480.
	Width, Height int
	// Input names the input that is used, or a part of its name; empty means the first.
	Input string
	// Lights are the inputs of a page camera by the light under which they take pictures, where
	// their names do not tell.
	Lights map[devices.Light]string
	// Controls are values of controls by name, see ControlNames. Exposure, focus and white
	// balance are automatic if they are not named.
	Controls map[string]int
}

// control is a property of the camera that can be set.
type control struct {
	id        uint32
	automatic uint32 // the control that lets the camera choose; 0 if there is none
	manual    int32  // what automatic is set to for a value of ours
	auto      []int32
}

// controls are by the names that the configuration uses. Ids are those of
// linux/v4l2-controls.h.
var controls = map[string]control{
	// In units of 100 µs. V4L2_EXPOSURE_AUTO, _MANUAL, _SHUTTER_PRIORITY, _APERTURE_PRIORITY:
	// most cameras know the second and the fourth.
	"exposure": {id: 0x009a0902, automatic: 0x009a0901, manual: 1, auto: []int32{3, 0}},
	// In the camera's own steps, from far to near.
	"focus": {id: 0x009a090a, automatic: 0x009a090c, auto: []int32{1}},
	// In kelvin.
	"white_balance": {id: 0x0098091a, automatic: 0x0098090c, auto: []int32{1}},
	"gain":          {id: 0x00980913, automatic: 0x00980912, auto: []int32{1}},
	"brightness":    {id: 0x00980900},
	"contrast":      {id: 0x00980901},
	"saturation":    {id: 0x00980902},
	"sharpness":     {id: 0x0098091b},
	"backlight":     {id: 0x0098091c},
	"zoom":          {id: 0x009a090d},
	"mains":         {id: 0x00980918}, // against flicker: 0 off, 1 50 Hz, 2 60 Hz, 3 automatic
}

// ControlNames returns the names of the controls that can be set, sorted.
func ControlNames() []string { return slices.Sorted(maps.Keys(controls)) }

// apply sets the camera's controls.
func (s *Settings) apply(n Node) error {
	for _, name := range ControlNames() {
		c := controls[name]
		value, named := s.Controls[name]
		if !named {
			if err := c.free(n); err != nil {
				return fmt.Errorf("set %s to automatic: %w", name, err)
			}
			continue
		}
		if err := c.set(n, int32(value)); err != nil {
			return fmt.Errorf("set %s to %d: %w", name, value, err)
		}
	}
	for name := range s.Controls {
		if _, ok := controls[name]; !ok {
			return fmt.Errorf("set %s: %w", name, ErrNoControl)
		}
	}
	return nil
}

// free leaves the control to the camera, if it has an automatic.
func (c control) free(n Node) error {
	if c.automatic == 0 {
		return nil
	}
	allowed, err := n.Control(c.automatic)
	if errors.Is(err, ErrNoControl) {
		return nil
	}
	if err != nil {
		return err
	}
	var refused error
	for _, v := range c.auto {
		if !allowed.holds(v) {
			continue
		}
		if refused = n.SetControl(c.automatic, v); refused == nil {
			return nil
		}
	}
	// A camera that knows the control and no automatic way is left as it is.
	return goneOnly(refused)
}

// set gives the control a value of ours.
func (c control) set(n Node, value int32) error {
	if c.automatic != 0 {
		if _, err := n.Control(c.automatic); err == nil {
			if err := n.SetControl(c.automatic, c.manual); goneOnly(err) != nil {
				return err
			}
		}
	}
	allowed, err := n.Control(c.id)
	if err != nil {
		return err
	}
	if !allowed.holds(value) {
		return fmt.Errorf("the camera takes %v", allowed)
	}
	return n.SetControl(c.id, value)
}

// input returns the number of the input that the text is part of the name of, whatever the case.
func input(names []string, text string) (int, error) {
	for i, name := range names {
		if strings.Contains(strings.ToLower(name), strings.ToLower(text)) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("no input is named %q; there are %q", text, names)
}
