package itl

import (
	"encoding/binary"
	"log/slog"
)

// FixedPrint is a Type-4 record (section 8.4): a greyscale picture of 8 bits a pixel, in
// the resolution that the header gives as Transmitted.
type FixedPrint struct {
	IDC        int // 0 to 99
	Impression Impression
	Positions  []Position // one to six, each 0 to 15; more than one says which fingers it may be
	Native     bool       // ISR: scanned at Header.Scanned, not at the minimum of 19.69 per mm
	Image      Image      // sides of at most 65,535 pixels
}

var _ Record = (*FixedPrint)(nil)

// The fixed places of a Type-4 record: LEN 4 bytes, IDC 1, IMP 1, FGP 6, ISR 1, HLL 2, VLL 2,
// GCA 1, then DATA, all big-endian.
const (
	atIDC, atIMP, atFGP, atISR = 4, 5, 6, 12
	atHLL, atVLL, atGCA        = 13, 15, 17
	atDATA                     = 18

	noPosition = 255 // an unused place in FGP
)

// Type is 4.
func (p *FixedPrint) Type() int { return 4 }

// Designation is the record's IDC.
func (p *FixedPrint) Designation() int { return p.IDC }

// LogValue keeps the person out of logs.
func (FixedPrint) LogValue() slog.Value { return slog.StringValue("type-4 record") }

func readFixedPrint(d *decoder) (*FixedPrint, error) {
	b, err := d.binary()
	if err != nil {
		return nil, err
	}
	if len(b) < atDATA {
		return nil, fault(lenField, "is not the record's length")
	}
	p := &FixedPrint{
		IDC:        int(b[atIDC]),
		Impression: Impression(b[atIMP]),
		Native:     b[atISR] == 1,
		Image: Image{
			Width:       int(binary.BigEndian.Uint16(b[atHLL:])),
			Height:      int(binary.BigEndian.Uint16(b[atVLL:])),
			Compression: Compression(b[atGCA]),
			Data:        b[atDATA:],
		},
	}
	used := 6
	for used > 0 && b[atFGP+used-1] == noPosition {
		used--
	}
	for _, f := range b[atFGP : atFGP+used] {
		p.Positions = append(p.Positions, Position(f))
	}
	if b[atISR] > 1 {
		return nil, fault(5, "is neither 0 nor 1")
	}
	return p, nil
}

func (p *FixedPrint) check(Version) error {
	switch {
	case p.IDC < 0 || p.IDC > 99:
		return fault(idcField, "is not 0 to 99")
	case !p.Impression.known():
		return fault(3, "is not an impression that is known")
	case len(p.Positions) < 1 || len(p.Positions) > 6:
		return fault(4, "is not one to six positions")
	}
	for _, f := range p.Positions {
		if f < 0 || f > 15 {
			return fault(4, "is not a finger position of Type-4")
		}
	}
	return p.Image.check(8, 65535, false, 6, 8, 9)
}

func (p *FixedPrint) write(e *encoder) {
	b := e.out
	b = binary.BigEndian.AppendUint32(b, uint32(atDATA+len(p.Image.Data)))
	b = append(b, byte(p.IDC), byte(p.Impression))
	for i := range 6 {
		position := byte(noPosition)
		if i < len(p.Positions) {
			position = byte(p.Positions[i])
		}
		b = append(b, position)
	}
	isr := byte(0)
	if p.Native {
		isr = 1
	}
	b = append(b, isr)
	b = binary.BigEndian.AppendUint16(b, uint16(p.Image.Width))
	b = binary.BigEndian.AppendUint16(b, uint16(p.Image.Height))
	b = append(b, byte(p.Image.Compression))
	e.out = append(b, p.Image.Data...)
}
