package bdir

import "encoding/binary"

// leastOrigin is the size of an origin in the editions of 2011, without blocks.
const leastOrigin = 9 + 5 + 1

// readOrigin reads what every representation of the editions of 2011 begins with, after its
// length: ISO/IEC 19794-1:2011, representation header.
func readOrigin(c *cursor, certified bool) Origin {
	o := Origin{Captured: readCaptureTime(c)}
	o.Device = Device{Technology: c.u8(), Vendor: c.u16(), Type: c.u16()}
	for range c.u8() {
		o.Quality = append(o.Quality, Quality{Score: c.u8(), Vendor: c.u16(), Algorithm: c.u16()})
	}
	if certified {
		for range c.u8() {
			o.Certificates = append(o.Certificates, Certificate{Authority: c.u16(), Scheme: c.u8()})
		}
	}
	return o
}

// readCaptureTime takes an impossible time for one that is not given: some writers fill in
// zeros, or count months from 0.
func readCaptureTime(c *cursor) CaptureTime {
	t := CaptureTime{
		Year: c.u16(), Month: c.u8(), Day: c.u8(),
		Hour: c.u8(), Minute: c.u8(), Second: c.u8(), Millisecond: c.u16(),
	}
	if t == nothingGiven || !t.possible() {
		return CaptureTime{}
	}
	return t
}

var nothingGiven = CaptureTime{0xffff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xffff}

func (o *Origin) append(b []byte, certified bool) []byte {
	t := o.Captured
	if t == (CaptureTime{}) {
		t = nothingGiven
	}
	b = binary.BigEndian.AppendUint16(b, t.Year)
	b = append(b, t.Month, t.Day, t.Hour, t.Minute, t.Second)
	b = binary.BigEndian.AppendUint16(b, t.Millisecond)
	b = append(b, o.Device.Technology)
	b = binary.BigEndian.AppendUint16(b, o.Device.Vendor)
	b = binary.BigEndian.AppendUint16(b, o.Device.Type)
	b = append(b, uint8(len(o.Quality)))
	for _, q := range o.Quality {
		b = append(b, q.Score)
		b = binary.BigEndian.AppendUint16(b, q.Vendor)
		b = binary.BigEndian.AppendUint16(b, q.Algorithm)
	}
	if !certified {
		return b
	}
	b = append(b, uint8(len(o.Certificates)))
	for _, c := range o.Certificates {
		b = binary.BigEndian.AppendUint16(b, c.Authority)
		b = append(b, c.Scheme)
	}
	return b
}

// readOldDevice reads the device of the older editions: 4 bits of compliance, 12 of its
// number.
func readOldDevice(c *cursor) Device {
	v := c.u16()
	return Device{Type: v & 0xfff, Compliance: uint8(v >> 12)}
}

func (d Device) appendOld(b []byte) []byte {
	return binary.BigEndian.AppendUint16(b, uint16(d.Compliance)<<12|d.Type)
}
