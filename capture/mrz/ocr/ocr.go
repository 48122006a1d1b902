// Package ocr reads the machine-readable zone from a picture: of a page camera, a telephone
// or a scanner.
//
// [Read] finds the zone wherever it stands in the picture and however it is turned, upside
// down too, and reads the formats TD1, TD2, TD3, MRV-A and MRV-B (ICAO Doc 9303 parts 4 to
// 7) and the French identity card. The driving licences that boothd/capture/mrz knows are
// not sought: their zones are a single line or have lines of different lengths.
//
// # How it reads
//
// Pieces of ink that follow each other at even distances are chains, in any direction. A
// chain is laid straight and measured; the recogniser of package glyph says which way is up
// and what stands at each place. Two or three chains below each other make a zone where a
// format's lines begin and end as its characters do; a line that seems to be missing is
// sought above and below its neighbours. Characters of 8 pixels from one to the
// next, and about as high, are enough if they are sharp.
//
// # What can be trusted
//
// Each place allows certain characters only: digits in dates, letters in names. Among those,
// the likeliest is read. Then the check digits are asked:
//
//   - If all are right, a likely rival is excluded where it would make one wrong. 1 and L,
//     6 and G, and others that count the same are not excluded by any check digit. An O
//     in a number is read as 0 unless they say that it is one.
//   - If one is wrong and a single set of few likely exchanges makes all right, it is made;
//     see Position.Repaired. It is a doubt as well if it is not likely enough by itself.
//   - If none does, the digit stays wrong, for documents with wrong digits exist; then the
//     likely rivals and the least certain character are doubts.
//
// Names, nationality and sex are covered by no check digit (nor are a visa's optional
// data): there every likely rival is a doubt. Right check digits are therefore no proof
// of a reading without doubts, and a reading without doubts is no proof of right check digits:
// look at both Reading.Doubtful and Reading.Zone.
//
// # Bounds
//
// A picture has at most [MaxPixels]; a reading needs at most a few bytes for each of them
// besides. Read looks at the context after every row of pixels and every few characters.
// Nothing of a picture is kept, and neither Reading nor its parts show characters in logs.
package ocr

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"time"

	"boothd/capture/mrz"
	"boothd/capture/mrz/ocr/glyph"
)

var (
	// ErrNotFound is matched when the picture shows no zone that can be read.
	ErrNotFound = errors.New("no machine-readable zone in the picture")
	// ErrTooLarge is matched by pictures of more than MaxPixels.
	ErrTooLarge = errors.New("picture too large")
)

// MaxPixels is the most pixels that Read takes.
const MaxPixels = 40_000_000

// leastSide is the least width and height of a picture, in pixels.
const leastSide = 32

// Position is one character of a reading.
type Position struct {
	Line      int    `json:"line"`   // from 1
	Column    int    `json:"column"` // from 1
	Character string `json:"character"`
	// Confidence is the probability, 0 to 1, that the recogniser gives the character among
	// those that its place allows, before check digits are looked at.
	Confidence float64 `json:"confidence"`
	RunnerUp   string  `json:"runnerUp"` // the next likeliest character
	// Repaired is the likelier character that stood here until the check digits
	// excluded it, or "".
	Repaired string `json:"repaired,omitempty"`
}

// LogValue keeps the character out of logs.
func (p Position) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("line %d column %d", p.Line, p.Column))
}

// Reading is what a picture's zone says.
type Reading struct {
	Format    mrz.Format   `json:"format"`
	Lines     []string     `json:"lines"`
	Positions [][]Position `json:"positions"` // line by line
	// Zone is the zone as read here; its Repairs are empty, see Position.Repaired.
	Zone mrz.Zone `json:"zone"`
	// Doubtful lists the positions that an officer must compare with the document.
	Doubtful []Position `json:"doubtful,omitempty"`
	// Corners are those of the zone in the picture, from the upper left one clockwise as
	// the text is read.
	Corners [4]image.Point `json:"corners"`
}

// LogValue keeps the traveller out of logs.
func (r Reading) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("reading of a %s zone, %d positions doubtful", r.Format, len(r.Doubtful)))
}

// attempts are ways to look for ink, the likeliest to succeed first: the longer side of the
// copy that is searched, and by what part ink is darker than its surroundings.
var attempts = [...]struct {
	side   int
	darker float64
}{{1400, 0.15}, {1400, 0.08}, {1000, 0.25}, {2200, 0.12}}

// Read finds and reads the zone. The reference time now decides the centuries of dates. It
// returns the context's cause within a tenth of a second of its end. Errors match
// ErrNotFound or ErrTooLarge, or say that the picture is no picture.
func Read(ctx context.Context, img image.Image, now time.Time) (Reading, error) {
	grey, err := greyOf(ctx, img)
	if err != nil {
		return Reading{}, err
	}
	levels, err := newPyramid(ctx, grey)
	if err != nil {
		return Reading{}, err
	}
	net, err := glyph.Trained()
	if err != nil {
		return Reading{}, err
	}
	r := &reader{pyramid: levels, net: net}
	var best *Reading
	for _, a := range attempts {
		if r.looks > mostLooks {
			break
		}
		z, err := r.find(ctx, a.side, a.darker)
		if err != nil {
			return Reading{}, err
		}
		if z == nil {
			continue
		}
		reading, err := r.decode(z, now)
		if err != nil {
			continue
		}
		if best == nil || reading.certainty() > best.certainty() {
			best = &reading
		}
		if len(best.Doubtful) == 0 && best.Zone.Valid() || z.sure() > beyondDoubt {
			break
		}
	}
	if best == nil {
		return Reading{}, ErrNotFound
	}
	return *best, nil
}

// certainty tells the better of two readings: the mean confidence, and one more if the zone
// is valid.
func (r *Reading) certainty() float64 {
	var sum float64
	count := 0
	for _, line := range r.Positions {
		for _, p := range line {
			sum += p.Confidence
			count++
		}
	}
	sum /= float64(count)
	if r.Zone.Valid() {
		sum++
	}
	return sum
}
