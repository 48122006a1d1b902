//go:build linux && (amd64 || arm64)

package v4l2

import (
	"bytes"
	"unsafe"
)

// The structures of linux/videodev2.h as 64-bit machines have them.
type (
	v4l2Capability struct {
		driver       [16]byte
		card         [32]byte
		busInfo      [32]byte
		version      uint32
		capabilities uint32
		deviceCaps   uint32
		reserved     [3]uint32
	}
	v4l2Input struct {
		index        uint32
		name         [32]byte
		kind         uint32
		audioset     uint32
		tuner        uint32
		std          uint64
		status       uint32
		capabilities uint32
		reserved     [3]uint32
	}
	v4l2FmtDesc struct {
		index       uint32
		kind        uint32
		flags       uint32
		description [32]byte
		pixelFormat uint32
		mbusCode    uint32
		reserved    [3]uint32
	}
	v4l2FrmSize struct {
		index       uint32
		pixelFormat uint32
		kind        uint32
		size        [6]uint32 // width and height; or least, most and step of each
		reserved    [2]uint32
	}
	v4l2FrmIval struct {
		index         uint32
		pixelFormat   uint32
		width, height uint32
		kind          uint32
		interval      [6]uint32 // fractions: one, or least, most and step
		reserved      [2]uint32
	}
	v4l2Format struct {
		kind         uint32
		_            uint32
		width        uint32
		height       uint32
		pixelFormat  uint32
		field        uint32
		bytesPerLine uint32
		sizeImage    uint32
		colorspace   uint32
		rest         [172]byte
	}
	v4l2StreamParm struct {
		kind                   uint32
		capability             uint32
		captureMode            uint32
		numerator, denominator uint32 // time per picture
		rest                   [184]byte
	}
	v4l2QueryCtrl struct {
		id                        uint32
		kind                      uint32
		name                      [32]byte
		least, most, step, preset int32
		flags                     uint32
		reserved                  [2]uint32
	}
	v4l2Control struct {
		id    uint32
		value int32
	}
	v4l2RequestBuffers struct {
		count        uint32
		kind         uint32
		memory       uint32
		capabilities uint32
		flags        uint32
	}
	v4l2Buffer struct {
		index     uint32
		kind      uint32
		bytesUsed uint32
		flags     uint32
		field     uint32
		_         uint32
		seconds   int64
		micros    int64
		timecode  [16]byte
		sequence  uint32
		memory    uint32
		offset    uint64 // in the mapping; its upper half is not used
		length    uint32
		reserved  [3]uint32
	}
)

// Requests: direction, length of the argument, 'V' and a number (asm-generic/ioctl.h).
const (
	dirWrite = 1 << 30
	dirRead  = 2 << 30
	group    = 'V' << 8
)

const (
	requestQueryCap   = dirRead | uint(unsafe.Sizeof(v4l2Capability{}))<<16 | group
	requestEnumFmt    = dirRead | dirWrite | uint(unsafe.Sizeof(v4l2FmtDesc{}))<<16 | group | 2
	requestSetFmt     = dirRead | dirWrite | uint(unsafe.Sizeof(v4l2Format{}))<<16 | group | 5
	requestBuffers    = dirRead | dirWrite | uint(unsafe.Sizeof(v4l2RequestBuffers{}))<<16 | group | 8
	requestQueryBuf   = dirRead | dirWrite | uint(unsafe.Sizeof(v4l2Buffer{}))<<16 | group | 9
	requestQueue      = dirRead | dirWrite | uint(unsafe.Sizeof(v4l2Buffer{}))<<16 | group | 15
	requestDequeue    = dirRead | dirWrite | uint(unsafe.Sizeof(v4l2Buffer{}))<<16 | group | 17
	requestStreamOn   = dirWrite | uint(unsafe.Sizeof(int32(0)))<<16 | group | 18
	requestStreamOff  = dirWrite | uint(unsafe.Sizeof(int32(0)))<<16 | group | 19
	requestSetParm    = dirRead | dirWrite | uint(unsafe.Sizeof(v4l2StreamParm{}))<<16 | group | 22
	requestEnumInput  = dirRead | dirWrite | uint(unsafe.Sizeof(v4l2Input{}))<<16 | group | 26
	requestSetControl = dirRead | dirWrite | uint(unsafe.Sizeof(v4l2Control{}))<<16 | group | 28
	requestQueryCtrl  = dirRead | dirWrite | uint(unsafe.Sizeof(v4l2QueryCtrl{}))<<16 | group | 36
	requestSetInput   = dirRead | dirWrite | uint(unsafe.Sizeof(int32(0)))<<16 | group | 39
	requestEnumSizes  = dirRead | dirWrite | uint(unsafe.Sizeof(v4l2FrmSize{}))<<16 | group | 74
	requestEnumIvals  = dirRead | dirWrite | uint(unsafe.Sizeof(v4l2FrmIval{}))<<16 | group | 75
)

// Values of the structures' fields.
const (
	capDeviceCaps = 0x80000000
	capCapture    = 0x00000001
	capStreaming  = 0x04000000

	kindCapture  = 1 // of buffers
	memoryMapped = 1
	fieldNone    = 1

	sizeDiscrete = 1 // of sizes and of intervals

	bufferDamaged   = 0x00000040
	bufferClockMask = 0x0000e000
	bufferMonotonic = 0x00002000

	controlDisabled = 0x0001
	controlReadOnly = 0x0004
)

// takesPictures reports whether the node itself streams pictures towards the machine.
func (c *v4l2Capability) takesPictures() bool {
	caps := c.capabilities
	if caps&capDeviceCaps != 0 {
		caps = c.deviceCaps
	}
	return caps&capCapture != 0 && caps&capStreaming != 0
}

func text(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(bytes.ToValidUTF8(bytes.TrimSpace(b), []byte("?")))
}
