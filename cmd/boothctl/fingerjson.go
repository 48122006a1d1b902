package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"boothd/localmatch/finger"
)

// jsonTemplate is a template to be read and written by people: the minutiae without the
// ridges. Places are in pixels at 500 dpi, y down; directions in degrees counterclockwise
// from the right, as in finger.Minutia.
type jsonTemplate struct {
	Width    int           `json:"width"`
	Height   int           `json:"height"`
	Minutiae []jsonMinutia `json:"minutiae"`
}

type jsonMinutia struct {
	X         int     `json:"x"`
	Y         int     `json:"y"`
	Direction float64 `json:"direction"`
	Kind      string  `json:"kind"`
	Quality   uint8   `json:"quality"`
}

var kindNames = map[finger.Kind]string{finger.OtherKind: "other", finger.Ending: "ending", finger.Bifurcation: "bifurcation"}

func marshalJSONTemplate(t *finger.Template) ([]byte, error) {
	j := jsonTemplate{Width: t.Width, Height: t.Height, Minutiae: []jsonMinutia{}}
	for _, m := range t.Minutiae {
		j.Minutiae = append(j.Minutiae, jsonMinutia{m.X, m.Y, float64(m.Direction) * 360 / 256, kindNames[m.Kind], m.Quality})
	}
	b, err := json.Marshal(j)
	return append(b, '\n'), err
}

// largestJSON is far more than a template of finger.MaxMinutiae takes.
const largestJSON = 1 << 20

func unmarshalJSONTemplate(data []byte) (*finger.Template, error) {
	if len(data) > largestJSON {
		return nil, fmt.Errorf("a JSON template of more than %d bytes", largestJSON)
	}
	var j jsonTemplate
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON object")
	}
	if j.Width < 1 || j.Height < 1 || j.Width > finger.MaxSide || j.Height > finger.MaxSide || len(j.Minutiae) > finger.MaxMinutiae {
		return nil, fmt.Errorf("width and height must be 1 to %d, minutiae at most %d", finger.MaxSide, finger.MaxMinutiae)
	}
	t := &finger.Template{Width: j.Width, Height: j.Height}
	for i, m := range j.Minutiae {
		kind, known := minutiaKind(m.Kind)
		if !known || m.X < 0 || m.Y < 0 || m.X >= j.Width || m.Y >= j.Height || m.Quality > 100 || math.Abs(m.Direction) > 360 {
			return nil, fmt.Errorf("minutia %d: outside the picture, or of an impossible direction, kind or quality", i)
		}
		direction := uint8(int(math.Round(m.Direction*256/360)) & 0xff)
		t.Minutiae = append(t.Minutiae, finger.Minutia{X: m.X, Y: m.Y, Direction: direction, Kind: kind, Quality: m.Quality})
	}
	return t, nil
}

func minutiaKind(name string) (finger.Kind, bool) {
	for kind, n := range kindNames {
		if n == name {
			return kind, true
		}
	}
	return 0, false
}
