package watchlist

import (
	"encoding/json"
	"errors"
	"fmt"

	"boothd/localmatch/gallery"
)

// errMixed is matched if people and certificates would come into one list: no booth could use the
// certificates, and nobody would be looked up among them.
var errMixed = errors.New("a list is of people or of certificates, never of both")

// sort is what a list's entries are: people, or certificates that documents are verified
// against; the zero sort of one that has none yet.
type sort string

const (
	ofPeople       sort = "people"
	ofCertificates sort = "certificates"
)

func sortOf(e *gallery.Entry) sort {
	if e.Certificate != nil {
		return ofCertificates
	}
	return ofPeople
}

// take adds what another entry is, or says that it does not fit.
func (s *sort) take(other sort) error {
	if *s != "" && other != "" && *s != other {
		return fmt.Errorf("%w: %s in a list of %s", errMixed, other, *s)
	}
	if other != "" {
		*s = other
	}
	return nil
}

// sort tells what a list holds, by the first entry of the latest version up to v that was written
// whole.
func (f folder) sort(v uint64) (sort, error) {
	w, err := f.lastWhole(v)
	if err != nil {
		return "", err
	}
	for e, err := range readWhole(f.wholeFile(w)) {
		var first struct{ Certificate json.RawMessage }
		if err == nil {
			err = json.Unmarshal(e.json, &first)
		}
		switch {
		case err != nil:
			return "", fmt.Errorf("version %d: %w", w, err)
		case first.Certificate != nil:
			return ofCertificates, nil
		}
		return ofPeople, nil
	}
	return "", nil
}
