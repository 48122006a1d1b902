// Package ocr reads the machine-readable zone from a picture: of a page camera, a telephone
// or a scanner.
//
// [Read] finds the zone wherever it stands in the picture and however it is turned, upside
// down too; [ReadEncoded] does so in a file. They read the formats TD1, TD2, TD3, MRV-A and
// MRV-B (ICAO Doc 9303 parts 4 to 7) and the French identity card. The driving licences
// that boothd/capture/mrz knows are not sought: their zones are a single line or have lines
// of different lengths.
//
// # How it reads
//
// Pieces of ink that follow each other at even distances are chains, in any direction. A
// chain is laid straight and measured; the recogniser of package glyph says which way is up
// and what stands at each place. Two or three chains below each other make a zone where a
// format's lines begin and end as its characters do; a line that seems to be missing is
// sought above and below its neighbours. Where the check digits are wrong, lines of another
// format's length are tried. Text that has letters where a zone has dates is none.
// Characters of 8 pixels from one to the next, and about as high, are enough if they are
// sharp.
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
	// ErrTooLarge is matched by pictures of more than MaxPixels and files of more than
	// MaxBytes.
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

// attempt is a way to look for ink.
type attempt struct {
	side   int     // the longer side of the copy that is searched, in pixels
	darker float64 // by what part ink is darker than its surroundings
	least  int     // the longer side that the picture must have
}

// attempts are ordered: the likeliest to succeed first. The last is for zones that are a
// small part of a large picture.
var attempts = [...]attempt{{1400, 0.15, 0}, {1400, 0.08, 0}, {1000, 0.25, 0}, {2200, 0.12, 0}, {3600, 0.15, 3000}}

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
	best, err := (&reader{pyramid: levels, net: net}).best(ctx, now)
	if err != nil {
		return Reading{}, err
	}
	return *best, nil
}

// best makes one attempt after the other and returns the best reading. It stops at one that
// leaves nothing to wish for.
func (r *reader) best(ctx context.Context, now time.Time) (*Reading, error) {
	var best *Reading
	side := max(r.pyramid[0].Rect.Dx(), r.pyramid[0].Rect.Dy())
	for _, a := range attempts {
		if side < a.least || r.looks > mostLooks {
			continue
		}
		r.begun = r.looks
		z, err := r.find(ctx, a)
		if err != nil {
			return nil, err
		}
		if z == nil {
			continue
		}
		reading, err := r.likeliest(ctx, z, now)
		if err != nil {
			return nil, err
		}
		if reading == nil {
			continue
		}
		if best == nil || reading.certainty() > best.certainty() {
			best = reading
		}
		if best.Zone.Valid() && len(best.Doubtful) == 0 || z.sure() > beyondDoubt {
			break
		}
	}
	if best == nil {
		return nil, ErrNotFound
	}
	return best, nil
}

// likeliest decodes a zone as the format that fits its lines best or, if check digits are
// wrong then, as one of another length: what is printed beside a zone can look like more of
// it. It returns nil if the lines are no zone whatever they are taken for.
func (r *reader) likeliest(ctx context.Context, z *zone, now time.Time) (*Reading, error) {
	var best *Reading
	for _, candidate := range append([]*zone{z}, z.others()...) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		reading, err := r.decode(candidate, now)
		if err != nil {
			continue
		}
		if best == nil || reading.certainty() > best.certainty() {
			best = &reading
		}
		if best.Zone.Valid() {
			break
		}
	}
	return best, nil
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
