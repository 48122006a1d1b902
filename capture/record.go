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

// Records that belong to no check.
const (
	RecordExchange RecordKind = "exchange" // data handed over in person
	RecordDrill    RecordKind = "drill"    // how the booth behaved in a drill
)

// Direction is which way travellers cross at a booth.
type Direction string

// The directions.
const (
	DirectionEntry Direction = "entry"
	DirectionExit  Direction = "exit"
)

// Record is what is journalled, queued and reported of a check.
type Record struct {
	ID             string          `json:"id"` // unique for ever
	Kind           RecordKind      `json:"kind"`
	Check          string          `json:"check"`
	Booth          string          `json:"booth"`
	Place          string          `json:"place,omitempty"` // the crossing point
	Direction      Direction       `json:"direction,omitempty"`
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
	Offline  bool         `json:"offline,omitempty"`
	Exchange *Exchange    `json:"exchange,omitempty"`
	Drill    *DrillReport `json:"drill,omitempty"`
}

// Exchange tells of data that was handed over in person, without the data.
type Exchange struct {
	Bundle     string    `json:"bundle"` // SHA-256 of the sealed bundle, hexadecimal
	Files      int       `json:"files"`
	Bytes      int64     `json:"bytes"`
	Recipient  string    `json:"recipient"`            // who is named
	Kind       string    `json:"kind"`                 // of recipient
	Key        string    `json:"key"`                  // the recipient's key
	Minor      bool      `json:"minor,omitempty"`      // it holds data of a minor
	Permission string    `json:"permission,omitempty"` // the prosecutor's reference
	Protocol   string    `json:"protocol,omitempty"`   // under which an organisation receives it
	Received   time.Time `json:"received,omitzero"`    // set once the receipt has come back
}

// DrillReport tells how a booth behaved while a line or a system was taken for down.
type DrillReport struct {
	Order    string          `json:"order"` // its id
	Target   string          `json:"target"`
	Began    time.Time       `json:"began"`
	Ended    time.Time       `json:"ended"`
	Aborted  bool            `json:"aborted,omitempty"` // the booth was stopped meanwhile
	Noticed  time.Duration   `json:"noticed_ns"`        // until the officer's page showed it
	Checks   int             `json:"checks"`            // with an outcome
	Outcomes map[Outcome]int `json:"outcomes"`
	// Unavailable counts, by system, the answers that said that it was not known.
	Unavailable map[string]int `json:"unavailable"`
	// Queued is the greatest number of records that waited for central.
	Queued int `json:"queued"`
}

// Asked is one question that was put: the log that the law wants of every query.
type Asked struct {
	Evidence string    `json:"evidence"`
	Source   string    `json:"source"`
	Systems  []string  `json:"systems"`
	At       time.Time `json:"at"`
	// Ground is on what ground the common identity repository was asked; empty for any other
	// question.
	Ground Ground `json:"ground,omitempty"`
}

// LogValue keeps the traveller out of logs.
func (r Record) LogValue() slog.Value {
	return slog.StringValue(string(r.Kind) + " of check " + r.Check)
}
