package audit

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"

	"boothd/capture"
)

// Plaintext is the record as it is sealed: its JSON with one field more, "salt", which is
// random and makes the commitment tell nothing to whoever does not have the plaintext.
// When the plaintext is erased, nothing can be proven of it any more.
func Plaintext(r *capture.Record) ([]byte, error) {
	salt := make([]byte, 32)
	rand.Read(salt)
	return json.Marshal(struct {
		*capture.Record
		Salt string `json:"salt"`
	}{r, base64.RawStdEncoding.EncodeToString(salt)})
}

// Commit is the commitment to a record's plaintext, in hexadecimal.
func Commit(plaintext []byte) string {
	h := sha256.New()
	h.Write([]byte("boothd record commitment v1\n"))
	h.Write(plaintext)
	return hex.EncodeToString(h.Sum(nil))
}

// OfRecord returns the entry for a record: what the law wants logged of every query, and
// nothing of the traveller. The officer's reason for a decision may name the traveller and
// stays in the record.
func OfRecord(r *capture.Record, commitment string) Entry {
	p := &r.Officer.Profile
	e := Entry{
		Kind:       Kind(r.Kind),
		At:         r.At,
		Booth:      r.Booth,
		Record:     r.ID,
		Check:      r.Check,
		Officer:    r.Officer.ID,
		Category:   p.Category,
		Profile:    p.Name,
		Purpose:    p.Purpose,
		LegalBasis: p.LegalBasis,
		Offline:    r.Offline,
		Commitment: commitment,
	}
	for i := range r.Evidence {
		ev := &r.Evidence[i]
		said := Evidence{ID: ev.ID, Modality: ev.Modality(), By: ev.By, At: ev.At.UTC()}
		if ev.Finger != nil {
			said.Missing = ev.Finger.Missing
		}
		e.Evidence = append(e.Evidence, said)
	}
	for _, a := range r.Asked {
		e.Asked = append(e.Asked, Asked{a.Evidence, a.Source, a.Systems, a.At.UTC()})
	}
	for i := range r.Answers {
		a := &r.Answers[i]
		e.Answers = append(e.Answers, Answer{
			Evidence: a.Evidence, Modality: a.Modality, System: a.System, Source: a.Source,
			List: a.List, Version: a.Version, State: a.State,
			AsOf: a.AsOf.UTC(), At: a.At.UTC(), Late: a.Late,
		})
	}
	if r.Recommendation != nil {
		e.Outcome = r.Recommendation.Outcome
		for _, why := range r.Recommendation.Reasons {
			e.Reasons = append(e.Reasons, Reason{why.Outcome, why.Code, why.System})
		}
	}
	if r.Disposition != nil {
		e.Decision, e.DecidedBy = r.Disposition.Decision, r.Disposition.Officer
	}
	return e
}
