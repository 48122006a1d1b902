package lds

import (
	"fmt"

	"boothd/capture/chip/tlv"
)

// File is an elementary file of a travel document (ICAO 9303-10 §3.11, table 38). The files of
// data groups have their group's number, 1 to 16.
type File uint8

// The files. The last five lie in the chip's master file, the others in the application.
const (
	DG1 File = iota + 1
	DG2
	DG3
	DG4
	DG5
	DG6
	DG7
	DG8
	DG9
	DG10
	DG11
	DG12
	DG13
	DG14
	DG15
	DG16
	COM
	SOD
	CVCA
	CardAccess
	CardSecurity
	Directory
	AtrInfo
	endOfFiles
)

// ApplicationID is the identifier of an application of a travel document.
type ApplicationID string

// The applications (ICAO 9303-10 §4.1, §5). Only the first is read.
const (
	TravelDocument       ApplicationID = "\xA0\x00\x00\x02\x47\x10\x01"
	TravelRecords        ApplicationID = "\xA0\x00\x00\x02\x47\x20\x01"
	VisaRecords          ApplicationID = "\xA0\x00\x00\x02\x47\x20\x02"
	AdditionalBiometrics ApplicationID = "\xA0\x00\x00\x02\x47\x20\x03"
)

// String returns the application's name, or its identifier in hexadecimal digits.
func (a ApplicationID) String() string {
	switch a {
	case TravelDocument:
		return "travel document"
	case TravelRecords:
		return "travel records"
	case VisaRecords:
		return "visa records"
	case AdditionalBiometrics:
		return "additional biometrics"
	}
	return fmt.Sprintf("application %X", string(a))
}

// known is what the chip calls each file. EF.CardAccess, EF.CardSecurity and EF.CVCA are
// no objects of their own tag, EF.DIR and EF.ATR/INFO are rows of objects.
var known = [endOfFiles]struct {
	name string
	id   uint16
	tag  tlv.Tag
}{
	DG1:          {"DG1", 0x0101, 0x61},
	DG2:          {"DG2", 0x0102, 0x75},
	DG3:          {"DG3", 0x0103, 0x63},
	DG4:          {"DG4", 0x0104, 0x76},
	DG5:          {"DG5", 0x0105, 0x65},
	DG6:          {"DG6", 0x0106, 0x66},
	DG7:          {"DG7", 0x0107, 0x67},
	DG8:          {"DG8", 0x0108, 0x68},
	DG9:          {"DG9", 0x0109, 0x69},
	DG10:         {"DG10", 0x010A, 0x6A},
	DG11:         {"DG11", 0x010B, 0x6B},
	DG12:         {"DG12", 0x010C, 0x6C},
	DG13:         {"DG13", 0x010D, 0x6D},
	DG14:         {"DG14", 0x010E, 0x6E},
	DG15:         {"DG15", 0x010F, 0x6F},
	DG16:         {"DG16", 0x0110, 0x70},
	COM:          {"EF.COM", 0x011E, 0x60},
	SOD:          {"EF.SOD", 0x011D, 0x77},
	CVCA:         {"EF.CVCA", 0x011C, 0},
	CardAccess:   {"EF.CardAccess", 0x011C, 0},
	CardSecurity: {"EF.CardSecurity", 0x011D, 0},
	Directory:    {"EF.DIR", 0x2F00, 0},
	AtrInfo:      {"EF.ATR/INFO", 0x2F01, 0},
}

// Valid reports whether f is one of this package's files.
func (f File) Valid() bool { return f > 0 && f < endOfFiles }

// DataGroup returns the data group's number, or 0 for a file that is none.
func (f File) DataGroup() int {
	if f > DG16 {
		return 0
	}
	return int(f)
}

// InApplication reports whether the file lies in the travel document application; if not,
// it lies in the master file.
func (f File) InApplication() bool { return f > 0 && f <= CVCA }

// ID returns the file identifier, or 0 for no valid file.
func (f File) ID() uint16 {
	if !f.Valid() {
		return 0
	}
	return known[f].id
}

// ShortID returns the short file identifier, 1 to 30, or 0 for no valid file. It is the
// file identifier's low byte, but for EF.DIR.
func (f File) ShortID() byte {
	if f == Directory {
		return 0x1E
	}
	return byte(f.ID())
}

// Tag returns the tag of the object that the file consists of, or 0 if it is not one.
func (f File) Tag() tlv.Tag {
	if !f.Valid() {
		return 0
	}
	return known[f].tag
}

// String returns the file's name: "DG2", "EF.COM".
func (f File) String() string {
	if !f.Valid() {
		return fmt.Sprintf("file %d", uint8(f))
	}
	return known[f].name
}

// FileOf returns the file whose object has the tag.
func FileOf(tag tlv.Tag) (f File, ok bool) {
	for f := DG1; f <= SOD; f++ {
		if known[f].tag == tag {
			return f, true
		}
	}
	return 0, false
}

// content returns the value of the one object that the file consists of.
func (f File) content(b []byte) ([]byte, error) {
	if len(b) > maxFile {
		return nil, fmt.Errorf("%v: %w", f, malformed("%d bytes, want at most %d", len(b), maxFile))
	}
	value, err := tlv.Only(b, f.Tag())
	if err != nil {
		return nil, fmt.Errorf("%v: %w", f, err)
	}
	return value, nil
}

// file returns the file with the content, if it is not too large.
func (f File) file(content []byte) ([]byte, error) {
	b := tlv.Append(nil, f.Tag(), content)
	if len(b) > maxFile {
		return nil, fmt.Errorf("%v: %w", f, malformed("%d bytes, want at most %d", len(b), maxFile))
	}
	return b, nil
}
