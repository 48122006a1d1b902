package itl

// CheckSIS checks what public law says of pictures for SIS: 256 grey levels, 500 ppi as
// WSQ or 1000 ppi as JPEG 2000 (Implementing Decision (EU) 2020/2165, annex 1.3.2). Palms
// are not looked at. SIS checks more, by its own document. The error is an
// *Error.
func (t *Transaction) CheckSIS() error {
	for _, p := range t.pictures() {
		switch {
		case p.bits != 8:
			return p.fault(p.bitsField, "is not 8 bits a pixel")
		case near(p.dpi, 500) && p.compression != WSQ:
			return p.fault(p.compressionField, "is not WSQ at 500 ppi")
		case near(p.dpi, 1000) && p.compression != JP2 && p.compression != JP2L:
			return p.fault(p.compressionField, "is not JPEG 2000 at 1000 ppi")
		case !near(p.dpi, 500) && !near(p.dpi, 1000):
			return p.fault(p.scaleField, "is neither 500 nor 1000 ppi")
		}
	}
	return nil
}

// CheckVIS checks what public law says of pictures for VIS: 256 grey levels, at least 500
// dpi, WSQ (Decision 2006/648/EC, annex 2 and 3.1). VIS checks more, by its own document.
// The error is an *Error.
func (t *Transaction) CheckVIS() error {
	for _, p := range t.pictures() {
		switch {
		case p.bits != 8:
			return p.fault(p.bitsField, "is not 8 bits a pixel")
		case p.dpi < 495:
			return p.fault(p.scaleField, "is less than 500 dpi")
		case p.compression != WSQ:
			return p.fault(p.compressionField, "is not WSQ")
		}
	}
	return nil
}

// picture is what a Type-4 and a Type-14 picture have in common, and where it stands.
type picture struct {
	record, kind                            int
	bits, dpi                               int
	compression                             Compression
	bitsField, scaleField, compressionField int
}

func (p *picture) fault(field int, reason string) error {
	return &Error{Record: p.record, Type: p.kind, Field: field, Reason: reason}
}

func (t *Transaction) pictures() []picture {
	var list []picture
	for i, r := range t.Records {
		switch r := r.(type) {
		case *FixedPrint:
			list = append(list, picture{i + 2, 4, 8, t.Header.Transmitted.DPI(), r.Image.Compression, 0, 5, 8})
		case *Print:
			if r.Image.Width != 0 {
				list = append(list, picture{i + 2, 14, r.Bits, r.Scale.DPI(), r.Image.Compression, 12, 9, 11})
			}
		}
	}
	return list
}

// near tells whether a resolution is the nominal one within the standard's 1 %.
func near(dpi, nominal int) bool {
	return (dpi-nominal)*100 <= nominal && (nominal-dpi)*100 <= nominal
}
