package tape

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"boothd/devices"
	"boothd/devices/usb"
)

// Version is that of the format.
const Version = 1

const (
	maxLine   = 4 << 20 // bytes of a line
	maxEvents = 1 << 20
)

// Bytes are written in hexadecimal.
type Bytes []byte

// MarshalText implements encoding.TextMarshaler.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(b)), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *Bytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

// Head tells what was recorded.
type Head struct {
	Tape    int     `json:"tape"` // Version
	Driver  string  `json:"driver"`
	Address string  `json:"address"`
	USB     *USB    `json:"usb,omitempty"`
	Serial  *Serial `json:"serial,omitempty"`
}

// USB is what a driver learns of a USB device before it talks to it.
type USB struct {
	ID         string          `json:"id"` // "05ba:000a"
	BCD        uint16          `json:"bcd"`
	Interfaces []usb.Interface `json:"interfaces"` // those that the driver was shown
}

// Serial is how a line was set up.
type Serial struct {
	Baud int `json:"baud"`
}

// Event is one transfer, or one read or write of a line.
type Event struct {
	At       int64  `json:"at"` // µs since the tape began
	Do       Deed   `json:"do"`
	Setup    Bytes  `json:"setup,omitempty"`    // of a control transfer, 6 bytes
	Endpoint uint8  `json:"endpoint,omitempty"` // of another USB transfer
	Length   int    `json:"length,omitempty"`   // that was asked for
	Data     Bytes  `json:"data,omitempty"`     // that were moved
	Baud     int    `json:"baud,omitempty"`     // that the line was set to
	Error    Ending `json:"error,omitempty"`
}

// Deed is what was done.
type Deed string

// The deeds.
const (
	Control Deed = "control"
	Read    Deed = "read"
	Write   Deed = "write"
	SetBaud Deed = "baud"
)

// Ending is how a transfer failed.
type Ending string

// The endings.
const (
	Gone    Ending = "gone"
	Stall   Ending = "stall"
	Timeout Ending = "timeout"
	Failed  Ending = "failed"
)

// endingOf sorts an error. Nothing of its text reaches the tape.
func endingOf(err error) Ending {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, devices.ErrGone):
		return Gone
	case errors.Is(err, usb.ErrStall):
		return Stall
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	}
	return Failed
}

// errFailed stands for an error of which the tape does not tell more.
var errFailed = errors.New("the transfer failed when the tape was recorded")

// err returns what a driver is given for an ending.
func (e Ending) err() error {
	switch e {
	case "":
		return nil
	case Gone:
		return devices.ErrGone
	case Stall:
		return usb.ErrStall
	case Timeout:
		return context.DeadlineExceeded
	}
	return errFailed
}

// Tape is a recording in memory.
type Tape struct {
	Head
	Events []Event
}

// Parse reads a tape, of at most a million events. The error names the line.
func Parse(r io.Reader) (*Tape, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	t := new(Tape)
	if !lines.Scan() {
		return nil, errors.Join(errors.New("tape: it is empty"), lines.Err())
	}
	if err := json.Unmarshal(lines.Bytes(), &t.Head); err != nil {
		return nil, fmt.Errorf("tape: line 1: %w", err)
	}
	if err := t.Head.check(); err != nil {
		return nil, fmt.Errorf("tape: line 1: %w", err)
	}
	for n := 2; lines.Scan(); n++ {
		var e Event
		err := json.Unmarshal(lines.Bytes(), &e)
		if err == nil {
			err = e.check(t.Serial != nil)
		}
		if err == nil && len(t.Events) == maxEvents {
			err = fmt.Errorf("more than %d events", maxEvents)
		}
		if err != nil {
			return nil, fmt.Errorf("tape: line %d: %w", n, err)
		}
		t.Events = append(t.Events, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("tape: %w", err)
	}
	return t, nil
}

func (h *Head) check() error {
	if h.Tape != Version {
		return fmt.Errorf("it is no tape of version %d", Version)
	}
	if (h.USB == nil) == (h.Serial == nil) {
		return errors.New("neither of a usb device nor of a serial line")
	}
	if h.USB != nil {
		_, err := parseID(h.USB.ID)
		return err
	}
	return nil
}

func parseID(text string) (id devices.ID, err error) {
	vendor, product, ok := strings.Cut(text, ":")
	v, err1 := strconv.ParseUint(vendor, 16, 16)
	p, err2 := strconv.ParseUint(product, 16, 16)
	if !ok || err1 != nil || err2 != nil {
		return id, fmt.Errorf("%q is no usb identity", text)
	}
	return devices.ID{Vendor: uint16(v), Product: uint16(p)}, nil
}

func (e *Event) check(serial bool) error {
	switch {
	case e.Do != Control && e.Do != Read && e.Do != Write && e.Do != SetBaud:
		return fmt.Errorf("%q is no deed", e.Do)
	case serial == (e.Do == Control) && e.Do == Control, !serial && e.Do == SetBaud:
		return fmt.Errorf("%q is not done on such a device", e.Do)
	case e.Do == Control && len(e.Setup) != 6:
		return errors.New("setup has not 6 bytes")
	case e.Length < 0 || e.Length > maxLine:
		return fmt.Errorf("length %d", e.Length)
	case !serial && e.in() && len(e.Data) > e.Length:
		return errors.New("more data than was asked for")
	}
	return nil
}

// in says whether the device spoke.
func (e *Event) in() bool {
	return e.Do == Read || e.Do == Control && e.Setup[0]&0x80 != 0
}

func since(began time.Time) int64 { return time.Since(began).Microseconds() }
