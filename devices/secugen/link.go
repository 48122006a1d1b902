package secugen

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf16"

	"boothd/devices/usb"
)

// Requests.
const (
	requestStart    = 0x01 // the stream
	requestStop     = 0x02
	requestExpose   = 0x05
	requestMemory   = 0x08
	requestLamp     = 0x11
	requestStatus   = 0x16
	requestRegister = 0x22
	requestSerial   = 0x25
	requestExposure = 0x40
)

const (
	toDevice   = 0x40
	fromDevice = 0xc0

	// sensor is the sensor's address on the bus inside the scanner.
	sensor = 0x0037

	// requestTimeout bounds a request; the slowest recorded took 166 ms.
	requestTimeout = 5 * time.Second
)

// link carries requests to the scanner.
type link struct {
	conn    usb.Conn
	timeout time.Duration // of each request
}

// send sends a request with its data.
func (l link) send(ctx context.Context, request uint8, value, index uint16, data ...byte) error {
	return l.transfer(ctx, usb.Setup{RequestType: toDevice, Request: request, Value: value, Index: index}, data)
}

// fetch fills data with the answer to a request.
func (l link) fetch(ctx context.Context, request uint8, value, index uint16, data []byte) error {
	return l.transfer(ctx, usb.Setup{RequestType: fromDevice, Request: request, Value: value, Index: index}, data)
}

func (l link) transfer(ctx context.Context, s usb.Setup, data []byte) error {
	bounded, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	n, err := l.conn.Control(bounded, s, data)
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		// Not the caller's deadline: the scanner is at fault.
		return fmt.Errorf("request %#02x: no answer within %v", s.Request, l.timeout)
	case err != nil:
		return fmt.Errorf("request %#02x: %w", s.Request, err)
	case n != len(data):
		return fmt.Errorf("request %#02x: %d of %d bytes moved", s.Request, n, len(data))
	}
	return nil
}

// setting is a value for a register of the sensor.
type setting struct{ register, value byte }

// write writes registers.
func (l link) write(ctx context.Context, settings ...setting) error {
	for _, s := range settings {
		if err := l.send(ctx, requestRegister, sensor, uint16(s.register), s.value); err != nil {
			return fmt.Errorf("write register %#02x: %w", s.register, err)
		}
	}
	return nil
}

// set writes registers and reads each back, which proves the scanner's inner bus.
func (l link) set(ctx context.Context, settings ...setting) error {
	for _, s := range settings {
		if err := l.write(ctx, s); err != nil {
			return err
		}
		var got [1]byte
		if err := l.fetch(ctx, requestRegister, sensor, uint16(s.register), got[:]); err != nil {
			return fmt.Errorf("read register %#02x: %w", s.register, err)
		}
		if got[0] != s.value {
			return fmt.Errorf("register %#02x holds %#02x after %#02x was written", s.register, got[0], s.value)
		}
	}
	return nil
}

// serial reads the unit's serial number, or nothing if it is not printable.
func (l link) serial(ctx context.Context) (string, error) {
	var b [30]byte
	if err := l.fetch(ctx, requestSerial, 0, 0, b[:]); err != nil {
		return "", fmt.Errorf("read serial number: %w", err)
	}
	return parseSerial(b), nil
}

// parseSerial reads 15 characters of UTF-16, padded with blanks.
func parseSerial(b [30]byte) string {
	var units []uint16
	for i := 0; i < len(b); i += 2 {
		u := uint16(b[i]) | uint16(b[i+1])<<8
		if u == 0 {
			break
		}
		if u < ' ' || u > '~' {
			return ""
		}
		units = append(units, u)
	}
	for len(units) > 0 && units[len(units)-1] == ' ' {
		units = units[:len(units)-1]
	}
	return string(utf16.Decode(units))
}
