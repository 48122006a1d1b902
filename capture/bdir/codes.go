package bdir

import (
	"errors"
	"fmt"

	"boothd/capture"
)

// Position is the code of a finger, of several fingers or of a palm. 0 to 10 are those of
// capture.FingerPosition, 13 to 15 and 40 to 50 are several fingers, 20 to 36 palms.
type Position uint8

// PositionOf returns the code of a finger; of one that is not known it is 0.
func PositionOf(finger capture.FingerPosition) Position {
	if finger < 0 || finger > 10 {
		return 0
	}
	return Position(finger)
}

// Finger returns the finger, and false if the position is not that of one finger. A finger
// that is not known is one finger too. Codes 11 and 12, which older systems use for plain
// thumbs, are thumbs.
func (p Position) Finger() (capture.FingerPosition, bool) {
	switch {
	case p <= 10:
		return capture.FingerPosition(p), true
	case p == 11:
		return 1, true
	case p == 12:
		return 6, true
	}
	return 0, false
}

// ofMinutiae reports whether a minutiae record of the edition may have the position.
func (p Position) ofMinutiae(e Edition) bool {
	return p <= 10 || e == ISO2011 && (p >= 13 && p <= 15 || p >= 40 && p <= 50)
}

// ofPicture reports whether an image record of the edition may have the position.
func (p Position) ofPicture(e Edition) bool {
	return p <= 15 || p >= 20 && p <= 36 || e == ISO2011 && p >= 40 && p <= 50
}

// Impression is how the print was taken. Its numbers are the codes of the editions of 2011;
// codes that an edition does not define are carried along as far as its field has room.
type Impression uint8

// The impression types. The older editions define plain, rolled, swipe, contactless and, for
// pictures, one latent.
const (
	LivePlain         Impression = 0
	LiveRolled        Impression = 1
	NonlivePlain      Impression = 2 // from paper
	NonliveRolled     Impression = 3
	LatentImpression  Impression = 4 // in the older editions every latent print
	LatentTracing     Impression = 5
	LatentPhoto       Impression = 6
	LatentLift        Impression = 7 // ISO2011 only
	LiveSwipe         Impression = 8
	LiveVerticalRoll  Impression = 9 // ISO2011 only
	LiveContactless   Impression = 24
	OtherImpression   Impression = 28
	UnknownImpression Impression = 29
)

// The codes of the older editions that mean something else than in those of 2011.
const (
	oldLatent      = 7
	oldContactless = 9
)

func readImpression(e Edition, code uint8) Impression {
	switch {
	case e != ISO2011 && code == oldLatent:
		return LatentImpression
	case e != ISO2011 && code == oldContactless:
		return LiveContactless
	}
	return Impression(code)
}

// code returns the impression's code, which must not be over limit.
func (i Impression) code(e Edition, limit uint8) (uint8, error) {
	code := uint8(i)
	if e != ISO2011 {
		switch i {
		case LatentImpression:
			code = oldLatent
		case LiveContactless:
			code = oldContactless
		case LatentLift, LiveVerticalRoll:
			return 0, fmt.Errorf("the edition has no code for impression type %d", i)
		}
	}
	if code > limit {
		return 0, fmt.Errorf("the edition has no room for impression type %d", i)
	}
	return code, nil
}

// Compression is how the data of a picture is encoded.
type Compression uint8

// The compressions. What JPEG 2000 of the older editions is, lossy or not, is not told.
const (
	Uncompressed     Compression = 0 // each pixel in whole bytes
	BitPacked        Compression = 1 // uncompressed, pixels without gaps
	WSQ              Compression = 2
	JPEG             Compression = 3
	JPEG2000         Compression = 4
	JPEG2000Lossless Compression = 5 // ISO2011 only
	PNG              Compression = 6
)

// String names the compression.
func (c Compression) String() string {
	names := [...]string{"uncompressed", "bit-packed", "WSQ", "JPEG", "JPEG 2000", "JPEG 2000 lossless", "PNG"}
	if int(c) >= len(names) {
		return "unknown compression"
	}
	return names[c]
}

// oldPNG is the code of PNG in the older editions.
const oldPNG = 5

func readCompression(e Edition, code uint8) (Compression, error) {
	switch {
	case e != ISO2011 && code == oldPNG:
		return PNG, nil
	case e != ISO2011 && code > oldPNG, Compression(code) > PNG:
		return 0, fmt.Errorf("compression code %d is unknown", code)
	}
	return Compression(code), nil
}

func (c Compression) code(e Edition) (uint8, error) {
	switch {
	case c > PNG:
		return 0, fmt.Errorf("compression %d is unknown", c)
	case e == ISO2011:
		return uint8(c), nil
	case c == JPEG2000Lossless:
		return 0, errors.New("the edition does not tell lossless JPEG 2000 from lossy")
	case c == PNG:
		return oldPNG, nil
	}
	return uint8(c), nil
}

// Units are what resolutions of an image record count in.
type Units uint8

// The units.
const (
	PerInch       Units = 1 // pixels per inch
	PerCentimetre Units = 2 // pixels per centimetre
)
