// Package drawn draws machine-readable zones: single characters for training the
// recogniser, and whole photographs of invented documents for measuring the reader.
//
// The characters come from Debian's package fonts-ocr-b. They are wanted for training and
// tests only; the reader itself needs no font.
package drawn

import (
	"fmt"
	"image"
	"image/draw"
	"math"
	"os"
	"path/filepath"

	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"boothd/capture/mrz/ocr/glyph"
)

// FontFolder is where Debian's package fonts-ocr-b puts its fonts.
const FontFolder = "/usr/share/fonts/opentype/ocr-b"

// files are the upright faces with filled strokes. The first lacks outlines that the
// renderer understands for some characters, which then come from the second.
var files = [...]string{"OCRB.otf", "OCRBS.otf"}

// Weights is the number of stroke thicknesses of each character; the middle one is the
// font's.
const Weights = 5

// Font holds the characters as rasters of ink, in several sizes.
type Font struct {
	glyphs [len(files)][Weights][len(glyph.Alphabet)][levels]raster
}

// A raster shows one character's cell: one pitch wide and one and a half high, the middle
// of the capitals in its middle.
type raster struct {
	width, height int
	ink           []float32 // 0 to 1
}

const (
	levels    = 4
	cellWidth = 96 // of the largest raster
	cellTall  = cellWidth * 3 / 2
)

// CapHeight is the height of a capital letter, in pitches.
const CapHeight = 0.986

// Faces is the number of faces that Ink knows.
const Faces = len(files)

// Load reads the fonts of a folder.
func Load(folder string) (*Font, error) {
	var faces [len(files)]*opentype.Font
	for i, name := range files {
		b, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, fmt.Errorf("read font: %w (package fonts-ocr-b)", err)
		}
		if faces[i], err = opentype.Parse(b); err != nil {
			return nil, fmt.Errorf("read font %s: %w", name, err)
		}
	}
	f := new(Font)
	for i := range faces {
		for c := range len(glyph.Alphabet) {
			shape, err := outline(faces[i], glyph.Alphabet[c])
			if err != nil {
				shape, err = outline(faces[len(faces)-1], glyph.Alphabet[c])
			}
			if err != nil {
				return nil, fmt.Errorf("draw %q of %s: %w", glyph.Alphabet[c], files[i], err)
			}
			soft := shape.boxed(3).boxed(3).boxed(3)
			for w := range Weights {
				f.glyphs[i][w][c] = sizes(soft.thickened(w - Weights/2))
			}
		}
	}
	return f, nil
}

// outline rasterises one character. The fonts' cells are 0.723 em wide.
func outline(f *opentype.Font, ch byte) (raster, error) {
	const em = cellWidth / 0.723
	var buf sfnt.Buffer
	index, err := f.GlyphIndex(&buf, rune(ch))
	if err != nil {
		return raster{}, err
	}
	segments, err := f.LoadGlyph(&buf, index, fixed.Int26_6(math.Round(em*64)), nil)
	if err != nil {
		return raster{}, err
	}
	ras := vector.NewRasterizer(cellWidth, cellTall)
	point := func(p fixed.Point26_6) (x, y float32) {
		return float32(p.X) / 64, float32(p.Y)/64 + cellTall/2 + cellWidth*CapHeight/2
	}
	for _, s := range segments {
		x0, y0 := point(s.Args[0])
		x1, y1 := point(s.Args[1])
		x2, y2 := point(s.Args[2])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			ras.ClosePath()
			ras.MoveTo(x0, y0)
		case sfnt.SegmentOpLineTo:
			ras.LineTo(x0, y0)
		case sfnt.SegmentOpQuadTo:
			ras.QuadTo(x0, y0, x1, y1)
		case sfnt.SegmentOpCubeTo:
			ras.CubeTo(x0, y0, x1, y1, x2, y2)
		}
	}
	ras.ClosePath()
	mask := image.NewAlpha(image.Rect(0, 0, cellWidth, cellTall))
	ras.DrawOp = draw.Src
	ras.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	r := raster{cellWidth, cellTall, make([]float32, cellWidth*cellTall)}
	for i, v := range mask.Pix {
		r.ink[i] = float32(v) / 255
	}
	return r, nil
}

// thickened returns the character of a blurred raster, its strokes thicker by steps of about
// a sixth of the stroke, or thinner.
func (r raster) thickened(steps int) raster {
	// The blurred edge falls from 1 to 0 over about twelve pixels; where it is cut
	// decides how thick the stroke is.
	cut := 0.5 - 0.17*float32(steps)
	out := raster{r.width, r.height, make([]float32, len(r.ink))}
	for i, v := range r.ink {
		out.ink[i] = min(1, max(0, (v-cut)*6+0.5))
	}
	return out
}

// boxed returns the mean over squares of 2n+1 pixels.
func (r raster) boxed(n int) raster {
	once := raster{r.width, r.height, make([]float32, len(r.ink))}
	out := raster{r.width, r.height, make([]float32, len(r.ink))}
	scale := 1 / float32(2*n+1)
	for y := range r.height {
		for x := range r.width {
			var s float32
			for k := max(0, x-n); k <= min(r.width-1, x+n); k++ {
				s += r.ink[y*r.width+k]
			}
			once.ink[y*r.width+x] = s * scale
		}
	}
	for y := range r.height {
		for x := range r.width {
			var s float32
			for k := max(0, y-n); k <= min(r.height-1, y+n); k++ {
				s += once.ink[k*r.width+x]
			}
			out.ink[y*r.width+x] = s * scale
		}
	}
	return out
}

func sizes(r raster) [levels]raster {
	all := [levels]raster{r}
	for i := 1; i < levels; i++ {
		all[i] = all[i-1].halved()
	}
	return all
}

func (r raster) halved() raster {
	h := raster{r.width / 2, r.height / 2, make([]float32, r.width/2*(r.height/2))}
	for y := range h.height {
		for x := range h.width {
			at := 2*y*r.width + 2*x
			h.ink[y*h.width+x] = (r.ink[at] + r.ink[at+1] + r.ink[at+r.width] + r.ink[at+r.width+1]) / 4
		}
	}
	return h
}

// Ink returns how much ink of a class of [glyph.Alphabet] there is at a place of its cell,
// 0 to 1. The place is in pitches: u from 0 at the cell's left to 1 at its right, v from
// the middle of the capitals downwards. Footprint is the size of the pixel that looks, in
// pitches.
func (f *Font) Ink(face, weight, class int, u, v, footprint float64) float64 {
	level := 0
	for level < levels-1 && footprint*cellWidth > 1.5*float64(int(1)<<level) {
		level++
	}
	r := &f.glyphs[face][weight][class][level]
	return r.at(u*float64(r.width)-0.5, (v+0.75)*float64(r.width)-0.5)
}

func (r *raster) at(x, y float64) float64 {
	x0, y0 := int(math.Floor(x)), int(math.Floor(y))
	if x0 < -1 || y0 < -1 || x0 >= r.width || y0 >= r.height {
		return 0
	}
	fx, fy := float32(x-float64(x0)), float32(y-float64(y0))
	top := r.pixel(x0, y0)*(1-fx) + r.pixel(x0+1, y0)*fx
	low := r.pixel(x0, y0+1)*(1-fx) + r.pixel(x0+1, y0+1)*fx
	return float64(top*(1-fy) + low*fy)
}

func (r *raster) pixel(x, y int) float32 {
	if x < 0 || y < 0 || x >= r.width || y >= r.height {
		return 0
	}
	return r.ink[y*r.width+x]
}
