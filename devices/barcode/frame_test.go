package barcode

import (
	"bytes"
	"testing"

	"boothd/devices"
)

func FuzzUnwrap(f *testing.F) {
	f.Add([]byte("M1X\r\n"), "", "", false)
	f.Add([]byte("\x02\xdc\x03\x03"), "", "", false)
	f.Add([]byte("<\xdc>"), "<", ">", false)
	f.Add([]byte("\x02\x03"), "\x02\x03", "\x03", false)
	f.Add([]byte("\r"), "", "", true)
	f.Fuzz(func(t *testing.T, frame []byte, prefix, suffix string, bare bool) {
		c := Config{Prefix: prefix, Suffix: suffix, Bare: bare}
		content, err := c.unwrap(frame)
		if err != nil {
			return
		}
		if len(content) == 0 || len(content) > devices.MaxBarcode || !bytes.Contains(frame, content) {
			t.Errorf("content %q of %q", content, frame)
		}
		if !bare && prefix+suffix != "" && string(frame) != prefix+string(content)+suffix {
			t.Errorf("%q is not %q between %q and %q", frame, content, prefix, suffix)
		}
	})
}
