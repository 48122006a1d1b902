package barcode

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// The features of a visa (ICAO 9303-7).
const (
	tagZoneA    = 1
	tagZoneB    = 2
	tagEntries  = 3
	tagStay     = 4
	tagPassport = 5
	tagType     = 6
)

// zones say where the features of a kind hold a machine-readable zone, and its lines' length.
var zones = []struct {
	kind Kind
	tag  byte
	line int // characters
}{
	{KindVisa, tagZoneA, 44},
	{KindVisa, tagZoneB, 36},
	{KindEmergencyPaper, 2, 36},
	{KindArrivalPaper, 2, 36},
	{KindResidencePermit, 2, 36},
}

// visaSecond is how much of the second line of its zone a visa's seal holds: without the optional
// data.
const visaSecond = 28

// ErrNoZone is returned for seals that hold no machine-readable zone.
var ErrNoZone = errors.New("seal holds no machine-readable zone")

// Zone returns the two lines of the machine-readable zone in the seal. The optional data of a
// visa, which its seal leaves out, are fillers; so only the first 28 characters of the second line
// can be compared with those printed.
func (s *Seal) Zone() ([]string, error) {
	for _, z := range zones {
		value, ok := s.Feature(z.tag)
		if z.kind != s.Kind || !ok {
			continue
		}
		text, err := decodeC40(value)
		if err != nil {
			return nil, fmt.Errorf("zone in seal: %w", err)
		}
		want := 2 * z.line
		if s.Kind == KindVisa {
			want = z.line + visaSecond
		}
		if len(text) != want {
			return nil, fmt.Errorf("zone in seal: %d characters; want %d", len(text), want)
		}
		text = strings.ReplaceAll(text, " ", "<") + strings.Repeat("<", 2*z.line-want)
		return []string{text[:z.line], text[z.line:]}, nil
	}
	return nil, ErrNoZone
}

// Visa is what the seal of a visa sticker says beside the zone.
type Visa struct {
	// Entries is how many entries it allows; 0 means any number. HasEntries is false if the
	// seal does not say.
	Entries    int
	HasEntries bool
	// Days, Months and Years are how long its holder may stay, added up as they are.
	Days, Months, Years int
	// Passport is the number of the passport that the sticker is in.
	Passport string
	// Type is the kind of visa as the issuer encodes it; may be empty.
	Type []byte
}

// LogValue keeps the traveller out of logs.
func (v Visa) LogValue() slog.Value { return slog.StringValue("seal of a visa") }

// Visa returns what the seal of a visa says. It is an error if it is none, or lacks the length of
// the stay or the passport's number, which all have.
func (s *Seal) Visa() (Visa, error) {
	if s.Kind != KindVisa {
		return Visa{}, fmt.Errorf("seal of a %s, not of a visa", s.Kind)
	}
	var v Visa
	stay, _ := s.Feature(tagStay)
	passport, _ := s.Feature(tagPassport)
	if len(stay) != 3 || len(passport) == 0 {
		return Visa{}, errors.New("seal of a visa without stay or passport")
	}
	v.Days, v.Months, v.Years = int(stay[0]), int(stay[1]), int(stay[2])
	number, err := decodeC40(passport)
	if err != nil {
		return Visa{}, fmt.Errorf("passport in seal: %w", err)
	}
	v.Passport = trimFillers(number)
	if entries, ok := s.Feature(tagEntries); ok && len(entries) == 1 {
		v.Entries, v.HasEntries = int(entries[0]), true
	}
	v.Type, _ = s.Feature(tagType)
	return v, nil
}

func trimFillers(text string) string { return strings.TrimRight(text, " ") }
