package lds

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"boothd/capture/chip/tlv"
)

// maxText is the most bytes of one text.
const maxText = 4096

// separator parts the lines of a text of several (ICAO 9303-10 §4.7.11).
const separator = "<"

// asText returns the text: UTF-8, or else Latin-1, as early issuers wrote.
func asText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// asDigits returns digits written as characters or, two in a byte, as numbers: dates are
// found in both forms. want is the number of digits.
func asDigits(b []byte, want int) (string, error) {
	text := string(b)
	if len(b) == want/2 {
		text = fmt.Sprintf("%x", b)
	}
	if len(text) != want || !digits([]byte(text)) {
		return "", malformed("%d bytes, want %d digits", len(b), want)
	}
	return text, nil
}

// field is an object of a file of texts: its tag, and where its content goes.
type field struct {
	tag   tlv.Tag
	read  func(value []byte) error
	write func() ([]byte, error) // nil: not there
}

func textField(tag tlv.Tag, to *string) field {
	return field{tag,
		func(value []byte) error {
			if len(value) > maxText {
				return malformed("text of %d bytes, want at most %d", len(value), maxText)
			}
			*to = asText(value)
			return nil
		},
		func() ([]byte, error) { return writeText(*to) },
	}
}

func linesField(tag tlv.Tag, to *[]string) field {
	return field{tag,
		func(value []byte) error {
			if len(value) > maxText {
				return malformed("text of %d bytes, want at most %d", len(value), maxText)
			}
			*to = nil
			if len(value) > 0 {
				*to = strings.Split(asText(value), separator)
			}
			return nil
		},
		func() ([]byte, error) {
			for _, line := range *to {
				if strings.Contains(line, separator) {
					return nil, malformed("line with a %q in it", separator)
				}
			}
			return writeText(strings.Join(*to, separator))
		},
	}
}

func digitsField(tag tlv.Tag, want int, to *string) field {
	return field{tag,
		func(value []byte) (err error) {
			*to, err = asDigits(value, want)
			return err
		},
		func() ([]byte, error) {
			if *to == "" {
				return nil, nil
			}
			text, err := asDigits([]byte(*to), want)
			return []byte(text), err
		},
	}
}

func pictureField(tag tlv.Tag, to *Picture) field {
	return field{tag,
		func(value []byte) error {
			*to = pictureOf(value, FormatUnknown)
			return nil
		},
		func() ([]byte, error) { return to.Data, nil },
	}
}

func writeText(text string) ([]byte, error) {
	if len(text) > maxText || !utf8.ValidString(text) {
		return nil, malformed("text of %d bytes, want at most %d of UTF-8", len(text), maxText)
	}
	if text == "" {
		return nil, nil
	}
	return []byte(text), nil
}

const tagNames tlv.Tag = 0xA0 // the number of texts, and the texts

// namesField is a template of several texts, each an object with the inner tag.
func namesField(inner tlv.Tag, to *[]string) field {
	return field{tagNames,
		func(value []byte) error {
			objects, err := tlv.All(value, maxObjects)
			if err != nil {
				return err
			}
			*to = nil
			for _, o := range objects {
				if o.Tag != inner {
					continue
				}
				var name string
				if err := textField(inner, &name).read(o.Value); err != nil {
					return err
				}
				*to = append(*to, name)
			}
			return nil
		},
		func() ([]byte, error) {
			if len(*to) == 0 {
				return nil, nil
			}
			if len(*to) >= maxObjects {
				return nil, malformed("%d texts, want at most %d", len(*to), maxObjects-1)
			}
			b := integer(len(*to))
			for _, name := range *to {
				text, err := writeText(name)
				if err != nil {
					return nil, err
				}
				b = tlv.Append(b, inner, text)
			}
			return b, nil
		},
	}
}

// parseFields reads a file that begins with a list of its tags. Objects of other tags are
// passed over.
func parseFields(f File, b []byte, fields []field) (deviations []string, err error) {
	content, err := f.content(b)
	if err != nil {
		return nil, err
	}
	objects, err := tlv.All(content, maxObjects)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", f, err)
	}
	there := map[tlv.Tag]bool{}
	for _, o := range objects {
		if there[o.Tag] {
			return nil, fmt.Errorf("%v: %w: %v", f, tlv.ErrDoubled, o.Tag)
		}
		there[o.Tag] = true
		for _, field := range fields {
			if field.tag != o.Tag {
				continue
			}
			if err := field.read(o.Value); err != nil {
				return nil, fmt.Errorf("%v: object %v: %w", f, o.Tag, err)
			}
		}
	}
	tags, err := readTags(first(objects, tagList))
	if err != nil || !there[tagList] {
		return []string{"the list of tags is missing or damaged"}, nil
	}
	for _, tag := range tags {
		if !there[tag] {
			deviations = append(deviations, fmt.Sprintf("object %v is listed and not there", tag))
		}
	}
	return deviations, nil
}

func marshalFields(f File, fields []field) ([]byte, error) {
	var tags []tlv.Tag
	var objects []byte
	for _, field := range fields {
		value, err := field.write()
		if err != nil {
			return nil, fmt.Errorf("%v: object %v: %w", f, field.tag, err)
		}
		if value == nil {
			continue
		}
		tags = append(tags, field.tag)
		objects = tlv.Append(objects, field.tag, value)
	}
	return f.file(append(tlv.Append(nil, tagList, appendTags(nil, tags)), objects...))
}
