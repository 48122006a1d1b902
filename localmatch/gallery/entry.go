package gallery

import (
	"log/slog"

	"boothd/capture"
	"boothd/capture/chip/pki"
)

// Entry is one record of a list. It is what a list's JSON Lines hold on the wire: a person or a
// document, or a certificate.
type Entry struct {
	ID string `json:"id"` // unique within the list, at most 128 bytes
	// Names are the entry's names and aliases, the main one first, "SURNAME, GIVEN NAMES"
	// or in free order, any script.
	Names []string `json:"names,omitempty"`
	// BirthDates are "2006-01-02", "2006-01" or "2006".
	BirthDates []string `json:"birth_dates,omitempty"`
	// Nationalities are ICAO 9303-3 §5 three-letter codes.
	Nationalities []string         `json:"nationalities,omitempty"`
	Sex           string           `json:"sex,omitempty"` // "M", "F" or ""
	Documents     []DocumentNumber `json:"documents,omitempty"`
	Fingers       []FingerTemplate `json:"fingers,omitempty"`
	Face          []byte           `json:"face,omitempty"` // JPEG
	Category      string           `json:"category,omitempty"`
	Action        string           `json:"action,omitempty"`
	Discreet      bool             `json:"discreet,omitempty"`
	// Certificate is a piece of trust material for travel documents. Such an entry has nothing
	// else but an id and perhaps a category, and answers no question: see Gallery.Certificates.
	Certificate *pki.Entry `json:"certificate,omitempty"`
}

// DocumentNumber is a travel document of an entry.
type DocumentNumber struct {
	Number string `json:"number"`
	Type   string `json:"type,omitempty"`   // document code, "P"
	Issuer string `json:"issuer,omitempty"` // ICAO 9303-3 §5 code; empty matches any
}

// FingerTemplate is one print of one finger of an entry.
type FingerTemplate struct {
	Position capture.FingerPosition `json:"position"` // 0 if not known
	Format   string                 `json:"format"`   // FormatBoothd, …
	Data     []byte                 `json:"data"`
}

// LogValue keeps the template out of logs.
func (f FingerTemplate) LogValue() slog.Value { return slog.StringValue("finger template") }

// LogValue keeps the entry out of logs.
func (e Entry) LogValue() slog.Value { return slog.StringValue("list entry") }

// clear empties the entry but keeps the memory of its lists, which nobody else may hold then.
func (e *Entry) clear() {
	*e = Entry{
		Names: e.Names[:0], BirthDates: e.BirthDates[:0], Nationalities: e.Nationalities[:0],
		Documents: e.Documents[:0], Fingers: e.Fingers[:0],
	}
}
