package lds

import (
	"fmt"
	"log/slog"

	"boothd/capture/chip/tlv"
)

// Contact is a person to notify, of DG16 (ICAO 9303-10 §4.7.16).
type Contact struct {
	Recorded  string // YYYYMMDD
	Name      string // "SURNAME<<GIVEN<NAMES"
	Telephone string
	Address   []string
}

// LogValue keeps the person out of logs.
func (Contact) LogValue() slog.Value { return slog.StringValue("person to notify") }

// tagContact is the first person's tag; the next have the next numbers.
const tagContact tlv.Tag = 0xA1

// maxContacts is the most persons that have a tag of one byte.
const maxContacts = 15

func (c *Contact) fields() []field {
	return []field{
		digitsField(0x5F50, 8, &c.Recorded),
		textField(0x5F51, &c.Name),
		textField(0x5F52, &c.Telephone),
		linesField(0x5F53, &c.Address),
	}
}

// ParseContacts reads DG16.
func ParseContacts(b []byte) ([]Contact, error) {
	content, err := DG16.content(b)
	if err != nil {
		return nil, err
	}
	objects, err := tlv.All(content, maxContacts+1)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", DG16, err)
	}
	var contacts []Contact
	for _, o := range objects {
		if o.Tag < tagContact || o.Tag >= tagContact+maxContacts {
			continue
		}
		var c Contact
		if err := c.parse(o.Value); err != nil {
			return nil, fmt.Errorf("%v: person %d: %w", DG16, len(contacts)+1, err)
		}
		contacts = append(contacts, c)
	}
	return contacts, nil
}

func (c *Contact) parse(template []byte) error {
	objects, err := tlv.All(template, maxObjects)
	if err != nil {
		return err
	}
	for _, field := range c.fields() {
		if value := first(objects, field.tag); value != nil {
			if err := field.read(value); err != nil {
				return fmt.Errorf("object %v: %w", field.tag, err)
			}
		}
	}
	return nil
}

// MarshalContacts returns DG16 with the persons, at most 15.
func MarshalContacts(contacts []Contact) ([]byte, error) {
	if len(contacts) > maxContacts {
		return nil, fmt.Errorf("%v: %w", DG16, malformed("%d persons, want at most %d", len(contacts), maxContacts))
	}
	content := integer(len(contacts))
	for i := range contacts {
		var template []byte
		for _, field := range contacts[i].fields() {
			value, err := field.write()
			if err != nil {
				return nil, fmt.Errorf("%v: person %d: %w", DG16, i+1, err)
			}
			if value != nil {
				template = tlv.Append(template, field.tag, value)
			}
		}
		content = tlv.Append(content, tagContact+tlv.Tag(i), template)
	}
	return DG16.file(content)
}
