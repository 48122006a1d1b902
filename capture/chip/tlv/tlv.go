// Package tlv reads and writes BER-TLV data objects (ISO/IEC 7816-4 §6.3, X.690 §8.1), of
// which the commands and files of a travel document are made.
//
// What is read is a part of the bytes given: nothing is copied, nothing is allocated by a
// length that was only announced, and nothing calls itself, so that a hostile chip can at
// worst have its own bytes refused. Lengths need not be in their shortest form, because
// chips write them otherwise; the indefinite form is refused, because ISO/IEC 7816-4 does
// not have it. Tags are written as in the standards, as the bytes that they are on the
// wire: 0x7F49.
package tlv

import (
	"errors"
	"fmt"
	"math/bits"
)

// Errors that callers branch on.
var (
	// ErrTruncated is matched if the bytes end before the object does.
	ErrTruncated = errors.New("truncated data object")
	// ErrMalformed is matched if the bytes are no data object.
	ErrMalformed = errors.New("malformed data object")
	// ErrMissing is matched if an object that was looked for is not there.
	ErrMissing = errors.New("data object missing")
	// ErrDoubled is matched if an object that was looked for is there more than once.
	ErrDoubled = errors.New("data object doubled")
)

// Tag is a tag of one to four bytes, the first in the most significant place that is used.
type Tag uint32

// String returns the tag in the standards' notation: "7F49".
func (t Tag) String() string { return fmt.Sprintf("%02X", uint32(t)) }

// Constructed reports whether the object's value is made of objects.
func (t Tag) Constructed() bool {
	if t == 0 {
		return false
	}
	first := t >> (8 * ((bits.Len32(uint32(t)) - 1) / 8))
	return first&0x20 != 0
}

// Object is a data object.
type Object struct {
	Tag   Tag
	Value []byte
	Raw   []byte // the whole object, from its tag to its value's end
}

// Read returns the first object of b and the bytes behind it. The error matches
// ErrTruncated or ErrMalformed.
func Read(b []byte) (o Object, rest []byte, err error) {
	tag, header, length, err := header(b)
	if err != nil {
		return Object{}, nil, err
	}
	if length > len(b)-header {
		return Object{}, nil, fmt.Errorf("%w: object %v of %d bytes, %d are there", ErrTruncated, tag, length, len(b)-header)
	}
	end := header + length
	return Object{Tag: tag, Value: b[header:end:end], Raw: b[:end:end]}, b[end:], nil
}

// Size returns the number of bytes that the first object of b takes with its header, which
// must be there; the value need not be. Up to four bytes of tag and five of length make a
// header. The error matches ErrTruncated or ErrMalformed.
func Size(b []byte) (int, error) {
	_, header, length, err := header(b)
	return header + length, err
}

// Only returns the value of the one object that b consists of. The error matches
// ErrTruncated, ErrMalformed or, for another tag, ErrMissing.
func Only(b []byte, tag Tag) ([]byte, error) {
	o, rest, err := Read(b)
	switch {
	case err != nil:
		return nil, fmt.Errorf("object %v: %w", tag, err)
	case o.Tag != tag:
		return nil, fmt.Errorf("%w: want %v, got %v", ErrMissing, tag, o.Tag)
	case len(rest) > 0:
		return nil, fmt.Errorf("object %v: %w: %d bytes follow it", tag, ErrMalformed, len(rest))
	}
	return o.Value, nil
}

// Find follows the path of tags downwards and returns the last one's value. Every object of
// each level that is passed is read. The error matches ErrMissing, ErrDoubled, ErrTruncated
// or ErrMalformed.
func Find(b []byte, path ...Tag) ([]byte, error) {
	for _, tag := range path {
		value, err := find(b, tag)
		if err != nil {
			return nil, err
		}
		b = value
	}
	return b, nil
}

func find(b []byte, tag Tag) (value []byte, err error) {
	found := false
	for rest := b; len(rest) > 0; {
		var o Object
		if o, rest, err = Read(rest); err != nil {
			return nil, fmt.Errorf("look for object %v: %w", tag, err)
		}
		if o.Tag != tag {
			continue
		}
		if found {
			return nil, fmt.Errorf("%w: %v", ErrDoubled, tag)
		}
		value, found = o.Value, true
	}
	if !found {
		return nil, fmt.Errorf("%w: %v", ErrMissing, tag)
	}
	return value, nil
}

// All returns the objects of b, in order. More than the limit, or bytes that are no
// object, are an error that matches ErrMalformed or ErrTruncated.
func All(b []byte, limit int) ([]Object, error) {
	var objects []Object
	for len(b) > 0 {
		if len(objects) == limit {
			return nil, fmt.Errorf("%w: more than %d objects", ErrMalformed, limit)
		}
		o, rest, err := Read(b)
		if err != nil {
			return nil, err
		}
		objects, b = append(objects, o), rest
	}
	return objects, nil
}

// Append appends an object to dst, its value being the parts one after another. Lengths are
// written in their shortest form.
func Append(dst []byte, tag Tag, parts ...[]byte) []byte {
	length := 0
	for _, part := range parts {
		length += len(part)
	}
	dst = appendShortest(dst, uint64(tag))
	if length >= 0x80 {
		dst = append(dst, 0x80|byte((bits.Len(uint(length))+7)/8))
	}
	dst = appendShortest(dst, uint64(length))
	for _, part := range parts {
		dst = append(dst, part...)
	}
	return dst
}

// appendShortest appends the number's bytes without leading zeros; 0 is one byte.
func appendShortest(dst []byte, n uint64) []byte {
	for shift := (max(bits.Len64(n), 1) - 1) / 8 * 8; shift >= 0; shift -= 8 {
		dst = append(dst, byte(n>>shift))
	}
	return dst
}

// maxLength is the most bytes of an object that are thought possible: files of a chip have
// at most 1 MiB, master lists some more.
const maxLength = 1 << 28

// header reads tag and length, and returns how many bytes they take.
func header(b []byte) (tag Tag, size, length int, err error) {
	tag, size, err = readTag(b)
	if err != nil {
		return 0, 0, 0, err
	}
	if size == len(b) {
		return 0, 0, 0, fmt.Errorf("%w: object %v ends before its length", ErrTruncated, tag)
	}
	first := int(b[size])
	size++
	if first < 0x80 {
		return tag, size, first, nil
	}
	n := first & 0x7F
	if n == 0 || n > 4 {
		return 0, 0, 0, fmt.Errorf("%w: object %v: length in %d bytes, want 1 to 4", ErrMalformed, tag, n)
	}
	if n > len(b)-size {
		return 0, 0, 0, fmt.Errorf("%w: object %v ends in its length", ErrTruncated, tag)
	}
	wide := uint64(0)
	for _, c := range b[size : size+n] {
		wide = wide<<8 | uint64(c)
	}
	if wide > maxLength {
		return 0, 0, 0, fmt.Errorf("%w: object %v of %d bytes, want at most %d", ErrMalformed, tag, wide, maxLength)
	}
	return tag, size + n, int(wide), nil
}

func readTag(b []byte) (tag Tag, size int, err error) {
	if len(b) == 0 {
		return 0, 0, fmt.Errorf("%w: no bytes", ErrTruncated)
	}
	tag = Tag(b[0])
	if tag == 0 {
		return 0, 0, fmt.Errorf("%w: tag 00", ErrMalformed)
	}
	if b[0]&0x1F != 0x1F {
		return tag, 1, nil
	}
	for size = 1; size < len(b); size++ {
		if size == 4 {
			return 0, 0, fmt.Errorf("%w: tag of more than 4 bytes", ErrMalformed)
		}
		tag = tag<<8 | Tag(b[size])
		if b[size]&0x80 == 0 {
			return tag, size + 1, nil
		}
	}
	return 0, 0, fmt.Errorf("%w: object ends in its tag", ErrTruncated)
}
