package itl

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"boothd/capture"
)

// Search is a booth's question about fingers: a header, a Type-2 record with IDC 00, and a
// record for each finger with IDC from 01.
type Search struct {
	// Header needs Version, Kind, Destination, Origin and Control, as the receiver's document
	// says; Date, Time, Scanned and Transmitted are filled in.
	Header  Header
	At      time.Time // of the search; the day is that of its location
	Source  string    // the agency that took the prints; Header.Origin if empty
	Text    []Field   // of the Type-2 record, as the receiver's document says
	Fingers []Finger  // at most 99
}

// Finger is one finger of a search: a picture, or the reason why there is none.
type Finger struct {
	Position   Position
	Impression Impression // the zero value is a plain live scan
	Image      Image      // in the compression that the receiver wants, 8 bits a pixel
	DPI        int        // pixels per inch, at least 495
	Captured   time.Time  // the day is that of its location; Search.At if zero
	NFIQ       int        // 1 (best) to 5, or 0 if not computed
	Quality    []Measure  // by registered measures only
	Absent     Absence    // set if there is no picture
}

// LogValue keeps the person out of logs.
func (s Search) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("ITL search with %d fingers", len(s.Fingers)))
}

// LogValue keeps the person out of logs.
func (f Finger) LogValue() slog.Value { return slog.StringValue("finger of a search") }

// FromCapture returns a captured finger with its picture as PNG, which the standard knows
// since 2007; whoever sends to SIS or VIS compresses it otherwise. Capture's own quality is
// no registered measure and is left out. The error says that the finger is missing for a
// reason that cannot be coded, or has no picture.
func FromCapture(f *capture.Finger) (Finger, error) {
	out := Finger{Position: Position(f.Position)}
	if f.Missing != "" {
		code, ok := AbsenceOf(f.Missing)
		if !ok {
			return Finger{}, fmt.Errorf("finger for a search: no code for the reason %q", f.Missing)
		}
		out.Absent = code
		return out, nil
	}
	if len(f.PNG) == 0 {
		return Finger{}, errors.New("finger for a search: no picture")
	}
	out.DPI = f.DPI
	out.Image = Image{Width: f.Width, Height: f.Height, Compression: PNG, Data: f.PNG}
	return out, nil
}

// Type4 asks with Type-4 records. The fingers' pictures must be of 500 ppi. Such records
// have no place for quality, which is left out, nor for a finger that is absent, which is
// refused: what is absent must be told in Text as the receiver's document says.
func (s *Search) Type4() (*Transaction, error) {
	t := s.transaction()
	t.Header.Scanned, t.Header.Transmitted = densityOf(500), densityOf(500)
	for i, f := range s.Fingers {
		if f.Absent != "" {
			return nil, fmt.Errorf("search: finger %d is absent, which a Type-4 record cannot say", i+1)
		}
		if !near(f.DPI, 500) {
			return nil, fmt.Errorf("search: finger %d is not of 500 ppi", i+1)
		}
		t.Records = append(t.Records, &FixedPrint{
			IDC: i + 1, Impression: f.Impression, Positions: []Position{f.Position}, Image: f.Image,
		})
	}
	return s.finish(t)
}

// Type14 asks with Type-14 records. Fingers that are absent need version 2011 or later.
func (s *Search) Type14() (*Transaction, error) {
	t := s.transaction()
	for i, f := range s.Fingers {
		p := s.print(&f)
		p.IDC = i + 1
		switch {
		case f.Absent != "" && s.Header.Version < V2011:
			return nil, fmt.Errorf("search: finger %d is absent, which records before 2011 cannot say", i+1)
		case f.Absent != "" && f.Image.Data != nil:
			return nil, fmt.Errorf("search: finger %d is absent but has a picture", i+1)
		case f.Absent == "" && f.DPI < 495:
			return nil, fmt.Errorf("search: finger %d has less than 500 ppi", i+1)
		}
		t.Records = append(t.Records, p)
	}
	return s.finish(t)
}

func (s *Search) transaction() *Transaction {
	t := &Transaction{Header: s.Header, Records: []Record{&Text{Fields: s.Text}}}
	t.Header.Date = day(s.At)
	t.Header.Time = s.At.UTC().Truncate(time.Second)
	t.Header.Scanned, t.Header.Transmitted = 0, 0
	return t
}

// finish checks what was built.
func (s *Search) finish(t *Transaction) (*Transaction, error) {
	if len(s.Fingers) == 0 {
		return nil, errors.New("search: no fingers")
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return t, nil
}

func (s *Search) print(f *Finger) *Print {
	p := &Print{
		Impression: f.Impression,
		Source:     s.Source,
		Captured:   day(s.At),
		Positions:  []Position{f.Position},
		Image:      f.Image,
	}
	if p.Source == "" {
		p.Source = s.Header.Origin
	}
	if !f.Captured.IsZero() {
		p.Captured = day(f.Captured)
	}
	if f.Absent != "" {
		p.Absent = []Absent{{Finger: f.Position, Code: f.Absent}}
		return p
	}
	p.Scale = Scale{Unit: PerInch, Horizontal: f.DPI, Vertical: f.DPI}
	p.Bits = 8
	if f.NFIQ != 0 {
		p.NFIQ = []NFIQ{{Finger: f.Position, Score: f.NFIQ}}
	}
	for _, m := range f.Quality {
		p.Quality = append(p.Quality, Quality{Finger: f.Position, Measure: m})
	}
	return p
}

// day is the day of t in its location, at midnight UTC.
func day(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
