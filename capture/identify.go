package capture

import "log/slog"

// Identification is why the common identity repository is asked who somebody is, after
// Regulation (EU) 2019/817 Art 20. Without one it is not asked.
type Identification struct {
	Ground Ground `json:"ground"`
	// BestInterests says why identifying a child under 12 serves the child; without it such
	// a child is not identified.
	BestInterests string `json:"best_interests,omitempty"`
}

// Ground is one of the grounds on which somebody may be identified (Art 20(1)).
type Ground string

// The grounds.
const (
	GroundNoDocument       Ground = "no_document"
	GroundDoubtOnIdentity  Ground = "doubt_on_identity"  // on the identity data given
	GroundDoubtOnDocument  Ground = "doubt_on_document"  // on its authenticity
	GroundDoubtOnHolder    Ground = "doubt_on_holder"    // whether the document is the holder's
	GroundUnableOrRefusing Ground = "unable_or_refusing" // to cooperate
)

// Valid reports whether the ground is one of those that the law knows.
func (g Ground) Valid() bool {
	switch g {
	case GroundNoDocument, GroundDoubtOnIdentity, GroundDoubtOnDocument, GroundDoubtOnHolder, GroundUnableOrRefusing:
		return true
	}
	return false
}

// Fact is something that a system says of the traveller and that is no finding: how many
// days are left to stay, until when a visa is valid. Personal data.
type Fact struct {
	Code  FactCode `json:"code"`
	Value string   `json:"value,omitempty"` // "23", "2027-03-01"
}

// LogValue keeps the value out of logs.
func (f Fact) LogValue() slog.Value { return slog.StringValue("fact " + string(f.Code)) }

// FactCode says what a fact tells.
type FactCode string

// The facts. Dates are "2006-01-02", times RFC 3339.
const (
	FactFile        FactCode = "file"          // "none", or how the file was found: "verified", "not_verified"
	FactPresence    FactCode = "presence"      // "inside", "outside"
	FactEntered     FactCode = "entered"       // date of the last entry
	FactDaysLeft    FactCode = "days_left"     // days of the 90 in 180 left today
	FactDaysOver    FactCode = "days_over"     // days of overstay
	FactLeaveBy     FactCode = "leave_by"      // last day of the authorised stay
	FactFallback    FactCode = "fallback"      // how many of the file's records were stored locally first
	FactVisa        FactCode = "visa"          // "valid", "expired", "not_yet_valid", "revoked", "annulled", "used_up"
	FactValidFrom   FactCode = "valid_from"    //
	FactValidUntil  FactCode = "valid_until"   //
	FactTerritory   FactCode = "territory"     // where a visa or authorisation is valid, "Schengen" if everywhere
	FactEntries     FactCode = "entries"       // "1", "2", "multiple"
	FactAuthorised  FactCode = "authorisation" // ETIAS: "valid", "none", "expired", "refused", "revoked", "not_required"
	FactFlag        FactCode = "flag"          // ETIAS: flagged for a further check, why
	FactMemberState FactCode = "member_state"  // of origin, or convicting: a code of ICAO 9303-3 §5
	FactCategory    FactCode = "category"      // Eurodac's
	FactHolds       FactCode = "holds"         // a system that holds data on the person
	FactIdentity    FactCode = "identity"      // CIR: "SURNAME, GIVEN NAMES, birth date, nationality"
	FactDocument    FactCode = "document"      // CIR: "type issuer number"
)
