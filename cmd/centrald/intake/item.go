package intake

import (
	"encoding/json"
	"math"
	"strings"

	"boothd/capture"
	"boothd/internal/keys"
	"boothd/sync/portal"
)

// maxWord limits the words of an item and those that are copied from its record, in bytes.
const maxWord = 200

// unfit says why an item is not taken, whatever is in it; empty if it may be.
func unfit(it *portal.Item) string {
	switch {
	case it.Hash != portal.HashItem(it):
		return "the hash is not the item's"
	case it.Sequence == 0 || it.Sequence > math.MaxInt64:
		return "the sequence is out of range"
	}
	for _, word := range []string{it.Booth, it.Epoch, it.ID, it.Journal} {
		if word == "" || plain(word) != word {
			return "a field is empty, too long or not text"
		}
	}
	return ""
}

// plain makes a word such that every database can hold it: no longer than maxWord, valid
// UTF-8 without control characters.
func plain(word string) string {
	word = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(word, ""))
	if len(word) > maxWord {
		word = strings.ToValidUTF8(word[:maxWord], "")
	}
	return word
}

// openItem opens the item's record and makes sure that it belongs to the item.
func (in *Intake) openItem(it *portal.Item) delivered {
	rec, err := in.open(it.Booth, it.ID, it.Sealed)
	switch {
	case err != nil:
		return delivered{Item: it, closed: err.Error()}
	case rec.ID != it.ID || rec.Booth != it.Booth:
		return delivered{Item: it, closed: "the record belongs to another item"}
	}
	for _, word := range []string{string(rec.Kind), rec.Check, string(outcomeOf(rec)), string(decisionOf(rec))} {
		if plain(word) != word {
			return delivered{Item: it, closed: "a field of the record is too long or not text"}
		}
	}
	return delivered{Item: it, rec: rec}
}

// closedError is why a record does not open.
type closedError string

func (e closedError) Error() string { return string(e) }

func (in *Intake) open(booth, id string, sealed []byte) (*capture.Record, error) {
	b, err := in.unseal(sealed, portal.SealedFor(booth, id))
	if err != nil {
		return nil, closedError("the record does not open with central's key")
	}
	var rec capture.Record
	if json.Unmarshal(b, &rec) != nil {
		return nil, closedError("the record is not in JSON")
	}
	return &rec, nil
}

// unseal tries the keys one after the other: what is sealed does not say to which.
func (in *Intake) unseal(sealed, to []byte) (b []byte, err error) {
	for _, key := range in.opt.Opening {
		if b, err = keys.Open(key, portal.SealInfo, to, sealed); err == nil {
			return b, nil
		}
	}
	return nil, err
}
