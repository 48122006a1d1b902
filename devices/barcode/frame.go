package barcode

import (
	"bytes"
	"errors"

	"boothd/devices"
)

const (
	stx = "\x02"
	etx = "\x03"
)

// What can be wrong with a barcode. None of them quotes it.
var (
	errCut   = errors.New("the barcode was cut short")
	errLong  = errors.New("the barcode is too long")
	errEmpty = errors.New("the barcode is empty")
	errEarly = errors.New("the barcode was presented before it was asked for")
)

// maxFrame bounds what comes between two silences. Prefixes and suffixes are short.
const maxFrame = devices.MaxBarcode + 64

// unwrap takes off what the scanner sends around a barcode.
func (c Config) unwrap(frame []byte) ([]byte, error) {
	content, whole := frame, true
	switch {
	case c.Bare:
	case c.Prefix+c.Suffix != "":
		content, whole = between(frame, c.Prefix, c.Suffix)
	case bytes.HasPrefix(frame, []byte(stx)):
		content, whole = between(frame, stx, etx)
	default:
		content, whole = beforeNewline(frame)
	}
	switch {
	case !whole:
		return nil, errCut
	case len(content) == 0:
		return nil, errEmpty
	case len(content) > devices.MaxBarcode:
		return nil, errLong
	}
	return content, nil
}

func between(frame []byte, prefix, suffix string) ([]byte, bool) {
	rest, begun := bytes.CutPrefix(frame, []byte(prefix))
	content, ended := bytes.CutSuffix(rest, []byte(suffix))
	return content, begun && ended
}

func beforeNewline(frame []byte) ([]byte, bool) {
	for _, end := range []string{"\r\n", "\r", "\n"} {
		if content, ok := bytes.CutSuffix(frame, []byte(end)); ok {
			return content, true
		}
	}
	return nil, false
}
