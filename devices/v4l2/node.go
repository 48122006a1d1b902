package v4l2

import (
	"context"
	"errors"
	"fmt"
	"time"

	"boothd/devices"
)

// Port is a video device that was found but not opened.
type Port interface {
	devices.Port
	// Open opens the node for pictures. It returns an error matching devices.ErrGone if it is
	// no longer there.
	Open(ctx context.Context) (Node, error)
	// Settings are those of the configuration for the camera.
	Settings() Settings
}

// Node is an opened video device. Its methods are called by one goroutine at a time. Their
// errors match devices.ErrGone when the device was unplugged.
type Node interface {
	// Card is the device's own name for itself.
	Card() string
	// Inputs are the names of what it can take pictures of; Select takes one of them, from 0.
	Inputs() ([]string, error)
	Select(input int) error
	// Modes are the ways in which it can send pictures.
	Modes() ([]Mode, error)
	// Prepare sets a mode and takes the buffers. The mode that it returns is what the device
	// made of it. The error matches devices.ErrBusy if somebody else has the buffers.
	Prepare(m Mode) (Mode, error)
	// Control returns what a control of the device can be set to, or errNoControl.
	Control(id uint32) (Range, error)
	SetControl(id uint32, value int32) error
	// Start lets pictures come, and Stop ends that.
	Start() error
	Stop() error
	// Next waits for a picture and hands it to take, which must not keep its bytes. It returns
	// ctx.Err() soon after ctx's end.
	Next(ctx context.Context, take func(Picture)) error
	// Close gives everything back; it may be repeated.
	Close() error
}

// ErrNoControl is matched by the error of Control for one that the device does not have, or
// not now.
var ErrNoControl = errors.New("the camera has no such control")

// Picture is what a device sent at once.
type Picture struct {
	Data     []byte
	Damaged  bool
	Sequence uint32 // counts pictures, also those that were lost
	At       time.Time
}

// Range is what a control can be set to: Least to Most in steps, Default at first.
type Range struct{ Least, Most, Step, Default int32 }

// holds reports whether v is one of the range's values.
func (r Range) holds(v int32) bool {
	return v >= r.Least && v <= r.Most && (r.Step <= 1 || (v-r.Least)%r.Step == 0)
}

func (r Range) String() string {
	if r.Step <= 1 {
		return fmt.Sprintf("%d to %d", r.Least, r.Most)
	}
	return fmt.Sprintf("%d to %d in steps of %d", r.Least, r.Most, r.Step)
}

// Encoding is how a picture's bytes are to be understood: a code of four characters.
type Encoding uint32

func fourCC(s string) Encoding {
	return Encoding(s[0]) | Encoding(s[1])<<8 | Encoding(s[2])<<16 | Encoding(s[3])<<24
}

// The encodings that this package understands.
var (
	MJPEG = fourCC("MJPG") // Motion JPEG
	JPEG  = fourCC("JPEG") // the same by another name
	YUYV  = fourCC("YUYV") // 4:2:2, two pixels in four bytes
	Grey  = fourCC("GREY") // a byte a pixel
)

func (e Encoding) String() string {
	return fmt.Sprintf("%.4q", []byte{byte(e), byte(e >> 8), byte(e >> 16), byte(e >> 24)})
}

// Mode is a way of sending pictures.
type Mode struct {
	Encoding      Encoding
	Width, Height int     // pixels
	Stride        int     // bytes from one line to the next; 0 where the encoding has no lines
	Rate          float64 // the most pictures per second; 0 if the device does not say
}

func (m Mode) String() string {
	return fmt.Sprintf("%s %dx%d at %.4g/s", m.Encoding, m.Width, m.Height, m.Rate)
}
