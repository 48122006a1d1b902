package tlv_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"boothd/capture/chip/tlv"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReadTakesTheFirstObjectAndLeavesTheRest(t *testing.T) {
	tests := []struct {
		name, in string
		tag      tlv.Tag
		value    string
		rest     string
	}{
		{"a short object", "8702AABBCC", 0x87, "AABB", "CC"},
		{"an empty object", "8200", 0x82, "", ""},
		{"a tag of two bytes", "7F4903860104FF", 0x7F49, "860104", "FF"},
		{"a long-form tag with a small number, as EF.COM has", "5F010430313037", 0x5F01, "30313037", ""},
		{"a tag of three bytes", "5F810201AA", 0x5F8102, "AA", ""},
		{"a length longer than need be", "87820001AA", 0x87, "AA", ""},
		{"a length in four bytes", "878400000001AA", 0x87, "AA", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o, rest, err := tlv.Read(unhex(t, test.in))
			if err != nil || o.Tag != test.tag || !bytes.Equal(o.Value, unhex(t, test.value)) || !bytes.Equal(rest, unhex(t, test.rest)) {
				t.Errorf("got %v %X rest %X, %v", o.Tag, o.Value, rest, err)
			}
			if want := unhex(t, test.in); !bytes.Equal(append(o.Raw[:len(o.Raw):len(o.Raw)], rest...), want) {
				t.Errorf("object %X and rest %X are not the input %X", o.Raw, rest, want)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	tests := []struct {
		name, in string
		want     error
	}{
		{"nothing", "", tlv.ErrTruncated},
		{"a tag alone", "87", tlv.ErrTruncated},
		{"a tag that ends in its middle", "7F", tlv.ErrTruncated},
		{"a length that ends in its middle", "878201", tlv.ErrTruncated},
		{"a value shorter than announced", "8703AABB", tlv.ErrTruncated},
		{"a tag of five bytes", "7F8181818101AA", tlv.ErrMalformed},
		{"the indefinite form", "3080AA0000", tlv.ErrMalformed},
		{"a length in five bytes", "87850000000001AA", tlv.ErrMalformed},
		{"four gigabytes", "8784FFFFFFFF", tlv.ErrMalformed},
		{"zeros", "0000", tlv.ErrMalformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, _, err := tlv.Read(unhex(t, test.in)); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestFindFollowsThePath(t *testing.T) {
	const in = "7C08" + "8002AABB" + "8102CCDD"
	tests := []struct {
		name, in string
		path     []tlv.Tag
		want     string
		err      error
	}{
		{"down two levels", in, []tlv.Tag{0x7C, 0x81}, "CCDD", nil},
		{"an object that is not there", in, []tlv.Tag{0x7C, 0x82}, "", tlv.ErrMissing},
		{"a level that is not there", in, []tlv.Tag{0x7D, 0x81}, "", tlv.ErrMissing},
		{"an object that is there twice", "7C088002AABB8002CCDD", []tlv.Tag{0x7C, 0x80}, "", tlv.ErrDoubled},
		{"rubbish behind the object", "7C058001AA8105", []tlv.Tag{0x7C, 0x80}, "", tlv.ErrTruncated},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := tlv.Find(unhex(t, test.in), test.path...)
			if !errors.Is(err, test.err) || !bytes.Equal(got, unhex(t, test.want)) {
				t.Errorf("got %X, %v; want %s, %v", got, err, test.want, test.err)
			}
		})
	}
}

func TestOnlyTakesBytesThatAreOneObject(t *testing.T) {
	if got, err := tlv.Only(unhex(t, "7C0180"), 0x7C); err != nil || !bytes.Equal(got, []byte{0x80}) {
		t.Errorf("got %X, %v", got, err)
	}
	if _, err := tlv.Only(unhex(t, "7C01809000"), 0x7C); !errors.Is(err, tlv.ErrMalformed) {
		t.Errorf("bytes behind the object: %v", err)
	}
	if _, err := tlv.Only(unhex(t, "7D0180"), 0x7C); !errors.Is(err, tlv.ErrMissing) {
		t.Errorf("another object: %v", err)
	}
}

func TestAllStopsAtItsLimit(t *testing.T) {
	in := bytes.Repeat([]byte{0x80, 0}, 5)
	if got, err := tlv.All(in, 5); err != nil || len(got) != 5 {
		t.Errorf("got %d objects, %v", len(got), err)
	}
	if _, err := tlv.All(in, 4); !errors.Is(err, tlv.ErrMalformed) {
		t.Errorf("five objects where four are allowed: %v", err)
	}
}

func TestSizeNeedsTheHeaderOnly(t *testing.T) {
	for in, want := range map[string]int{"6103": 5, "758203E8": 1004, "7F2E8300FFFF": 65541} {
		if got, err := tlv.Size(unhex(t, in)); err != nil || got != want {
			t.Errorf("%s: got %d, %v; want %d", in, got, err, want)
		}
	}
	if _, err := tlv.Size(unhex(t, "7582")); !errors.Is(err, tlv.ErrTruncated) {
		t.Errorf("half a header: %v", err)
	}
}

func TestWhatIsAppendedIsReadBack(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 255, 256, 65535, 65536} {
		value := bytes.Repeat([]byte{0x5A}, n)
		b := tlv.Append([]byte{1, 2}, 0x7F49, value[:n/2], value[n/2:])
		o, rest, err := tlv.Read(b[2:])
		if err != nil || o.Tag != 0x7F49 || !bytes.Equal(o.Value, value) || len(rest) != 0 {
			t.Errorf("%d bytes: tag %v, %d bytes, %v", n, o.Tag, len(o.Value), err)
		}
	}
}

func TestConstructedLooksAtTheFirstByte(t *testing.T) {
	for tag, want := range map[tlv.Tag]bool{0x7C: true, 0x80: false, 0x7F49: true, 0x5F1F: false, 0x7F8101: true, 0: false} {
		if tag.Constructed() != want {
			t.Errorf("%v: got %t", tag, !want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"7C12801095A3A016522EE98D01E76CB6B98B42C3", "8784FFFFFFFF", "7F49", "87820001AA", "5F010430313037", "3080"} {
		b, _ := hex.DecodeString(seed)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, rest, err := tlv.Read(b)
		size, sizeErr := tlv.Size(b)
		if err != nil {
			if !errors.Is(err, tlv.ErrTruncated) && !errors.Is(err, tlv.ErrMalformed) {
				t.Fatalf("unknown error %v", err)
			}
			if sizeErr == nil && size <= len(b) {
				t.Fatalf("a header that fits is refused: %v", err)
			}
			return
		}
		if sizeErr != nil || size != len(o.Raw) || len(o.Raw)+len(rest) != len(b) {
			t.Fatalf("size %d (%v), object of %d, rest of %d, input of %d", size, sizeErr, len(o.Raw), len(rest), len(b))
		}
		again, _, err := tlv.Read(tlv.Append(nil, o.Tag, o.Value))
		if err != nil || again.Tag != o.Tag || !bytes.Equal(again.Value, o.Value) {
			t.Fatalf("written again: %v %v", again.Tag, err)
		}
		tlv.All(b, 64)
		tlv.Find(b, o.Tag, 0x80)
	})
}
