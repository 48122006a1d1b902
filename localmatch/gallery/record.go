package gallery

import (
	"encoding/json"

	"boothd/localmatch/names"
	"boothd/localmatch/names/index"
	"boothd/localmatch/numbers"
)

// A record is what a segment keeps of one change: how, and then the entry as JSON or the id
// of the one that is dropped.
const (
	recordPut byte = iota
	recordDrop
	recordPutFingers // an entry that can be found by a finger
)

// finds is what a change is found by, made ready for the indexes.
type finds struct {
	id      string
	drop    bool
	fingers bool
	names   index.Words
	births  []names.Birth
	numbers []numbers.Document
}

// finder makes changes ready to be found. It is for one goroutine.
type finder struct {
	names     *index.Reader
	words     room[uint32]
	births    room[names.Birth]
	documents room[numbers.Document]
}

// of returns what a change is found by.
func (r *finder) of(c *Change) (finds, error) {
	if c.Put == nil {
		return finds{id: c.Drop, drop: true}, nil
	}
	e := c.Put
	f := finds{id: e.ID, fingers: len(e.Fingers) > 0}
	var err error
	words := r.words.begin(8)
	for _, n := range e.Names {
		if words, err = r.names.Append(words, n); err != nil {
			return finds{}, err
		}
	}
	births := r.births.begin(len(e.BirthDates))
	for _, d := range e.BirthDates {
		if b, ok := parseBirthDate(d); ok {
			births = append(births, b)
		}
	}
	documents := r.documents.begin(len(e.Documents))
	for _, d := range e.Documents {
		documents = append(documents, d.Document())
	}
	f.names, f.births, f.numbers = r.words.end(words), r.births.end(births), r.documents.end(documents)
	return f, nil
}

// Document is the number as it is compared.
func (d DocumentNumber) Document() numbers.Document {
	return numbers.Document{Issuer: d.Issuer, Type: d.Type, Number: d.Number}
}

// entryText is where in a line {"put":…} the entry stands.
func entryText(line string) string { return line[len(`{"put":`) : len(line)-1] }

// appendRecord appends the record of a change whose line is text. Of a line that was written
// otherwise than we write them the entry is written anew.
func appendRecord(b []byte, c *Change, text string, quick bool) ([]byte, error) {
	switch {
	case c.Put == nil:
		return append(append(b, recordDrop), c.Drop...), nil
	case len(c.Put.Fingers) > 0:
		b = append(b, recordPutFingers)
	default:
		b = append(b, recordPut)
	}
	if quick {
		return append(b, entryText(text)...), nil
	}
	entry, err := json.Marshal(c.Put)
	return append(b, entry...), err
}

// readRecord reads a record. The error is ErrDamaged.
func readRecord(record []byte) (c Change, err error) {
	if len(record) == 0 {
		return c, ErrDamaged
	}
	text := string(record[1:])
	switch record[0] {
	case recordDrop:
		c.Drop = text
		return c, nil
	case recordPut, recordPutFingers:
		c.Put = new(Entry)
		if decodeEntryQuick(text, c.Put) {
			return c, nil
		}
		*c.Put = Entry{}
		if json.Unmarshal(record[1:], c.Put) == nil {
			return c, nil
		}
	}
	return Change{}, ErrDamaged
}
