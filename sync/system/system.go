// Package system is how one information system is asked: the question, the reply and the
// contract of the HTTP interface through which a real system is connected.
//
// Central's search asks every system through an [Adapter]; the booth asks those that are
// configured so directly while central cannot be reached. A question holds the fields that
// the system may be asked with and that the officer's profile allows, and no others:
// [Question.Keep] drops what is not allowed before an adapter sees it. [Allowed] says what
// the law lets a system be asked with at most.
//
// [HTTP] is the adapter of a real system, [Handler] the system's side of the same contract;
// openapi.yaml describes it for other implementers ([OpenAPI] returns it) and docs/adapter.md
// for people. Whatever an adapter says passes [Reply.Checked] before it is handed on, and
// [ReasonOf] says in an officer's words why there was no reply.
package system

import (
	"context"
	"log/slog"
	"time"

	"boothd/capture"
)

// Adapter asks one system. It is safe for concurrent use and returns within a second of the
// end of ctx. An error means that the system could not be asked; its text is for the log
// and holds no personal data.
type Adapter interface {
	Ask(ctx context.Context, q Question) (Reply, error)
}

// Question is what one system is asked about one traveller. Every field but ID and System
// may be empty. Personal data.
type Question struct {
	ID     string `json:"id"` // random, one for each question; tells nothing outside
	System string `json:"system"`

	// Who asks, where and why. Some systems may be told only parts of it, Interpol's none.
	Officer    string    `json:"officer,omitempty"`
	Category   string    `json:"category,omitempty"` // of user
	Booth      string    `json:"booth,omitempty"`
	Purpose    string    `json:"purpose,omitempty"`
	LegalBasis string    `json:"legal_basis,omitempty"`
	Grant      string    `json:"grant,omitempty"` // id of the grant that was verified
	At         time.Time `json:"at,omitzero"`

	// With what the system is searched. Codes are those of ICAO 9303.
	DocumentNumber string          `json:"document_number,omitempty"`
	DocumentType   string          `json:"document_type,omitempty"` // document code: "P", "ID", "V"
	Issuer         string          `json:"issuer,omitempty"`
	ExpiryDate     string          `json:"expiry_date,omitempty"` // "2006-01-02"
	VisaSticker    string          `json:"visa_sticker,omitempty"`
	Surname        string          `json:"surname,omitempty"`
	GivenNames     string          `json:"given_names,omitempty"`
	NameTruncated  bool            `json:"name_truncated,omitempty"` // goes with the names
	BirthDate      string          `json:"birth_date,omitempty"`     // "2006-01-02", "2006-01" or "2006"
	Sex            string          `json:"sex,omitempty"`            // "M", "F"
	Nationality    string          `json:"nationality,omitempty"`
	Finger         *capture.Finger `json:"finger,omitempty"`
	Face           *capture.Face   `json:"face,omitempty"`

	// Identify is the ground on which the common identity repository is asked.
	Identify *capture.Identification `json:"identify,omitempty"`
}

// LogValue keeps the traveller out of logs.
func (q Question) LogValue() slog.Value { return slog.StringValue("question to " + q.System) }

// Reply is what a system says. Personal data.
type Reply struct {
	State    capture.State     `json:"state"`
	Reason   string            `json:"reason,omitempty"` // why unavailable or stale, for the officer
	Findings []capture.Finding `json:"findings,omitempty"`
	Facts    []capture.Fact    `json:"facts,omitempty"`
	Links    []capture.Link    `json:"links,omitempty"`
	Rest     *capture.Rest     `json:"rest,omitempty"` // as in capture.Answer
	AsOf     time.Time         `json:"as_of,omitzero"`
	// Entries are the ids of those entries that the reply speaks of, found or not, for what
	// central adds of its own. They do not leave the process.
	Entries []string `json:"-"`
}

// LogValue keeps the traveller out of logs.
func (r Reply) LogValue() slog.Value { return slog.StringValue("reply: " + string(r.State)) }

// The systems that the regulations name, as answers and profiles call them.
const (
	SIS      = "SIS"
	VIS      = "VIS"
	EES      = "EES"
	ETIAS    = "ETIAS"
	Eurodac  = "Eurodac"
	ECRISTCN = "ECRIS-TCN"
	Europol  = "Europol"
	SLTD     = "SLTD"  // Interpol, stolen and lost travel documents
	TDAWN    = "TDAWN" // Interpol, travel documents associated with notices
	CIR      = "CIR"   // the common identity repository
)

// Known lists the systems that the regulations name.
func Known() []string {
	return []string{SIS, VIS, EES, ETIAS, Eurodac, ECRISTCN, Europol, SLTD, TDAWN, CIR}
}
