package capture

import "log/slog"

// PrintMatch shows where a finger of the traveller agrees with one of an entry. It holds the
// minutiae that agree and no others, so that an entry's template cannot be had from it.
type PrintMatch struct {
	Entry    string         `json:"entry"`    // the finding's
	Position FingerPosition `json:"position"` // of the entry's finger; 0 if not known
	// Asked and Found are the extents of the traveller's picture and of the entry's print.
	Asked PrintSize   `json:"asked"`
	Found PrintSize   `json:"found"`
	Pairs []PrintPair `json:"pairs"`
}

// LogValue keeps the minutiae out of logs.
func (PrintMatch) LogValue() slog.Value { return slog.StringValue("matching print") }

// PrintSize is the size of a print in pixels at 500 dpi.
type PrintSize struct {
	Width  int `json:"width"`
	Height int `json:"height"`
}

// PrintPair is a minutia of the traveller's finger and the one of the entry's taken for the
// same.
type PrintPair struct {
	Asked Minutia `json:"asked"`
	Found Minutia `json:"found"`
}

// Minutia is a place where a ridge ends or divides.
type Minutia struct {
	X         int     `json:"x"` // pixels at 500 dpi from the upper left corner, y down
	Y         int     `json:"y"`
	Direction float64 `json:"direction"` // degrees counterclockwise from the right
}
