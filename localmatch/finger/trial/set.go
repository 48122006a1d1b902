package trial

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Set is pictures of several fingers, several of each.
type Set struct {
	Name     string    // of the folder
	Pictures []Picture // finger by finger
}

// Picture is one impression of one finger.
type Picture struct {
	Name   string // of the file, without .png
	Finger string // the name up to its last underscore
	Image  *image.Gray
}

// ReadSet reads the files <finger>_<impression>.png of a folder. Other files it leaves alone,
// but a PNG with another name is an error, and so is a set without a finger that was taken
// twice, or of one finger only.
func ReadSet(dir string) (*Set, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	s := &Set{Name: filepath.Base(path)}
	for _, e := range entries {
		name, isPNG := strings.CutSuffix(e.Name(), ".png")
		if !isPNG || e.IsDir() || strings.HasPrefix(name, ".") {
			continue
		}
		p := Picture{Name: name}
		i := strings.LastIndexByte(name, '_')
		if i < 1 || i == len(name)-1 || strings.ContainsAny(name, " \t\n") {
			return nil, fmt.Errorf("%s: not named <finger>_<impression>.png", filepath.Join(dir, e.Name()))
		}
		p.Finger = name[:i]
		if p.Image, err = readPNG(filepath.Join(path, e.Name())); err != nil {
			return nil, err
		}
		s.Pictures = append(s.Pictures, p)
	}
	slices.SortFunc(s.Pictures, inOrder)
	genuine, impostor := s.Pairs()
	if len(genuine) == 0 || len(impostor) == 0 {
		return nil, fmt.Errorf("%s: needs two pictures of one finger, and two fingers", dir)
	}
	return s, nil
}

// inOrder puts fingers and impressions in the order of their numbers: a longer one is higher.
func inOrder(a, b Picture) int {
	by := func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	}
	if a.Finger != b.Finger {
		return by(a.Finger, b.Finger)
	}
	return by(a.Name, b.Name)
}

// Pair is two pictures of a set, the earlier first.
type Pair struct{ A, B int }

// Pairs returns the genuine pairs: every two pictures of one finger; and the impostor
// pairs: every picture with every picture of every later finger.
func (s *Set) Pairs() (genuine, impostor []Pair) {
	for i := range s.Pictures {
		for j := i + 1; j < len(s.Pictures); j++ {
			if s.Pictures[i].Finger == s.Pictures[j].Finger {
				genuine = append(genuine, Pair{i, j})
			} else {
				impostor = append(impostor, Pair{i, j})
			}
		}
	}
	return genuine, impostor
}

func readPNG(path string) (*image.Gray, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, err := DecodePNG(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return img, nil
}

// MaxPixels is the most that a picture may have: a hand at 1,000 dpi.
const MaxPixels = 32 << 20

// ErrTooLarge says that a picture has more than MaxPixels.
var ErrTooLarge = errors.New("the picture is too large")

// DecodePNG reads a picture in any colours as 8-bit grey. What is transparent turns white.
func DecodePNG(r io.ReadSeeker) (*image.Gray, error) {
	conf, err := png.DecodeConfig(r)
	if err != nil {
		return nil, err
	}
	if int64(conf.Width)*int64(conf.Height) > MaxPixels {
		return nil, ErrTooLarge
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, err := png.Decode(r)
	if err != nil {
		return nil, err
	}
	if grey, ok := img.(*image.Gray); ok {
		return grey, nil
	}
	b := img.Bounds()
	grey := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(grey, grey.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(grey, grey.Rect, img, b.Min, draw.Over)
	return grey, nil
}
