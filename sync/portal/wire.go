package portal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"

	"boothd/capture"
)

// The paths of the portal's interface; openapi.yaml beside this file describes them.
const (
	PathLook   = "/v1/look"   // POST LookRequest, answers LookReply lines (NDJSON)
	PathReport = "/v1/report" // POST ReportRequest, answers ReportReply
	PathHealth = "/v1/health" // GET, 200 while the portal can answer

	PathAlerts   = "/v1/alerts"         // GET, answers events (SSE): alerts and drill orders for the booth
	PathProfiles = "/v1/profiles"       // GET, answers Documents: the signed profiles
	PathRevoked  = "/v1/grants/revoked" // GET, answers Documents: the signed list of revoked grants
	PathVerify   = "/v1/links/verify"   // POST Verification
	PathCopies   = "/v1/copies"         // POST Holding
)

// Limits of the wire. A body or line beyond them is refused.
const (
	MaxLookBody    = 16 << 20 // bytes
	MaxReplyLine   = 1 << 20
	MaxReplyLines  = 256
	MaxReportBody  = 32 << 20
	MaxReportItems = 100
	MaxCopiesBody  = 64 << 10
	MaxCopies      = 64 // of one booth
)

// LookRequest asks every system named, in parallel, about one piece of evidence.
type LookRequest struct {
	Query   capture.Query `json:"query"`
	Systems []string      `json:"systems"`
	// Token is the one with which the officer signed in; central may insist on it.
	Token string `json:"token,omitempty"`
}

// LookReply is one line of the answer: either Answer or, as the last line, End.
type LookReply struct {
	Answer *capture.Answer `json:"answer,omitempty"`
	End    bool            `json:"end,omitempty"`
}

// Documents are documents signed by central (internal/signed).
type Documents struct {
	Documents []string `json:"documents"`
}

// Alert is something found about a check after its answers were given. On the event
// stream it is an event named "alert", whose id is the alert's ID: a booth that connects
// again names the last one it has kept in Last-Event-ID and gets those that follow.
type Alert struct {
	ID    uint64     `json:"id"` // rising for each booth, drill orders counted too
	Booth string     `json:"booth"`
	Check string     `json:"check"`
	Cause AlertCause `json:"cause"`
	At    time.Time  `json:"at"`
	// Checked is when the check was made; zero if that is not known.
	Checked time.Time      `json:"checked,omitzero"`
	Answer  capture.Answer `json:"answer"`
}

// AlertCause says how an alert came about.
type AlertCause string

// The causes.
const (
	CauseLateAnswer AlertCause = "late_answer" // a system answered after its deadline
	CauseReplayed   AlertCause = "replayed"    // the check was made while central could not be asked
	CauseListUpdate AlertCause = "list_update" // an entry that is new names the traveller
)

// DrillEvent is a drill order on the event stream, an event named "drill".
type DrillEvent struct {
	ID    uint64 `json:"id"`
	Order string `json:"order"` // signed, see sync/drill
}

// Verification is what an officer of the second line found out about a link.
type Verification struct {
	Booth   string             `json:"booth"`
	Token   string             `json:"token,omitempty"`
	Officer string             `json:"officer"`
	Profile string             `json:"profile"`
	Link    string             `json:"link"`
	Colour  capture.LinkColour `json:"colour"` // not yellow
	Why     string             `json:"why"`
}

// ReportRequest delivers items of one booth's outbox in the order of their sequence.
type ReportRequest struct {
	Items []Item `json:"items"`
}

// ReportReply acknowledges items. An item without an acknowledgement was not committed and
// is sent again; Refused tells why, and such an item needs a person.
type ReportReply struct {
	Acks    []Ack     `json:"acks"`
	Refused []Refusal `json:"refused,omitempty"`
}

// Refusal is an item that central will not take, however often it is sent.
type Refusal struct {
	Sequence uint64 `json:"sequence"`
	Reason   string `json:"reason"`
}

// Item is one record on its way to central. Central commits each (Booth, Epoch, Sequence)
// once; the same triple with another Hash is refused.
type Item struct {
	Booth    string `json:"booth"`
	Epoch    string `json:"epoch"`    // names the life of the booth's database
	Sequence uint64 `json:"sequence"` // rising by one from 1 within the epoch
	ID       string `json:"id"`       // the record's
	// Journal is the hash of the booth's journal entry for the record (hexadecimal), so
	// that central's acknowledgements anchor the journal.
	Journal string `json:"journal"`
	// Sealed is the record (JSON of capture.Record with one field more, "salt", which makes
	// audit.Commit of these bytes tell nothing), closed by keys.Seal to central's key with
	// SealInfo and SealedFor.
	Sealed []byte `json:"sealed"`
	Hash   string `json:"hash"` // HashItem in hexadecimal
}

// SealInfo is the HPKE info of sealed records.
const SealInfo = "boothd record v1"

// SealedFor is the data that a sealed record is bound to. The place in the queue is not
// part of it: the record is sealed before it has one. HashItem binds the two, and central
// commits each record id once.
func SealedFor(booth, id string) []byte {
	return joined("seal", booth, id)
}

// HashItem is the SHA-256 over everything else in the item.
func HashItem(it *Item) string {
	h := sha256.New()
	h.Write(joined("item", it.Booth, it.Epoch, it.Sequence, it.ID))
	h.Write(joined(it.Journal))
	h.Write(it.Sealed)
	return hex.EncodeToString(h.Sum(nil))
}

// Ack is central's signed word that an item is committed.
type Ack struct {
	Booth     string    `json:"booth"`
	Epoch     string    `json:"epoch"`
	Sequence  uint64    `json:"sequence"`
	ID        string    `json:"id"`
	Journal   string    `json:"journal"`
	Hash      string    `json:"hash"`
	At        time.Time `json:"at"` // when central committed it
	Key       string    `json:"key"`
	Signature []byte    `json:"signature"`
}

// ErrBadAck is matched by the errors of Verify.
var ErrBadAck = errors.New("acknowledgement not valid")

// Sign fills in the signature.
func (a *Ack) Sign(priv ed25519.PrivateKey) {
	a.Signature = ed25519.Sign(priv, a.signed())
}

// Verify checks the signature and that the acknowledgement speaks of the item.
func (a *Ack) Verify(pub ed25519.PublicKey, it *Item) error {
	if a.Booth != it.Booth || a.Epoch != it.Epoch || a.Sequence != it.Sequence || a.ID != it.ID ||
		a.Journal != it.Journal || a.Hash != it.Hash {
		return ErrBadAck
	}
	return a.VerifySignature(pub)
}

// VerifySignature checks the signature alone, for an acknowledgement that is kept after
// its item was deleted.
func (a *Ack) VerifySignature(pub ed25519.PublicKey) error {
	if !ed25519.Verify(pub, a.signed(), a.Signature) {
		return ErrBadAck
	}
	return nil
}

func (a *Ack) signed() []byte {
	return joined("boothd ack v1", a.Booth, a.Epoch, a.Sequence, a.ID, a.Journal, a.Hash,
		uint64(a.At.UnixNano()), a.Key)
}

// joined writes its parts one after the other, each string behind its length, so that no
// two lists of parts give the same bytes.
func joined(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch v := p.(type) {
		case string:
			b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
			b = append(b, v...)
		case uint64:
			b = binary.BigEndian.AppendUint64(b, v)
		}
	}
	return b
}
