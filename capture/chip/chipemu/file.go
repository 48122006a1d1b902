package chipemu

import (
	"boothd/capture/chip/apdu"
	"boothd/capture/chip/lds"
	"boothd/capture/chip/tlv"
)

// file is an elementary file.
type file struct {
	name    lds.File
	content []byte
	endless bool
}

// size is where the file ends.
func (f *file) size() int {
	if f.endless {
		return endlessLength
	}
	return len(f.content)
}

// part returns bytes of the file, which goes on with zeros if it is endless.
func (f *file) part(at, n int) []byte {
	n = min(n, f.size()-at)
	out := make([]byte, n)
	if at < len(f.content) {
		copy(out, f.content[at:])
	}
	return out
}

// selects is SELECT (ISO/IEC 7816-4 §11.2.2).
func (c *Chip) selects(command apdu.Command) apdu.Response {
	if command.P2 != 0x0C && command.P2 != 0x00 || command.P2 == 0x0C && c.quirks.ControlOnly {
		return fail(apdu.WrongParameters)
	}
	switch {
	case command.P1 == 0x04:
		return c.selectApplication(command)
	case command.P1 == 0x00 && (len(command.Data) == 0 || string(command.Data) == "\x3F\x00"):
		c.applied, c.current = false, nil
		return control(command, nil)
	case command.P1 != 0x02 && command.P1 != 0x00:
		return fail(apdu.WrongParameters)
	case len(command.Data) != 2:
		return fail(apdu.WrongLength)
	}
	f := c.files()[uint16(command.Data[0])<<8|uint16(command.Data[1])]
	if f == nil {
		return fail(apdu.FileNotFound)
	}
	if !c.allowed(f.name) {
		return fail(apdu.SecurityNotSatisfied)
	}
	c.current = f
	return control(command, command.Data)
}

func (c *Chip) selectApplication(command apdu.Command) apdu.Response {
	if lds.ApplicationID(command.Data) != lds.TravelDocument {
		return fail(apdu.FileNotFound)
	}
	c.applied, c.current = true, nil
	return control(command, command.Data)
}

// control is the answer to SELECT: control information with the name, if that was asked for.
func control(command apdu.Command, name []byte) apdu.Response {
	r := fail(apdu.OK)
	if command.P2 == 0x00 && command.Ne > 0 {
		tag := tlv.Tag(0x83)
		if command.P1 == 0x04 {
			tag = 0x84
		}
		var content []byte
		if len(name) > 0 {
			content = tlv.Append(nil, tag, name)
		}
		r.Data = tlv.Append(nil, 0x6F, content)
	}
	return r
}

// files are those below what is selected.
func (c *Chip) files() map[uint16]*file {
	if c.applied {
		return c.application
	}
	return c.master
}

// shortNamed selects the file with a short identifier.
func (c *Chip) shortNamed(id byte) apdu.Status {
	if c.quirks.NoShortID {
		return apdu.WrongParameters
	}
	for _, f := range c.files() {
		if f.name.ShortID() == id {
			if !c.allowed(f.name) {
				return apdu.SecurityNotSatisfied
			}
			c.current = f
			return apdu.OK
		}
	}
	return apdu.FileNotFound
}

// read is READ BINARY with the offset in its parameters (ISO/IEC 7816-4 §11.3.3).
func (c *Chip) read(command apdu.Command, room int) apdu.Response {
	at := int(command.P1)<<8 | int(command.P2)
	if command.P1&0x80 != 0 {
		if command.P1&0x60 != 0 {
			return fail(apdu.WrongParameters)
		}
		if s := c.shortNamed(command.P1 & 0x1F); s != apdu.OK {
			return fail(s)
		}
		at = int(command.P2)
	}
	if len(command.Data) > 0 || command.Ne == 0 {
		return fail(apdu.WrongLength)
	}
	return c.readAt(at, command.Ne, room)
}

// readLong is READ BINARY with the offset in an object, and the data in one.
func (c *Chip) readLong(command apdu.Command, room int) apdu.Response {
	if c.quirks.NoLongOffset {
		return fail(apdu.InstructionNotSupported)
	}
	if s := c.longNamed(command.P1, command.P2); s != apdu.OK {
		return fail(s)
	}
	offset, err := tlv.Only(command.Data, 0x54)
	if err != nil || len(offset) == 0 || len(offset) > 4 {
		return fail(apdu.WrongData)
	}
	at := int(bigOf(offset).Int64())
	if command.Ne < 3 {
		return fail(apdu.WrongLength)
	}
	r := c.readAt(at, inObject(min(command.Ne, room)), room)
	if command.Ne >= 256 && r.Status == apdu.EndOfFile && !c.quirks.WarnsAtEnd && !c.wire.early {
		r.Status = apdu.OK
	}
	if len(r.Data) > 0 {
		r.Data = tlv.Append(nil, 0x53, r.Data)
	}
	return r
}

// inObject is the most bytes that an object of n bytes holds.
func inObject(n int) int {
	switch {
	case n < 2+0x80:
		return n - 2
	case n < 3+0x100:
		return n - 3
	}
	return n - 4
}

// longNamed selects by the parameters of the odd instruction: nothing, a short identifier or
// an identifier.
func (c *Chip) longNamed(p1, p2 byte) apdu.Status {
	switch {
	case p1 == 0 && p2 == 0:
		return apdu.OK
	case p1 == 0 && p2 < 0x1F:
		return c.shortNamed(p2)
	}
	f := c.files()[uint16(p1)<<8|uint16(p2)]
	if f == nil {
		return apdu.FileNotFound
	}
	if !c.allowed(f.name) {
		return apdu.SecurityNotSatisfied
	}
	c.current = f
	return apdu.OK
}

// readAt reads the current file. A terminal that asked for all there is gets what fits, and
// no warning.
func (c *Chip) readAt(at, ne, room int) apdu.Response {
	f := c.current
	switch {
	case f == nil:
		return fail(apdu.CommandNotAllowed)
	case !c.allowed(f.name):
		return fail(apdu.SecurityNotSatisfied)
	case at >= f.size():
		return fail(apdu.OffsetOutside)
	}
	if most := c.quirks.MostAsked; most > 0 && ne > most && c.session.sm != nil {
		return fail(apdu.WrongLength)
	}
	n := min(ne, room)
	if c.quirks.MostRead > 0 {
		n = min(n, c.quirks.MostRead)
	}
	if c.wire.early {
		return apdu.Response{Data: f.part(at, (n+1)/2), Status: apdu.EndOfFile}
	}
	r := apdu.Response{Data: f.part(at, n), Status: apdu.OK}
	left, all := f.size()-at, ne == 256 || ne == apdu.MaxNe
	if n > left && !all || n >= left && c.quirks.WarnsAtEnd {
		r.Status = apdu.EndOfFile
	}
	return r
}
