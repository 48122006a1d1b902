package barcode

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

const (
	passHead = 23 // format, number of legs, name, electronic ticket
	legLen   = 37 // of a flight, with the length of what follows it
	maxLegs  = 9
)

// Pass is a boarding pass. Nothing of it can be verified.
type Pass struct {
	// Name is the passenger's as printed, at most 20 characters, which cuts long ones off:
	// "DESMARAIS/LUC".
	Name string
	// Electronic says that there is an electronic ticket.
	Electronic bool
	Legs       []Leg // 1 to 9
}

// Leg is one flight of a boarding pass, without the blanks that fill its items.
type Leg struct {
	Booking    string // of the operating carrier: "ABC123"
	From, To   string // airports, IATA codes: "YUL"
	Carrier    string // operating carrier: "AC"
	Flight     string // number, with a letter sometimes: "0834"
	DayOfYear  int    // of the flight, 1 to 366; 0 if it is not given. The year is not.
	Cabin      string
	Seat       string
	Sequence   string // of check-in
	Status     string // of the passenger: 1 is checked in
	conditions int    // length of what follows
}

// LogValue keeps the traveller out of logs.
func (p *Pass) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("boarding pass of %d legs", len(p.Legs)))
}

// LogValue keeps the traveller out of logs.
func (l Leg) LogValue() slog.Value { return slog.StringValue("leg of a boarding pass") }

// Date returns the day of the flight that is nearest to now, at midnight UTC: half a year before
// or after. It returns the zero time if there is none.
func (l Leg) Date(now time.Time) time.Time {
	var nearest time.Time
	for year := now.Year() - 1; year <= now.Year()+1; year++ {
		day := time.Date(year, 1, l.DayOfYear, 0, 0, 0, 0, time.UTC)
		if l.DayOfYear == 0 || day.Year() != year {
			continue // day 366 of a year that has none
		}
		if nearest.IsZero() || day.Sub(now).Abs() < nearest.Sub(now).Abs() {
			nearest = day
		}
	}
	return nearest
}

var errPass = errors.New("read boarding pass")

// ParsePass reads the mandatory items of a boarding pass of format M (IATA Resolution 792,
// attachment A). The conditional ones and the security data are passed over.
func ParsePass(text string) (*Pass, error) {
	if len(text) < passHead+legLen || text[0] != 'M' {
		return nil, fmt.Errorf("%w: too short, or not of format M", errPass)
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
		return nil, fmt.Errorf("%w: character %d is not printable ASCII", errPass, i+1)
	}
	legs := int(text[1] - '0')
	if legs < 1 || legs > maxLegs {
		return nil, fmt.Errorf("%w: number of legs", errPass)
	}
	p := &Pass{Name: strings.TrimSpace(text[2:22]), Electronic: text[22] == 'E'}
	rest := text[passHead:]
	for i := range legs {
		l, err := parseLeg(rest)
		if err != nil {
			return nil, fmt.Errorf("%w: leg %d: %w", errPass, i+1, err)
		}
		p.Legs = append(p.Legs, l)
		rest = rest[legLen+l.conditions:]
	}
	if rest != "" && rest[0] != '^' {
		return nil, fmt.Errorf("%w: something follows the legs", errPass)
	}
	return p, nil
}

func parseLeg(text string) (Leg, error) {
	if len(text) < legLen {
		return Leg{}, errors.New("it is cut short")
	}
	at := 0
	item := func(n int) string {
		at += n
		return strings.TrimSpace(text[at-n : at])
	}
	l := Leg{Booking: item(7), From: item(3), To: item(3), Carrier: item(3), Flight: item(5)}
	day := item(3)
	l.Cabin, l.Seat, l.Sequence, l.Status = item(1), item(4), item(5), item(1)
	length, err := strconv.ParseUint(item(2), 16, 8)
	if err != nil || int(length) > len(text)-legLen {
		return Leg{}, errors.New("its conditional items have an impossible length")
	}
	l.conditions = int(length)
	if day == "" {
		return l, nil
	}
	n, err := strconv.ParseUint(day, 10, 16)
	if err != nil || n < 1 || n > 366 {
		return Leg{}, errors.New("its day of the year does not exist")
	}
	l.DayOfYear = int(n)
	return l, nil
}
