package chipemu

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"

	"boothd/capture/chip/lds"
	"boothd/capture/synthetic"
)

// DocumentOf returns the document of an invented traveller, as a state of today issues it:
// PACE by zone and card access number, BAC for old terminals, Chip Authentication, extended
// length. The caller adds Active Authentication, and fingers by [Document.Guard].
func DocumentOf(t synthetic.Traveller) (Document, error) {
	var picture bytes.Buffer
	const quality = 80 // some 15 KB, as in passports
	if err := jpeg.Encode(&picture, t.Portrait(), &jpeg.Options{Quality: quality}); err != nil {
		return Document{}, fmt.Errorf("portrait of traveller %d: %w", t.Number, err)
	}
	const issued = "2024-03-01"
	name := strings.ReplaceAll(t.Fields.Surname+"<<"+t.Fields.GivenNames, " ", "<")
	return Document{
		MRZ: slices.Clone(t.MRZ), CAN: fmt.Sprintf("%06d", t.Number%1_000_000), Issued: issued,
		Portrait: Portrait{Data: picture.Bytes()},
		Person:   &lds.Person{Name: name, BirthPlace: []string{"UTOPOLIS"}},
		Issue:    &lds.Issue{Authority: "UTOPIAN PASSPORT OFFICE", Date: strings.ReplaceAll(issued, "-", "")},
		Access:   Access{BAC: true, PACE: []PACE{{Protocol: "ECDH-GM-AES-128", Parameters: 13}}},
		Chip:     []Agree{{Protocol: "ECDH-AES-128", Parameters: 13}},
		Quirks:   Quirks{Extended: 32 << 10},
	}, nil
}

// Guard adds the traveller's two index fingers (DG3) and Terminal Authentication by the
// issuer's terminals.
func (d *Document) Guard(t synthetic.Traveller, issuer *Issuer) error {
	const rightIndex, leftIndex = 2, 7
	fingers := &lds.Fingers{}
	for _, position := range []int{rightIndex, leftIndex} {
		picture := t.Finger(position)
		var coded bytes.Buffer
		if err := png.Encode(&coded, picture); err != nil {
			return fmt.Errorf("finger %d of traveller %d: %w", position, t.Number, err)
		}
		fingers.Fingers = append(fingers.Fingers, lds.Finger{
			Picture: lds.Picture{Format: lds.FormatPNG, Data: coded.Bytes()}, Position: byte(position), View: 1, Views: 1, Quality: 90,
			Width: picture.Bounds().Dx(), Height: picture.Bounds().Dy(), DPIX: synthetic.FingerDPI, DPIY: synthetic.FingerDPI, Depth: 8, Level: 31,
		})
	}
	d.Fingers, d.Terminal = fingers, &Terminal{Roots: [][]byte{issuer.Root()}}
	return nil
}
