package bdir

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// CardFormat is a layout of minutiae for comparison on a card (ISO/IEC 19794-2). It has
// no header: position, quality and resolution are told elsewhere or fixed.
type CardFormat uint8

// The card formats.
const (
	// CompactCard has three bytes for a minutia: x and y in tenths of a millimetre, kind and
	// direction in 64ths of a turn. Source: BIOMDI, SEP7US.
	CompactCard CardFormat = 1
	// NormalCard has five bytes: kind and x, y, both in hundredths of a millimetre, and
	// direction in 256ths of a turn. Source: BIOMDI alone.
	NormalCard CardFormat = 2
)

// normalReach is how far NormalCard is taken to reach, in hundredths of a millimetre. Its 14 bits
// would hold 16 cm, which no finger has.
const normalReach = 10_000

// grid is what a card format fixes.
type grid struct {
	bytes, perCM, size, units int
}

func (f CardFormat) grid() (grid, error) {
	switch f {
	case CompactCard:
		return grid{bytes: 3, perCM: 100, size: 256, units: 64}, nil
	case NormalCard:
		return grid{bytes: 5, perCM: 1000, size: normalReach, units: 256}, nil
	}
	return grid{}, fmt.Errorf("card format %d is unknown", f)
}

// ReadCard reads the minutiae of a card format: 1 to 255, in the card's order. The view's
// resolution is the format's grid; its Width and Height are how far the format reaches,
// 25.6 mm or 10 cm.
func ReadCard(f CardFormat, data []byte) (*View, error) {
	g, err := f.grid()
	if err != nil {
		return nil, fmt.Errorf("read card minutiae: %w", err)
	}
	count := len(data) / g.bytes
	if count < 1 || count > 255 || len(data)%g.bytes != 0 {
		return nil, fmt.Errorf("read card minutiae: %d bytes are not 1 to 255 minutiae of %d", len(data), g.bytes)
	}
	v := &View{
		Width: g.size, Height: g.size, ResolutionX: g.perCM, ResolutionY: g.perCM,
		Origin: Origin{Quality: []Quality{{Score: NotGiven}}}, Minutiae: make([]Minutia, count),
	}
	for i := range v.Minutiae {
		v.Minutiae[i] = f.minutia(data[i*g.bytes:], g)
		if err := v.checkMinutia(i, ISO2011); err != nil {
			return nil, fmt.Errorf("read card minutiae: minutia %d: %w", i, err)
		}
	}
	return v, nil
}

func (f CardFormat) minutia(b []byte, g grid) Minutia {
	unit := 360 / float64(g.units)
	if f == CompactCard {
		return Minutia{
			X: int(b[0]), Y: int(b[1]), Kind: Kind(b[2] >> 6), Angle: float64(b[2]&0x3f) * unit, Quality: NotGiven,
		}
	}
	x, y := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	return Minutia{
		X: int(x & mostCoordinate), Y: int(y & mostCoordinate), Kind: Kind(x >> 14), Angle: float64(b[4]) * unit, Quality: NotGiven,
	}
}

// Card writes the view's minutiae in a card format, in the view's order: how many a card takes
// and how it wants them sorted it tells itself. Qualities are lost. A minutia farther from the
// corner than the format reaches is refused.
func (v *View) Card(f CardFormat) ([]byte, error) {
	g, err := f.grid()
	if err == nil && (v.ResolutionX < 1 || v.ResolutionY < 1) {
		err = errors.New("resolution is 0")
	}
	if err == nil && (len(v.Minutiae) < 1 || len(v.Minutiae) > 255) {
		err = fmt.Errorf("%d minutiae are not 1 to 255", len(v.Minutiae))
	}
	var b []byte
	for i := 0; err == nil && i < len(v.Minutiae); i++ {
		if err = v.checkMinutia(i, ISO2011); err == nil {
			b, err = f.append(b, v.Minutiae[i], v.ResolutionX, v.ResolutionY, g)
		}
		if err != nil {
			err = fmt.Errorf("minutia %d: %w", i, err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("write card minutiae: %w", err)
	}
	return b, nil
}

func (f CardFormat) append(b []byte, m Minutia, resX, resY int, g grid) ([]byte, error) {
	x := int(math.Round(float64(m.X*g.perCM) / float64(resX)))
	y := int(math.Round(float64(m.Y*g.perCM) / float64(resY)))
	if x >= g.size || y >= g.size {
		return nil, errors.New("out of the format's reach")
	}
	angle := angleCode(m.Angle, g.units)
	if f == CompactCard {
		return append(b, uint8(x), uint8(y), uint8(m.Kind)<<6|angle), nil
	}
	b = binary.BigEndian.AppendUint16(b, uint16(m.Kind)<<14|uint16(x))
	b = binary.BigEndian.AppendUint16(b, uint16(y))
	return append(b, angle), nil
}
