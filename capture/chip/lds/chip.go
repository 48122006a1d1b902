package lds

import (
	"fmt"

	"boothd/capture/chip/tlv"
)

// Application is a row of EF.DIR (ICAO 9303-10 §3.11.2).
type Application struct {
	ID    ApplicationID // 1 to 16 bytes
	Label string        // for people; mostly empty
}

// Info is what EF.ATR/INFO says of the chip (ICAO 9303-10 §3.11.1). The zero value belongs to a chip that says nothing.
type Info struct {
	Extended   bool // commands and responses may be of extended length
	Chaining   bool // commands may be chained
	MaxCommand int  // most bytes of a command APDU; 0: not said
	MaxAnswer  int  // most bytes of a response APDU; 0: not said
}

const (
	tagApplication  tlv.Tag = 0x61
	tagID           tlv.Tag = 0x4F
	tagLabel        tlv.Tag = 0x50
	tagCapabilities tlv.Tag = 0x47
	tagLengths      tlv.Tag = 0x7F66
	tagInteger      tlv.Tag = 0x02
)

// maxObjects is the most objects of EF.DIR and of EF.ATR/INFO.
const maxObjects = 64

// row returns the objects of a file that has no length of its own: it ends with the bytes,
// or with the first that begins no object, as the unwritten rest of a file does.
func row(f File, b []byte) ([]tlv.Object, error) {
	if len(b) > maxFile {
		return nil, fmt.Errorf("%v: %w", f, malformed("%d bytes, want at most %d", len(b), maxFile))
	}
	var objects []tlv.Object
	for len(b) > 0 && b[0] != 0x00 && b[0] != 0xFF {
		if len(objects) == maxObjects {
			return nil, fmt.Errorf("%v: %w", f, malformed("more than %d objects", maxObjects))
		}
		o, rest, err := tlv.Read(b)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", f, err)
		}
		objects, b = append(objects, o), rest
	}
	return objects, nil
}

// ParseDirectory reads EF.DIR. Objects that are no application's are passed over.
func ParseDirectory(b []byte) ([]Application, error) {
	objects, err := row(Directory, b)
	if err != nil {
		return nil, err
	}
	var applications []Application
	for _, o := range objects {
		id := o.Value
		label := []byte(nil)
		switch o.Tag {
		case tagApplication:
			parts, err := tlv.All(o.Value, maxObjects)
			if err != nil {
				return nil, fmt.Errorf("%v: %w", Directory, err)
			}
			id, label = first(parts, tagID), first(parts, tagLabel)
		case tagID:
		default:
			continue
		}
		if len(id) == 0 || len(id) > 16 || len(label) > 255 {
			return nil, fmt.Errorf("%v: %w", Directory, malformed("identifier of %d bytes, label of %d; want 1 to 16, at most 255", len(id), len(label)))
		}
		applications = append(applications, Application{ID: ApplicationID(id), Label: asText(label)})
	}
	return applications, nil
}

func first(objects []tlv.Object, tag tlv.Tag) []byte {
	for _, o := range objects {
		if o.Tag == tag {
			return o.Value
		}
	}
	return nil
}

// MarshalDirectory returns EF.DIR.
func MarshalDirectory(applications []Application) ([]byte, error) {
	if len(applications) > maxObjects {
		return nil, fmt.Errorf("%v: %w", Directory, malformed("%d applications, want at most %d", len(applications), maxObjects))
	}
	var b []byte
	for _, a := range applications {
		if len(a.ID) == 0 || len(a.ID) > 16 || len(a.Label) > 255 {
			return nil, fmt.Errorf("%v: %w", Directory, malformed("identifier of %d bytes, label of %d; want 1 to 16, at most 255", len(a.ID), len(a.Label)))
		}
		content := tlv.Append(nil, tagID, []byte(a.ID))
		if a.Label != "" {
			content = tlv.Append(content, tagLabel, []byte(a.Label))
		}
		b = tlv.Append(b, tagApplication, content)
	}
	return b, nil
}

// Bits of the third byte of the card capabilities (ICAO 9303-10 table 29).
const (
	canChain    = 0x80
	canExtend   = 0x40
	saysLengths = 0x20
)

// maxAPDU is the most bytes of a response of extended length: data and status word.
const maxAPDU = 65538

// ParseInfo reads EF.ATR/INFO. Objects of other purposes are passed over.
func ParseInfo(b []byte) (Info, error) {
	objects, err := row(AtrInfo, b)
	if err != nil {
		return Info{}, err
	}
	var info Info
	if c := first(objects, tagCapabilities); len(c) >= 3 {
		info.Extended = c[2]&canExtend != 0
		info.Chaining = c[2]&canChain != 0
	}
	lengths := first(objects, tagLengths)
	if lengths == nil {
		return info, nil
	}
	parts, err := tlv.All(lengths, 2)
	if err != nil || len(parts) != 2 || parts[0].Tag != tagInteger || parts[1].Tag != tagInteger {
		return Info{}, fmt.Errorf("%v: %w", AtrInfo, malformed("extended length information is not two numbers"))
	}
	info.MaxCommand, info.MaxAnswer = number(parts[0].Value), number(parts[1].Value)
	return info, nil
}

// Marshal returns EF.ATR/INFO.
func (i Info) Marshal() ([]byte, error) {
	if i.MaxCommand < 0 || i.MaxAnswer < 0 || i.MaxCommand > maxAPDU || i.MaxAnswer > maxAPDU {
		return nil, fmt.Errorf("%v: %w", AtrInfo, malformed("lengths %d and %d, want 0 to %d", i.MaxCommand, i.MaxAnswer, maxAPDU))
	}
	said := i.MaxCommand > 0 || i.MaxAnswer > 0
	third := byte(0)
	if i.Chaining {
		third |= canChain
	}
	if i.Extended {
		third |= canExtend
	}
	if said {
		third |= saysLengths
	}
	// Applications are chosen by name, files by short identifier; the data unit is a byte.
	b := tlv.Append(nil, tagCapabilities, []byte{0x84, 0x01, third})
	if said {
		b = tlv.Append(b, tagLengths, integer(i.MaxCommand), integer(i.MaxAnswer))
	}
	return b, nil
}

// number returns an unsigned number, at most maxAPDU.
func number(b []byte) int {
	n := 0
	for _, c := range b {
		n = min(n<<8|int(c), maxAPDU)
	}
	return n
}

// integer returns a number as an object of DER.
func integer(n int) []byte { return tlv.Append(nil, tagInteger, integerValue(n)) }

// integerValue returns the bytes of a number that is not negative.
func integerValue(n int) []byte {
	b := []byte{byte(n)}
	for n >>= 8; n > 0; n >>= 8 {
		b = append([]byte{byte(n)}, b...)
	}
	if b[0]&0x80 != 0 {
		b = append([]byte{0}, b...)
	}
	return b
}
