// Package profile is the officers' profiles as central signs them: who may ask which system
// about what, and what of the reply may be shown.
//
// A profile belongs to a category of user and a purpose (Regulation (EU) 2019/817 Art
// 8(1)). What it does not name is denied. It is reviewed at least yearly: after its review
// date it allows nothing. Booths and central verify profiles offline.
package profile

import (
	"time"

	"boothd/capture"
	"boothd/sync/system"
)

// Kind is what profiles are signed as (internal/signed).
const Kind = "profile"

// Profile is what a category of user may ask for a purpose.
type Profile struct {
	Name       string    `json:"name"`
	Version    uint64    `json:"version"` // a greater one replaces a smaller one
	Category   string    `json:"category"`
	Purpose    string    `json:"purpose"`
	LegalBasis string    `json:"legal_basis"`
	Cleared    bool      `json:"cleared,omitempty"` // sees discreet findings
	Systems    []System  `json:"systems"`
	Issued     time.Time `json:"issued"`
	Review     time.Time `json:"review"` // allows nothing from then on
}

// System is what the profile allows with one system.
type System struct {
	Name       string             `json:"name"`
	Modalities []capture.Modality `json:"modalities"`
	// Optional is set for a system that can be queried; without it, it is to be queried.
	Optional bool `json:"optional,omitempty"`
	// Query names the fields to ask with; only those that system.Allowed has count.
	Query []system.Field `json:"query"`
	// Reply names the parts of the reply that are returned.
	Reply []Part `json:"reply"`
	// Grant is the kind of grant that asking this system needs; empty if none.
	Grant string `json:"grant,omitempty"`
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
