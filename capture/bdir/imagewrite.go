package bdir

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Bytes writes the record. It refuses values that the edition has no room for.
func (r *ImageRecord) Bytes() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("write finger images: %w", err)
	}
	if r.Edition != ISO2011 {
		return r.bytesOld(), nil
	}
	b := r.bytes11()
	if uint64(len(b)) > math.MaxUint32 {
		return nil, errors.New("write finger images: over four gigabytes")
	}
	binary.BigEndian.PutUint32(b[len(startImage11):], uint32(len(b)))
	return b, nil
}

// bytesOld writes ISO2005 and INCITS2004.
func (r *ImageRecord) bytesOld() []byte {
	b := append([]byte(startImageOld), 0, 0, 0, 0, 0, 0)
	if r.Edition == INCITS2004 {
		b = binary.BigEndian.AppendUint16(b, r.Owner)
		b = binary.BigEndian.AppendUint16(b, r.Product)
	}
	first := &r.Pictures[0]
	b = first.Device.appendOld(b)
	b = binary.BigEndian.AppendUint16(b, first.Level)
	b = append(b, uint8(len(r.Pictures)), uint8(first.Units))
	b = first.appendResolutions(b)
	compression, _ := first.Compression.code(r.Edition) // checked
	b = append(b, first.Depth, compression, 0, 0)
	views := map[Position]uint8{}
	for i := range r.Pictures {
		views[r.Pictures[i].Position]++
	}
	for i := range r.Pictures {
		p := &r.Pictures[i]
		b = p.appendBlock(b, r.Edition, views[p.Position])
	}
	length := b[len(startImageOld):]
	binary.BigEndian.PutUint16(length, uint16(uint64(len(b))>>32))
	binary.BigEndian.PutUint32(length[2:], uint32(len(b)))
	return b
}

func (p *Picture) appendBlock(b []byte, e Edition, views uint8) []byte {
	impression, _ := p.Impression.code(e, 255) // checked
	b = binary.BigEndian.AppendUint32(b, uint32(headerBlock+len(p.Data)))
	b = append(b, uint8(p.Position), views, p.Number, p.Quality[0].Score, impression)
	b = binary.BigEndian.AppendUint16(b, uint16(p.Width))
	b = binary.BigEndian.AppendUint16(b, uint16(p.Height))
	b = append(b, 0)
	return append(b, p.Data...)
}

func (p *Picture) appendResolutions(b []byte) []byte {
	for _, n := range []uint16{p.ScanX, p.ScanY, p.ResX, p.ResY} {
		b = binary.BigEndian.AppendUint16(b, n)
	}
	return b
}

// bytes11 writes ISO2011 but for its length.
func (r *ImageRecord) bytes11() []byte {
	certified := slices.ContainsFunc(r.Pictures, func(p Picture) bool { return len(p.Certificates) > 0 })
	positions := map[Position]bool{}
	for i := range r.Pictures {
		positions[r.Pictures[i].Position] = true
	}
	b := append([]byte(startImage11), 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.Pictures)))
	b = append(b, flagByte(certified), uint8(len(positions)))
	for i := range r.Pictures {
		b = r.Pictures[i].append11(b, certified)
	}
	return b
}

func (p *Picture) append11(b []byte, certified bool) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b = p.Origin.append(b, certified)
	b = append(b, uint8(p.Position), p.Number, uint8(p.Units))
	b = p.appendResolutions(b)
	compression, _ := p.Compression.code(ISO2011) // checked
	b = append(b, p.Depth, compression, uint8(p.Impression))
	b = binary.BigEndian.AppendUint16(b, uint16(p.Width))
	b = binary.BigEndian.AppendUint16(b, uint16(p.Height))
	b = binary.BigEndian.AppendUint32(b, uint32(len(p.Data)))
	b = append(b, p.Data...)
	b = append(b, p.Extended...)
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start))
	return b
}
