package zfmemu

import (
	"bytes"
	"encoding/binary"
	"sync"
	"time"

	"boothd/devices/serial/ptyline"
)

// The kinds of packet.
const (
	kindCommand     = 0x01
	kindData        = 0x02
	kindAcknowledge = 0x07
	kindLast        = 0x08
)

const overhead = 2 + 4 + 1 + 2 + 2 // header, address, kind, length, checksum

// Frame returns the bytes of a packet.
func Frame(address uint32, kind byte, content []byte) []byte {
	b := []byte{0xef, 0x01}
	b = binary.BigEndian.AppendUint32(b, address)
	b = append(b, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(len(content)+2))
	b = append(b, content...)
	var sum uint16
	for _, v := range b[6:] {
		sum += uint16(v)
	}
	return binary.BigEndian.AppendUint16(b, sum)
}

// OnLine returns how many bytes a picture of so many bytes takes on the line, in packets of a
// size, without the command and its acknowledgement.
func OnLine(picture, packet int) int {
	return picture + (picture+packet-1)/packet*overhead
}

// takeCommand takes the first whole command off what arrived. A command with a wrong checksum
// has no content.
func takeCommand(arrived []byte) (address uint32, content, rest []byte, ok bool) {
	i := bytes.Index(arrived, []byte{0xef, 0x01})
	if i < 0 || len(arrived[i:]) < overhead {
		return 0, nil, arrived, false
	}
	b := arrived[i:]
	n := int(binary.BigEndian.Uint16(b[7:]))
	if b[6] != kindCommand || n < 3 || n > 64 {
		return takeCommand(b[1:])
	}
	if len(b) < 9+n {
		return 0, nil, b, false
	}
	address = binary.BigEndian.Uint32(b[2:])
	content = b[9 : 9+n-2]
	if !bytes.Equal(b[:9+n], Frame(address, kindCommand, content)) {
		content = nil
	}
	return address, content, b[9+n:], true
}

// wire sends what a module says, at its speed if it is told to.
type wire struct {
	line *ptyline.Line

	mu   sync.Mutex
	baud int
	pace bool
	cut  chan struct{} // closed when the line is unplugged
}

// matches reports whether the host has set the module's speed.
func (w *wire) matches() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.line != nil && w.line.Baud() == w.baud
}

func (w *wire) setBaud(baud int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.baud = baud
}

// send sends bytes, spoilt if the host listens at another speed. It returns false if the line
// was cut.
func (w *wire) send(data []byte) bool {
	w.mu.Lock()
	spoil := w.line.Baud() != w.baud
	took := time.Duration(len(data)) * 10 * time.Second / time.Duration(w.baud)
	if !w.pace {
		took = 0
	}
	w.mu.Unlock()
	if spoil {
		data = bytes.Clone(data)
		for i := range data {
			data[i] = data[i]&0x2a | 0x40
		}
	}
	if w.line.Send(data) != nil {
		return false
	}
	return w.wait(took)
}

// wait lets time pass. It returns false if the line was cut.
func (w *wire) wait(d time.Duration) bool {
	w.mu.Lock()
	cut := w.cut
	w.mu.Unlock()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-cut:
		return false
	case <-t.C:
		return true
	}
}
