package console

import (
	"encoding/json"
	"errors"
	"net/http"

	"boothd/capture/check"
	"boothd/capture/mrz"
	"boothd/sync/outbox"
)

// problem is an error for the officer (RFC 9457): what is the matter in one sentence, and
// what to do next. It never holds the text of an error.
type problem struct {
	Type   string `json:"type"`  // "urn:boothd:problem:" and the code
	Title  string `json:"title"` // a sentence
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"` // a further sentence about this very case
	Next   string `json:"next"`             // what to do about it
}

func (p *problem) Error() string { return p.Title }

func newProblem(status int, code, title, next string) *problem {
	return &problem{Type: "urn:boothd:problem:" + code, Title: title, Status: status, Next: next}
}

func (p *problem) with(detail string) *problem {
	q := *p
	q.Detail = detail
	return &q
}

func (p *problem) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p) // who hung up does not miss it
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(data)
	return nil
}

func errNoCheck() *problem {
	return newProblem(http.StatusNotFound, "no-check",
		"This check is not the current one.", "Look at the page again; it shows the current check.")
}

func errNotKept() *problem {
	return newProblem(http.StatusInsufficientStorage, "not-kept",
		"This could not be recorded, so it does not count.", "Try again. If it happens again, follow the fall-back procedure and call technical support.")
}

func errInternal() *problem {
	return newProblem(http.StatusInternalServerError, "internal",
		"The booth could not do this.", "Try again. If it happens again, call technical support.")
}

// asProblem turns an error of the desk or of a handler into what the officer reads.
func asProblem(err error) *problem {
	var p *problem
	var refused *check.RefusedError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &refused):
		return newProblem(http.StatusServiceUnavailable, "check-refused",
			"The booth cannot take a new check.",
			"Send travellers to another booth and call technical support.").with(whyRefused(refused))
	case errors.Is(err, check.ErrOpen):
		return newProblem(http.StatusConflict, "check-open",
			"Another check is still open.", "Decide or abandon it, then start the new one.")
	case errors.Is(err, check.ErrNoCheck):
		return errNoCheck()
	case errors.Is(err, check.ErrWrongPhase):
		return newProblem(http.StatusConflict, "wrong-phase",
			"This cannot be done at this point of the check.", "Look at the page again; it shows what can be done.")
	case errors.Is(err, check.ErrNotKept):
		return errNotKept()
	case errors.Is(err, check.ErrBadInput):
		return newProblem(http.StatusUnprocessableEntity, "not-allowed",
			"The booth does not take this value.", "Choose one that the page offers.")
	case errors.Is(err, mrz.ErrNoZone):
		return newProblem(http.StatusUnprocessableEntity, "no-zone",
			"These lines are not a machine-readable zone.",
			"Type all lines at the foot of the data page again, with every < sign.")
	case errors.Is(err, check.ErrNotDecided):
		return newProblem(http.StatusConflict, "not-decided",
			"The outcome is not known yet.", "Wait for it, or conclude the check, then decide.")
	case errors.Is(err, check.ErrWhyNeeded):
		return newProblem(http.StatusUnprocessableEntity, "why-needed",
			"Your decision departs from the recommended outcome.", "Give the reason for it.")
	case errors.Is(err, check.ErrNoDocument):
		return newProblem(http.StatusConflict, "no-document",
			"No document was read yet, so there is no chip to speak of.", "Read the document or type its zone first.")
	case errors.Is(err, check.ErrNoEvidence):
		return newProblem(http.StatusConflict, "no-evidence",
			"Nothing was captured by which the traveller could be identified.", "Take a finger or read the document first.")
	case errors.Is(err, check.ErrNotPermitted):
		return newProblem(http.StatusForbidden, "not-permitted",
			"Your profile does not permit this question, or nobody answers it at this booth.", "Send the traveller to the second line.")
	case errors.Is(err, check.ErrChild):
		return newProblem(http.StatusUnprocessableEntity, "child",
			"The traveller is, or may be, younger than 12.", "State why identifying the child serves its best interests, or do not identify it.")
	case errors.Is(err, check.ErrGrant):
		return newProblem(http.StatusUnprocessableEntity, "grant",
			"This authorisation does not count here.", "Look at its holder, its dates and who signed it, or ask for a new one.")
	}
	return errInternal()
}

// whyRefused says why a further check could not be kept.
func whyRefused(err error) string {
	var limit *outbox.LimitError
	if !errors.As(err, &limit) {
		return "Its record could not be stored."
	}
	switch limit.Limit {
	case outbox.LimitBytes:
		return "Too many records wait to be sent to central."
	case outbox.LimitAge:
		return "A record has waited too long to be sent to central."
	}
	return "The booth's disk is nearly full."
}
