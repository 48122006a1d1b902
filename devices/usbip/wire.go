package usbip

import (
	"encoding/binary"
	"fmt"
	"io"
)

const (
	version = 0x0111

	opReqImport  = 0x8003
	opRepImport  = 0x0003
	opReqDevlist = 0x8005
	opRepDevlist = 0x0005

	cmdSubmit = 1
	cmdUnlink = 2
	retSubmit = 3
	retUnlink = 4

	dirOut = 0
	dirIn  = 1

	opHeaderLen = 8
	busIDLen    = 32
	deviceLen   = 312
	headerLen   = 48

	// maxTransfer is the longest data of one URB that either end accepts. The longest
	// transfer of the booth's devices is 656 KiB.
	maxTransfer = 1 << 20
	// maxDevices is the longest device list that a client reads.
	maxDevices = 256
)

// Status of an operation, as the kernel's tools use it.
const (
	opOK          = 0
	opUnavailable = 1
	opBusy        = 2
	opNoDevice    = 4
	opError       = 5
)

// Status of a URB: negative error numbers of Linux, whatever system this runs on.
const (
	statusOK         = 0
	statusNoDevice   = -19  // ENODEV
	statusStall      = -32  // EPIPE
	statusProtocol   = -71  // EPROTO
	statusOverflow   = -75  // EOVERFLOW
	statusUnlinked   = -104 // ECONNRESET
	statusShutdown   = -108 // ESHUTDOWN
	statusShortInput = -121 // EREMOTEIO
)

// flagShortNotOK asks that an input transfer which ends early is reported as an error.
const flagShortNotOK = 0x0001

// opHeader starts an operation and its answer.
type opHeader struct {
	code   uint16
	status uint32
}

func (h opHeader) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, version)
	b = binary.BigEndian.AppendUint16(b, h.code)
	return binary.BigEndian.AppendUint32(b, h.status)
}

func readOpHeader(r io.Reader) (opHeader, error) {
	var b [opHeaderLen]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return opHeader{}, err
	}
	if v := binary.BigEndian.Uint16(b[0:]); v != version {
		return opHeader{}, fmt.Errorf("protocol version %#04x, want %#04x", v, version)
	}
	return opHeader{binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint32(b[4:])}, nil
}

// deviceRecord is a device as lists and import answers describe it.
type deviceRecord struct {
	path, busID                   string
	busNum, devNum, speed         uint32
	vendor, product, bcdDevice    uint16
	class, subClass, protocol     uint8
	configuration, configurations uint8
	interfaces                    uint8
}

// devID is how URBs name the device.
func (d deviceRecord) devID() uint32 { return d.busNum<<16 | d.devNum&0xffff }

func (d deviceRecord) append(b []byte) []byte {
	b = appendPadded(b, d.path, 256)
	b = appendPadded(b, d.busID, busIDLen)
	b = binary.BigEndian.AppendUint32(b, d.busNum)
	b = binary.BigEndian.AppendUint32(b, d.devNum)
	b = binary.BigEndian.AppendUint32(b, d.speed)
	b = binary.BigEndian.AppendUint16(b, d.vendor)
	b = binary.BigEndian.AppendUint16(b, d.product)
	b = binary.BigEndian.AppendUint16(b, d.bcdDevice)
	return append(b, d.class, d.subClass, d.protocol, d.configuration, d.configurations, d.interfaces)
}

func readDeviceRecord(r io.Reader) (deviceRecord, error) {
	var b [deviceLen]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return deviceRecord{}, err
	}
	n := b[256+busIDLen:]
	return deviceRecord{
		path:           unpad(b[:256]),
		busID:          unpad(b[256 : 256+busIDLen]),
		busNum:         binary.BigEndian.Uint32(n[0:]),
		devNum:         binary.BigEndian.Uint32(n[4:]),
		speed:          binary.BigEndian.Uint32(n[8:]),
		vendor:         binary.BigEndian.Uint16(n[12:]),
		product:        binary.BigEndian.Uint16(n[14:]),
		bcdDevice:      binary.BigEndian.Uint16(n[16:]),
		class:          n[18],
		subClass:       n[19],
		protocol:       n[20],
		configuration:  n[21],
		configurations: n[22],
		interfaces:     n[23],
	}, nil
}

// appendPadded appends s, cut so that at least one zero byte follows, as n bytes.
func appendPadded(b []byte, s string, n int) []byte {
	s = s[:min(len(s), n-1)]
	return append(append(b, s...), make([]byte, n-len(s))...)
}

// unpad returns the text before the first zero byte.
func unpad(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

// header is the head of a URB, of its cancellation and of the answers to both.
type header struct {
	command, seq, devID, direction, endpoint uint32

	// Submit: flags and length. Answer to a submit: status and length. Cancellation: the
	// sequence number of what is cancelled. Answer to a cancellation: status.
	flags    uint32
	status   int32
	length   uint32
	unlinked uint32
	packets  uint32 // of an isochronous transfer
	interval uint32
	setup    [8]byte
}

func (h header) append(b []byte) []byte {
	be := binary.BigEndian
	b = be.AppendUint32(b, h.command)
	b = be.AppendUint32(b, h.seq)
	b = be.AppendUint32(b, h.devID)
	b = be.AppendUint32(b, h.direction)
	b = be.AppendUint32(b, h.endpoint)
	body := make([]byte, 28)
	switch h.command {
	case cmdSubmit:
		be.PutUint32(body[0:], h.flags)
		be.PutUint32(body[4:], h.length)
		be.PutUint32(body[12:], h.packets)
		be.PutUint32(body[16:], h.interval)
		copy(body[20:], h.setup[:])
	case retSubmit:
		be.PutUint32(body[0:], uint32(h.status))
		be.PutUint32(body[4:], h.length)
	case cmdUnlink:
		be.PutUint32(body[0:], h.unlinked)
	case retUnlink:
		be.PutUint32(body[0:], uint32(h.status))
	}
	return append(b, body...)
}

// readHeader reads a header and refuses what neither end can serve: unknown commands,
// data longer than maxTransfer and isochronous packets.
func readHeader(r io.Reader) (header, error) {
	var b [headerLen]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return header{}, err
	}
	be := binary.BigEndian
	h := header{
		command:   be.Uint32(b[0:]),
		seq:       be.Uint32(b[4:]),
		devID:     be.Uint32(b[8:]),
		direction: be.Uint32(b[12:]),
		endpoint:  be.Uint32(b[16:]),
	}
	body := b[20:]
	switch h.command {
	case cmdSubmit:
		h.flags = be.Uint32(body[0:])
		h.length = be.Uint32(body[4:])
		h.packets = be.Uint32(body[12:])
		h.interval = be.Uint32(body[16:])
		copy(h.setup[:], body[20:])
	case retSubmit:
		h.status = int32(be.Uint32(body[0:]))
		h.length = be.Uint32(body[4:])
		h.packets = be.Uint32(body[12:])
	case cmdUnlink:
		h.unlinked = be.Uint32(body[0:])
	case retUnlink:
		h.status = int32(be.Uint32(body[0:]))
	default:
		return header{}, fmt.Errorf("command %#x is none of the protocol", h.command)
	}
	return h, h.check()
}

func (h header) check() error {
	switch {
	case h.length > maxTransfer:
		return fmt.Errorf("transfer of %d bytes, at most %d are accepted", h.length, maxTransfer)
	case h.packets != 0 && h.packets != 0xffffffff:
		return fmt.Errorf("isochronous transfer of %d packets", h.packets)
	case h.command == cmdSubmit && h.endpoint > 15:
		return fmt.Errorf("endpoint %d, a device has at most 15", h.endpoint)
	case h.command == cmdSubmit && h.direction > dirIn:
		return fmt.Errorf("direction %d is neither in nor out", h.direction)
	}
	return nil
}
