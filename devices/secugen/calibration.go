package secugen

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	blobLen = 22942

	gridRows, gridColumns = 41, 31
	gridStep              = 10 // pixels of the straightened picture between two nodes
	flatWidth, flatHeight = 150, 100
	bandColumns, bandRows = 8, 2

	// windowOffset is what the window's first column is more in the registers than in the blob.
	windowOffset = 12
)

// Places in the blob.
const (
	atWindow   = 0x0006
	atBands    = 0x000e
	atGrid     = 0x002e
	atFlat     = 0x1df8
	atExposure = 0x5890
	atTarget   = 0x5892
	atWeights  = 0x5894
	atSum      = 0x599c
)

// errBadSum is matched by the error of a blob that was not read as it was written.
var errBadSum = errors.New("wrong checksum")

// calibration is what a unit knows of itself since it was made.
type calibration struct {
	x, y     int // picture window's corner on the sensor, pixels
	exposure uint16
	bands    [bandRows * bandColumns]int16 // 1/100 grey
	grid     [gridRows][gridColumns]node
	flat     []byte // flatWidth by flatHeight
	target   uint16 // grey that a flat field is brought to
	weights  [256]byte
}

// node is a place in the raw picture, in 1/100 pixel.
type node struct{ x, y int }

// parseCalibration takes a blob apart. It returns an error matching errBadSum if the blob is
// damaged; any other error means that the unit is not one that the package can drive.
func parseCalibration(b []byte) (*calibration, error) {
	if len(b) != blobLen {
		return nil, fmt.Errorf("calibration of %d bytes, not %d", len(b), blobLen)
	}
	le := binary.LittleEndian
	if got, want := checksum(b[:atSum]), le.Uint16(b[atSum:]); got != want {
		return nil, fmt.Errorf("calibration: %w: %04x, not %04x", errBadSum, got, want)
	}
	if w, h := le.Uint16(b[atWindow+4:]), le.Uint16(b[atWindow+6:]); w != width || h != height {
		return nil, fmt.Errorf("the unit takes pictures of %d by %d pixels; only %d by %d are known", w, h, width, height)
	}
	c := &calibration{
		x: int(le.Uint16(b[atWindow:])), y: int(le.Uint16(b[atWindow+2:])),
		exposure: le.Uint16(b[atExposure:]),
		flat:     b[atFlat : atFlat+flatWidth*flatHeight],
		target:   le.Uint16(b[atTarget:]),
		weights:  [256]byte(b[atWeights:]),
	}
	for i := range c.bands {
		c.bands[i] = int16(le.Uint16(b[atBands+2*i:]))
	}
	if c.x > 0xffff-windowOffset || c.exposure == 0 || c.target > 255 {
		return nil, fmt.Errorf("calibration: window at %d, exposure %d, target grey %d make no sense", c.x, c.exposure, c.target)
	}
	return c, c.readGrid(b[atGrid:atFlat])
}

// readGrid reads the nodes, which must lie in the raw picture and not cross each other.
func (c *calibration) readGrid(b []byte) error {
	for j := range gridRows {
		for i := range gridColumns {
			d := b[6*(j*gridColumns+i):]
			n := node{coordinate(d), coordinate(d[3:])}
			if d[2] > 99 || d[5] > 99 || n.x > 100*width || n.y > 100*height ||
				i > 0 && n.x <= c.grid[j][i-1].x || j > 0 && n.y <= c.grid[j-1][i].y {
				return fmt.Errorf("calibration: node %d of row %d of the geometry is out of place", i, j)
			}
			c.grid[j][i] = n
		}
	}
	return nil
}

// coordinate is whole pixels in two bytes and hundredths in a third.
func coordinate(b []byte) int { return 100*int(binary.LittleEndian.Uint16(b)) + int(b[2]) }

// checksum is the CRC-16 with polynomial 0x1021, start 0, highest bit first (XMODEM).
func checksum(b []byte) uint16 {
	var sum uint16
	for _, v := range b {
		sum ^= uint16(v) << 8
		for range 8 {
			carry := sum >> 15
			sum = sum<<1 ^ carry*0x1021
		}
	}
	return sum
}
