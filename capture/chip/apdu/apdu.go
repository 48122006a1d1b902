// Package apdu writes and reads the commands and responses that travel to and from a chip
// card (ISO/IEC 7816-4 §5).
//
// A [Command] is encoded in the short form wherever it fits, because old chips know no
// other, and in the extended form where its data or the answer asked for need it. [Send]
// puts one over a [devices.Card] and follows what chips on contact protocols answer instead
// of data: 61XX (there is more) and 6CXX (ask again with this length).
//
// Neither commands nor responses appear in errors: they hold keys and personal data. An
// error names the command by its instruction and the answer by its status.
package apdu

import (
	"errors"
	"fmt"
	"log/slog"
)

// Lengths of data, in bytes.
const (
	MaxData = 65535 // that a command carries
	MaxNe   = 65536 // that a command asks for and a response carries

	maxShortData = 255
	maxShortNe   = 256
)

// ErrMalformed is matched by the errors of bytes that are no command or no response.
var ErrMalformed = errors.New("malformed APDU")

// Command is a command APDU.
type Command struct {
	CLA, INS, P1, P2 byte
	// Data is the command data field, up to MaxData bytes.
	Data []byte
	// Ne is the greatest number of bytes that the answer may have, up to MaxNe; 0 asks for
	// none. MaxNe and 256 mean "all there is" in the extended and in the short form.
	Ne int
}

// String names the command by its instruction only.
func (c Command) String() string {
	if name, known := instructions[c.INS]; known {
		return name
	}
	return fmt.Sprintf("instruction %02X", c.INS)
}

// LogValue keeps the command's data out of logs.
func (c Command) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Extended reports whether the command is encoded in the extended form.
func (c Command) Extended() bool { return len(c.Data) > maxShortData || c.Ne > maxShortNe }

// Encode returns the command as it travels. The error says which length is out of range.
func (c Command) Encode() ([]byte, error) {
	if len(c.Data) > MaxData {
		return nil, fmt.Errorf("encode %v: %d bytes of data, want at most %d", c, len(c.Data), MaxData)
	}
	if c.Ne < 0 || c.Ne > MaxNe {
		return nil, fmt.Errorf("encode %v: answer of %d bytes, want 0 to %d", c, c.Ne, MaxNe)
	}
	out := make([]byte, 0, 4+3+len(c.Data)+3)
	out = append(out, c.CLA, c.INS, c.P1, c.P2)
	if c.Extended() {
		return c.appendExtended(out), nil
	}
	if len(c.Data) > 0 {
		out = append(out, byte(len(c.Data)))
		out = append(out, c.Data...)
	}
	if c.Ne > 0 {
		out = append(out, byte(c.Ne)) // 256 is 00
	}
	return out, nil
}

func (c Command) appendExtended(out []byte) []byte {
	out = append(out, 0)
	if len(c.Data) > 0 {
		out = append(out, byte(len(c.Data)>>8), byte(len(c.Data)))
		out = append(out, c.Data...)
	}
	if c.Ne > 0 {
		out = append(out, byte(c.Ne>>8), byte(c.Ne)) // 65536 is 0000
	}
	return out
}

// Parse reads a command, as a chip receives it. Data is a part of b. The error matches
// ErrMalformed.
func Parse(b []byte) (Command, error) {
	if len(b) < 4 {
		return Command{}, fmt.Errorf("%w: command of %d bytes, want at least 4", ErrMalformed, len(b))
	}
	c := Command{CLA: b[0], INS: b[1], P1: b[2], P2: b[3]}
	body := b[4:]
	switch {
	case len(body) == 0:
		return c, nil
	case len(body) == 1:
		c.Ne = length(int(body[0]), maxShortNe)
		return c, nil
	case body[0] != 0:
		return c.parseBody(body[1:], int(body[0]), 1)
	case len(body) == 2:
		return Command{}, fmt.Errorf("%w: command with a cut length", ErrMalformed)
	case len(body) == 3:
		c.Ne = length(int(body[1])<<8|int(body[2]), MaxNe)
		return c, nil
	}
	return c.parseBody(body[3:], int(body[1])<<8|int(body[2]), 2)
}

// parseBody reads n bytes of data and what follows: nothing, or Ne in a field of the given
// width.
func (c Command) parseBody(rest []byte, n, width int) (Command, error) {
	if n == 0 || len(rest) != n && len(rest) != n+width {
		return Command{}, fmt.Errorf("%w: command announces %d bytes of data, %d follow", ErrMalformed, n, len(rest))
	}
	c.Data = rest[:n:n]
	switch le := rest[n:]; len(le) {
	case 1:
		c.Ne = length(int(le[0]), maxShortNe)
	case 2:
		c.Ne = length(int(le[0])<<8|int(le[1]), MaxNe)
	}
	return c, nil
}

// length is the meaning of a length field in which 0 stands for the greatest value.
func length(field, greatest int) int {
	if field == 0 {
		return greatest
	}
	return field
}

// Response is a response APDU.
type Response struct {
	Data   []byte // up to MaxNe bytes
	Status Status
}

// LogValue keeps the response's data out of logs.
func (r Response) LogValue() slog.Value { return slog.StringValue(r.Status.Error()) }

// Encode returns the response as it travels.
func (r Response) Encode() []byte {
	out := make([]byte, 0, len(r.Data)+2)
	out = append(out, r.Data...)
	return append(out, byte(r.Status>>8), byte(r.Status))
}

// ParseResponse reads a response. Data is a part of b. The error matches ErrMalformed.
func ParseResponse(b []byte) (Response, error) {
	n := len(b) - 2
	if n < 0 || n > MaxNe {
		return Response{}, fmt.Errorf("%w: response of %d bytes, want 2 to %d", ErrMalformed, len(b), MaxNe+2)
	}
	return Response{Data: b[:n:n], Status: Status(b[n])<<8 | Status(b[n+1])}, nil
}

var instructions = map[byte]string{
	0x20: "VERIFY",
	0x22: "MANAGE SECURITY ENVIRONMENT",
	0x2A: "PERFORM SECURITY OPERATION",
	0x82: "EXTERNAL AUTHENTICATE",
	0x84: "GET CHALLENGE",
	0x86: "GENERAL AUTHENTICATE",
	0x88: "INTERNAL AUTHENTICATE",
	0xA4: "SELECT",
	0xB0: "READ BINARY",
	0xB1: "READ BINARY (odd)",
	0xC0: "GET RESPONSE",
	0xCA: "GET DATA",
	0xD6: "UPDATE BINARY",
}
