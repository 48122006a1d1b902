package profile

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// What a [Set] answers.
var (
	ErrUnknown = errors.New("no such profile")
	ErrReview  = errors.New("profile is past its review date")
	ErrOlder   = errors.New("a newer version of the profile is in force")
	ErrForked  = errors.New("another profile of this version is in force")
)

// Set holds the profiles in force by their names. It is safe for concurrent use.
type Set struct {
	trusted []ed25519.PublicKey
	mu      sync.RWMutex
	held    map[string]held
}

type held struct {
	profile *Profile
	text    string
}

// NewSet returns an empty set of profiles that the trusted keys sign.
func NewSet(trusted ...ed25519.PublicKey) *Set {
	return &Set{trusted: trusted, held: map[string]held{}}
}

// Add verifies a signed profile and puts it in force. It reports whether that changed
// anything: the profile that is in force already changes nothing. Errors are those of
// [Open], or match ErrOlder or ErrForked.
func (s *Set) Add(text string) (changed bool, err error) {
	p, err := Open(text, s.trusted)
	if err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	present, there := s.held[p.Name]
	switch {
	case there && present.text == text:
		return false, nil
	case there && p.Version < present.profile.Version:
		return false, fmt.Errorf("%s version %d: %w", p.Name, p.Version, ErrOlder)
	case there && p.Version == present.profile.Version:
		return false, fmt.Errorf("%s version %d: %w", p.Name, p.Version, ErrForked)
	}
	s.held[p.Name] = held{p, text}
	return true, nil
}

// Get returns the profile of that name. It must not be changed. Errors match ErrUnknown, or
// ErrReview if the profile allows nothing any more.
func (s *Set) Get(name string, now time.Time) (*Profile, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	h, there := s.held[name]
	if !there {
		return nil, ErrUnknown
	}
	if !now.Before(h.profile.Review) {
		return nil, fmt.Errorf("%s: %w", name, ErrReview)
	}
	return h.profile, nil
}

// All returns every profile by name, those past their review too. They must not be changed.
func (s *Set) All() []*Profile {
	var all []*Profile
	for _, h := range s.sorted() {
		all = append(all, h.profile)
	}
	return all
}

// Documents returns the signed profiles by name, as central serves them.
func (s *Set) Documents() []string {
	var all []string
	for _, h := range s.sorted() {
		all = append(all, h.text)
	}
	return all
}

func (s *Set) sorted() []held {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []held
	for _, name := range slices.Sorted(maps.Keys(s.held)) {
		all = append(all, s.held[name])
	}
	return all
}
