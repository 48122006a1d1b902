package bdir

import (
	"errors"
	"fmt"
	"image"
	"log/slog"
)

// ImageRecord is a finger image record.
type ImageRecord struct {
	Edition Edition
	// Owner and Product are the CBEFF product identifier. INCITS2004 only, which must name
	// an owner: UnknownVendor if there is no better.
	Owner, Product uint16
	// Pictures holds at least one. The older editions have up to 255 with one header: Device,
	// Level, Units, the resolutions, Depth and Compression are those of the first picture in all.
	Pictures []Picture
}

// LogValue keeps the record out of logs.
func (ImageRecord) LogValue() slog.Value { return slog.StringValue("finger image record") }

// Picture is one view of a finger, of several fingers or of a palm.
type Picture struct {
	Origin
	Position   Position
	Number     uint8 // of the view of this finger
	Impression Impression
	// Level is the image acquisition level: 30 or 31 for 500 dpi, 40 or 41 for 1,000. ISO2011
	// has none.
	Level        uint16
	Units        Units  // of the resolutions
	ScanX, ScanY uint16 // resolution at which the finger was scanned
	ResX, ResY   uint16 // resolution of the picture
	Depth        uint8  // bits per pixel, 1 to 16
	Compression  Compression
	Width        int // pixels, 1 to 65535
	Height       int // pixels, 1 to 65535
	// Data is the picture, encoded as Compression says. Uncompressed data is held line by line
	// from the top, black is 0.
	Data []byte
	// Extended is what follows the picture. ISO2011 only.
	Extended []byte
}

// LogValue keeps the picture out of logs.
func (Picture) LogValue() slog.Value { return slog.StringValue("finger picture") }

// NewPicture makes an uncompressed picture of 8 bits per pixel of img, without position,
// with the least that the edition wants told. A resolution that is not 1 to 65535 becomes 0, which
// writing refuses.
func NewPicture(e Edition, img *image.Gray, dpi int) Picture {
	if dpi < 0 || dpi > 0xffff {
		dpi = 0
	}
	size := img.Bounds().Size()
	p := Picture{
		Units: PerInch, ScanX: uint16(dpi), ScanY: uint16(dpi), ResX: uint16(dpi), ResY: uint16(dpi),
		Depth: 8, Compression: Uncompressed, Width: size.X, Height: size.Y,
		Data: make([]byte, 0, size.X*size.Y),
	}
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		start := img.PixOffset(img.Rect.Min.X, y)
		p.Data = append(p.Data, img.Pix[start:start+size.X]...)
	}
	if e != ISO2011 {
		p.Level = levelOf(dpi)
		p.Quality = []Quality{{Score: NotGiven}}
	}
	return p
}

// levelOf is the acquisition level that a resolution reaches: those of 125, 250, 500 and
// 1,000 dpi, or 0.
func levelOf(dpi int) uint16 {
	switch {
	case dpi >= 1000:
		return 40
	case dpi >= 500:
		return 30
	case dpi >= 250:
		return 20
	case dpi >= 125:
		return 10
	}
	return 0
}

// Gray returns an uncompressed picture of 8 bits per pixel. For any other it fails: the
// caller has Data and Compression to decode it by.
func (p *Picture) Gray() (*image.Gray, error) {
	if p.Compression > BitPacked || p.Depth != 8 {
		return nil, fmt.Errorf("finger picture is %v with %d bits per pixel, not uncompressed with 8", p.Compression, p.Depth)
	}
	if p.Width < 1 || p.Height < 1 || len(p.Data) != p.Width*p.Height {
		return nil, fmt.Errorf("finger picture has %d bytes for %d by %d pixels", len(p.Data), p.Width, p.Height)
	}
	return &image.Gray{
		Pix: append([]byte(nil), p.Data...), Stride: p.Width, Rect: image.Rect(0, 0, p.Width, p.Height),
	}, nil
}

// DPI returns the picture's resolution in pixels per inch.
func (p *Picture) DPI() (x, y float64) {
	const centimetresPerInch = 2.54
	x, y = float64(p.ResX), float64(p.ResY)
	if p.Units == PerCentimetre {
		return x * centimetresPerInch, y * centimetresPerInch
	}
	return x, y
}

// check says what the record's edition has no room for. What is read passes it as well, so that
// it can be written again.
func (r *ImageRecord) check() error {
	if err := checkProduct(r.Edition, r.Owner, r.Product); err != nil {
		return err
	}
	old := r.Edition != ISO2011
	switch {
	case len(r.Pictures) == 0:
		return errors.New("no picture")
	case old && len(r.Pictures) > 255, len(r.Pictures) > 0xffff:
		return fmt.Errorf("%d pictures do not fit in the edition", len(r.Pictures))
	}
	for i := range r.Pictures {
		if old && r.Pictures[i].header() != r.Pictures[0].header() {
			return fmt.Errorf("picture %d: device, level, resolution, depth or compression are not those of the first", i)
		}
		if err := r.Pictures[i].check(r.Edition); err != nil {
			return fmt.Errorf("picture %d: %w", i, err)
		}
	}
	return nil
}

// imageHeader is what the older editions tell once for all pictures.
type imageHeader struct {
	device                   Device
	level                    uint16
	units                    Units
	scanX, scanY, resX, resY uint16
	depth                    uint8
	compression              Compression
}

func (p *Picture) header() imageHeader {
	return imageHeader{p.Device, p.Level, p.Units, p.ScanX, p.ScanY, p.ResX, p.ResY, p.Depth, p.Compression}
}

func (p *Picture) check(e Edition) error {
	if err := p.Origin.check(e); err != nil {
		return err
	}
	if _, err := p.Impression.code(e, 255); err != nil {
		return err
	}
	if _, err := p.Compression.code(e); err != nil {
		return err
	}
	switch {
	case !p.Position.ofPicture(e):
		return fmt.Errorf("the edition has no position %d", p.Position)
	case e == ISO2011 && p.Level != 0:
		return errors.New("the edition does not tell the acquisition level")
	case e != ISO2011 && len(p.Extended) > 0:
		return errors.New("the edition has no extended data")
	case p.Units != PerInch && p.Units != PerCentimetre:
		return fmt.Errorf("units of resolution %d are unknown", p.Units)
	case p.ResX == 0 || p.ResY == 0:
		return errors.New("resolution is 0")
	case p.Depth < 1 || p.Depth > 16:
		return fmt.Errorf("%d bits per pixel are not 1 to 16", p.Depth)
	}
	return p.checkData()
}

func (p *Picture) checkData() error {
	size := uint64(p.Width) * uint64(p.Height)
	switch {
	case p.Width < 1 || p.Height < 1 || p.Width > 0xffff || p.Height > 0xffff:
		return fmt.Errorf("%d by %d pixels are not 1 to 65535", p.Width, p.Height)
	case len(p.Data) == 0:
		return errors.New("no data")
	case uint64(len(p.Data))+uint64(len(p.Extended)) > mostBlock:
		return fmt.Errorf("over %d bytes", mostBlock)
	case p.Compression == Uncompressed && uint64(len(p.Data)) != size*uint64((p.Depth+7)/8):
		return fmt.Errorf("%d bytes of uncompressed data for %d by %d pixels of %d bits", len(p.Data), p.Width, p.Height, p.Depth)
	case p.Compression == BitPacked && uint64(len(p.Data)) < (size*uint64(p.Depth)+7)/8:
		return fmt.Errorf("%d bytes of bit-packed data for %d by %d pixels of %d bits", len(p.Data), p.Width, p.Height, p.Depth)
	}
	return nil
}

// mostBlock is the most bytes of one picture; the length fields hold four bytes.
const mostBlock = 1 << 30
