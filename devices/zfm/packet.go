package zfm

import (
	"bytes"
	"encoding/binary"
)

// kind is what a packet is.
type kind byte

const (
	kindCommand     kind = 0x01
	kindData        kind = 0x02 // more follows
	kindAcknowledge kind = 0x07
	kindLast        kind = 0x08 // of the data packets
)

const (
	headLen    = 9 // EF 01, address, kind, length
	sumLen     = 2
	maxContent = 256
)

var start = []byte{0xef, 0x01}

// packet is one packet whose checksum is right.
type packet struct {
	kind    kind
	content []byte
}

// encode returns the bytes of a packet.
func encode(address uint32, k kind, content ...byte) []byte {
	b := make([]byte, 0, headLen+len(content)+sumLen)
	b = append(b, start...)
	b = binary.BigEndian.AppendUint32(b, address)
	b = append(b, byte(k))
	b = binary.BigEndian.AppendUint16(b, uint16(len(content)+sumLen))
	b = append(b, content...)
	return binary.BigEndian.AppendUint16(b, checksum(b))
}

// checksum is the sum of everything after the address.
func checksum(b []byte) (sum uint16) {
	for _, v := range b[len(start)+4:] {
		sum += uint16(v)
	}
	return sum
}

// parser finds the packets of one address in a stream of bytes, whatever else is in it.
type parser struct {
	address uint32
	buf     []byte
	from    int // where what is still to be looked at begins
	spoilt  int // packets whose checksum was wrong
}

// push takes the next bytes. Of those before them, next has left less than a packet.
func (p *parser) push(data []byte) {
	n := copy(p.buf, p.buf[p.from:])
	p.buf, p.from = append(p.buf[:n], data...), 0
}

// reset forgets everything.
func (p *parser) reset() { p.buf, p.from, p.spoilt = p.buf[:0], 0, 0 }

// next returns the next packet, if there is a whole one. Its content is valid until the next
// push.
func (p *parser) next() (packet, bool) {
	for {
		p.seek()
		b := p.buf[p.from:]
		if len(b) < headLen {
			return packet{}, false
		}
		n := int(binary.BigEndian.Uint16(b[headLen-2:]))
		if binary.BigEndian.Uint32(b[2:]) != p.address || n <= sumLen || n > maxContent+sumLen {
			p.from++
			continue
		}
		if len(b) < headLen+n {
			return packet{}, false
		}
		body := b[:headLen+n-sumLen]
		if checksum(body) != binary.BigEndian.Uint16(b[len(body):]) {
			p.spoilt++
			p.from++ // the true start of a packet may be in what is taken for its content
			continue
		}
		p.from += headLen + n
		return packet{kind(body[6]), body[headLen:]}, true
	}
}

// seek passes over what comes before the start of a packet.
func (p *parser) seek() {
	b := p.buf[p.from:]
	switch i := bytes.Index(b, start); {
	case i >= 0:
		p.from += i
	case bytes.HasSuffix(b, start[:1]):
		p.from += len(b) - 1
	default:
		p.from += len(b)
	}
}
