package chipemu

import "strings"

// zone is what of the machine-readable zone opens the chip (ICAO 9303-11 §4.3.2).
type zone struct {
	number, birth, expiry string // each with its check digit
	issuer                string // without fillers
}

// information is what keys are derived from.
func (z zone) information() []byte { return []byte(z.number + z.birth + z.expiry) }

// zone takes the lines apart (ICAO 9303-4 to 9303-6). The check digits are those on the
// lines, right or wrong.
func (d *Document) zone() (zone, error) {
	length := 0
	for _, line := range d.MRZ {
		if length = len(line); length != len(d.MRZ[0]) {
			return zone{}, wrong("machine-readable zone with lines of different lengths")
		}
	}
	var z zone
	switch {
	case len(d.MRZ) == 2 && (length == 44 || length == 36):
		line := d.MRZ[1]
		z = zone{number: line[0:10], birth: line[13:20], expiry: line[21:28]}
		if length == 36 {
			z.number = longNumber(z.number, line[28:35])
		}
	case len(d.MRZ) == 3 && length == 30:
		z = zone{number: longNumber(d.MRZ[0][5:15], d.MRZ[0][15:30]), birth: d.MRZ[1][0:7], expiry: d.MRZ[1][8:15]}
	default:
		return zone{}, wrong("machine-readable zone of %d lines of %d characters", len(d.MRZ), length)
	}
	z.issuer = strings.TrimRight(d.MRZ[0][2:5], "<")
	return z, nil
}

// longNumber goes on in the optional data where the check digit's place is a filler: there
// stand the rest of the number and its check digit (ICAO 9303-5 §4.2.2.1 note j).
func longNumber(number, optional string) string {
	rest, _, _ := strings.Cut(optional, "<")
	if number[9] != '<' || len(rest) < 2 {
		return number
	}
	return number[:9] + rest
}
