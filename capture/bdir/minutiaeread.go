package bdir

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// mostMinutiaeBytes is the longest minutiae record that is read or written. Up to 1.6 MB the
// length fields of the older editions cannot be mistaken for each other.
const mostMinutiaeBytes = 1 << 20

// The sizes of headers, in bytes.
const (
	headerISO2005     = 24
	headerINCITS2004  = 26 // 30 with a length field of six bytes
	headerMinutiae11  = 15
	leastMinutiaeView = 4 + leastOrigin + 15 // of 2011, with its length, without minutiae
)

// The first bytes: format identifier and version.
const (
	startMinutiaeOld = "FMR\x00 20\x00"
	startMinutiae11  = "FMR\x00030\x00"
)

// ReadMinutiae reads a finger minutiae record of any edition. It keeps nothing of data. The error
// matches ErrFormat if the bytes do not begin like such a record.
func ReadMinutiae(data []byte) (*MinutiaeRecord, error) {
	var r *MinutiaeRecord
	var err error
	switch {
	case begins(data, startMinutiaeOld):
		r, err = readMinutiaeOld(data)
	case begins(data, startMinutiae11):
		r, err = readMinutiae11(data)
	default:
		return nil, fmt.Errorf("read finger minutiae: %w", ErrFormat)
	}
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return nil, fmt.Errorf("read finger minutiae: %w", err)
	}
	return r, nil
}

// readMinutiaeOld reads a record of ISO2005 or INCITS2004.
func readMinutiaeOld(data []byte) (*MinutiaeRecord, error) {
	edition, length, c, err := splitMinutiaeOld(data)
	if err != nil {
		return nil, err
	}
	c.rest = c.rest[:length-(len(data)-len(c.rest))]
	r := &MinutiaeRecord{Edition: edition}
	if edition == INCITS2004 {
		r.Owner, r.Product = c.u16(), c.u16()
	}
	header := View{
		Origin: Origin{Device: readOldDevice(&c)},
		Width:  int(c.u16()), Height: int(c.u16()),
		ResolutionX: int(c.u16()), ResolutionY: int(c.u16()),
	}
	views := int(c.u8())
	c.u8() // reserved
	for range views {
		v := header
		v.readOld(&c, edition)
		if c.err == nil {
			c.err = v.readMinutiae(&c, edition, true)
		}
		if c.err != nil {
			return nil, fmt.Errorf("view %d: %w", len(r.Views), c.err)
		}
		r.Views = append(r.Views, v)
	}
	if c.err == nil && len(c.rest) > 0 {
		return nil, errors.New("the record is longer than its views")
	}
	return r, c.err
}

// splitMinutiaeOld tells the older editions apart. ISO2005 has a length field of four bytes.
// That of INCITS2004 has two, or two zeros and then four: no record is shorter than its header,
// and with the greatest length limited the first field tells.
func splitMinutiaeOld(data []byte) (edition Edition, length int, c cursor, err error) {
	c = cursor{rest: data[len(startMinutiaeOld):]}
	if len(c.rest) < 8 {
		return 0, 0, c, errShort
	}
	short, low := int(binary.BigEndian.Uint16(c.rest)), int(binary.BigEndian.Uint16(c.rest[2:]))
	edition, least := ISO2005, headerISO2005
	switch {
	case short >= headerINCITS2004:
		edition, least, length = INCITS2004, headerINCITS2004, short
		c.take(2)
	case short == 0 && low < headerISO2005:
		edition, least, length = INCITS2004, headerINCITS2004+4, low<<16|int(binary.BigEndian.Uint16(c.rest[4:]))
		c.take(6)
	default:
		length = short<<16 | low
		c.take(4)
	}
	return edition, length, c, checkLength(length, least, mostMinutiaeBytes, len(data))
}

func checkLength(length, least, most, have int) error {
	switch {
	case length < least:
		return fmt.Errorf("length of %d bytes is less than the header", length)
	case length > most:
		return fmt.Errorf("length of %d bytes is over %d", length, most)
	case length > have:
		return errShort
	}
	return nil
}

// readOld reads what the older editions tell of a view before its minutiae.
func (v *View) readOld(c *cursor, e Edition) {
	v.Position = Position(c.u8())
	both := c.u8()
	v.Number = both >> 4
	v.Impression = readImpression(e, both&0xf)
	v.Quality = []Quality{{Score: c.u8()}}
}

// readMinutiae11 reads a record of ISO2011.
func readMinutiae11(data []byte) (*MinutiaeRecord, error) {
	c := cursor{rest: data[len(startMinutiae11):]}
	length := int(c.u32())
	if err := checkLength(length, headerMinutiae11, mostMinutiaeBytes, len(data)); err != nil {
		return nil, err
	}
	c = cursor{rest: data[len(startMinutiae11)+4 : length]}
	views, flag := int(c.u16()), c.u8()
	if flag > 1 {
		return nil, fmt.Errorf("certification flag is %d", flag)
	}
	r := &MinutiaeRecord{Edition: ISO2011}
	for range views {
		v, err := readView11(&c, flag == 1)
		if err != nil {
			return nil, fmt.Errorf("view %d: %w", len(r.Views), err)
		}
		r.Views = append(r.Views, v)
	}
	if c.err == nil && len(c.rest) > 0 {
		return nil, errors.New("the record is longer than its views")
	}
	return r, c.err
}

func readView11(c *cursor, certified bool) (View, error) {
	length := int(c.u32())
	if c.err == nil && length < leastMinutiaeView {
		return View{}, fmt.Errorf("length of %d bytes is less than the least, %d", length, leastMinutiaeView)
	}
	part := c.part(length - 4)
	v := View{Origin: readOrigin(&part, certified)}
	v.Position = Position(part.u8())
	v.Number = part.u8()
	v.ResolutionX, v.ResolutionY = int(part.u16()), int(part.u16())
	v.Impression = readImpression(ISO2011, part.u8())
	v.Width, v.Height = int(part.u16()), int(part.u16())
	field := part.u8()
	v.Endings = Endings(field & 0xf)
	switch {
	case part.err != nil:
		return View{}, part.err
	case field>>4 != 5 && field>>4 != 6:
		return View{}, fmt.Errorf("minutiae of %d bytes, not 5 or 6", field>>4)
	}
	if err := v.readMinutiae(&part, ISO2011, field>>4 == 6); err != nil {
		return View{}, err
	}
	if len(part.rest) > 0 {
		return View{}, errors.New("the view is longer than its content")
	}
	return v, nil
}

// readMinutiae reads the minutiae and what follows them in every edition.
func (v *View) readMinutiae(c *cursor, e Edition, withQuality bool) error {
	count := int(c.u8())
	if count > 0 {
		v.Minutiae = make([]Minutia, 0, count)
	}
	unit := 360 / float64(angleUnits(e))
	for range count {
		x, y, angle := c.u16(), c.u16(), c.u8()
		quality := NotGiven
		if withQuality {
			quality = c.u8()
		}
		if e != ISO2011 && (quality == 0 || quality == Failed) {
			quality = NotGiven
		}
		if int(angle) >= angleUnits(e) {
			return fmt.Errorf("minutia %d: angle code %d is not 0 to %d", len(v.Minutiae), angle, angleUnits(e)-1)
		}
		v.Minutiae = append(v.Minutiae, Minutia{
			X: int(x & mostCoordinate), Y: int(y & mostCoordinate),
			Angle: float64(angle) * unit, Kind: Kind(x >> 14), Quality: quality,
		})
	}
	v.Extended = c.bytes(int(c.u16()))
	return c.err
}
