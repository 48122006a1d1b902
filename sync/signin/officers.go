package signin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Officer is one line of an issuer's file of officers.
type Officer struct {
	ID         string   `json:"id"`
	Passphrase string   `json:"passphrase"` // as HashPassphrase makes it
	Profiles   []string `json:"profiles"`
	Roles      []string `json:"roles"`
}

// Limits of the file of officers.
const (
	maxOfficersFile = 32 << 20 // bytes
	maxOfficers     = 100_000
)

// Officers are those of a file: a JSON object with a list "officers". The file is read again
// when it has changed, so that who is taken out of it can neither sign in nor renew.
type Officers struct {
	path string

	mu    sync.Mutex
	byID  map[string]Officer
	mod   time.Time
	size  int64
	fault error // of the file as it is now; those of the last good one count
}

// ReadOfficers reads the file.
func ReadOfficers(path string) (*Officers, error) {
	o := &Officers{path: path}
	if _, err := o.find(""); err != nil {
		return nil, fmt.Errorf("read officers: %w", err)
	}
	return o, nil
}

// find returns the officer, nil if there is none. The error says that the file cannot be
// used as it is now; the officers of its last good state are found all the same.
func (o *Officers) find(id string) (*Officer, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	st, err := os.Stat(o.path)
	if err != nil {
		o.fault, o.mod = err, time.Time{}
	} else if !st.ModTime().Equal(o.mod) || st.Size() != o.size {
		o.mod, o.size = st.ModTime(), st.Size()
		var byID map[string]Officer
		if byID, o.fault = readOfficers(o.path); o.fault == nil {
			o.byID = byID
		}
	}
	if officer, ok := o.byID[id]; ok {
		return &officer, o.fault
	}
	return nil, o.fault
}

func readOfficers(path string) (map[string]Officer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxOfficersFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxOfficersFile {
		return nil, fmt.Errorf("longer than %d bytes", maxOfficersFile)
	}
	return parseOfficers(data)
}

func parseOfficers(data []byte) (map[string]Officer, error) {
	var file struct {
		Officers []Officer `json:"officers"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, errors.New("not a file of officers")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value in it")
	}
	if len(file.Officers) > maxOfficers {
		return nil, fmt.Errorf("more than %d officers", maxOfficers)
	}
	byID := make(map[string]Officer, len(file.Officers))
	for i, o := range file.Officers {
		if _, twice := byID[o.ID]; twice {
			return nil, fmt.Errorf("officer[%d]: is there twice", i)
		}
		if err := o.check(); err != nil {
			return nil, fmt.Errorf("officer[%d]: %w", i, err)
		}
		byID[o.ID] = o
	}
	return byID, nil
}

func (o *Officer) check() error {
	if !namePattern.MatchString(o.ID) {
		return errors.New("id: must be letters, digits, '.', '_' and '-', at most 64")
	}
	if !areNames(o.Profiles) || !areNames(o.Roles) {
		return errors.New("profiles, roles: must be names, at most 32")
	}
	if _, err := parseHash(o.Passphrase); err != nil {
		return fmt.Errorf("passphrase: %w", err)
	}
	return nil
}
