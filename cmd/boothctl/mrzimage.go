package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"boothd/capture/mrz"
	"boothd/capture/mrz/ocr"
)

type mrzImage struct {
	JSON  bool     `help:"Print one JSON object for each picture, with every character's confidence."`
	Files []string `arg:"" name:"file" type:"existingfile" help:"Pictures of documents: JPEG, PNG, GIF or WebP."`
}

// imageReading is what is printed of one picture.
type imageReading struct {
	File string `json:"file"`
	*ocr.Reading
	Error string `json:"error,omitempty"`
}

// Run reads every picture, and fails at the end if one shows no zone that can be read.
func (m *mrzImage) Run(c *call) error {
	now, missing := time.Now(), false
	for _, name := range m.Files {
		reading, err := readZone(c, name, now)
		if c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		missing = missing || err != nil
		switch {
		case m.JSON && err != nil:
			err = c.json(imageReading{File: name, Error: err.Error()})
		case m.JSON:
			err = c.json(imageReading{File: name, Reading: &reading})
		case err != nil:
			c.say("%s: %v", name, err)
			err = nil
		default:
			err = sayReading(c.out, name, reading)
		}
		if err != nil {
			return err
		}
	}
	if missing {
		return errUnwell
	}
	return nil
}

func readZone(c *call, name string, now time.Time) (ocr.Reading, error) {
	f, err := os.Open(name)
	if err != nil {
		return ocr.Reading{}, err
	}
	defer f.Close()
	picture, err := io.ReadAll(io.LimitReader(f, ocr.MaxBytes+1))
	if err != nil {
		return ocr.Reading{}, err
	}
	return ocr.ReadEncoded(c.ctx, picture, now)
}

// sayReading prints the lines with the doubtful positions marked under them, then what the
// check digits say.
func sayReading(out io.Writer, name string, r ocr.Reading) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "%s: %s\n", name, r.Format)
	for i, line := range r.Lines {
		fmt.Fprintln(w, line)
		if marks := marksUnder(r.Doubtful, i+1); marks != "" {
			fmt.Fprintln(w, marks)
		}
	}
	for _, p := range r.Doubtful {
		fmt.Fprintf(w, "doubtful: line %d column %d: %s with %.3f, or %s\n", p.Line, p.Column, p.Character, p.Confidence, p.RunnerUp)
	}
	for _, line := range r.Positions {
		for _, p := range line {
			if p.Repaired != "" {
				fmt.Fprintf(w, "repaired: line %d column %d: %s, read as %s\n", p.Line, p.Column, p.Character, p.Repaired)
			}
		}
	}
	sayDigits(w, r.Zone)
	return w.Flush()
}

func marksUnder(doubtful []ocr.Position, line int) string {
	var marks []byte
	for _, p := range doubtful {
		if p.Line != line {
			continue
		}
		for len(marks) < p.Column {
			marks = append(marks, ' ')
		}
		marks[p.Column-1] = '^'
	}
	return string(marks)
}

func sayDigits(w io.Writer, z mrz.Zone) {
	var right, wrong []string
	for _, check := range z.Checks {
		if check.OK {
			right = append(right, check.Field)
		} else {
			wrong = append(wrong, check.Field)
		}
	}
	if len(right) > 0 {
		fmt.Fprintf(w, "check digits right: %s\n", strings.Join(right, ", "))
	}
	if len(wrong) > 0 {
		fmt.Fprintf(w, "check digits WRONG: %s\n", strings.Join(wrong, ", "))
	}
	for _, f := range z.Faults {
		fmt.Fprintf(w, "fault: %s: %s\n", f.Field, f.Reason)
	}
}
