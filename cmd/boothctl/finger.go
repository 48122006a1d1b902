package main

import (
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"

	"boothd/capture"
	"boothd/capture/bdir"
	"boothd/capture/quality"
	"boothd/localmatch/finger"
	"boothd/localmatch/finger/draw"
)

type fingerCommand struct {
	Extract  fingerExtract  `cmd:"" help:"Make the template of a picture, or write a template in another format."`
	Compare  fingerCompare  `cmd:"" help:"Compare two pictures or templates."`
	Identify fingerIdentify `cmd:"" help:"Look a picture or template up in a folder of them."`
	Show     fingerShow     `cmd:"" help:"Draw the minutiae over a picture, or what two pictures have in common, as PNG."`
}

// output is where a command writes what may be personal data.
type output struct {
	Out string `short:"o" type:"path" help:"The file to write; standard output if left out."`
}

// write hands the file or standard output to fn. A file is readable for its owner only, even if it
// was there before.
func (o *output) write(c *call, fn func(io.Writer) error) (err error) {
	if o.Out == "" {
		return fn(c.out)
	}
	f, err := os.OpenFile(o.Out, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	if info, err := f.Stat(); err != nil {
		return err
	} else if info.Mode().IsRegular() { // and no device
		if err := f.Chmod(0o600); err != nil {
			return err
		}
	}
	return fn(f)
}

type fingerExtract struct {
	fingerInput
	output
	Format string `default:"boothd" enum:"boothd,iso19794-2:2005,iso19794-2:2011,incits378,json" help:"${enum}; only boothd keeps the ridges."`
	// The position and the quality are written into records only.
	Position int    `help:"Which finger it is, for the record: 1 right thumb to 5 right little finger, 6 left thumb to 10 left little finger."`
	File     string `arg:"" help:"A picture or a template."`
}

// Validate is called by the parser.
func (e *fingerExtract) Validate() error {
	if e.Position < 0 || e.Position > 10 {
		return fmt.Errorf("no finger has position %d", e.Position)
	}
	return e.fingerInput.Validate()
}

func (e *fingerExtract) Run(c *call) error {
	p, err := e.read(e.File)
	if err != nil {
		return err
	}
	data, err := e.encode(p)
	if err != nil {
		return fmt.Errorf("%s: %w", e.File, err)
	}
	return e.write(c, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

func (e *fingerExtract) encode(p draw.Print) ([]byte, error) {
	switch e.Format {
	case "boothd":
		return p.Template.AppendBinary(nil)
	case "json":
		return marshalJSONTemplate(p.Template)
	}
	editions := map[string]bdir.Edition{
		"iso19794-2:2005": bdir.ISO2005, "iso19794-2:2011": bdir.ISO2011, "incits378": bdir.INCITS2004,
	}
	score := bdir.NotGiven
	if p.Image != nil {
		score = uint8(quality.Finger(p.Image, p.DPI).Score)
	}
	return p.Template.Record(editions[e.Format], capture.FingerPosition(e.Position), score).Bytes()
}

type fingerCompare struct {
	fingerInput
	Threshold float64 `default:"40" help:"From which score on the fingers are called the same. 20 is reached by one pair of different fingers in 100, 30 by one in 1,000, 40 in 10,000, 50 in 100,000."`
	JSON      bool    `help:"Print JSON, with the matched minutiae and how the pictures lie on each other."`
	A         string  `arg:"" help:"A picture or a template."`
	B         string  `arg:"" help:"Another."`
}

// Validate is called by the parser.
func (f *fingerCompare) Validate() error {
	if err := checkThreshold(f.Threshold); err != nil {
		return err
	}
	return f.fingerInput.Validate()
}

// checkThreshold refuses what no score can be held against.
func checkThreshold(t float64) error {
	if !(t >= 0) || math.IsInf(t, 0) {
		return errors.New("a threshold is a score: 0 or more")
	}
	return nil
}

func (f *fingerCompare) Run(c *call) error {
	a, err := f.read(f.A)
	if err != nil {
		return err
	}
	b, err := f.read(f.B)
	if err != nil {
		return err
	}
	r := finger.Compare(a.Template, b.Template)
	same := r.Score >= f.Threshold
	if !f.JSON {
		c.say("score %.1f", r.Score)
		c.say("%s at threshold %g", decision(same), f.Threshold)
		c.say("%d minutiae in common", len(r.Pairs))
		return nil
	}
	pairs := make([][2]int, len(r.Pairs))
	for i, p := range r.Pairs {
		pairs[i] = [2]int{p.A, p.B}
	}
	return c.json(map[string]any{
		"score": r.Score, "threshold": f.Threshold, "same": same, "pairs": pairs,
		"turn_degrees": r.Transform.Turn * 180 / math.Pi, "dx": r.Transform.DX, "dy": r.Transform.DY,
	})
}

func decision(same bool) string {
	if same {
		return "the same finger"
	}
	return "not the same finger"
}

type fingerShow struct {
	fingerInput
	output
	A string `arg:"" help:"A picture or a template."`
	B string `arg:"" optional:"" help:"Another, to be compared with the first."`
}

func (s *fingerShow) Run(c *call) error {
	a, err := s.read(s.A)
	if err != nil {
		return err
	}
	img := draw.Minutiae(a)
	if s.B != "" {
		b, err := s.read(s.B)
		if err != nil {
			return err
		}
		img = draw.Pairs(a, b, finger.Compare(a.Template, b.Template).Pairs)
	}
	return s.write(c, func(w io.Writer) error { return png.Encode(w, img) })
}
