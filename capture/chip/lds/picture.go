package lds

import (
	"bytes"
	"fmt"
	"log/slog"

	"boothd/capture/chip/tlv"
)

// Format is how a picture is coded.
type Format string

// The formats that the standards allow. FormatRaw and FormatRawPacked are bare pixels, of
// whole bytes and of bits.
const (
	FormatUnknown   Format = ""
	FormatJPEG      Format = "jpeg"
	FormatJP2       Format = "jp2" // JPEG 2000 in a file of ISO/IEC 15444-1 Annex I
	FormatJ2K       Format = "j2k" // a bare JPEG 2000 codestream
	FormatJPEGLS    Format = "jpeg-ls"
	FormatPNG       Format = "png"
	FormatWSQ       Format = "wsq"
	FormatPGM       Format = "pgm" // grey pixels behind a header in text, as ISO/IEC 39794 has them
	FormatPPM       Format = "ppm" // coloured ones
	FormatRaw       Format = "raw"
	FormatRawPacked Format = "raw-packed"
)

// Picture is a picture that was not decoded.
type Picture struct {
	Format Format // as the bytes begin; where they do not tell, as announced
	Data   []byte
}

// LogValue keeps the picture out of logs.
func (p Picture) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("picture %q of %d bytes", string(p.Format), len(p.Data)))
}

// maxPictures is the most pictures of one file; ICAO 9303-10 allows nine instances.
const maxPictures = 16

var beginnings = []struct {
	begins string
	format Format
}{
	{"\xFF\xD8\xFF\xF7", FormatJPEGLS},
	{"\xFF\xD8\xFF", FormatJPEG},
	{"\x00\x00\x00\x0CjP  \r\n\x87\n", FormatJP2},
	{"\xFF\x4F\xFF\x51", FormatJ2K},
	{"\x89PNG\r\n\x1A\n", FormatPNG},
	{"\xFF\xA0\xFF", FormatWSQ},
}

// FormatOf returns the format that the picture's first bytes tell, or FormatUnknown.
func FormatOf(data []byte) Format {
	for _, b := range beginnings {
		if bytes.HasPrefix(data, []byte(b.begins)) {
			return b.format
		}
	}
	return FormatUnknown
}

// pictureOf trusts the bytes before what is announced of them, which issuers get wrong.
func pictureOf(data []byte, announced Format) Picture {
	if f := FormatOf(data); f != FormatUnknown {
		return Picture{Format: f, Data: data}
	}
	return Picture{Format: announced, Data: data}
}

// displayed are the tags of the pictures in the files that have nothing else.
var displayed = map[File]tlv.Tag{DG5: 0x5F40, DG7: 0x5F43}

// ParseDisplayed reads DG5, portraits, or DG7, signatures (ICAO 9303-10 §4.7.5, §4.7.7).
func ParseDisplayed(f File, b []byte) ([]Picture, error) {
	tag, ok := displayed[f]
	if !ok {
		return nil, malformed("%v has no displayed pictures", f)
	}
	content, err := f.content(b)
	if err != nil {
		return nil, err
	}
	objects, err := tlv.All(content, maxPictures+1)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", f, err)
	}
	var pictures []Picture
	for _, o := range objects {
		if o.Tag == tag {
			pictures = append(pictures, pictureOf(o.Value, FormatUnknown))
		}
	}
	if len(pictures) == 0 {
		return nil, fmt.Errorf("%v: %w: %v", f, tlv.ErrMissing, tag)
	}
	return pictures, nil
}

// MarshalDisplayed returns DG5 or DG7 with the pictures, 1 to 16.
func MarshalDisplayed(f File, pictures []Picture) ([]byte, error) {
	tag, ok := displayed[f]
	if !ok {
		return nil, malformed("%v has no displayed pictures", f)
	}
	if len(pictures) == 0 || len(pictures) > maxPictures {
		return nil, fmt.Errorf("%v: %w", f, malformed("%d pictures, want 1 to %d", len(pictures), maxPictures))
	}
	content := integer(len(pictures))
	for _, p := range pictures {
		content = tlv.Append(content, tag, p.Data)
	}
	return f.file(content)
}
