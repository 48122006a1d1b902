// Package profile is the officers' profiles as central signs them: who may ask which system
// about what, and what of the reply may be shown.
//
// A profile belongs to a category of user and a purpose (Regulation (EU) 2019/817 Art
// 8(1)). What it does not name is denied. It is reviewed at least yearly: after its review
// date it allows nothing. Booths and central verify profiles offline.
//
// A [Set] holds the profiles in force. A profile is replaced by one of the same name and a
// greater version and by nothing else, so that an old one cannot be played in again while
// the newer is held. To withdraw a profile, sign a greater version that names no system.
// A booth keeps what central serves in a folder ([Set.WriteFolder], [Set.ReadFolder]).
package profile

import (
	"crypto/ed25519"
	"slices"
	"time"

	"boothd/capture"
	"boothd/internal/signed"
	"boothd/sync/system"
)

// Kind is what profiles are signed as (internal/signed).
const Kind = "profile"

// Profile is what a category of user may ask for a purpose.
type Profile struct {
	Name       string    `json:"name" toml:"name"`
	Version    uint64    `json:"version" toml:"version"` // a greater one replaces a smaller one
	Category   string    `json:"category" toml:"category"`
	Purpose    string    `json:"purpose" toml:"purpose"`
	LegalBasis string    `json:"legal_basis" toml:"legal_basis"`
	Cleared    bool      `json:"cleared,omitempty" toml:"cleared"`   // sees discreet findings
	Verifies   bool      `json:"verifies,omitempty" toml:"verifies"` // verifies links: the second line of the border authority
	Systems    []System  `json:"systems" toml:"system"`
	Issued     time.Time `json:"issued" toml:"issued"`
	Review     time.Time `json:"review" toml:"review"` // allows nothing from then on
}

// System is what the profile allows with one system.
type System struct {
	Name       string             `json:"name" toml:"name"`
	Modalities []capture.Modality `json:"modalities" toml:"modalities"`
	// Optional is set for a system that can be queried; without it, it is to be queried.
	Optional bool `json:"optional,omitempty" toml:"optional"`
	// Query names the fields to ask with; only those that system.Allowed has count.
	Query []system.Field `json:"query" toml:"query"`
	// Reply names the parts of the reply that are returned.
	Reply []Part `json:"reply" toml:"reply"`
	// Grant is the kind of grant that asking this system needs; empty if none.
	Grant string `json:"grant,omitempty" toml:"grant"`
}

// Part is one part of a reply. The state is always returned.
type Part string

// The parts.
const (
	PartFindings    Part = "findings"    // that there are some, by what and how strong
	PartAction      Part = "action"      // their category and action to take
	PartName        Part = "name"        // their names
	PartExplanation Part = "explanation" // part by part
	PartFacts       Part = "facts"
	PartLinks       Part = "links"
)

// Sign signs the profile. One with a fault is not signed: the error is that of
// [Profile.Validate].
func Sign(p *Profile, key ed25519.PrivateKey) (string, error) {
	if err := p.Validate(); err != nil {
		return "", err
	}
	return signed.Sign(Kind, p, key)
}

// Open verifies a signed profile with the trusted keys and validates it. Errors match
// signed.ErrNotValid if it is not signed by them, and are of type *[Error] if it is and yet
// has a fault. Whether it is in force is asked of a [Set].
func Open(text string, trusted []ed25519.PublicKey) (*Profile, error) {
	var p Profile
	if err := signed.Open(Kind, text, trusted, &p); err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return &p, nil
}

// May returns what the profile allows with the system, and whether it may be asked with the
// modality. It does not look at the review date.
func (p *Profile) May(name string, m capture.Modality) (System, bool) {
	for _, s := range p.Systems {
		if s.Name == name {
			return s, slices.Contains(s.Modalities, m)
		}
	}
	return System{}, false
}

// Booth returns the profile as a check uses it: the systems that may be asked with each
// modality, in the order of the profile.
func (p *Profile) Booth() capture.Profile {
	b := capture.Profile{
		Name: p.Name, Category: p.Category, Purpose: p.Purpose, LegalBasis: p.LegalBasis,
		Cleared: p.Cleared, Verifies: p.Verifies, Systems: map[capture.Modality][]string{},
	}
	for _, s := range p.Systems {
		for _, m := range s.Modalities {
			b.Systems[m] = append(b.Systems[m], s.Name)
		}
	}
	return b
}
