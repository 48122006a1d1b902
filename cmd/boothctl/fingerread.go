package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"boothd/capture/bdir"
	"boothd/localmatch/finger"
	"boothd/localmatch/finger/draw"
	"boothd/localmatch/finger/trial"
)

// fingerInput are the flags of every command that reads prints.
type fingerInput struct {
	DPI  int `default:"500" name:"dpi" help:"Resolution of pictures in files that do not tell it, such as PNG: 300 to 1000."`
	View int `default:"1" help:"Which view of a record that holds several, from 1."`
}

// Validate is called by the parser.
func (f *fingerInput) Validate() error {
	if f.View < 1 {
		return errors.New("views are counted from 1")
	}
	return checkDPI(f.DPI)
}

func checkDPI(dpi int) error {
	if dpi < 300 || dpi > 1000 {
		return fmt.Errorf("a resolution of %d dpi: must be 300 to 1000", dpi)
	}
	return nil
}

// largestFile is the most that a file of a print may have: a hand at 1,000 dpi.
const largestFile = trial.MaxPixels + 1<<20

// read reads a picture or a template of one finger, and makes the template of a picture.
func (f *fingerInput) read(path string) (draw.Print, error) {
	data, err := readFile(path)
	if err != nil {
		return draw.Print{}, err
	}
	p, err := f.decode(data)
	if err != nil {
		return draw.Print{}, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, largestFile+1))
	if err == nil && len(data) > largestFile {
		err = fmt.Errorf("%s: larger than %d bytes", path, largestFile)
	}
	return data, err
}

// errNoPrint says that a file is of no kind that is known.
var errNoPrint = errors.New("neither a picture (PNG, WSQ, ISO/IEC 19794-4, INCITS 381, ANSI/NIST-ITL) " +
	"nor a template (boothd, ISO/IEC 19794-2, INCITS 378, JSON)")

// decode tells the kinds apart by how they begin.
func (f *fingerInput) decode(data []byte) (draw.Print, error) {
	begins := func(with string) bool { return bytes.HasPrefix(data, []byte(with)) }
	switch {
	case begins("BFT"):
		t := new(finger.Template)
		return draw.Print{Template: t}, t.UnmarshalBinary(data)
	case begins("FMR\x00"):
		t, err := f.recordTemplate(data)
		return draw.Print{Template: t}, err
	case begins("{"):
		t, err := unmarshalJSONTemplate(data)
		return draw.Print{Template: t}, err
	}
	var p picture
	var err error
	switch {
	case begins("\x89PNG"):
		p = picture{encoding: pngEncoding, data: data}
	case begins("\xff\xa0"):
		p = picture{encoding: wsqEncoding, data: data}
	case begins("FIR\x00"):
		p, err = recordPicture(data, f.View)
	case begins("1."): // 1.001:, the length of the transaction's header
		p, err = transactionPicture(data, f.View)
	default:
		err = errNoPrint
	}
	if err != nil {
		return draw.Print{}, err
	}
	img, dpi, err := p.grey(f.DPI)
	if err != nil {
		return draw.Print{}, err
	}
	t, err := finger.Extract(img, dpi)
	return draw.Print{Image: img, DPI: dpi, Template: t}, err
}

func (f *fingerInput) recordTemplate(data []byte) (*finger.Template, error) {
	r, err := bdir.ReadMinutiae(data)
	if err != nil {
		return nil, err
	}
	if f.View > len(r.Views) {
		return nil, fmt.Errorf("no view %d: the record has %d", f.View, len(r.Views))
	}
	return finger.FromRecord(&r.Views[f.View-1])
}
