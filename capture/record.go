package capture

import (
	"log/slog"
	"time"
)

// Outcome is what the policy recommends.
type Outcome string

// The outcomes.
const (
	OutcomeClear      Outcome = "clear"
	OutcomeRefer      Outcome = "refer" // to the second line
	OutcomeStop       Outcome = "stop"
	OutcomeIncomplete Outcome = "incomplete" // something needed is not known
)

// Reason is one reason for an outcome.
type Reason struct {
	Outcome  Outcome  `json:"outcome"` // what it alone would recommend
	Code     string   `json:"code"`    // stable: "system_unavailable", "document_expired"
	System   string   `json:"system,omitempty"`
	Modality Modality `json:"modality,omitempty"`
	Text     string   `json:"text"` // for the officer; holds no personal data
}

// Recommendation is an outcome with its reasons, the gravest first.
type Recommendation struct {
	Outcome Outcome  `json:"outcome"`
	Reasons []Reason `json:"reasons"`
}

// Disposition is what the officer decided.
type Disposition struct {
	Decision Outcome   `json:"decision"` // clear, refer or stop
	Why      string    `json:"why,omitempty"`
	Officer  string    `json:"officer"`
	At       time.Time `json:"at"`
}

// RecordKind says which part of a check a record tells.
type RecordKind string

// A check writes one record when its outcome is known, one when the officer has decided,
// and one for each answer that came too late.
const (
	RecordOutcome     RecordKind = "outcome"
	RecordDisposition RecordKind = "disposition"
	RecordLateAnswer  RecordKind = "late_answer"
	RecordAbandoned   RecordKind = "abandoned" // ended without an outcome
)

// Record is what is journalled, queued and reported of a check.
type Record struct {
	ID             string          `json:"id"` // unique for ever
	Kind           RecordKind      `json:"kind"`
	Check          string          `json:"check"`
	Booth          string          `json:"booth"`
	Officer        Officer         `json:"officer"`
	Started        time.Time       `json:"started"`
	At             time.Time       `json:"at"`
	Evidence       []Evidence      `json:"evidence,omitempty"`
	Asked          []Asked         `json:"asked,omitempty"`
	Answers        []Answer        `json:"answers,omitempty"`
	Recommendation *Recommendation `json:"recommendation,omitempty"`
	Disposition    *Disposition    `json:"disposition,omitempty"`
	// Offline is set when the portal could not be asked, so that central knows that the
	// record was stored locally meanwhile (Regulation (EU) 2017/2226 Art 21).
	Offline bool `json:"offline,omitempty"`
}

// Asked is one question that was put: the log that the law wants of every query.
type Asked struct {
	Evidence string    `json:"evidence"`
	Source   string    `json:"source"`
	Systems  []string  `json:"systems"`
	At       time.Time `json:"at"`
}

// LogValue keeps the traveller out of logs.
func (r Record) LogValue() slog.Value {
	return slog.StringValue(string(r.Kind) + " of check " + r.Check)
}
