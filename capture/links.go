package capture

import (
	"log/slog"
	"time"
)

// Link says that two or more systems hold data that may belong to one person: a link of the
// multiple-identity detector (Regulation (EU) 2019/817 Art 28 and following). Personal
// data.
type Link struct {
	ID      string     `json:"id"`
	Colour  LinkColour `json:"colour"`
	Systems []string   `json:"systems"` // all of them such as the profile may ask
	// Work is the work item of the second line that is to verify a yellow link, and Due
	// when it is to be done; empty if there is none.
	Work string    `json:"work,omitempty"`
	Due  time.Time `json:"due,omitzero"`
	// Discreet is set if knowing the link would give a discreet finding away.
	Discreet bool `json:"discreet,omitempty"`
}

// LogValue keeps the link out of logs.
func (l Link) LogValue() slog.Value { return slog.StringValue("link") }

// LinkColour is what has been found out about a link.
type LinkColour string

// The colours.
const (
	LinkYellow LinkColour = "yellow" // not verified yet
	LinkGreen  LinkColour = "green"  // different persons
	LinkRed    LinkColour = "red"    // one person, unlawfully with several identities
	LinkWhite  LinkColour = "white"  // one person, lawfully
)

// Valid reports whether there is such a colour.
func (c LinkColour) Valid() bool {
	return c == LinkYellow || c == LinkGreen || c == LinkRed || c == LinkWhite
}

// Meaning says what the colour means, in an officer's words.
func (c LinkColour) Meaning() string {
	switch c {
	case LinkYellow:
		return "may be one person with several identities: not verified yet"
	case LinkGreen:
		return "verified: different persons with similar data"
	case LinkRed:
		return "verified: one person who uses several identities unlawfully; this alone has no consequence for the traveller"
	case LinkWhite:
		return "verified: one person, lawfully in several systems"
	}
	return "unknown link"
}
