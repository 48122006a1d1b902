package bdir

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The sizes of headers, in bytes.
const (
	headerImageISO2005    = 32
	headerImageINCITS2004 = 36
	headerBlock           = 14 // of one picture in the older editions
	headerImage11         = 16
	leastPicture11        = 4 + leastOrigin + 22 // of 2011, with its length, without data
)

// The first bytes: format identifier and version.
const (
	startImageOld = "FIR\x00010\x00"
	startImage11  = "FIR\x00020\x00"
)

// ReadImages reads a finger image record of any edition. It keeps nothing of data. The error
// matches ErrFormat if the bytes do not begin like such a record.
func ReadImages(data []byte) (*ImageRecord, error) {
	var r *ImageRecord
	var err error
	switch {
	case begins(data, startImageOld):
		r, err = readImagesOld(data)
	case begins(data, startImage11):
		r, err = readImages11(data)
	default:
		return nil, fmt.Errorf("read finger images: %w", ErrFormat)
	}
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return nil, fmt.Errorf("read finger images: %w", err)
	}
	return r, nil
}

// readImagesOld reads a record of ISO2005 or INCITS2004.
func readImagesOld(data []byte) (*ImageRecord, error) {
	c := cursor{rest: data[len(startImageOld):]}
	high, low := c.u16(), c.u32()
	length := uint64(high)<<32 | uint64(low)
	switch {
	case c.err != nil || length > uint64(len(data)):
		return nil, errShort
	case length < headerImageISO2005:
		return nil, fmt.Errorf("length of %d bytes is less than the header", length)
	}
	data = data[:length]
	r := &ImageRecord{Edition: ISO2005}
	c.rest = data[len(startImageOld)+6:]
	if !blocksFit(data, headerImageISO2005) && blocksFit(data, headerImageINCITS2004) {
		r.Edition = INCITS2004
		r.Owner, r.Product = c.u16(), c.u16()
	}
	header, err := readImageHeader(&c, r.Edition)
	if err != nil {
		return nil, err
	}
	for len(c.rest) > 0 {
		if len(r.Pictures) == 255 {
			return nil, errors.New("over 255 pictures")
		}
		p := header
		if err := p.readBlock(&c, r.Edition); err != nil {
			return nil, fmt.Errorf("picture %d: %w", len(r.Pictures), err)
		}
		r.Pictures = append(r.Pictures, p)
	}
	return r, nil
}

// blocksFit reports whether a header of this size is followed by blocks that end where the record
// does.
func blocksFit(data []byte, header int) bool {
	at := header
	for at+headerBlock <= len(data) {
		length := binary.BigEndian.Uint32(data[at:])
		if length < headerBlock || uint64(length) > uint64(len(data)-at) {
			return false
		}
		at += int(length)
	}
	return at > header && at == len(data)
}

func readImageHeader(c *cursor, e Edition) (Picture, error) {
	p := Picture{Origin: Origin{Device: readOldDevice(c)}, Level: c.u16()}
	c.u8() // number of fingers: see the package's documentation
	p.Units = Units(c.u8())
	p.ScanX, p.ScanY, p.ResX, p.ResY = c.u16(), c.u16(), c.u16(), c.u16()
	p.Depth = c.u8()
	compression := c.u8()
	c.u16() // reserved
	if c.err != nil {
		return Picture{}, c.err
	}
	var err error
	p.Compression, err = readCompression(e, compression)
	return p, err
}

// readBlock reads one picture of the older editions.
func (p *Picture) readBlock(c *cursor, e Edition) error {
	length := int(c.u32())
	if c.err == nil && length < headerBlock {
		return fmt.Errorf("length of %d bytes is less than the header", length)
	}
	part := c.part(length - 4)
	p.Position = Position(part.u8())
	part.u8() // count of views of this finger
	p.Number = part.u8()
	p.Quality = []Quality{{Score: part.u8()}}
	p.Impression = readImpression(e, part.u8())
	p.Width, p.Height = int(part.u16()), int(part.u16())
	part.u8() // reserved
	p.Data = part.bytes(len(part.rest))
	return part.err
}

// readImages11 reads a record of ISO2011.
func readImages11(data []byte) (*ImageRecord, error) {
	c := cursor{rest: data[len(startImage11):]}
	length := uint64(c.u32())
	switch {
	case c.err != nil || length > uint64(len(data)):
		return nil, errShort
	case length < headerImage11:
		return nil, fmt.Errorf("length of %d bytes is less than the header", length)
	}
	c.rest = data[len(startImage11)+4 : length]
	pictures, flag := int(c.u16()), c.u8()
	c.u8() // number of positions
	if flag > 1 {
		return nil, fmt.Errorf("certification flag is %d", flag)
	}
	r := &ImageRecord{Edition: ISO2011}
	for range pictures {
		p, err := readPicture11(&c, flag == 1)
		if err != nil {
			return nil, fmt.Errorf("picture %d: %w", len(r.Pictures), err)
		}
		r.Pictures = append(r.Pictures, p)
	}
	if len(c.rest) > 0 {
		return nil, errors.New("the record is longer than its pictures")
	}
	return r, nil
}

func readPicture11(c *cursor, certified bool) (Picture, error) {
	length := int(c.u32())
	if c.err == nil && length < leastPicture11 {
		return Picture{}, fmt.Errorf("length of %d bytes is less than the least, %d", length, leastPicture11)
	}
	part := c.part(length - 4)
	p := Picture{Origin: readOrigin(&part, certified)}
	p.Position = Position(part.u8())
	p.Number = part.u8()
	p.Units = Units(part.u8())
	p.ScanX, p.ScanY, p.ResX, p.ResY = part.u16(), part.u16(), part.u16(), part.u16()
	p.Depth = part.u8()
	compression := part.u8()
	p.Impression = readImpression(ISO2011, part.u8())
	p.Width, p.Height = int(part.u16()), int(part.u16())
	p.Data = part.bytes(int(part.u32()))
	p.Extended = part.bytes(len(part.rest))
	if part.err != nil {
		return Picture{}, part.err
	}
	var err error
	p.Compression, err = readCompression(ISO2011, compression)
	return p, err
}
