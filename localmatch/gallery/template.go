package gallery

import (
	"errors"

	"boothd/capture"
	"boothd/capture/bdir"
	"boothd/localmatch/finger"
	fingerindex "boothd/localmatch/finger/index"
)

// The formats that a finger template may have.
const (
	FormatBoothd     = "boothd" // finger.Template.AppendBinary; the only one that keeps the ridges
	FormatISO2005    = "iso19794-2:2005"
	FormatISO2011    = "iso19794-2:2011"
	FormatINCITS2004 = "incits378:2004"
)

// formats are the editions of the records, by format.
var formats = map[string]bdir.Edition{
	FormatISO2005: bdir.ISO2005, FormatISO2011: bdir.ISO2011, FormatINCITS2004: bdir.INCITS2004,
	"incits378": bdir.INCITS2004, // as boothctl calls it
}

// What is wrong with a template. The texts hold nothing of it.
var (
	errFormat    = errors.New("not a known format")
	errTemplate  = errors.New("not a template of its format")
	errViews     = errors.New("a record of more than one print")
	errNotFinger = errors.New("a record of another finger than its position says")
	errSparse    = errors.New("too few minutiae to be found by")
)

// Read returns the finger and its template. A record's own position counts if the entry's is not
// known. The error says what is wrong, not what is there.
func (f *FingerTemplate) Read() (capture.FingerPosition, *finger.Template, error) {
	if f.Format == FormatBoothd {
		t := new(finger.Template)
		if t.UnmarshalBinary(f.Data) != nil {
			return 0, nil, errTemplate
		}
		return f.Position, t, nil
	}
	edition, known := formats[f.Format]
	if !known {
		return 0, nil, errFormat
	}
	r, err := bdir.ReadMinutiae(f.Data)
	switch {
	case err != nil || r.Edition != edition:
		return 0, nil, errTemplate
	case len(r.Views) != 1:
		return 0, nil, errViews
	}
	t, err := finger.FromRecord(&r.Views[0])
	if err != nil {
		return 0, nil, errTemplate
	}
	position, _ := r.Views[0].Position.Finger()
	switch {
	case position == 0 || position == f.Position:
		return f.Position, t, nil
	case f.Position == 0:
		return position, t, nil
	}
	return 0, nil, errNotFinger
}

// validate also tries whether the template could be found, so that no entry gets into a list
// that its finger would never find.
func (f *FingerTemplate) validate(field string) error {
	position, t, err := f.Read()
	if err == nil && fingerindex.New().Add(0, position, t) != nil {
		err = errSparse
	}
	switch {
	case errors.Is(err, errFormat):
		return &FieldError{field + ".format", err.Error()}
	case errors.Is(err, errNotFinger):
		return &FieldError{field + ".position", err.Error()}
	case err != nil:
		return &FieldError{field + ".data", err.Error()}
	}
	return nil
}
