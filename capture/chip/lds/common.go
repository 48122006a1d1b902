package lds

import (
	"fmt"

	"boothd/capture/chip/tlv"
)

// Common is EF.COM (ICAO 9303-10 §4.6.1). Nothing signs it: EF.SOD has the truth about the
// files, and a chip that lacks here what EF.SOD has was altered.
type Common struct {
	Version string    // of the logical data structure: "0107", "0108"
	Unicode string    // "040000"
	Files   []File    // the data groups that are there, in the file's order
	Unknown []tlv.Tag // tags in the list that are no data group's
}

// The objects of EF.COM; the list also begins DG11 and DG12.
const (
	tagVersion tlv.Tag = 0x5F01
	tagUnicode tlv.Tag = 0x5F36
	tagList    tlv.Tag = 0x5C
)

// maxTags is the most tags of a list that are taken.
const maxTags = 64

// ParseCommon reads EF.COM.
func ParseCommon(b []byte) (Common, error) {
	content, err := COM.content(b)
	if err != nil {
		return Common{}, err
	}
	c, err := parseCommon(content)
	if err != nil {
		return Common{}, fmt.Errorf("%v: %w", COM, err)
	}
	return c, nil
}

func parseCommon(content []byte) (Common, error) {
	version, err := tlv.Find(content, tagVersion)
	if err != nil {
		return Common{}, err
	}
	unicode, err := tlv.Find(content, tagUnicode)
	if err != nil {
		return Common{}, err
	}
	if len(version) != 4 || len(unicode) != 6 || !digits(version) || !digits(unicode) {
		return Common{}, malformed("versions of %d and %d characters, want 4 and 6 digits", len(version), len(unicode))
	}
	list, err := tlv.Find(content, tagList)
	if err != nil {
		return Common{}, err
	}
	c := Common{Version: string(version), Unicode: string(unicode)}
	tags, err := readTags(list)
	if err != nil {
		return Common{}, err
	}
	for _, tag := range tags {
		if f, ok := FileOf(tag); ok && f.DataGroup() > 0 {
			c.Files = append(c.Files, f)
		} else {
			c.Unknown = append(c.Unknown, tag)
		}
	}
	return c, nil
}

// Marshal returns EF.COM. The unknown tags follow the files.
func (c Common) Marshal() ([]byte, error) {
	if len(c.Version) != 4 || len(c.Unicode) != 6 || !digits([]byte(c.Version)) || !digits([]byte(c.Unicode)) {
		return nil, fmt.Errorf("%v: %w", COM, malformed("versions %q and %q, want 4 and 6 digits", c.Version, c.Unicode))
	}
	var tags []tlv.Tag
	for _, f := range c.Files {
		if f.DataGroup() == 0 {
			return nil, fmt.Errorf("%v: %w", COM, malformed("%v is no data group", f))
		}
		tags = append(tags, f.Tag())
	}
	content := tlv.Append(nil, tagVersion, []byte(c.Version))
	content = tlv.Append(content, tagUnicode, []byte(c.Unicode))
	content = tlv.Append(content, tagList, appendTags(nil, append(tags, c.Unknown...)))
	return COM.file(content)
}

// readTags returns the tags of a tag list.
func readTags(list []byte) ([]tlv.Tag, error) {
	var tags []tlv.Tag
	for len(list) > 0 {
		if len(tags) == maxTags {
			return nil, malformed("tag list of more than %d tags", maxTags)
		}
		n := 1
		if list[0]&0x1F == 0x1F {
			for n < len(list) && list[n]&0x80 != 0 {
				n++
			}
			n++
		}
		if n > len(list) || n > 4 || list[0] == 0 {
			return nil, malformed("tag list with something that is no tag")
		}
		tag := tlv.Tag(0)
		for _, c := range list[:n] {
			tag = tag<<8 | tlv.Tag(c)
		}
		tags, list = append(tags, tag), list[n:]
	}
	return tags, nil
}

func appendTags(dst []byte, tags []tlv.Tag) []byte {
	for _, tag := range tags {
		one := tlv.Append(nil, tag) // with its length, which is 0
		dst = append(dst, one[:len(one)-1]...)
	}
	return dst
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
