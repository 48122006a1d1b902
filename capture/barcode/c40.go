package barcode

import "errors"

var errC40 = errors.New("text is not in the C40 of digital seals")

// c40 are the characters of C40's basic set from value 3 (ISO/IEC 16022 §5.2.5). Seals use no
// shifts: capitals, digits and space, which stands for the filler '<' of zones.
const c40 = " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

const (
	c40First   = 3    // value of the first character
	c40Unlatch = 0xfe // a single character follows, as ASCII plus 1
)

// decodeC40 decodes text: two bytes for three characters. At its end, two characters are filled
// up with the value 0, and one is written after an unlatch.
func decodeC40(b []byte) (string, error) {
	if len(b)%2 != 0 {
		return "", errC40
	}
	text := make([]byte, 0, len(b)/2*3)
	for ; len(b) > 0; b = b[2:] {
		last := len(b) == 2
		if b[0] == c40Unlatch {
			char := b[1] - 1
			if !last || b[1] == 0 || c40Value(char) < 0 {
				return "", errC40
			}
			return string(append(text, char)), nil
		}
		v := int(b[0])<<8 + int(b[1]) - 1
		if v < 0 {
			return "", errC40
		}
		for i, u := range [3]int{v / 1600, v / 40 % 40, v % 40} {
			if u == 0 && i == 2 && last {
				break
			}
			if u < c40First || u-c40First >= len(c40) {
				return "", errC40
			}
			text = append(text, c40[u-c40First])
		}
	}
	return string(text), nil
}

// c40Value returns a character's value, or -1.
func c40Value(char byte) int {
	for i := range len(c40) {
		if c40[i] == char {
			return i + c40First
		}
	}
	return -1
}
